//! The pages that people see. Handlers only; what a page shows is in `web::views`.

pub(super) mod account;
pub(super) mod consent;
pub(super) mod delegation;
pub(super) mod home;
pub(super) mod setup;
pub(super) mod sign_in;

use actix_web::HttpRequest;

use super::extract::Visitor;
use super::problem::PageProblem;
use super::views;
use crate::protocol::authorize::Show;

/// One parameter of a query.
pub(super) fn query(request: &HttpRequest, name: &str) -> Option<String> {
    let query = request.query_string();
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A page of ours that somebody may be led to after signing in: below the issuer's path, and never another site's (attack case 41).
pub(super) fn own_page(text: &str) -> Option<String> {
    let begins = ["/console", "/account"]
        .iter()
        .any(|own| text.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?'])));
    let plain = text.len() <= 1_024 && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    (begins && plain).then(|| text.to_owned())
}

/// A value of a query.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

pub(super) fn too_long(visitor: &Visitor) -> PageProblem {
    let problem = refused("This request is too long", "It has more in it than any application needs to send.");
    PageProblem::new(visitor.shell(), problem, &visitor.ctx)
}

/// What an authorization request is told that cannot be answered to its client.
pub(super) fn shown(show: Show) -> views::Problem {
    match show {
        Show::ClientMissing => refused("The application did not say who it is", "The parameter client_id is missing."),
        Show::ClientUnknown => views::Problem::UnknownClient,
        Show::ClientGone { name } => refused(
            "This registration is gone",
            &format!("“{name}” registered itself here once, was not used for a long time, and was removed."),
        ),
        Show::ClientDocument(why) => refused(
            "This application cannot be recognized",
            &format!("Its address should describe it, and does not: {}.", why.trim_end_matches('.')),
        ),
        Show::ClientSuspended => refused("This application is suspended", "An administrator has stopped it."),
        Show::ClientAwaitingApproval { name } => views::Problem::AwaitingApproval { application: name },
        Show::ClientRejected { name, because } => views::Problem::Rejected { application: name, because },
        Show::RedirectUriMissing => {
            refused("The application did not say where to return", "The parameter redirect_uri is missing.")
        }
        Show::RedirectUriInvalid(why) => refused("The address to return to is not acceptable", why),
        Show::RedirectUriUnregistered { name, sent_to } => {
            views::Problem::RedirectMismatch { application: name, sent_to }
        }
        Show::Unreadable(refusal) => refused("This request cannot be read", &refusal.public_text()),
    }
}

fn refused(title: &str, words: &str) -> views::Problem {
    views::Problem::Refused {
        status: 400,
        title: title.to_owned(),
        words: words.to_owned(),
        advice:
            "In the application, remove the connection and add it again. If that does not help, tell whoever makes it."
                .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::own_page;

    #[test]
    fn only_our_own_pages_are_led_to() {
        for page in ["/console", "/console?a=b", "/console/machines/mch_1", "/account"] {
            assert_eq!(own_page(page).as_deref(), Some(page));
        }
        for elsewhere in
            ["//evil.test", "/consolevil", "https://evil.test/console", "/\\evil.test", "/account\r\nx: y", "", "/"]
        {
            assert_eq!(own_page(elsewhere), None, "{elsewhere}");
        }
        assert_eq!(own_page(&format!("/console?{}", "a".repeat(1_024))), None);
    }
}
