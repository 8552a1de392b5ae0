//! Changes that count only for what their sender has seen. RFC 9110 §13.1.1.

use serde::Serialize;
use serde_json::{Map, Value};

use super::declined::Declined;
use crate::base::{Digest, Fault, FaultKind};

/// The state of a row that whoever changes it has in mind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Whatever it is now.
    Anything,
    /// One of these, by their [`tag`]s.
    OneOf(Vec<Digest>),
}

/// What a state of a row is called by: the digest of its JSON. It changes whenever anything in the row does.
pub fn tag<T: Serialize>(row: &T) -> Result<Digest, Fault> {
    let bytes = serde_json::to_vec(row).map_err(|e| Fault::because(FaultKind::Bug, "a row has no JSON", e))?;
    Ok(Digest::of(&bytes))
}

impl Seen {
    /// Whether the row is still as it was seen; to be asked inside the transaction that changes it.
    pub(super) fn is_still<T: Serialize>(&self, row: &T) -> Result<Result<(), Declined>, Fault> {
        Ok(match self {
            Self::Anything => Ok(()),
            Self::OneOf(tags) if tags.contains(&tag(row)?) => Ok(()),
            Self::OneOf(_) => Err(Declined::Stale),
        })
    }
}

/// The members in which two JSON objects differ, as they were and as they are; those of `hidden` are left out. `None` if there are none.
pub(super) fn difference(before: Value, after: Value, hidden: &[&str]) -> Option<(Value, Value)> {
    let (mut before, mut after) = (members(before), members(after));
    for name in hidden {
        before.remove(*name);
        after.remove(*name);
    }
    let same: Vec<String> =
        before.iter().filter(|(name, value)| after.get(*name) == Some(*value)).map(|(name, _)| name.clone()).collect();
    for name in same {
        before.remove(&name);
        after.remove(&name);
    }
    let differ = !before.is_empty() || !after.is_empty();
    differ.then_some((Value::Object(before), Value::Object(after)))
}

/// Most bytes of what an entry says of something that was made, and of one member of it where there is more.
const LONGEST_MADE: usize = 16_384;
const LONGEST_MEMBER: usize = 1_024;

/// What was made, for the audit log: the members of a row, those of `hidden` left out. Where there is too much of it, it says of long
/// members how long they are.
pub(super) fn made<T: Serialize>(row: &T, hidden: &[&str]) -> Result<Value, Fault> {
    let mut all = members(json(row)?);
    all.retain(|name, _| !hidden.contains(&name.as_str()));
    let length = |value: &Value| value.to_string().len();
    if all.values().map(length).sum::<usize>() > LONGEST_MADE {
        for value in all.values_mut().filter(|value| length(value) > LONGEST_MEMBER) {
            *value = Value::from(format!("{} bytes, left out here", length(value)));
        }
    }
    Ok(Value::Object(all))
}

/// A row as JSON.
pub(super) fn json<T: Serialize>(row: &T) -> Result<Value, Fault> {
    serde_json::to_value(row).map_err(|e| Fault::because(FaultKind::Bug, "a row has no JSON", e))
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_is_what_changed_came_and_went() {
        let before = json!({ "same": 1, "changed": 1, "gone": 1, "secret": 1 });
        let after = json!({ "same": 1, "changed": 2, "new": [3], "secret": 2 });
        let found = difference(before.clone(), after, &["secret"]);
        assert_eq!(found, Some((json!({ "changed": 1, "gone": 1 }), json!({ "changed": 2, "new": [3] }))));
        assert_eq!(difference(before.clone(), before, &[]), None);
    }

    #[test]
    fn what_was_made_is_told_whole_or_within_bounds() {
        let row = json!({ "name": "a", "digest": "x", "jwks": { "keys": ["k"] } });
        assert_eq!(made(&row, &["digest"]).unwrap(), json!({ "name": "a", "jwks": { "keys": ["k"] } }));
        let row = json!({ "name": "a", "jwks": "k".repeat(60_000) });
        assert_eq!(made(&row, &[]).unwrap(), json!({ "name": "a", "jwks": "60002 bytes, left out here" }));
    }

    #[test]
    fn a_tag_is_of_everything_in_the_row() {
        let row = json!({ "a": 1 });
        let seen = Seen::OneOf(vec![tag(&row).unwrap()]);
        assert!(seen.is_still(&row).unwrap().is_ok());
        assert!(matches!(seen.is_still(&json!({ "a": 2 })).unwrap(), Err(Declined::Stale)));
        assert!(Seen::Anything.is_still(&row).unwrap().is_ok());
    }
}
