//! Puts down what is issued, inside the transaction that decides it, and signs it afterwards.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::TokenResponse;
use crate::app::App;
use crate::base::{Entropy, Fault, Id, Lifetime, OpaqueToken, Resource, Secret, Timestamp, TokenKind};
use crate::model::{
    AccessRecord, Algorithm, Authenticated, Client, ClientId, Entitlements, Event, Family, GrantName, IdentityProvider,
    Link, Machine, Person, ProtectedResource, RefreshToken, SaidClaim, ScopeSet, Subject, TokenFormat,
};
use crate::operations::dpop::Sender;
use crate::operations::roles;
use crate::operations::status::{self, Acted, Place};
use crate::protocol::claims::{
    ACCESS_TOKEN_TYPE, AccessClaims, Act, Confirmation, HowSignedIn, ID_TOKEN_TYPE, IdClaims, MayAct, PersonClaims,
    Via, at_hash,
};
use crate::protocol::entitlements;
use crate::protocol::exchange::TokenType;
use crate::protocol::id_jag::{ID_JAG, ID_JAG_TYPE, IdJagClaims, LIVES};
use crate::store::tables::{ACCESS, MACHINES, REFRESH};
use crate::store::{Read as _, Tx};

/// What a token is for and how it is made: the resource's wishes, or the appliance's own where there is none.
#[derive(Clone, Debug)]
pub(crate) struct Making {
    pub(crate) audience: String,
    pub(crate) resource: Option<Resource>,
    /// What it is told of its subject, if that is not all.
    told: Option<BTreeSet<SaidClaim>>,
    algorithm: Algorithm,
    format: TokenFormat,
    lifetime: Lifetime,
    id_token: Algorithm,
    issuer: String,
    refresh_for: Lifetime,
    acting: Option<Acting>,
    asserted: Option<Asserted>,
    /// Who is asking, if it is a machine.
    asking: Option<Arc<Authenticated>>,
}

/// Who will act with the token, for the subject of its grant (RFC 8693).
#[derive(Clone, Debug)]
pub(crate) struct Acting {
    /// The client of the grant first.
    pub(crate) chain: Vec<Link>,
    pub(crate) may_act: Option<Id<Machine>>,
    /// No token outlives what it came of.
    pub(crate) ends_at: Timestamp,
    pub(crate) issued: TokenType,
}

/// On whose word a token is given.
#[derive(Clone, Debug)]
pub(crate) struct Asserted {
    pub(crate) provider: Id<IdentityProvider>,
    /// What the provider calls the person.
    pub(crate) subject: String,
    /// The assertion's `jti`.
    pub(crate) assertion: String,
}

impl Making {
    /// For `resource`, or for the appliance itself, given to `client`, to whom this and that is given at `now`.
    pub(crate) fn new(
        app: &App,
        client: &Client,
        resource: Option<&ProtectedResource>,
        (lifetime, now): (Lifetime, Timestamp),
    ) -> Self {
        let configured = |algorithm: &Algorithm| app.config.keys.algorithms.contains(algorithm);
        let most = resource.map_or(lifetime, |r| r.access_for);
        let machine = client.identity.as_ref().map(|identity| &identity.machine);
        let own = machine.and_then(|machine| machine.lifetime(resource.map(|r| &r.identifier)));
        let cap = resource.and_then(|r| r.machine_access_most).unwrap_or(MOST_ACCESS);
        Self {
            audience: resource.map_or_else(|| app.issuer.to_string(), |r| r.identifier.to_string()),
            resource: resource.map(|r| r.identifier.clone()),
            told: resource.and_then(|r| r.claims.clone()),
            algorithm: resource.map_or_else(|| own_algorithm(app), |r| r.algorithm),
            format: resource.map_or(TokenFormat::Jwt, |r| r.format),
            // What a resource says of people's tokens is no limit to what a machine may wish for; what it says of machines' is.
            lifetime: machine.map_or(most, |machine| own.unwrap_or(most).min(cap).min(machine.left(now))),
            // OpenID Connect Dynamic Client Registration §2: "The default, if omitted, is RS256." It also stands in for one that the
            // settings do not name any more: a client had rather be surprised by a token than get none for its code.
            id_token: client.id_token_signed_response_alg.filter(configured).unwrap_or(Algorithm::RS256),
            issuer: app.issuer.to_string(),
            refresh_for: app.settings.now().lifetimes.refresh,
            acting: None,
            asserted: None,
            asking: client.identity.clone(),
        }
    }

    /// What a token says about its subject. Of the machine that is asking, it is known since it authenticated.
    fn entitlements(&self, tx: &Tx<'_>, grant: &Grant<'_>) -> Result<Entitlements, Fault> {
        match &grant.subject {
            Subject::Person(person) => {
                let wanted = grant.family.and_then(|family| family.tenant.as_ref());
                roles::of_person(tx, *person, &grant.scope, wanted)
            }
            Subject::Client(ClientId::Machine(id)) => match &self.asking {
                Some(asking) if asking.machine.id == *id => {
                    Ok(entitlements::of_machine(&asking.machine, &asking.permissions))
                }
                _ => match tx.get(&MACHINES, id)? {
                    Some(machine) => Ok(entitlements::of_machine(&machine, &roles::permissions_of(tx, &machine)?)),
                    None => Ok(Entitlements::default()),
                },
            },
            Subject::Client(ClientId::Registered(_) | ClientId::Document(_)) => Ok(Entitlements::default()),
        }
    }

    /// For somebody who acts for another.
    pub(crate) fn acting(self, acting: Acting, now: Timestamp) -> Self {
        Self { lifetime: self.lifetime.min(acting.ends_at.since(now)), acting: Some(acting), ..self }
    }

    /// For somebody who is no resource.
    pub(crate) fn meant_for(self, audience: Option<&String>) -> Self {
        Self { audience: audience.cloned().unwrap_or(self.audience), ..self }
    }

    /// For the word of an identity provider.
    pub(crate) fn asserted(self, asserted: Asserted) -> Self {
        Self { asserted: Some(asserted), ..self }
    }

    /// How long the token lives.
    pub(crate) fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    /// Where the status of a token that a client gets for itself stands; an opaque one has none.
    pub(crate) fn place(&self, app: &App, tx: &mut Tx<'_>, client: &ClientId) -> Result<Option<Place>, Fault> {
        let signed = self.format == TokenFormat::Jwt;
        signed.then(|| status::for_client(app, tx, (client, &self.audience), self.lifetime)).transpose()
    }

    /// The same for a token with which `client` acts for `subject`, and of the `family` of the token it showed.
    pub(crate) fn place_acting(
        &self,
        app: &App,
        tx: &mut Tx<'_>,
        client: &ClientId,
        (subject, family): (&Subject, Option<Id<Family>>),
    ) -> Result<Option<Place>, Fault> {
        let chain = self.acting.as_ref().map_or(&[][..], |acting| &acting.chain);
        let token = Acted { client, audience: &self.audience, subject, family, chain };
        let signed = self.format == TokenFormat::Jwt;
        signed.then(|| status::for_acting(app, tx, &token, self.lifetime)).transpose()
    }

    /// The same for a token of a grant, whose row remembers it: the caller puts the row.
    pub(crate) fn place_in(&self, app: &App, tx: &mut Tx<'_>, family: &mut Family) -> Result<Option<Place>, Fault> {
        let signed = self.format == TokenFormat::Jwt;
        signed.then(|| status::for_family(app, tx, (family, &self.audience), self.lifetime)).transpose()
    }
}

/// With which what is for no resource of ours is signed.
pub(crate) fn own_algorithm(app: &App) -> Algorithm {
    let configured = |algorithm: &Algorithm| app.config.keys.algorithms.contains(algorithm);
    [Algorithm::default(), Algorithm::RS256].into_iter().find(configured).unwrap_or_default()
}

/// Our word about a person, to be signed after the commit like any token.
pub(crate) fn identity_assertion(app: &App, claims: IdJagClaims) -> Issued {
    let scope = claims.scope.clone();
    Issued {
        access: Access::IdJag(Box::new(claims), own_algorithm(app)),
        refresh: None,
        id: None,
        scope,
        resource: None,
        lifetime: LIVES,
        // RFC 8693 §2.2.1: "if the issued token is not an access token or usable as an access token, then the token_type value
        // N_A is used".
        token_type: "N_A",
        issued_as: Some(ID_JAG),
        place: None,
    }
}

/// No access token lives longer.
pub(crate) const MOST_ACCESS: Lifetime = Lifetime::from_days(1);

/// Everything that one grant gave, durable but not yet signed.
pub(crate) struct Issued {
    access: Access,
    refresh: Option<Secret>,
    id: Option<(IdClaims, Algorithm)>,
    scope: ScopeSet,
    resource: Option<Resource>,
    lifetime: Lifetime,
    token_type: &'static str,
    /// RFC 8693 §2.2.1.
    issued_as: Option<&'static str>,
    place: Option<Place>,
}

enum Access {
    Jwt(Box<AccessClaims>, Algorithm),
    Opaque(Secret),
    /// Our word about a person, which is no access token at all.
    IdJag(Box<IdJagClaims>, Algorithm),
}

/// For whom, by which grant.
pub(crate) struct Grant<'a> {
    pub(crate) name: GrantName,
    pub(crate) client: &'a ClientId,
    pub(crate) subject: Subject,
    pub(crate) scope: ScopeSet,
    pub(crate) family: Option<&'a Family>,
    pub(crate) sender: Sender,
    /// Where its status stands.
    pub(crate) place: Option<Place>,
}

/// Issues an access token: its row if it is opaque, its event in any case.
pub(crate) fn access_token(
    tx: &mut Tx<'_>,
    entropy: &Entropy,
    making: &Making,
    grant: Grant<'_>,
) -> Result<Issued, Fault> {
    let now = tx.now();
    let id = Id::<AccessRecord>::new(now, entropy)?;
    let chain = making.acting.as_ref().map_or(&[][..], |acting| &acting.chain);
    let may_act = making.acting.as_ref().and_then(|acting| acting.may_act);
    let expires_at = now.plus(making.lifetime);
    let sign_in = grant.family.and_then(Family::sign_in);
    let how = sign_in.map(|(_, method)| HowSignedIn::from(method));
    let entitlements = match &making.told {
        // Nobody looks for what nobody is told.
        Some(claims) if claims.is_empty() => Entitlements::default(),
        told => entitlements::told(making.entitlements(tx, &grant)?, told.as_ref()),
    };
    let access = match making.format {
        TokenFormat::Jwt => Access::Jwt(
            Box::new(AccessClaims {
                iss: making.issuer.clone(),
                sub: grant.subject.text(),
                aud: making.audience.clone(),
                exp: expires_at.seconds(),
                iat: now.seconds(),
                jti: id.to_string(),
                client_id: grant.client.clone(),
                scope: grant.scope.clone(),
                demo: false,
                auth_time: sign_in.map(|(at, _)| at.seconds()),
                acr: how.as_ref().map(|how| how.acr.clone()),
                amr: how.map(|how| how.amr).unwrap_or_default(),
                grant_id: grant.family.map(|family| family.id),
                cnf: grant.sender.jkt().map(|jkt| Confirmation { jkt }),
                act: Act::of(chain),
                may_act: may_act.map(|sub| MayAct { sub }),
                via: chain.iter().map(|link| Via { delegation: link.delegation, from: link.from }).collect(),
                kind: grant.subject.is_machine().then(|| "machine".to_owned()),
                status: grant.place.as_ref().map(|place| place.claim.clone()),
                entitlements,
            }),
            making.algorithm,
        ),
        TokenFormat::Opaque => {
            let token = OpaqueToken::new(TokenKind::AccessToken, id, entropy)?;
            let record = AccessRecord {
                id,
                digest: token.digest(),
                client_id: grant.client.clone(),
                subject: grant.subject.clone(),
                family: grant.family.map(|family| family.id),
                scope: grant.scope.clone(),
                resource: making.resource.clone(),
                auth_time: sign_in.map(|(at, _)| at),
                method: sign_in.map(|(_, method)| method),
                jkt: grant.sender.jkt(),
                chain: chain.to_vec(),
                may_act,
                issued_at: now,
                expires_at,
                entitlements,
            };
            tx.put(&ACCESS, &id, &record)?;
            Access::Opaque(token.into_secret())
        }
    };
    tx.record(issued_event(making, &grant, id, expires_at))?;
    // RFC 9449 §5: "A token_type of DPoP MUST be included in the access token response to signal to the client that the access token
    // was bound to its DPoP key".
    let token_type = if grant.sender.jkt().is_some() { "DPoP" } else { "Bearer" };
    let issued_as = making.acting.as_ref().map(|acting| acting.issued.as_str());
    let (scope, lifetime, resource) = (grant.scope, making.lifetime, making.resource.clone());
    Ok(Issued { access, refresh: None, id: None, scope, resource, lifetime, token_type, issued_as, place: grant.place })
}

/// One entry for one token: who acts for somebody is told of as such.
fn issued_event(making: &Making, grant: &Grant<'_>, token: Id<AccessRecord>, expires_at: Timestamp) -> Event {
    let chain = making.acting.as_ref().map_or(&[][..], |acting| &acting.chain);
    let (scope, family, token) = (grant.scope.clone(), grant.family.map(|family| family.id), token.to_string());
    if let (Some(told), Subject::Person(person), Some(resource), Some(family)) =
        (&making.asserted, &grant.subject, &making.resource, family)
    {
        return Event::IdentityAccepted {
            client: grant.client.clone(),
            person: *person,
            provider: told.provider,
            subject: told.subject.clone(),
            assertion: told.assertion.clone(),
            scope,
            resource: resource.clone(),
            family,
            token,
            expires_at,
        };
    }
    match (chain.first(), &making.resource) {
        (Some(link), Some(resource)) => Event::TokenExchanged {
            actor: link.actor,
            subject: grant.subject.clone(),
            chain: chain.to_vec(),
            scope,
            resource: resource.clone(),
            delegation: link.delegation,
            family,
            token,
            expires_at,
        },
        _ => Event::TokenIssued {
            grant: grant.name,
            client: grant.client.clone(),
            subject: grant.subject.clone(),
            scope,
            resource: making.resource.clone(),
            family,
            token,
            expires_at,
            credential: making.asking.as_ref().map(|asking| asking.credential.id),
            trust: None,
        },
    }
}

/// Adds a refresh token of the family's newest generation.
pub(crate) fn refresh_token(
    tx: &mut Tx<'_>,
    entropy: &Entropy,
    making: &Making,
    family: &Family,
    issued: &mut Issued,
) -> Result<(), Fault> {
    let id = Id::<RefreshToken>::new(tx.now(), entropy)?;
    let token = OpaqueToken::new(TokenKind::RefreshToken, id, entropy)?;
    let row = RefreshToken {
        id,
        digest: token.digest(),
        family: family.id,
        generation: family.generation,
        expires_at: tx.now().plus(making.refresh_for).min(family.expires_at),
    };
    tx.put(&REFRESH, &id, &row)?;
    issued.refresh = Some(token.into_secret());
    Ok(())
}

/// Adds an id token, if `openid` was granted. OpenID Connect Core §3.1.3.3, §12.2.
pub(crate) fn id_token(making: &Making, family: &Family, person: &Person, now: Timestamp, issued: &mut Issued) {
    // It says who signed in, and in which session: where nobody did, there is nothing to say.
    let Some(session) = family.session.filter(|_| issued.scope.contains("openid")) else { return };
    let claims = IdClaims {
        iss: making.issuer.clone(),
        sub: person.id.to_string(),
        aud: family.client_id.to_string(),
        exp: now.plus(making.lifetime).seconds(),
        iat: now.seconds(),
        auth_time: family.auth_time.seconds(),
        how: family.method.into(),
        nonce: family.nonce.clone(),
        at_hash: String::new(),
        sid: session.to_string(),
        person: PersonClaims::for_scope(person, &issued.scope),
    };
    issued.id = Some((claims, making.id_token));
}

impl Issued {
    pub(crate) fn scope(&self) -> &ScopeSet {
        &self.scope
    }

    /// Where it is for, if it is for a resource.
    pub(crate) fn resource(&self) -> Option<&Resource> {
        self.resource.as_ref()
    }

    /// Says that it was given in an exchange (RFC 8693 §2.2.1); an opaque token is no JWT, whatever was asked for.
    pub(crate) fn exchanged_for(self, requested: TokenType) -> Self {
        let issued_as = match self.access {
            Access::Jwt(..) => requested,
            Access::Opaque(_) | Access::IdJag(..) => TokenType::AccessToken,
        };
        Self { issued_as: Some(issued_as.as_str()), ..self }
    }

    /// Signs what is to be signed.
    pub(crate) fn sign(self, app: &App) -> Result<TokenResponse, Fault> {
        let _span = tracing::trace_span!(target: "writ::trace", "sign");
        if let Some(place) = &self.place {
            place.committed(app);
        }
        let access_token = match self.access {
            Access::Jwt(mut claims, algorithm) => {
                claims.demo = app.config.demo;
                app.keys.current().signing(algorithm)?.mint(ACCESS_TOKEN_TYPE, &claims)?
            }
            Access::Opaque(token) => token.expose().to_owned(),
            Access::IdJag(claims, algorithm) => app.keys.current().signing(algorithm)?.mint(ID_JAG_TYPE, &claims)?,
        };
        let id_token = match self.id {
            Some((mut claims, algorithm)) => {
                claims.at_hash = at_hash(&access_token, algorithm);
                Some(app.keys.current().signing(algorithm)?.mint(ID_TOKEN_TYPE, &claims)?)
            }
            None => None,
        };
        Ok(TokenResponse {
            access_token,
            token_type: self.token_type,
            issued_token_type: self.issued_as,
            expires_in: self.lifetime.seconds(),
            refresh_token: self.refresh.map(|token| token.expose().to_owned()),
            id_token,
            scope: self.scope,
        })
    }
}
