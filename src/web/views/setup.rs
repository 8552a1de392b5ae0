//! `/setup`: the first administrator, by the one-time link.

use askama::Template;

use super::Sample;
use super::shell::{Field, Shell, sample};

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
    /// Shortest accepted password, in characters.
    pub password_shortest: usize,
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
        format!(
            "At least {} characters. A few words you will remember are better than symbols.",
            self.password_shortest
        )
    }
}

impl Sample for SetupPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let empty = Self {
            shell: sample::shell(),
            token: "writ_st_sample".into(),
            name: Field::default(),
            email: Field::default(),
            password_error: None,
            password_shortest: 10,
        };
        vec![
            ("empty", empty.clone()),
            (
                "with_errors",
                Self {
                    name: Field::refused("", "Enter your name."),
                    email: Field::refused("ada@", "Enter an e-mail address, such as ada@example.com."),
                    password_error: Some("Use at least 10 characters.".into()),
                    ..empty.clone()
                },
            ),
            (
                "short_password",
                Self {
                    name: Field::of("Ada Moreno"),
                    email: Field::of("ada@example.com"),
                    password_error: Some("Use at least 10 characters.".into()),
                    ..empty
                },
            ),
        ]
    }
}

impl Sample for SetupClosedPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let page = |why| Self { shell: sample::shell(), why };
        vec![
            ("wrong_link", page(SetupClosed::WrongLink)),
            ("expired", page(SetupClosed::Expired)),
            ("done", page(SetupClosed::Done)),
        ]
    }
}
