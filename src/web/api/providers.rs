//! Identity providers whose word about people is taken here, and who their subjects are.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{Given, NoFilter, Wrong, list as scopes_of, or_none};
use crate::base::{Secret, Timestamp};
use crate::model::{IdentityProvider, PersonBy, SubjectLink, UpstreamSignIn};
use crate::operations::providers::{self, NewProvider, ProviderChange, SignInTerms};
use crate::protocol::own_scopes::{ADMIN, PROVIDERS};

pub(super) fn noun() -> Noun {
    let (all, at) = ("/api/v1/providers", "/api/v1/providers/{id}");
    let (links, link) = ("/api/v1/providers/{id}/links", "/api/v1/providers/{id}/links/{subject}");
    Noun::new(
        "Identity providers",
        "id",
        "Whose word about people is taken here: assertions (ID-JAG), and with a `sign_in`, people who sign in there. Whose word is taken says who one can be, so only `writ:admin` decides about it.",
    )
    .list(What(all, "listProviders", PROVIDERS.read, "List identity providers, in the order in which they came"), list)
    .create(What(all, "trustProvider", ADMIN, "Take the word of an identity provider"), trust)
    .show(What(at, "showProvider", PROVIDERS.read, "Show an identity provider"), show)
    .change(What(at, "changeProvider", ADMIN, "Change its keys, by what it knows people, or how they sign in with it"), change)
    .remove(What(at, "removeProvider", ADMIN, "Take its word no more, and forget its links"), remove)
    .list(What(links, "listSubjectLinks", PROVIDERS.read, "List who its subjects are here, by subject"), list_links)
    .create(
        What(links, "linkSubject", ADMIN, "Say who one of its subjects is here; whom it was before, it is no more"),
        make_link,
    )
    .show(What(link, "showSubjectLink", PROVIDERS.read, "Show who one of its subjects is here"), show_link)
    .remove(What(link, "unlinkSubject", ADMIN, "Forget who one of its subjects is"), unlink)
}

/// An identity provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IdentityProvider)]
struct ProviderView {
    #[schema(example = "idp_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    id: String,
    /// The `iss` of its assertions; it stays.
    #[schema(example = "https://login.example.com")]
    issuer: String,
    /// Where its keys are, if its own metadata is not to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    jwks_uri: Option<String>,
    /// Its keys, if they cannot be fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    jwks: Option<Value>,
    /// What of an assertion says which person is meant.
    person_by: By,
    /// The domains whose verified addresses are people here; none where links say who is meant.
    email_domains: Vec<String>,
    /// How people sign in with it, if they may.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sign_in: Option<SignInView>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// How people sign in with an identity provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProviderSignIn)]
struct SignInView {
    /// What they read on the button.
    #[schema(example = "Google")]
    name: String,
    /// What this appliance is called at the provider.
    client_id: String,
    /// Since when it has the secret that it has there; it is never shown. Not there for a client without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    secret_set_at: Option<String>,
    /// What is asked for there.
    #[schema(example = json!(["email", "openid"]))]
    scope: Vec<String>,
    /// Whether the button is there.
    on: bool,
    /// What has to be registered at the provider: each has one of its own.
    #[schema(example = "https://login.example.com/sign-in/provider/callback/idp_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    redirect_uri: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PersonBy)]
enum By {
    Link,
    Email,
}

/// An identity provider to be trusted. Its keys are where its own metadata says, unless there is a `jwks_uri` or a `jwks`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewProviderBody {
    /// Exactly as its assertions say it.
    #[schema(max_length = 512, example = "https://login.example.com")]
    issuer: String,
    #[serde(default)]
    #[schema(max_length = 512)]
    jwks_uri: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    jwks: Option<Value>,
    /// Know people by the addresses that it verified, of these domains. Without them, by its links.
    #[serde(default)]
    #[schema(max_items = 64, example = json!(["example.com"]))]
    email_domains: Vec<String>,
    /// People may sign in with it: `name` and `client_id` are needed.
    #[serde(default)]
    sign_in: Option<SignInBody>,
}

/// How people sign in with an identity provider. What is left out stays, or is as usual: `openid email`, and on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProviderSignInBody)]
struct SignInBody {
    #[serde(default)]
    #[schema(max_length = 40)]
    name: Option<String>,
    #[serde(default)]
    #[schema(max_length = 512)]
    client_id: Option<String>,
    /// Sealed when it is kept, and never shown. `null`: it has none any more.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1024)]
    secret: Given<Secret>,
    #[serde(default)]
    #[schema(max_items = 16)]
    scope: Option<Vec<String>>,
    #[serde(default)]
    on: Option<bool>,
}

/// What is to be different about an identity provider.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProviderPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 512)]
    jwks_uri: Given<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    jwks: Given<Value>,
    /// Without any, people are known by links.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 64)]
    email_domains: Given<Vec<String>>,
    /// `null`: people do not sign in with it any more, and its secret is forgotten.
    #[serde(default)]
    #[schema(value_type = Option<SignInBody>)]
    sign_in: Given<SignInBody>,
}

/// Who a subject of an identity provider is here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubjectLink)]
struct LinkView {
    provider: String,
    /// The `sub` of its assertions.
    #[schema(example = "00u19488227")]
    subject: String,
    #[schema(example = "per_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    person: String,
    #[schema(format = DateTime)]
    linked_at: String,
}

/// Who a subject is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLinkBody {
    #[schema(min_length = 1, max_length = 255, example = "00u19488227")]
    subject: String,
    #[schema(max_length = 64, example = "per_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    person: String,
}

async fn list(call: Call, window: Window, _: NoFilter) -> Result<Listed<ProviderView>, Problem> {
    let page = providers::page(&call.app, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, provider)| view(&call, provider)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<ProviderView>, Problem> {
    shown(&call, &providers::find(&call.app, call.id()?).await?)
}

async fn trust(call: Call, ask: NewProviderBody) -> Result<(String, One<ProviderView>), Problem> {
    let NewProviderBody { issuer, jwks_uri, jwks, email_domains, sign_in } = ask;
    let sign_in = sign_in.map(terms).transpose()?;
    let new = NewProvider { issuer, jwks_uri, jwks, person_by: person_by(email_domains), sign_in };
    let made = providers::trust(&call.app, &call.by, new).await?;
    Ok((made.id.to_string(), shown(&call, &made)?))
}

async fn change(call: Call, ask: ProviderPatch) -> Result<One<ProviderView>, Problem> {
    let change = ProviderChange {
        jwks_uri: or_none(ask.jwks_uri),
        jwks: or_none(ask.jwks),
        person_by: ask.email_domains.or_empty().map(person_by),
        sign_in: or_none(ask.sign_in).map(|sign_in| sign_in.map(terms).transpose()).transpose()?,
    };
    shown(&call, &providers::change(&call.app, &call.by, call.id()?, call.seen(), change).await?)
}

async fn remove(call: Call) -> Result<(), Problem> {
    providers::remove(&call.app, &call.by, call.id()?, call.seen()).await?;
    Ok(())
}

async fn list_links(call: Call, window: Window, _: NoFilter) -> Result<Listed<LinkView>, Problem> {
    let page = providers::links(&call.app, call.id()?, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, link)| link_view(link)).collect(), &window, page.next))
}

async fn show_link(call: Call) -> Result<One<LinkView>, Problem> {
    let link = providers::find_link(&call.app, call.id()?, &call.subject()?).await?;
    Ok(One::of(&link, link_view(&link))?)
}

async fn make_link(call: Call, ask: NewLinkBody) -> Result<(String, One<LinkView>), Problem> {
    let mut wrong = Wrong::default();
    let Some(person) = wrong.parsed("person", ask.person.parse()) else { return Err(wrong.problem()) };
    let made = providers::link(&call.app, &call.by, call.id()?, ask.subject, person).await?;
    Ok((made.subject.clone(), One::of(&made, link_view(&made))?))
}

async fn unlink(call: Call) -> Result<(), Problem> {
    providers::unlink(&call.app, &call.by, call.id()?, call.seen(), call.subject()?).await?;
    Ok(())
}

fn person_by(domains: Vec<String>) -> PersonBy {
    if domains.is_empty() { PersonBy::Link } else { PersonBy::Email { domains } }
}

fn terms(ask: SignInBody) -> Result<SignInTerms, Problem> {
    let mut wrong = Wrong::default();
    let scope = ask.scope.map(|scopes| wrong.scopes("sign_in.scope", &scopes).unwrap_or_default());
    wrong.none()?;
    Ok(SignInTerms { name: ask.name, client_id: ask.client_id, secret: or_none(ask.secret), scope, on: ask.on })
}

fn shown(call: &Call, provider: &IdentityProvider) -> Result<One<ProviderView>, Problem> {
    // The tag as well: what is remembered of the answer to a request that comes twice has no secret.
    Ok(One::of(&provider.without_secret(), view(call, provider))?)
}

fn view(call: &Call, provider: &IdentityProvider) -> ProviderView {
    let (person_by, email_domains) = match &provider.person_by {
        PersonBy::Link => (By::Link, Vec::new()),
        PersonBy::Email { domains } => (By::Email, domains.clone()),
    };
    ProviderView {
        id: provider.id.to_string(),
        issuer: provider.issuer.clone(),
        jwks_uri: provider.jwks_uri.clone(),
        jwks: provider.jwks.clone(),
        person_by,
        email_domains,
        sign_in: provider.sign_in.as_ref().map(|sign_in| sign_in_view(call, provider, sign_in)),
        created_at: provider.created_at.iso(),
    }
}

fn sign_in_view(call: &Call, provider: &IdentityProvider, sign_in: &UpstreamSignIn) -> SignInView {
    SignInView {
        name: sign_in.name.clone(),
        client_id: sign_in.client_id.clone(),
        secret_set_at: sign_in.secret_set_at.map(Timestamp::iso),
        scope: scopes_of(&sign_in.scope),
        on: sign_in.on,
        redirect_uri: providers::redirect_uri(&call.app, provider.id),
    }
}

fn link_view(link: &SubjectLink) -> LinkView {
    LinkView {
        provider: link.provider.to_string(),
        subject: link.subject.clone(),
        person: link.person.to_string(),
        linked_at: link.linked_at.iso(),
    }
}
