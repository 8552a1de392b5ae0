//! Carries out what the key schedule says is due, and what an administrator decides: in one transaction, which looks at the rows
//! itself. Keys are made before it, as many as a rehearsal wanted.

use super::declined::Declined;
use super::operator::Operator;
use super::seen::json;
use super::start::{key_rows, keys_in};
use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::keys::rotate::{Change, Policy, Workbench};
use crate::keys::{KeyRing, generate};
use crate::model::{Algorithm, Context, Event, KeyState, SigningKey};
use crate::store::Tx;
use crate::store::tables::SIGNING_KEYS;

/// The schedule that the settings ask for.
pub fn policy(app: &App) -> Policy {
    let settings = app.settings.now();
    let (keys, lifetimes) = (&app.config.keys, &settings.lifetimes);
    let doubled = keys.jwks_max_age.seconds().saturating_mul(2);
    Policy {
        algorithms: keys.algorithms.clone(),
        period: keys.rotation_period,
        jwks_max_age: keys.jwks_max_age,
        retained_periods: keys.retained_periods,
        publish_before: crate::base::Lifetime::from_seconds(doubled),
        longest_token: lifetimes.access.max(lifetimes.machine_access).max(LONGEST_RESOURCE_TOKEN),
    }
}

/// No resource gives longer tokens.
pub(crate) const LONGEST_RESOURCE_TOKEN: crate::base::Lifetime = crate::base::Lifetime::from_days(1);

/// Does what is due, until nothing is: the algorithms whose keys take no time first, so that nobody waits for an RSA key who needs
/// another one. The ring that requests use is replaced after each commit.
///
/// Every round also holds the ring against the file: whoever changed the rows and ended before the ring knew is made good here.
pub async fn turn(app: &App, ctx: &Context) -> Result<(), Fault> {
    for _ in 0..MOST_ROUNDS {
        if !due(app, ctx, Which::QuickFirst).await? {
            break;
        }
    }
    reload(app)
}

/// Does what is due and takes no time, so that the port opens with every key but those of RSA in place.
pub async fn turn_quick(app: &App, ctx: &Context) -> Result<(), Fault> {
    due(app, ctx, Which::QuickOnly).await.map(drop)
}

/// What is left then is for the next round of housekeeping; two are enough.
const MOST_ROUNDS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// Without those that take time to make; if there is nothing else, those.
    QuickFirst,
    QuickOnly,
}

/// One transaction of what is due. Says whether it changed anything.
async fn due(app: &App, ctx: &Context, which: Which) -> Result<bool, Fault> {
    let policy = policy(app);
    let mut rehearsal = Workbench::rehearsal(key_rows(&app.store)?, &policy, ctx.at);
    rehearsal.settle();
    let slow = |algorithm: &Algorithm| *algorithm == Algorithm::RS256;
    let (late, quick): (Vec<_>, Vec<_>) = rehearsal.used().into_iter().partition(slow);
    let changes_else = rehearsal.changes().len() > late.len();
    let wanted = if changes_else || which == Which::QuickOnly { quick } else { late };
    if rehearsal.changes().is_empty() || (!changes_else && wanted.is_empty()) {
        return Ok(false);
    }
    let fresh = make(app, ctx, wanted).await?;
    let write = move |tx: &mut Tx<'_>| {
        let rows = keys_in(tx)?;
        let mut bench = Workbench::new(rows.clone(), fresh.clone(), &policy, tx.now());
        bench.settle();
        put_down(tx, &rows, bench.changes(), None)?;
        Ok(!bench.changes().is_empty())
    };
    let changed = app.store.write("turn keys", ctx, write).await?;
    reload(app)?;
    Ok(changed)
}

/// What an administrator decides about keys: asked for in a rehearsal, to see which keys it takes, and again in the transaction, where
/// it counts. `because` is for the audit log, of a revocation.
///
/// It is finished even if nobody waits for it any more: a commit that the ring does not know of would leave a withdrawn key good.
pub(super) async fn decide<T, D>(
    app: &App,
    by: &Operator,
    name: &'static str,
    because: Option<String>,
    decision: D,
) -> Result<T, Declined>
where
    T: Send + 'static,
    D: Fn(&mut Workbench<'_>) -> Result<T, Declined> + Clone + Send + 'static,
{
    let (app, by) = (app.clone(), by.clone());
    let deciding = tokio::spawn(async move {
        for _ in 0..ATTEMPTS {
            let policy = policy(&app);
            let mut rehearsal = Workbench::rehearsal(key_rows(&app.store)?, &policy, by.at);
            decision(&mut rehearsal)?;
            let fresh = make(&app, &by, rehearsal.used()).await?;
            let (decision, asked, because) = (decision.clone(), by.clone(), because.clone());
            let write = move |tx: &mut Tx<'_>| {
                if let Err(declined) = asked.stands(tx)? {
                    return Ok(Some(Err(declined)));
                }
                let rows = keys_in(tx)?;
                let mut bench = Workbench::new(rows.clone(), fresh.clone(), &policy, tx.now());
                let decided = match decision(&mut bench) {
                    Ok(decided) => decided,
                    Err(declined) => return Ok(Some(Err(declined))),
                };
                // The keys have turned since the rehearsal, and more of them have to be made.
                if !bench.lacking().is_empty() {
                    return Ok(None);
                }
                put_down(tx, &rows, bench.changes(), because.as_deref())?;
                Ok(Some(Ok(decided)))
            };
            if let Some(outcome) = app.store.write(name, &by, write).await? {
                let decided = outcome?;
                reload(&app)?;
                return Ok(decided);
            }
        }
        Err(Declined::Broken(Fault::new(FaultKind::Busy, "the keys are turning at this moment: try again")))
    });
    deciding.await.map_err(|e| Fault::because(FaultKind::Bug, "a decision about keys ended without an answer", e))?
}

/// Keys turn once in ten minutes at the most.
const ATTEMPTS: usize = 3;

/// Writes changes and records each.
fn put_down(tx: &mut Tx<'_>, before: &[SigningKey], changes: &[Change], because: Option<&str>) -> Result<(), Fault> {
    let mut rows = before.to_vec();
    for change in changes {
        match change {
            Change::Put(key) => {
                let known = rows.iter().position(|row| row.id == key.id);
                if let Some(event) = event(known.and_then(|at| rows.get(at)), key, because)? {
                    tx.put(&SIGNING_KEYS, &key.id, key)?;
                    tx.record(event)?;
                }
                rows.retain(|row| row.id != key.id);
                rows.push(key.clone());
            }
            Change::Drop(key) => {
                tx.delete(&SIGNING_KEYS, &key.id)?;
                tx.record(Event::KeyDropped { kid: key.kid.clone() })?;
                rows.retain(|row| row.id != key.id);
            }
        }
    }
    Ok(())
}

/// Puts the keys in the file into force, if they are others than those that are.
pub(crate) fn reload(app: &App) -> Result<(), Fault> {
    let renewed = app.keys.renew(|| {
        let rows = key_rows(&app.store)?;
        let same = app.keys.current().rows() == rows.as_slice();
        if same { Ok(None) } else { KeyRing::load(rows, &app.row_sealer).map(Some) }
    });
    if renewed? {
        // A signature by a key that is no longer trusted must not outlive it in a cache.
        app.verified.forget_all();
    }
    Ok(())
}

/// Makes keys, on a thread that may take its time.
async fn make(app: &App, ctx: &Context, wanted: Vec<Algorithm>) -> Result<Vec<SigningKey>, Fault> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let (app, now) = (app.clone(), ctx.at);
    let made = tokio::task::spawn_blocking(move || {
        wanted.into_iter().map(|algorithm| generate(algorithm, now, now, &app.entropy, &app.row_sealer)).collect()
    });
    made.await.map_err(|e| Fault::because(FaultKind::Bug, "the thread that makes keys ended", e))?
}

fn event(known: Option<&SigningKey>, key: &SigningKey, because: Option<&str>) -> Result<Option<Event>, Fault> {
    let kid = key.kid.clone();
    let Some(known) = known else {
        return Ok(Some(Event::KeyGenerated { kid, algorithm: key.algorithm.to_string() }));
    };
    if known == key {
        return Ok(None);
    }
    Ok(Some(match &key.state {
        KeyState::Signing { .. } => Event::KeyPromoted { kid },
        KeyState::Retained { .. } => Event::KeyRetired { kid },
        KeyState::Revoked { .. } => Event::KeyRevoked {
            kid,
            algorithm: Some(key.algorithm.to_string()),
            before: Some(json(&known.state)?),
            after: Some(json(&key.state)?),
            because: because.unwrap_or_default().to_owned(),
        },
        KeyState::Next { .. } => {
            Event::KeyRescheduled { kid, before: Some(json(&known.state)?), after: Some(json(&key.state)?) }
        }
    }))
}
