//! After `POST /sign-out`.

use askama::Template;

use super::Sample;
use super::shell::{Shell, sample};

#[derive(Clone, Debug, Template)]
#[template(path = "pages/signed_out.html")]
pub struct SignedOutPage {
    pub shell: Shell,
}

impl Sample for SignedOutPage {
    fn samples() -> Vec<(&'static str, Self)> {
        vec![("plain", Self { shell: sample::shell() })]
    }
}
