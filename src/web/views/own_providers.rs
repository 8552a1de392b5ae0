//! `/account/sign-ins`: where else somebody has an account that signs them in here; and the page that leads there.

use askama::Template;

use super::Spoken;
use super::shell::{Moment, Shell, sample};
use crate::model::Language;
use crate::web::words::{self, Html};

#[derive(Clone, Debug, Template)]
#[template(path = "pages/own_providers.html")]
pub struct OwnProvidersPage {
    pub shell: Shell,
    pub links: Vec<ProviderLine>,
    /// Providers that can be linked.
    pub doors: Vec<OwnDoor>,
    /// Signed in a moment ago: no password is asked for.
    pub fresh: bool,
    pub problem: Option<OwnProvidersProblem>,
}

/// The form as a whole is refused.
const NO_ERROR: Option<String> = None;

#[derive(Clone, Debug)]
pub struct ProviderLine {
    /// For the address of the form: `/account/sign-ins/{id}/end`.
    pub id: String,
    /// No two on a page are alike.
    pub field: String,
    pub name: String,
    /// What it calls this person.
    pub subject: String,
    pub linked: Moment,
}

#[derive(Clone, Debug)]
pub struct OwnDoor {
    /// For the address of the form: `/account/sign-ins/{id}`.
    pub id: String,
    pub field: String,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnProvidersProblem {
    WrongPassword,
    Over,
    Throttled {
        /// In words: "30 seconds".
        wait: String,
    },
    Denied(String),
    Away(String),
    NotGood(String),
    Taken(String),
    Another(String),
}

impl OwnProvidersPage {
    fn problem_words(&self, problem: &OwnProvidersProblem) -> Html {
        let t = &self.shell.words.sign_in.provider;
        match problem {
            OwnProvidersProblem::WrongPassword => words::said(self.shell.words.own_password.wrong),
            OwnProvidersProblem::Throttled { wait } => self.shell.words.own_password.throttled.say(wait),
            OwnProvidersProblem::Over => t.over.clone(),
            OwnProvidersProblem::Denied(name) => t.denied.say(name),
            OwnProvidersProblem::Away(name) => t.away.say(name),
            OwnProvidersProblem::NotGood(name) => t.not_good.say(name),
            OwnProvidersProblem::Taken(name) => t.taken.say(name),
            OwnProvidersProblem::Another(name) => t.another.say(name),
        }
    }
}

/// A form has led here, and a form leads nowhere else: Chromium holds `form-action` against every redirect behind it. So the page goes on
/// by itself, and has a link for whoever wants to press one.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/leave.html")]
pub struct LeavePage {
    pub shell: Shell,
    /// What people call the provider.
    pub name: String,
    /// An https address, from the provider's own metadata.
    pub href: String,
}

impl Spoken for OwnProvidersPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let line = ProviderLine {
            id: "idp_sample".into(),
            field: "password-0".into(),
            name: "Google".into(),
            subject: "110169484474386276334".into(),
            linked: sample::moment_in(language, -12 * 86_400),
        };
        let door = OwnDoor { id: "idp_other".into(), field: "add-0".into(), name: "Northwind Entra".into() };
        let none = Self {
            shell: sample::signed_in_in(language),
            links: vec![],
            doors: vec![door.clone()],
            fresh: true,
            problem: None,
        };
        let some = Self { links: vec![line.clone()], ..none.clone() };
        let asked = Self { fresh: false, ..some.clone() };
        let problem = |problem| Self { problem: Some(problem), ..some.clone() };
        let throttled = OwnProvidersProblem::Throttled { wait: words::of(language).length(30) };
        vec![
            ("none", none.clone()),
            ("some", some.clone()),
            ("all_linked", Self { doors: vec![], ..some.clone() }),
            ("password_first", asked.clone()),
            ("wrong_password", Self { problem: Some(OwnProvidersProblem::WrongPassword), ..asked.clone() }),
            ("throttled", Self { problem: Some(throttled), ..asked }),
            ("over", problem(OwnProvidersProblem::Over)),
            ("denied", problem(OwnProvidersProblem::Denied("Google".into()))),
            ("away", problem(OwnProvidersProblem::Away("Google".into()))),
            ("not_good", problem(OwnProvidersProblem::NotGood("Google".into()))),
            ("taken", problem(OwnProvidersProblem::Taken("Google".into()))),
            ("another", problem(OwnProvidersProblem::Another("Google".into()))),
            (
                "hostile",
                Self {
                    links: vec![ProviderLine { name: sample::HOSTILE.into(), subject: sample::HOSTILE.into(), ..line }],
                    doors: vec![OwnDoor { name: sample::HOSTILE.into(), ..door }],
                    problem: Some(OwnProvidersProblem::Taken(sample::HOSTILE.into())),
                    ..none
                },
            ),
        ]
    }
}

impl Spoken for LeavePage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let page = Self {
            shell: sample::signed_in_in(language),
            name: "Google".into(),
            href: "https://accounts.example.com/authorize?client_id=writ&state=sample".into(),
        };
        let hostile = Self {
            name: sample::HOSTILE.into(),
            href: "https://accounts.example.com/?state=\"><script>".into(),
            ..page.clone()
        };
        vec![("plain", page), ("hostile", hostile)]
    }
}
