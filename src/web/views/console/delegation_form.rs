//! `/console/machines/{id}/delegations/new`: for whom a machine may act.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Field, Shell};
use super::{Choice, Frame, Section, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/delegation_form.html")]
pub struct DelegationFormPage {
    pub shell: Shell,
    pub frame: Frame,
    pub once: String,
    pub machine: String,
    pub machine_href: String,
    pub tenant: String,
    /// The address of a person, or the id of a machine.
    pub subject: Field,
    pub purpose: Field,
    pub until: Field,
    pub scopes: Vec<Choice>,
    pub scope_error: Option<String>,
    pub resources: Vec<Choice>,
    /// Also for somebody who has no role in its tenant; asked only where it makes a difference.
    pub across: Option<bool>,
    pub problem: Option<String>,
}

impl Spoken for DelegationFormPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.delegation_form;
        let new = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Machines),
            once: "sample".into(),
            machine: "nightly-import".into(),
            machine_href: "/console/machines/mch_sample".into(),
            tenant: "main".into(),
            subject: Field::default(),
            purpose: Field::default(),
            until: Field::of("2026-12-01"),
            scopes: vec![Choice::new("tickets:read", sample::said(language, "See tickets", "Tickets ansehen"), true)],
            scope_error: None,
            resources: vec![Choice::new("https://mcp.tickets.example/mcp", "Tickets", false)],
            across: None,
            problem: None,
        };
        let refused = Self {
            subject: Field::refused("grace@", t.nobody),
            until: Field::refused("2001-01-01", t.wrong_day),
            scope_error: Some(t.no_scope_chosen.into()),
            across: Some(false),
            problem: Some("It may act for them already.".into()),
            ..new.clone()
        };
        let hostile = Self {
            machine: sample::HOSTILE.into(),
            purpose: Field::refused(sample::HOSTILE, sample::HOSTILE),
            ..refused.clone()
        };
        vec![
            ("new", new.clone()),
            ("nothing_registered", Self { scopes: vec![], resources: vec![], ..new.clone() }),
            ("refused", refused),
            ("branded", Self { shell: sample::branded_in(language), ..new }),
            ("hostile", hostile),
        ]
    }
}
