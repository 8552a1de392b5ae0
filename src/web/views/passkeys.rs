//! `/account/passkeys`: what somebody signs in with besides their password, or in its place.

use askama::Template;

use super::Spoken;
use super::shell::{Moment, Shell, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "pages/passkeys.html")]
pub struct PasskeysPage {
    pub shell: Shell,
    /// The oldest first.
    pub passkeys: Vec<PasskeyLine>,
    pub step: PasskeysStep,
    /// Signed in a moment ago: no password is asked for.
    pub fresh: bool,
    pub problem: Option<PasskeysProblem>,
}

/// The form as a whole is refused.
const NO_ERROR: Option<String> = None;

#[derive(Clone, Debug)]
pub struct PasskeyLine {
    /// For the address of the form: `/account/passkeys/{id}/end`.
    pub id: String,
    pub name: String,
    pub added: Moment,
    /// `None`: never.
    pub used: Option<Moment>,
    /// A telephone's passkeys are on its owner's other devices too.
    pub backed_up: bool,
}

impl PasskeyLine {
    /// One password field for each line, and no two alike.
    fn field(&self) -> String {
        format!("password-{}", self.id)
    }
}

/// What can be done besides.
#[derive(Clone, Debug)]
pub enum PasskeysStep {
    /// The appliance has no name that a passkey could be bound to.
    Nameless,
    Full,
    /// The password first.
    Password,
    Create(Box<PasskeyForm>),
}

/// What a browser is asked to make.
#[derive(Clone, Debug)]
pub struct PasskeyForm {
    /// Brings the question back.
    pub ticket: String,
    pub challenge: String,
    pub rp_id: String,
    pub user_handle: String,
    pub email: String,
    pub person: String,
    /// Credential ids, with spaces between them.
    pub known: String,
    /// By their numbers, with spaces between them.
    pub algorithms: String,
    /// What it may be called, or what was typed.
    pub name: String,
    pub name_wrong: bool,
}

/// What a browser is asked to sign.
#[derive(Clone, Debug)]
pub struct PasskeyAsk {
    pub ticket: String,
    pub challenge: String,
    pub rp_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasskeysProblem {
    WrongPassword,
    NotTaken,
    Over,
    /// In words: "30 seconds".
    Throttled {
        wait: String,
    },
}

impl PasskeyForm {
    pub(super) fn sample() -> Self {
        Self {
            ticket: "sample-ticket".into(),
            challenge: "c2FtcGxl".into(),
            rp_id: "auth.example.com".into(),
            user_handle: "c2FtcGxl".into(),
            email: "ada@example.com".into(),
            person: "Ada Moreno".into(),
            known: "c2FtcGxl".into(),
            algorithms: "-7 -8 -257".into(),
            name: "Firefox, Linux".into(),
            name_wrong: false,
        }
    }
}

impl PasskeyAsk {
    pub(super) fn sample() -> Self {
        Self { ticket: "sample-ask".into(), challenge: "c2FtcGxl".into(), rp_id: "auth.example.com".into() }
    }
}

impl Spoken for PasskeysPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let called = |english, german| sample::said(language, english, german).to_owned();
        let telephone = PasskeyLine {
            id: "pky_sample".into(),
            name: called("Telephone", "Telefon"),
            added: sample::moment_in(language, -12 * 86_400),
            used: Some(sample::moment_in(language, -3_600)),
            backed_up: true,
        };
        let stick = PasskeyLine {
            id: "pky_other".into(),
            name: called("Key on the ring", "Stick am Schlüsselbund"),
            added: sample::moment_in(language, -86_400),
            used: None,
            backed_up: false,
        };
        let none = Self {
            shell: sample::signed_in_in(language),
            passkeys: vec![],
            step: PasskeysStep::Create(Box::new(PasskeyForm::sample())),
            fresh: true,
            problem: None,
        };
        let two = Self { passkeys: vec![telephone.clone(), stick], ..none.clone() };
        let asked = Self { step: PasskeysStep::Password, fresh: false, ..two.clone() };
        let throttled = PasskeysProblem::Throttled { wait: words::of(language).length(30) };
        let unnamed = PasskeyForm { name: String::new(), name_wrong: true, ..PasskeyForm::sample() };
        let hostile = PasskeyForm {
            email: sample::HOSTILE.into(),
            person: sample::HOSTILE.into(),
            name: sample::HOSTILE.into(),
            ..PasskeyForm::sample()
        };
        vec![
            ("none", none.clone()),
            ("two", two.clone()),
            ("password_first", asked.clone()),
            ("wrong_password", Self { problem: Some(PasskeysProblem::WrongPassword), ..asked.clone() }),
            ("throttled", Self { problem: Some(throttled), ..asked.clone() }),
            ("not_taken", Self { problem: Some(PasskeysProblem::NotTaken), ..two.clone() }),
            ("over", Self { problem: Some(PasskeysProblem::Over), ..asked }),
            ("unnamed", Self { step: PasskeysStep::Create(Box::new(unnamed)), ..none.clone() }),
            ("nameless", Self { step: PasskeysStep::Nameless, ..none.clone() }),
            ("full", Self { step: PasskeysStep::Full, ..two }),
            (
                "hostile",
                Self {
                    passkeys: vec![PasskeyLine { name: sample::HOSTILE.into(), ..telephone }],
                    step: PasskeysStep::Create(Box::new(hostile)),
                    ..none
                },
            ),
        ]
    }
}
