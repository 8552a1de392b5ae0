//! Trades somebody's token for one with which a machine acts for them. RFC 8693.

use super::issue::{self, Acting, Grant, Issued, Making};
use super::now::{Now, now};
use crate::app::App;
use crate::base::{Fault, Resource};
use crate::model::{ClientId, Context, Event, Family, GrantName, Subject, TenantName};
use crate::operations::dpop::{self, Sender};
use crate::operations::introspect::{self, Known, Standing};
use crate::operations::{Problem, delegations, find_resource, usage};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::dpop::{Proof, demanded};
use crate::protocol::exchange::{self, Exchanged, Facts, Shown, TokenExchange};
use crate::protocol::refusal::Refusal;
use crate::store::tables::MACHINES;
use crate::store::{Read, Tx};

/// Signatures are verified here; everything that may change is read, decided and written in one transaction, so that of an exchange and
/// a revocation at once, one is first.
pub(super) async fn exchange(
    app: &App,
    ctx: &Context,
    client: AuthenticatedClient,
    ask: TokenExchange,
    proof: Option<Proof>,
) -> Result<Issued, Problem> {
    // Only machines act for others; what anybody else is refused here is worth no entry.
    if client.machine().is_none() {
        app.tally.count("token exchange by a client that is no machine");
        return Err(Refusal::GrantNotAllowed.into());
    }
    // A first look, so that invented tokens never reach the writer.
    let Some(subject) = introspect::find(app, ctx, ask.subject_token.expose()).await? else {
        app.tally.count("exchange of an unknown token");
        return Err(Refusal::SubjectTokenInvalid.into());
    };
    let actor = match &ask.actor_token {
        Some(token) => introspect::find(app, ctx, token.expose()).await?,
        None => None,
    };
    let who = client.clone();
    let exchange = Exchange { app: app.clone(), client, ask, proof, subject, actor };
    let outcome = app.store.write("exchange token", ctx, move |tx| exchange.run(tx));
    let (issued, at) = outcome.await??;
    usage::saw(app, ctx, &who, issued.scope(), Some(&at));
    Ok(issued)
}

struct Exchange {
    app: App,
    client: AuthenticatedClient,
    ask: TokenExchange,
    proof: Option<Proof>,
    subject: Known,
    actor: Option<Known>,
}

impl Exchange {
    fn run(&self, tx: &mut Tx<'_>) -> Result<Result<(Issued, Resource), Refusal>, Fault> {
        let sender = dpop::spend(tx, self.proof.as_ref())?;
        let decided = match (&sender, self.caller(tx)?) {
            (Ok(_), Ok(client)) => self.decide(tx, &client)?.map(|(exchanged, family)| (client, exchanged, family)),
            (Err(refusal), _) => Err(refusal.clone()),
            (_, Err(refusal)) => Err(refusal),
        };
        match decided.and_then(|decided| Ok((decided, sender?))) {
            Ok(((client, exchanged, family), sender)) => {
                let at = exchanged.resource.identifier.clone();
                Ok(Ok((self.issue(tx, &client, exchanged, family.as_ref(), sender)?, at)))
            }
            Err(refusal) => {
                let (client, why) = (self.client.id().clone(), format!("{refusal:?}"));
                tx.record(Event::TokenRefused { client, grant: "token_exchange".to_owned(), why })?;
                Ok(Err(refusal))
            }
        }
    }

    /// Who asks, as it is now.
    fn caller(&self, tx: &Tx<'_>) -> Result<Result<AuthenticatedClient, Refusal>, Fault> {
        Ok(match now(tx, &self.client)? {
            Now::Same => Ok(self.client.clone()),
            Now::Changed(client) => demanded(&client, self.proof.as_ref()).map(|()| client),
            Now::Refused(refusal) => Err(refusal),
        })
    }

    /// What is given, and the family of the subject's token: what is given is in that, so that what ends that ends this.
    fn decide(
        &self,
        tx: &Tx<'_>,
        client: &AuthenticatedClient,
    ) -> Result<Result<(Exchanged, Option<Family>), Refusal>, Fault> {
        let now = tx.now();
        let (shown, family) = match &self.subject {
            known @ Known::Access { id, token, .. } => match introspect::standing(tx, known, now)? {
                Some(Standing { family }) => (Some(Shown { id: *id, token }), family),
                None => (None, None),
            },
            Known::Refresh { .. } => (None, None),
        };
        let delegation = match (client.machine(), shown) {
            (Some(machine), Some(shown)) => delegations::live(tx, machine.id, &shown.token.subject)?,
            _ => None,
        };
        let tenants = shown.map(|shown| tenants(tx, shown)).transpose()?.unwrap_or_default();
        let facts = Facts {
            subject: shown,
            actor_token_is_callers_own: self.is_callers_own(tx)?,
            delegation: delegation.as_ref(),
            tenants: &tenants,
            person_is_near: match (client.machine(), shown.map(|shown| &shown.token.subject)) {
                (Some(machine), Some(Subject::Person(person))) => delegations::is_of(tx, *person, &machine.tenant)?,
                _ => true,
            },
            target: find_resource::facts(&self.app, tx, self.ask.resource.as_ref(), client)?,
            depth: usize::try_from(self.app.settings.now().delegation.depth).unwrap_or(usize::MAX),
        };
        Ok(exchange::exchange(facts, client, &self.ask, now).map(|exchanged| (exchanged, family)))
    }

    /// A token that the caller got for itself, in which nobody acts for anybody.
    fn is_callers_own(&self, tx: &Tx<'_>) -> Result<bool, Fault> {
        match &self.actor {
            Some(known @ Known::Access { client_id, token, .. }) => Ok(client_id == self.client.id()
                && token.subject == Subject::Client(client_id.clone())
                && token.chain.is_empty()
                && introspect::stands(tx, known, tx.now())?),
            _ => Ok(false),
        }
    }

    fn issue(
        &self,
        tx: &mut Tx<'_>,
        client: &AuthenticatedClient,
        exchanged: Exchanged,
        family: Option<&Family>,
        sender: Sender,
    ) -> Result<Issued, Fault> {
        let Exchanged { subject, resource, scope, chain, may_act, ends_at } = exchanged;
        let acting = Acting { chain, may_act, ends_at, issued: self.ask.requested };
        let lifetime = self.app.settings.now().lifetimes.machine_access;
        let making = Making::new(&self.app, client, Some(&resource), (lifetime, tx.now())).acting(acting, tx.now());
        let of = (&subject, family.map(|family| family.id));
        let place = making.place_acting(&self.app, tx, client.id(), of)?;
        let grant = Grant {
            name: GrantName::TokenExchange,
            client: client.id(),
            subject,
            scope,
            family,
            // Bound to the caller's key, if it shows one; whose key the subject's token is bound to is its holder's affair.
            sender,
            place,
        };
        issue::access_token(tx, &self.app.entropy, &making, grant)
    }
}

/// The tenants of the subject, if it is a machine, and of all who act in its token.
fn tenants(tx: &Tx<'_>, shown: Shown<'_>) -> Result<Vec<TenantName>, Fault> {
    let subject = match &shown.token.subject {
        Subject::Client(ClientId::Machine(id)) => Some(*id),
        Subject::Client(_) | Subject::Person(_) => None,
    };
    let actors = shown.token.chain.iter().map(|link| link.actor);
    let machines = subject.into_iter().chain(actors).map(|id| tx.get(&MACHINES, &id));
    Ok(machines.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().map(|machine| machine.tenant).collect())
}
