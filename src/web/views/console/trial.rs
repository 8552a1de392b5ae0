//! A workload's token held against a trust: rule by rule, why it fits or not.

use askama::Template;

use super::super::Spoken;
use super::super::shell::Shell;
use super::{Frame, Section, sample};
use crate::model::Language;

#[derive(Clone, Debug, Template)]
#[template(path = "console/trial.html")]
pub struct TrialPage {
    pub shell: Shell,
    pub frame: Frame,
    pub machine: String,
    /// Below the issuer's path.
    pub machine_href: String,
    pub accepted: bool,
    /// Why it could not even be read.
    pub problem: Option<String>,
    pub checks: Vec<CheckLine>,
}

#[derive(Clone, Debug)]
pub struct CheckLine {
    pub claim: String,
    pub expected: String,
    pub found: String,
    pub holds: bool,
    pub words: String,
}

impl Spoken for TrialPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let check = |claim: &str, holds| CheckLine {
            claim: claim.into(),
            expected: "412".into(),
            found: if holds { "412".into() } else { "413".into() },
            holds,
            words: "GitHub's number of the repository.".into(),
        };
        let fits = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Machines),
            machine: "nightly-import".into(),
            machine_href: "/console/machines/mch_sample".into(),
            accepted: true,
            problem: None,
            checks: vec![check("signature", true), check("repository_id", true)],
        };
        let hostile = CheckLine { found: sample::HOSTILE.into(), ..check("ref", false) };
        vec![
            ("fits", fits.clone()),
            ("fits_not", Self { accepted: false, checks: vec![check("repository_id", false)], ..fits.clone() }),
            (
                "unreadable",
                Self {
                    accepted: false,
                    checks: vec![],
                    problem: Some("This is not a signed JWT.".into()),
                    ..fits.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..fits.clone() }),
            ("hostile", Self { accepted: false, checks: vec![hostile], ..fits }),
        ]
    }
}
