//! Whether a trust may be made at all: one that anybody of a public issuer could fulfil may not.

use super::presets::{Explained, PRESETS, Preset};
use crate::model::{ClaimRule, ClaimTest, Trust};

/// Why a trust is not made: a sentence for whoever asked for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unfit {
    /// What of it is wrong.
    pub field: &'static str,
    pub why: String,
}

/// Longest issuer, audience and value, in bytes, and longest name of a claim.
pub(super) const LONGEST_ISSUER: usize = 512;
const LONGEST_AUDIENCE: usize = 512;
pub(super) const LONGEST_VALUE: usize = 512;
const LONGEST_CLAIM: usize = 128;
/// Most rules of a trust, and most values of a rule.
const MOST_RULES: usize = 16;
const MOST_VALUES: usize = 16;

/// What is looked at for every token, so that a rule on it says nothing.
const LOOKED_AT_ANYWAY: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

/// What tokens for other services say: a trust that takes them takes what those services were sent.
const AUDIENCES_OF_OTHERS: [&str; 7] = [
    "sts.amazonaws.com",
    "api://AzureADTokenExchange",
    "sigstore",
    "pypi",
    "https://kubernetes.default.svc",
    "https://kubernetes.default.svc.cluster.local",
    "vault",
];

/// Judges a trust before it is made. RFC 7523 §5: what has to be agreed on beforehand, such as "values for the issuer and audience
/// identifiers" and "one-time use restrictions on the JWT".
pub fn vet(trust: &Trust) -> Result<(), Unfit> {
    let preset = match trust.preset.as_deref() {
        None => None,
        Some(name) => Some(Preset::known(name).map_err(|why| unfit("preset", why))?),
    };
    issuer(trust)?;
    audience(trust)?;
    rules(&trust.rules)?;
    // A public issuer is what it is, whatever preset was named: its own ids must be pinned.
    let shared = PRESETS.iter().find(|preset| (preset.shared)(&trust.issuer));
    for preset in preset.into_iter().chain(shared) {
        pinned(trust, preset)?;
    }
    match preset.map(|preset| preset.name) {
        Some("kubernetes") => service_account(trust)?,
        Some("spiffe") => spiffe_id(trust)?,
        _ => {}
    }
    if trust.pin().is_none() {
        return Err(unfit("rules", format!("{NO_PIN}: {}", Trust::PINS.join(", "))));
    }
    Ok(())
}

const NO_PIN: &str = "without a rule that says exactly who, every workload of this issuer would be this machine; add a rule with = on one of";

fn unfit(field: &'static str, why: impl Into<String>) -> Unfit {
    Unfit { field, why: why.into() }
}

/// `https` in its plain form, or a SPIFFE trust domain whose keys are given.
fn issuer(trust: &Trust) -> Result<(), Unfit> {
    let issuer = trust.issuer.as_str();
    if issuer.len() > LONGEST_ISSUER || !issuer.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(unfit("issuer", "is one line of at most 512 characters"));
    }
    if let Some(domain) = issuer.strip_prefix("spiffe://") {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
        if domain.is_empty() || domain.len() > 255 || !domain.bytes().all(plain) {
            return Err(unfit(
                "issuer",
                "a SPIFFE issuer is its trust domain and nothing else, such as spiffe://example.org",
            ));
        }
        if trust.jwks.is_none() && trust.jwks_uri.is_none() {
            return Err(unfit("issuer", "a trust domain does not say where its keys are; give jwks or jwks_uri"));
        }
    } else {
        // OpenID Connect Discovery §3: "URL using the https scheme with no query or fragment components".
        let url = url::Url::parse(issuer).map_err(|_| unfit("issuer", "is an https:// URL"))?;
        let bare = url.username().is_empty() && url.password().is_none() && !issuer.contains(['?', '#', '@']);
        if url.scheme() != "https" || !issuer.starts_with("https://") || !bare || url.host_str().is_none() {
            return Err(unfit("issuer", "is an https:// URL without user, query and fragment"));
        }
    }
    match (&trust.jwks, &trust.jwks_uri) {
        (Some(_), Some(_)) => Err(unfit("jwks", "there is either jwks or jwks_uri, not both")),
        (None, Some(uri))
            if uri.len() > LONGEST_ISSUER || !uri.starts_with("https://") || url::Url::parse(uri).is_err() =>
        {
            Err(unfit("jwks_uri", "is an https:// address of at most 512 characters"))
        }
        _ => Ok(()),
    }
}

fn audience(trust: &Trust) -> Result<(), Unfit> {
    let audience = trust.audience.as_str();
    if audience.is_empty() || audience.len() > LONGEST_AUDIENCE || audience.chars().any(char::is_control) {
        return Err(unfit("audience", "is one line of 1 to 512 characters, best the URL of this appliance"));
    }
    // GitHub's default is the owner's address: every service that does not ask for its own audience is sent the same.
    if AUDIENCES_OF_OTHERS.contains(&audience) || audience.starts_with("https://github.com/") {
        return Err(unfit(
            "audience",
            "this is what tokens for other services say, and they could use them here; use the URL of this appliance",
        ));
    }
    Ok(())
}

fn rules(rules: &[ClaimRule]) -> Result<(), Unfit> {
    if rules.len() > MOST_RULES {
        return Err(unfit("rules", "a trust has at most 16 rules"));
    }
    for (at, rule) in rules.iter().enumerate() {
        let name = rule.claim.as_str();
        if name.is_empty() || name.len() > LONGEST_CLAIM || name.chars().any(char::is_control) {
            return Err(unfit("rules", "the name of a claim has 1 to 128 characters"));
        }
        if LOOKED_AT_ANYWAY.contains(&name) {
            return Err(unfit("rules", format!("{name} is looked at in every token and takes no rule")));
        }
        let values = rule.test.values();
        let fits =
            |value: &String| !value.is_empty() && value.len() <= LONGEST_VALUE && !value.chars().any(char::is_control);
        if values.is_empty() || values.len() > MOST_VALUES || !values.iter().all(fits) {
            return Err(unfit("rules", format!("the rule on {name} has 1 to 16 values, each of 1 to 512 characters")));
        }
        if rules.iter().take(at).any(|other| other == rule) {
            return Err(unfit("rules", format!("the rule on {name} is there twice")));
        }
    }
    Ok(())
}

/// Every id that a preset pins is said exactly, and looks like one.
fn pinned(trust: &Trust, preset: &'static Preset) -> Result<(), Unfit> {
    for Explained { claim, words } in preset.pinned {
        let Some(rule) = exact(trust, claim) else {
            let all: Vec<&str> = preset.pinned.iter().map(|pinned| pinned.claim).collect();
            return Err(unfit(
                "rules",
                format!("{}: pin {} with =. {claim}: {words}", preset.title, all.join(" and ")),
            ));
        };
        let numbers = matches!(*claim, "repository_id" | "repository_owner_id" | "project_id" | "namespace_id");
        let is_number = |value: &String| value.len() <= 20 && value.bytes().all(|b| b.is_ascii_digit());
        if numbers && !rule.test.values().iter().all(is_number) {
            return Err(unfit("rules", format!("{claim} is a number, not a name")));
        }
    }
    Ok(())
}

fn exact<'t>(trust: &'t Trust, claim: &str) -> Option<&'t ClaimRule> {
    trust.rules.iter().find(|rule| rule.claim == claim && !matches!(rule.test, ClaimTest::StartsWith(_)))
}

fn service_account(trust: &Trust) -> Result<(), Unfit> {
    let is_account = |sub: &String| {
        let mut parts = sub.strip_prefix("system:serviceaccount:").unwrap_or_default().split(':');
        let named = |part: Option<&str>| part.is_some_and(|part| !part.is_empty());
        named(parts.next()) && named(parts.next()) && parts.next().is_none()
    };
    match exact(trust, "sub") {
        Some(rule) if rule.test.values().iter().all(is_account) => Ok(()),
        _ => Err(unfit("rules", "sub is system:serviceaccount:NAMESPACE:NAME")),
    }
}

fn spiffe_id(trust: &Trust) -> Result<(), Unfit> {
    let is_id = |sub: &String| {
        let (domain, path) = sub.strip_prefix("spiffe://").unwrap_or_default().split_once('/').unwrap_or_default();
        let of_issuer =
            !trust.issuer.starts_with("spiffe://") || trust.issuer.strip_prefix("spiffe://") == Some(domain);
        !domain.is_empty() && !path.is_empty() && !path.ends_with('/') && of_issuer
    };
    match exact(trust, "sub") {
        Some(rule) if rule.test.values().iter().all(is_id) => Ok(()),
        _ => Err(unfit("rules", "sub is a whole SPIFFE id of this trust domain: spiffe://TRUST-DOMAIN/PATH")),
    }
}
