//! After `POST /sign-out`.

use askama::Template;

use super::Spoken;
use super::shell::{Shell, sample};
use crate::model::Language;

#[derive(Clone, Debug, Template)]
#[template(path = "pages/signed_out.html")]
pub struct SignedOutPage {
    pub shell: Shell,
}

impl Spoken for SignedOutPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        vec![("plain", Self { shell: sample::shell_in(language) })]
    }
}
