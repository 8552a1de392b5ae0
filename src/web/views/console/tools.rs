//! `/console/resources/{id}/tools`: which tools a server has, and what each needs.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Field, Moment, Shell};
use super::{Choice, Frame, Pill, Section, Snippet, Tone, sample};
use crate::model::{Language, ToldBy};
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/resource_tools.html")]
pub struct ResourceToolsPage {
    pub shell: Shell,
    pub frame: Frame,
    pub name: String,
    /// The resource's page, below the issuer's path.
    pub href: String,
    pub identifier: String,
    /// Which state of the resource the page shows.
    pub seen: String,
    /// Who said which tools there are, and when.
    pub asked: Option<(ToldBy, Moment)>,
    pub lines: Vec<ToolLine>,
    /// The same by scope.
    pub opened: Vec<OpenedBy>,
    /// How many tools nobody has decided about.
    pub undecided: usize,
    pub offers_scopes: bool,
    pub snippets: Vec<Snippet>,
    /// What was typed as a list.
    pub list: Field,
    /// Why the server named none.
    pub problem: Option<String>,
}

impl ResourceToolsPage {
    /// Where the resource is changed.
    pub(super) fn change_at(&self) -> String {
        self.shell.below(&format!("{}/change", self.href))
    }
}

#[derive(Clone, Debug)]
pub struct ToolLine {
    pub name: String,
    pub title: String,
    pub description: String,
    /// "says it only reads"
    pub hint: Option<Pill>,
    /// It was decided about, and is not named any more.
    pub gone: bool,
    pub needs: Vec<Choice>,
}

/// One scope, and the tools that whoever has it may use.
#[derive(Clone, Debug)]
pub struct OpenedBy {
    /// Empty where no scope is needed.
    pub scope: String,
    pub words: String,
    pub risky: bool,
    /// Below the issuer's path.
    pub href: String,
    pub tools: Vec<String>,
}

impl Spoken for ResourceToolsPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.tools;
        let needs = |chosen: &str| {
            let choice = |value: &str, label: &str| Choice::new(value, label, value == chosen);
            vec![choice("", t.not_decided), choice("tickets:read", "tickets:read")]
        };
        let tool = |name: &str, hint: Option<Pill>, chosen: &str| ToolLine {
            name: name.into(),
            title: sample::said(language, "Search tickets", "Tickets suchen").into(),
            description: sample::said(
                language,
                "Finds tickets by words in them.",
                "Findet Tickets nach ihren Wörtern.",
            )
            .into(),
            hint,
            gone: false,
            needs: needs(chosen),
        };
        let opened = |scope: &str, tools: &[&str]| OpenedBy {
            scope: scope.into(),
            words: sample::said(language, "See tickets", "Tickets ansehen").into(),
            risky: scope.ends_with("write"),
            href: "/console/scopes/of/tickets%3Aread".into(),
            tools: tools.iter().map(|tool| (*tool).into()).collect(),
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Resources),
            name: "Tickets".into(),
            href: "/console/resources/res_sample".into(),
            identifier: "https://mcp.tickets.example/mcp".into(),
            seen: "sample".into(),
            asked: Some((ToldBy::Server, sample::moment_in(language, -180))),
            lines: vec![
                tool("search", Some(Pill::new(t.says_reads, Tone::Plain)), "tickets:read"),
                tool("delete", Some(Pill::new(t.says_destroys, Tone::Soon)), ""),
                ToolLine { gone: true, ..tool("close", None, "tickets:read") },
            ],
            opened: vec![opened("tickets:read", &["search", "close"]), opened("tickets:write", &[])],
            undecided: 1,
            offers_scopes: true,
            snippets: vec![Snippet {
                id: "snippet-tools-python".into(),
                title: "Python".into(),
                note: words::of(language).console.snippets.tools_about.into(),
                text: "TOOL_SCOPES = {\n    \"search\": \"tickets:read\",\n}".into(),
            }],
            list: Field::default(),
            problem: None,
        };
        let empty = Self { asked: None, lines: vec![], opened: vec![], snippets: vec![], undecided: 0, ..page.clone() };
        vec![
            ("some", page.clone()),
            ("empty", empty.clone()),
            ("no_scopes", Self { offers_scopes: false, ..empty.clone() }),
            ("unreachable", Self { problem: Some("the answer took too long".into()), ..empty.clone() }),
            (
                "refused",
                Self {
                    list: Field::refused(
                        "two words",
                        sample::said(language, "there is no tool in it", "darin ist kein Werkzeug"),
                    ),
                    ..empty
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    name: sample::HOSTILE.into(),
                    lines: vec![ToolLine {
                        title: sample::HOSTILE.into(),
                        description: sample::HOSTILE.into(),
                        ..tool(sample::HOSTILE, None, "")
                    }],
                    ..page
                },
            ),
        ]
    }
}
