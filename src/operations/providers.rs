//! Who else knows people: the identity providers whose word is taken here, their subjects that are linked to people, and the
//! crossings by which our own word goes elsewhere.

use serde_json::Value;

use crate::app::App;
use crate::base::{Fault, Id, Issuer, Resource};
use crate::keys::JwkSet;
use crate::model::{
    ClientId, Context, Crossing, Event, GrantType, IdentityProvider, Person, PersonBy, ScopeSet, SubjectLink,
};
use crate::operations::declined::Declined;
use crate::operations::find_client;
use crate::protocol::id_jag::LONGEST_SUBJECT;
use crate::store::tables::{
    CROSSINGS, CROSSINGS_BY_CLIENT, LINKS, LINKS_BY_PROVIDER, PEOPLE, PROVIDERS, PROVIDERS_BY_ISSUER, link_key,
};
use crate::store::{MAX_ROWS, Page, Read, Tx};

/// Most identity providers.
const MOST_PROVIDERS: usize = 64;
/// Most domains of one, and most resources of one crossing.
const MOST_LISTED: usize = 64;
/// Most crossings.
const MOST_CROSSINGS: usize = 10_000;
const LONGEST_ADDRESS: usize = 512;

/// An identity provider to be trusted.
#[derive(Clone, Debug)]
pub struct NewProvider {
    pub issuer: String,
    pub jwks_uri: Option<String>,
    pub jwks: Option<Value>,
    pub person_by: PersonBy,
}

impl NewProvider {
    /// What can be looked at without the store.
    fn bounded(&self, own: &str) -> Result<(), Declined> {
        // One on this computer, for trying things out, is asked for nothing: its keys come with it.
        let is_near = is_loopback(&self.issuer) && self.jwks.is_some();
        if !is_address(&self.issuer) && !is_near {
            let why = "this is no https:// address of at most 512 characters; one on loopback needs its key set";
            return Err(Declined::field("issuer", why));
        }
        if self.issuer == own {
            return Err(Declined::field("issuer", "nobody needs another's word to take their own"));
        }
        match (&self.jwks, &self.jwks_uri) {
            (Some(_), Some(_)) => return Err(Declined::field("jwks", "there is either a key set or its address")),
            (Some(jwks), None) => {
                JwkSet::parse(jwks.to_string().as_bytes())
                    .map_err(|why| Declined::field("jwks", format!("this is no usable set of public keys: {why}")))?;
            }
            (None, Some(uri)) if !is_address(uri) => {
                return Err(Declined::field("jwks_uri", "this is no https:// address of at most 512 characters"));
            }
            (None, _) => {}
        }
        if let PersonBy::Email { domains } = &self.person_by {
            let is_domain = |domain: &String| {
                let part = |part: &str| {
                    !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                };
                domain.len() <= 253 && domain.contains('.') && domain.split('.').all(part)
            };
            if !(1..=MOST_LISTED).contains(&domains.len()) || !domains.iter().all(is_domain) {
                let why = "name the domains that the provider answers for, such as example.com: 1 to 64 of them";
                return Err(Declined::field("domain", why));
            }
        }
        Ok(())
    }
}

fn is_address(text: &str) -> bool {
    let plain = text.len() <= LONGEST_ADDRESS && text.starts_with("https://") && !text.contains(['?', '#']);
    plain && url::Url::parse(text).is_ok_and(|url| url.host_str().is_some() && url.username().is_empty())
}

fn is_loopback(issuer: &str) -> bool {
    issuer.len() <= LONGEST_ADDRESS && Issuer::parse(issuer).is_ok_and(|issuer| issuer.is_loopback())
}

/// Takes a provider's word about people from now on.
pub async fn trust(app: &App, ctx: &Context, new: NewProvider) -> Result<IdentityProvider, Declined> {
    new.bounded(app.issuer.as_str())?;
    let id = Id::<IdentityProvider>::new(ctx.at, &app.entropy)?;
    let outcome = app.store.write("trust identity provider", ctx, move |tx| {
        if tx.find(&PROVIDERS, &PROVIDERS_BY_ISSUER, new.issuer.as_str())?.is_some() {
            return Ok(Err(Declined::Conflict(format!("{} is trusted already", new.issuer))));
        }
        if tx.page(&PROVIDERS, None, MOST_PROVIDERS)?.rows.len() >= MOST_PROVIDERS {
            return Ok(Err(Declined::Conflict(format!(
                "there are {MOST_PROVIDERS} identity providers, the most there may be"
            ))));
        }
        let NewProvider { issuer, jwks_uri, jwks, person_by } = new.clone();
        let provider = IdentityProvider { id, issuer, jwks_uri, jwks, person_by, created_at: tx.now() };
        tx.put(&PROVIDERS, &id, &provider)?;
        let (issuer, person_by) = (provider.issuer.clone(), provider.person_by.clone());
        tx.record(Event::ProviderTrusted { provider: id, issuer, person_by })?;
        Ok(Ok(provider))
    });
    let provider = outcome.await??;
    app.discovery.forget();
    Ok(provider)
}

/// The identity providers, in the order in which they came to be trusted.
pub async fn list(app: &App) -> Result<Vec<IdentityProvider>, Fault> {
    let rows = app.store.read(|view| view.page(&PROVIDERS, None, MOST_PROVIDERS)).await?.rows;
    Ok(rows.into_iter().map(|(_, provider)| provider).collect())
}

/// Takes a provider's word no more. Its links go with it; what was given for its word lives out its minutes.
pub async fn remove(app: &App, ctx: &Context, issuer: String) -> Result<IdentityProvider, Declined> {
    let outcome = app.store.write("remove identity provider", ctx, move |tx| {
        let provider = match named(tx, &issuer)? {
            Ok(provider) => provider,
            Err(declined) => return Ok(Err(declined)),
        };
        let mut links = 0;
        loop {
            let rows = tx.list(&LINKS, &LINKS_BY_PROVIDER, &provider.id, MAX_ROWS)?;
            if rows.is_empty() {
                break;
            }
            for (key, _) in rows {
                tx.delete(&LINKS, &key)?;
                links += 1;
            }
        }
        tx.delete(&PROVIDERS, &provider.id)?;
        tx.record(Event::ProviderRemoved { provider: provider.id, issuer: provider.issuer.clone(), links })?;
        Ok(Ok(provider))
    });
    let provider = outcome.await??;
    app.discovery.forget();
    Ok(provider)
}

/// Says who a provider's subject is here; another whom it was before is so no more.
pub async fn link(
    app: &App,
    ctx: &Context,
    issuer: String,
    subject: String,
    person: Id<Person>,
) -> Result<SubjectLink, Declined> {
    if !(1..=LONGEST_SUBJECT).contains(&subject.len()) || subject.chars().any(char::is_control) {
        return Err(Declined::field("subject", "a subject has 1 to 255 bytes, in one line"));
    }
    app.store
        .write("link subject", ctx, move |tx| {
            let provider = match named(tx, &issuer)? {
                Ok(provider) => provider.id,
                Err(declined) => return Ok(Err(declined)),
            };
            if tx.get(&PEOPLE, &person)?.is_none() {
                return Ok(Err(Declined::Missing(format!("there is no person {person}"))));
            }
            let key = link_key(provider, &subject);
            if let Some(before) = tx.get(&LINKS, &key)? {
                if before.person == person {
                    return Ok(Ok(before));
                }
                let subject = subject.clone();
                tx.record(Event::SubjectUnlinked { provider, subject, person: before.person })?;
            }
            let link = SubjectLink { provider, subject: subject.clone(), person, linked_at: tx.now() };
            tx.put(&LINKS, &key, &link)?;
            tx.record(Event::SubjectLinked { provider, subject: subject.clone(), person })?;
            Ok(Ok(link))
        })
        .await?
}

/// Forgets who a provider's subject is.
pub async fn unlink(app: &App, ctx: &Context, issuer: String, subject: String) -> Result<SubjectLink, Declined> {
    app.store
        .write("unlink subject", ctx, move |tx| {
            let provider = match named(tx, &issuer)? {
                Ok(provider) => provider.id,
                Err(declined) => return Ok(Err(declined)),
            };
            let key = link_key(provider, &subject);
            let Some(link) = tx.get(&LINKS, &key)? else {
                return Ok(Err(Declined::Missing(format!("{issuer} has no link for this subject"))));
            };
            tx.delete(&LINKS, &key)?;
            tx.record(Event::SubjectUnlinked { provider, subject: link.subject.clone(), person: link.person })?;
            Ok(Ok(link))
        })
        .await?
}

/// A provider's links, some at a time.
pub async fn links(app: &App, issuer: String, limit: usize) -> Result<Vec<SubjectLink>, Declined> {
    app.store
        .read(move |view| {
            let provider = match named(view, &issuer)? {
                Ok(provider) => provider.id,
                Err(declined) => return Ok(Err(declined)),
            };
            let rows = view.list(&LINKS, &LINKS_BY_PROVIDER, &provider, limit.min(MAX_ROWS))?;
            Ok(Ok(rows.into_iter().map(|(_, link)| link).collect()))
        })
        .await?
}

fn named(read: &impl Read, issuer: &str) -> Result<Result<IdentityProvider, Declined>, Fault> {
    let found = by_issuer(read, issuer)?;
    Ok(found.ok_or_else(|| Declined::Missing(format!("{issuer} is no identity provider that is trusted here"))))
}

/// The provider of this issuer.
pub(crate) fn by_issuer(read: &impl Read, issuer: &str) -> Result<Option<IdentityProvider>, Fault> {
    Ok(read.find(&PROVIDERS, &PROVIDERS_BY_ISSUER, issuer)?.map(|(_, provider)| provider))
}

/// Leave to be given to a client.
#[derive(Clone, Debug)]
pub struct NewCrossing {
    pub client: ClientId,
    pub audience: String,
    /// What the client is called there; as here, if nothing is said.
    pub client_there: Option<String>,
    pub scope: ScopeSet,
    pub resources: Vec<Resource>,
}

/// Lets a client carry our word about people to another authorization server.
pub async fn allow(app: &App, ctx: &Context, new: NewCrossing) -> Result<Crossing, Declined> {
    // Loopback is for trying things out: nothing is sent there, it is only named.
    if !is_address(&new.audience) && !is_loopback(&new.audience) {
        return Err(Declined::field("audience", "this is no https:// address of at most 512 characters"));
    }
    if new.audience == app.issuer.as_str() {
        return Err(Declined::field("audience", "this is here; nobody needs a crossing to it"));
    }
    let there = new.client_there.clone().unwrap_or_else(|| new.client.to_string());
    if !(1..=LONGEST_ADDRESS).contains(&there.len()) || !there.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Declined::field("client_there", "a client id has 1 to 512 characters of ASCII without blanks"));
    }
    if new.scope.is_empty() || new.scope.len() > ScopeSet::MOST || new.resources.len() > MOST_LISTED {
        return Err(Declined::field("scope", "name 1 to 64 scopes of the other server, and at most 64 resources"));
    }
    let id = Id::<Crossing>::new(ctx.at, &app.entropy)?;
    let outcome = app.store.write("allow crossing", ctx, move |tx| {
        let client = match find_client::stored(tx, &new.client)?.client() {
            Some(client) => client,
            // The document of one that has an address need not have been seen yet.
            None if matches!(new.client, ClientId::Document(_)) => {
                return Ok(Err(Declined::Conflict(
                    "nobody has connected this application yet; it has to be known first".to_owned(),
                )));
            }
            None => return Ok(Err(Declined::Missing(format!("there is no application {}", new.client)))),
        };
        if !client.allows_grant(GrantType::TokenExchange) || client.is_public() {
            let why = "it needs the grant urn:ietf:params:oauth:grant-type:token-exchange, and a way to authenticate";
            return Ok(Err(Declined::Conflict(why.to_owned())));
        }
        let key = (new.client.to_string(), new.audience.clone());
        if let Some((known, _)) = tx.find(&CROSSINGS, &CROSSINGS_BY_CLIENT, &key)? {
            return Ok(Err(Declined::Conflict(format!("{known} is that crossing already; remove it first"))));
        }
        if tx.page(&CROSSINGS, None, MOST_CROSSINGS)?.rows.len() >= MOST_CROSSINGS {
            return Ok(Err(Declined::Conflict(format!("there are {MOST_CROSSINGS} crossings, the most there may be"))));
        }
        let crossing = Crossing {
            id,
            client_id: new.client.clone(),
            audience: new.audience.clone(),
            client_there: there.clone(),
            scope: new.scope.clone(),
            resources: new.resources.clone(),
            created_at: tx.now(),
        };
        tx.put(&CROSSINGS, &id, &crossing)?;
        let told = crossing.clone();
        tx.record(Event::CrossingAllowed {
            crossing: id,
            client: told.client_id,
            audience: told.audience,
            client_there: told.client_there,
            scope: told.scope,
            resources: told.resources,
        })?;
        Ok(Ok(crossing))
    });
    let crossing = outcome.await??;
    app.discovery.forget();
    Ok(crossing)
}

/// Crossings before `before`, the newest first.
pub async fn crossings(
    app: &App,
    before: Option<Id<Crossing>>,
    limit: usize,
) -> Result<Page<Id<Crossing>, Crossing>, Fault> {
    app.store.read(move |view| view.newest(&CROSSINGS, before.as_ref(), limit.min(1_000))).await
}

/// Takes a client's leave back. What it carries already is good for five minutes at most.
pub async fn disallow(app: &App, ctx: &Context, id: Id<Crossing>) -> Result<Crossing, Declined> {
    let outcome = app.store.write("remove crossing", ctx, move |tx: &mut Tx<'_>| {
        let Some(crossing) = tx.get(&CROSSINGS, &id)? else {
            return Ok(Err(Declined::Missing(format!("there is no crossing {id}"))));
        };
        tx.delete(&CROSSINGS, &id)?;
        let (client, audience) = (crossing.client_id.clone(), crossing.audience.clone());
        tx.record(Event::CrossingRemoved { crossing: id, client, audience })?;
        Ok(Ok(crossing))
    });
    let crossing = outcome.await??;
    app.discovery.forget();
    Ok(crossing)
}

/// Whether a provider is trusted, and whether there is a crossing: what the metadata says.
pub(crate) fn there_are(read: &impl Read) -> Result<(bool, bool), Fault> {
    Ok((!read.page(&PROVIDERS, None, 1)?.rows.is_empty(), !read.page(&CROSSINGS, None, 1)?.rows.is_empty()))
}
