//! Trades the word of an identity provider about a person for an access token.
//! draft-ietf-oauth-identity-assertion-authz-grant §4.4.

use super::issue::{self, Asserted, Grant, Issued, Making};
use crate::app::App;
use crate::base::{Fault, Id, SET_BACK};
use crate::keys::Typ;
use crate::model::{
    ClientState, Context, Event, Family, FamilyState, GrantName, GrantType, IdentityProvider, Person, PersonBy,
    SignInMethod, Subject, UsedAssertion,
};
use crate::operations::dpop::{self, Sender};
use crate::operations::federation::{Unrecognized, signed_by};
use crate::operations::{Problem, find_client, find_resource, providers};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::dpop::Proof;
use crate::protocol::id_jag::{self, Accepted, Facts, ID_JAG_TYPE};
use crate::protocol::refusal::Refusal;
use crate::protocol::token_request::JwtBearer;
use crate::store::tables::{ASSERTIONS, FAMILIES, LINKS, PEOPLE, PROVIDERS, link_key};
use crate::store::{Read, Tx};

const STRANGE: &str = "its issuer is no identity provider that is trusted here";

/// The signature is checked here; everything that may change is read, decided and written in one transaction.
pub(super) async fn redeem(
    app: &App,
    ctx: &Context,
    client: AuthenticatedClient,
    ask: JwtBearer,
    proof: Option<Proof>,
) -> Result<Issued, Problem> {
    let read = read(app, ctx, &client, &ask).await;
    let (provider, asserted) = match read {
        Ok(read) => read,
        Err(Problem::Refused(refusal)) => return refuse(app, ctx, &client, refusal).await,
        Err(broken) => return Err(broken),
    };
    let redemption = Redemption { app: app.clone(), client, ask, proof, provider, asserted };
    let outcome = app.store.write("redeem identity assertion", ctx, move |tx| redemption.run(tx));
    Ok(outcome.await??)
}

/// The provider whose word it is, and what it says.
async fn read(
    app: &App,
    ctx: &Context,
    client: &AuthenticatedClient,
    ask: &JwtBearer,
) -> Result<(IdentityProvider, id_jag::Asserted), Problem> {
    id_jag::may_use(client, GrantType::JwtBearer)?;
    let strange = Refusal::GrantAssertionInvalid(STRANGE);
    let issuer = id_jag::claimed_issuer(ask.assertion.expose()).ok_or_else(|| strange.clone())?;
    let provider = app.store.read(move |view| providers::by_issuer(view, &issuer)).await?.ok_or(strange)?;
    let keys = (provider.jwks.as_ref(), provider.jwks_uri.as_deref());
    let claims = signed_by(app, &provider.issuer, keys, (&ask.assertion, Typ::Exactly(ID_JAG_TYPE)), ctx.at).await;
    let claims = claims.map_err(Unrecognized::of_grant)?;
    // What was believed of it is read again from what was signed.
    if claims.get("iss").and_then(serde_json::Value::as_str) != Some(provider.issuer.as_str()) {
        return Err(Refusal::GrantAssertionInvalid(STRANGE).into());
    }
    let asserted = id_jag::read(&claims, &app.issuer, client, ctx.at)?;
    Ok((provider, asserted))
}

struct Redemption {
    app: App,
    client: AuthenticatedClient,
    ask: JwtBearer,
    proof: Option<Proof>,
    provider: IdentityProvider,
    asserted: id_jag::Asserted,
}

impl Redemption {
    fn run(&self, tx: &mut Tx<'_>) -> Result<Result<Issued, Refusal>, Fault> {
        let sender = dpop::spend(tx, self.proof.as_ref())?;
        let decided = match &sender {
            Ok(sender) => self.decide(tx, *sender)?,
            Err(refusal) => Err(refusal.clone()),
        };
        match decided.and_then(|(person, accepted)| Ok((person, accepted, sender?))) {
            Ok((person, accepted, sender)) => self.issue(tx, &person, accepted, sender).map(Ok),
            Err(refusal) => {
                tx.record(refused(&self.client, &refusal))?;
                Ok(Err(refusal))
            }
        }
    }

    fn decide(&self, tx: &Tx<'_>, sender: Sender) -> Result<Result<(Person, Accepted), Refusal>, Fault> {
        if find_client::state(tx, self.client.id())? != Some(ClientState::Active) {
            return Ok(Err(Refusal::ClientSuspended));
        }
        // Whoever removed the provider meanwhile was told that its word is not taken any more.
        if tx.get(&PROVIDERS, &self.provider.id)?.as_ref() != Some(&self.provider) {
            return Ok(Err(Refusal::GrantAssertionInvalid(STRANGE)));
        }
        // RFC 7523 §3 (7): once.
        if tx.get(&ASSERTIONS, &self.asserted.replay_key(&self.provider.issuer))?.is_some() {
            return Ok(Err(Refusal::GrantAssertionReplayed));
        }
        let person = self.person(tx)?;
        let resource = self.asserted.resource(&self.ask);
        let facts = Facts {
            person: person.as_ref().map(|person| person.state),
            target: find_resource::facts(&self.app, tx, resource, &self.client)?,
            key: sender.jkt(),
        };
        let accepted = id_jag::accept(&self.asserted, facts, &self.client, &self.ask);
        let unknown = Refusal::GrantAssertionInvalid("nobody here is known by it");
        Ok(accepted.and_then(|accepted| Ok((person.ok_or(unknown)?, accepted))))
    }

    /// Whoever the provider speaks of, by what the administrator chose to go by.
    fn person(&self, tx: &Tx<'_>) -> Result<Option<Person>, Fault> {
        match (&self.provider.person_by, &self.asserted.email) {
            (PersonBy::Link, _) => {
                let link = tx.get(&LINKS, &link_key(self.provider.id, &self.asserted.subject))?;
                Ok(link.map(|link| tx.get(&PEOPLE, &link.person)).transpose()?.flatten())
            }
            (PersonBy::Email { .. }, Some(email)) => providers::by_address(tx, &self.provider, email),
            (PersonBy::Email { .. }, None) => Ok(None),
        }
    }

    fn issue(&self, tx: &mut Tx<'_>, person: &Person, accepted: Accepted, sender: Sender) -> Result<Issued, Fault> {
        let (asserted, now) = (&self.asserted, tx.now());
        let spent = UsedAssertion { expires_at: asserted.good_until.plus(SET_BACK) };
        tx.put(&ASSERTIONS, &asserted.replay_key(&self.provider.issuer), &spent)?;
        let Accepted { resource, narrowed } = accepted;
        if !narrowed.dropped.is_empty() {
            tx.record(Event::ScopeNarrowed { client: self.client.id().clone(), dropped: narrowed.dropped })?;
        }
        let told =
            Asserted { provider: self.provider.id, subject: asserted.subject.clone(), assertion: asserted.jti.clone() };
        let lifetime = self.app.settings.now().lifetimes.access;
        let making = Making::new(&self.app, &self.client, Some(&resource), (lifetime, now)).asserted(told);
        // A grant like one that the person gave, so that it is seen with the others and ends with them. It is as long as its only
        // token: §4.4.3 has no refresh token, for whoever wants more asks the provider again.
        let mut family = Family {
            id: Id::new(now, &self.app.entropy)?,
            client_id: self.client.id().clone(),
            person: Some(person.id),
            session: None,
            scope: narrowed.scope,
            resource: Some(resource.identifier.clone()),
            audience: None,
            nonce: None,
            jkt: None,
            auth_time: now,
            method: SignInMethod::default(),
            tenant: None,
            generation: 0,
            turned_at: now,
            turned_before_at: now,
            overlaps: 0,
            last_from: tx.context().from.network.clone(),
            last_used_at: now,
            created_at: now,
            expires_at: now.plus(making.lifetime()),
            state: FamilyState::Live,
            status: Vec::new(),
        };
        let place = making.place_in(&self.app, tx, &mut family)?;
        tx.put(&FAMILIES, &family.id, &family)?;
        let grant = Grant {
            name: GrantName::JwtBearer,
            client: &family.client_id,
            subject: Subject::Person(person.id),
            scope: family.scope.clone(),
            family: Some(&family),
            sender,
            place,
        };
        issue::access_token(tx, &self.app.entropy, &making, grant)
    }
}

/// The client has proved who it is, so what it was refused is worth a line.
async fn refuse(app: &App, ctx: &Context, client: &AuthenticatedClient, refusal: Refusal) -> Result<Issued, Problem> {
    if !client.is_vouched_for() || client.is_public() {
        app.tally.count("identity assertion of a client that may bring none");
        return Err(refusal.into());
    }
    let event = refused(client, &refusal);
    app.store.write("refuse identity assertion", ctx, move |tx| tx.record(event.clone())).await?;
    Err(refusal.into())
}

fn refused(client: &AuthenticatedClient, refusal: &Refusal) -> Event {
    let (client, why) = (client.id().clone(), refusal.public_text());
    Event::TokenRefused { client, grant: "identity_assertion".to_owned(), why }
}
