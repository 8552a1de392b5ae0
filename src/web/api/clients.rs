//! Applications. Their members have the names of RFC 7591 §2, and mean what they mean at the registration endpoint.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::settings::who;
use super::wire::{Given, Nothing, Reason, StillTaken, Wrong, texts};
use crate::base::{Lifetime, RedirectUri, Secret, Timestamp};
use crate::model::{ApplicationType, Client, ClientState, Provenance};
use crate::operations::client_secrets;
use crate::operations::clients::{self, ClientChange, NewClient, Which};
use crate::operations::credentials::USUAL_OVERLAP;
use crate::protocol::own_scopes::CLIENTS;

pub(super) fn noun() -> Noun {
    let at = "/api/v1/clients/{id}";
    Noun::new("Applications", "client_id",
        "What RFC 7591 calls a client: registered by an administrator, or by itself. A change goes by the rules of a new registration.",
    )
    .list(What("/api/v1/clients", "listClients", CLIENTS.read, "List applications, the newest first"), list)
    .create(What("/api/v1/clients", "createClient", CLIENTS.write, "Register an application"), create)
    .show(What(at, "showClient", CLIENTS.read, "Show an application"), show)
    .change(What(at, "changeClient", CLIENTS.write, "Change an application"), change)
    .remove(What(at, "removeClient", CLIENTS.write, "Remove an application: it gets no more tokens"), remove)
    .create_in(
        "/api/v1/clients",
        What("/api/v1/clients/{id}/secret", "rotateClientSecret", CLIENTS.write, "Give an application another secret; those before it stay good for a while"),
        rotate,
    )
    .act(
        What("/api/v1/clients/{id}/secret/overlap/end", "endOldClientSecrets", CLIENTS.write, "End all secrets of an application but the newest"),
        end_old,
    )
    .act(
        What("/api/v1/clients/{id}/approval", "approveClient", CLIENTS.write, "Let one that registered itself be used"),
        approve,
    )
    .act(
        What("/api/v1/clients/{id}/rejection", "rejectClient", CLIENTS.write, "Decide against one that registered itself"),
        reject,
    )
    .act(
        What("/api/v1/clients/{id}/verification", "verifyClient", CLIENTS.write, "Answer for an application’s name and addresses, as they are now"),
        verify,
    )
    .act(
        What("/api/v1/clients/{id}/verification/end", "unverifyClient", CLIENTS.write, "Take that mark back"),
        unverify,
    )
    .act(
        What("/api/v1/clients/{id}/suspension", "suspendClient", CLIENTS.write, "Stop an application, and all its tokens"),
        suspend,
    )
    .act(
        What("/api/v1/clients/{id}/suspension/end", "resumeClient", CLIENTS.write, "Let a stopped application go on"),
        resume,
    )
}

/// An application.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
struct ClientView {
    #[schema(example = "cli_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    client_id: String,
    /// In the answer to the request that made it, and in no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_secret: Option<String>,
    /// Those that are good, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    live_secrets: Vec<SecretView>,
    client_name: String,
    state: State,
    /// In the answer to the request that stopped it: tokens that a verifier may still take that asks nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    still_taken: Option<StillTaken>,
    registered_by: RegisteredBy,
    /// Which administrator answers for its name and where its answers go, and since when. A change of either takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    verified: Option<VerifiedView>,
    /// Why an administrator decided against it; whoever wants to use it reads this.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rejected_because: Option<String>,
    application_type: Kind,
    token_endpoint_auth_method: Method,
    grant_types: Vec<String>,
    redirect_uris: Vec<String>,
    /// The scopes it may have at most; without this member, whatever a resource offers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scope: Option<String>,
    /// The resources it may have tokens for; none for any.
    resources: Vec<String>,
    /// The resources it answers for: it may introspect their tokens.
    serves: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    jwks: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    jwks_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_uri: Option<String>,
    /// Whether it gets tokens only for a key that it proves to have (DPoP).
    dpop_bound_access_tokens: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    first_used_at: Option<String>,
    /// When a use was last written down. Of one that registered itself, that is once in about a month; of others, the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    last_used_at: Option<String>,
    /// When it is removed by itself unless somebody uses it before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    removed_at: Option<String>,
}

/// What is known of a secret; itself it is kept nowhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientSecret)]
struct SecretView {
    #[schema(format = DateTime)]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    expires_at: Option<String>,
    /// Of one that has a successor: when it was last used since, to the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    last_used_at: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClientSecretRotation)]
struct Rotation {
    /// How long the old ones stay good, in seconds; a week unless said.
    #[serde(default)]
    #[schema(maximum = 7776000)]
    overlap: Option<u64>,
}

/// Who looked at it, and when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Verified)]
struct VerifiedView {
    /// A person's id, a machine's, or `operator`.
    by: String,
    #[schema(format = DateTime)]
    at: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClientState)]
enum State {
    Active,
    AwaitingApproval,
    Rejected,
    Suspended,
    Retired,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RegisteredBy {
    Administrator,
    Itself,
    Document,
    Machine,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ApplicationType)]
enum Kind {
    Web,
    Native,
}

/// RFC 7591 §2, `token_endpoint_auth_method`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuthMethod)]
enum Method {
    None,
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GrantType)]
enum Grant {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    #[serde(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
}

/// An application to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewClientBody {
    /// What people read on the consent page.
    #[schema(min_length = 1, max_length = 128, example = "Mail")]
    client_name: String,
    #[serde(default)]
    token_endpoint_auth_method: Option<Method>,
    #[serde(default)]
    grant_types: Option<Vec<Grant>>,
    #[serde(default)]
    #[schema(max_items = 20, example = json!(["https://mail.example.com/callback"]))]
    redirect_uris: Vec<String>,
    #[serde(default)]
    #[schema(max_length = 4096, example = "mcp:read mcp:write")]
    scope: Option<String>,
    #[serde(default)]
    #[schema(max_items = 64)]
    resources: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 64)]
    serves: Vec<String>,
    /// Its public keys, a JWK Set; for `private_key_jwt`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    jwks: Option<Map<String, Value>>,
    #[serde(default)]
    jwks_uri: Option<String>,
    #[serde(default)]
    client_uri: Option<String>,
    #[serde(default)]
    dpop_bound_access_tokens: bool,
}

/// What is to be different about an application; `null` takes a member away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClientPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 128)]
    client_name: Given<String>,
    #[serde(default)]
    #[schema(value_type = Option<Method>)]
    token_endpoint_auth_method: Given<Method>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<Grant>>)]
    grant_types: Given<Vec<Grant>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    redirect_uris: Given<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 4096)]
    scope: Given<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 64)]
    resources: Given<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 64)]
    serves: Given<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    jwks: Given<Map<String, Value>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    jwks_uri: Given<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    client_uri: Given<String>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    dpop_bound_access_tokens: Given<bool>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only those in this state.
    #[serde(default)]
    #[param(nullable = false)]
    state: Option<State>,
}

async fn list(call: Call, window: Window, filter: Filter) -> Result<Listed<ClientView>, Problem> {
    let state = filter.state.map(|state| match state {
        State::Active => ClientState::Active,
        State::AwaitingApproval => ClientState::AwaitingApproval,
        State::Rejected => ClientState::Rejected,
        State::Suspended => ClientState::Suspended,
        State::Retired => ClientState::Retired,
    });
    let page = clients::list(&call.app, Which { state, ..Which::default() }, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, client)| view(client, None, call.by.at)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<ClientView>, Problem> {
    shown(&call, &clients::find(&call.app, &call.id()?).await?)
}

async fn create(call: Call, ask: NewClientBody) -> Result<(String, One<ClientView>), Problem> {
    let mut wrong = Wrong::default();
    let members = json!({
        "client_name": ask.client_name,
        "token_endpoint_auth_method": ask.token_endpoint_auth_method.unwrap_or(Method::None),
        "grant_types": ask.grant_types.unwrap_or_else(|| vec![Grant::AuthorizationCode, Grant::RefreshToken]),
        "redirect_uris": ask.redirect_uris,
        "scope": ask.scope,
        "jwks": ask.jwks,
        "jwks_uri": ask.jwks_uri,
        "client_uri": ask.client_uri,
        "dpop_bound_access_tokens": ask.dpop_bound_access_tokens,
    });
    let (resources, serves) = (wrong.resources("resources", &ask.resources), wrong.resources("serves", &ask.serves));
    let (Some(resources), Some(serves)) = (resources, serves) else { return Err(wrong.problem()) };
    let registration = clients::registration(&members)?;
    let made = clients::add(&call.app, &call.by, NewClient { registration, resources, serves }).await?;
    Ok((made.client.id.to_string(), One::of(&made.client, view(&made.client, made.secret.as_ref(), call.by.at))?))
}

async fn change(call: Call, ask: ClientPatch) -> Result<One<ClientView>, Problem> {
    let mut members = Map::new();
    let mut say = |name: &str, value: Given<Value>| match value {
        Given::Not => {}
        Given::Null => drop(members.insert(name.to_owned(), Value::Null)),
        Given::As(value) => drop(members.insert(name.to_owned(), value)),
    };
    say("client_name", json_of(ask.client_name));
    say("token_endpoint_auth_method", json_of(ask.token_endpoint_auth_method));
    say("grant_types", json_of(ask.grant_types));
    say("redirect_uris", json_of(ask.redirect_uris));
    say("scope", json_of(ask.scope));
    say("jwks", json_of(ask.jwks));
    say("jwks_uri", json_of(ask.jwks_uri));
    say("client_uri", json_of(ask.client_uri));
    say("dpop_bound_access_tokens", json_of(ask.dpop_bound_access_tokens));
    let mut wrong = Wrong::default();
    let mut resources = |field: &str, given: Given<Vec<String>>| match given {
        Given::Not => None,
        Given::Null => Some(Vec::new()),
        Given::As(texts) => wrong.resources(field, &texts),
    };
    let (resources, serves) = (resources("resources", ask.resources), resources("serves", ask.serves));
    wrong.none()?;
    let ask = ClientChange { members, resources, serves };
    shown(&call, &clients::change(&call.app, &call.by, call.id()?, call.seen(), ask).await?)
}

fn json_of<T: Serialize>(given: Given<T>) -> Given<Value> {
    match given {
        Given::Not => Given::Not,
        Given::Null => Given::Null,
        Given::As(value) => Given::As(json!(value)),
    }
}

async fn remove(call: Call) -> Result<(), Problem> {
    Ok(clients::remove(&call.app, &call.by, call.id()?, call.seen()).await?)
}

async fn approve(call: Call, _: Nothing) -> Result<One<ClientView>, Problem> {
    shown(&call, &clients::approve(&call.app, &call.by, call.id()?, call.seen()).await?)
}

async fn reject(call: Call, ask: Reason) -> Result<One<ClientView>, Problem> {
    shown(&call, &clients::reject(&call.app, &call.by, call.id()?, call.seen(), &ask.because).await?)
}

async fn verify(call: Call, _: Nothing) -> Result<One<ClientView>, Problem> {
    shown(&call, &clients::verify(&call.app, &call.by, call.id()?, call.seen()).await?)
}

async fn unverify(call: Call, ask: Reason) -> Result<One<ClientView>, Problem> {
    shown(&call, &clients::unverify(&call.app, &call.by, call.id()?, call.seen(), &ask.because).await?)
}

async fn suspend(call: Call, ask: Reason) -> Result<One<ClientView>, Problem> {
    let (client, live) = clients::suspend(&call.app, &call.by, call.id()?, call.seen(), &ask.because).await?;
    Ok(One::of(&client, ClientView { still_taken: Some(live.into()), ..view(&client, None, call.by.at) })?)
}

async fn resume(call: Call, _: Nothing) -> Result<One<ClientView>, Problem> {
    shown(&call, &clients::resume(&call.app, &call.by, call.id()?, call.seen()).await?)
}

fn shown(call: &Call, client: &Client) -> Result<One<ClientView>, Problem> {
    Ok(One::of(client, view(client, None, call.by.at))?)
}

async fn rotate(call: Call, ask: Rotation) -> Result<(String, One<ClientView>), Problem> {
    let overlap = ask.overlap.map_or(USUAL_OVERLAP, Lifetime::from_seconds);
    let made = client_secrets::rotate(&call.app, &call.by, call.id()?, call.seen(), overlap).await?;
    let shown = view(&made.client, Some(&made.secret), call.by.at);
    Ok((made.client.id.to_string(), One::of(&made.client, shown)?))
}

async fn end_old(call: Call, _: Nothing) -> Result<One<ClientView>, Problem> {
    shown(&call, &client_secrets::end_old(&call.app, &call.by, call.id()?, call.seen()).await?)
}

fn view(client: &Client, secret: Option<&Secret>, now: Timestamp) -> ClientView {
    let live = client.live_secrets(now);
    ClientView {
        client_id: client.id.to_string(),
        client_secret: secret.map(|secret| secret.expose().to_owned()),
        live_secrets: live
            .map(|one| SecretView {
                created_at: one.created_at.iso(),
                expires_at: one.expires_at.map(Timestamp::iso),
                last_used_at: one.last_used_at.map(Timestamp::iso),
            })
            .collect(),
        client_name: client.name.clone(),
        still_taken: None,
        state: match client.state {
            ClientState::Active => State::Active,
            ClientState::AwaitingApproval => State::AwaitingApproval,
            ClientState::Rejected => State::Rejected,
            ClientState::Suspended => State::Suspended,
            ClientState::Retired => State::Retired,
        },
        registered_by: match client.provenance {
            Provenance::Administrator => RegisteredBy::Administrator,
            Provenance::Dynamic { .. } => RegisteredBy::Itself,
            Provenance::Document => RegisteredBy::Document,
            Provenance::Machine => RegisteredBy::Machine,
        },
        verified: client.verified().map(|mark| VerifiedView { by: who(&mark.by), at: mark.at.iso() }),
        rejected_because: client.review.rejected.clone(),
        application_type: match client.application_type {
            ApplicationType::Web => Kind::Web,
            ApplicationType::Native => Kind::Native,
        },
        token_endpoint_auth_method: match client.auth_method {
            crate::model::AuthMethod::None => Method::None,
            crate::model::AuthMethod::ClientSecretBasic => Method::ClientSecretBasic,
            crate::model::AuthMethod::ClientSecretPost => Method::ClientSecretPost,
            crate::model::AuthMethod::PrivateKeyJwt => Method::PrivateKeyJwt,
        },
        grant_types: client.grant_types.iter().map(|grant| grant.as_str().to_owned()).collect(),
        redirect_uris: client.redirect_uris.iter().map(RedirectUri::to_string).collect(),
        scope: client.scope.as_ref().map(ToString::to_string),
        resources: texts(&client.resources),
        serves: texts(&client.serves),
        jwks: client.jwks.clone(),
        jwks_uri: client.jwks_uri.clone(),
        client_uri: client.client_uri.clone(),
        dpop_bound_access_tokens: client.dpop_bound_access_tokens,
        created_at: client.created_at.iso(),
        first_used_at: client.first_used_at.map(|at| at.iso()),
        last_used_at: client.last_used_at.map(|at| at.iso()),
        removed_at: client.reaped_at.map(|at| at.iso()),
    }
}
