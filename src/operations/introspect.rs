//! Says what a token is good for. RFC 7662.

use std::sync::Arc;

use super::{Problem, delegations, find_client, status};
use crate::app::App;
use crate::base::{Digest, Fault, Id, OpaqueToken, Timestamp, TokenKind};
use crate::keys::Typ;
use crate::model::{
    AccessRecord, Algorithm, ClientId, Context, Entitlements, Family, PersonState, StatusIndex, Subject,
};
use crate::protocol::claims::{ACCESS_TOKEN_TYPE, AccessClaims};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::dpop::{Proof, may_use};
use crate::protocol::token_status::{self, IntrospectionResponse, LiveToken, SIGNED_TYPE, SignedIntrospection};
use crate::store::Read;
use crate::store::tables::{ACCESS, FAMILIES, PEOPLE, REFRESH, REVOKED};

/// A token of ours that was found, alive or not.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    Refresh {
        family: Family,
        expires_at: Timestamp,
        newest: bool,
    },
    Access {
        id: Id<AccessRecord>,
        client_id: ClientId,
        family: Option<Id<Family>>,
        expires_at: Timestamp,
        /// Where it is said whether the token was ended, if it is signed.
        status: Option<StatusIndex>,
        token: LiveToken,
    },
}

impl Known {
    pub(crate) fn owner(&self) -> &ClientId {
        match self {
            Self::Refresh { family, .. } => &family.client_id,
            Self::Access { client_id, .. } => client_id,
        }
    }

    /// What there is to say about it while it is alive.
    fn told(self, issuer: String) -> LiveToken {
        match self {
            Self::Access { token, .. } => token,
            Self::Refresh { family, expires_at, .. } => LiveToken {
                subject: family.subject(),
                auth_time: family.sign_in().map(|(at, _)| at.seconds()),
                how: family.sign_in().map(|(_, method)| method.into()),
                client_id: family.client_id,
                audience: (family.audience)
                    .or_else(|| family.resource.map(|resource| resource.to_string()))
                    .unwrap_or(issuer),
                scope: family.scope,
                exp: expires_at.seconds(),
                iat: family.turned_at.seconds(),
                jti: None,
                chain: Vec::new(),
                may_act: None,
                is_refresh: true,
                jkt: family.jkt,
                entitlements: Entitlements::default(),
            },
        }
    }
}

/// Answers a protected resource or the token's own client. RFC 7662 §2.
pub async fn introspect(
    app: &App,
    ctx: &Context,
    caller: AuthenticatedClient,
    token: &str,
) -> Result<IntrospectionResponse, Problem> {
    let live = match find(app, ctx, token).await? {
        Some(known) => alive(app, ctx, known).await?,
        None => None,
    };
    Ok(token_status::introspect(live, &caller, app.issuer.as_str()))
}

/// The same, signed. RFC 9701 §5.
pub async fn introspect_signed(
    app: &App,
    ctx: &Context,
    caller: AuthenticatedClient,
    token: &str,
) -> Result<String, Problem> {
    let configured = |algorithm: &Algorithm| app.config.keys.algorithms.contains(algorithm);
    // §6 has RS256 for whoever says nothing. What it verifies the other signed words with that are for it, it verifies these with.
    let algorithm = caller.id_token_signed_response_alg.filter(configured).unwrap_or(Algorithm::RS256);
    let aud = caller.id().to_string();
    let said = introspect(app, ctx, caller, token).await?;
    let claims =
        SignedIntrospection { iss: app.issuer.to_string(), aud, iat: ctx.at.seconds(), token_introspection: said };
    let typ = SIGNED_TYPE.trim_start_matches("application/");
    Ok(app.keys.current().signing(algorithm)?.mint(typ, &claims)?)
}

/// Why an access token does not let somebody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotLive {
    /// It is none of ours, or over.
    Over,
    /// It is bound to a key that made no proof here, or bound to none and shown with a proof.
    OtherKey,
}

/// An access token of ours that is good now, shown by who may use it: without a proof of possession (`None`), only one that is
/// bound to no key is.
pub(crate) async fn live_access(
    app: &App,
    ctx: &Context,
    token: &str,
    proof: Option<&Proof>,
) -> Result<Result<LiveToken, NotLive>, Fault> {
    let live = match find(app, ctx, token).await? {
        Some(known @ Known::Access { .. }) => alive(app, ctx, known).await?,
        _ => None,
    };
    Ok(match live {
        None => Err(NotLive::Over),
        Some(token) if may_use(token.jkt.as_ref(), proof.map(Proof::jkt).as_ref()) => Ok(token),
        Some(_) => Err(NotLive::OtherKey),
    })
}

/// Finds the token's row, or verifies its signature. RFC 7662 §4: "the authorization server MUST determine whether or not the
/// token … was issued by it".
pub(crate) async fn find(app: &App, ctx: &Context, token: &str) -> Result<Option<Known>, Fault> {
    match OpaqueToken::kind_of(token) {
        Some(TokenKind::RefreshToken) => {
            let Some(token) = OpaqueToken::parse(TokenKind::RefreshToken, token) else { return Ok(None) };
            let (id, digest) = (token.id(), token.digest());
            app.store
                .read(move |view| {
                    let Some(row) = view.get(&REFRESH, &id)?.filter(|row| row.digest == digest) else {
                        return Ok(None);
                    };
                    let family = view.get(&FAMILIES, &row.family)?;
                    Ok(family.map(|family| Known::Refresh {
                        newest: family.generation == row.generation,
                        family,
                        expires_at: row.expires_at,
                    }))
                })
                .await
        }
        Some(TokenKind::AccessToken) => {
            let Some(token) = OpaqueToken::parse(TokenKind::AccessToken, token) else { return Ok(None) };
            let (id, digest) = (token.id(), token.digest());
            let row = app.store.read(move |view| view.get(&ACCESS, &id)).await?;
            let issuer = app.issuer.to_string();
            Ok(row.filter(|row| row.digest == digest).map(|row| from_record(row, issuer)))
        }
        Some(_) => Ok(None),
        None => Ok(verified(app, ctx, token).as_deref().and_then(|claims| from_claims(app, claims))),
    }
}

/// Longer than any of ours: roles, permissions and custom claims have their own bounds.
const LONGEST_TOKEN: usize = 16 * 1_024;

/// The claims of a JWT that one of our keys signed.
fn verified(app: &App, ctx: &Context, token: &str) -> Option<Arc<AccessClaims>> {
    if token.len() > LONGEST_TOKEN {
        return None;
    }
    let digest = Digest::of(token.as_bytes());
    if let Some(claims) = app.verified.find(&digest, ctx.at) {
        return Some(claims);
    }
    let so_far = app.verified.so_far();
    let verified = app.keys.current().verify(token, Typ::Exactly(ACCESS_TOKEN_TYPE)).ok()?;
    let claims: AccessClaims = serde_json::from_value(serde_json::Value::Object(verified.into_claims())).ok()?;
    if claims.iss != app.issuer.as_str() || ctx.at >= claims.expires_at() {
        return None;
    }
    let claims = Arc::new(claims);
    app.verified.remember(digest, Arc::clone(&claims), so_far);
    Some(claims)
}

fn from_claims(app: &App, claims: &AccessClaims) -> Option<Known> {
    Some(Known::Access {
        id: claims.jti.parse().ok()?,
        client_id: claims.client_id.clone(),
        family: claims.grant_id,
        expires_at: claims.expires_at(),
        status: claims.status.as_ref().and_then(|claim| status::named(app, &claim.status_list)),
        token: LiveToken {
            client_id: claims.client_id.clone(),
            subject: claims.subject()?,
            audience: claims.aud.clone(),
            scope: claims.scope.clone(),
            exp: claims.exp,
            iat: claims.iat,
            jti: Some(claims.jti.clone()),
            auth_time: claims.auth_time,
            how: claims.how(),
            chain: claims.chain()?,
            may_act: claims.may_act.map(|next| next.sub),
            is_refresh: false,
            jkt: claims.cnf.map(|cnf| cnf.jkt),
            entitlements: claims.entitlements.clone(),
        },
    })
}

fn from_record(row: AccessRecord, issuer: String) -> Known {
    Known::Access {
        id: row.id,
        client_id: row.client_id.clone(),
        family: row.family,
        expires_at: row.expires_at,
        status: None,
        token: LiveToken {
            client_id: row.client_id,
            subject: row.subject,
            audience: row.resource.map_or(issuer, |resource| resource.to_string()),
            scope: row.scope,
            exp: row.expires_at.seconds(),
            iat: row.issued_at.seconds(),
            jti: Some(row.id.to_string()),
            auth_time: row.auth_time.map(Timestamp::seconds),
            how: row.method.map(Into::into),
            chain: row.chain,
            may_act: row.may_act,
            is_refresh: false,
            jkt: row.jkt,
            entitlements: row.entitlements,
        },
    }
}

/// What is left of a token once everything that could have ended it was asked, in one snapshot.
async fn alive(app: &App, ctx: &Context, known: Known) -> Result<Option<LiveToken>, Fault> {
    let (now, issuer) = (ctx.at, app.issuer.to_string());
    app.store.read(move |view| if stands(view, &known, now)? { Ok(Some(known.told(issuer))) } else { Ok(None) }).await
}

/// Whether nothing has ended a token so far, in a snapshot or inside the transaction that it is to buy something in.
pub(crate) fn stands(read: &impl Read, known: &Known, now: Timestamp) -> Result<bool, Fault> {
    Ok(standing(read, known, now)?.is_some())
}

/// A token that nothing has ended so far.
pub(crate) struct Standing {
    /// Of an access token the grant that it is of, as it was found on the way.
    pub(crate) family: Option<Family>,
}

/// The same, for who needs what was read for it.
pub(crate) fn standing(read: &impl Read, known: &Known, now: Timestamp) -> Result<Option<Standing>, Fault> {
    match known {
        Known::Refresh { family, expires_at, newest } => {
            let stands = match &family.person {
                Some(person) => person_stands(read, person)?,
                None => find_client::honours(read, &family.client_id, family.created_at.seconds(), now)?,
            };
            let stands = *newest && family.is_live(now) && now < *expires_at && stands;
            Ok(stands.then_some(Standing { family: None }))
        }
        Known::Access { id, client_id, family, expires_at, token, .. } => {
            let family = family.as_ref().map(|id| live_family(read, id, client_id, now)).transpose()?;
            let stands = now < *expires_at
                && !matches!(family, Some(None))
                && read.get(&REVOKED, id)?.is_none()
                && find_client::honours(read, client_id, token.iat, now)?
                && match &token.subject {
                    Subject::Person(person) => person_stands(read, person)?,
                    Subject::Client(subject) if subject == client_id => true,
                    Subject::Client(subject) => find_client::honours(read, subject, token.iat, now)?,
                }
                && chain_stands(read, token, now)?;
            Ok(stands.then(|| Standing { family: family.flatten() }))
        }
    }
}

/// The family of a token that somebody acts with belongs to another client than the token: that one must stand as well.
fn live_family(read: &impl Read, id: &Id<Family>, client: &ClientId, now: Timestamp) -> Result<Option<Family>, Fault> {
    let Some(family) = read.get(&FAMILIES, id)?.filter(|family| family.is_live(now)) else { return Ok(None) };
    let stands = family.client_id == *client || find_client::stands(read, &family.client_id)?;
    Ok(stands.then_some(family))
}

/// Everybody in the chain must stand, each by a delegation that does, and none of the tokens shown on the way be revoked.
fn chain_stands(read: &impl Read, token: &LiveToken, now: Timestamp) -> Result<bool, Fault> {
    for link in &token.chain {
        let stands = delegations::stands(read, &link.delegation, now)?
            && find_client::honours(read, &ClientId::Machine(link.actor), token.iat, now)?
            && read.get(&REVOKED, &link.from)?.is_none();
        if !stands {
            return Ok(false);
        }
    }
    Ok(true)
}

fn person_stands(read: &impl Read, person: &Id<crate::model::Person>) -> Result<bool, Fault> {
    Ok(read.get(&PEOPLE, person)?.is_some_and(|person| person.state == PersonState::Active))
}
