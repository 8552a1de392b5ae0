//! People who sign in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::{Id, Named, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: Id<Person>,
    pub email: Email,
    pub name: String,
    /// A PHC string (argon2id).
    pub password: String,
    pub standing: Standing,
    pub state: PersonState,
    pub created_at: Timestamp,
}

impl Person {
    /// What others may know of the row: it says nothing about the password, not even whether it changed.
    #[must_use]
    pub fn without_password(&self) -> Self {
        Self { password: String::new(), ..self.clone() }
    }
}

impl Named for Person {
    const PREFIX: &'static str = "per";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Administrator,
    Member,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonState {
    Active,
    Suspended,
}

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("Use at least 10 characters.")]
    Short,
    #[error("Use at most 1,024 bytes, which is several hundred characters.")]
    Long,
    #[error("Use no control characters, such as tabs or line ends.")]
    Control,
    #[error("Do not use your name or e-mail address as the password.")]
    Own,
    #[error("This password is among the first that anybody would try. A few unrelated words are better.")]
    Common,
}

impl WeakPassword {
    /// In characters.
    pub const SHORTEST: usize = 10;
    pub const ALL: [Self; 5] = [Self::Short, Self::Long, Self::Control, Self::Own, Self::Common];
}

/// An e-mail address as its owner writes it. Two that differ only in case are one account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address: write it like name@example.com")]
pub struct ParseEmailError;

impl Email {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the unique index and the failure counters are keyed by.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for Email {
    type Err = ParseEmailError;

    /// RFC 5321 §4.5.3.1: at most 254 octets. ASCII only: look-alikes from other scripts would be other accounts
    /// that read the same.
    fn from_str(text: &str) -> Result<Self, ParseEmailError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(ParseEmailError)?;
        let fits = text.len() <= 254
            && !local.is_empty()
            && local.len() <= 64
            && !domain.is_empty()
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && text.bytes().all(|b| b.is_ascii_graphic())
            && !text.contains(['<', '>', '(', ')', ',', ';', ':', '"', '\\', '[', ']'])
            && !local.contains('@');
        fits.then(|| Self(text.to_owned())).ok_or(ParseEmailError)
    }
}

impl fmt::Debug for Email {
    /// An address never reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email")
    }
}
