//! `/`: what this appliance is, and where to go.

use askama::Template;

use super::Sample;
use super::shell::{Shell, sample};

#[derive(Clone, Debug, Template)]
#[template(path = "pages/home.html")]
pub struct HomePage {
    pub shell: Shell,
    /// There is an administrator. Until then the page points at the setup link, which it does not know.
    pub ready: bool,
    pub issuer: String,
}

impl Sample for HomePage {
    fn samples() -> Vec<(&'static str, Self)> {
        let page = |shell, ready| Self { shell, ready, issuer: "http://127.0.0.1:9000".into() };
        vec![
            ("not_set_up", page(sample::shell(), false)),
            ("stranger", page(sample::shell(), true)),
            ("signed_in", page(sample::signed_in(), true)),
            ("branded", Self { issuer: "https://northwind.example/id".into(), ..page(sample::branded(), true) }),
        ]
    }
}
