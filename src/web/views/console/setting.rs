//! `/console/settings/of/{name}`: one setting, and another value for it.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Field, Moment, Shell};
use super::{Frame, Section, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/setting.html")]
pub struct SettingPage {
    pub shell: Shell,
    pub frame: Frame,
    /// Its page, below the issuer's path.
    pub href: String,
    pub name: String,
    pub about: String,
    /// What a change means for what is out already.
    pub effect: String,
    /// What holds; empty if it is not set.
    pub value: String,
    /// What was read when the appliance started, and from where.
    pub read: String,
    pub read_from: String,
    pub kept: Option<SettingKept>,
    /// Why what was set here does not hold.
    pub aside: Option<String>,
    /// "Between 1m and 1d."
    pub help: String,
    /// All its values, where they are few.
    pub choices: Vec<ChoiceInWords>,
    /// It can be changed while Writ runs.
    pub is_live: bool,
    /// This version has it; else there is only something to be taken away.
    pub is_known: bool,
    /// The line of the file that says what holds.
    pub line: String,
    pub variable: String,
    /// Which state the form was filled from.
    pub seen: String,
    pub may_be_empty: bool,
    pub field: Field,
    pub problem: Option<String>,
}

/// What somebody put in the place of what was read.
#[derive(Clone, Debug)]
pub struct SettingKept {
    pub by: String,
    pub at: Moment,
    pub value: String,
}

/// A choice, with what it means for whom.
#[derive(Clone, Debug)]
pub struct ChoiceInWords {
    pub value: String,
    pub words: String,
    pub chosen: bool,
}

impl Spoken for SettingPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.setting;
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Settings),
            href: "/console/settings/of/lifetimes.access".into(),
            name: "lifetimes.access".into(),
            about: "Access tokens of people; a resource may say otherwise.".into(),
            effect: "Tokens that are given from now on.".into(),
            value: "1h".into(),
            read: "1h".into(),
            read_from: "built in".into(),
            kept: None,
            aside: None,
            help: (t.between)("1m", "1d"),
            choices: vec![],
            is_live: true,
            is_known: true,
            line: "access = \"1h\"".into(),
            variable: "WRIT_LIFETIMES_ACCESS".into(),
            seen: "seen".into(),
            may_be_empty: false,
            field: Field::of("1h"),
            problem: None,
        };
        let kept =
            SettingKept { by: "Ada Lovelace".into(), at: sample::moment_in(language, -180), value: "30m".into() };
        let choice = |value: &str, words: &str| ChoiceInWords {
            value: value.into(),
            words: words.into(),
            chosen: value == "approval",
        };
        let modes = Self {
            name: "registration.mode".into(),
            about: "Who may register a client.".into(),
            value: "approval".into(),
            choices: vec![
                choice("open", t.meanings.registration_open),
                choice("approval", t.meanings.registration_approval),
            ],
            kept: Some(kept.clone()),
            ..page.clone()
        };
        let hostile = SettingKept { by: sample::HOSTILE.into(), value: sample::HOSTILE.into(), ..kept.clone() };
        vec![
            ("as_read", page.clone()),
            ("set_here", Self { value: "30m".into(), kept: Some(kept.clone()), ..page.clone() }),
            ("choices", modes),
            (
                "refused",
                Self {
                    field: Field::refused("2d", "It is between 1m and 1d."),
                    problem: Some(words::of(language).console.problem.stale.into()),
                    ..page.clone()
                },
            ),
            (
                "unknown",
                Self {
                    href: "/console/settings/of/lifetimes.ancient".into(),
                    name: "lifetimes.ancient".into(),
                    about: "No setting of this version has this name.".into(),
                    is_live: false,
                    is_known: false,
                    kept: Some(kept.clone()),
                    aside: Some("It is no setting of this version of Writ.".into()),
                    ..page.clone()
                },
            ),
            ("aside", Self { kept: Some(kept), aside: Some("It is between 1m and 10m.".into()), ..page.clone() }),
            ("read_only", Self { is_live: false, effect: String::new(), ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    value: sample::HOSTILE.into(),
                    read: sample::HOSTILE.into(),
                    read_from: "file".into(),
                    field: Field::refused(sample::HOSTILE, "It is one line."),
                    kept: Some(hostile),
                    aside: Some(sample::HOSTILE.into()),
                    ..page
                },
            ),
        ]
    }
}
