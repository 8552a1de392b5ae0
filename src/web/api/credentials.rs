//! By what machines prove themselves.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::{FieldError, Problem};
use super::wire::{Given, Reason, Wrong, moment, or_none};
use crate::base::{Id, Lifetime, Secret, Timestamp};
use crate::model::{
    Caller, ClaimRule, ClaimTest, Credential, CredentialKind, CredentialState, Machine, Tally, TokenUse, Trust,
};
use crate::operations::credentials::{self, CredentialChange, NewCredential, NewProof, USUAL_OVERLAP};
use crate::operations::declined::Declined;
use crate::operations::federation;
use crate::operations::findings::{self, Insight, Replaced};
use crate::protocol::display_name::DisplayName;
use crate::protocol::federation::{Check, Preset};
use crate::protocol::own_scopes::MACHINES;

pub(super) fn noun() -> Noun {
    let all = "/api/v1/credentials";
    Noun::new(
        "Credentials",
        "credential_id",
        "By what machines prove themselves: secrets, access keys, public keys, and the tokens of issuers that they trust. Several at once, \
         so that one can take another's place without a pause.",
    )
    .list(What(all, "listCredentials", MACHINES.read, "List credentials, the newest first"), list)
    .create(What(all, "createCredential", MACHINES.write, "Give a machine another credential"), create)
    .show(What("/api/v1/credentials/{id}", "showCredential", MACHINES.read, "Show a credential, and its use"), show)
    .change(
        What("/api/v1/credentials/{id}", "changeCredential", MACHINES.write, "Change what a credential is called, or when it ends"),
        change,
    )
    .create_in(
        all,
        What(
            "/api/v1/credentials/{id}/rotation",
            "rotateCredential",
            MACHINES.write,
            "Make a successor of a secret or access key; the old one stays good for a while",
        ),
        rotate,
    )
    .act(
        What("/api/v1/credentials/{id}/revocation", "revokeCredential", MACHINES.write, "End a credential at once"),
        revoke,
    )
    .tell(
        What(
            "/api/v1/credentials/{id}/trial",
            "tryToken",
            MACHINES.write,
            "Hold a workload's token against a trust, and say of every rule whether it fits",
        ),
        attempt,
    )
}

/// One way in which one machine proves itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Credential)]
pub(super) struct CredentialView {
    #[schema(example = "crd_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    credential_id: String,
    /// Whose it is.
    client_id: String,
    /// In the answer to the request that made it, and in no other; of a client secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_secret: Option<String>,
    /// The same of an access key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    access_key: Option<String>,
    name: String,
    r#type: Kind,
    /// What of it may be seen: how a secret begins, an issuer.
    hint: String,
    state: Standing,
    #[schema(format = DateTime)]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    expires_at: Option<String>,
    /// The one made in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    replaced_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    revoked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    revoked_because: Option<String>,
    /// In the answer to the request that revoked it: tokens that it bought before live on, at the latest until then. Stopping the
    /// machine ends them now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    tokens_live_until: Option<String>,
    /// Public keys, where one credential is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    jwks: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    jwks_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    trust: Option<TrustView>,
    /// When it was last used. This and what follows is said where one credential or its machine is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    last_used_at: Option<String>,
    /// By whom of late, the latest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    callers: Vec<CallerView>,
    /// Of one that has a successor: whether it can go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    advice: Option<Advice>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CredentialType)]
enum Kind {
    ClientSecret,
    AccessKey,
    /// `private_key_jwt` with the keys in `jwks`.
    PublicKeys,
    /// The same with the keys at `jwks_uri`.
    KeySet,
    /// The tokens of another issuer.
    Trust,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CredentialState)]
enum Standing {
    Active,
    /// It has a successor, and is good until their overlap ends.
    BeingReplaced,
    Expired,
    Revoked,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Advice {
    /// Nobody has come with it for a while, and the new one is in use.
    SafeToRemove,
    StillUsed,
    /// It cannot be known yet.
    Wait,
}

/// A network from which it was used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Caller)]
struct CallerView {
    network: String,
    grants: u64,
    #[schema(format = DateTime)]
    last_used_at: String,
}

/// Whose tokens stand for the machine, and which of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trust)]
struct TrustView {
    issuer: String,
    audience: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    preset: Option<String>,
    rules: Vec<RuleBody>,
    token_use: Use,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    jwks: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    jwks_uri: Option<String>,
}

/// What one claim must be: one of `is`, `one_of` and `starts_with`.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimRule)]
struct RuleBody {
    #[schema(max_length = 128, example = "repository_id")]
    claim: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 512, example = "74")]
    is: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 16)]
    one_of: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 512)]
    starts_with: Option<String>,
}

/// How often one token is accepted.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TokenUse)]
enum Use {
    Once,
    /// For platforms that put a token into a file and renew it there.
    UntilItEnds,
}

/// A credential to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCredentialBody {
    /// The machine that is to have it.
    #[schema(example = "mch_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    client_id: String,
    r#type: Kind,
    /// What its owner calls it.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 128)]
    name: Option<String>,
    #[serde(default)]
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// A JWK Set of public keys, for `public_keys`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    jwks: Option<Map<String, Value>>,
    /// For `key_set`.
    #[serde(default)]
    #[schema(max_length = 512)]
    jwks_uri: Option<String>,
    /// For `trust`.
    #[serde(default)]
    trust: Option<NewTrust>,
}

/// What is to be different about a credential. What it proves never changes: make another one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CredentialPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 128)]
    name: Given<String>,
    /// `null` lets it have no end.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Given<String>,
}

/// Whose tokens are to stand for a machine, and which of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTrust {
    /// The kind of issuer, such as `github`: what its trusts must say, and its issuer.
    #[serde(default)]
    #[schema(max_length = 64)]
    preset: Option<String>,
    /// Exactly as the tokens say it; without it, the preset's.
    #[serde(default)]
    #[schema(max_length = 512)]
    issuer: Option<String>,
    /// What the tokens say in `aud`; without it, this appliance.
    #[serde(default)]
    #[schema(max_length = 512)]
    audience: Option<String>,
    #[schema(max_items = 16)]
    rules: Vec<RuleBody>,
    #[serde(default)]
    token_use: Option<Use>,
    /// The issuer's public keys, if they are at no address that can be reached.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    jwks: Option<Map<String, Value>>,
    /// Where they are, if the issuer does not say.
    #[serde(default)]
    #[schema(max_length = 512)]
    jwks_uri: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// How long the old one stays good, in seconds; a week unless said.
    #[serde(default)]
    #[schema(maximum = 7776000)]
    overlap: Option<u64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Trial {
    /// As the workload has it. It is not spent.
    #[schema(value_type = String, max_length = 16384)]
    token: Secret,
    /// As if it came from this address; unless said, from where this request comes. It matters for machines that are limited to networks.
    #[serde(default)]
    #[schema(max_length = 45, example = "203.0.113.7")]
    from: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
struct TrialResult {
    /// Whether it would be accepted now.
    accepted: bool,
    /// One for each thing that was looked at, the signature first.
    checks: Vec<CheckView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrialCheck)]
struct CheckView {
    claim: String,
    expected: String,
    found: String,
    holds: bool,
    about: &'static str,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only those of this machine.
    #[serde(default)]
    #[param(nullable = false)]
    client_id: Option<String>,
}

async fn list(call: Call, window: Window, filter: Filter) -> Result<Listed<CredentialView>, Problem> {
    let mut wrong = Wrong::default();
    let machine = filter.client_id.and_then(|id| wrong.parsed("client_id", id.parse()));
    wrong.none()?;
    let page = credentials::newest(&call.app, machine, window.from()?, window.limit).await?;
    // A key set may be as long as a request: a list says where to look for it.
    let brief = |credential: &Credential| without_keys(view(credential, call.by.at));
    Ok(Listed::of(page.rows.iter().map(|(_, credential)| brief(credential)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<CredentialView>, Problem> {
    let credential = credentials::find(&call.app, call.id()?).await?;
    let insight = findings::of_machine(&call.app, &call.by, credential.machine).await?;
    Ok(One::of(&credential, with_use(&call, view(&credential, call.by.at), &credential, &insight))?)
}

async fn create(call: Call, ask: NewCredentialBody) -> Result<(String, One<CredentialView>), Problem> {
    let mut wrong = Wrong::default();
    let machine = wrong.parsed::<Id<Machine>, _>("client_id", ask.client_id.parse());
    let name = wrong.parsed("name", DisplayName::parse(ask.name.as_deref().unwrap_or("credential")));
    let expires_at = ask.expires_at.and_then(|text| wrong.parsed("expires_at", moment(&text)));
    let only = |wrong: &mut Wrong, field: &str, is_said: bool, kind: Kind| {
        if is_said != (ask.r#type == kind) {
            let why = if is_said { "this type has none" } else { "this type takes it" };
            wrong.note(field, why);
        }
    };
    only(&mut wrong, "jwks", ask.jwks.is_some(), Kind::PublicKeys);
    only(&mut wrong, "jwks_uri", ask.jwks_uri.is_some(), Kind::KeySet);
    only(&mut wrong, "trust", ask.trust.is_some(), Kind::Trust);
    let proof = match ask.r#type {
        Kind::ClientSecret => Some(NewProof::ClientSecret),
        Kind::AccessKey => Some(NewProof::AccessKey),
        Kind::PublicKeys => ask.jwks.map(|jwks| NewProof::PublicKeys(Value::Object(jwks))),
        Kind::KeySet => ask.jwks_uri.map(NewProof::KeySet),
        Kind::Trust => ask.trust.and_then(|ask| trust(&mut wrong, &call, ask)).map(NewProof::Trust),
    };
    let (Some(machine), Some(name), Some(proof)) = (machine, name, proof) else { return Err(wrong.problem()) };
    wrong.none()?;
    let of_trust = matches!(proof, NewProof::Trust(_));
    let made = credentials::create(&call.app, &call.by, machine, NewCredential { name, proof, expires_at }).await;
    let made = made.map_err(|declined| if of_trust { within_trust(declined) } else { declined.into() })?;
    first(&call, &made)
}

async fn rotate(call: Call, ask: Rotation) -> Result<(String, One<CredentialView>), Problem> {
    let overlap = ask.overlap.map_or(USUAL_OVERLAP, Lifetime::from_seconds);
    first(&call, &credentials::rotate(&call.app, &call.by, call.id()?, overlap).await?)
}

/// The answer that has the secret.
fn first(call: &Call, made: &credentials::Made) -> Result<(String, One<CredentialView>), Problem> {
    let credential = &made.credential;
    let secret = made.secret.as_ref().map(|secret| secret.expose().to_owned());
    let is_key = matches!(credential.kind, CredentialKind::AccessKey { .. });
    let (access_key, client_secret) = if is_key { (secret, None) } else { (None, secret) };
    let shown = CredentialView { client_secret, access_key, ..view(credential, call.by.at) };
    Ok((credential.id.to_string(), One::of(credential, shown)?))
}

async fn change(call: Call, ask: CredentialPatch) -> Result<One<CredentialView>, Problem> {
    let mut wrong = Wrong::default();
    let name = wrong.given("name", ask.name).and_then(|name| wrong.parsed("name", DisplayName::parse(&name)));
    let expires_at =
        or_none(ask.expires_at).map(|text| text.and_then(|text| wrong.parsed("expires_at", moment(&text))));
    wrong.none()?;
    let ask = CredentialChange { name, expires_at };
    let credential = credentials::change(&call.app, &call.by, call.id()?, call.seen(), ask).await?;
    Ok(One::of(&credential, view(&credential, call.by.at))?)
}

async fn revoke(call: Call, ask: Reason) -> Result<One<CredentialView>, Problem> {
    let credential = credentials::revoke(&call.app, &call.by, call.id()?, call.seen(), &ask.because).await?;
    let until = credentials::tokens_until(&call.app, &call.by, &credential).await?;
    let tokens_live_until = until.map(Timestamp::iso);
    Ok(One::of(&credential, CredentialView { tokens_live_until, ..view(&credential, call.by.at) })?)
}

async fn attempt(call: Call, ask: Trial) -> Result<TrialResult, Problem> {
    let from = ask.from.as_deref().map(str::parse::<IpAddr>).transpose();
    let from = from.map_err(|_| Problem::field("from", "an address, like 203.0.113.7 or 2001:db8::7"))?;
    let trial = federation::explain(&call.app, &call.by, call.id()?, &ask.token, from).await?;
    let check = |check: &Check| CheckView {
        claim: check.claim.clone(),
        expected: check.expected.clone(),
        found: check.found.clone(),
        holds: check.holds,
        about: check.words,
    };
    Ok(TrialResult { accepted: trial.accepted, checks: trial.checks.iter().map(check).collect() })
}

fn trust(wrong: &mut Wrong, call: &Call, ask: NewTrust) -> Option<Trust> {
    let preset = ask.preset.as_deref().map(Preset::known).transpose();
    let knows_preset = preset.is_ok();
    let usual = wrong.parsed("trust.preset", preset).flatten().and_then(|preset| preset.issuer);
    let issuer = ask.issuer.or_else(|| usual.map(str::to_owned));
    if issuer.is_none() && knows_preset {
        wrong.note("trust.issuer", "say whose tokens these are");
    }
    let mut rules = Vec::with_capacity(ask.rules.len());
    for (at, ask) in ask.rules.into_iter().enumerate() {
        rules.extend(wrong.parsed(&format!("trust.rules[{at}]"), rule(ask)));
    }
    Some(Trust {
        issuer: issuer?,
        audience: ask.audience.unwrap_or_else(|| call.app.issuer.to_string()),
        jwks_uri: ask.jwks_uri,
        jwks: ask.jwks.map(Value::Object),
        rules,
        preset: ask.preset,
        token_use: match ask.token_use {
            Some(Use::UntilItEnds) => TokenUse::UntilItEnds,
            Some(Use::Once) | None => TokenUse::Once,
        },
    })
}

fn rule(ask: RuleBody) -> Result<ClaimRule, &'static str> {
    let test = match (ask.is, ask.one_of, ask.starts_with) {
        (Some(value), None, None) => ClaimTest::Is(value),
        (None, Some(values), None) => ClaimTest::OneOf(values),
        (None, None, Some(value)) => ClaimTest::StartsWith(value),
        _ => return Err("a rule has one of is, one_of and starts_with"),
    };
    Ok(ClaimRule { claim: ask.claim, test })
}

/// What is wrong with a trust stands in its own member.
fn within_trust(declined: Declined) -> Problem {
    let Declined::Invalid(invalid) = declined else { return declined.into() };
    let place = |field: &str| match field {
        "issuer" | "audience" | "rules" | "preset" | "jwks" | "jwks_uri" => format!("trust.{field}"),
        _ => field.to_owned(),
    };
    let error = |(field, message): (&str, String)| FieldError { field: place(field), message };
    Problem::invalid(invalid.0.into_iter().map(error).collect())
}

/// A credential among those of its machine.
pub(super) fn used(call: &Call, credential: &Credential, insight: &Insight) -> CredentialView {
    with_use(call, without_keys(view(credential, call.by.at)), credential, insight)
}

fn without_keys(view: CredentialView) -> CredentialView {
    let trust = view.trust.map(|trust| TrustView { jwks: None, ..trust });
    CredentialView { jwks: None, trust, ..view }
}

fn with_use(call: &Call, view: CredentialView, credential: &Credential, insight: &Insight) -> CredentialView {
    let tally = insight.facts.by_credential.iter().find(|(id, _)| *id == credential.id).map(|(_, tally)| tally);
    let caller = |caller: &Caller| CallerView {
        network: caller.network.to_string(),
        grants: caller.seen.grants,
        last_used_at: caller.seen.last_at.iso(),
    };
    let is_replaced = credential.replaced_by.is_some() && credential.is_live(call.by.at);
    CredentialView {
        last_used_at: tally.and_then(Tally::last_at).map(Timestamp::iso),
        callers: tally.map(|tally| tally.callers.iter().map(caller).collect()).unwrap_or_default(),
        advice: is_replaced.then(|| match insight.replaced(&call.app, credential, &call.by) {
            Some(Replaced::Silent(_)) => Advice::SafeToRemove,
            Some(Replaced::Used(_)) => Advice::StillUsed,
            None => Advice::Wait,
        }),
        ..view
    }
}

fn view(credential: &Credential, now: Timestamp) -> CredentialView {
    let (revoked_at, revoked_because) = match &credential.state {
        CredentialState::Revoked { at, because } => (Some(at.iso()), Some(because.clone())),
        CredentialState::Active => (None, None),
    };
    let (mut jwks, mut jwks_uri, mut trust) = (None, None, None);
    let kind = match &credential.kind {
        CredentialKind::ClientSecret { .. } => Kind::ClientSecret,
        CredentialKind::AccessKey { .. } => Kind::AccessKey,
        CredentialKind::PublicKeys { jwks: keys } => {
            jwks = Some(keys.clone());
            Kind::PublicKeys
        }
        CredentialKind::KeySet { jwks_uri: uri } => {
            jwks_uri = Some(uri.clone());
            Kind::KeySet
        }
        CredentialKind::Trust(known) => {
            trust = Some(trusted(known));
            Kind::Trust
        }
    };
    CredentialView {
        credential_id: credential.id.to_string(),
        client_id: credential.machine.to_string(),
        client_secret: None,
        access_key: None,
        name: credential.name.clone(),
        r#type: kind,
        hint: credential.hint.clone(),
        state: match &credential.state {
            CredentialState::Revoked { .. } => Standing::Revoked,
            CredentialState::Active if !credential.is_live(now) => Standing::Expired,
            CredentialState::Active if credential.replaced_by.is_some() => Standing::BeingReplaced,
            CredentialState::Active => Standing::Active,
        },
        created_at: credential.created_at.iso(),
        expires_at: credential.expires_at.map(Timestamp::iso),
        replaced_by: credential.replaced_by.map(|id| id.to_string()),
        revoked_at,
        revoked_because,
        tokens_live_until: None,
        jwks,
        jwks_uri,
        trust,
        last_used_at: None,
        callers: Vec::new(),
        advice: None,
    }
}

fn trusted(trust: &Trust) -> TrustView {
    let rule = |rule: &ClaimRule| {
        let claim = rule.claim.clone();
        match rule.test.clone() {
            ClaimTest::Is(value) => RuleBody { claim, is: Some(value), ..RuleBody::default() },
            ClaimTest::OneOf(values) => RuleBody { claim, one_of: Some(values), ..RuleBody::default() },
            ClaimTest::StartsWith(value) => RuleBody { claim, starts_with: Some(value), ..RuleBody::default() },
        }
    };
    TrustView {
        issuer: trust.issuer.clone(),
        audience: trust.audience.clone(),
        preset: trust.preset.clone(),
        rules: trust.rules.iter().map(rule).collect(),
        token_use: match trust.token_use {
            TokenUse::Once => Use::Once,
            TokenUse::UntilItEnds => Use::UntilItEnds,
        },
        jwks: trust.jwks.clone(),
        jwks_uri: trust.jwks_uri.clone(),
    }
}
