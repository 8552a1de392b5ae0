//! Machines that are known by a token of somebody else's making: which one a token means, and whether it is good.
//! RFC 7523 §2.1 and §3. Attack case 57.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Problem;
use super::authenticate_client::authenticate_client;
use super::misuse::admitted;
use crate::app::App;
use crate::base::{Fault, FaultKind, Id, Secret, Timestamp};
use crate::keys::{Typ, Verified};
use crate::model::{
    Authenticated, Client, ClientId, ClientState, Context, Credential, CredentialKind, Event, JwsAlgorithm,
    MachineStanding, Trust,
};
use crate::operations::declined::Declined;
use crate::operations::find_client;
use crate::operations::operator::Operator;
use crate::protocol::client_auth::{AuthenticatedClient, Presented, Proof, claimed_key};
use crate::protocol::federation::{self, Accepted, Check, WorkloadToken};
use crate::protocol::refusal::{Refusal, ensure};
use crate::store::Read;
use crate::store::tables::{ASSERTIONS, CREDENTIALS, CREDENTIALS_BY_PIN, MACHINES};

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
    let (known, accepted) = recognize(app, ctx, assertion).await.map_err(Unrecognized::of_grant)?;
    let fits = named.is_none_or(|named| named == known.client.id.to_string());
    ensure(fits, Refusal::GrantAssertionInvalid("client_id is not the identity that this token is for"))?;
    known.authenticated(app, ctx, accepted).await
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
    let (known, accepted) = recognize(app, ctx, token).await.map_err(Unrecognized::of_exchange)?;
    let fits = named.is_none_or(|named| named == known.client.id.to_string());
    ensure(fits, Refusal::WorkloadTokenRefused("client_id is not the identity that it is for"))?;
    known.authenticated(app, ctx, accepted).await
}

/// The machine whose trust accepts the token, and the proof that it does. Writes only where the token is its issuer's and is
/// refused all the same.
pub(super) async fn recognize(app: &App, ctx: &Context, token: &Secret) -> Result<(Known, Accepted), Unrecognized> {
    let claimed = WorkloadToken::unverified(token.expose()).ok_or(Unrecognized::Invalid(UNREADABLE))?;
    let (within, now, claims) = (app.clone(), ctx.at, claimed.claims.clone());
    let found = app.store.read(move |view| candidates(&within, view, &claims, now)).await?;
    if found.is_empty() {
        return Err(Unrecognized::Invalid(STRANGE));
    }
    let (mut fitting, mut others) = (Vec::new(), Vec::new());
    for known in found {
        match federation::judge(known.trust()?, &claimed, now) {
            Ok(accepted) => fitting.push((known, accepted)),
            Err(_) => others.push(known),
        }
    }
    let mut good = Vec::new();
    let mut unsigned = Unrecognized::Invalid(STRANGE);
    for (known, accepted) in fitting {
        match signed(app, known.trust()?, token, now).await {
            // What was judged is what was signed.
            Ok(claims) if claims == claimed.claims => good.push((known, accepted)),
            Ok(_) => unsigned = Unrecognized::Invalid(OTHER),
            Err(why) => unsigned = why,
        }
    }
    match one_machine(good) {
        Ok(Some(recognized)) => Ok(recognized),
        Ok(None) => match others.as_slice() {
            [only] if signed(app, only.trust()?, token, now).await.is_ok() => refused(app, ctx, only, &claimed).await,
            [] => Err(unsigned),
            _ => Err(Unrecognized::Invalid(STRANGE)),
        },
        Err(several) => ambiguous(app, ctx, &several).await,
    }
}

/// A machine that a token may mean, by one of its trusts.
pub(super) struct Known {
    pub(super) client: Arc<Client>,
    as_of: u64,
}

impl Known {
    /// The token proves that it is this one.
    pub(super) async fn authenticated(
        self,
        app: &App,
        ctx: &Context,
        accepted: Accepted,
    ) -> Result<AuthenticatedClient, Problem> {
        let client = admitted(app, ctx, Some(self.client), &Proof::Workload(accepted)).await?;
        Ok(client.known_as_of(Some(self.as_of)))
    }

    fn identity(&self) -> Result<&Authenticated, Fault> {
        let none = || Fault::new(FaultKind::Bug, "a machine is known by no credential");
        self.client.identity.as_deref().ok_or_else(none)
    }

    fn trust(&self) -> Result<&Trust, Fault> {
        match &self.identity()?.credential.kind {
            CredentialKind::Trust(trust) => Ok(trust),
            _ => Err(Fault::new(FaultKind::Bug, "a machine is known by a credential that is no trust")),
        }
    }
}

/// The live trusts that are found by what the token says: one look for each claim that a trust may be found by, however many
/// trusts its issuer has.
fn candidates(app: &App, read: &impl Read, claims: &Map<String, Value>, now: Timestamp) -> Result<Vec<Known>, Fault> {
    let mut found: Vec<Known> = Vec::new();
    for issuer in federation::issuers(claims) {
        for (pin, value) in federation::pins(claims) {
            let key = (issuer.clone(), pin.to_owned(), value.into_owned());
            let Some((clients, as_of)) = app.known.trusts.find(read, &key, || by_pin(read, &key))? else { continue };
            for client in clients.iter() {
                let known = Known { client: Arc::clone(client), as_of };
                let credential = known.identity()?.credential.id;
                let is_live = known.identity()?.credential.is_live(now);
                if is_live && !found.iter().any(|other| other.identity().is_ok_and(|it| it.credential.id == credential))
                {
                    found.push(known);
                }
            }
        }
    }
    Ok(found)
}

/// The machines of the trusts that are found by one claim, each by that trust; `None` if there are none, which is not worth keeping.
fn by_pin(read: &impl Read, key: &(String, String, String)) -> Result<Option<Vec<Arc<Client>>>, Fault> {
    let mut clients = Vec::new();
    for (_, credential) in read.list(&CREDENTIALS, &CREDENTIALS_BY_PIN, key, MOST_ALIKE)? {
        if matches!(credential.kind, CredentialKind::Trust(_)) {
            clients.extend(find_client::by_credential(read, credential)?.map(Arc::new));
        }
    }
    Ok((!clients.is_empty()).then_some(clients))
}

/// The one machine that a token is for. Several trusts of one machine may accept it, as while one is replaced by another: the
/// narrowest counts. One that does not act stands in nobody's way.
fn one_machine(mut good: Vec<(Known, Accepted)>) -> Result<Option<(Known, Accepted)>, Vec<Known>> {
    if good.iter().any(|(known, _)| known.client.state == ClientState::Active) {
        good.retain(|(known, _)| known.client.state == ClientState::Active);
    }
    let first = good.first().map(|(known, _)| known.client.id.clone());
    if good.iter().any(|(known, _)| Some(&known.client.id) != first.as_ref()) {
        return Err(good.into_iter().map(|(known, _)| known).collect());
    }
    Ok(good.into_iter().max_by_key(|(known, _)| known.trust().map_or(0, |trust| trust.rules.len())))
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
    let Err(Check { claim, .. }) = federation::judge(known.trust()?, token, ctx.at) else {
        return Err(Unrecognized::Invalid(OTHER));
    };
    let event = Event::TokenRefused {
        client: known.client.id.clone(),
        grant: "jwt_bearer".to_owned(),
        why: format!("{claim} of the workload's token is not what {} expects", known.identity()?.credential.id),
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
    let identities = several.iter().map(Known::identity).collect::<Result<Vec<_>, _>>()?;
    let first = several.first().map(Known::trust).transpose()?;
    let event = Event::TrustAmbiguous {
        issuer: first.map(|trust| trust.issuer.clone()).unwrap_or_default(),
        credentials: identities.iter().map(|known| known.credential.id).collect(),
        machines: identities.iter().map(|known| known.machine.id).collect(),
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

/// Holds a token against a trust and says of everything whether it fits, as if it came `from` there: the address of whoever asks, unless
/// another is said. Changes nothing: the token stays as good as it was.
pub async fn explain(
    app: &App,
    by: &Operator,
    id: Id<Credential>,
    token: &Secret,
    from: Option<IpAddr>,
) -> Result<Trial, Declined> {
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
    let (within, now, from) = (app.clone(), ctx.at, from.or(ctx.from.address));
    let (tried, read) = (credential.clone(), claimed.clone());
    let around = app.store.read(move |view| around(&within, view, &tried, &read, (now, from))).await?;
    checks.extend(around.checks);
    checks.push(alone(app, &text, &claimed, around.others, now).await?);
    Ok(Trial { accepted: checks.iter().all(|check| check.holds), checks })
}

/// What the endpoint looks at besides the token: whether it was used, and whether its machine may act, from there.
struct Around {
    checks: Vec<Check>,
    /// Other machines that may be known by it and stand in the way.
    others: Vec<Known>,
}

fn around(
    app: &App,
    read: &impl Read,
    credential: &Credential,
    token: &WorkloadToken,
    (now, from): (Timestamp, Option<IpAddr>),
) -> Result<Around, Fault> {
    let no_trust = || Fault::new(FaultKind::Bug, "a trial of a credential that is no trust");
    let CredentialKind::Trust(trust) = &credential.kind else { return Err(no_trust()) };
    let machine = read.get(&MACHINES, &credential.machine)?.ok_or_else(no_trust)?;
    let mut checks = Vec::new();
    if let Some((key, _)) = federation::replay(trust, token, now) {
        let spent = read.get(&ASSERTIONS, &key)?.is_some();
        checks.push(Check {
            claim: "used".to_owned(),
            expected: "not yet".to_owned(),
            found: if spent { "it was used already" } else { "not yet" }.to_owned(),
            holds: !spent,
            words: "A token is good once, unless the trust says that it may be used until it ends.",
        });
    }
    let standing = machine.standing(now);
    checks.push(Check {
        claim: "machine".to_owned(),
        expected: "active".to_owned(),
        found: standing.as_str().to_owned(),
        holds: standing == MachineStanding::Active,
        words: "A machine that is stopped, retired or over gets no tokens, whatever it shows.",
    });
    if !machine.networks.is_empty() {
        let networks: Vec<String> = machine.networks.iter().map(ToString::to_string).collect();
        checks.push(Check {
            claim: "network".to_owned(),
            expected: networks.join(", "),
            found: from.map_or_else(|| "no address was said".to_owned(), |from| from.to_string()),
            holds: from.is_some_and(|from| machine.networks.iter().any(|network| network.contains(from))),
            words: "From where the machine may call. Say from which address it will, to try that one.",
        });
    }
    // One that does not act stands in nobody's way.
    let active = machine.state == ClientState::Active;
    let mut others = candidates(app, read, &token.claims, now)?;
    others.retain(|other| other.client.id != ClientId::Machine(machine.id));
    others.retain(|other| !active || other.client.state == ClientState::Active);
    Ok(Around { checks, others })
}

/// Whether no other machine is known by the token.
async fn alone(
    app: &App,
    token: &Secret,
    claimed: &WorkloadToken,
    others: Vec<Known>,
    now: Timestamp,
) -> Result<Check, Fault> {
    let mut also = Vec::new();
    for other in others {
        let trust = other.trust()?;
        if federation::judge(trust, claimed, now).is_ok() && signed(app, trust, token, now).await.is_ok() {
            also.push(format!("{} by {}", other.client.id, other.identity()?.credential.id));
        }
    }
    Ok(Check {
        claim: "identity".to_owned(),
        expected: "no other machine is known by it".to_owned(),
        found: if also.is_empty() { "none is".to_owned() } else { also.join(", ") },
        holds: also.is_empty(),
        words: "A token that means several machines is refused until their rules differ.",
    })
}
