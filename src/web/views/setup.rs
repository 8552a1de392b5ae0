//! `/setup`: the first administrator, by the one-time link.

use askama::Template;

use super::Spoken;
use super::shell::{Field, Shell, sample};
use crate::model::{Language, WeakPassword};
use crate::web::words;

/// The form. The password is never sent back.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/setup.html")]
pub struct SetupPage {
    pub shell: Shell,
    /// The token of the link, carried by the form.
    pub token: String,
    pub name: Field,
    pub email: Field,
    pub password_error: Option<String>,
}

/// The link cannot be used, and what to do.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/setup_closed.html")]
pub struct SetupClosedPage {
    pub shell: Shell,
    pub why: SetupClosed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupClosed {
    /// No token, or not the one that was printed last.
    WrongLink,
    /// It was right once.
    Expired,
    /// There is an administrator.
    Done,
}

impl SetupPage {
    /// The first field that wants attention.
    fn focus(&self) -> &'static str {
        match (&self.name.error, &self.email.error, &self.password_error) {
            (None, Some(_), _) => "email",
            (None, None, Some(_)) => "password",
            _ => "name",
        }
    }

    fn password_help(&self) -> String {
        (self.shell.words.setup.password_help)(WeakPassword::SHORTEST)
    }
}

impl Spoken for SetupPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).setup;
        let empty = Self {
            shell: sample::shell_in(language),
            token: "writ_st_sample".into(),
            name: Field::default(),
            email: Field::default(),
            password_error: None,
        };
        vec![
            ("empty", empty.clone()),
            (
                "with_errors",
                Self {
                    name: Field::refused("", t.name_wrong),
                    email: Field::refused("ada@", t.email_wrong),
                    password_error: Some(t.weak.of(WeakPassword::Short)),
                    ..empty.clone()
                },
            ),
            (
                "short_password",
                Self {
                    name: Field::of("Ada Moreno"),
                    email: Field::of("ada@example.com"),
                    password_error: Some(t.weak.of(WeakPassword::Short)),
                    ..empty
                },
            ),
        ]
    }
}

impl Spoken for SetupClosedPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let page = |why| Self { shell: sample::shell_in(language), why };
        vec![
            ("wrong_link", page(SetupClosed::WrongLink)),
            ("expired", page(SetupClosed::Expired)),
            ("done", page(SetupClosed::Done)),
        ]
    }
}
