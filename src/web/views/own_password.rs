//! `/account/password`: a person changes their own.

use askama::Template;

use super::Spoken;
use super::shell::{Shell, sample};
use crate::model::{Language, WeakPassword};
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "pages/own_password.html")]
pub struct OwnPasswordPage {
    pub shell: Shell,
    /// For programs that keep passwords.
    pub email: String,
    pub current_wrong: bool,
    pub new_error: Option<String>,
    pub problem: Option<OwnPasswordProblem>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnPasswordProblem {
    Over,
    /// In words: "30 seconds".
    Throttled {
        wait: String,
    },
}

impl OwnPasswordPage {
    fn current_error(&self) -> Option<&'static str> {
        self.current_wrong.then_some(self.shell.words.own_password.wrong)
    }

    fn help(&self) -> String {
        (self.shell.words.setup.password_help)(WeakPassword::SHORTEST)
    }
}

impl Spoken for OwnPasswordPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let words = words::of(language);
        let empty = Self {
            shell: sample::signed_in_in(language),
            email: "ada@example.com".into(),
            current_wrong: false,
            new_error: None,
            problem: None,
        };
        let throttled = OwnPasswordProblem::Throttled { wait: words.length(30) };
        vec![
            ("empty", empty.clone()),
            ("wrong", Self { current_wrong: true, ..empty.clone() }),
            ("weak", Self { new_error: Some(words.setup.weak.of(WeakPassword::Common)), ..empty.clone() }),
            ("over", Self { problem: Some(OwnPasswordProblem::Over), ..empty.clone() }),
            ("throttled", Self { problem: Some(throttled), ..empty }),
        ]
    }
}
