//! Reading a file of declarations: what is wrong is noted with its place, and reading goes on.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What is wrong, and where in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Such as `machines.nightly-import.scope`.
    pub place: String,
    pub why: String,
}

/// Most that is said about one file.
const MOST: usize = 100;

/// Notes what is wrong.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Wrong>);

impl Notes {
    pub(super) fn say(&mut self, place: &str, why: impl Display) {
        if self.0.len() < MOST {
            self.0.push(Wrong { place: place.to_owned(), why: why.to_string() });
        }
    }

    pub(super) fn into_wrong(self) -> Vec<Wrong> {
        self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A place below another; a name that is no word is quoted, as in a TOML key.
pub(super) fn below(place: &str, name: &str) -> String {
    let is_word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let name = if is_word { name.to_owned() } else { format!("{name:?}") };
    if place.is_empty() { name } else { format!("{place}.{name}") }
}

/// A table of the file: each member is taken once, and what is left over is wrong.
pub(super) struct Members<'a> {
    place: String,
    left: Map<String, Value>,
    notes: &'a mut Notes,
}

impl<'a> Members<'a> {
    pub(super) fn of(place: String, value: Value, notes: &'a mut Notes) -> Option<Self> {
        match value {
            Value::Object(left) => Some(Self { place, left, notes }),
            _ => {
                notes.say(&place, "this is a table");
                None
            }
        }
    }

    pub(super) fn wrong(&mut self, name: &str, why: impl Display) {
        self.notes.say(&below(&self.place, name), why);
    }

    /// A member as it is. Absent and null are the same.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    pub(super) fn read<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.take(name)?;
        serde_json::from_value(value).map_err(|error| self.wrong(name, error)).ok()
    }

    /// A text that is parsed.
    pub(super) fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.read::<String>(name)?;
        parse(&text).map_err(|why| self.wrong(name, why)).ok()
    }

    /// A list of texts that are parsed; empty without it.
    pub(super) fn list<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let mut parsed = Vec::new();
        for text in self.read::<Vec<String>>(name).unwrap_or_default() {
            match parse(&text) {
                Ok(value) => parsed.push(value),
                Err(why) => self.wrong(name, format!("{text:?}: {why}")),
            }
        }
        parsed
    }

    /// A member that there must be.
    pub(super) fn needed<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.notes.0.iter().any(|wrong| wrong.place == below(&self.place, name)) {
            self.wrong(name, "this is missing");
        }
        value
    }

    /// What is left was written by mistake.
    pub(super) fn end(mut self) {
        for name in std::mem::take(&mut self.left).keys() {
            self.wrong(name, "there is no such member here");
        }
    }
}

/// As [`FromStr`], with words for an error.
pub(super) fn text<T: FromStr>(text: &str) -> Result<T, String>
where
    T::Err: Display,
{
    text.parse().map_err(|why: T::Err| why.to_string())
}
