//! `/console/search`: everything that fits some words.

use askama::Template;

use super::super::Spoken;
use super::super::shell::Shell;
use super::{Frame, Section, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/search.html")]
pub struct SearchPage {
    pub shell: Shell,
    pub frame: Frame,
    pub found: Vec<Hits>,
}

/// What fits, of one kind.
#[derive(Clone, Debug)]
pub struct Hits {
    /// "Machines"
    pub title: String,
    pub hits: Vec<Hit>,
}

#[derive(Clone, Debug)]
pub struct Hit {
    /// What the audit log calls it.
    pub id: String,
    pub name: String,
    pub about: String,
    /// Below the issuer's path.
    pub href: String,
}

impl Spoken for SearchPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let page = |query: &str, found| Self {
            shell: sample::shell_in(language),
            frame: Frame { query: query.into(), ..Frame::of(Section::Overview) },
            found,
        };
        let hits = |name: &str| {
            vec![Hits {
                title: words::of(language).console.frame.machines.into(),
                hits: vec![Hit {
                    id: "mch_sample".into(),
                    name: name.into(),
                    about: sample::said(language, "Imports tickets at night", "Holt nachts Tickets").into(),
                    href: "/console/machines/mch_sample".into(),
                }],
            }]
        };
        vec![
            ("nothing_asked", page("", vec![])),
            ("nothing_fits", page("crawl", vec![])),
            ("some", page("night", hits("nightly-import"))),
            ("branded", Self { shell: sample::branded_in(language), ..page("night", hits("nightly-import")) }),
            ("hostile", page(sample::HOSTILE, hits(sample::HOSTILE))),
        ]
    }
}
