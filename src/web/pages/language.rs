//! `POST /language`: the switch at the foot of every page.

use actix_web::HttpResponse;

use crate::model::Language;
use crate::protocol::language::Choice;
use crate::web::cookies;
use crate::web::extract::Posted;
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::routes;

/// Longest address that somebody comes back to, in bytes: that of the longest authorization request.
const LONGEST: usize = 17 * 1_024;

/// `POST /language`
pub(crate) async fn create(form: Posted) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let issuer = &visitor.app.issuer;
    let to = form.text("here").strip_prefix(issuer.path()).and_then(back_to).unwrap_or_else(|| "/".to_owned());
    let mut response = reply::see_other(visitor, &format!("{}{to}", issuer.path()));
    let chosen = Language::ALL.into_iter().find(|language| language.tag() == form.text("language"));
    if let Some(language) = chosen {
        let choice = Choice { language, at: visitor.ctx.at };
        let _ = response.add_cookie(&cookies::preference(issuer, cookies::LANGUAGE, choice.text()));
    }
    Ok(response)
}

/// A page of ours, and never another site's (attack case 45). An authorization request begins anew, and what the application wished
/// for its language was overruled just now.
fn back_to(text: &str) -> Option<String> {
    let plain = text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    if !plain || !path.starts_with('/') || path.starts_with("//") || !routes::is_page(path) {
        return None;
    }
    let kept = query.split('&').filter(|part| !part.is_empty() && part.split('=').next() != Some("ui_locales"));
    let query = kept.collect::<Vec<_>>().join("&");
    Some(if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_45_the_switch_leads_back_to_pages_of_ours_only() {
        for (page, back) in [
            ("/", "/"),
            ("/sign-in?ticket=tkt_1", "/sign-in?ticket=tkt_1"),
            ("/account?before=con_1", "/account?before=con_1"),
            ("/oauth/authorize?client_id=a&ui_locales=en&state=b", "/oauth/authorize?client_id=a&state=b"),
            ("/authorize?ui_locales=en", "/authorize"),
        ] {
            assert_eq!(back_to(page).as_deref(), Some(back));
        }
        for elsewhere in [
            "",
            "//evil.test",
            "https://evil.test/sign-in",
            "/\\evil.test",
            "/sign-in\r\nx: y",
            "/sign-in evil",
            "/nowhere",
            "/oauth/token",
            "/sign-out",
            "sign-in",
            "/sign-in/../../evil",
        ] {
            assert_eq!(back_to(elsewhere), None, "{elsewhere}");
        }
        assert_eq!(back_to(&format!("/sign-in?{}", "a".repeat(LONGEST))), None);
    }
}
