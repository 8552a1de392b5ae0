//! Small things that several nouns have on the wire.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{FieldError, Problem};
use crate::base::{Resource, Timestamp};
use crate::model::{Algorithm, Scope, ScopeSet};
use crate::operations::status::end::LiveTokens;

/// The parameters of a list that has none of its own.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct NoFilter {}

/// The body of what needs none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Why somebody or something is stopped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    /// For the audit log.
    #[schema(min_length = 1, max_length = 500, example = "key found in a public repository")]
    pub(super) because: String,
}

/// What a verifier that looks at nothing but signatures may still take, after a stop.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StillTaken {
    /// There are no more than so many such tokens.
    at_most: u64,
    /// And none after this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    until: Option<String>,
    /// The same for each of those whom they are for, at most 65.
    #[schema(max_items = 65)]
    by_audience: Vec<TakenThere>,
}

/// What may still be taken by those whom tokens are for: a resource, mostly.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TakenThere {
    /// What the tokens say in `aud`. Not there for those of which it is not known any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://tickets.example.com/mcp")]
    audience: Option<String>,
    at_most: u64,
    #[schema(format = DateTime)]
    until: String,
}

impl From<LiveTokens> for StillTaken {
    fn from(live: LiveTokens) -> Self {
        let there = live.by_audience.into_iter().map(|(audience, left)| TakenThere {
            audience: Some(audience).filter(|audience| !audience.is_empty()),
            at_most: left.at_most,
            until: left.until.iso(),
        });
        Self { at_most: live.at_most, until: live.until.map(Timestamp::iso), by_audience: there.collect() }
    }
}

/// A member of a change that may be there or not, and be there as `null`.
#[derive(Clone, Debug, Default)]
pub(super) enum Given<T> {
    /// It stays as it is.
    #[default]
    Not,
    /// It is taken away, or goes back to what it is by itself.
    Null,
    As(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::As))
    }
}

impl<T: Default> Given<T> {
    /// What it becomes, where taking it away leaves nothing.
    pub(super) fn or_empty(self) -> Option<T> {
        match self {
            Self::Not => None,
            Self::Null => Some(T::default()),
            Self::As(value) => Some(value),
        }
    }
}

/// What it becomes, where taking it away means there is none.
pub(super) fn or_none<T>(given: Given<T>) -> Option<Option<T>> {
    match given {
        Given::Not => None,
        Given::Null => Some(None),
        Given::As(value) => Some(Some(value)),
    }
}

/// Collects what is wrong, so that all of it is told at once.
#[derive(Debug, Default)]
pub(super) struct Wrong(Vec<FieldError>);

impl Wrong {
    /// The value, or a note of why there is none.
    pub(super) fn parsed<T, E: fmt::Display>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|why| self.note(field, why)).ok()
    }

    pub(super) fn note(&mut self, field: &str, why: impl fmt::Display) {
        self.0.push(FieldError { field: field.to_owned(), message: why.to_string() });
    }

    /// What it becomes, where it cannot be taken away.
    pub(super) fn given<T>(&mut self, field: &str, given: Given<T>) -> Option<T> {
        match given {
            Given::Not => None,
            Given::Null => {
                self.note(field, "it cannot be taken away");
                None
            }
            Given::As(value) => Some(value),
        }
    }

    /// Every one of a list.
    pub(super) fn each<T, E: fmt::Display>(
        &mut self,
        field: &str,
        texts: &[String],
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let mut all = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate() {
            match parse(text) {
                Ok(one) => all.push(one),
                Err(why) => self.note(&format!("{field}[{at}]"), why),
            }
        }
        (all.len() == texts.len()).then_some(all)
    }

    pub(super) fn resources(&mut self, field: &str, texts: &[String]) -> Option<Vec<Resource>> {
        self.each(field, texts, Resource::parse)
    }

    pub(super) fn scopes(&mut self, field: &str, texts: &[String]) -> Option<ScopeSet> {
        if texts.len() > ScopeSet::MOST {
            self.note(field, format!("at most {} scopes", ScopeSet::MOST));
            return None;
        }
        self.each(field, texts, str::parse::<Scope>).map(|scopes| scopes.into_iter().collect())
    }

    pub(super) fn problem(self) -> Problem {
        Problem::invalid(self.0)
    }

    /// Whether nothing is.
    pub(super) fn none(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(self.problem()) }
    }
}

pub(super) fn list(scopes: &ScopeSet) -> Vec<String> {
    scopes.iter().map(ToString::to_string).collect()
}

pub(super) fn texts(resources: &[Resource]) -> Vec<String> {
    resources.iter().map(ToString::to_string).collect()
}

/// What tokens are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) enum AlgorithmName {
    ES256,
    RS256,
    EdDSA,
}

impl From<Algorithm> for AlgorithmName {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::ES256 => Self::ES256,
            Algorithm::RS256 => Self::RS256,
            Algorithm::EdDSA => Self::EdDSA,
        }
    }
}

impl From<AlgorithmName> for Algorithm {
    fn from(name: AlgorithmName) -> Self {
        match name {
            AlgorithmName::ES256 => Self::ES256,
            AlgorithmName::RS256 => Self::RS256,
            AlgorithmName::EdDSA => Self::EdDSA,
        }
    }
}

/// A moment in a query: `2026-11-21T08:15:30Z`.
pub(super) fn moment(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse_iso(text).ok_or("a time, written 2026-11-21T08:15:30Z")
}
