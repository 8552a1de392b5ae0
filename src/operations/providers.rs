//! Who else knows people: the identity providers whose word is taken here, and their subjects that are linked to people. Where our own
//! word goes is [`crossings`](super::crossings)'.

use serde_json::Value;

use crate::app::App;
use crate::base::{Digest, Fault, Id, Issuer, Secret, Timestamp};
use crate::keys::JwkSet;
use crate::model::{Email, Event, IdentityProvider, Person, PersonBy, ScopeSet, Sealed, SubjectLink, UpstreamSignIn};
use crate::operations::declined::{Declined, line};
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::operations::seen::{Seen, difference, json};
use crate::protocol::id_jag::LONGEST_SUBJECT;
use crate::protocol::own_scopes::ADMIN;
use crate::store::tables::{
    LINKS, LINKS_BY_PROVIDER, PEOPLE, PEOPLE_BY_EMAIL, PROVIDERS, PROVIDERS_BY_ISSUER, link_key,
};
use crate::store::{MAX_ROWS, Page, Read, Tx};

/// Most identity providers.
pub(super) const MOST_PROVIDERS: usize = 64;
/// Most domains of one, and most resources of one crossing.
pub(super) const MOST_LISTED: usize = 64;
pub(super) const LONGEST_ADDRESS: usize = 512;

/// An identity provider to be trusted.
#[derive(Clone, Debug)]
pub struct NewProvider {
    pub issuer: String,
    pub jwks_uri: Option<String>,
    pub jwks: Option<Value>,
    pub person_by: PersonBy,
    /// That people may sign in with it: a name for the button and a `client_id` are needed.
    pub sign_in: Option<SignInTerms>,
}

/// How people sign in with a provider; what is not said stays, or is as usual.
#[derive(Clone, Debug, Default)]
pub struct SignInTerms {
    pub name: Option<String>,
    pub client_id: Option<String>,
    /// `Some(None)`: from now on it has none.
    pub secret: Option<Option<Secret>>,
    pub scope: Option<ScopeSet>,
    pub on: Option<bool>,
}

/// What is asked for at a provider unless something else is said: who it is, and their address.
pub(super) const USUAL_SCOPE: &str = "openid email";
/// Most scopes that are asked for, longest client id and secret there, and longest name on a button.
const MOST_SCOPES: usize = 16;
const LONGEST_CLIENT_ID: usize = 512;
const LONGEST_SECRET: usize = 1_024;
const LONGEST_NAME: usize = 40;

/// Where a provider sends the browser back to. RFC 9700 §4.4.2.2: "clients MUST use a distinct redirect URI for each issuer they interact
/// with."
pub fn redirect_uri(app: &App, id: Id<IdentityProvider>) -> String {
    app.issuer.url(&format!("/sign-in/provider/callback/{id}"))
}

/// What is to be different about one; what is not named stays. Its issuer is who it is.
#[derive(Clone, Debug, Default)]
pub struct ProviderChange {
    pub jwks_uri: Option<Option<String>>,
    pub jwks: Option<Option<Value>>,
    pub person_by: Option<PersonBy>,
    /// `Some(None)`: nobody signs in with it any more, and its secret is forgotten.
    pub sign_in: Option<Option<SignInTerms>>,
}

/// What can be looked at without the store.
pub(super) fn bounded(row: &IdentityProvider, own: &str) -> Result<(), Declined> {
    // One on this computer, for trying things out, is asked for nothing: its keys come with it.
    let is_near = is_loopback(&row.issuer) && row.jwks.is_some();
    if !is_address(&row.issuer) && !is_near {
        let why = "this is no https:// address of at most 512 characters; one on loopback needs its key set";
        return Err(Declined::field("issuer", why));
    }
    if row.issuer == own {
        return Err(Declined::field("issuer", "nobody needs another's word to take their own"));
    }
    match (&row.jwks, &row.jwks_uri) {
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
    if let PersonBy::Email { domains } = &row.person_by {
        let is_domain = |domain: &String| {
            let part = |part: &str| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            };
            domain.len() <= 253 && domain.contains('.') && domain.split('.').all(part)
        };
        if !(1..=MOST_LISTED).contains(&domains.len()) || !domains.iter().all(is_domain) {
            let why = "name the domains that the provider answers for, such as example.com: 1 to 64 of them";
            return Err(Declined::field("email_domains", why));
        }
    }
    if let Some(sign_in) = &row.sign_in {
        if !row.issuer.starts_with("https://") {
            return Err(Declined::field(
                "sign_in",
                "people sign in only with a provider whose issuer is an https:// address",
            ));
        }
        line("sign_in.name", &sign_in.name, LONGEST_NAME, "what people call it, such as Google")?;
        let visible = sign_in.client_id.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if !visible || !(1..=LONGEST_CLIENT_ID).contains(&sign_in.client_id.len()) {
            let why = "say what this appliance is called at the provider: 1 to 512 visible characters";
            return Err(Declined::field("sign_in.client_id", why));
        }
        // OpenID Connect Core §3.1.2.1: "OpenID Connect requests MUST contain the openid scope value."
        if !sign_in.scope.contains("openid") || sign_in.scope.len() > MOST_SCOPES {
            return Err(Declined::field("sign_in.scope", "at most 16 scopes, and openid is one of them"));
        }
    }
    Ok(())
}

/// A secret as it is kept, bound to its row.
fn sealed(app: &App, id: Id<IdentityProvider>, terms: Option<&SignInTerms>) -> Result<Option<Sealed>, Declined> {
    let Some(secret) = terms.and_then(|terms| terms.secret.as_ref()).and_then(Option::as_ref) else { return Ok(None) };
    let visible = secret.expose().bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if !visible || !(1..=LONGEST_SECRET).contains(&secret.len()) {
        let why = "a secret has 1 to 1024 visible characters; leave it out for a client without one";
        return Err(Declined::field("sign_in.secret", why));
    }
    let context = IdentityProvider::seal_context(id);
    Ok(Some(app.row_sealer.seal(secret.expose().as_bytes(), context.as_bytes(), &app.entropy)?))
}

/// How people sign in from now on.
fn signing_in(
    before: Option<&UpstreamSignIn>,
    terms: &SignInTerms,
    sealed: Option<&Sealed>,
    now: Timestamp,
) -> Result<UpstreamSignIn, Declined> {
    let name = terms.name.as_deref().map(str::trim).map(str::to_owned).or_else(|| before.map(|it| it.name.clone()));
    let client_id = terms.client_id.clone().or_else(|| before.map(|it| it.client_id.clone()));
    let missing = |field, why: &str| Declined::field(field, why);
    let usual = || USUAL_SCOPE.parse().unwrap_or_default();
    let (secret, secret_set_at) = match (&terms.secret, sealed) {
        (Some(_), Some(sealed)) => (Some(sealed.clone()), Some(now)),
        (Some(_), None) => (None, None),
        (None, _) => before.map_or((None, None), |it| (it.secret.clone(), it.secret_set_at)),
    };
    Ok(UpstreamSignIn {
        name: name.ok_or_else(|| missing("sign_in.name", "say what people read on the button, such as Google"))?,
        client_id: client_id
            .ok_or_else(|| missing("sign_in.client_id", "say what this appliance is called at the provider"))?,
        secret,
        secret_set_at,
        scope: terms.scope.clone().or_else(|| before.map(|it| it.scope.clone())).unwrap_or_else(usual),
        on: terms.on.or_else(|| before.map(|it| it.on)).unwrap_or(true),
    })
}

pub(super) fn is_address(text: &str) -> bool {
    let plain = text.len() <= LONGEST_ADDRESS && text.starts_with("https://") && !text.contains(['?', '#']);
    plain && url::Url::parse(text).is_ok_and(|url| url.host_str().is_some() && url.username().is_empty())
}

pub(super) fn is_loopback(issuer: &str) -> bool {
    issuer.len() <= LONGEST_ADDRESS && Issuer::parse(issuer).is_ok_and(|issuer| issuer.is_loopback())
}

/// Whose word is taken about people is who one can be here, also an administrator: so it is decided by who may do everything.
fn may_decide(by: &Operator) -> Result<(), Declined> {
    if by.reaches(ADMIN) {
        return Ok(());
    }
    let why = "whose word is taken about people says who one can be";
    Err(Declined::Forbidden(format!("{why}: only who has `{ADMIN}` decides about it")))
}

/// Takes a provider's word about people from now on.
pub async fn trust(app: &App, by: &Operator, new: NewProvider) -> Result<IdentityProvider, Declined> {
    may_decide(by)?;
    let id = Id::<IdentityProvider>::new(by.at, &app.entropy)?;
    let NewProvider { issuer, jwks_uri, jwks, person_by, sign_in } = new;
    let sealed = sealed(app, id, sign_in.as_ref())?;
    let sign_in = sign_in.map(|terms| signing_in(None, &terms, sealed.as_ref(), by.at)).transpose()?;
    let row = IdentityProvider { id, issuer, jwks_uri, jwks, person_by, sign_in, created_at: by.at };
    bounded(&row, app.issuer.as_str())?;
    let (ctx, by) = (by, by.clone());
    let outcome = app.store.write("trust identity provider", ctx, move |tx| {
        if let Some(earlier) = by.request().earlier(tx)? {
            return Ok(earlier);
        }
        if let Err(declined) = by.stands(tx)? {
            return Ok(Err(declined));
        }
        if tx.find(&PROVIDERS, &PROVIDERS_BY_ISSUER, row.issuer.as_str())?.is_some() {
            return Ok(Err(Declined::Conflict(format!("{} is trusted already", row.issuer))));
        }
        if tx.page(&PROVIDERS, None, MOST_PROVIDERS)?.rows.len() >= MOST_PROVIDERS {
            return Ok(Err(Declined::Conflict(format!(
                "there are {MOST_PROVIDERS} identity providers, the most there may be"
            ))));
        }
        put(tx, &row)?;
        by.request().done(tx, row.id, &row.without_secret(), Answer::Repeatable)?;
        Ok(Ok(row.clone()))
    });
    let provider = outcome.await??;
    app.discovery.forget();
    Ok(provider)
}

pub(super) fn put(tx: &mut Tx<'_>, row: &IdentityProvider) -> Result<(), Fault> {
    tx.put(&PROVIDERS, &row.id, row)?;
    let (issuer, person_by) = (row.issuer.clone(), row.person_by.clone());
    let sign_in = told(row)?.get("sign_in").cloned().unwrap_or_default();
    tx.record(Event::ProviderTrusted { provider: row.id, issuer, person_by, sign_in })
}

/// Changes where a provider's keys are, by what it knows people, or how they sign in with it. Its links stay.
pub async fn change(
    app: &App,
    by: &Operator,
    id: Id<IdentityProvider>,
    seen: Seen,
    change: ProviderChange,
) -> Result<IdentityProvider, Declined> {
    may_decide(by)?;
    let sealed = sealed(app, id, change.sign_in.as_ref().and_then(Option::as_ref))?;
    let (own, ctx, by) = (app.issuer.clone(), by, by.clone());
    app.store
        .write("change identity provider", ctx, move |tx| {
            let current = match changeable(tx, &by, id, &seen)? {
                Ok(current) => current,
                Err(declined) => return Ok(Err(declined)),
            };
            let mut changed = current.clone();
            if let Some(jwks_uri) = &change.jwks_uri {
                changed.jwks_uri.clone_from(jwks_uri);
            }
            if let Some(jwks) = &change.jwks {
                changed.jwks.clone_from(jwks);
            }
            if let Some(person_by) = &change.person_by {
                changed.person_by.clone_from(person_by);
            }
            match &change.sign_in {
                None => {}
                Some(None) => changed.sign_in = None,
                Some(Some(terms)) => match signing_in(current.sign_in.as_ref(), terms, sealed.as_ref(), tx.now()) {
                    Ok(sign_in) => changed.sign_in = Some(sign_in),
                    Err(declined) => return Ok(Err(declined)),
                },
            }
            if let Err(declined) = bounded(&changed, own.as_str()) {
                return Ok(Err(declined));
            }
            become_this(tx, &current, changed).map(Ok)
        })
        .await?
}

/// A row for the audit log: of its secret, the first characters of a digest.
fn told(row: &IdentityProvider) -> Result<Value, Fault> {
    let mut told = json(&row.without_secret())?;
    let secret = row.sign_in.as_ref().and_then(|sign_in| sign_in.secret.as_ref());
    if let (Some(secret), Some(Value::Object(sign_in))) = (secret, told.get_mut("sign_in")) {
        sign_in.insert("secret".to_owned(), Value::from(Digest::of(secret.as_str().as_bytes()).short()));
    }
    Ok(told)
}

pub(super) fn become_this(
    tx: &mut Tx<'_>,
    current: &IdentityProvider,
    changed: IdentityProvider,
) -> Result<IdentityProvider, Fault> {
    if let Some((before, after)) = difference(told(current)?, told(&changed)?, &[]) {
        tx.put(&PROVIDERS, &changed.id, &changed)?;
        tx.record(Event::ProviderChanged { provider: changed.id, before, after })?;
    }
    Ok(changed)
}

/// Identity providers behind `after`, in the order in which they came to be trusted.
pub async fn page(
    app: &App,
    after: Option<Id<IdentityProvider>>,
    limit: usize,
) -> Result<Page<Id<IdentityProvider>, IdentityProvider>, Fault> {
    app.store.read(move |view| view.page(&PROVIDERS, after.as_ref(), limit.min(MOST_PROVIDERS))).await
}

/// All of them.
pub async fn list(app: &App) -> Result<Vec<IdentityProvider>, Fault> {
    Ok(page(app, None, MOST_PROVIDERS).await?.rows.into_iter().map(|(_, provider)| provider).collect())
}

/// One of them.
pub async fn find(app: &App, id: Id<IdentityProvider>) -> Result<IdentityProvider, Declined> {
    app.store.read(move |view| view.get(&PROVIDERS, &id)).await?.ok_or_else(|| unknown(id))
}

/// The one that is meant by its issuer, or by its id.
pub async fn named(app: &App, name: &str) -> Result<IdentityProvider, Declined> {
    if let Ok(id) = name.parse() {
        return find(app, id).await;
    }
    let issuer = name.to_owned();
    let found = app.store.read(move |view| by_issuer(view, &issuer)).await?;
    found.ok_or_else(|| Declined::Missing(format!("{name} is no identity provider that is trusted here")))
}

/// Takes a provider's word no more. Its links go with it; what was given for its word lives out its minutes.
pub async fn remove(
    app: &App,
    by: &Operator,
    id: Id<IdentityProvider>,
    seen: Seen,
) -> Result<IdentityProvider, Declined> {
    may_decide(by)?;
    let (ctx, by) = (by, by.clone());
    let outcome = app.store.write("remove identity provider", ctx, move |tx| {
        let provider = match changeable(tx, &by, id, &seen)? {
            Ok(provider) => provider,
            Err(declined) => return Ok(Err(declined)),
        };
        take(tx, &provider)?;
        Ok(Ok(provider))
    });
    let provider = outcome.await??;
    app.discovery.forget();
    Ok(provider)
}

pub(super) fn take(tx: &mut Tx<'_>, provider: &IdentityProvider) -> Result<(), Fault> {
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
    tx.record(Event::ProviderRemoved { provider: provider.id, issuer: provider.issuer.clone(), links })
}

/// The provider as it is, for an operator who still stands and has seen it so.
fn changeable(
    tx: &Tx<'_>,
    by: &Operator,
    id: Id<IdentityProvider>,
    seen: &Seen,
) -> Result<Result<IdentityProvider, Declined>, Fault> {
    if let Err(declined) = by.stands(tx)? {
        return Ok(Err(declined));
    }
    let Some(provider) = tx.get(&PROVIDERS, &id)? else { return Ok(Err(unknown(id))) };
    Ok(seen.is_still(&provider.without_secret())?.map(|()| provider))
}

fn unknown(id: Id<IdentityProvider>) -> Declined {
    Declined::Missing(format!("there is no identity provider {id}"))
}

/// Says who a provider's subject is here; another whom it was before is so no more.
pub async fn link(
    app: &App,
    by: &Operator,
    id: Id<IdentityProvider>,
    subject: String,
    person: Id<Person>,
) -> Result<SubjectLink, Declined> {
    may_decide(by)?;
    if !(1..=LONGEST_SUBJECT).contains(&subject.len()) || subject.chars().any(char::is_control) {
        return Err(Declined::field("subject", "a subject has 1 to 255 bytes, in one line"));
    }
    let (ctx, by) = (by, by.clone());
    app.store
        .write("link subject", ctx, move |tx| {
            if let Some(earlier) = by.request().earlier(tx)? {
                return Ok(earlier);
            }
            let provider = match changeable(tx, &by, id, &Seen::Anything)? {
                Ok(provider) => provider.id,
                Err(declined) => return Ok(Err(declined)),
            };
            if tx.get(&PEOPLE, &person)?.is_none() {
                return Ok(Err(Declined::field("person", format!("there is no person {person}"))));
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
            by.request().done(tx, &subject, &link, Answer::Repeatable)?;
            Ok(Ok(link))
        })
        .await?
}

/// Forgets who a provider's subject is.
pub async fn unlink(
    app: &App,
    by: &Operator,
    id: Id<IdentityProvider>,
    seen: Seen,
    subject: String,
) -> Result<SubjectLink, Declined> {
    may_decide(by)?;
    let (ctx, by) = (by, by.clone());
    app.store
        .write("unlink subject", ctx, move |tx| {
            let provider = match changeable(tx, &by, id, &Seen::Anything)? {
                Ok(provider) => provider.id,
                Err(declined) => return Ok(Err(declined)),
            };
            let key = link_key(provider, &subject);
            let Some(link) = tx.get(&LINKS, &key)? else { return Ok(Err(unlinked())) };
            if let Err(declined) = seen.is_still(&link)? {
                return Ok(Err(declined));
            }
            tx.delete(&LINKS, &key)?;
            tx.record(Event::SubjectUnlinked { provider, subject: link.subject.clone(), person: link.person })?;
            Ok(Ok(link))
        })
        .await?
}

fn unlinked() -> Declined {
    Declined::Missing("this subject is linked to nobody".to_owned())
}

/// A provider's links behind that of the subject `after`, by subject.
pub async fn links(
    app: &App,
    id: Id<IdentityProvider>,
    after: Option<String>,
    limit: usize,
) -> Result<Page<String, SubjectLink>, Declined> {
    app.store
        .read(move |view| {
            if view.get(&PROVIDERS, &id)?.is_none() {
                return Ok(Err(unknown(id)));
            }
            let after = after.map(|subject| link_key(id, &subject));
            let page = view.list_after(&LINKS, &LINKS_BY_PROVIDER, &id, after.as_ref(), limit.min(MAX_ROWS))?;
            let rows = page.rows.into_iter().map(|(key, link)| (key.1, link)).collect();
            Ok(Ok(Page { rows, next: page.next.map(|key| key.1) }))
        })
        .await?
}

/// Who one subject of a provider is here.
pub async fn find_link(app: &App, id: Id<IdentityProvider>, subject: &str) -> Result<SubjectLink, Declined> {
    let key = link_key(id, subject);
    app.store.read(move |view| view.get(&LINKS, &key)).await?.ok_or_else(unlinked)
}

/// Whoever has an address here that the provider verified, if an administrator lets it speak for that address's domain.
pub(super) fn by_address(read: &impl Read, provider: &IdentityProvider, email: &str) -> Result<Option<Person>, Fault> {
    let PersonBy::Email { domains } = &provider.person_by else { return Ok(None) };
    // As addresses are here before anything is folded, ASCII: small letters of ours are made of letters of others too, and the Kelvin sign
    // would be somebody's k.
    let Some(email) = email.parse::<Email>().ok().filter(|parsed| parsed.as_str() == email) else { return Ok(None) };
    let folded = email.folded();
    let domain = folded.rsplit_once('@').map(|(_, domain)| domain);
    // No provider speaks for another's domain.
    if !domain.is_some_and(|domain| domains.iter().any(|one| one == domain)) {
        return Ok(None);
    }
    Ok(read.find(&PEOPLE, &PEOPLE_BY_EMAIL, folded.as_str())?.map(|(_, person)| person))
}

/// The provider of this issuer.
pub(crate) fn by_issuer(read: &impl Read, issuer: &str) -> Result<Option<IdentityProvider>, Fault> {
    Ok(read.find(&PROVIDERS, &PROVIDERS_BY_ISSUER, issuer)?.map(|(_, provider)| provider))
}

/// Whether there is one: what the metadata says.
pub(super) fn there_is_one(read: &impl Read) -> Result<bool, Fault> {
    Ok(!read.page(&PROVIDERS, None, 1)?.rows.is_empty())
}
