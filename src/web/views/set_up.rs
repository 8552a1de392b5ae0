//! `/sign-in/set-up`: a password is not enough here, so what is wanted besides is set up now.

use askama::Template;

use super::Spoken;
use super::factor::{Picture, grouped};
use super::passkeys::PasskeyForm;
use super::shell::{Shell, sample};
use crate::model::Language;

#[derive(Clone, Debug, Template)]
#[template(path = "pages/set_up.html")]
pub struct SetUpPage {
    pub shell: Shell,
    /// The authorization in flight, and the page of ours that somebody was on their way to, as on the page before.
    pub ticket: Option<String>,
    pub to: Option<String>,
    pub application: Option<String>,
    /// The note that the password was right.
    pub half: String,
    /// Brings the secret back.
    pub offer: String,
    pub picture: Option<Picture>,
    pub secret: String,
    /// `None` where no browser has passkeys for us.
    pub made: Option<Box<PasskeyForm>>,
    pub problem: Option<SetUpProblem>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetUpProblem {
    WrongCode,
    WrongPasskey,
}

impl SetUpPage {
    fn note(&self) -> Option<&String> {
        Some(&self.half)
    }
}

impl Spoken for SetUpPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let address = format!("otpauth://totp/Writ:ada%40example.com?secret={secret}&issuer=Writ");
        let codes = Self {
            shell: sample::shell_in(language),
            ticket: None,
            to: None,
            application: None,
            half: "sample-half".into(),
            offer: "sample-offer".into(),
            picture: Picture::of(&address),
            secret: grouped(secret),
            made: None,
            problem: None,
        };
        let both = Self { made: Some(Box::new(PasskeyForm::sample())), ..codes.clone() };
        let started = Self { ticket: Some("tkt_sample".into()), application: Some("Cursor".into()), ..both.clone() };
        vec![
            ("codes", codes),
            ("both", both.clone()),
            ("from_application", started.clone()),
            ("wrong_code", Self { problem: Some(SetUpProblem::WrongCode), ..started.clone() }),
            ("wrong_passkey", Self { problem: Some(SetUpProblem::WrongPasskey), ..started }),
            ("branded", Self { shell: sample::branded_in(language), ..both.clone() }),
            ("hostile", Self { application: Some(sample::HOSTILE.into()), half: sample::HOSTILE.into(), ..both }),
        ]
    }
}
