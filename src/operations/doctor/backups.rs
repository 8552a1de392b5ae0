//! Whether there are backups, and whether what a restore left to people was looked at.

use super::Patient;
use super::finding::Finding;
use crate::operations::backup::{There, Worry, state, there, worries_of};

pub(super) fn made(patient: &Patient<'_>) -> Vec<Finding> {
    const CHECK: &str = "backups";
    let app = patient.app;
    if app.head_file.is_none() {
        return Vec::new();
    }
    let looked = state(app).and_then(|state| {
        let found = there(app, &state);
        let worries = worries_of(app, patient.now, Some((found.clone(), state.clone())))?;
        Ok((found, worries))
    });
    let (lies, worries) = match looked {
        Ok(looked) => looked,
        Err(fault) => return vec![Finding::broken(CHECK, fault.to_string(), "see what `writ audit verify` says")],
    };
    let mut found: Vec<Finding> = worries
        .into_iter()
        .map(|worry| match worry {
            Worry::Failed { at, why, made: false } => Finding::look(
                CHECK,
                format!("the last one came to nothing at {}: {why}", at.iso()),
                "mend what it names, and run `writ backup`",
            ),
            Worry::Failed { at, why, made: true } => Finding::look(
                CHECK,
                format!("the last one was made, and at {} something after it failed: {why}", at.iso()),
                "mend what it names, and run `writ backup`",
            ),
            Worry::Missing { since, why } => Finding::look(
                CHECK,
                format!("the last one was made at {}, and none is there that can be used: {why}", since.iso()),
                "run `writ backup`, and find out what takes them away; those from before a change of the master key open with the old key only",
            ),
            Worry::Old { since } => Finding::look(
                CHECK,
                format!("the last good one is of {}", since.iso()),
                "run `writ backup`, and see in the log what keeps those that backup.every asks for",
            ),
            Worry::Restored(restored) => Finding::look(
                CHECK,
                format!("this file was restored from a backup of {}", restored.made_at.iso()),
                "look at what came back that should not have, and say so under Settings in the console",
            ),
        })
        .collect();
    match lies {
        There::Usable(at) | There::Elsewhere(at) if found.is_empty() => {
            found.push(Finding::ok(CHECK, format!("the last one was made and tried at {}", at.iso())));
        }
        There::Usable(_) | There::Elsewhere(_) | There::Gone { .. } => {}
        There::Never => found.push(Finding::look(
            CHECK,
            "none was ever made",
            "run `writ backup`, set backup.every, and keep a copy of the master key apart from them",
        )),
    }
    found
}
