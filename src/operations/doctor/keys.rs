//! Whether there are keys to sign with, and whether they turn in time.

use super::Patient;
use super::finding::Finding;
use crate::base::Lifetime;
use crate::keys::rotate::plan;
use crate::model::KeyState;
use crate::operations::turn_keys;

/// Housekeeping looks every ten seconds, and an RSA key may take some to make.
const LATE: Lifetime = Lifetime::from_minutes(2);

pub(super) fn in_force(patient: &Patient<'_>) -> Vec<Finding> {
    let (ring, now) = (patient.app.keys.current(), patient.now);
    let of = |algorithm| {
        let signing =
            ring.rows().iter().find(|row| row.algorithm == algorithm && matches!(row.state, KeyState::Signing { .. }));
        match signing {
            Some(key) => {
                let hours = now.since(key.state_since()).seconds() / 3_600;
                Finding::ok("keys", format!("{algorithm} signs with {} for {hours} hours", key.kid))
            }
            // A first start makes them, RSA the last; until then whoever needs it is told to come again.
            None if !patient.is_serving => {
                Finding::ok("keys", format!("the {algorithm} key is made at the next start"))
            }
            None => Finding::broken(
                "keys",
                format!("there is no {algorithm} key to sign with"),
                "right after a first start, wait some seconds; after that the log says why it cannot be made",
            ),
        }
    };
    patient.app.config.keys.algorithms.iter().copied().map(of).collect()
}

pub(super) fn on_schedule(patient: &Patient<'_>) -> Vec<Finding> {
    let rows = patient.app.keys.current().rows().to_vec();
    if rows.is_empty() {
        return Vec::new();
    }
    let late = plan(&rows, &turn_keys::policy(patient.app), patient.now.minus(LATE)).len();
    vec![match (late, patient.is_serving) {
        (0, _) => Finding::ok("key schedule", "no turn of a key is late"),
        (_, false) => {
            Finding::ok("key schedule", format!("{late} steps are due and are made up for at the next start"))
        }
        (_, true) => Finding::look(
            "key schedule",
            format!("{late} steps of the key schedule are late by more than two minutes"),
            "the log says why (`turning keys failed`); `writ key list` shows each key and when it was to turn",
        ),
    }]
}
