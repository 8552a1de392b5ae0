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

impl From<Fault> for Declined {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}
