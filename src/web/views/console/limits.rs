//! `/console/limits`: how often somebody may ask, and who met it.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Moment, Shell};
use super::{Frame, Section, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/limits.html")]
pub struct LimitsPage {
    pub shell: Shell,
    pub frame: Frame,
    pub limits: Vec<LimitLine>,
    /// Of accounts, at which no setting says how often one may guess.
    pub accounts: LimitMet,
}

#[derive(Clone, Debug)]
pub struct LimitLine {
    pub name: String,
    pub about: String,
    /// What holds; "no limit".
    pub holds: String,
    /// The same as a number, for the form.
    pub per_minute: u64,
    pub setting: String,
    pub changed: bool,
    pub met: LimitMet,
}

#[derive(Clone, Debug, Default)]
pub struct LimitMet {
    pub times: u64,
    pub last_at: Option<Moment>,
    pub most: Vec<MetBy>,
}

#[derive(Clone, Debug)]
pub struct MetBy {
    pub who: String,
    /// Its page, below the issuer's path; of an address there is none.
    pub path: Option<String>,
    pub times: u64,
}

impl Spoken for LimitsPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let met = LimitMet {
            times: 1_204,
            last_at: Some(sample::moment_in(language, -180)),
            most: vec![
                MetBy { who: "203.0.113.0/24".into(), path: None, times: 1_100 },
                MetBy {
                    who: "mch_01jd2v6k3m8x".into(),
                    path: Some("/console/machines/mch_01jd2v6k3m8x".into()),
                    times: 104,
                },
            ],
        };
        let line = LimitLine {
            name: "token".into(),
            about: "Requests per minute and address to token, introspection, revocation and userinfo.".into(),
            holds: "60000".into(),
            per_minute: 60_000,
            setting: "60000".into(),
            changed: false,
            met: LimitMet::default(),
        };
        let changed = LimitLine {
            name: "sign_in".into(),
            holds: "30".into(),
            per_minute: 30,
            changed: true,
            met: met.clone(),
            ..line.clone()
        };
        let unbounded = LimitLine {
            name: "client".into(),
            holds: words::of(language).console.limits.no_limit.into(),
            per_minute: 0,
            setting: words::of(language).console.limits.no_limit.into(),
            changed: true,
            ..line.clone()
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Settings),
            limits: vec![line.clone(), changed, unbounded],
            accounts: met,
        };
        let hostile = MetBy { who: sample::HOSTILE.into(), path: None, times: 1 };
        let hostile = LimitMet { times: 1, last_at: None, most: vec![hostile] };
        vec![
            ("some", page.clone()),
            ("quiet", Self { limits: vec![line], accounts: LimitMet::default(), ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            ("hostile", Self { accounts: hostile, ..page }),
        ]
    }
}
