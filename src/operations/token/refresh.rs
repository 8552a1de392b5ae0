//! Trades a refresh token for new tokens. OAuth 2.1 §4.3.

use super::issue::{self, Grant, Issued, Making};
use super::now::stands;
use crate::app::App;
use crate::base::Fault;
use crate::model::{Consent, Context, Event, Family, GrantName, Person, RefreshToken, RevokedBecause};
use crate::operations::dpop::{self, Sender};
use crate::operations::revoke::end_family;
use crate::operations::status::Place;
use crate::operations::{Problem, find_client, find_resource, usage};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::dpop::{Proof, binds_refresh};
use crate::protocol::refresh::{self, Facts, Overlap, Rotation, Turn};
use crate::protocol::refusal::Refusal;
use crate::protocol::token_request::RefreshExchange;
use crate::store::tables::{CONSENTS, CONSENTS_BY_GRANT, FAMILIES, PEOPLE, REFRESH, consent_key};
use crate::store::{Read, Tx};

/// Most answers to older tokens while one generation lasts.
const MOST_OVERLAPS: u32 = 50;

/// Load, decide, write, record, in one transaction.
pub(super) async fn rotate(
    app: &App,
    ctx: &Context,
    client: AuthenticatedClient,
    ask: RefreshExchange,
    proof: Option<Proof>,
) -> Result<Issued, Problem> {
    // A first look, so that invented tokens never reach the writer.
    let presented = ask.refresh_token.as_ref().map(|token| (token.id::<RefreshToken>(), token.digest()));
    let genuine = match presented {
        Some((id, digest)) => {
            app.store.read(move |view| view.get(&REFRESH, &id)).await?.is_some_and(|t| t.digest == digest)
        }
        None => false,
    };
    if !genuine {
        app.tally.count("unknown refresh token");
        return Err(Refusal::RefreshUnknown.into());
    }
    let is_stranger = !client.is_vouched_for();
    let machine = client.machine().is_some().then(|| client.clone());
    let exchange = Exchange { app: app.clone(), client, ask, proof };
    let outcome = app.store.write("refresh", ctx, move |tx| exchange.run(tx)).await?;
    if is_stranger && outcome.is_err() {
        app.tally.count(super::SELF_REGISTERED);
    }
    let issued = outcome?;
    if let Some(machine) = machine {
        usage::saw(app, ctx, &machine, issued.scope(), issued.resource());
    }
    Ok(issued)
}

/// What is made for whom, at which place in a status list, bound to which key.
struct Issuing<'a> {
    making: Making,
    family: &'a Family,
    place: Option<Place>,
    /// Of the grant, if a person gave it.
    person: Option<&'a Person>,
    sender: Sender,
}

struct Exchange {
    app: App,
    client: AuthenticatedClient,
    ask: RefreshExchange,
    proof: Option<Proof>,
}

impl Exchange {
    fn run(&self, tx: &mut Tx<'_>) -> Result<Result<Issued, Refusal>, Fault> {
        let Some(presented) = &self.ask.refresh_token else { return Ok(Err(Refusal::RefreshUnknown)) };
        let sender = match dpop::spend(tx, self.proof.as_ref())? {
            Ok(sender) => sender,
            Err(refusal) => return refuse(tx, &self.client, None, refusal).map(Err),
        };
        let token = tx.get(&REFRESH, &presented.id())?;
        let family = token.as_ref().map(|token| tx.get(&FAMILIES, &token.family)).transpose()?.flatten();
        let person = family.as_ref().and_then(|family| family.person);
        let person = person.map(|person| tx.get(&PEOPLE, &person)).transpose()?.flatten();
        let consent = family.as_ref().map(|family| standing_consent(tx, family)).transpose()?.flatten();
        let granted =
            find_resource::granted(&self.app, tx, family.as_ref().and_then(|family| family.resource.as_ref()))?;
        let asked = find_resource::asked(&self.app, tx, self.ask.resource.as_ref())?;
        let facts = Facts {
            token: token.as_ref(),
            family: family.as_ref(),
            person: person.as_ref().map(|person| person.state),
            honoured: match &family {
                Some(own) if own.person.is_none() => {
                    find_client::honours(tx, &own.client_id, own.created_at.seconds(), tx.now())?
                }
                _ => false,
            },
            consent: consent.as_ref(),
            granted: granted.as_deref(),
            asked: &asked,
            key: sender.jkt(),
        };
        let settings = self.app.settings.now();
        let lifetimes = &settings.lifetimes;
        let overlap =
            Overlap { after_use: lifetimes.refresh_overlap, unused: lifetimes.refresh_unused, most: MOST_OVERLAPS };
        match (refresh::rotate(facts, &self.client, &self.ask, overlap, tx.now()), family) {
            (Ok(rotation), Some(family)) => {
                if !stands(tx, &self.client)? {
                    return Ok(Err(Refusal::ClientSuspended));
                }
                find_client::seen_again(tx, &self.client)?;
                let lifetime = if family.person.is_some() { lifetimes.access } else { lifetimes.machine_access };
                let making = Making::new(&self.app, &self.client, granted.as_deref(), (lifetime, tx.now()));
                let making = making.meant_for(family.audience.as_ref());
                let (family, place) = self.turn(tx, &family, rotation.turn, (sender, &making))?;
                let issuing = Issuing { making, family: &family, place, person: person.as_ref(), sender };
                self.issue(tx, issuing, rotation).map(Ok)
            }
            (Err(refusal), family) => refuse(tx, &self.client, family.as_ref(), refusal).map(Err),
            (Ok(_), None) => Ok(Err(Refusal::RefreshUnknown)),
        }
    }

    /// Moves the family on.
    fn turn(
        &self,
        tx: &mut Tx<'_>,
        old: &Family,
        turn: Turn,
        (sender, making): (Sender, &Making),
    ) -> Result<(Family, Option<Place>), Fault> {
        let now = tx.now();
        let network = tx.context().from.network.clone();
        let family = Family { jkt: binds_refresh(&self.client, Some(old), sender.jkt()), ..old.clone() };
        let mut family = match turn {
            Turn::Next => Family {
                generation: family.generation + 1,
                turned_at: now,
                turned_before_at: family.turned_at,
                overlaps: 0,
                last_from: network,
                last_used_at: now,
                ..family
            },
            Turn::Overlap => {
                let uses = family.overlaps + 1;
                tx.record(Event::RefreshOverlapped { client: family.client_id.clone(), family: family.id, uses })?;
                Family { overlaps: uses, last_from: network, last_used_at: now, ..family }
            }
        };
        let place = making.place_in(&self.app, tx, &mut family)?;
        tx.rewrite(&FAMILIES, &family.id, old, &family)?;
        Ok((family, place))
    }

    fn issue(&self, tx: &mut Tx<'_>, issuing: Issuing<'_>, rotation: Rotation) -> Result<Issued, Fault> {
        let Issuing { making, family, place, person, sender } = issuing;
        let grant = Grant {
            name: GrantName::RefreshToken,
            client: &family.client_id,
            subject: family.subject(),
            scope: rotation.scope,
            family: Some(family),
            sender,
            place,
        };
        let entropy = &self.app.entropy;
        let mut issued = issue::access_token(tx, entropy, &making, grant)?;
        issue::refresh_token(tx, entropy, &making, family, &mut issued)?;
        // OpenID Connect Core §12.2: the new id token "SHOULD NOT have a nonce Claim".
        let silent = Family { nonce: None, ..family.clone() };
        if let Some(person) = person {
            issue::id_token(&making, &silent, person, tx.now(), &mut issued);
        }
        Ok(issued)
    }
}

/// What the person allows this client at this resource, as of now.
fn standing_consent(tx: &Tx<'_>, family: &Family) -> Result<Option<Consent>, Fault> {
    let Some(person) = family.person else { return Ok(None) };
    let key = consent_key(person, &family.client_id, family.resource.as_ref());
    Ok(tx.find(&CONSENTS, &CONSENTS_BY_GRANT, &key)?.map(|(_, consent)| consent))
}

/// A replay ends the whole line of tokens. The token is genuine, so any other refusal is worth a line, if somebody here answers for
/// the client.
fn refuse(
    tx: &mut Tx<'_>,
    client: &AuthenticatedClient,
    family: Option<&Family>,
    refusal: Refusal,
) -> Result<Refusal, Fault> {
    if let Refusal::RefreshReplayed { family: id } = refusal {
        let last_from = family.and_then(|family| family.last_from.clone());
        tx.record(Event::RefreshReplayed { client: client.id().clone(), family: id, last_from })?;
        end_family(tx, id, RevokedBecause::RefreshReplayed)?;
    } else if client.is_vouched_for() {
        let why = format!("{refusal:?}");
        tx.record(Event::TokenRefused { client: client.id().clone(), grant: "refresh_token".to_owned(), why })?;
    }
    Ok(refusal)
}
