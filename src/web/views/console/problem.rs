//! What an administrator meets instead of a page: nothing is there, or something was not done. The rooms and the search stay at hand.

use askama::Template;

use super::super::Spoken;
use super::super::shell::Shell;
use super::{Frame, Section, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/problem.html")]
pub struct ConsoleProblemPage {
    pub shell: Shell,
    pub frame: Frame,
    pub title: String,
    pub words: String,
    pub advice: String,
    /// Whether a search may find what was meant.
    pub is_missing: bool,
    /// Finds the line in the log.
    pub error_id: String,
}

impl Spoken for ConsoleProblemPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let (error, t) = (&words::of(language).error, &words::of(language).console.problem);
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Machines),
            title: error.not_found_title.into(),
            words: error.not_found_why.into(),
            advice: String::new(),
            is_missing: true,
            error_id: String::new(),
        };
        let declined = Self {
            title: t.not_done.into(),
            words: t.stale.into(),
            advice: t.not_done_advice.into(),
            is_missing: false,
            error_id: "req_01k5x0v5k8f7m0000000000000".into(),
            ..page.clone()
        };
        vec![
            ("nothing", page.clone()),
            ("nowhere", Self { frame: Frame::of(Section::Nowhere), ..page.clone() }),
            ("declined", declined.clone()),
            ("branded", Self { shell: sample::branded_in(language), ..page }),
            ("hostile", Self { words: sample::HOSTILE.into(), ..declined }),
        ]
    }
}
