//! The last step where a redirect would not do. To a program with its own scheme the page goes by itself, and stays behind in the browser with a
//! link, for browsers that want a press and for people who dismissed the question whether to open it. To a site it goes on, or posts the answer
//! there, and is seen for a moment; without a script the form is sent by hand.

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
    pub onward: Onward,
    /// Another program is opened, and this page stays in the browser.
    pub stays: bool,
    /// The application is told in any case.
    pub verdict: Verdict,
}

#[derive(Clone, Debug)]
pub enum Onward {
    /// A checked redirect URI with the answer in it; `RedirectUri` refuses schemes that run something.
    Link(String),
    /// The answer as fields. Nothing of ours is among them: they go to another origin.
    Form { action: String, fields: Vec<(String, String)> },
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
            onward: Onward::Link(
                "cursor://anysphere.cursor-mcp/oauth/callback?code=sample&state=a%26b&iss=http%3A%2F%2F127.0.0.1"
                    .into(),
            ),
            stays: true,
            verdict: Verdict::Allowed,
        };
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let posted = Self {
            onward: Onward::Form {
                action: "https://app.example/signin-oidc".into(),
                fields: vec![field("code", "sample"), field("state", "\"><script>"), field("iss", "http://127.0.0.1")],
            },
            stays: false,
            ..allowed.clone()
        };
        let site = Self {
            onward: Onward::Link("https://app.example/cb?code=sample&iss=http%3A%2F%2F127.0.0.1".into()),
            ..posted.clone()
        };
        vec![
            ("site", site),
            ("posted", posted),
            ("allowed", allowed.clone()),
            ("denied", Self { verdict: Verdict::Denied, ..allowed.clone() }),
            ("refused", Self { verdict: Verdict::Refused, ..allowed.clone() }),
            (
                "hostile",
                Self {
                    application: sample::HOSTILE.into(),
                    onward: Onward::Link("app.x:/cb?state=\"><script>".into()),
                    ..allowed
                },
            ),
        ]
    }
}
