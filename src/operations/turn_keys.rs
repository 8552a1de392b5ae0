//! Carries out what the key schedule says is due.

use super::start::key_rows;
use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::keys::rotate::{Change, Policy, Turn, carry_out, plan};
use crate::keys::{KeyRing, generate};
use crate::model::{Algorithm, Context, Event, KeyState, SigningKey};
use crate::store::tables::SIGNING_KEYS;
use crate::store::{MAX_ROWS, Read, Tx};

/// The schedule that the settings ask for.
pub fn policy(app: &App) -> Policy {
    let (keys, lifetimes) = (&app.config.keys, &app.config.lifetimes);
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

/// Does what is due, until nothing is; a first start takes some rounds. The ring that requests use is replaced after each
/// commit.
pub async fn turn(app: &App, ctx: &Context) -> Result<(), Fault> {
    for _ in 0..MOST_ROUNDS {
        let (quick, slow) = due(app, ctx)?;
        // Nobody waits for an RSA key who needs another one.
        let turns = if quick.is_empty() { slow } else { quick };
        if turns.is_empty() {
            return Ok(());
        }
        carry(app, ctx, turns).await?;
    }
    Ok(())
}

/// Does what is due and takes no time, so that the port opens with every key but those of RSA in place.
pub async fn turn_quick(app: &App, ctx: &Context) -> Result<(), Fault> {
    let (quick, _) = due(app, ctx)?;
    if quick.is_empty() { Ok(()) } else { carry(app, ctx, quick).await }
}

/// What is due now, and apart from it the RSA keys to make, which can take a second each. They are steps of their own: whoever
/// asks again after the others is told to make them then.
fn due(app: &App, ctx: &Context) -> Result<(Vec<Turn>, Vec<Turn>), Fault> {
    let slow = |turn: &Turn| matches!(turn, Turn::Generate { algorithm: Algorithm::RS256, .. });
    Ok(plan(&key_rows(&app.store)?, &policy(app), ctx.at).into_iter().partition(|turn| !slow(turn)))
}

/// Carries out `turns`: keys are made outside the transaction, which looks at the rows again.
pub(crate) async fn carry(app: &App, ctx: &Context, turns: Vec<Turn>) -> Result<(), Fault> {
    let fresh = make(app, ctx, &turns).await?;
    let policy = policy(app);
    let write = move |tx: &mut Tx<'_>| {
        let rows = tx.page(&SIGNING_KEYS, None, MAX_ROWS)?.rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>();
        for change in carry_out(&rows, &turns, fresh.clone(), &policy, tx.now()) {
            match change {
                Change::Put(key) => {
                    let known = rows.iter().find(|row| row.id == key.id);
                    if let Some(event) = event(known, &key) {
                        tx.put(&SIGNING_KEYS, &key.id, &key)?;
                        tx.record(event)?;
                    }
                }
                Change::Drop(key) => {
                    tx.delete(&SIGNING_KEYS, &key.id)?;
                    tx.record(Event::KeyDropped { kid: key.kid })?;
                }
            }
        }
        Ok(())
    };
    app.store.write("turn keys", ctx, write).await?;
    reload(app)
}

/// Puts the keys in the file into force.
pub(crate) fn reload(app: &App) -> Result<(), Fault> {
    app.keys.replace(KeyRing::load(key_rows(&app.store)?, &app.row_sealer)?);
    // A signature by a key that is no longer trusted must not outlive it in a cache.
    app.verified.forget_all();
    Ok(())
}

const MOST_ROUNDS: usize = 8;

async fn make(app: &App, ctx: &Context, turns: &[Turn]) -> Result<Vec<SigningKey>, Fault> {
    let wanted: Vec<Algorithm> = turns
        .iter()
        .filter_map(|turn| match turn {
            Turn::Generate { algorithm, .. } => Some(*algorithm),
            _ => None,
        })
        .collect();
    let (app, now) = (app.clone(), ctx.at);
    let made = tokio::task::spawn_blocking(move || {
        wanted.into_iter().map(|algorithm| generate(algorithm, now, now, &app.entropy, &app.row_sealer)).collect()
    });
    made.await.map_err(|e| Fault::because(FaultKind::Bug, "the thread that makes keys ended", e))?
}

fn event(known: Option<&SigningKey>, key: &SigningKey) -> Option<Event> {
    let kid = key.kid.clone();
    match (known, &key.state) {
        (None, _) => Some(Event::KeyGenerated { kid, algorithm: key.algorithm.to_string() }),
        (Some(known), _) if known == key => None,
        (Some(_), KeyState::Signing { .. }) => Some(Event::KeyPromoted { kid }),
        (Some(_), KeyState::Retained { .. }) => Some(Event::KeyRetired { kid }),
        (Some(_), KeyState::Revoked { .. }) => Some(Event::KeyRevoked { kid }),
        (Some(_), KeyState::Next { .. }) => Some(Event::KeyRescheduled { kid }),
    }
}
