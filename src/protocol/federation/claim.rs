//! Finding a claim in a token, and the trusts that a token may mean.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::model::Trust;

/// Most dots of a name that are tried as the end of an object's name.
const MOST_DOTS: usize = 8;

/// The claim of this name. A name with dots leads into objects, and the longest name that there is goes first: for
/// `kubernetes.io.serviceaccount.uid` the object is called `kubernetes.io`.
pub(super) fn value<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let splits = name.rmatch_indices('.').take(MOST_DOTS);
    splits
        .filter_map(|(at, _)| Some((claims.get(name.get(..at)?)?.as_object()?, name.get(at + 1..)?)))
        .find_map(|(inside, rest)| value(inside, rest))
}

/// The text that a rule is held against. Issuers send ids as numbers or as text, and `true` as either.
pub(super) fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) if number.is_u64() || number.is_i64() => Some(Cow::Owned(number.to_string())),
        Value::Bool(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The issuers by which a token may be known here: its `iss` (RFC 7523 §3 (1)), and the trust domain of a SPIFFE id.
pub fn issuers(claims: &Map<String, Value>) -> impl Iterator<Item = String> {
    let iss = claims.get("iss").and_then(Value::as_str).filter(|iss| iss.len() <= super::vet::LONGEST_ISSUER);
    iss.map(str::to_owned).into_iter().chain(trust_domain(claims))
}

/// The claims by which trusts are found, as far as the token has them: name and value. RFC 7523 §3 (8): "The JWT MAY contain
/// other claims."
pub fn pins(claims: &Map<String, Value>) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
    Trust::PINS.into_iter().filter_map(|pin| {
        let found = value(claims, pin).and_then(scalar)?;
        (found.len() <= super::vet::LONGEST_VALUE).then_some((pin, found))
    })
}

/// `spiffe://example.org` of the `sub` `spiffe://example.org/billing`. SPIFFE-ID §2.
pub(super) fn trust_domain(claims: &Map<String, Value>) -> Option<String> {
    let sub = claims.get("sub").and_then(Value::as_str)?;
    let (domain, _) = sub.strip_prefix("spiffe://")?.split_once('/')?;
    (!domain.is_empty() && domain.len() <= 255).then(|| format!("spiffe://{domain}"))
}
