//! Whose word about people is taken here and where our own goes, as a file says it.

use serde_json::json;

use super::{Said, declined, names, said, set};
use crate::base::{Id, Issuer, Resource, Timestamp};
use crate::model::{ClientId, Crossing, IdentityProvider, PersonBy, ScopeSet, UpstreamSignIn};
use crate::operations::crossings::{self, Terms};
use crate::operations::declared::members::Members;
use crate::operations::providers;

pub(in crate::operations::declared) fn provider_said(provider: &IdentityProvider) -> Said {
    let domains = match &provider.person_by {
        PersonBy::Link => &[][..],
        PersonBy::Email { domains } => domains,
    };
    let sign_in = provider.sign_in.as_ref().map(|sign_in| {
        let Shown { name, client_id, scope, on } = Shown::of(sign_in);
        json!({ "name": name, "client_id": client_id, "scope": names(&scope), "on": on })
    });
    said(json!({
        "jwks_uri": provider.jwks_uri,
        "jwks": provider.jwks,
        "email_domains": domains,
        "sign_in": sign_in,
    }))
}

/// How people sign in with a provider, as a file says it. Its secret is in no file: it stays as it is here.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    name: String,
    client_id: String,
    #[serde(default = "usual", deserialize_with = "scopes")]
    scope: ScopeSet,
    #[serde(default = "on")]
    on: bool,
}

fn usual() -> ScopeSet {
    providers::USUAL_SCOPE.parse().unwrap_or_default()
}

const fn on() -> bool {
    true
}

/// A list, as of every set of scopes in a file.
fn scopes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<ScopeSet, D::Error> {
    Ok(<Vec<crate::model::Scope> as serde::Deserialize>::deserialize(deserializer)?.into_iter().collect())
}

impl Shown {
    fn of(sign_in: &UpstreamSignIn) -> Self {
        let UpstreamSignIn { name, client_id, scope, on, .. } = sign_in.clone();
        Self { name, client_id, scope, on }
    }

    fn into_row(self) -> UpstreamSignIn {
        let Self { name, client_id, scope, on } = self;
        UpstreamSignIn { name, client_id, secret: None, secret_set_at: None, scope, on }
    }
}

pub(in crate::operations::declared) fn provider_read(
    issuer: &str,
    mut members: Members<'_>,
    own: &Issuer,
    now: Timestamp,
) -> Option<IdentityProvider> {
    let domains: Vec<String> = members.read("email_domains").unwrap_or_default();
    let row = IdentityProvider {
        id: Id::from_bytes([0; 16]),
        issuer: issuer.to_owned(),
        jwks_uri: members.read("jwks_uri"),
        jwks: members.take("jwks"),
        person_by: if domains.is_empty() { PersonBy::Link } else { PersonBy::Email { domains } },
        sign_in: members.read::<Shown>("sign_in").map(Shown::into_row),
        created_at: now,
    };
    let fits = providers::bounded(&row, own.as_str()).map_err(|why| declined(&mut members, why));
    members.end();
    fits.map(|()| row).ok()
}

/// A crossing as a file says it.
#[derive(Clone, Debug)]
pub(in crate::operations::declared) struct CrossingRead {
    pub(in crate::operations::declared) client: String,
    pub(in crate::operations::declared) terms: Terms,
}

/// The client is what the file calls it.
pub(in crate::operations::declared) fn crossing_said(crossing: &Crossing, client: &str) -> Said {
    let is_other = crossing.client_there != crossing.client_id.to_string();
    terms_said(
        client,
        &crossing.audience,
        is_other.then_some(crossing.client_there.as_str()),
        &crossing.scope,
        &crossing.resources,
    )
}

/// The same of one that is to be; `id` is its client's, if that has one already.
pub(in crate::operations::declared) fn crossing_to_be(client: &str, id: Option<&ClientId>, terms: &Terms) -> Said {
    let there = terms.client_there.as_deref().filter(|there| id.is_none_or(|id| id.to_string() != *there));
    terms_said(client, &terms.audience, there, &terms.scope, &terms.resources)
}

fn terms_said(client: &str, audience: &str, there: Option<&str>, scope: &ScopeSet, resources: &[Resource]) -> Said {
    said(json!({
        "client": client,
        "audience": audience,
        "client_there": there,
        "scope": names(scope),
        "resources": resources,
    }))
}

pub(in crate::operations::declared) fn crossing_read(mut members: Members<'_>, own: &Issuer) -> Option<CrossingRead> {
    let (client, audience) = (members.read::<String>("client"), members.read::<String>("audience"));
    let (client, audience) = (members.needed("client", client), members.needed("audience", audience));
    let client_there = members.read("client_there");
    let scope = set(&mut members, "scope");
    let resources = members.list("resources", |text| Resource::parse(text).map_err(|why| why.to_string()));
    let terms = audience.map(|audience| Terms { audience, client_there, scope, resources });
    if let Some(Err(why)) = terms.as_ref().map(|terms| crossings::bounded(terms, own)) {
        declined(&mut members, why);
        return None;
    }
    members.end();
    Some(CrossingRead { client: client?, terms: terms? })
}
