//! `writ client`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, json_file, list_of, scope_set, with_left};
use super::machine::given;
use super::{Command, CommandError, ErrorKind, named};
use crate::app::App;
use crate::base::{Id, Lifetime, Resource, Timestamp};
use crate::model::{Client, ClientState, Provenance};
use crate::operations::client_secrets;
use crate::operations::clients::{self, ClientChange, NewClient, Which};
use crate::operations::credentials::USUAL_OVERLAP;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::protocol::registration::Registration;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Register an application
    Add(Box<Add>),
    /// List them, the newest first
    List(List),
    /// Show one
    Show(Named),
    /// Change one; what is not named stays
    Set(Box<Set>),
    /// Let one that registered itself be used
    Approve(Named),
    /// Decide against one that registered itself
    Reject(Reasoned),
    /// Answer for one's name and where its answers go, as they are now
    Verify(Named),
    /// Take that back
    Unverify(Reasoned),
    /// Give one another secret, shown this once; the old ones stay good for a while
    RotateSecret(RotateSecret),
    /// End all secrets of one but the newest
    EndOldSecrets(Named),
    /// Stop one: it gets no tokens, and none of its tokens are good
    Suspend(Reasoned),
    /// Let a stopped one go on
    Resume(Named),
    /// Remove one: it gets no more tokens and refreshes none
    Remove(Named),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    /// What people read on the consent page
    #[arg(long)]
    name: String,
    /// Where answers may be sent; http only on this computer, any port there
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// How it proves itself: none, client_secret_basic, client_secret_post or private_key_jwt
    #[arg(long, value_name = "METHOD", default_value = "none")]
    auth: String,
    /// A file with its public keys, a JWK Set; for private_key_jwt
    #[arg(long = "jwks", value_name = "FILE", conflicts_with = "jwks_uri")]
    #[serde(skip)]
    jwks_file: Option<PathBuf>,
    #[arg(skip)]
    jwks: Option<Value>,
    /// Where its public keys are; for private_key_jwt
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// A grant it may use [default: authorization_code and refresh_token]
    #[arg(long = "grant", value_name = "GRANT")]
    grants: Vec<String>,
    /// A scope it may have at most [default: whatever a resource offers]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A resource it may have tokens for [default: any]
    #[arg(long = "resource", value_name = "URL")]
    resources: Vec<String>,
    /// A resource it answers for: it may introspect that resource's tokens
    #[arg(long = "serves", value_name = "URL")]
    serves: Vec<String>,
    /// It gets no token without a DPoP proof
    #[arg(long)]
    #[serde(default)]
    dpop_bound: bool,
}

/// The members have the names of RFC 7591 §2 in [`Set::members`]; the rules are those of a new registration.
#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Set {
    /// Its client_id, or its name if no other has it
    #[arg(value_name = "CLIENT")]
    client_id: String,
    /// What people read on the consent page
    #[arg(long)]
    name: Option<String>,
    /// Where answers may be sent; all that are given replace all there were, an empty one clears them
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Option<Vec<String>>,
    /// How it proves itself: none, client_secret_basic, client_secret_post or private_key_jwt
    #[arg(long, value_name = "METHOD")]
    auth: Option<String>,
    /// A file with its public keys, a JWK Set; for private_key_jwt
    #[arg(long = "jwks", value_name = "FILE", conflicts_with = "jwks_uri")]
    #[serde(skip)]
    jwks_file: Option<PathBuf>,
    #[arg(skip)]
    jwks: Option<Value>,
    /// Where its public keys are; for private_key_jwt
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// A grant it may use; all that are given replace all there were
    #[arg(long = "grant", value_name = "GRANT")]
    grants: Option<Vec<String>>,
    /// A scope it may have at most; all that are given replace all there were, an empty one stands for whatever a resource offers
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Option<Vec<String>>,
    /// A resource it may have tokens for; all that are given replace all there were, an empty one stands for any
    #[arg(long = "resource", value_name = "URL")]
    resources: Option<Vec<String>>,
    /// A resource it answers for; all that are given replace all there were, an empty one clears them
    #[arg(long = "serves", value_name = "URL")]
    serves: Option<Vec<String>>,
    /// Whether it gets no token without a DPoP proof
    #[arg(long, value_name = "true|false")]
    dpop_bound: Option<bool>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct List {
    /// Only those in this state: active, awaiting_approval, rejected or suspended
    #[arg(long)]
    #[serde(default)]
    state: Option<String>,
    /// Only those behind this one
    #[arg(long, value_name = "CLIENT_ID")]
    before: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Its client_id, or its name if no other has it
    #[arg(value_name = "CLIENT")]
    client_id: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct RotateSecret {
    /// Its client_id, or its name if no other has it
    client: String,
    /// How long the old ones stay good, such as 7d
    #[arg(long, value_name = "TIME", default_value_t = USUAL_OVERLAP.to_string())]
    overlap: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Reasoned {
    /// Its client_id, or its name if no other has it
    #[arg(value_name = "CLIENT")]
    client_id: String,
    /// Why, for whoever reads the audit log
    #[arg(long, value_name = "WORDS")]
    because: String,
}

impl Verb {
    pub(super) fn command(self) -> Result<Command, CommandError> {
        Ok(match self {
            Self::Add(ask) => Command::ClientAdd(ask.with_keys()?),
            Self::List(ask) => Command::ClientList(ask),
            Self::Show(named) => Command::ClientShow(named),
            Self::Set(mut ask) => {
                ask.jwks = ask.jwks_file.as_deref().map(|path| json_file("--jwks", path)).transpose()?;
                Command::ClientSet(ask)
            }
            Self::Approve(named) => Command::ClientApprove(named),
            Self::Reject(ask) => Command::ClientReject(ask),
            Self::Verify(named) => Command::ClientVerify(named),
            Self::Unverify(ask) => Command::ClientUnverify(ask),
            Self::RotateSecret(ask) => Command::ClientRotateSecret(ask),
            Self::EndOldSecrets(named) => Command::ClientEndOldSecrets(named),
            Self::Suspend(ask) => Command::ClientSuspend(ask),
            Self::Resume(named) => Command::ClientResume(named),
            Self::Remove(named) => Command::ClientRemove(named),
        })
    }
}

impl Add {
    /// The file is the caller's, so it is read here and not by the appliance.
    fn with_keys(self) -> Result<Self, CommandError> {
        let jwks = self.jwks_file.as_deref().map(|path| json_file("--jwks", path)).transpose()?;
        Ok(Self { jwks, ..self })
    }

    /// What is asked for in the words of RFC 7591 §2: the same parser and the same rules as at the registration endpoint.
    fn registration(&self) -> Result<Registration, CommandError> {
        let mut members = serde_json::Map::new();
        members.insert("client_name".to_owned(), json!(self.name));
        members.insert("token_endpoint_auth_method".to_owned(), json!(self.auth));
        if !self.redirect_uris.is_empty() {
            members.insert("redirect_uris".to_owned(), json!(self.redirect_uris));
        }
        members.insert(
            "grant_types".to_owned(),
            if self.grants.is_empty() { json!(["authorization_code", "refresh_token"]) } else { json!(self.grants) },
        );
        if let Some(jwks) = &self.jwks {
            members.insert("jwks".to_owned(), jwks.clone());
        }
        if let Some(uri) = &self.jwks_uri {
            members.insert("jwks_uri".to_owned(), json!(uri));
        }
        if !self.scopes.is_empty() {
            members.insert("scope".to_owned(), json!(self.scopes.join(" ")));
        }
        if self.dpop_bound {
            members.insert("dpop_bound_access_tokens".to_owned(), json!(true));
        }
        Registration::parse(Value::Object(members).to_string().as_bytes())
            .map_err(|refusal| CommandError::new(ErrorKind::Invalid, refusal.public_text()))
    }
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    // Said about the argument, before it is one member among others.
    scope_set("--scope", &ask.scopes)?;
    let new = NewClient {
        registration: ask.registration()?,
        resources: list_of("--resource", &ask.resources, Resource::parse)?,
        serves: list_of("--serves", &ask.serves, Resource::parse)?,
    };
    let made = clients::add(app, by, new).await?;
    let mut answer = json!({ "client_id": made.client.id });
    if let (Some(secret), Some(members)) = (&made.secret, answer.as_object_mut()) {
        members.insert("client_secret".to_owned(), secret.expose().into());
    }
    Ok(answer)
}

pub(super) async fn list(app: &App, ask: List) -> Result<Value, CommandError> {
    let before = ask.before.map(|text| argument("--before", text.parse::<Id<Client>>())).transpose()?;
    let state = ask.state.as_deref().map(|text| match text {
        "active" => Ok(ClientState::Active),
        "awaiting_approval" => Ok(ClientState::AwaitingApproval),
        "rejected" => Ok(ClientState::Rejected),
        "suspended" => Ok(ClientState::Suspended),
        _ => Err(CommandError::argument("--state", "is active, awaiting_approval, rejected or suspended")),
    });
    let page = clients::list(app, Which { state: state.transpose()?, ..Which::default() }, before, ask.limit).await?;
    let rows: Vec<Value> = page.rows.iter().map(|(_, client)| row(client)).collect();
    Ok(json!({ "clients": rows, "next": page.next }))
}

pub(super) async fn show(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = named::client(app, "CLIENT", &ask.client_id).await?;
    Ok(whole(&clients::find(app, &id).await?, by.at))
}

pub(super) async fn rotate_secret(app: &App, by: &Operator, ask: RotateSecret) -> Result<Value, CommandError> {
    let id = named::client(app, "CLIENT", &ask.client).await?;
    let overlap = argument("--overlap", ask.overlap.parse::<Lifetime>())?;
    let made = client_secrets::rotate(app, by, id, Seen::Anything, overlap).await?;
    Ok(json!({
        "client_id": made.client.id,
        "client_secret": made.secret.expose(),
        "secrets": secrets(&made.client, by.at),
    }))
}

pub(super) async fn end_old_secrets(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = named::client(app, "CLIENT", &ask.client_id).await?;
    Ok(whole(&client_secrets::end_old(app, by, id, Seen::Anything).await?, by.at))
}

/// Those that are good, the newest last. Themselves they are kept nowhere.
fn secrets(client: &Client, now: Timestamp) -> Vec<String> {
    let live = client.live_secrets(now);
    live.map(|one| {
        let mut words = format!("made {}", one.created_at.iso());
        if let Some(end) = one.expires_at {
            words.push_str(&format!(", good until {}", end.iso()));
            match one.last_used_at {
                Some(last) => words.push_str(&format!(", last used {}", last.iso())),
                None => words.push_str(", not used since it has a successor"),
            }
        }
        words
    })
    .collect()
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    let id = named::client(app, "CLIENT", &ask.client_id).await?;
    let urls = |name: &str, urls: &Option<Vec<String>>| {
        let urls = urls.as_ref().map(|urls| given(urls).map(str::to_owned).collect::<Vec<_>>());
        urls.map(|urls| list_of(name, &urls, Resource::parse)).transpose()
    };
    let change = ClientChange {
        resources: urls("--resource", &ask.resources)?,
        serves: urls("--serves", &ask.serves)?,
        members: ask.members()?,
    };
    Ok(whole(&clients::change(app, by, id, Seen::Anything, change).await?, by.at))
}

impl Set {
    fn members(&self) -> Result<serde_json::Map<String, Value>, CommandError> {
        let mut members = serde_json::Map::new();
        let mut say = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        let texts = |list: &Option<Vec<String>>| list.as_ref().map(|list| json!(given(list).collect::<Vec<_>>()));
        say("client_name", self.name.as_ref().map(|name| json!(name)));
        say("redirect_uris", texts(&self.redirect_uris));
        say("token_endpoint_auth_method", self.auth.as_ref().map(|method| json!(method)));
        say("grant_types", texts(&self.grants));
        // One takes the place of the other.
        if self.jwks.is_some() || self.jwks_uri.is_some() {
            say("jwks", Some(json!(self.jwks)));
            say("jwks_uri", Some(json!(self.jwks_uri)));
        }
        if let Some(scopes) = &self.scopes {
            let scope = scope_set("--scope", scopes)?;
            say("scope", Some(if scope.is_empty() { Value::Null } else { json!(scope.to_string()) }));
        }
        say("dpop_bound_access_tokens", self.dpop_bound.map(Value::from));
        Ok(members)
    }
}

/// Everything about one.
fn whole(client: &Client, now: Timestamp) -> Value {
    let mut answer = row(client);
    if let Some(members) = answer.as_object_mut() {
        let mut say = |name: &str, value: Value| {
            if !value.is_null() && value != json!([]) {
                members.insert(name.to_owned(), value);
            }
        };
        say("secrets", json!(secrets(client, now)));
        say("scope", json!(client.scope));
        say("serves", json!(client.serves));
        say("jwks", json!(client.jwks));
        say("jwks_uri", json!(client.jwks_uri));
        say("verified", client.verified().map_or(Value::Null, |mark| json!({ "by": mark.by, "at": mark.at.iso() })));
        say("rejected_because", json!(client.review.rejected));
        say("first_used_at", json!(client.first_used_at.map(Timestamp::iso)));
        say("last_used_at", json!(client.last_used_at.map(Timestamp::iso)));
        say("removed_at", json!(client.reaped_at.map(Timestamp::iso)));
    }
    answer
}

fn row(client: &Client) -> Value {
    json!({
        "client_id": client.id,
        "name": client.name,
        "state": match client.state {
            ClientState::Active => "active",
            ClientState::AwaitingApproval => "awaiting_approval",
            ClientState::Rejected => "rejected",
            ClientState::Suspended => "suspended",
            ClientState::Retired => "retired",
        },
        "registered_by": match client.provenance {
            Provenance::Administrator => "administrator",
            Provenance::Dynamic { .. } => "itself",
            Provenance::Document => "document",
            Provenance::Machine => "machine",
        },
        "auth": client.auth_method.as_str(),
        "grants": client.grant_types.iter().map(|grant| grant.as_str()).collect::<Vec<_>>(),
        "redirect_uris": client.redirect_uris,
        "resources": client.resources,
        "dpop_bound": client.dpop_bound_access_tokens,
        "created_at": client.created_at.iso(),
    })
}

pub(super) async fn approve(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = named::client(app, "CLIENT", &ask.client_id).await?;
    clients::approve(app, by, id.clone(), Seen::Anything).await?;
    Ok(json!({ "client_id": id, "state": "active" }))
}

pub(super) async fn reject(app: &App, by: &Operator, ask: Reasoned) -> Result<Value, CommandError> {
    let id = named::client(app, "CLIENT", &ask.client_id).await?;
    clients::reject(app, by, id.clone(), Seen::Anything, &ask.because).await?;
    Ok(json!({ "client_id": id, "state": "rejected" }))
}

/// Says what it is that was verified: between looking and saying so, it may have changed.
pub(super) async fn verify(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = named::client(app, "CLIENT", &ask.client_id).await?;
    Ok(whole(&clients::verify(app, by, id, Seen::Anything).await?, by.at))
}

pub(super) async fn unverify(app: &App, by: &Operator, ask: Reasoned) -> Result<Value, CommandError> {
    let id = named::client(app, "CLIENT", &ask.client_id).await?;
    Ok(whole(&clients::unverify(app, by, id, Seen::Anything, &ask.because).await?, by.at))
}

pub(super) async fn suspend(app: &App, by: &Operator, ask: Reasoned) -> Result<Value, CommandError> {
    let id = named::client(app, "CLIENT", &ask.client_id).await?;
    let (_, live) = clients::suspend(app, by, id.clone(), Seen::Anything, &ask.because).await?;
    Ok(with_left(json!({ "client_id": id, "state": "suspended" }), &live))
}

pub(super) async fn resume(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = named::client(app, "CLIENT", &ask.client_id).await?;
    clients::resume(app, by, id.clone(), Seen::Anything).await?;
    Ok(json!({ "client_id": id, "state": "active" }))
}

pub(super) async fn remove(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = named::client(app, "CLIENT", &ask.client_id).await?;
    clients::remove(app, by, id.clone(), Seen::Anything).await?;
    Ok(json!({ "client_id": id, "state": "removed" }))
}
