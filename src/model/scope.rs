//! Scopes: single names, sets of them, and what the catalogue says about each.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::Timestamp;

/// One scope. RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Scope(Arc<str>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope is 1 to 128 printable ASCII characters without space, quote or backslash; a list has at most 64")]
pub struct ParseScopeError;

impl Scope {
    pub const LONGEST: usize = 128;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = ParseScopeError;

    fn from_str(text: &str) -> Result<Self, ParseScopeError> {
        let fits = (1..=Self::LONGEST).contains(&text.len())
            && text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        fits.then(|| Self(text.into())).ok_or(ParseScopeError)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A sorted set of scopes. Its text form is the space-separated list of RFC 6749 §3.3. Cheap to clone: a grant says it in its row, in its
/// event and in its token.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct ScopeSet(Option<Arc<[Scope]>>);

impl ScopeSet {
    /// Most scopes in one request.
    pub const MOST: usize = 64;

    pub const fn new() -> Self {
        Self(None)
    }

    /// The one way to have none is `None`, so that two empty sets are equal.
    fn of(list: Vec<Scope>) -> Self {
        Self((!list.is_empty()).then(|| list.into()))
    }

    fn list(&self) -> &[Scope] {
        self.0.as_deref().unwrap_or_default()
    }

    pub fn contains(&self, name: &str) -> bool {
        self.list().binary_search_by(|scope| scope.as_str().cmp(name)).is_ok()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.list().iter()
    }

    pub fn len(&self) -> usize {
        self.list().len()
    }

    pub fn is_empty(&self) -> bool {
        self.list().is_empty()
    }

    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope.as_str()))
    }

    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).cloned().collect()
    }

    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.only(|scope| other.contains(scope.as_str()))
    }

    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.only(|scope| !other.contains(scope.as_str()))
    }

    #[must_use]
    pub fn only(&self, keep: impl Fn(&Scope) -> bool) -> Self {
        match self.iter().all(&keep) {
            true => self.clone(),
            false => Self::of(self.iter().filter(|scope| keep(scope)).cloned().collect()),
        }
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut list: Vec<Scope> = scopes.into_iter().collect();
        list.sort_unstable();
        list.dedup();
        Self::of(list)
    }
}

impl FromStr for ScopeSet {
    type Err = ParseScopeError;

    /// Runs of spaces are forgiven; anything but spaces between scopes is not.
    fn from_str(text: &str) -> Result<Self, ParseScopeError> {
        let list =
            text.split(' ').filter(|part| !part.is_empty()).map(str::parse).collect::<Result<Vec<Scope>, _>>()?;
        if list.len() > Self::MOST {
            return Err(ParseScopeError);
        }
        Ok(list.into_iter().collect())
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, scope) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}
impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.split(' ')
            .filter(|part| !part.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(de::Error::custom)
    }
}

/// What the catalogue says about a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeEntry {
    pub name: Scope,
    /// What will happen, in words a person understands: "Create and change tickets".
    pub description: String,
    pub risk: Risk,
    /// Scopes that whoever holds this one has as well.
    #[serde(default, skip_serializing_if = "ScopeSet::is_empty")]
    pub implies: ScopeSet,
    pub created_at: Timestamp,
}

/// The scopes that shipped with the versions that ran so far: each is put into the catalogue once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    pub scopes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    Low,
    /// Marked on the consent page and never ticked beforehand.
    High,
}
