//! `/account/activity`: what happened to a person's account.

use std::fmt;

use askama::Template;

use super::Spoken;
use super::shell::{Moment, Shell, sample};
use crate::model::Language;
use crate::web::words::{self, Html};

#[derive(Clone, Debug, Template)]
#[template(path = "pages/activity.html")]
pub struct ActivityPage {
    pub shell: Shell,
    pub lines: Vec<ActivityLine>,
    /// Where the next page begins, for its address.
    pub older: Option<u64>,
    /// This is not the first page.
    pub is_older: bool,
}

#[derive(Clone, Debug)]
pub struct ActivityLine {
    pub at: Moment,
    pub(crate) what: What,
    /// The network it came from, where that says something.
    pub from: Option<String>,
    pub by_administrator: bool,
}

/// A sentence of the language, with or without marks.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Plain(&'static str),
    Counted(String),
    Marked(Html),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => fmt::Display::fmt(&words::plain(text), f),
            Self::Counted(text) => fmt::Display::fmt(&words::plain(text), f),
            Self::Marked(html) => fmt::Display::fmt(html, f),
        }
    }
}

/// What is plain is escaped above.
impl askama::filters::HtmlSafe for What {}

impl Spoken for ActivityPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).activity;
        let line = |seconds, what, from: Option<&str>, by_administrator| ActivityLine {
            at: sample::moment_in(language, seconds),
            what,
            from: from.map(str::to_owned),
            by_administrator,
        };
        let lines = vec![
            line(-60, What::Marked(t.acted.say("triage", "https://mcp.tickets.example/mcp")), None, false),
            line(-3_600, What::Marked(t.consent_given.say("Cursor")), Some("192.0.2.0/24"), false),
            line(-3_700, What::Plain(t.signed_in), Some("192.0.2.0/24"), false),
            line(-3_800, What::Counted((t.recovery_used)(9)), Some("192.0.2.0/24"), false),
            line(-3_900, What::Plain(t.refused), Some("2001:db8::/48"), false),
            line(-86_400, What::Plain(t.password), None, true),
            line(-90_000, What::Plain(t.created), None, true),
        ];
        let some = Self { shell: sample::signed_in_in(language), lines, older: Some(1_000), is_older: false };
        let hostile = vec![line(-60, What::Marked(t.consent_given.say(sample::HOSTILE)), Some(sample::HOSTILE), false)];
        vec![
            ("some", some.clone()),
            ("last_page", Self { older: None, is_older: true, ..some.clone() }),
            ("nothing", Self { lines: vec![], older: None, is_older: true, ..some.clone() }),
            ("hostile", Self { lines: hostile, ..some }),
        ]
    }
}
