//! Applications, as an administrator registers and governs them. Those that register themselves are
//! [`registration`](super::registration)'s.

use serde_json::{Map, Value, json};

use super::fits_here::fits_here;
use crate::app::App;
use crate::base::{Fault, Id, Issuer, OpaqueToken, Resource, Secret, Timestamp, TokenKind};
use crate::keys::JwkSet;
use crate::model::{Client, ClientId, ClientState, Event, Provenance, Review, ScopeSet, Verified};
use crate::operations::credentials::reason;
use crate::operations::declined::Declined;
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::operations::registration::bury;
use crate::operations::seen::{Seen, difference, made};
use crate::operations::status::end::{self, LiveTokens, Owner, end_owner};
use crate::operations::{look_alike, resources, scopes, search};
use crate::protocol::own_scopes::within_reach;
use crate::protocol::registration::{
    Issued, Registration, RegistrationRefusal, VouchedBy, admit, approved, edited, registration_response, unused_since,
};
use crate::store::tables::CLIENTS;
use crate::store::{Page, Read, Tx};

/// An application to be registered by hand.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// The same members, under the same rules, as at the registration endpoint.
    pub registration: Registration,
    /// The resources it may have tokens for, by identifier or alias; none for any.
    pub resources: Vec<Resource>,
    /// The resources it answers for: it may introspect their tokens.
    pub serves: Vec<Resource>,
}

/// What is to be changed in one; what is not named stays.
#[derive(Clone, Debug, Default)]
pub struct ClientChange {
    /// Members by their names at the registration endpoint; `null` takes one away.
    pub members: Map<String, Value>,
    pub resources: Option<Vec<Resource>>,
    pub serves: Option<Vec<Resource>>,
}

/// What is shown once.
#[derive(Debug)]
pub struct Made {
    pub client: Client,
    /// For the methods that have one.
    pub secret: Option<Secret>,
}

/// Which applications are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Which {
    pub state: Option<ClientState>,
    pub registered: Option<RegisteredBy>,
    pub checked: Option<Checked>,
}

/// How an application came to be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisteredBy {
    Administrator,
    Itself,
    Document,
}

/// Whether an administrator answers for what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    Verified,
    ByNobody,
}

impl Which {
    pub fn fits(&self, client: &Client) -> bool {
        let registered = match client.provenance {
            Provenance::Administrator | Provenance::Machine => RegisteredBy::Administrator,
            Provenance::Dynamic { .. } => RegisteredBy::Itself,
            Provenance::Document => RegisteredBy::Document,
        };
        let checked = if client.verified().is_some() { Checked::Verified } else { Checked::ByNobody };
        self.state.is_none_or(|state| client.state == state)
            && self.registered.is_none_or(|wanted| wanted == registered)
            && self.checked.is_none_or(|wanted| wanted == checked)
    }

    fn is_any(&self) -> bool {
        self.state.is_none() && self.registered.is_none() && self.checked.is_none()
    }
}

/// Most clients given at once.
const MOST: usize = 1_000;
/// Most clients removed in one transaction: requests wait behind it.
const MOST_REMOVED: usize = 200;
/// Most resources of one client.
const MOST_RESOURCES: usize = 64;

/// Registers an application that an administrator answers for. It is kept whether or not it is used.
pub async fn add(app: &App, by: &Operator, new: NewClient) -> Result<Made, Declined> {
    few(&new.resources)?;
    few(&new.serves)?;
    let fitting = fits_here(app, &new.registration).and_then(|()| admit(new.registration, VouchedBy::Administrator));
    let admitted = fitting.map_err(|refusal| invalid(&refusal))?;
    let (ctx, id) = (by, Id::<Client>::new(by.at, &app.entropy)?);
    let secret = match admitted.auth_method().has_secret() {
        true => Some(OpaqueToken::new(TokenKind::ClientSecret, id, &app.entropy)?),
        false => None,
    };
    let answer = if secret.is_some() { Answer::HoldsASecret } else { Answer::Repeatable };
    let issued = Issued {
        id,
        provenance: Provenance::Administrator,
        secret: secret.as_ref().map(OpaqueToken::digest),
        state: ClientState::Active,
        unused_for: app.settings.now().registration.unused_for,
    };
    let client = admitted.into_client(issued, ctx.at);
    by.may_give(&within_reach(&client))?;
    let (asked, serves, issuer, by) = (new.resources, new.serves, app.issuer.clone(), by.clone());
    let added = app.store.write("add client", ctx, move |tx| {
        if let Some(earlier) = by.request().earlier(tx)? {
            return Ok(earlier);
        }
        if let Err(declined) = by.stands(tx)? {
            return Ok(Err(declined));
        }
        if let Err(declined) = scopes::all_known(tx, "scope", client.scope.as_ref().unwrap_or(&ScopeSet::new()))? {
            return Ok(Err(declined));
        }
        let (resources, serves) =
            match (resources::all_known(tx, "resources", &asked)?, resources::all_known(tx, "serves", &serves)?) {
                (Ok(resources), Ok(serves)) => (resources, serves),
                (Err(declined), _) | (_, Err(declined)) => return Ok(Err(declined)),
            };
        let client = Client { resources, serves, ..client.clone() };
        tx.put(&CLIENTS, &id, &client)?;
        by.request().done(tx, &client.id, &client, answer)?;
        let (client_id, name) = (client.id.clone(), client.name.clone());
        let after = made(&told(&client, &issuer), &[])?;
        tx.record(Event::ClientRegistered { client: client_id, name, how: "administrator".to_owned(), after })?;
        Ok(Ok(client))
    });
    let client = added.await??;
    Ok(Made { client, secret: secret.map(OpaqueToken::into_secret) })
}

/// Reads the members of a registration, by their names at the registration endpoint; what is wrong is named.
pub fn registration(members: &Value) -> Result<Registration, Declined> {
    Registration::parse(members.to_string().as_bytes()).map_err(|refusal| invalid(&refusal))
}

/// Clients before `before`, the newest first.
pub async fn list(
    app: &App,
    which: Which,
    before: Option<Id<Client>>,
    limit: usize,
) -> Result<Page<Id<Client>, Client>, Fault> {
    let limit = limit.min(MOST);
    app.store
        .read(move |view| match which.is_any() {
            true => view.newest(&CLIENTS, before.as_ref(), limit),
            false => search::newest(view, &CLIENTS, before.as_ref(), limit, |client| which.fits(client)),
        })
        .await
}

/// The newest clients whose names have `text` in them, whatever its case. Of more than a few thousand, the oldest are not looked at.
pub async fn named_like(app: &App, text: &str, limit: usize) -> Result<Vec<Client>, Fault> {
    named_like_among(app, Which::default(), text, limit).await
}

/// The same of those that are listed.
pub async fn named_like_among(app: &App, which: Which, text: &str, limit: usize) -> Result<Vec<Client>, Fault> {
    let text = text.to_lowercase();
    let fits = move |client: &Client| which.fits(client) && client.name.to_lowercase().contains(&text);
    let page = app.store.read(move |view| search::newest(view, &CLIENTS, None, limit.min(MOST), fits)).await?;
    Ok(page.rows.into_iter().map(|(_, client)| client).collect())
}

/// One that is registered here.
pub async fn find(app: &App, id: &ClientId) -> Result<Client, Declined> {
    let key = registered(id)?;
    app.store.read(move |view| view.get(&CLIENTS, &key)).await?.ok_or_else(|| unknown(id))
}

/// Changes what is registered, as far as it is still as it was seen.
pub async fn change(app: &App, by: &Operator, id: ClientId, seen: Seen, ask: ClientChange) -> Result<Client, Declined> {
    few(ask.resources.as_deref().unwrap_or_default())?;
    few(ask.serves.as_deref().unwrap_or_default())?;
    // Read as they will be read when an assertion is verified; not in the transaction, because it takes a while.
    if ask.members.get("jwks").is_some_and(|jwks| !jwks.is_null() && JwkSet::parse_value(jwks).is_err()) {
        let why = "none of its keys is a valid RSA, P-256 or Ed25519 key for signatures";
        return Err(Declined::field("jwks", why));
    }
    let (key, issuer, ctx, by) = (registered(&id)?, app.issuer.clone(), by, by.clone());
    app.store
        .write("change client", ctx, move |tx| {
            let current = match standing(tx, &by, key, &id, &seen)? {
                Ok(current) => current,
                Err(declined) => return Ok(Err(declined)),
            };
            let changed = match changed(tx, &current, &ask, &issuer)? {
                Ok(changed) => changed,
                Err(declined) => return Ok(Err(declined)),
            };
            // Who may change what holds more than they have themselves could turn it to their own ends.
            if let Err(declined) = by.may_give(&within_reach(&current).union(&within_reach(&changed))) {
                return Ok(Err(declined));
            }
            if let Some((before, after)) = difference(told(&current, &issuer), told(&changed, &issuer), &[]) {
                tx.replace(&CLIENTS, &key, &current, &changed)?;
                tx.record(Event::ClientChanged { client: id.clone(), before, after })?;
            }
            Ok(Ok(changed))
        })
        .await?
}

fn changed(
    read: &impl Read,
    current: &Client,
    ask: &ClientChange,
    issuer: &Issuer,
) -> Result<Result<Client, Declined>, Fault> {
    let mut changed = match edited(current, &ask.members, issuer) {
        Ok(changed) => changed,
        Err(refusal) => return Ok(Err(invalid(&refusal))),
    };
    if changed.scope != current.scope {
        let scope = changed.scope.clone().unwrap_or_default();
        if let Err(declined) = scopes::all_known(read, "scope", &scope)? {
            return Ok(Err(declined));
        }
    }
    for (field, asked, known) in
        [("resources", &ask.resources, &mut changed.resources), ("serves", &ask.serves, &mut changed.serves)]
    {
        let Some(asked) = asked else { continue };
        match resources::all_known(read, field, asked)? {
            Ok(resources) => *known = resources,
            Err(declined) => return Ok(Err(declined)),
        }
    }
    Ok(Ok(changed))
}

/// What the audit log says of a client: what is registered, and nothing that proves anything.
pub(super) fn told(client: &Client, issuer: &Issuer) -> Value {
    let mut document = registration_response(client, None, None, issuer);
    if let Value::Object(members) = &mut document {
        members.insert("resources".to_owned(), json!(client.resources));
        members.insert("serves".to_owned(), json!(client.serves));
        members.insert("verified".to_owned(), json!(client.review.verified.is_some()));
    }
    document
}

/// Lets a client that registered itself be used.
pub async fn approve(app: &App, by: &Operator, id: ClientId, seen: Seen) -> Result<Client, Declined> {
    approve_if(app, by, id, seen, Alike::Passes).await
}

/// The same by somebody who has not opened its page: one that may be taken for another application waits on. Attack case 38.
pub async fn approve_unopened(app: &App, by: &Operator, id: ClientId, seen: Seen) -> Result<Client, Declined> {
    approve_if(app, by, id, seen, Alike::Waits).await
}

/// What becomes of an application that may be taken for another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alike {
    Passes,
    Waits,
}

async fn approve_if(app: &App, by: &Operator, id: ClientId, seen: Seen, alike: Alike) -> Result<Client, Declined> {
    let (key, unused_for, ctx, by) = (registered(&id)?, app.settings.now().registration.unused_for, by, by.clone());
    app.store
        .write("approve client", ctx, move |tx| {
            let client = match standing(tx, &by, key, &id, &seen)? {
                Ok(client) => client,
                Err(declined) => return Ok(Err(declined)),
            };
            // What was decided against may be decided about again.
            if !matches!(client.state, ClientState::AwaitingApproval | ClientState::Rejected) {
                return Ok(Err(Declined::Conflict(format!("{id} does not wait for approval"))));
            }
            // As things stand here: the other one may have been added since somebody looked.
            if alike == Alike::Waits
                && let Some(known) = look_alike::resembles(tx, &client)?
            {
                let why = format!("{id} may be taken for {known}: open its page before you decide about it");
                return Ok(Err(Declined::Conflict(why)));
            }
            let client = approved(client, tx.now(), unused_for);
            tx.put(&CLIENTS, &key, &client)?;
            tx.record(Event::ClientApproved { client: id.clone() })?;
            Ok(Ok(client))
        })
        .await?
}

/// Decides against a client that waits. Whoever wants to use it reads `because`. It may be approved after all.
pub async fn reject(app: &App, by: &Operator, id: ClientId, seen: Seen, because: &str) -> Result<Client, Declined> {
    let (key, because, ctx, by) = (registered(&id)?, reason(because)?, by, by.clone());
    app.store
        .write("reject client", ctx, move |tx| {
            let client = match standing(tx, &by, key, &id, &seen)? {
                Ok(client) => client,
                Err(declined) => return Ok(Err(declined)),
            };
            if client.state != ClientState::AwaitingApproval {
                return Ok(Err(Declined::Conflict(format!("{id} does not wait for approval"))));
            }
            let review = Review { verified: None, rejected: Some(because.clone()) };
            let rejected = Client { state: ClientState::Rejected, review, ..client.clone() };
            tx.replace(&CLIENTS, &key, &client, &rejected)?;
            tx.record(Event::ClientRejected { client: id.clone(), because: because.clone() })?;
            Ok(Ok(rejected))
        })
        .await?
}

/// Says that somebody looked at a client and answers for what it is: its name, and where its answers go. The mark is of the client as it is
/// in this transaction, so whoever looked at a page says by `seen` which one that was.
pub async fn verify(app: &App, by: &Operator, id: ClientId, seen: Seen) -> Result<Client, Declined> {
    let (key, ctx, by) = (registered(&id)?, by, by.clone());
    app.store
        .write("verify client", ctx, move |tx| {
            let client = match standing(tx, &by, key, &id, &seen)? {
                Ok(client) => client,
                Err(declined) => return Ok(Err(declined)),
            };
            if client.state != ClientState::Active {
                return Ok(Err(Declined::Conflict(format!("{id} is not active"))));
            }
            if client.verified().is_some() {
                return Ok(Ok(client));
            }
            let mark = Verified { by: by.by.clone(), at: tx.now(), of: client.fingerprint() };
            let review = Review { verified: Some(mark), rejected: None };
            let verified = Client { review, ..client.clone() };
            tx.replace(&CLIENTS, &key, &client, &verified)?;
            let (name, redirect_uris) = (client.name, client.redirect_uris);
            tx.record(Event::ClientVerified { client: id.clone(), name, redirect_uris })?;
            Ok(Ok(verified))
        })
        .await?
}

/// Takes the mark back. The client goes on.
pub async fn unverify(app: &App, by: &Operator, id: ClientId, seen: Seen, because: &str) -> Result<Client, Declined> {
    let (key, because, ctx, by) = (registered(&id)?, reason(because)?, by, by.clone());
    app.store
        .write("take verification back", ctx, move |tx| {
            let client = match standing(tx, &by, key, &id, &seen)? {
                Ok(client) => client,
                Err(declined) => return Ok(Err(declined)),
            };
            if client.review.verified.is_none() {
                return Ok(Err(Declined::Conflict(format!("{id} is not verified"))));
            }
            let review = Review { verified: None, ..client.review.clone() };
            let unverified = Client { review, ..client.clone() };
            tx.replace(&CLIENTS, &key, &client, &unverified)?;
            tx.record(Event::ClientUnverified { client: id.clone(), because: because.clone() })?;
            Ok(Ok(unverified))
        })
        .await?
}

/// Clients that registered themselves and that nobody has used since `before`, the oldest first, behind `after`.
pub async fn stale(
    app: &App,
    before: Timestamp,
    after: Option<Id<Client>>,
    limit: usize,
) -> Result<Page<Id<Client>, Client>, Fault> {
    let fits = move |client: &Client| unused_since(client).is_some_and(|since| since < before);
    app.store
        .read(move |view| {
            let page = view.page(&CLIENTS, after.as_ref(), search::LOOKED_AT)?;
            Ok(search::fitting(page, limit.min(MOST), fits))
        })
        .await
}

/// Removes those of these that nobody has used since `before`, as it is seen in the transaction that removes them; the others stay.
pub async fn remove_stale(
    app: &App,
    by: &Operator,
    before: Timestamp,
    ids: Vec<Id<Client>>,
) -> Result<Vec<ClientId>, Declined> {
    if ids.len() > MOST_REMOVED {
        return Err(Declined::field("client", "remove at most 200 at once"));
    }
    let (within, ctx, by) = (app.clone(), by, by.clone());
    let gone = app
        .store
        .write("remove stale clients", ctx, move |tx| {
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let mut gone = Vec::new();
            for key in &ids {
                let Some(client) = tx.get(&CLIENTS, key)? else { continue };
                if unused_since(&client).is_none_or(|since| since >= before) {
                    continue;
                }
                bury(&within, tx, *key, &client)?;
                tx.record(Event::ClientRemoved { client: client.id.clone() })?;
                gone.push(client.id);
            }
            Ok(Ok(gone))
        })
        .await??;
    app.discovery.forget();
    Ok(gone)
}

/// Stops a client: from this commit on it gets no tokens, refreshes none, none of its tokens are introspected as active, and the
/// status lists call them invalid. It may be let go on; the access tokens that it had stay over.
pub async fn suspend(
    app: &App,
    by: &Operator,
    id: ClientId,
    seen: Seen,
    because: &str,
) -> Result<(Client, LiveTokens), Declined> {
    let (key, because, within) = (registered(&id)?, reason(because)?, app.clone());
    let (ctx, by) = (by, by.clone());
    app.store
        .write("suspend client", ctx, move |tx| {
            let client = match standing(tx, &by, key, &id, &seen)? {
                Ok(client) => client,
                Err(declined) => return Ok(Err(declined)),
            };
            // One that waits is stopped already, and would be let go on without ever having been approved.
            if client.state != ClientState::Active {
                return Ok(Err(Declined::Conflict(format!("{id} is not active"))));
            }
            let stopped = Client { state: ClientState::Suspended, void_before: Some(tx.now()), ..client.clone() };
            tx.replace(&CLIENTS, &key, &client, &stopped)?;
            let live = end_owner(&within, tx, &Owner::Client(id.clone()))?;
            tx.record(Event::ClientSuspended { client: id.clone(), because: because.clone() })?;
            Ok(Ok((stopped, live)))
        })
        .await?
}

/// Which tokens of a client that was stopped somebody may still accept.
pub async fn left(app: &App, now: Timestamp, id: ClientId) -> Result<LiveTokens, Fault> {
    app.store.read(move |view| end::left(view, &id, now)).await
}

/// Lets a stopped client go on.
pub async fn resume(app: &App, by: &Operator, id: ClientId, seen: Seen) -> Result<Client, Declined> {
    let (key, ctx, by) = (registered(&id)?, by, by.clone());
    app.store
        .write("resume client", ctx, move |tx| {
            let client = match standing(tx, &by, key, &id, &seen)? {
                Ok(client) => client,
                Err(declined) => return Ok(Err(declined)),
            };
            if client.state != ClientState::Suspended {
                return Ok(Err(Declined::Conflict(format!("{id} is not suspended"))));
            }
            if let Err(declined) = by.may_give(&within_reach(&client)) {
                return Ok(Err(declined));
            }
            let resumed = Client { state: ClientState::Active, ..client.clone() };
            tx.replace(&CLIENTS, &key, &client, &resumed)?;
            tx.record(Event::ClientResumed { client: id.clone() })?;
            Ok(Ok(resumed))
        })
        .await?
}

/// Removes a client, with its leave to carry our word elsewhere. From this commit on it gets no tokens, refreshes none, and none of its
/// tokens are introspected as active.
pub async fn remove(app: &App, by: &Operator, id: ClientId, seen: Seen) -> Result<(), Declined> {
    let (key, within, ctx, by) = (registered(&id)?, app.clone(), by, by.clone());
    app.store
        .write("remove client", ctx, move |tx| {
            let client = match standing(tx, &by, key, &id, &seen)? {
                Ok(client) => client,
                Err(declined) => return Ok(Err(declined)),
            };
            bury(&within, tx, key, &client)?;
            tx.record(Event::ClientRemoved { client: id.clone() })?;
            Ok(Ok(()))
        })
        .await??;
    // The metadata document says whether anybody carries our word.
    app.discovery.forget();
    Ok(())
}

/// The client as it is, for an operator who still stands and has seen it so.
pub(super) fn standing(
    tx: &Tx<'_>,
    by: &Operator,
    key: Id<Client>,
    id: &ClientId,
    seen: &Seen,
) -> Result<Result<Client, Declined>, Fault> {
    if let Err(declined) = by.stands(tx)? {
        return Ok(Err(declined));
    }
    let Some(client) = tx.get(&CLIENTS, &key)? else { return Ok(Err(unknown(id))) };
    Ok(seen.is_still(&client)?.map(|()| client))
}

fn few(resources: &[Resource]) -> Result<(), Declined> {
    if resources.len() > MOST_RESOURCES {
        return Err(Declined::field("resource", "a client has at most 64 resources"));
    }
    Ok(())
}

/// The member that is wrong, by its own name.
fn invalid(refusal: &RegistrationRefusal) -> Declined {
    let member = match refusal {
        RegistrationRefusal::RedirectUri { .. } | RegistrationRefusal::RedirectUris { .. } => "redirect_uris",
        RegistrationRefusal::Metadata { member, .. } => member,
        RegistrationRefusal::SoftwareStatement => "software_statement",
        RegistrationRefusal::Unreadable(_) => "registration",
    };
    Declined::field(member, refusal.public_text())
}

pub(super) fn registered(id: &ClientId) -> Result<Id<Client>, Declined> {
    match id {
        ClientId::Registered(key) => Ok(*key),
        ClientId::Machine(_) | ClientId::Document(_) => Err(unknown(id)),
    }
}

fn unknown(id: &ClientId) -> Declined {
    Declined::Missing(format!("there is no registered client {id}"))
}
