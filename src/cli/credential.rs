//! `writ credential`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, json_file};
use super::machine::Named;
use super::{Command, CommandError};
use crate::app::App;
use crate::base::{Id, Lifetime, Timestamp};
use crate::model::{Context, Credential, CredentialState};
use crate::operations::credentials::{self, Made, NewCredential, NewProof};
use crate::operations::findings::{self, Insight, Replaced};
use crate::protocol::display_name::DisplayName;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Give a machine another credential
    Add(Add),
    /// A machine's credentials
    List(Named),
    /// Make a successor; the old one stays good for a while
    Rotate(Rotate),
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
    /// secret, access-key, keys or key-set
    #[arg(long, default_value = "secret")]
    kind: String,
    /// A file with its public keys, a JWK Set; for keys
    #[arg(long = "jwks", value_name = "FILE", required_if_eq("kind", "keys"))]
    #[serde(skip)]
    jwks_file: Option<PathBuf>,
    #[arg(skip)]
    jwks: Option<Value>,
    /// Where its public keys are; for key-set
    #[arg(long, value_name = "URL", required_if_eq("kind", "key-set"))]
    jwks_uri: Option<String>,
    /// When it ends, such as 90d [default: never]
    #[arg(long, value_name = "TIME")]
    expires_in: Option<String>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Rotate {
    /// Its id
    credential: String,
    /// How long the old one stays good, such as 7d
    #[arg(long, value_name = "TIME", default_value = "7d")]
    overlap: String,
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
            Self::Rotate(ask) => Command::CredentialRotate(ask),
            Self::Revoke(ask) => Command::CredentialRevoke(ask),
        })
    }
}

pub(super) async fn add(app: &App, ctx: &Context, ask: Add) -> Result<Value, CommandError> {
    let proof = match (ask.kind.as_str(), ask.jwks, ask.jwks_uri) {
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
        _ => return Err(CommandError::argument("--kind", "is secret, access-key, keys or key-set")),
    };
    let after = ask.expires_in.as_deref().map(str::parse::<Lifetime>).transpose();
    let new = NewCredential {
        name: argument("--name", DisplayName::parse(&ask.name))?,
        proof,
        expires_at: argument("--expires-in", after)?.map(|after| ctx.at.plus(after)),
    };
    Ok(made(credentials::create(app, ctx, ask.named.resolve(app).await?, new).await?, ctx))
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

pub(super) async fn list(app: &App, ctx: &Context, ask: Named) -> Result<Value, CommandError> {
    let insight = findings::of_machine(app, ctx, ask.resolve(app).await?).await?;
    let rows: Vec<Value> = insight.facts.credentials.iter().map(|one| seen(app, one, &insight, ctx)).collect();
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
    });
    if let Some(members) = answer.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    answer
}

pub(super) async fn rotate(app: &App, ctx: &Context, ask: Rotate) -> Result<Value, CommandError> {
    let id = argument("CREDENTIAL", ask.credential.parse::<Id<Credential>>())?;
    let overlap = argument("--overlap", ask.overlap.parse::<Lifetime>())?;
    Ok(made(credentials::rotate(app, ctx, id, overlap).await?, ctx))
}

pub(super) async fn revoke(app: &App, ctx: &Context, ask: Revoke) -> Result<Value, CommandError> {
    let id = argument("CREDENTIAL", ask.credential.parse::<Id<Credential>>())?;
    Ok(row(&credentials::revoke(app, ctx, id, &ask.because).await?, ctx))
}
