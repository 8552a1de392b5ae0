//! `/sign-in/code`: the code after the password.

use askama::Template;

use super::Spoken;
use super::shell::{Shell, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "pages/code.html")]
pub struct CodePage {
    pub shell: Shell,
    /// The authorization in flight, and the page of ours that somebody was on their way to, as on the page before.
    pub ticket: Option<String>,
    pub to: Option<String>,
    pub application: Option<String>,
    /// The note that the password was right.
    pub half: String,
    pub problem: Option<CodeProblem>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    Wrong,
    /// In words: "30 seconds".
    Throttled {
        wait: String,
    },
}

impl Spoken for CodePage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let plain = Self {
            shell: sample::shell_in(language),
            ticket: None,
            to: None,
            application: None,
            half: "sample-half".into(),
            problem: None,
        };
        let started = Self { ticket: Some("tkt_sample".into()), application: Some("Cursor".into()), ..plain.clone() };
        let wait = words::of(language).length(30);
        vec![
            ("plain", plain.clone()),
            ("from_application", started.clone()),
            ("wrong", Self { problem: Some(CodeProblem::Wrong), ..started.clone() }),
            ("throttled", Self { problem: Some(CodeProblem::Throttled { wait }), ..started }),
            ("branded", Self { shell: sample::branded_in(language), ..plain.clone() }),
            ("hostile", Self { application: Some(sample::HOSTILE.into()), half: sample::HOSTILE.into(), ..plain }),
        ]
    }
}
