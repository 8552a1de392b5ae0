//! The last step when the answer goes to a program with its own scheme. The page goes there by itself, and stays behind
//! in the browser with a link, for browsers that want a press and for people who dismissed the question whether to open it.

use askama::Template;

use super::Spoken;
use super::shell::{Shell, sample};
use crate::model::Language;

#[derive(Clone, Debug, Template)]
#[template(path = "pages/return.html")]
pub struct ReturnPage {
    pub shell: Shell,
    /// Name of the application.
    pub application: String,
    /// A checked redirect URI with the answer in its query; `RedirectUri` refuses schemes that run something.
    pub href: String,
    /// The application is told in any case.
    pub verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// By this person.
    Denied,
    /// By the protocol: what was asked cannot be given, or not like this.
    Refused,
}

impl Spoken for ReturnPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let allowed = Self {
            shell: sample::signed_in_in(language),
            application: "Cursor".into(),
            href: "cursor://anysphere.cursor-mcp/oauth/callback?code=sample&state=a%26b&iss=http%3A%2F%2F127.0.0.1"
                .into(),
            verdict: Verdict::Allowed,
        };
        vec![
            ("allowed", allowed.clone()),
            ("denied", Self { verdict: Verdict::Denied, ..allowed.clone() }),
            ("refused", Self { verdict: Verdict::Refused, ..allowed.clone() }),
            (
                "hostile",
                Self { application: sample::HOSTILE.into(), href: "app.x:/cb?state=\"><script>".into(), ..allowed },
            ),
        ]
    }
}
