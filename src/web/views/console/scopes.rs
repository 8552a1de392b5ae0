//! `/console/scopes`: what can be asked for, in words.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Field, Moment, Shell};
use super::resources::{Named, Several};
use super::{Choice, First, Frame, Section, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/scopes.html")]
pub struct ScopesPage {
    pub shell: Shell,
    pub frame: Frame,
    pub rows: Vec<ScopeRow>,
    pub narrowed: bool,
    /// Below the issuer's path.
    pub next: Option<String>,
}

#[derive(Clone, Debug)]
pub struct ScopeRow {
    /// Below the issuer's path.
    pub href: String,
    pub name: String,
    pub words: String,
    pub risky: bool,
    /// For the appliance's own API.
    pub is_own: bool,
    pub implies: Vec<String>,
    /// Names of the resources that offer it.
    pub resources: Vec<String>,
}

#[derive(Clone, Debug, Template)]
#[template(path = "console/scope.html")]
pub struct ScopePage {
    pub shell: Shell,
    pub frame: Frame,
    /// Below the issuer's path.
    pub href: String,
    pub name: String,
    pub words: String,
    pub risky: bool,
    pub is_own: bool,
    pub added: Moment,
    pub implies: Vec<Named>,
    pub implied_by: Vec<Named>,
    pub resources: Vec<Named>,
    pub machines: Several,
    pub applications: Several,
    /// "They allowed it to applications: 3 grants."
    pub grants: String,
    /// Not everything was looked at.
    pub bounded: bool,
}

#[derive(Clone, Debug, Template)]
#[template(path = "console/scope_form.html")]
pub struct ScopeFormPage {
    pub shell: Shell,
    pub frame: Frame,
    pub once: String,
    /// Which state the form was filled from; empty for a new one.
    pub seen: String,
    /// Below the issuer's path.
    pub action: String,
    /// What is changed: name and page. `None` for a new one.
    pub changes: Option<(String, String)>,
    pub name: Field,
    pub words: Field,
    pub risks: Vec<Choice>,
    pub implies: Field,
    pub problem: Option<String>,
}

fn in_words(language: Language) -> &'static str {
    sample::said(language, "Create and change tickets", "Tickets anlegen und ändern")
}

impl Spoken for ScopesPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let row = ScopeRow {
            href: "/console/scopes/of/tickets%3Awrite".into(),
            name: "tickets:write".into(),
            words: in_words(language).into(),
            risky: true,
            is_own: false,
            implies: vec!["tickets:read".into()],
            resources: vec!["Tickets".into()],
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Scopes),
            rows: vec![
                row.clone(),
                ScopeRow { risky: false, implies: vec![], resources: vec![], is_own: true, ..row.clone() },
            ],
            narrowed: false,
            next: Some("/console/scopes?after=tickets%3Awrite".into()),
        };
        vec![
            ("some", page.clone()),
            ("empty", Self { rows: vec![], next: None, ..page.clone() }),
            ("nothing_fits", Self { rows: vec![], narrowed: true, next: None, ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    rows: vec![ScopeRow {
                        name: sample::HOSTILE.into(),
                        words: sample::HOSTILE.into(),
                        resources: vec![sample::HOSTILE.into()],
                        ..row
                    }],
                    ..page
                },
            ),
        ]
    }
}

impl Spoken for ScopePage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let (t, counted) = (&words::of(language).console.scope, &words::of(language).console.thing);
        let named = |name: &str| Named {
            name: name.into(),
            href: "/console/machines/mch_sample".into(),
            about: sample::said(language, "Imports tickets at night", "Holt nachts Tickets").into(),
        };
        let several = |counted: fn(usize, bool) -> String, shown: Vec<Named>| Several {
            words: counted(shown.len(), false),
            shown,
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Scopes),
            href: "/console/scopes/of/tickets%3Awrite".into(),
            name: "tickets:write".into(),
            words: in_words(language).into(),
            risky: true,
            is_own: false,
            added: sample::moment_in(language, -3 * 86_400),
            implies: vec![named("tickets:read")],
            implied_by: vec![],
            resources: vec![named("Tickets")],
            machines: several(counted.machines, vec![named("nightly-import")]),
            applications: several(counted.applications, vec![]),
            grants: (t.allowed)(&(counted.grants)(3, false)),
            bounded: false,
        };
        vec![
            ("used", page.clone()),
            (
                "unused",
                Self {
                    risky: false,
                    implies: vec![],
                    resources: vec![],
                    machines: several(counted.machines, vec![]),
                    bounded: true,
                    ..page.clone()
                },
            ),
            ("own", Self { is_own: true, ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    name: sample::HOSTILE.into(),
                    words: sample::HOSTILE.into(),
                    machines: several(counted.machines, vec![named(sample::HOSTILE)]),
                    ..page
                },
            ),
        ]
    }
}

impl Spoken for ScopeFormPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let (about, t) = (&words::of(language).console.scope, &words::of(language).console.scope_form);
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Scopes),
            once: "sample".into(),
            seen: String::new(),
            action: "/console/scopes/new".into(),
            changes: None,
            name: Field::default(),
            words: Field::default(),
            risks: vec![Choice::new("low", t.low, true), Choice::new("high", about.risky, false)],
            implies: Field::default(),
            problem: None,
        };
        vec![
            ("new", page.clone()),
            (
                "change",
                Self {
                    changes: Some(("tickets:write".into(), "/console/scopes/of/tickets%3Awrite".into())),
                    words: Field::of(in_words(language)),
                    ..page.clone()
                },
            ),
            (
                "refused",
                Self {
                    name: Field::refused("two words", t.name_wrong),
                    words: Field::refused(
                        "",
                        sample::said(language, "say what will happen", "sagen Sie, was geschehen wird"),
                    ),
                    implies: Field::refused(
                        "none",
                        sample::said(
                            language,
                            "the scope `none` is not in the catalogue",
                            "das Recht `none` gibt es nicht",
                        ),
                    ),
                    problem: Some(t.nothing_added.into()),
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            ("hostile", Self { name: Field::of(sample::HOSTILE), problem: Some(sample::HOSTILE.into()), ..page }),
        ]
    }
}
