//! Tokens that somebody else's issuer gives to workloads, judged against a trust. RFC 7523 §3, RFC 7519 §4.1.
//!
//! The signature is checked before: what arrives here was signed by a key of the trust's issuer. Attack case 57.

mod claim;
mod presets;
mod vet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::strict_json;
use crate::base::{Digest, Lifetime, Timestamp};
use crate::model::{ClaimRule, ClaimTest, TokenUse, Trust};

pub use claim::{issuers, pins};
pub use presets::{Explained, PRESETS, Preset};
pub use vet::{Unfit, vet};

/// No token is good for longer, whatever its issuer says.
pub const LONGEST: Lifetime = Lifetime::from_hours(24);
/// The same where one token is accepted again and again.
pub const LONGEST_REUSED: Lifetime = Lifetime::from_hours(2);
/// How far clocks may differ.
const SKEW: Lifetime = Lifetime::from_seconds(30);
/// Longest `sub` and longest `jti`, in bytes.
const LONGEST_SUBJECT: usize = 1_024;
const LONGEST_JTI: usize = 256;

/// A workload's token as its issuer made it.
#[derive(Clone, Debug)]
pub struct WorkloadToken {
    pub claims: Map<String, Value>,
    /// Of what is signed: header and claims as they came. It stands for a token that has no `jti`.
    pub digest: Digest,
}

impl WorkloadToken {
    /// Longest token that is looked at, in bytes.
    pub const LONGEST: usize = 16 * 1_024;

    /// Reads what a token says before it is believed: enough to find the trusts that it may mean.
    pub fn unverified(token: &str) -> Option<Self> {
        let (signed, _) = token.rsplit_once('.').filter(|_| token.len() <= Self::LONGEST)?;
        let (_, claims) = signed.split_once('.').filter(|(_, claims)| !claims.contains('.'))?;
        let claims = strict_json::parse_object(&URL_SAFE_NO_PAD.decode(claims).ok()?, Self::LONGEST).ok()?;
        Some(Self { claims, digest: Digest::of(signed.as_bytes()) })
    }
}

/// A token that a trust accepts. Made by [`judge`] alone.
#[derive(Clone, Debug)]
pub struct Accepted {
    replay: Option<(Digest, Timestamp)>,
}

impl Accepted {
    /// What the replay table is keyed by, and until when it must be remembered; `None` if the trust takes a token as often
    /// as it comes.
    pub fn replay(&self) -> Option<(Digest, Timestamp)> {
        self.replay
    }
}

/// One thing that was looked at: a line of the explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The claim it is about.
    pub claim: String,
    pub expected: String,
    /// What the token says, cut to a line.
    pub found: String,
    pub holds: bool,
    /// What the claim means, or why it matters.
    pub words: &'static str,
}

/// Whether the trust accepts the token. RFC 7523 §3: "the authorization server MUST validate the JWT according to the criteria
/// below": every line of [`explain`] must hold, and the first that does not is the answer.
pub fn judge(trust: &Trust, token: &WorkloadToken, now: Timestamp) -> Result<Accepted, Check> {
    match explain(trust, &token.claims, now).into_iter().find(|check| !check.holds) {
        Some(failed) => Err(failed),
        None => Ok(Accepted { replay: replay(trust, token, now) }),
    }
}

/// Everything that is looked at, with what was expected and what was found: RFC 7523 §3 (1) to (7), then the rules of the
/// trust.
pub fn explain(trust: &Trust, claims: &Map<String, Value>, now: Timestamp) -> Vec<Check> {
    let preset = trust.preset.as_deref().and_then(Preset::named);
    let mut checks = vec![issuer(trust, claims), audience(trust, claims), subject(claims)];
    checks.extend(times(trust, claims, now));
    checks.push(token_id(claims));
    checks.extend(trust.rules.iter().map(|rule| by_rule(rule, claims, preset)));
    checks.extend(preset.and_then(|preset| preset.guarded(trust)).map(|guard| guarded(guard, claims)));
    checks
}

/// RFC 7523 §3 (7): "The JWT MAY contain a "jti" (JWT ID) claim"; the server "MAY ensure that JWTs are not replayed by maintaining
/// the set of used "jti" values for the length of time for which the JWT would be considered valid". Kubernetes before 1.32
/// and SPIFFE give none: then the token stands for itself.
pub fn replay(trust: &Trust, token: &WorkloadToken, now: Timestamp) -> Option<(Digest, Timestamp)> {
    if trust.token_use == TokenUse::UntilItEnds {
        return None;
    }
    let end = time(&token.claims, "exp").and_then(Result::ok).unwrap_or(now).plus(SKEW);
    let key = match text(&token.claims, "jti") {
        Some(jti) => Digest::of_all(&[b"workload jti\n", trust.issuer.as_bytes(), b"\n", jti.as_bytes()]),
        None => Digest::of_all(&[b"workload token\n", token.digest.bytes()]),
    };
    Some((key, end))
}

/// §3 (1): "The JWT MUST contain an "iss" (issuer) claim … that contains a unique identifier for the entity that issued the
/// JWT", compared by "Simple String Comparison". A SPIFFE token need not have one: there the trust domain of its `sub` is it.
fn issuer(trust: &Trust, claims: &Map<String, Value>) -> Check {
    let domain = claim::trust_domain(claims);
    let (name, found) = match &domain {
        Some(domain) if trust.issuer.starts_with("spiffe://") => ("sub", Some(domain.as_str())),
        _ => ("iss", text(claims, "iss")),
    };
    Check {
        claim: name.to_owned(),
        expected: trust.issuer.clone(),
        found: shown(claims.get(name)),
        holds: found == Some(trust.issuer.as_str()),
        words: "Whose token it is. It must be the very same text, with or without a slash at its end.",
    }
}

/// §3 (3): "The JWT MUST contain an "aud" (audience) claim containing a value that identifies the authorization server as
/// an intended audience. … The authorization server MUST reject any JWT that does not contain its own identity as the
/// intended audience."
fn audience(trust: &Trust, claims: &Map<String, Value>) -> Check {
    let holds = match claims.get("aud") {
        Some(Value::String(aud)) => *aud == trust.audience,
        // One that is not text makes the list none.
        Some(Value::Array(list)) => {
            list.iter().all(Value::is_string) && list.iter().any(|aud| aud.as_str() == Some(&trust.audience))
        }
        _ => false,
    };
    Check {
        claim: "aud".to_owned(),
        expected: trust.audience.clone(),
        found: shown(claims.get("aud")),
        holds,
        words: "Whom the token was made for. A token for another service proves nothing here.",
    }
}

/// §3 (2): "The JWT MUST contain a "sub" (subject) claim".
fn subject(claims: &Map<String, Value>) -> Check {
    let holds = text(claims, "sub").is_some_and(|sub| !sub.is_empty() && sub.len() <= LONGEST_SUBJECT);
    Check {
        claim: "sub".to_owned(),
        expected: "a text".to_owned(),
        found: shown(claims.get("sub")),
        holds,
        words: "Whom the token is about.",
    }
}

/// §3 (4) to (6): `exp` is required and near, `nbf` and `iat` are not ahead.
fn times(trust: &Trust, claims: &Map<String, Value>, now: Timestamp) -> Vec<Check> {
    let line = |claim: &str, expected: String, holds, words| Check {
        claim: claim.to_owned(),
        expected,
        found: match time(claims, claim) {
            Some(Ok(at)) => at.iso(),
            _ => shown(claims.get(claim)),
        },
        holds,
        words,
    };
    let date = |claim: &str| time(claims, claim).and_then(Result::ok);
    let (exp, iat) = (date("exp"), date("iat"));
    let not_ahead = |claim: &str| time(claims, claim).is_none_or(|at| at.is_ok_and(|at| at <= now.plus(SKEW)));
    let most = match trust.token_use {
        TokenUse::Once => LONGEST,
        TokenUse::UntilItEnds => LONGEST_REUSED,
    };
    // Without `iat` only an end that is near shows that the token is young.
    let farthest = iat.unwrap_or(now).plus(most);
    vec![
        // §3 (4): "The JWT MUST contain an "exp" (expiration time) claim that limits the time window during which the JWT
        // can be used."
        line(
            "exp",
            format!("after {}", now.iso()),
            exp.is_some_and(|exp| now < exp.plus(SKEW)),
            "When the token ends.",
        ),
        // §3 (4): "the authorization server may reject JWTs with an "exp" claim value that is unreasonably far in the future".
        line(
            "exp",
            format!("at most {}", farthest.iso()),
            exp.is_some_and(|exp| exp <= farthest),
            "A token lives a day at most, two hours if it may be used again; from its iat, or from now if it has none.",
        ),
        // §3 (5): "the time before which the token MUST NOT be accepted for processing".
        line("nbf", format!("at most {}", now.iso()), not_ahead("nbf"), "From when on it is good, if it says so."),
        // §3 (6): "The JWT MAY contain an "iat" (issued at) claim".
        line("iat", format!("at most {}", now.iso()), not_ahead("iat"), "When it was made, if it says so."),
    ]
}

fn token_id(claims: &Map<String, Value>) -> Check {
    let holds = match claims.get("jti") {
        None => true,
        Some(jti) => jti.as_str().is_some_and(|jti| !jti.is_empty() && jti.len() <= LONGEST_JTI),
    };
    Check {
        claim: "jti".to_owned(),
        expected: "a text, or none".to_owned(),
        found: shown(claims.get("jti")),
        holds,
        words: "The token's own number, by which a second use is noticed. A token without one is known by its digest.",
    }
}

fn by_rule(rule: &ClaimRule, claims: &Map<String, Value>, preset: Option<&'static Preset>) -> Check {
    let value = claim::value(claims, &rule.claim);
    let found = value.and_then(claim::scalar);
    let found = found.as_deref();
    let (expected, holds) = match &rule.test {
        ClaimTest::Is(wanted) => (wanted.clone(), found == Some(wanted)),
        ClaimTest::OneOf(list) => (list.join(" or "), found.is_some_and(|found| list.iter().any(|one| one == found))),
        ClaimTest::StartsWith(start) => {
            (format!("{start}…"), found.is_some_and(|found| found.starts_with(start.as_str())))
        }
    };
    let words = preset.and_then(|preset| preset.words(&rule.claim)).unwrap_or("A rule of this trust.");
    Check { claim: rule.claim.clone(), expected, found: shown(value), holds, words }
}

fn guarded(guard: &'static presets::Guard, claims: &Map<String, Value>) -> Check {
    let value = claim::value(claims, guard.claim);
    let found = value.and_then(claim::scalar);
    Check {
        claim: guard.claim.to_owned(),
        expected: format!("not {}", guard.refused.join(" or ")),
        found: shown(value),
        holds: found.is_none_or(|found| !guard.refused.contains(&found.as_ref())),
        words: guard.words,
    }
}

fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Value::as_str)
}

/// The claim is there and no date.
struct NotADate;

/// RFC 7519 §2: a NumericDate may have a fraction. Nothing outside a sane range is a date.
fn time(claims: &Map<String, Value>, name: &str) -> Option<Result<Timestamp, NotADate>> {
    let seconds = claims.get(name)?.as_f64().filter(|at| (0.0..4.0e10).contains(at));
    Some(seconds.map(|at| Timestamp::from_seconds(at as i64)).ok_or(NotADate))
}

/// Most characters of a claim that are shown.
const SHOWN: usize = 200;

/// A claim for whoever reads the explanation: one line of bounded length.
fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => return "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let line = text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c });
    let cut: String = line.take(SHOWN).collect();
    if text.chars().count() > SHOWN { format!("{cut}…") } else { cut }
}

#[cfg(test)]
mod tests;
