//! Signing keys, as an administrator sees them: the schedule turns them by itself.

use crate::app::App;
use crate::base::{Fault, Timestamp};
pub use crate::keys::rotate::Haste;
use crate::keys::rotate::force;
use crate::model::{Algorithm, Context, SigningKey};
use crate::operations::declined::Declined;
use crate::operations::start::key_rows;
use crate::operations::turn_keys::{carry, policy, turn};

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

/// Turns the keys of `algorithm`, or of all, before their time.
pub async fn rotate(
    app: &App,
    ctx: &Context,
    algorithm: Option<Algorithm>,
    haste: Haste,
) -> Result<Vec<Rotated>, Declined> {
    if let Some(unused) = algorithm.filter(|algorithm| !app.config.keys.algorithms.contains(algorithm)) {
        return Err(Declined::field("algorithm", format!("{unused} is not in the setting keys.algorithms")));
    }
    turn(app, ctx).await?;
    let mut rotated = Vec::new();
    for algorithm in algorithm.map_or_else(|| app.config.keys.algorithms.clone(), |one| vec![one]) {
        let forced = force(&key_rows(&app.store)?, algorithm, haste, &policy(app), ctx.at);
        carry(app, ctx, forced.turns).await?;
        rotated.push(Rotated { algorithm, signs_from: forced.signs_from });
    }
    // The next in line is made at once.
    turn(app, ctx).await?;
    Ok(rotated)
}
