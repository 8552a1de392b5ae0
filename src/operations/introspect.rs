//! Says what a token is good for. RFC 7662.

use std::sync::Arc;

use super::{Problem, find_client};
use crate::app::App;
use crate::base::{Digest, Fault, Id, OpaqueToken, Timestamp, TokenKind};
use crate::keys::Typ;
use crate::model::{AccessRecord, ClientId, Context, Family, PersonState, Subject};
use crate::protocol::claims::{ACCESS_TOKEN_TYPE, AccessClaims};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::dpop::{Proof, may_use};
use crate::protocol::token_status::{self, IntrospectionResponse, LiveToken};
use crate::store::tables::{ACCESS, FAMILIES, PEOPLE, REFRESH, REVOKED};
use crate::store::{Read, View};

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
        None => Ok(verified(app, ctx, token).as_deref().and_then(from_claims)),
    }
}

/// The claims of a JWT that one of our keys signed.
fn verified(app: &App, ctx: &Context, token: &str) -> Option<Arc<AccessClaims>> {
    if token.len() > 8_192 {
        return None;
    }
    let digest = Digest::of(token.as_bytes());
    if let Some(claims) = app.verified.find(&digest, ctx.at) {
        return Some(claims);
    }
    let verified = app.keys.current().verify(token, Typ::Exactly(ACCESS_TOKEN_TYPE)).ok()?;
    let claims: AccessClaims = serde_json::from_value(serde_json::Value::Object(verified.into_claims())).ok()?;
    if claims.iss != app.issuer.as_str() || ctx.at >= claims.expires_at() {
        return None;
    }
    let claims = Arc::new(claims);
    app.verified.remember(digest, Arc::clone(&claims));
    Some(claims)
}

fn from_claims(claims: &AccessClaims) -> Option<Known> {
    Some(Known::Access {
        id: claims.jti.parse().ok()?,
        client_id: claims.client_id.clone(),
        family: claims.grant_id,
        expires_at: claims.expires_at(),
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
            is_refresh: false,
            jkt: claims.cnf.map(|cnf| cnf.jkt),
        },
    })
}

fn from_record(row: AccessRecord, issuer: String) -> Known {
    Known::Access {
        id: row.id,
        client_id: row.client_id.clone(),
        family: row.family,
        expires_at: row.expires_at,
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
            is_refresh: false,
            jkt: row.jkt,
        },
    }
}

/// What is left of a token once everything that could have ended it was asked, in one snapshot.
async fn alive(app: &App, ctx: &Context, known: Known) -> Result<Option<LiveToken>, Fault> {
    let (now, issuer) = (ctx.at, app.issuer.to_string());
    app.store
        .read(move |view| match known {
            Known::Refresh { family, expires_at, newest } => {
                let good = newest && family.is_live(now) && now < expires_at && person_stands(view, &family.person)?;
                Ok(good.then(|| LiveToken {
                    client_id: family.client_id,
                    subject: Subject::Person(family.person),
                    audience: family.resource.map_or(issuer, |resource| resource.to_string()),
                    scope: family.scope,
                    exp: expires_at.seconds(),
                    iat: family.turned_at.seconds(),
                    jti: None,
                    auth_time: Some(family.auth_time.seconds()),
                    how: Some(family.method.into()),
                    is_refresh: true,
                    jkt: family.jkt,
                }))
            }
            Known::Access { id, client_id, family, expires_at, token } => {
                let good = now < expires_at
                    && view.get(&REVOKED, &id)?.is_none()
                    && find_client::honours(view, &client_id, token.iat, now)?
                    && match family {
                        Some(family) => view.get(&FAMILIES, &family)?.is_some_and(|family| family.is_live(now)),
                        None => true,
                    }
                    && match &token.subject {
                        Subject::Person(person) => person_stands(view, person)?,
                        Subject::Client(_) => true,
                    };
                Ok(good.then_some(token))
            }
        })
        .await
}

fn person_stands(view: &View<'_>, person: &Id<crate::model::Person>) -> Result<bool, Fault> {
    Ok(view.get(&PEOPLE, person)?.is_some_and(|person| person.state == PersonState::Active))
}
