//! `/console/applications`: what people connect.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Field, Moment, Shell};
use super::{Choice, EventLine, First, Frame, Pill, Section, Snippets, Tone, sample};
use crate::base::Digest;
use crate::model::{ClientState, Language, Provenance};
use crate::operations::clients::{Checked, RegisteredBy};
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/applications.html")]
pub struct ApplicationsPage {
    pub shell: Shell,
    pub frame: Frame,
    pub states: Vec<Choice>,
    pub registered: Vec<Choice>,
    pub checked: Vec<Choice>,
    /// The filter and the page of the list, as its address says them: where the form that decides about some leads back to.
    pub here: String,
    pub rows: Vec<ApplicationRow>,
    pub narrowed: bool,
    /// Below the issuer's path.
    pub next: Option<String>,
}

#[derive(Clone, Debug)]
pub struct ApplicationRow {
    /// Below the issuer's path.
    pub href: String,
    pub name: String,
    /// Where its answers go: hosts, or "this computer".
    pub answers: String,
    /// "an administrator", "itself"
    pub registered_by: String,
    pub state: Pill,
    pub registered: Moment,
    pub used: bool,
    /// It waits, and can be approved from the list.
    pub waits: bool,
    /// An administrator checked it.
    pub verified: bool,
    /// A known application that it may be taken for: it is not approved unlooked at.
    pub resembles: Option<String>,
    /// Which state of it the row shows.
    pub seen: String,
    /// The same with whose it is, as a form says which were chosen.
    pub chosen_as: String,
}

/// `/console/applications/stale`
#[derive(Clone, Debug, Template)]
#[template(path = "console/applications_stale.html")]
pub struct StaleApplicationsPage {
    pub shell: Shell,
    pub frame: Frame,
    pub choices: Vec<Choice>,
    pub days: u64,
    pub rows: Vec<StaleRow>,
    /// The one before the first of them, as a query has it.
    pub after: String,
    /// What is wrong with the word that was to be typed; then the boxes are ticked as they were.
    pub unmeant: Option<String>,
    /// Below the issuer's path.
    pub next: Option<String>,
}

#[derive(Clone, Debug)]
pub struct StaleRow {
    pub id: String,
    pub chosen: bool,
    pub row: ApplicationRow,
    /// Since when it has surely not been used.
    pub since: Moment,
}

#[derive(Clone, Debug, Template)]
#[template(path = "console/application.html")]
pub struct ApplicationPage {
    pub shell: Shell,
    pub frame: Frame,
    pub href: String,
    pub id: String,
    pub name: String,
    pub state: Pill,
    pub registered_by: String,
    pub registered: Moment,
    pub first_used: Option<Moment>,
    pub reaped: Option<Moment>,
    /// "a secret", "nothing: it is a public client"
    pub proves: String,
    pub redirect_uris: Vec<String>,
    /// By which grants, for what, and what it may have at most.
    pub reach: String,
    pub client_uri: Option<String>,
    /// Those that are good, the newest first.
    pub secrets: Vec<SecretLine>,
    /// Of the form that makes another: sent twice, it makes one.
    pub once: String,
    /// Which state of it the page shows.
    pub seen: String,
    /// Who checked it, and when.
    pub verified: Option<(String, Moment)>,
    /// Why somebody decided against it.
    pub rejected: Option<String>,
    pub waits: bool,
    /// A known application that it may be taken for.
    pub resembles: Option<String>,
    pub active: bool,
    pub suspended: bool,
    /// Which tokens from before may still be taken.
    pub left: Option<String>,
    pub snippets: Snippets,
    pub grants: Vec<GrantLine>,
    /// There are more than these.
    pub more_grants: bool,
    pub events: Vec<EventLine>,
    /// How many people's consents are known to end with it.
    pub at_stake: String,
}

/// What is known of one of its secrets.
#[derive(Clone, Debug)]
pub struct SecretLine {
    pub newest: bool,
    pub made: Moment,
    pub until: Option<Moment>,
    /// When an older one was last used.
    pub used: Option<Moment>,
}

/// What one person allowed.
#[derive(Clone, Debug)]
pub struct GrantLine {
    pub id: String,
    pub person: String,
    pub resource: String,
    pub scopes: Vec<String>,
    pub given: Moment,
}

/// `/console/applications/new`
#[derive(Clone, Debug, Template)]
#[template(path = "console/application_form.html")]
pub struct ApplicationFormPage {
    pub shell: Shell,
    pub frame: Frame,
    pub once: String,
    pub name: Field,
    /// One a line.
    pub redirect_uris: Field,
    pub methods: Vec<Choice>,
    pub scopes: Vec<Choice>,
    pub resources: Vec<Choice>,
    pub problem: Option<String>,
}

impl ApplicationsPage {
    /// Whether any waits for a decision: without one the table has no boxes.
    pub(super) fn has_waiting(&self) -> bool {
        self.rows.iter().any(|row| row.waits)
    }
}

impl Spoken for ApplicationsPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.applications;
        let any = || Choice::new("", words::of(language).console.frame.any, true);
        let row = ApplicationRow {
            href: "/console/applications/cli_sample".into(),
            name: "Cursor".into(),
            answers: "cursor.com".into(),
            registered_by: t.by(&Provenance::Dynamic { registration: Digest::of(b"sample") }).into(),
            state: Pill::new(t.standing(ClientState::AwaitingApproval), Tone::Soon),
            registered: sample::moment_in(language, -3 * 3_600),
            used: false,
            waits: true,
            verified: false,
            resembles: None,
            seen: "sample".into(),
            chosen_as: "cli_sample sample".into(),
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Applications),
            states: vec![any(), Choice::new("waiting", t.those(ClientState::AwaitingApproval), false)],
            registered: vec![any(), Choice::new("itself", t.those_by(RegisteredBy::Itself), false)],
            checked: vec![any(), Choice::new("verified", t.those_checked(Checked::Verified), false)],
            here: String::new(),
            rows: vec![
                row.clone(),
                ApplicationRow { name: "Curs0r".into(), resembles: Some("Cursor".into()), ..row.clone() },
                ApplicationRow {
                    state: Pill::new(t.standing(ClientState::Active), Tone::Live),
                    waits: false,
                    used: true,
                    verified: true,
                    ..row.clone()
                },
            ],
            narrowed: false,
            next: Some("/console/applications?before=cli_sample".into()),
        };
        vec![
            ("some", page.clone()),
            ("empty", Self { rows: vec![], next: None, ..page.clone() }),
            ("nothing_fits", Self { rows: vec![], narrowed: true, ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    rows: vec![ApplicationRow {
                        name: sample::HOSTILE.into(),
                        answers: sample::HOSTILE.into(),
                        resembles: Some(sample::HOSTILE.into()),
                        ..row
                    }],
                    ..page
                },
            ),
        ]
    }
}

impl Spoken for StaleApplicationsPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let said = words::of(language);
        let (t, one) = (&said.console.applications, &said.console.applications_stale);
        let stale = StaleRow {
            id: "cli_sample".into(),
            chosen: false,
            row: ApplicationRow {
                href: "/console/applications/cli_sample".into(),
                name: "Old notebook".into(),
                answers: t.this_computer.into(),
                registered_by: t.by(&Provenance::Dynamic { registration: Digest::of(b"sample") }).into(),
                state: Pill::new(t.standing(ClientState::Active), Tone::Live),
                registered: sample::moment_in(language, -120 * 86_400),
                used: false,
                waits: false,
                verified: false,
                resembles: None,
                seen: "sample".into(),
                chosen_as: String::new(),
            },
            since: sample::moment_in(language, -120 * 86_400),
        };
        let used = StaleRow { row: ApplicationRow { used: true, ..stale.row.clone() }, ..stale.clone() };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Applications),
            choices: vec![Choice::new("30", said.days(30), false), Choice::new("90", said.days(90), true)],
            days: 90,
            rows: vec![stale.clone(), used],
            after: String::new(),
            unmeant: None,
            next: Some("/console/applications/stale?days=90&after=cli_sample".into()),
        };
        vec![
            ("some", page.clone()),
            ("empty", Self { rows: vec![], next: None, ..page.clone() }),
            ("none_yet", Self { rows: vec![], ..page.clone() }),
            (
                "not_meant",
                Self {
                    rows: vec![StaleRow { chosen: true, ..stale.clone() }],
                    unmeant: Some(one.unmeant.into()),
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    rows: vec![StaleRow {
                        row: ApplicationRow {
                            name: sample::HOSTILE.into(),
                            answers: sample::HOSTILE.into(),
                            ..stale.row.clone()
                        },
                        ..stale
                    }],
                    ..page
                },
            ),
        ]
    }
}

impl Spoken for ApplicationPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let (t, all) = (&words::of(language).console.application, &words::of(language).console.applications);
        let secret = |newest: bool| SecretLine {
            newest,
            made: sample::moment_in(language, if newest { -2 } else { -365 } * 86_400),
            until: (!newest).then(|| sample::moment_in(language, 5 * 86_400)),
            used: (!newest).then(|| sample::moment_in(language, -3_600)),
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Applications),
            href: "/console/applications/cli_sample".into(),
            id: "cli_sample".into(),
            name: "Cursor".into(),
            state: Pill::new(all.standing(ClientState::Active), Tone::Live),
            registered_by: t.by_itself_unchecked.into(),
            registered: sample::moment_in(language, -3 * 3_600),
            first_used: Some(sample::moment_in(language, -2 * 3_600)),
            reaped: None,
            proves: t.proves_nothing.into(),
            redirect_uris: vec!["https://cursor.com/callback".into()],
            reach: (t.reach)("authorization_code, refresh_token", "", ""),
            client_uri: None,
            secrets: vec![],
            once: "sample".into(),
            seen: "sample".into(),
            verified: None,
            rejected: None,
            waits: false,
            resembles: None,
            active: true,
            suspended: false,
            left: None,
            snippets: Snippets::sample_in(language, "curl -sS https://id.example.com/oauth/token"),
            grants: vec![GrantLine {
                id: "con_sample".into(),
                person: "Ada Moreno".into(),
                resource: "https://mcp.tickets.example/mcp".into(),
                scopes: vec!["tickets:read".into()],
                given: sample::moment_in(language, -2 * 3_600),
            }],
            more_grants: true,
            events: vec![sample::event_in(
                language,
                812,
                "consent.given",
                sample::said(
                    language,
                    "Ada Moreno allowed Cursor: tickets:read",
                    "Ada Moreno erlaubte Cursor: tickets:read",
                ),
            )],
            at_stake: (t.allowed_by)(1),
        };
        vec![
            ("active", page.clone()),
            (
                "rotated",
                Self { proves: t.proves_secret.into(), secrets: vec![secret(true), secret(false)], ..page.clone() },
            ),
            (
                "waiting",
                Self {
                    waits: true,
                    active: false,
                    state: Pill::new(all.standing(ClientState::AwaitingApproval), Tone::Soon),
                    grants: vec![],
                    events: vec![],
                    first_used: None,
                    reaped: Some(sample::moment_in(language, 21 * 3_600)),
                    ..page.clone()
                },
            ),
            (
                "rejected",
                Self {
                    rejected: Some(
                        sample::said(language, "We use the one that IT installs.", "Wir nehmen die von der IT.").into(),
                    ),
                    active: false,
                    state: Pill::new(all.standing(ClientState::Rejected), Tone::Danger),
                    grants: vec![],
                    first_used: None,
                    ..page.clone()
                },
            ),
            (
                "verified",
                Self {
                    verified: Some(("Ada Moreno".into(), sample::moment_in(language, -3 * 86_400))),
                    registered_by: all.by(&Provenance::Dynamic { registration: Digest::of(b"sample") }).into(),
                    ..page.clone()
                },
            ),
            (
                "suspended",
                Self {
                    suspended: true,
                    left: Some(sample::left_in(language)),
                    active: false,
                    state: Pill::new(all.standing(ClientState::Suspended), Tone::Danger),
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    name: sample::HOSTILE.into(),
                    redirect_uris: vec![sample::HOSTILE.into()],
                    client_uri: Some(sample::HOSTILE.into()),
                    snippets: Snippets::sample_in(language, sample::HOSTILE),
                    ..page
                },
            ),
        ]
    }
}

impl Spoken for ApplicationFormPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.application_form;
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Applications),
            once: "sample".into(),
            name: Field::default(),
            redirect_uris: Field::default(),
            methods: vec![
                Choice::new("none", t.no_method, true),
                Choice::new("client_secret_basic", t.by_secret, false),
            ],
            scopes: vec![Choice::new("tickets:read", sample::said(language, "See tickets", "Tickets ansehen"), false)],
            resources: vec![Choice::new("https://mcp.tickets.example/mcp", "Tickets", false)],
            problem: None,
        };
        vec![
            ("new", page.clone()),
            (
                "refused",
                Self {
                    name: Field::refused(
                        "",
                        sample::said(language, "say what it is called", "sagen Sie, wie sie heißt"),
                    ),
                    redirect_uris: Field::refused(
                        "http://evil.test",
                        sample::said(language, "this is no https:// address", "das ist keine https://-Adresse"),
                    ),
                    problem: Some("Nothing was registered.".into()),
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            ("hostile", Self { name: Field::of(sample::HOSTILE), problem: Some(sample::HOSTILE.into()), ..page }),
        ]
    }
}
