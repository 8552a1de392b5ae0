//! The last step when the answer goes to a program with its own scheme: browsers follow such an address when a
//! person presses a link, and some do not follow it from a redirect.

use askama::Template;

use super::Sample;
use super::shell::{Shell, sample};

#[derive(Clone, Debug, Template)]
#[template(path = "pages/return.html")]
pub struct ReturnPage {
    pub shell: Shell,
    /// Name of the application.
    pub application: String,
    /// A checked redirect URI with the answer in its query; `RedirectUri` refuses schemes that run something.
    pub href: String,
    /// Allowed, or denied: the application is told either way.
    pub allowed: bool,
}

impl Sample for ReturnPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let allowed = Self {
            shell: sample::signed_in(),
            application: "Cursor".into(),
            href: "cursor://anysphere.cursor-mcp/oauth/callback?code=sample&state=a%26b&iss=http%3A%2F%2F127.0.0.1"
                .into(),
            allowed: true,
        };
        vec![
            ("allowed", allowed.clone()),
            ("denied", Self { allowed: false, ..allowed.clone() }),
            (
                "hostile",
                Self { application: sample::HOSTILE.into(), href: "app.x:/cb?state=\"><script>".into(), ..allowed },
            ),
        ]
    }
}
