//! The console: what an administrator sees.
//!
//! Every page of it has a [`Frame`]: where in the house it stands, and what was searched for. Its tables, states and lines of the
//! audit log look the same everywhere because they are the same parts (`templates/parts/console.html`).

mod applications;
mod audit;
pub mod charts;
mod delegation_form;
mod keys;
mod limits;
mod lists;
mod machine;
mod machine_form;
mod machines;
mod overview;
mod people;
mod person;
mod problem;
mod providers;
mod refusals;
mod registration_tokens;
mod resources;
mod roles;
mod scopes;
mod search;
mod secret;
mod setting;
mod settings;
mod snippets;
mod tools;
mod trial;

pub use applications::{
    ApplicationFormPage, ApplicationPage, ApplicationRow, ApplicationsPage, GrantLine, SecretLine,
    StaleApplicationsPage, StaleRow,
};
pub use audit::{AuditEntryPage, AuditLivePage, AuditPage, AuditRow, Choosable};
pub use delegation_form::DelegationFormPage;
pub use keys::{Bar, Coming, KeyLine, KeyPage, KeyRow, KeysPage, LineEnds};
pub use limits::{LimitLine, LimitMet, LimitsPage, MetBy};
pub use lists::{DelegationRow, DelegationsPage, GrantRow, GrantsPage};
pub use machine::{AccessLine, CredentialLine, DelegationLine, FindingLine, Halt, MachinePage, ScopeUseLine};
pub use machine_form::{CredentialForm, CredentialPage, MachineForm, MachineFormPage};
pub use machines::{MachineRow, MachinesPage};
pub use overview::{OverviewPage, Sentence, Wanted};
pub use people::{PasswordPage, PeoplePage, PersonFormPage, PersonRow};
pub use person::{ActingLine, AllowedLine, FactorLine, OwnedLine, OwnedPasskey, PersonPage, SignedInLine};
pub use problem::ConsoleProblemPage;
pub use providers::{LinkLine, ProviderFormPage, ProviderPage, ProviderRow, ProvidersPage};
pub use refusals::{Blame, Mark, RefusalPage, RefusalRow, RefusalsPage, Step, StepLine};
pub use registration_tokens::{RegistrationTokenPage, RegistrationTokenRow, RegistrationTokensPage};
pub use resources::{
    Named, NewScopeRow, ResourceCheckPage, ResourceFormPage, ResourcePage, ResourceRow, ResourcesPage, ScopeChoice,
    ScopeWords, SeenLine, Several,
};
pub use roles::{Holder, RoleFormPage, RolePage, RoleRow, RolesPage};
pub use scopes::{ScopeFormPage, ScopePage, ScopeRow, ScopesPage};
pub use search::{Hit, Hits, SearchPage};
pub use secret::SecretPage;
pub use setting::{ChoiceInWords, SettingKept, SettingPage};
pub use settings::{SettingAside, SettingGroup, SettingLine, SettingsPage};
pub use snippets::{Snippet, Snippets};
pub use tools::{OpenedBy, ResourceToolsPage, ToolLine};
pub use trial::{CheckLine, TrialPage};

use super::shell::Moment;
use crate::web::words::ConsoleWords;

/// The rooms of the console, in the order in which they stand in its margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Overview,
    Machines,
    Applications,
    Resources,
    Scopes,
    People,
    Roles,
    Keys,
    Audit,
    Settings,
    /// Below `/console`, and in none of its rooms.
    Nowhere,
}

impl Section {
    pub const ALL: &'static [Self] = &[
        Self::Overview,
        Self::Machines,
        Self::Applications,
        Self::Resources,
        Self::Scopes,
        Self::People,
        Self::Roles,
        Self::Keys,
        Self::Audit,
        Self::Settings,
    ];

    pub(crate) const fn label(self, words: &ConsoleWords) -> &'static str {
        let t = &words.frame;
        match self {
            Self::Overview => t.overview,
            Self::Machines => t.machines,
            Self::Applications => t.applications,
            Self::Resources => t.resources,
            Self::Scopes => t.scopes,
            Self::People => t.people,
            Self::Roles => t.roles,
            Self::Keys => t.keys,
            Self::Audit => t.audit,
            Self::Settings => t.settings,
            Self::Nowhere => "",
        }
    }

    pub(super) fn is_somewhere(&self) -> bool {
        *self != Self::Nowhere
    }

    /// The room that an address is in.
    pub fn at(path: &str) -> Self {
        let is_in = |section: &&Self| {
            let rest = path.strip_prefix(section.path());
            **section != Self::Overview && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        Self::ALL.iter().find(is_in).copied().unwrap_or(Self::Nowhere)
    }

    /// Its address, below the issuer's path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview | Self::Nowhere => "/console",
            Self::Machines => "/console/machines",
            Self::Applications => "/console/applications",
            Self::Resources => "/console/resources",
            Self::Scopes => "/console/scopes",
            Self::People => "/console/people",
            Self::Roles => "/console/roles",
            Self::Keys => "/console/keys",
            Self::Audit => "/console/audit",
            Self::Settings => "/console/settings",
        }
    }
}

/// What stands first in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    Newest,
    Oldest,
    First,
}

/// What stands around a page of the console.
#[derive(Clone, Debug)]
pub struct Frame {
    pub here: Section,
    /// What was searched for, if this page answers a search.
    pub query: String,
    /// Where a list begins, below the issuer's path, if this page shows what comes further on.
    pub first: Option<String>,
}

impl Frame {
    pub fn of(here: Section) -> Self {
        Self { here, query: String::new(), first: None }
    }

    pub(super) fn sections(&self) -> &'static [Section] {
        Section::ALL
    }

    pub(super) fn is_here(&self, section: &Section) -> bool {
        self.here == *section
    }
}

/// A state, in a word. Its tone helps the eye and says nothing that the word does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pill {
    pub words: String,
    pub tone: Tone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// It works.
    Live,
    /// It wants somebody soon.
    Soon,
    /// It is stopped, or somebody said no: what the red of the seal is for.
    Danger,
}

impl Tone {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Live => " is-live",
            Self::Soon => " is-soon",
            Self::Danger => " is-danger",
        }
    }
}

impl Pill {
    pub fn new(words: impl Into<String>, tone: Tone) -> Self {
        Self { words: words.into(), tone }
    }
}

/// One entry of the audit log, in a line.
#[derive(Clone, Debug)]
pub struct EventLine {
    pub sequence: u64,
    pub at: Moment,
    /// The event's own name, as the log writes it.
    pub event: String,
    /// What happened, in words.
    pub words: String,
    /// Who did it.
    pub by: String,
    /// Older entries right behind it that say the same: how many, and when the first was.
    pub alike: Option<(usize, Moment)>,
}

impl EventLine {
    /// Whether the words do not begin with who did it.
    pub fn names_another(&self) -> bool {
        !self.words.starts_with(&self.by)
    }
}

/// One choice of a list.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>, chosen: bool) -> Self {
        Self { value: value.into(), label: label.into(), chosen }
    }
}

/// The head of a column that rows can be sorted by.
#[derive(Clone, Debug)]
pub struct Head {
    /// What `aria-sort` says of it; empty where they are not.
    pub sort: &'static str,
    /// Sorts by it, or the other way round; below the issuer's path.
    pub href: String,
}

/// The world of the samples.
mod sample {
    use super::super::shell::sample;
    use super::*;
    use crate::model::Language;
    use crate::web::words;

    pub(super) use super::super::shell::sample::{HOSTILE, moment_in, said};

    /// On the page of something that was stopped.
    pub(super) fn left_in(language: Language) -> String {
        (words::of(language).console.left.at_most)(3, "2026-08-01 10:14 UTC", "")
    }

    pub(super) fn shell_in(language: Language) -> super::super::Shell {
        sample::signed_in_in(language)
    }

    pub(super) fn branded_in(language: Language) -> super::super::Shell {
        super::super::Shell { signed_in: Some(sample::ada()), ..sample::branded_in(language) }
    }

    pub(super) fn event_in(language: Language, sequence: u64, name: &str, words: &str) -> EventLine {
        EventLine {
            sequence,
            at: moment_in(language, -180),
            event: name.into(),
            words: words.into(),
            by: "Ada Moreno".into(),
            alike: None,
        }
    }
}
