//! Why an administrator's operation was not done. Protocol endpoints have `protocol::refusal` instead.

use std::fmt;

use crate::base::Fault;

/// The answer to whoever asked: to be read by a person, and acted upon.
#[derive(Clone, Debug)]
pub enum Declined {
    /// What was typed is not what it should be.
    Invalid(Invalid),
    /// It is taken, or done, or decided already.
    Conflict(String),
    /// What was named is not there.
    Missing(String),
    /// It would reach further than whoever asks.
    Forbidden(String),
    /// It was changed since it was last looked at.
    Stale,
    /// The same request made this already, and the secret that was shown then is shown once.
    MadeAlready(String),
    /// The key of a request that was another.
    KeyReused,
    /// We are broken, or busy.
    Broken(Fault),
}

/// What is wrong with what was typed: field and sentence, for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invalid(pub Vec<(&'static str, String)>);

impl Invalid {
    /// What is wrong with one field.
    pub fn of(&self, field: &str) -> Option<String> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, why)| why.clone())
    }
}

impl Declined {
    pub fn field(name: &'static str, why: impl fmt::Display) -> Self {
        Self::Invalid(Invalid(vec![(name, why.to_string())]))
    }
}

/// One line of text for people to read, without the space around it.
pub(super) fn line(field: &'static str, text: &str, longest: usize, what: &str) -> Result<String, Declined> {
    let text = text.trim();
    if !(1..=longest).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        return Err(Declined::field(field, format!("say in one line of at most {longest} characters {what}")));
    }
    Ok(text.to_owned())
}

impl From<Fault> for Declined {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}
