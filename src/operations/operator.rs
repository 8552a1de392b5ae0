//! Who asks for an administrator's operation, and how far they reach.

use std::ops::Deref;

use super::authenticate_client::by_access_key;
use super::declined::Declined;
use super::find_client::{self, Found};
use super::introspect::{self, NotLive};
use super::once::Once;
use super::sign_in::SignedIn;
use super::{Problem, credentials, dpop, set_up_factor, usage};
use crate::app::App;
use crate::base::{Fault, Id};
use crate::model::{
    Actor, Channel, ClientId, ClientState, Context, Credential, Origin, Person, PersonState, Scope, ScopeSet, Standing,
    Subject,
};
use crate::protocol::dpop::{self as possession, Proof};
use crate::protocol::own_scopes::{self, ADMIN};
use crate::protocol::refusal::Refusal;
use crate::store::Read;
use crate::store::tables::{MACHINES, PEOPLE};

/// The proof that administrators' operations ask for: whoever holds one was allowed to do what they are about to do, and may hand out
/// what `reach` covers.
#[derive(Clone, Debug)]
pub struct Operator {
    ctx: Context,
    reach: ScopeSet,
    /// The access key that was shown in place of a token.
    key: Option<Id<Credential>>,
    once: Once,
}

/// A token as it was shown: alone, or with a proof that its bearer has the key it is bound to (RFC 9449 §7.1).
#[derive(Debug)]
pub struct Shown<'t> {
    pub token: &'t str,
    pub proof: Option<Proof>,
}

/// Why the bearer of a token is none. RFC 6750 §3.1, RFC 9449 §7.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPermitted {
    /// The token is unknown, over, revoked, or meant for somebody else.
    InvalidToken,
    /// It is bound to a key, and was not shown with a proof of that key; or the other way round.
    OtherKey,
    /// The proof was used before.
    Proof(Refusal),
    /// It is an access key, and not good for this.
    Key(Refusal),
    /// The person it speaks for does not administer this appliance, or not any more.
    NotAnAdministrator,
    /// More than a password is demanded of administrators here, and that person has set nothing up.
    NoSecondFactor,
    /// It does not have this scope, or its client may not have it any more.
    InsufficientScope { needed: &'static str },
}

impl Operator {
    /// Search for this word to find every place that claims somebody may administer.
    fn assertion(ctx: Context, reach: ScopeSet) -> Self {
        Self { ctx, reach, key: None, once: Once::Often }
    }

    /// Whoever has the file or the control socket may do everything. Only the command line calls this.
    pub fn with_the_file(ctx: &Context) -> Self {
        Self::assertion(ctx.clone(), ADMIN.parse::<Scope>().into_iter().collect())
    }

    /// Whoever makes the demo's invented organisation, in a store that is thrown away.
    pub(super) fn of_the_demo(ctx: &Context) -> Self {
        Self::assertion(ctx.clone(), ADMIN.parse::<Scope>().into_iter().collect())
    }

    /// Somebody who is signed in and administers this appliance: in the console they may do everything.
    pub fn signed_in(ctx: &Context, signed_in: &SignedIn) -> Option<Self> {
        let may_everything = || ADMIN.parse::<Scope>().into_iter().collect();
        signed_in.is_administrator().then(|| Self::assertion(ctx.by(signed_in.actor()), may_everything()))
    }

    /// The bearer of one of our own access tokens, for something that takes the scope `needed`.
    ///
    /// The token is meant for the appliance itself: a resource that was given one for itself cannot use it here. What it says is held
    /// against what is so now: whether its client may still hold these scopes, and whether its person is still an administrator.
    pub async fn with_token(
        app: &App,
        ctx: &Context,
        token: Shown<'_>,
        needed: &'static str,
    ) -> Result<Result<Self, NotPermitted>, Fault> {
        let live = match introspect::live_access(app, ctx, token.token, token.proof.as_ref()).await? {
            Ok(live) if live.audience == app.issuer.as_str() => live,
            Ok(_) | Err(NotLive::Over) => return Ok(Err(NotPermitted::InvalidToken)),
            Err(NotLive::OtherKey) => return Ok(Err(NotPermitted::OtherKey)),
        };
        // Only now: who holds no such token makes nobody write.
        if let Some(proof) = token.proof {
            let spent = app.store.write("spend DPoP proof", ctx, move |tx| dpop::spend(tx, Some(&proof)));
            if let Err(refusal) = spent.await? {
                app.tally.count("DPoP proof used again");
                return Ok(Err(NotPermitted::Proof(refusal)));
            }
        }
        let (subject, client_id) = (live.subject.clone(), live.client_id.clone());
        let demanded = app.settings.now().sign_in.second_factor.includes(Standing::Administrator);
        let (administers, strong, reach) = app
            .store
            .read(move |view| {
                let (administers, strong) = match &subject {
                    Subject::Person(person) => {
                        (is_administrator(view, person)?, !demanded || set_up_factor::has_any(view, *person)?)
                    }
                    Subject::Client(_) => (true, true),
                };
                let reach = match find_client::stored(view, &client_id)? {
                    Found::Client(client) => own_scopes::within_reach(&client),
                    Found::Gone(_) | Found::BadDocument(_) | Found::Unknown => ScopeSet::new(),
                };
                Ok((administers, strong, reach))
            })
            .await?;
        let held = live.scope.intersection(&reach);
        if !administers {
            return Ok(Err(NotPermitted::NotAnAdministrator));
        }
        if !strong {
            return Ok(Err(NotPermitted::NoSecondFactor));
        }
        if !own_scopes::suffices(&held, needed) {
            return Ok(Err(NotPermitted::InsufficientScope { needed }));
        }
        let actor = match live.subject {
            Subject::Person(person) => Actor::Person(person),
            Subject::Client(client) => Actor::Client(client),
        };
        // Who acts through an application acts through it, also in the audit log.
        let via = matches!(actor, Actor::Person(_)).then_some(live.client_id);
        let from = Origin { channel: Channel::Api, via, ..ctx.from.clone() };
        Ok(Ok(Self::assertion(Context { by: actor, from, ..ctx.clone() }, held)))
    }

    /// A machine, by an access key that it sends as it is, for something that takes the scope `needed`. It may do here what it could get
    /// a token for, and the key is looked at as where it buys one: its own state and end, the machine's, and from where it is used.
    pub async fn with_access_key(
        app: &App,
        ctx: &Context,
        key: &str,
        needed: &'static str,
    ) -> Result<Result<Self, NotPermitted>, Fault> {
        let client = match by_access_key(app, ctx, key).await {
            Ok(client) => client,
            Err(Problem::Refused(refusal)) => return Ok(Err(NotPermitted::Key(refusal))),
            Err(Problem::Broken(fault)) => return Err(fault),
        };
        // RFC 9449 §5.2: whoever gets only tokens that are bound to a key has nothing to show here but those.
        if let Err(refusal) = possession::demanded(&client, None) {
            return Ok(Err(NotPermitted::Key(refusal)));
        }
        let reach = own_scopes::within_reach(&client);
        if !own_scopes::suffices(&reach, needed) {
            return Ok(Err(NotPermitted::InsufficientScope { needed }));
        }
        let used = reach.only(|scope| own_scopes::suffices(&ScopeSet::from_iter([scope.clone()]), needed));
        usage::saw(app, ctx, &client, &used, None);
        let from = Origin { channel: Channel::Api, via: None, ..ctx.from.clone() };
        let operator = Self::assertion(Context { by: Actor::Client(client.id().clone()), from, ..ctx.clone() }, reach);
        Ok(Ok(Self { key: client.credential().map(|credential| credential.id), ..operator }))
    }

    /// The same, for a request that is to have its effect once.
    #[must_use]
    pub fn once(self, once: Once) -> Self {
        Self { once, ..self }
    }

    pub(super) fn request(&self) -> &Once {
        &self.once
    }

    /// Whether what they have suffices for what takes this scope.
    pub fn reaches(&self, needed: &str) -> bool {
        own_scopes::suffices(&self.reach, needed)
    }

    /// Whether this operator may make, or change, what holds these scopes.
    pub(super) fn may_give(&self, scope: &ScopeSet) -> Result<(), Declined> {
        if own_scopes::covers(&self.reach, scope) {
            return Ok(());
        }
        let given = scope.only(|scope| own_scopes::is_own(scope.as_str()));
        Err(Declined::Forbidden(format!("nobody hands out more than they have: this takes a token with `{given}`")))
    }

    /// Whether this operator may make, or change, an administrator.
    pub(super) fn may_raise(&self, standing: Standing) -> Result<(), Declined> {
        match standing {
            Standing::Administrator if !self.reach.contains(ADMIN) => {
                Err(Declined::Forbidden(format!("only who has `{ADMIN}` decides about administrators")))
            }
            Standing::Administrator | Standing::Member => Ok(()),
        }
    }

    /// Whether they still stand, asked inside the transaction of what they do: who was stopped a moment ago, or has less than a moment
    /// ago, does nothing more.
    pub(super) fn stands(&self, read: &impl Read) -> Result<Result<(), Declined>, Fault> {
        let through = match &self.ctx.from.via {
            Some(client) => self.still_reaches(read, client)?,
            None => true,
        };
        let stands = through
            && match &self.ctx.by {
                Actor::Person(person) => is_administrator(read, person)?,
                Actor::Client(client) => self.still_reaches(read, client)?,
                Actor::Operator | Actor::System => true,
                Actor::Nobody => false,
            };
        let stands = stands
            && match &self.key {
                Some(key) => credentials::is_good(read, key, self.ctx.at)?,
                None => true,
            };
        Ok(stands.then_some(()).ok_or_else(|| Declined::Forbidden("whoever asked for this was stopped".to_owned())))
    }

    /// Whether a client may act, and hold what this operator has of it.
    fn still_reaches(&self, read: &impl Read, id: &ClientId) -> Result<bool, Fault> {
        if let ClientId::Machine(machine) = id
            && read.get(&MACHINES, machine)?.is_some_and(|row| row.expires_at.is_some_and(|end| self.ctx.at >= end))
        {
            return Ok(false);
        }
        Ok(find_client::stored(read, id)?.client().is_some_and(|client| {
            client.state == ClientState::Active && own_scopes::covers(&own_scopes::within_reach(&client), &self.reach)
        }))
    }
}

impl Deref for Operator {
    type Target = Context;

    /// Who, when and from where.
    fn deref(&self) -> &Context {
        &self.ctx
    }
}

fn is_administrator(read: &impl Read, person: &Id<Person>) -> Result<bool, Fault> {
    let person = read.get(&PEOPLE, person)?;
    Ok(person.is_some_and(|p| p.standing == Standing::Administrator && p.state == PersonState::Active))
}
