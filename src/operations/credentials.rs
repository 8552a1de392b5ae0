//! The credentials of machines: made, given a successor, revoked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::app::App;
use crate::base::{Fault, Id, Lifetime, OpaqueToken, Secret, Timestamp, TokenKind};
use crate::keys::JwkSet;
use crate::model::{ClientState, Context, Credential, CredentialKind, CredentialState, Event, Machine, Trust};
use crate::operations::declined::Declined;
use crate::operations::federation::MOST_ALIKE;
use crate::operations::machines::{named, unknown, within_reach};
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::operations::seen::{Seen, difference, json, made};
use crate::operations::token::issue::MOST_ACCESS;
use crate::operations::usage;
use crate::protocol::display_name::DisplayName;
use crate::protocol::federation;
use crate::store::tables::{
    CREDENTIAL_STATES, CREDENTIALS, CREDENTIALS_BY_MACHINE, CREDENTIALS_BY_PIN, USAGE_BY_CREDENTIAL,
};
use crate::store::{Page, Read, Tx};

/// Most credentials of one machine, those that are over included until they are forgotten.
pub const MOST_CREDENTIALS: usize = 64;
/// Most of them that are good at once.
pub(super) const MOST_LIVE: usize = 16;
/// The farthest end of a credential, and of an overlap.
const FARTHEST_END: Lifetime = Lifetime::from_days(3_650);
/// How long a secret and its successor are both good unless somebody says.
pub const USUAL_OVERLAP: Lifetime = Lifetime::from_days(7);
pub(super) const LONGEST_OVERLAP: Lifetime = Lifetime::from_days(90);
/// Longest reason, in characters.
pub(crate) const LONGEST_REASON: usize = 500;

/// A credential to be made.
#[derive(Clone, Debug)]
pub struct NewCredential {
    pub name: DisplayName,
    pub proof: NewProof,
    /// From then on it proves nothing.
    pub expires_at: Option<Timestamp>,
}

/// By what the machine is to prove itself.
#[derive(Clone, Debug)]
pub enum NewProof {
    ClientSecret,
    AccessKey,
    /// A JWK Set of public keys.
    PublicKeys(Value),
    /// Where its public keys are.
    KeySet(String),
    Trust(Trust),
}

/// What was made. The secret, if it has one, is shown once.
#[derive(Debug)]
pub struct Made {
    pub credential: Credential,
    pub secret: Option<Secret>,
}

/// A credential whose secret is drawn but which is not in the file yet.
pub(super) struct Drawn {
    credential: Credential,
    secret: Option<Secret>,
}

impl Drawn {
    /// Looks at what is asked for and draws the secret. Nothing here needs the store.
    pub(super) fn new(app: &App, ctx: &Context, machine: Id<Machine>, new: NewCredential) -> Result<Self, Declined> {
        let id = Id::<Credential>::new(ctx.at, &app.entropy)?;
        if new.expires_at.is_some_and(|end| end <= ctx.at || end > ctx.at.plus(FARTHEST_END)) {
            return Err(Declined::field("expires_at", "the end lies ahead, and at most ten years"));
        }
        let (kind, hint, secret) = match new.proof {
            NewProof::ClientSecret => {
                let token = OpaqueToken::new(TokenKind::ClientSecret, id, &app.entropy)?;
                (CredentialKind::ClientSecret { digest: token.digest() }, hint(&token), Some(token.into_secret()))
            }
            NewProof::AccessKey => {
                let token = OpaqueToken::new(TokenKind::AccessKey, id, &app.entropy)?;
                (CredentialKind::AccessKey { digest: token.digest() }, hint(&token), Some(token.into_secret()))
            }
            NewProof::PublicKeys(jwks) => {
                JwkSet::parse(jwks.to_string().as_bytes())
                    .map_err(|why| Declined::field("jwks", format!("this is no usable set of public keys: {why}")))?;
                let keys = jwks.get("keys").and_then(Value::as_array).map_or(0, Vec::len);
                let plural = if keys == 1 { "" } else { "s" };
                (CredentialKind::PublicKeys { jwks }, format!("{keys} public key{plural}"), None)
            }
            NewProof::KeySet(jwks_uri) => {
                if !jwks_uri.starts_with("https://") || jwks_uri.len() > 512 || url::Url::parse(&jwks_uri).is_err() {
                    return Err(Declined::field("jwks_uri", "this is no https:// address of at most 512 characters"));
                }
                let hint = jwks_uri.clone();
                (CredentialKind::KeySet { jwks_uri }, hint, None)
            }
            NewProof::Trust(trust) => {
                federation::vet(&trust).map_err(|unfit| Declined::field(unfit.field, unfit.why))?;
                if let Some(jwks) = &trust.jwks {
                    JwkSet::parse_value(jwks).map_err(|why| {
                        Declined::field("jwks", format!("this is no usable set of public keys: {why}"))
                    })?;
                }
                let hint = trust.issuer.clone();
                (CredentialKind::Trust(trust), hint, None)
            }
        };
        let credential = Credential {
            id,
            machine,
            name: new.name.as_str().to_owned(),
            hint,
            kind,
            state: CredentialState::Active,
            created_at: ctx.at,
            created_by: ctx.by.clone(),
            expires_at: new.expires_at,
            replaced_by: None,
        };
        Ok(Self { credential, secret })
    }

    pub(super) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// A secret is kept nowhere, so it is told once.
    pub(super) fn answer(&self) -> Answer {
        if self.secret.is_some() { Answer::HoldsASecret } else { Answer::Repeatable }
    }

    pub(super) fn made(self) -> Made {
        Made { credential: self.credential, secret: self.secret }
    }
}

/// The credential whose secret begins like this, as pages and logs show it: `writ_cs_` or `writ_ak_` and the twelve characters behind it.
pub async fn of_hint(app: &App, text: &str) -> Result<Option<Credential>, Fault> {
    let shown = [TokenKind::ClientSecret, TokenKind::AccessKey].into_iter().find_map(|kind| {
        let encoded = text.strip_prefix(kind.prefix()).filter(|encoded| encoded.len() == SHOWN)?;
        URL_SAFE_NO_PAD.decode(encoded).ok()
    });
    let Some(begins) = shown else { return Ok(None) };
    let mut before = [0; Id::<Credential>::LENGTH];
    for (to, from) in before.iter_mut().zip(&begins) {
        *to = *from;
    }
    let hint = text.to_owned();
    app.store
        .read(move |view| {
            let next = view.page(&CREDENTIALS, Some(&Id::from_bytes(before)), 1)?.rows.pop();
            Ok(next.map(|(_, credential)| credential).filter(|credential| credential.hint == hint))
        })
        .await
}

/// Characters of a secret behind its prefix that are shown.
const SHOWN: usize = 12;

/// Enough of a secret to tell it from others, and nothing of its chance: the prefix and the beginning of its id.
fn hint(token: &OpaqueToken) -> String {
    token.secret().expose().chars().take(token.kind().prefix().len() + SHOWN).collect()
}

/// Whether the machine may have another credential. Of those that are long over the oldest make room.
pub(super) fn room(tx: &mut Tx<'_>, machine: Id<Machine>) -> Result<Result<(), Declined>, Fault> {
    let others = of_machine(tx, machine)?;
    let (live, over): (Vec<_>, Vec<_>) = others.into_iter().partition(|other| other.is_live(tx.now()));
    if live.len() >= MOST_LIVE {
        let why = format!("it has {MOST_LIVE} live credentials; revoke one that is not used any more");
        return Ok(Err(Declined::Conflict(why)));
    }
    for forgotten in over.iter().take((live.len() + over.len()).saturating_sub(MOST_CREDENTIALS - 1)) {
        tx.delete(&CREDENTIALS, &forgotten.id)?;
        tx.delete(&USAGE_BY_CREDENTIAL, &forgotten.id)?;
    }
    Ok(Ok(()))
}

/// Whether another machine's trust would take the same tokens: then they would be nobody's. That the rules of two others overlap
/// shows only in a token that fulfils both.
pub(super) fn distinct(read: &impl Read, credential: &Credential) -> Result<Result<(), Declined>, Fault> {
    let CredentialKind::Trust(trust) = &credential.kind else { return Ok(Ok(())) };
    let Some(pin) = trust.pin() else { return Ok(Ok(())) };
    for value in pin.test.values() {
        let key = (trust.issuer.clone(), pin.claim.clone(), value.clone());
        let alike = read.list(&CREDENTIALS, &CREDENTIALS_BY_PIN, &key, MOST_ALIKE)?;
        if alike.len() >= MOST_ALIKE {
            let why = format!("there are {MOST_ALIKE} trusts for {}={value} of this issuer; revoke some", pin.claim);
            return Ok(Err(Declined::Conflict(why)));
        }
        for (id, other) in alike {
            let CredentialKind::Trust(known) = &other.kind else { continue };
            let same = known.audience == trust.audience
                && known.rules.len() == trust.rules.len()
                && known.rules.iter().all(|rule| trust.rules.contains(rule));
            if same && other.machine != credential.machine && other.is_live(credential.created_at) {
                let why = format!(
                    "{id} of {} takes the same tokens; two machines cannot be told apart by them",
                    other.machine
                );
                return Ok(Err(Declined::Conflict(why)));
            }
        }
    }
    Ok(Ok(()))
}

/// Puts a drawn credential down.
pub(super) fn put(tx: &mut Tx<'_>, credential: &Credential) -> Result<(), Fault> {
    tx.put(&CREDENTIALS, &credential.id, credential)?;
    // Neither what proves it nor a part or a digest of that; who made it is who the entry says did.
    let after = made(credential, &["digest", "hint", "created_by"])?;
    tx.record(Event::CredentialCreated {
        after,
        machine: credential.machine,
        credential: credential.id,
        kind: credential.kind.as_str().to_owned(),
        name: credential.name.clone(),
        expires_at: credential.expires_at,
    })
}

/// Gives a machine another credential.
pub async fn create(app: &App, by: &Operator, machine: Id<Machine>, new: NewCredential) -> Result<Made, Declined> {
    let (ctx, by) = (by, by.clone());
    let drawn = Drawn::new(app, ctx, machine, new)?;
    let (credential, answer) = (drawn.credential.clone(), drawn.answer());
    let made = app.store.write("create credential", ctx, move |tx| {
        if let Some(earlier) = by.request().earlier(tx)? {
            return Ok(earlier);
        }
        match within_reach(tx, &by, machine)? {
            Ok(row) if row.state == ClientState::Retired => return Ok(Err(retired())),
            Ok(_) => {}
            Err(declined) => return Ok(Err(declined)),
        }
        if let Err(declined) = room(tx, machine)?.and(distinct(tx, &credential)?) {
            return Ok(Err(declined));
        }
        put(tx, &credential)?;
        by.request().done(tx, credential.id, &credential, answer)?;
        Ok(Ok(credential.clone()))
    });
    // What the same request made before has no secret, or it would not be told of again.
    Ok(Made { credential: made.await??, ..drawn.made() })
}

/// Makes a successor of the same kind and name. The old one stays good for `overlap` more, or until its own end if that comes
/// first; used meanwhile, both are seen.
pub async fn rotate(app: &App, by: &Operator, id: Id<Credential>, overlap: Lifetime) -> Result<Made, Declined> {
    if overlap > LONGEST_OVERLAP {
        return Err(Declined::field("overlap", "an overlap lasts 90 days at most"));
    }
    let (ctx, by) = (by, by.clone());
    let old = find(app, id).await?;
    let proof = match old.kind {
        CredentialKind::ClientSecret { .. } => NewProof::ClientSecret,
        CredentialKind::AccessKey { .. } => NewProof::AccessKey,
        CredentialKind::PublicKeys { .. } | CredentialKind::KeySet { .. } | CredentialKind::Trust(_) => {
            return Err(Declined::Conflict(
                "only secrets and access keys are rotated here: add the new key, then revoke the old".to_owned(),
            ));
        }
    };
    // The successor lives as long as the old one was meant to.
    let expires_at = old.expires_at.map(|end| ctx.at.plus(end.since(old.created_at)));
    let name = DisplayName::parse(&old.name).map_err(|why| Declined::field("name", why))?;
    let drawn = Drawn::new(app, ctx, old.machine, NewCredential { name, proof, expires_at })?;
    let (successor, answer) = (drawn.credential.clone(), drawn.answer());
    app.store
        .write("rotate credential", ctx, move |tx| {
            if let Some(earlier) = by.request().earlier::<Credential>(tx)? {
                return Ok(earlier.map(drop));
            }
            let old = match standing(tx, &by, id, &Seen::Anything)? {
                Ok(old) => old,
                Err(declined) => return Ok(Err(declined)),
            };
            if !old.is_live(tx.now()) {
                return Ok(Err(Declined::Conflict(format!("{id} is over already; make a new credential"))));
            }
            if let Some(next) = old.replaced_by {
                return Ok(Err(Declined::Conflict(format!("{id} has a successor already: {next}"))));
            }
            if let Err(declined) = room(tx, old.machine)? {
                return Ok(Err(declined));
            }
            put(tx, &successor)?;
            by.request().done(tx, successor.id, &successor, answer)?;
            let until = tx.now().plus(overlap);
            let until = old.expires_at.map_or(until, |end| end.min(until));
            let machine = old.machine;
            tx.put(&CREDENTIALS, &id, &Credential { expires_at: Some(until), replaced_by: Some(successor.id), ..old })?;
            tx.record(Event::CredentialRotated { machine, old: id, new: successor.id, overlap_until: until })?;
            Ok(Ok(()))
        })
        .await??;
    Ok(drawn.made())
}

/// What is to be different about one; what is not named stays.
#[derive(Clone, Debug, Default)]
pub struct CredentialChange {
    pub name: Option<DisplayName>,
    /// `Some(None)` lets it have no end.
    pub expires_at: Option<Option<Timestamp>>,
}

/// Changes what a credential is called, or when it ends. One that is over stays over, and one that has a successor ends no later.
pub async fn change(
    app: &App,
    by: &Operator,
    id: Id<Credential>,
    seen: Seen,
    ask: CredentialChange,
) -> Result<Credential, Declined> {
    let end = ask.expires_at.flatten();
    if end.is_some_and(|end| end <= by.at || end > by.at.plus(FARTHEST_END)) {
        return Err(Declined::field("expires_at", "the end lies ahead, and at most ten years"));
    }
    let (ctx, by) = (by, by.clone());
    app.store
        .write("change credential", ctx, move |tx| {
            let old = match standing(tx, &by, id, &seen)? {
                Ok(old) => old,
                Err(declined) => return Ok(Err(declined)),
            };
            if !old.is_live(tx.now()) {
                return Ok(Err(Declined::Conflict(format!("{id} is over: make another one"))));
            }
            let mut new = old.clone();
            if let Some(name) = &ask.name {
                name.as_str().clone_into(&mut new.name);
            }
            if let Some(end) = ask.expires_at {
                new.expires_at = end;
            }
            let later = new.expires_at.is_none_or(|end| old.expires_at.is_some_and(|was| end > was));
            if old.replaced_by.is_some() && later && new.expires_at != old.expires_at {
                let why = format!("{id} has a successor: its end comes nearer, and never moves away");
                return Ok(Err(Declined::Conflict(why)));
            }
            let Some((before, after)) = difference(json(&old)?, json(&new)?, &["kind"]) else { return Ok(Ok(old)) };
            tx.replace(&CREDENTIALS, &id, &old, &new)?;
            tx.record(Event::CredentialChanged { machine: new.machine, credential: id, before, after })?;
            Ok(Ok(new))
        })
        .await?
}

/// Ends a credential. It buys nothing more from this commit on; tokens it bought before live on (stopping the machine ends
/// them too).
pub async fn revoke(
    app: &App,
    by: &Operator,
    id: Id<Credential>,
    seen: Seen,
    because: &str,
) -> Result<Credential, Declined> {
    let (because, ctx, by) = (reason(because)?, by, by.clone());
    app.store
        .write("revoke credential", ctx, move |tx| {
            let credential = match standing(tx, &by, id, &seen)? {
                Ok(credential) => credential,
                Err(declined) => return Ok(Err(declined)),
            };
            if let CredentialState::Revoked { .. } = credential.state {
                return Ok(Ok(credential));
            }
            end(tx, credential, &because).map(Ok)
        })
        .await?
}

/// Until when, at the latest, a token may be good that a credential bought: its last use, and the longest that a token of its machine
/// may live. `None` if there is none. Only stopping the machine ends them sooner.
pub async fn tokens_until(app: &App, ctx: &Context, credential: &Credential) -> Result<Option<Timestamp>, Fault> {
    let (id, machine, now) = (credential.id, credential.machine, ctx.at);
    let pending = app.usage.of(machine);
    let found = app.store.read(move |view| {
        let (used, _) = usage::of_credential(view, id, pending.as_ref())?;
        Ok(used.and_then(|used| used.last_at()))
    });
    Ok(found.await?.map(|last| last.plus(MOST_ACCESS)).filter(|until| now < *until))
}

/// The credential as it is, for an operator who still stands, reaches as far as its machine does, and has seen it so.
fn standing(
    tx: &Tx<'_>,
    by: &Operator,
    id: Id<Credential>,
    seen: &Seen,
) -> Result<Result<Credential, Declined>, Fault> {
    if let Err(declined) = by.stands(tx)? {
        return Ok(Err(declined));
    }
    let Some(credential) = tx.get(&CREDENTIALS, &id)? else { return Ok(Err(missing(id))) };
    if let Err(declined) = within_reach(tx, by, credential.machine)? {
        return Ok(Err(declined));
    }
    Ok(seen.is_still(&credential)?.map(|()| credential))
}

pub(super) fn end(tx: &mut Tx<'_>, credential: Credential, because: &str) -> Result<Credential, Fault> {
    let state = CredentialState::Revoked { at: tx.now(), because: because.to_owned() };
    let ended = Credential { state, ..credential };
    tx.put(&CREDENTIALS, &ended.id, &ended)?;
    tx.record(Event::CredentialRevoked { machine: ended.machine, credential: ended.id, because: because.to_owned() })?;
    Ok(ended)
}

/// The credentials of a machine, the oldest first.
pub async fn list(app: &App, machine: Id<Machine>) -> Result<Vec<Credential>, Declined> {
    app.store
        .read(move |view| match named(view, machine)? {
            Some(_) => Ok(Ok(of_machine(view, machine)?)),
            None => Ok(Err(unknown(machine))),
        })
        .await?
}

/// Most credentials given at once.
const MOST: usize = 1_000;

/// Credentials before `before`, the newest first: all there are, or those of one machine.
pub async fn newest(
    app: &App,
    machine: Option<Id<Machine>>,
    before: Option<Id<Credential>>,
    limit: usize,
) -> Result<Page<Id<Credential>, Credential>, Fault> {
    let limit = limit.min(MOST);
    app.store
        .read(move |view| match machine {
            Some(machine) => view.list_newest(&CREDENTIALS, &CREDENTIALS_BY_MACHINE, &machine, before.as_ref(), limit),
            None => view.newest(&CREDENTIALS, before.as_ref(), limit),
        })
        .await
}

/// One credential.
pub async fn find(app: &App, id: Id<Credential>) -> Result<Credential, Declined> {
    app.store.read(move |view| view.get(&CREDENTIALS, &id)).await?.ok_or_else(|| missing(id))
}

pub(crate) fn of_machine(read: &impl Read, machine: Id<Machine>) -> Result<Vec<Credential>, Fault> {
    let rows = read.list(&CREDENTIALS, &CREDENTIALS_BY_MACHINE, &machine, MOST_CREDENTIALS)?;
    Ok(rows.into_iter().map(|(_, credential)| credential).collect())
}

/// Whether a credential is still good, read inside the transaction that it is to buy something in.
pub(crate) fn stands(tx: &Tx<'_>, id: &Id<Credential>) -> Result<bool, Fault> {
    is_good(tx, id, tx.now())
}

pub(super) fn is_good(read: &impl Read, id: &Id<Credential>, now: Timestamp) -> Result<bool, Fault> {
    Ok(read.get(&CREDENTIAL_STATES, id)?.is_some_and(|credential| {
        credential.state == CredentialState::Active && credential.expires_at.is_none_or(|end| now < end)
    }))
}

/// The words of whoever stops something, kept with it.
pub(super) fn reason(text: &str) -> Result<String, Declined> {
    let text = text.trim();
    if !(1..=LONGEST_REASON).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        return Err(Declined::field("because", "say why, in one line of at most 500 characters"));
    }
    Ok(text.to_owned())
}

fn missing(id: Id<Credential>) -> Declined {
    Declined::Missing(format!("there is no credential {id}"))
}

fn retired() -> Declined {
    Declined::Conflict("this machine is retired; make a new one".to_owned())
}
