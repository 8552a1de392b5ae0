//! Trades an authorization code for tokens. OAuth 2.1 §4.1.3.

use super::issue::{self, Grant, Issued, Making};
use super::now::stands;
use crate::app::App;
use crate::base::{Entropy, Fault, Id, Lifetime};
use crate::model::{
    AuthorizationCode, CodeState, Consent, Context, Event, Family, FamilyState, GrantName, Person, ProtectedResource,
    RevokedBecause, Subject,
};
use crate::operations::dpop::{self, Sender};
use crate::operations::revoke::end_family;
use crate::operations::{Problem, find_resource};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::code::{self, Facts};
use crate::protocol::dpop::{Proof, binds_refresh};
use crate::protocol::refusal::Refusal;
use crate::protocol::scope::may_refresh;
use crate::protocol::token_request::CodeExchange;
use crate::store::tables::{CODES, CONSENTS, CONSENTS_BY_GRANT, FAMILIES, PEOPLE, consent_key};
use crate::store::{Read, Tx};

/// Load, decide, write, record, in one transaction: of fifty at once, one wins.
pub(super) async fn redeem(
    app: &App,
    ctx: &Context,
    client: AuthenticatedClient,
    ask: CodeExchange,
    proof: Option<Proof>,
) -> Result<Issued, Problem> {
    // A first look, so that invented codes never reach the writer. A miss is final: nobody is shown a code before it is durable.
    let presented = ask.code.as_ref().map(|code| (code.id::<AuthorizationCode>(), code.digest()));
    let genuine = match presented {
        Some((id, digest)) => {
            app.store.read(move |view| view.get(&CODES, &id)).await?.is_some_and(|c| c.digest == digest)
        }
        None => false,
    };
    if !genuine {
        app.tally.count("unknown authorization code");
        return Err(Refusal::CodeUnknown.into());
    }
    let is_stranger = !client.is_vouched_for();
    let redemption = Redemption { app: app.clone(), client, ask, proof };
    let outcome = app.store.write("redeem code", ctx, move |tx| redemption.run(tx)).await?;
    if is_stranger && outcome.is_err() {
        app.tally.count(super::SELF_REGISTERED);
    }
    Ok(outcome?)
}

struct Redemption {
    app: App,
    client: AuthenticatedClient,
    ask: CodeExchange,
    proof: Option<Proof>,
}

impl Redemption {
    fn run(&self, tx: &mut Tx<'_>) -> Result<Result<Issued, Refusal>, Fault> {
        let Some(presented) = &self.ask.code else { return Ok(Err(Refusal::CodeUnknown)) };
        let sender = match dpop::spend(tx, self.proof.as_ref())? {
            Ok(sender) => sender,
            Err(refusal) => return refuse(tx, &self.client, None, refusal).map(Err),
        };
        let code = tx.get(&CODES, &presented.id())?;
        let person = code.as_ref().map(|code| tx.get(&PEOPLE, &code.person)).transpose()?.flatten();
        let consent = code.as_ref().map(|code| standing_consent(tx, code)).transpose()?.flatten();
        let granted = find_resource::granted(&self.app, tx, code.as_ref().and_then(|code| code.resource.as_ref()))?;
        let asked = find_resource::asked(&self.app, tx, self.ask.resource.as_ref())?;
        let facts = Facts {
            code: code.as_ref(),
            person: person.as_ref().map(|person| person.state),
            consent: consent.as_ref(),
            granted: granted.as_deref(),
            asked: &asked,
            key: sender.jkt(),
        };
        match (code::redeem(facts, &self.client, &self.ask, tx.now()), person) {
            (Ok(code), Some(person)) => {
                if !stands(tx, &self.client)? {
                    return Ok(Err(Refusal::ClientSuspended));
                }
                self.spend(tx, code, &person, granted.as_deref(), sender).map(Ok)
            }
            (Ok(code), None) => refuse(tx, &self.client, Some(code), Refusal::PersonSuspended).map(Err),
            (Err(refusal), _) => refuse(tx, &self.client, code.as_ref(), refusal).map(Err),
        }
    }

    fn spend(
        &self,
        tx: &mut Tx<'_>,
        code: &AuthorizationCode,
        person: &Person,
        resource: Option<&ProtectedResource>,
        sender: Sender,
    ) -> Result<Issued, Fault> {
        let entropy: &Entropy = &self.app.entropy;
        let making =
            Making::new(&self.app, &self.client, resource, (self.app.settings.now().lifetimes.access, tx.now()));
        let mut family = Family {
            jkt: binds_refresh(&self.client, None, sender.jkt()),
            ..new_family(tx, entropy, code, self.app.settings.now().lifetimes.family)?
        };
        let place = making.place_in(&self.app, tx, &mut family)?;
        let spent = AuthorizationCode { state: CodeState::Redeemed { family: family.id }, ..code.clone() };
        tx.rewrite(&CODES, &code.id, code, &spent)?;
        tx.put(&FAMILIES, &family.id, &family)?;
        let grant = Grant {
            name: GrantName::AuthorizationCode,
            client: &family.client_id,
            subject: Subject::Person(person.id),
            scope: family.scope.clone(),
            family: Some(&family),
            sender,
            place,
        };
        let mut issued = issue::access_token(tx, entropy, &making, grant)?;
        if may_refresh(&self.client, &family.scope) {
            issue::refresh_token(tx, entropy, &making, &family, &mut issued)?;
        }
        issue::id_token(&making, &family, person, tx.now(), &mut issued);
        Ok(issued)
    }
}

/// What the person allows this client at this resource, as of now.
fn standing_consent(tx: &Tx<'_>, code: &AuthorizationCode) -> Result<Option<Consent>, Fault> {
    let key = consent_key(code.person, &code.client_id, code.resource.as_ref());
    Ok(tx.find(&CONSENTS, &CONSENTS_BY_GRANT, &key)?.map(|(_, consent)| consent))
}

fn new_family(tx: &Tx<'_>, entropy: &Entropy, code: &AuthorizationCode, lifetime: Lifetime) -> Result<Family, Fault> {
    let now = tx.now();
    Ok(Family {
        id: Id::new(now, entropy)?,
        client_id: code.client_id.clone(),
        person: Some(code.person),
        session: Some(code.session),
        scope: code.scope.clone(),
        resource: code.resource.clone(),
        audience: None,
        nonce: code.nonce.clone(),
        jkt: None,
        tenant: code.tenant.clone(),
        auth_time: code.auth_time,
        method: code.method,
        generation: 0,
        turned_at: now,
        turned_before_at: now,
        overlaps: 0,
        last_from: tx.context().from.network.clone(),
        last_used_at: now,
        created_at: now,
        expires_at: now.plus(lifetime),
        state: FamilyState::Live,
        status: Vec::new(),
    })
}

/// A replay ends what the code had bought. The code is genuine, so any other refusal is worth a line, if somebody here answers for
/// the client.
fn refuse(
    tx: &mut Tx<'_>,
    client: &AuthenticatedClient,
    code: Option<&AuthorizationCode>,
    refusal: Refusal,
) -> Result<Refusal, Fault> {
    if let Refusal::CodeReplayed { family } = refusal {
        // Once: what is over already cannot be ended again, however often the code comes.
        if tx.get(&FAMILIES, &family)?.is_some_and(|family| family.state == FamilyState::Live) {
            let code = code.map(|code| code.digest.short()).unwrap_or_default();
            tx.record(Event::CodeReplayed { client: client.id().clone(), family, code })?;
            end_family(tx, family, RevokedBecause::CodeReplayed)?;
        }
    } else if client.is_vouched_for() {
        let why = format!("{refusal:?}");
        tx.record(Event::TokenRefused { client: client.id().clone(), grant: "authorization_code".to_owned(), why })?;
    }
    Ok(refusal)
}
