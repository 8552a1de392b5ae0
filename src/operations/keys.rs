//! Signing keys, as an administrator sees them: the schedule turns them by itself, and one that is not trusted any more is
//! withdrawn at once.

use super::credentials::reason;
use super::seen::Seen;
use super::status::LiveTokens;
use super::token::issue::own_algorithm;
use super::turn_keys::{decide, policy};
use super::{hours, resources};
use crate::app::App;
use crate::base::{Fault, Resource, Timestamp};
pub use crate::keys::rotate::Haste;
use crate::keys::rotate::{force, revoke as withdraw};
use crate::keys::{SHORT, heard_by_all};
use crate::model::{Algorithm, Client, Counted, Hour, KeyState, SigningKey, TokenFormat};
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::start::key_rows;
use crate::operations::status::signs_lists;
use crate::protocol::own_scopes::{CLIENTS as CLIENTS_SCOPE, RESOURCES};
use crate::store::Read;
use crate::store::tables::CLIENTS;

/// Whether others keep copies of the key set for a shorter time than usual, because a key was withdrawn not long ago.
pub fn is_hurried(app: &App, now: Timestamp) -> bool {
    app.config.keys.jwks_max_age > SHORT && app.keys.current().max_age(&policy(app), now) == SHORT
}

/// What a forced turn came to.
#[derive(Clone, Debug)]
pub struct Rotated {
    pub algorithm: Algorithm,
    /// When the new key signs: now, or as soon as everybody can have learnt of it.
    pub signs_from: Timestamp,
}

/// Every key in the file, the oldest first; none in one that was never served. Private halves are sealed in the rows, and
/// nobody prints them.
pub fn list(app: &App) -> Result<Vec<SigningKey>, Fault> {
    key_rows(&app.store)
}

/// One of them.
pub fn find(app: &App, kid: &str) -> Result<SigningKey, Declined> {
    list(app)?.into_iter().find(|key| key.kid == kid).ok_or_else(|| unknown(kid))
}

/// Turns the keys of `algorithm`, or of all, before their time: what was due besides, the turn and the keys that are next then are one
/// transaction.
pub async fn rotate(
    app: &App,
    by: &Operator,
    algorithm: Option<Algorithm>,
    haste: Haste,
) -> Result<Vec<Rotated>, Declined> {
    if let Some(unused) = algorithm.filter(|algorithm| !app.config.keys.algorithms.contains(algorithm)) {
        return Err(Declined::field("algorithm", format!("{unused} is not in the setting keys.algorithms")));
    }
    let algorithms = algorithm.map_or_else(|| app.config.keys.algorithms.clone(), |one| vec![one]);
    let now = by.at;
    decide(app, by, "rotate keys", None, move |bench| {
        bench.settle();
        let mut rotated = Vec::new();
        for algorithm in &algorithms {
            let forced = force(bench.rows(), *algorithm, haste, bench.policy(), now);
            bench.carry_out(&forced.turns);
            rotated.push(Rotated { algorithm: *algorithm, signs_from: forced.signs_from });
        }
        // The next in line is made at once.
        bench.settle();
        Ok(rotated)
    })
    .await
}

/// What a withdrawal breaks, to be told before it and after.
#[derive(Clone, Debug)]
pub struct Breaks {
    /// The key as it is.
    pub key: SigningKey,
    /// Whose access tokens it signs: the first of them, and how many more there are.
    pub resources: Vec<Resource>,
    pub more_resources: usize,
    /// Whether it signs what is for the appliance itself, and our word about people.
    pub own: bool,
    /// Whose ID tokens it signs.
    pub id_tokens: IdTokens,
    /// Whether it signs the status lists.
    pub status_lists: bool,
    /// What it signed and is not over. They are good nowhere here from the withdrawal on.
    pub tokens: LiveTokens,
    /// Until when whoever keeps a copy of the key set still takes them.
    pub taken_until: Timestamp,
    /// The key that signs in its place; one that is made for it, if there is none.
    pub successor: Option<Successor>,
}

/// Which applications get ID tokens with a signature of this algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdTokens {
    /// All that did not register another.
    Usually,
    /// Those that asked for it, by name: the first of them, how many more there are, and whether there may be others still, because not all
    /// applications were looked at.
    Of { names: Vec<String>, more: usize, not_all: bool },
}

impl IdTokens {
    /// Those that are not named, in words.
    pub fn unnamed(&self) -> Option<String> {
        let Self::Of { names, more, .. } = self else { return None };
        let applications = if *more == 1 { "application" } else { "applications" };
        let besides = if names.is_empty() { "" } else { "more " };
        (*more > 0).then(|| format!("{more} {besides}{applications}"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    pub kid: String,
    /// Whether every copy of the key set that may be kept has it. Otherwise some meet a key that they do not know, and fetch again.
    pub known_to_all: bool,
}

/// What withdrawing a key would break now. Who may not read about resources or applications learns how many, and not which.
pub async fn breaks(app: &App, by: &Operator, kid: &str) -> Result<Breaks, Declined> {
    let rows = list(app)?;
    let key = rows.iter().find(|key| key.kid == kid).cloned().ok_or_else(|| unknown(kid))?;
    let (policy, now, algorithm) = (policy(app), by.at, key.algorithm);
    let signed = |resource: &crate::model::ProtectedResource| {
        resource.format == TokenFormat::Jwt && resource.algorithm == algorithm
    };
    let mut signed: Vec<Resource> =
        resources::list(app).await?.into_iter().filter(signed).map(|resource| resource.identifier).collect();
    let most = if by.reaches(RESOURCES.read) { SHOWN } else { 0 };
    let more_resources = signed.len().saturating_sub(most);
    signed.truncate(most);
    // Of one that is withdrawn already, others hear from then on.
    let withdrawn_at = match key.state {
        KeyState::Revoked { revoked_at, .. } => revoked_at,
        _ => now,
    };
    let signs = matches!(key.state, KeyState::Signing { .. });
    let next = rows
        .iter()
        .filter(|row| row.algorithm == algorithm && matches!(row.state, KeyState::Next { .. }))
        .min_by_key(|row| (row.state_since(), row.id));
    let successor = next.filter(|_| signs).map(|next| Successor {
        kid: next.kid.clone(),
        known_to_all: now >= next.published_at.plus(policy.jwks_max_age),
    });
    Ok(Breaks {
        tokens: tokens(app, &key, policy.longest_token, now).await?,
        resources: signed,
        more_resources,
        own: own_algorithm(app) == algorithm,
        id_tokens: id_tokens(app, by, algorithm).await?,
        status_lists: signs_lists(app) == algorithm,
        taken_until: heard_by_all(&rows, &policy, withdrawn_at),
        successor,
        key,
    })
}

/// Withdraws a key: it is published no more, and nothing that it signed is good here, from the commit on. If it was signing, its
/// successor does so at once, and the one after that is made. `because` is for the audit log.
///
/// Whoever verifies by himself hears of it with the next key set he fetches: see [`Breaks::taken_until`].
pub async fn revoke(app: &App, by: &Operator, kid: &str, seen: Seen, because: &str) -> Result<Breaks, Declined> {
    let because = reason(because)?;
    let told = breaks(app, by, kid).await?;
    let (kid, now) = (kid.to_owned(), by.at);
    let key = decide(app, by, "revoke key", Some(because), move |bench| {
        let found = bench.rows().iter().find(|key| key.kid == kid).ok_or_else(|| unknown(&kid))?;
        seen.is_still(found)??;
        if !found.is_published() {
            return Err(Declined::Conflict("this key is withdrawn already".to_owned()));
        }
        let (id, turns) = (found.id, withdraw(bench.rows(), found.id, now));
        bench.carry_out(&turns);
        bench.settle();
        bench.rows().iter().find(|key| key.id == id).cloned().ok_or_else(|| unknown(&kid))
    })
    .await?;
    Ok(Breaks { key, ..told })
}

/// Most resources and applications that are named.
const SHOWN: usize = 20;
/// Most clients that are looked at.
const LOOKED_AT: usize = 2_000;

/// What a key signed is over when its last token is. Tokens of all algorithms are counted together, by the hour.
async fn tokens(
    app: &App,
    key: &SigningKey,
    longest: crate::base::Lifetime,
    now: Timestamp,
) -> Result<LiveTokens, Fault> {
    let (from, last) = match key.state {
        KeyState::Signing { signs_from } => (signs_from, now),
        KeyState::Retained { signs_from, retired_at, .. } => (signs_from, retired_at.min(now)),
        KeyState::Next { .. } | KeyState::Revoked { .. } => return Ok(LiveTokens::default()),
    };
    let until = last.plus(longest);
    if until <= now {
        return Ok(LiveTokens::default());
    }
    let counted = hours::since(app, from.max(now.minus(longest))).await?;
    let counted = counted.range(..=Hour::number(last)).flat_map(|(_, hour)| Counted::TOKENS.map(|what| hour.of(what)));
    // Whom they are for is counted nowhere.
    let at_most = counted.fold(0, u64::saturating_add);
    Ok(LiveTokens { at_most, until: Some(until), ..LiveTokens::default() })
}

/// OpenID Connect Dynamic Client Registration §2: "The default, if omitted, is RS256."
async fn id_tokens(app: &App, by: &Operator, algorithm: Algorithm) -> Result<IdTokens, Fault> {
    if algorithm == Algorithm::RS256 {
        return Ok(IdTokens::Usually);
    }
    let page = app.store.read(move |view| view.newest(&CLIENTS, None, LOOKED_AT)).await?;
    let asked = |client: &Client| client.id_token_signed_response_alg == Some(algorithm);
    let mut names: Vec<String> =
        page.rows.into_iter().filter(|(_, client)| asked(client)).map(|(_, client)| client.name).collect();
    let most = if by.reaches(CLIENTS_SCOPE.read) { SHOWN } else { 0 };
    let more = names.len().saturating_sub(most);
    names.truncate(most);
    Ok(IdTokens::Of { names, more, not_all: page.next.is_some() })
}

fn unknown(kid: &str) -> Declined {
    // What is asked for may be anything; what a kid looks like is known.
    let text: String = kid.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(64).collect();
    Declined::Missing(format!("there is no signing key {text}: `writ key list` has those there are"))
}
