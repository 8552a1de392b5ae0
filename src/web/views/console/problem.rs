//! What an administrator meets instead of a page: nothing is there, or something was not done. The rooms and the search stay at hand.

use askama::Template;

use super::super::Sample;
use super::super::shell::Shell;
use super::{Frame, Section, sample};

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

impl Sample for ConsoleProblemPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Machines),
            title: "There is nothing here".into(),
            words: "The address may be mistyped, or what it led to is gone.".into(),
            advice: String::new(),
            is_missing: true,
            error_id: String::new(),
        };
        let declined = Self {
            title: "That was not done".into(),
            words: "It was changed since you opened this page.".into(),
            advice: "Go back, look at how it stands now, and try again.".into(),
            is_missing: false,
            error_id: "req_01k5x0v5k8f7m0000000000000".into(),
            ..page.clone()
        };
        vec![
            ("nothing", page.clone()),
            ("nowhere", Self { frame: Frame::of(Section::Nowhere), ..page.clone() }),
            ("declined", declined.clone()),
            ("branded", Self { shell: sample::branded(), ..page }),
            ("hostile", Self { words: sample::HOSTILE.into(), ..declined }),
        ]
    }
}
