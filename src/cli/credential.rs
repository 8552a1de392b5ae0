//! `writ credential`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgAction, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, json_file, list_of};
use super::machine::Named;
use super::{Command, CommandError, Password};
use crate::app::App;
use crate::base::{Id, Lifetime, Timestamp};
use crate::model::{ClaimRule, Context, Credential, CredentialKind, CredentialState, TokenUse, Trust};
use crate::operations::credentials::{self, CredentialChange, Made, NewCredential, NewProof, USUAL_OVERLAP};
use crate::operations::federation;
use crate::operations::findings::{self, Insight, Replaced};
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::protocol::display_name::DisplayName;
use crate::protocol::federation::{Check, Preset};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Give a machine another credential
    Add(Box<Add>),
    /// A machine's credentials
    List(Named),
    /// Hold a workload's token against a trust, and say of every rule whether it fits
    Try(Try),
    /// Make a successor; the old one stays good for a while
    Rotate(Rotate),
    /// Change what one is called, or when it ends
    Set(Set),
    /// End one at once
    Revoke(Revoke),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    #[command(flatten)]
    named: Named,
    /// What its owner calls it
    #[arg(long, default_value = "credential")]
    name: String,
    /// secret, access-key, keys, key-set or trust
    #[arg(long, default_value = "secret")]
    kind: String,
    /// A file with public keys, a JWK Set: its own for keys, its issuer's for a trust that cannot fetch them
    #[arg(long = "jwks", value_name = "FILE", required_if_eq("kind", "keys"))]
    #[serde(skip)]
    jwks_file: Option<PathBuf>,
    #[arg(skip)]
    jwks: Option<Value>,
    /// Where public keys are: its own for key-set, its issuer's for a trust whose issuer does not say
    #[arg(long, value_name = "URL", required_if_eq("kind", "key-set"))]
    jwks_uri: Option<String>,
    #[command(flatten)]
    trust: TrustWords,
    /// When it ends, such as 90d [default: never]
    #[arg(long, value_name = "TIME")]
    expires_in: Option<String>,
}

/// Whose tokens stand for the machine, and which of them.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize)]
pub(super) struct TrustWords {
    /// The kind of issuer: github, gitlab, kubernetes, fly, spiffe, buildkite, terraform, google or generic; for trust
    #[arg(long)]
    preset: Option<String>,
    /// The issuer of the tokens, exactly as they say it [default: the preset's]
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// What the tokens say as their audience [default: the public URL of this appliance]
    #[arg(long, value_name = "TEXT")]
    audience: Option<String>,
    /// What a claim must be: CLAIM=VALUE, CLAIM=ONE|ANOTHER or CLAIM^=BEGINNING
    #[arg(long = "rule", value_name = "RULE")]
    rules: Vec<String>,
    /// Accept a token again until it ends, for platforms that renew it in a file
    #[arg(long)]
    reuse: bool,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Try {
    /// Its id
    credential: String,
    /// Read the token from standard input
    #[arg(long, required = true, action = ArgAction::SetTrue)]
    #[serde(skip)]
    token_stdin: bool,
    #[arg(skip)]
    token: Password,
    /// As if it came from this address: for a machine that is limited to networks
    #[arg(long, value_name = "ADDRESS")]
    #[serde(default)]
    from: Option<String>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Rotate {
    /// Its id
    credential: String,
    /// How long the old one stays good, such as 7d
    #[arg(long, value_name = "TIME", default_value_t = USUAL_OVERLAP.to_string())]
    overlap: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Set {
    /// Its id
    credential: String,
    /// What its owner calls it from now on
    #[arg(long)]
    name: Option<String>,
    /// When it ends, such as 90d from now
    #[arg(long, value_name = "TIME")]
    expires_in: Option<String>,
    /// Let it have no end
    #[arg(long, conflicts_with = "expires_in")]
    never_expires: bool,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Revoke {
    /// Its id
    credential: String,
    /// Why, for whoever reads the audit log
    #[arg(long, value_name = "WORDS")]
    because: String,
}

impl Verb {
    pub(super) fn command(self) -> Result<Command, CommandError> {
        Ok(match self {
            Self::Add(mut ask) => {
                // The file is the caller's, so it is read here and not by the appliance.
                ask.jwks = ask.jwks_file.as_deref().map(|path| json_file("--jwks", path)).transpose()?;
                Command::CredentialAdd(ask)
            }
            Self::List(ask) => Command::CredentialList(ask),
            Self::Try(ask) => Command::CredentialTry(Try { token: Password::token_from_stdin()?, ..ask }),
            Self::Rotate(ask) => Command::CredentialRotate(ask),
            Self::Set(ask) => Command::CredentialSet(ask),
            Self::Revoke(ask) => Command::CredentialRevoke(ask),
        })
    }
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    let is_trust = ask.kind == "trust";
    if !is_trust && ask.trust.is_said() {
        let why = "only --kind trust takes --preset, --issuer, --audience, --rule and --reuse";
        return Err(CommandError::argument("--kind", why));
    }
    let proof = match (ask.kind.as_str(), ask.jwks, ask.jwks_uri) {
        ("trust", jwks, jwks_uri) => NewProof::Trust(ask.trust.into_trust(app, jwks, jwks_uri)?),
        ("secret", None, None) => NewProof::ClientSecret,
        ("access-key", None, None) => NewProof::AccessKey,
        ("keys", Some(jwks), None) => NewProof::PublicKeys(jwks),
        ("key-set", None, Some(uri)) => NewProof::KeySet(uri),
        ("secret" | "access-key" | "keys" | "key-set", ..) => {
            return Err(CommandError::argument(
                "--kind",
                "keys takes --jwks, key-set takes --jwks-uri, others neither",
            ));
        }
        _ => return Err(CommandError::argument("--kind", "is secret, access-key, keys, key-set or trust")),
    };
    let after = ask.expires_in.as_deref().map(str::parse::<Lifetime>).transpose();
    let new = NewCredential {
        name: argument("--name", DisplayName::parse(&ask.name))?,
        proof,
        expires_at: argument("--expires-in", after)?.map(|after| by.at.plus(after)),
    };
    Ok(made(credentials::create(app, by, ask.named.resolve(app).await?, new).await?, by))
}

impl TrustWords {
    fn is_said(&self) -> bool {
        let words = [&self.preset, &self.issuer, &self.audience];
        self.reuse || !self.rules.is_empty() || words.into_iter().any(Option::is_some)
    }

    fn into_trust(self, app: &App, jwks: Option<Value>, jwks_uri: Option<String>) -> Result<Trust, CommandError> {
        let preset = argument("--preset", self.preset.as_deref().map(Preset::known).transpose())?;
        let usual = preset.and_then(|preset| preset.issuer);
        let issuer = self.issuer.or_else(|| usual.map(str::to_owned));
        let no_issuer = || CommandError::argument("--issuer", "say whose tokens these are");
        Ok(Trust {
            issuer: issuer.ok_or_else(no_issuer)?,
            audience: self.audience.unwrap_or_else(|| app.issuer.to_string()),
            jwks_uri,
            jwks,
            rules: list_of("--rule", &self.rules, str::parse::<ClaimRule>)?,
            preset: self.preset,
            token_use: if self.reuse { TokenUse::UntilItEnds } else { TokenUse::Once },
        })
    }
}

pub(super) async fn attempt(app: &App, by: &Operator, ask: Try) -> Result<Value, CommandError> {
    let id = argument("CREDENTIAL", ask.credential.parse::<Id<Credential>>())?;
    let from = argument("--from", ask.from.as_deref().map(str::parse::<IpAddr>).transpose())?;
    let trial = federation::explain(app, by, id, &ask.token.into_secret()?, from).await?;
    let lines: Vec<Value> = trial.checks.iter().map(line).collect();
    Ok(json!({ "accepted": trial.accepted, "checks": lines }))
}

fn line(check: &Check) -> Value {
    json!({
        "claim": check.claim,
        "expected": check.expected,
        "found": check.found,
        "holds": check.holds,
        "words": check.words,
    })
}

/// What was made, and its secret, which is shown this once.
fn made(made: Made, ctx: &Context) -> Value {
    let mut answer = row(&made.credential, ctx);
    if let (Some(secret), Some(members)) = (made.secret, answer.as_object_mut()) {
        let name = match made.credential.kind.as_str() {
            "access_key" => "access_key",
            _ => "client_secret",
        };
        members.insert(name.to_owned(), secret.expose().into());
    }
    answer
}

pub(super) async fn list(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let insight = findings::of_machine(app, by, ask.resolve(app).await?).await?;
    let rows: Vec<Value> = insight.facts.credentials.iter().map(|one| seen(app, one, &insight, by)).collect();
    Ok(json!({ "credentials": rows }))
}

/// A credential with its use: when and from where last, by which callers, and whether it is still needed.
pub(super) fn seen(app: &App, credential: &Credential, insight: &Insight, ctx: &Context) -> Value {
    let mut answer = row(credential, ctx);
    let Some(members) = answer.as_object_mut() else { return answer };
    let used = insight.facts.by_credential.iter().find(|(id, _)| *id == credential.id).map(|(_, used)| used);
    if let Some(used) = used {
        let callers = used.callers.iter().map(|caller| {
            let (last, grants) = (caller.seen.last_at.iso(), caller.seen.grants);
            format!("{} ({grants} grants, last {last})", caller.network)
        });
        members.insert("last_used_at".to_owned(), json!(used.last_at().map(Timestamp::iso)));
        members.insert("last_used_from".to_owned(), json!(used.last_from()));
        members.insert("callers".to_owned(), callers.collect::<Vec<_>>().into());
    }
    if credential.replaced_by.is_some() && credential.is_live(ctx.at) {
        let advice = match insight.replaced(app, credential, ctx) {
            Some(Replaced::Silent(_)) => "safe to remove",
            Some(Replaced::Used(_)) => "still used",
            None => "wait",
        };
        members.insert("advice".to_owned(), advice.into());
    }
    answer
}

pub(super) fn row(credential: &Credential, ctx: &Context) -> Value {
    let because = match &credential.state {
        CredentialState::Revoked { because, .. } => Some(because),
        CredentialState::Active => None,
    };
    let trust = match &credential.kind {
        CredentialKind::Trust(trust) => Some(trust),
        _ => None,
    };
    let mut answer = json!({
        "credential_id": credential.id,
        "client_id": credential.machine,
        "name": credential.name,
        "type": credential.kind.as_str(),
        "hint": credential.hint,
        "state": credential.standing(ctx.at),
        "created_at": credential.created_at.iso(),
        "expires_at": credential.expires_at.map(Timestamp::iso),
        "replaced_by": credential.replaced_by,
        "revoked_because": because,
        "audience": trust.map(|trust| &trust.audience),
        "preset": trust.and_then(|trust| trust.preset.as_ref()),
        "rules": trust.map(|trust| trust.rules.iter().map(ToString::to_string).collect::<Vec<_>>()),
        "reuse": trust.map(|trust| trust.token_use == TokenUse::UntilItEnds),
    });
    if let Some(members) = answer.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    answer
}

pub(super) async fn rotate(app: &App, by: &Operator, ask: Rotate) -> Result<Value, CommandError> {
    let id = argument("CREDENTIAL", ask.credential.parse::<Id<Credential>>())?;
    let overlap = argument("--overlap", ask.overlap.parse::<Lifetime>())?;
    Ok(made(credentials::rotate(app, by, id, overlap).await?, by))
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    let id = argument("CREDENTIAL", ask.credential.parse::<Id<Credential>>())?;
    let after = argument("--expires-in", ask.expires_in.as_deref().map(str::parse::<Lifetime>).transpose())?;
    let change = CredentialChange {
        name: argument("--name", ask.name.as_deref().map(DisplayName::parse).transpose())?,
        expires_at: if ask.never_expires { Some(None) } else { after.map(|after| Some(by.at.plus(after))) },
    };
    Ok(row(&credentials::change(app, by, id, Seen::Anything, change).await?, by))
}

pub(super) async fn revoke(app: &App, by: &Operator, ask: Revoke) -> Result<Value, CommandError> {
    let id = argument("CREDENTIAL", ask.credential.parse::<Id<Credential>>())?;
    let credential = credentials::revoke(app, by, id, Seen::Anything, &ask.because).await?;
    let mut answer = row(&credential, by);
    let until = credentials::tokens_until(app, by, &credential).await?;
    if let (Some(until), Some(members)) = (until, answer.as_object_mut()) {
        let note = format!(
            "tokens that it bought before live on, at the latest until then; `writ machine suspend {}` ends them now",
            credential.machine
        );
        members.insert("tokens_live_until".to_owned(), until.iso().into());
        members.insert("note".to_owned(), note.into());
    }
    Ok(answer)
}
