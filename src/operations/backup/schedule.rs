//! Backups that are made by themselves, and how many of them are kept.

use std::path::Path;

use super::file::Reader;
use super::make::short;
use super::object_store::{ObjectStore, Removed};
use super::{Made, There, directory, files, make, state, there};
use crate::app::App;
use crate::base::{Fault, FaultKind, Lifetime, Timestamp};
use crate::model::{BackupFailed, Context, Event, Restored};
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::store::tables::{BACKUPS, ONLY, RESTORED};
use crate::store::{Read, Tx};

/// After a try that came to nothing, the next one waits this long, or as long as backups are apart.
const RETRY: Lifetime = Lifetime::from_minutes(15);
/// A clock that was set back by more makes the last backup one of the future, which counts for nothing.
const CLOCK: Lifetime = Lifetime::from_hours(1);

/// Whether it is time for a backup, by what there is and not by what was made once.
fn is_due(there: &There, failed: Option<&BackupFailed>, every: Lifetime, now: Timestamp) -> bool {
    let apart = |at: Timestamp, wait: Lifetime| now.since(at) >= wait || at > now.plus(CLOCK);
    let for_it = match there {
        There::Usable(at) => apart(*at, every),
        // Somebody took it away, and may do so with the next.
        There::Gone { since, lies_there: false, .. } => apart(*since, every.min(RETRY)),
        There::Gone { lies_there: true, .. } | There::Elsewhere(_) | There::Never => true,
    };
    for_it && failed.is_none_or(|failed| apart(failed.at, every.min(RETRY)))
}

/// Makes a backup if it is time for one, and removes what is more than is kept.
pub async fn scheduled(app: &App, ctx: &Context) -> Result<Option<Made>, Declined> {
    let Some(every) = app.config.backup.every else { return Ok(None) };
    let state = state(app)?;
    if !is_due(&there(app, &state), state.failed.as_ref(), every, ctx.at) {
        return Ok(None);
    }
    let made = make(app, ctx, None).await?;
    // Also when its copy failed: what is here is a backup, and the disk holds only so many.
    forget_old(app, ctx).await?;
    Ok(Some(made))
}

/// Begins one beside everything else, if it is time for it: nobody waits for it.
pub fn begin(app: &App, ctx: &Context) -> Result<(), Fault> {
    let Some(every) = app.config.backup.every else { return Ok(()) };
    // Without a file of its own there is nothing to lose; and one at a time.
    if app.head_file.is_none() || app.backup_turn.available_permits() == 0 {
        return Ok(());
    }
    let state = state(app)?;
    if is_due(&there(app, &state), state.failed.as_ref(), every, ctx.at) {
        let (app, ctx) = (app.clone(), ctx.clone());
        drop(tokio::spawn(async move {
            match scheduled(&app, &ctx).await {
                Ok(Some(Made { path, object: Err(why), .. })) => {
                    tracing::error!(file = %path.display(), %why, "a backup was made and tried, and not copied elsewhere");
                }
                Ok(Some(made)) => tracing::info!(file = %made.path.display(), "a backup was made and tried"),
                Ok(None) => {}
                Err(declined) => tracing::error!(why = %super::words(&declined), "the backup came to nothing"),
            }
        }));
    }
    Ok(())
}

/// Removes this appliance's own backups in the place where they go, the oldest, until as many are left as are kept; and as many in the object
/// store, of those that it sent there. Those that somebody gave another name stay. What cannot be removed is told, and keeps nothing else.
async fn forget_old(app: &App, ctx: &Context) -> Result<(), Fault> {
    let (within, keep) = (app.clone(), usize::try_from(app.config.backup.keep).unwrap_or(usize::MAX));
    let removing = tokio::task::spawn_blocking(move || {
        let failed = |fault| Removed { failed: Some(fault), ..Removed::default() };
        let files = forget_files(&within, keep).unwrap_or_else(failed);
        (files, forget_objects(&within, keep).unwrap_or_else(failed))
    });
    let (files, objects) =
        removing.await.map_err(|e| Fault::because(FaultKind::Bug, "old backups were not removed", e))?;
    let why = files.failed.or(objects.failed).map(|fault| short(&format!("older ones were not all removed: {fault}")));
    let (files, objects) = (files.names, objects.names);
    if let Some(why) = &why {
        tracing::error!(%why, "a backup was made and tried");
    }
    if files.is_empty() && objects.is_empty() && why.is_none() {
        return Ok(());
    }
    let write = move |tx: &mut Tx<'_>| {
        let mut state = tx.get(&BACKUPS, &ONLY.to_owned())?.unwrap_or_default();
        state.objects.retain(|name| !objects.contains(name));
        if let Some(why) = &why {
            // What went wrong with the copy is what to look at first.
            let failed = BackupFailed { at: tx.now(), why: why.clone(), made: true };
            state.failed.get_or_insert(failed);
            tx.record(Event::BackupFailed { why: why.clone() })?;
        }
        tx.put(&BACKUPS, &ONLY.to_owned(), &state)?;
        match files.is_empty() && objects.is_empty() {
            true => Ok(()),
            false => tx.record(Event::BackupsRemoved { files: files.clone(), objects: objects.clone() }),
        }
    };
    app.store.write("note removed backups", ctx, write).await
}

fn forget_files(app: &App, keep: usize) -> Result<Removed, Fault> {
    let mut ours: Vec<_> = files(&directory(app))?
        .into_iter()
        .filter(|path| is_named_by_us(path))
        .filter_map(|path| Some((Reader::open(&path, &app.backup_key).ok()?.header.made_at, path)))
        .collect();
    ours.sort();
    ours.truncate(ours.len().saturating_sub(keep));
    Ok(ours.iter().fold(Removed::default(), |removed, (_, path)| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let failed = |e| Fault::because(FaultKind::Storage, format!("{} cannot be removed", path.display()), e);
        removed.and(std::fs::remove_file(path).map(|()| name).map_err(failed))
    }))
}

fn forget_objects(app: &App, keep: usize) -> Result<Removed, Fault> {
    let Some(store) = ObjectStore::of(&app.config.backup)? else { return Ok(Removed::default()) };
    let mut objects = state(app)?.objects;
    objects.truncate(objects.len().saturating_sub(keep));
    Ok(store.remove(&app.outbound, objects, &app.clock))
}

fn is_named_by_us(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("writ-"))
}

/// What is to be said of backups to whoever looks after the appliance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worry {
    /// The last try came to nothing; or there is one, and something after it failed.
    Failed { at: Timestamp, why: String, made: bool },
    /// There was one, and none is there any more that opens under this master key.
    Missing { since: Timestamp, why: String },
    /// The last good one is older than two of them are apart.
    Old { since: Timestamp },
    /// The file comes from a backup, and nobody has looked at what that left to people.
    Restored(Restored),
}

pub fn worries(app: &App, now: Timestamp) -> Result<Vec<Worry>, Fault> {
    let mut worries = Vec::new();
    let restored = app.store.read_blocking(|view| view.get(&RESTORED, &ONLY.to_owned()))?;
    worries.extend(restored.filter(|restored| restored.seen_at.is_none()).map(Worry::Restored));
    let state = state(app)?;
    let there = there(app, &state);
    worries.extend(state.failed.map(|BackupFailed { at, why, made }| Worry::Failed { at, why, made }));
    let twice = app.config.backup.every.map(|every| Lifetime::from_seconds(every.seconds().saturating_mul(2)));
    worries.extend(match there {
        There::Gone { since, why, .. } => Some(Worry::Missing { since, why }),
        There::Usable(since) if twice.is_some_and(|twice| now.since(since) > twice) => Some(Worry::Old { since }),
        There::Usable(_) | There::Elsewhere(_) | There::Never => None,
    });
    Ok(worries)
}

/// Somebody looked at what a restore left to people.
pub async fn seen(app: &App, by: &Operator) -> Result<(), Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("look at restore", ctx, move |tx| {
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let only = ONLY.to_owned();
            let Some(restored) = tx.get(&RESTORED, &only)?.filter(|restored| restored.seen_at.is_none()) else {
                return Ok(Err(Declined::Missing("there is nothing to look at any more".to_owned())));
            };
            tx.put(&RESTORED, &only, &Restored { seen_at: Some(tx.now()), ..restored })?;
            tx.record(Event::RestoreSeen {})?;
            Ok(Ok(()))
        })
        .await?
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_backup_is_due_when_its_time_has_come_and_not_again_at_once_when_it_failed() {
        let (now, day) = (Timestamp::from_seconds(1_800_000_000), Lifetime::from_days(1));
        let made = There::Usable;
        let gone = |since, lies_there| There::Gone { since, why: String::new(), lies_there };
        let failed = |at| Some(BackupFailed { at, why: String::new(), made: false });
        let due = |there: There, failed: Option<BackupFailed>| is_due(&there, failed.as_ref(), day, now);
        assert!(due(There::Never, None));
        assert!(due(There::Elsewhere(now), None), "where they go there is none");
        assert!(!due(made(now.minus(Lifetime::from_hours(23))), None));
        assert!(due(made(now.minus(day)), None));
        assert!(!due(made(now.minus(day)), failed(now.minus(Lifetime::from_minutes(14)))));
        assert!(due(made(now.minus(day)), failed(now.minus(RETRY))));
        assert!(!due(made(now.plus(Lifetime::from_minutes(5))), None), "a clock that is a little off");
        assert!(due(made(now.plus(Lifetime::from_days(400))), None), "a clock that was years ahead");
        assert!(due(gone(now, true), None), "it opens no more");
        assert!(!due(gone(now, false), None), "somebody carries them away as they are made");
        assert!(due(gone(now.minus(RETRY), false), None));
        assert!(!due(gone(now.minus(day), true), failed(now)));
    }
}
