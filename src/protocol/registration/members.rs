//! The members of a registration, one kind of value at a time, each bounded.

use serde_json::{Map, Value};
use url::Url;

use super::refusal::RegistrationRefusal;
use crate::protocol::display_name::DisplayName;
use crate::protocol::strict_json;

/// The members of a JSON object from a stranger. A null, an empty text and an empty list count as absent.
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// RFC 7591 §3.1: "The parameters are added as top-level members of a JSON object."
    pub(super) fn parse(bytes: &[u8], longest: usize) -> Result<Self, RegistrationRefusal> {
        Ok(Self(strict_json::parse_object(bytes, longest)?))
    }

    pub(super) fn value(&self, member: &str) -> Option<&Value> {
        self.0.get(member).filter(|value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => true,
        })
    }

    pub(super) fn has(&self, member: &str) -> bool {
        self.value(member).is_some()
    }

    /// True or false; false if it is not said.
    pub(super) fn flag(&self, member: &'static str) -> Result<bool, RegistrationRefusal> {
        match self.value(member) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(refused(member, "it is true or false")),
        }
    }

    /// A text of at most `longest` bytes.
    pub(super) fn text(&self, member: &'static str, longest: usize) -> Result<Option<&str>, RegistrationRefusal> {
        self.value(member).map(|value| text(member, value, longest)).transpose()
    }

    /// A list of at most `most` texts of at most `longest` bytes.
    pub(super) fn texts(
        &self,
        member: &'static str,
        most: usize,
        longest: usize,
    ) -> Result<Vec<&str>, RegistrationRefusal> {
        match self.value(member) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) if items.len() <= most => {
                items.iter().map(|item| text(member, item, longest)).collect()
            }
            Some(Value::Array(_)) => Err(refused(member, "it lists too many")),
            Some(_) => Err(refused(member, "it is a list of texts")),
        }
    }

    /// A line for people to read.
    pub(super) fn line(&self, member: &'static str) -> Result<Option<String>, RegistrationRefusal> {
        self.text(member, LONGEST_LINE)?.map(|text| line(member, text)).transpose()
    }

    pub(super) fn lines(&self, member: &'static str, most: usize) -> Result<Vec<String>, RegistrationRefusal> {
        self.texts(member, most, LONGEST_LINE)?.into_iter().map(|text| line(member, text)).collect()
    }

    /// The address of a page about the client. RFC 7591 §2: "The value of this field MUST point to a valid web page."
    /// It is shown as text and never fetched (attack case 38). Plain http is left out, since local development says it
    /// all the time and nobody should be sent there; anything else is refused.
    pub(super) fn page(&self, member: &'static str) -> Result<Option<String>, RegistrationRefusal> {
        let Some(text) = self.text(member, 512)? else { return Ok(None) };
        if text.starts_with("http://") {
            return Ok(None);
        }
        https(text).map_err(|why| refused(member, why))?;
        Ok(Some(text.to_owned()))
    }
}

/// Longer than what is shown, because what is invisible is dropped first.
const LONGEST_LINE: usize = 512;

/// Whether `text` is an https URL without user name and fragment.
pub(super) fn https(text: &str) -> Result<(), &'static str> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic())
        && !text.contains(['\\', '<', '>', '"', '\'', '`', '{', '}', '|', '^', '*']);
    if !plain {
        return Err("it has no spaces, quotes, wildcards, backslashes or characters outside ASCII");
    }
    let url = Url::parse(text).map_err(|_| "it is not a URL")?;
    if url.scheme() != "https" || !text.starts_with("https://") {
        return Err("it starts with https://");
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("it has no user name and no fragment");
    }
    if url.host_str().is_none_or(|host| host.is_empty() || host.ends_with('.')) {
        return Err("it has a host");
    }
    Ok(())
}

fn text<'a>(member: &'static str, value: &'a Value, longest: usize) -> Result<&'a str, RegistrationRefusal> {
    match value.as_str() {
        Some(text) if text.len() <= longest => Ok(text),
        Some(_) => Err(refused(member, "it is too long")),
        None => Err(refused(member, "it is text")),
    }
}

fn line(member: &'static str, text: &str) -> Result<String, RegistrationRefusal> {
    match DisplayName::parse(text) {
        Ok(line) => Ok(line.as_str().to_owned()),
        Err(_) => Err(refused(member, "it is 1 to 128 visible characters")),
    }
}

fn refused(member: &'static str, why: &'static str) -> RegistrationRefusal {
    RegistrationRefusal::Metadata { member, why }
}
