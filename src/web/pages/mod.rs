//! The pages that people see. Handlers only; what a page shows is in `web::views`.

pub(super) mod account;
pub(super) mod activity;
pub(super) mod consent;
pub(super) mod delegation;
pub(super) mod home;
pub(super) mod language;
mod own_form;
pub(super) mod own_passkeys;
pub(super) mod own_providers;
pub(super) mod own_sign_in;
pub(super) mod set_up;
pub(super) mod setup;
pub(super) mod sign_in;
pub(super) mod sign_in_provider;
mod way;

use actix_web::HttpRequest;

use super::extract::Visitor;
use super::problem::PageProblem;
use super::views;
use super::words::{Told, Words};
use crate::base::Destination;
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
    PageProblem::told(visitor.shell(), 400, &visitor.words().error.too_long, None, &visitor.ctx)
}

/// What an authorization request is told that cannot be answered to its client.
pub(super) fn shown(show: Show, words: &Words) -> views::Problem {
    let t = &words.error;
    let told = |told: &Told, detail: Option<String>| views::Problem::told(400, told, detail);
    match show {
        Show::ClientMissing => told(&t.client_missing, None),
        Show::ClientUnknown => views::Problem::UnknownClient,
        Show::ClientGone { name } => views::Problem::Refused {
            status: 400,
            title: t.client_gone_title.to_owned(),
            words: (t.client_gone_why)(&name),
            detail: None,
            advice: t.connect_again.to_owned(),
        },
        Show::ClientDocument(why) => told(&t.client_document, Some(why)),
        Show::ClientSuspended => told(&t.client_suspended, None),
        Show::ClientAwaitingApproval { name } => views::Problem::AwaitingApproval { application: name },
        Show::ClientRejected { name, because } => views::Problem::Rejected { application: name, because },
        Show::RedirectUriMissing => told(&t.redirect_missing, None),
        Show::RedirectUriInvalid(why) => told(&t.redirect_invalid, Some(why.to_owned())),
        Show::RedirectUriUnregistered { name, sent_to } => {
            let sent_to = match sent_to {
                Destination::Site(host) => host,
                Destination::ThisComputer => words.consent.this_computer.to_owned(),
                Destination::Application(scheme) => format!("{scheme}:"),
            };
            views::Problem::RedirectMismatch { application: name, sent_to }
        }
        Show::Unreadable(refusal) => told(&t.unreadable, Some(refusal.public_text())),
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
