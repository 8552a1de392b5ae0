//! `/`: what this appliance is, and where to go.

use askama::Template;

use super::Spoken;
use super::shell::{Shell, sample};
use crate::model::Language;

#[derive(Clone, Debug, Template)]
#[template(path = "pages/home.html")]
pub struct HomePage {
    pub shell: Shell,
    /// There is an administrator. Until then the page points at the setup link, which it does not know.
    pub ready: bool,
    pub issuer: String,
}

impl Spoken for HomePage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let page = |shell, ready| Self { shell, ready, issuer: "http://127.0.0.1:9000".into() };
        vec![
            ("not_set_up", page(sample::shell_in(language), false)),
            ("stranger", page(sample::shell_in(language), true)),
            ("signed_in", page(sample::signed_in_in(language), true)),
            (
                "branded",
                Self { issuer: "https://northwind.example/id".into(), ..page(sample::branded_in(language), true) },
            ),
        ]
    }
}
