//! Machines that are known by a token of somebody else's making: which one a token means, and whether it is good.
//! RFC 7523 §2.1 and §3. Attack case 57.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Problem;
use super::authenticate_client::authenticate_client;
use crate::app::App;
use crate::base::{Fault, Id, Secret, Timestamp};
use crate::keys::{Typ, Verified};
use crate::model::{
    Client, ClientId, ClientState, Context, Credential, CredentialKind, Event, JwsAlgorithm, Machine, Permission, Trust,
};
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::roles;
use crate::protocol::client_auth::{Audiences, AuthenticatedClient, Presented, Proof, authenticate, claimed_key};
use crate::protocol::federation::{self, Accepted, Check, WorkloadToken};
use crate::protocol::refusal::{Refusal, ensure};
use crate::store::Read;
use crate::store::tables::{CREDENTIALS, CREDENTIALS_BY_PIN, MACHINES};

/// Most trusts that say the same of the same claim of one issuer.
pub(super) const MOST_ALIKE: usize = 64;

const UNREADABLE: &str = "it is not a signed JWT of at most 16 KiB";
const STRANGE: &str = "no identity here trusts its issuer for these ids";
const UNSIGNED: &str = "no key of its issuer made this signature, or its header is not acceptable";
const OTHER: &str = "its claims are not what was signed";

/// Why a token leads to no machine.
#[derive(Debug)]
pub(super) enum Unrecognized {
    Invalid(&'static str),
    /// The keys of its issuer do not come at the moment: nothing is decided.
    OutOfReach,
    Ambiguous,
    Broken(Fault),
}

impl From<Fault> for Unrecognized {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}

impl Unrecognized {
    /// RFC 7523 §3.1: what it is as a grant.
    pub(super) fn of_grant(self) -> Problem {
        match self {
            Self::Invalid(why) => Refusal::GrantAssertionInvalid(why).into(),
            Self::OutOfReach => Refusal::ClientOutOfReach.into(),
            Self::Ambiguous => Refusal::TrustAmbiguous.into(),
            Self::Broken(fault) => fault.into(),
        }
    }

    /// RFC 8693 §2.2.2: what it is as the subject token of an exchange.
    fn of_exchange(self) -> Problem {
        match self {
            Self::Invalid(why) => Refusal::WorkloadTokenRefused(why).into(),
            Self::Ambiguous => Refusal::WorkloadTokenRefused("several identities are known by it").into(),
            Self::OutOfReach => Refusal::ClientOutOfReach.into(),
            Self::Broken(fault) => fault.into(),
        }
    }

    /// §3.2: what it is as the proof of a client.
    pub(super) fn of_client(self) -> Problem {
        match self {
            Self::Invalid(why) => Refusal::AssertionInvalid(why).into(),
            Self::OutOfReach => Refusal::ClientOutOfReach.into(),
            Self::Ambiguous => Refusal::AssertionInvalid("several identities are known by it").into(),
            Self::Broken(fault) => fault.into(),
        }
    }
}

/// A token as the grant: the machine that it means. What else the request presents about a client must be that machine's.
pub async fn authenticate_bearer(
    app: &App,
    ctx: &Context,
    presented: Option<Presented>,
    assertion: &Secret,
) -> Result<AuthenticatedClient, Problem> {
    // Whoever sends a credential as well is believed only with it.
    let named = match presented {
        None => None,
        Some(Presented::Public { client_id }) => Some(client_id),
        Some(proof) => Some(authenticate_client(app, ctx, proof).await?.id().to_string()),
    };
    let (client, accepted) = recognize(app, ctx, assertion).await.map_err(Unrecognized::of_grant)?;
    let fits = named.is_none_or(|named| named == client.id.to_string());
    ensure(fits, Refusal::GrantAssertionInvalid("client_id is not the identity that this token is for"))?;
    Ok(authenticate(Some(Arc::new(client)), &Proof::Workload(accepted), &Audiences::of(&app.issuer), ctx)?)
}

/// The same of a token that is shown as the subject of an exchange (RFC 8693 §2.1): nothing but a name may stand beside it.
pub async fn authenticate_subject(
    app: &App,
    ctx: &Context,
    presented: Option<Presented>,
    token: &Secret,
) -> Result<AuthenticatedClient, Problem> {
    let named = match presented {
        None => None,
        Some(Presented::Public { client_id }) => Some(client_id),
        Some(_) => return Err(Refusal::TwoAuthMethods.into()),
    };
    let (client, accepted) = recognize(app, ctx, token).await.map_err(Unrecognized::of_exchange)?;
    let fits = named.is_none_or(|named| named == client.id.to_string());
    ensure(fits, Refusal::WorkloadTokenRefused("client_id is not the identity that it is for"))?;
    Ok(authenticate(Some(Arc::new(client)), &Proof::Workload(accepted), &Audiences::of(&app.issuer), ctx)?)
}

/// The machine whose trust accepts the token, and the proof that it does. Writes only where the token is its issuer's and is
/// refused all the same.
pub(super) async fn recognize(app: &App, ctx: &Context, token: &Secret) -> Result<(Client, Accepted), Unrecognized> {
    let claimed = WorkloadToken::unverified(token.expose()).ok_or(Unrecognized::Invalid(UNREADABLE))?;
    let (now, claims) = (ctx.at, claimed.claims.clone());
    let found = app.store.read(move |view| candidates(view, &claims, now)).await?;
    if found.is_empty() {
        return Err(Unrecognized::Invalid(STRANGE));
    }
    let (fitting, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|known| federation::judge(&known.trust, &claimed, now).is_ok());
    let mut good = Vec::new();
    let mut unsigned = Unrecognized::Invalid(STRANGE);
    for known in fitting {
        match signed(app, &known.trust, token, now).await {
            // What was signed is what was read, so it is judged as it was before.
            Ok(claims) => match federation::judge(&known.trust, &WorkloadToken { claims, ..claimed.clone() }, now) {
                Ok(accepted) => good.push((known, accepted)),
                Err(_) => unsigned = Unrecognized::Invalid(OTHER),
            },
            Err(why) => unsigned = why,
        }
    }
    match one_machine(good) {
        Ok(Some((known, accepted))) => {
            Ok((known.machine.authenticated_by(known.credential, known.permissions), accepted))
        }
        Ok(None) => match others.as_slice() {
            [only] if signed(app, &only.trust, token, now).await.is_ok() => refused(app, ctx, only, &claimed).await,
            [] => Err(unsigned),
            _ => Err(Unrecognized::Invalid(STRANGE)),
        },
        Err(several) => ambiguous(app, ctx, &several).await,
    }
}

/// A trust that a token may mean.
struct Known {
    machine: Machine,
    credential: Credential,
    trust: Trust,
    /// What the machine's roles come to.
    permissions: Vec<Permission>,
}

/// The live trusts that are found by what the token says: one look for each claim that a trust may be found by, however many
/// trusts its issuer has.
fn candidates(read: &impl Read, claims: &Map<String, Value>, now: Timestamp) -> Result<Vec<Known>, Fault> {
    let mut found: Vec<Known> = Vec::new();
    for issuer in federation::issuers(claims) {
        for (pin, value) in federation::pins(claims) {
            let key = (issuer.clone(), pin.to_owned(), value.into_owned());
            for (id, credential) in read.list(&CREDENTIALS, &CREDENTIALS_BY_PIN, &key, MOST_ALIKE)? {
                let CredentialKind::Trust(trust) = credential.kind.clone() else { continue };
                if !credential.is_live(now) || found.iter().any(|known| known.credential.id == id) {
                    continue;
                }
                if let Some(machine) = read.get(&MACHINES, &credential.machine)? {
                    let permissions = roles::permissions_of(read, &machine)?;
                    found.push(Known { machine, credential, trust, permissions });
                }
            }
        }
    }
    Ok(found)
}

/// The one machine that a token is for. Several trusts of one machine may accept it, as while one is replaced by another: the
/// narrowest counts. One that does not act stands in nobody's way.
fn one_machine(mut good: Vec<(Known, Accepted)>) -> Result<Option<(Known, Accepted)>, Vec<Known>> {
    if good.iter().any(|(known, _)| known.machine.state == ClientState::Active) {
        good.retain(|(known, _)| known.machine.state == ClientState::Active);
    }
    let first = good.first().map(|(known, _)| known.machine.id);
    if good.iter().any(|(known, _)| Some(known.machine.id) != first) {
        return Err(good.into_iter().map(|(known, _)| known).collect());
    }
    Ok(good.into_iter().max_by_key(|(known, _)| known.trust.rules.len()))
}

/// The claims of a token that a key of the trust's issuer signed.
async fn signed(app: &App, trust: &Trust, token: &Secret, now: Timestamp) -> Result<Map<String, Value>, Unrecognized> {
    let keys = (trust.jwks.as_ref(), trust.jwks_uri.as_deref());
    signed_by(app, &trust.issuer, keys, (token, Typ::WORKLOAD), now).await
}

/// The claims of a token of this type that a key of an issuer signed: of its key set, if that is known, or of the one at an address,
/// or of where the issuer says.
pub(super) async fn signed_by(
    app: &App,
    issuer: &str,
    keys: (Option<&Value>, Option<&str>),
    (token, typ): (&Secret, Typ),
    now: Timestamp,
) -> Result<Map<String, Value>, Unrecognized> {
    let text = token.expose();
    let keys = match keys {
        (Some(jwks), _) => app.key_sets.parse(jwks.to_string().as_bytes()),
        (None, at) => {
            let wanted = claimed_key(text);
            let fetched = match at {
                Some(at) => app.outbound.key_set(at, wanted.as_deref(), now).await,
                None => app.outbound.issuer_key_set(issuer, wanted.as_deref(), now).await,
            };
            let fetched = fetched.map_err(|error| {
                tracing::warn!(issuer, ?error, "the keys of an issuer cannot be had");
                match error.is_transient() {
                    true => Unrecognized::OutOfReach,
                    false => Unrecognized::Invalid("the keys of its issuer cannot be had"),
                }
            })?;
            app.key_sets.parse(fetched.as_bytes())
        }
    };
    let keys = keys.map_err(|_| Unrecognized::Invalid("the key set of its issuer is unusable"))?;
    let verified = keys.verify(text, &JwsAlgorithm::ALL, typ);
    verified.map(Verified::into_claims).map_err(|_| Unrecognized::Invalid(UNSIGNED))
}

/// The token is its issuer's and means this trust alone, so the refusal is worth a line. The caller learns which claim it is,
/// and not what was expected.
async fn refused<T>(app: &App, ctx: &Context, known: &Known, token: &WorkloadToken) -> Result<T, Unrecognized> {
    let Err(Check { claim, .. }) = federation::judge(&known.trust, token, ctx.at) else {
        return Err(Unrecognized::Invalid(OTHER));
    };
    let event = Event::TokenRefused {
        client: ClientId::Machine(known.machine.id),
        grant: "jwt_bearer".to_owned(),
        why: format!("{claim} of the workload's token is not what {} expects", known.credential.id),
    };
    app.store.write("refuse workload token", ctx, move |tx| tx.record(event.clone())).await?;
    Err(Unrecognized::Invalid(match claim.as_str() {
        "aud" => "aud is not what the trust expects",
        "exp" => "it has expired, or lives too long",
        "nbf" | "iat" => "it is not valid yet",
        _ => {
            "a rule of the trust does not hold; an administrator can hold it against the trust with `writ credential try`"
        }
    }))
}

/// Two machines for one token is nobody's token until an administrator has made the rules differ.
async fn ambiguous<T>(app: &App, ctx: &Context, several: &[Known]) -> Result<T, Unrecognized> {
    let event = Event::TrustAmbiguous {
        issuer: several.first().map(|known| known.trust.issuer.clone()).unwrap_or_default(),
        credentials: several.iter().map(|known| known.credential.id).collect(),
        machines: several.iter().map(|known| known.machine.id).collect(),
    };
    app.store.write("refuse ambiguous trust", ctx, move |tx| tx.record(event.clone())).await?;
    Err(Unrecognized::Ambiguous)
}

/// A trust and a token held against each other, for whoever writes the rules.
#[derive(Debug)]
pub struct Trial {
    /// Whether it would be accepted now.
    pub accepted: bool,
    /// One line for each thing that was looked at, the signature first.
    pub checks: Vec<Check>,
}

/// Holds a token against a trust and says of everything whether it fits. Changes nothing: the token stays as good as it was.
pub async fn explain(app: &App, by: &Operator, id: Id<Credential>, token: &Secret) -> Result<Trial, Declined> {
    let (ctx, asking) = (by, by.clone());
    // It makes requests to wherever the trust says, so it is nobody's who was stopped.
    app.store.read(move |view| asking.stands(view)).await??;
    let credential = super::credentials::find(app, id).await?;
    let CredentialKind::Trust(trust) = &credential.kind else {
        return Err(Declined::Conflict(format!("{id} is no trust: it takes no tokens of others")));
    };
    let text = Secret::new(token.expose().trim());
    let claimed = WorkloadToken::unverified(text.expose())
        .ok_or_else(|| Declined::field("token", "this is not a signed JWT of at most 16 KiB"))?;
    let unsigned = match signed(app, trust, &text, ctx.at).await {
        Ok(_) => None,
        Err(Unrecognized::Invalid(why)) => Some(why),
        Err(Unrecognized::Broken(fault)) => return Err(fault.into()),
        Err(Unrecognized::OutOfReach | Unrecognized::Ambiguous) => {
            Some("its issuer's keys are out of reach at the moment")
        }
    };
    let live = credential.is_live(ctx.at);
    let mut checks = vec![
        Check {
            claim: "signature".to_owned(),
            expected: "made by a key of the issuer".to_owned(),
            found: unsigned.unwrap_or("it is").to_owned(),
            holds: unsigned.is_none(),
            words: "The keys come from the trust, or from where the issuer says they are.",
        },
        Check {
            claim: "trust".to_owned(),
            expected: "active".to_owned(),
            found: credential.standing(ctx.at).to_owned(),
            holds: live,
            words: "A trust that is revoked or over takes no token.",
        },
    ];
    checks.extend(federation::explain(trust, &claimed.claims, ctx.at));
    Ok(Trial { accepted: checks.iter().all(|check| check.holds), checks })
}
