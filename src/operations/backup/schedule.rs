//! Backups that are made by themselves, and how many of them are kept.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::file::Reader;
use super::make::short;
use super::object_store::{ObjectStore, Removed};
use super::{Made, There, directory, files, make, state, there};
use crate::app::App;
use crate::base::{Fault, FaultKind, Lifetime, Timestamp};
use crate::model::{BackupFailed, BackupState, Context, Event, Restored};
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::store::tables::{BACKUPS, ONLY, RESTORED};
use crate::store::{Read, Tx};

/// After a try that came to nothing, the next one waits this long, or as long as backups are apart.
const RETRY: Lifetime = Lifetime::from_minutes(15);
/// A clock that was set back by more makes the last backup one of the future, which counts for nothing.
const CLOCK: Lifetime = Lifetime::from_hours(1);

/// Whether it is time for a backup, by what there is and not by what was made once.
fn is_due(there: &There, state: &BackupState, every: Lifetime, now: Timestamp) -> bool {
    let apart = |at: Timestamp, wait: Lifetime| now.since(at) >= wait || at > now.plus(CLOCK);
    let waited = |at: Option<Timestamp>| at.is_none_or(|at| apart(at, every.min(RETRY)));
    // Whatever became of the last one (somebody took it away, or put something in its place), it may become of the next.
    let made_before = waited(state.last.as_ref().map(|last| last.at));
    let for_it = match there {
        There::Usable(at) => apart(*at, every) && made_before,
        There::Gone { changed_key: true, .. } => true,
        There::Gone { .. } | There::Elsewhere(_) | There::Never => made_before,
    };
    for_it && waited(state.failed.as_ref().map(|failed| failed.at))
}

/// How long somebody who wants to know waits for a disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks what there is, on a thread of its own: it reads a directory, on whatever disk it is. `None` if that does not answer.
pub async fn look(app: &App) -> Result<Option<(There, BackupState)>, Fault> {
    patiently(app, &app.backup_look, |app| {
        let state = state(app)?;
        Ok((there(app, &state), state))
    })
    .await
}

/// Looks on a thread of its own. A look that hangs keeps its thread, and whoever else wants to know waits for the same one: never more than
/// one hangs for each `turn` that there is.
async fn patiently<T: Send + 'static>(
    app: &App,
    turn: &Arc<Semaphore>,
    look: impl FnOnce(&App) -> Result<T, Fault> + Send + 'static,
) -> Result<Option<T>, Fault> {
    let turn = Arc::clone(turn);
    let looking = async {
        let Ok(turn) = turn.acquire_owned().await else {
            return Err(Fault::new(FaultKind::Bug, "nobody may look at backups"));
        };
        let app = app.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            look(&app)
        });
        looked.await.map_err(|error| Fault::because(FaultKind::Bug, "the look at backups ended early", error))?
    };
    tokio::time::timeout(PATIENCE, looking).await.ok().transpose()
}

/// The same for a list, which opens as many files as it is long: thousands, on a slow disk, and somebody may ask for one after the other. So lists wait
/// for each other and never with the schedule, whose look is over in one file as a rule; it would otherwise come too late again and again,
/// and say that the disk does not answer.
pub(super) async fn within_reach<T: Send + 'static>(
    app: &App,
    look: impl FnOnce(&App) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Declined> {
    patiently(app, &app.backup_lists, look).await?.ok_or_else(|| Declined::Conflict(hangs(app)))
}

/// Makes a backup if it is time for one, and removes what is more than is kept.
pub async fn scheduled(app: &App, ctx: &Context) -> Result<Option<Made>, Declined> {
    let Some(every) = app.config.backup.every else { return Ok(None) };
    let Some((there, state)) = look(app).await? else {
        return Err(Declined::Conflict(hangs(app)));
    };
    if !is_due(&there, &state, every, ctx.at) {
        return Ok(None);
    }
    let made = make(app, ctx, None).await?;
    // Nobody has taken away the last one that was made, nor put something in its place.
    let lasted = matches!((&there, &state.last), (There::Usable(at), Some(last)) if *at == last.at);
    // Also when its copy failed: what is here is a backup, and the disk holds only so many.
    let _told = forget_old(app, ctx, lasted).await;
    Ok(Some(made))
}

/// Makes one if it is time for it, and tells the log how it went.
pub async fn keep(app: &App, ctx: &Context) {
    // Without a file of its own there is nothing to lose; one at a time; and none is begun by whoever stops.
    if app.head_file.is_none() || app.backup_turn.available_permits() == 0 || app.backup_turn.is_closed() {
        return;
    }
    match scheduled(app, ctx).await {
        Ok(Some(Made { path, object: Err(why), .. })) => {
            tracing::error!(file = %path.display(), %why, "a backup was made and tried, and not copied elsewhere");
        }
        Ok(Some(made)) => tracing::info!(file = %made.path.display(), "a backup was made and tried"),
        Ok(None) => {}
        Err(declined) => tracing::error!(why = %super::words(&declined), "the backup came to nothing"),
    }
}

/// Removes this appliance's own backups in the place where they go, the oldest, until as many are left as are kept; and as many in the object
/// store, of those that it sent there. Those that somebody gave another name stay. What cannot be removed is told, and keeps nothing else.
///
/// Whoever removes the last one here has another made every quarter of an hour: after as many as are kept, none from before would be left in
/// the object store either. So nothing is removed there unless the last one lasted.
///
/// Gives what kept any of it, which was told to the log and, as far as it can be written to, to the row of how backups went.
pub(super) async fn forget_old(app: &App, ctx: &Context, lasted: bool) -> Option<String> {
    let why = match forget(app, ctx, lasted).await {
        Ok(why) => why,
        // The oldest may be gone, and nobody wrote it down.
        Err(fault) => Some(short(&format!("older ones may not have been removed: {fault}"))),
    };
    if let Some(why) = &why {
        tracing::error!(%why, "a backup was made and tried");
    }
    why
}

async fn forget(app: &App, ctx: &Context, lasted: bool) -> Result<Option<String>, Fault> {
    let (within, keep) = (app.clone(), usize::try_from(app.config.backup.keep).unwrap_or(usize::MAX));
    let removing = tokio::task::spawn_blocking(move || {
        let failed = |fault| Removed { failed: Some(fault), ..Removed::default() };
        let files = forget_files(&within, keep).unwrap_or_else(failed);
        let objects = if lasted { forget_objects(&within, keep) } else { Ok(Removed::default()) };
        (files, objects.unwrap_or_else(failed))
    });
    let (files, objects) =
        removing.await.map_err(|e| Fault::because(FaultKind::Bug, "old backups were not removed", e))?;
    let why = files.failed.or(objects.failed).map(|fault| short(&format!("older ones were not all removed: {fault}")));
    let (files, objects) = (files.names, objects.names);
    if files.is_empty() && objects.is_empty() && why.is_none() {
        return Ok(None);
    }
    let told = why.clone();
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
    app.store.write("note removed backups", ctx, write).await?;
    Ok(told)
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

fn hangs(app: &App) -> String {
    format!(
        "{} does not answer: look at the disk that it is on. Backups go on as soon as it does",
        directory(app).display()
    )
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

/// How backups went lately, what there is if that can be seen, and what is to be said of it.
#[derive(Debug)]
pub struct Standing {
    pub state: BackupState,
    pub there: Option<There>,
    pub worries: Vec<Worry>,
}

pub async fn standing(app: &App, now: Timestamp) -> Result<Standing, Fault> {
    let found = look(app).await?;
    let worries = worries_of(app, now, found.clone())?;
    Ok(match found {
        Some((there, state)) => Standing { state, there: Some(there), worries },
        None => Standing { state: state(app)?, there: None, worries },
    })
}

pub async fn worries(app: &App, now: Timestamp) -> Result<Vec<Worry>, Fault> {
    worries_of(app, now, look(app).await?)
}

/// The same of what was found in a look, if that came to an end.
pub fn worries_of(app: &App, now: Timestamp, found: Option<(There, BackupState)>) -> Result<Vec<Worry>, Fault> {
    let mut worries = Vec::new();
    let restored = app.store.read_blocking(|view| view.get(&RESTORED, &ONLY.to_owned()))?;
    worries.extend(restored.filter(|restored| restored.seen_at.is_none()).map(Worry::Restored));
    let Some((there, state)) = found else {
        worries.push(Worry::Failed { at: now, why: hangs(app), made: false });
        return Ok(worries);
    };
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
    use crate::model::BackupMade;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const DAY: Lifetime = Lifetime::from_days(1);

    /// With the last one made at one time, and a try that came to nothing at another.
    fn due(there: &There, last: Option<Timestamp>, failed: Option<Timestamp>) -> bool {
        let made = |at| BackupMade { at, file: String::new(), bytes: 0, sequence: 0, key: String::new() };
        let failed = failed.map(|at| BackupFailed { at, why: String::new(), made: false });
        let state = BackupState { last: last.map(made), failed, ..BackupState::default() };
        is_due(there, &state, DAY, NOW)
    }

    fn ago(time: Lifetime) -> Timestamp {
        NOW.minus(time)
    }

    #[test]
    fn a_backup_is_due_when_its_time_has_come_and_not_again_at_once_when_it_failed() {
        let usable = |at: Timestamp, failed| due(&There::Usable(at), Some(at), failed);
        assert!(due(&There::Never, None, None));
        assert!(!due(&There::Never, None, Some(NOW)));
        assert!(due(&There::Elsewhere(NOW), None, None), "where they go there is none");
        assert!(!usable(ago(Lifetime::from_hours(23)), None));
        assert!(usable(ago(DAY), None));
        assert!(!usable(ago(DAY), Some(ago(Lifetime::from_minutes(14)))));
        assert!(usable(ago(DAY), Some(ago(RETRY))));
        assert!(!usable(NOW.plus(Lifetime::from_minutes(5)), None), "a clock that is a little off");
        assert!(usable(NOW.plus(Lifetime::from_days(400)), None), "a clock that was years ahead");
    }

    /// What becomes of one as soon as it is made becomes of each: without a wait there would be one in every round.
    #[test]
    fn nothing_but_another_key_has_one_made_at_once_after_the_last() {
        let ahead = NOW.plus(Lifetime::from_days(400));
        let gone = |changed_key| There::Gone { since: ago(DAY), why: String::new(), changed_key };
        for there in [gone(false), There::Elsewhere(NOW), There::Elsewhere(ahead), There::Never, There::Usable(ahead)] {
            assert!(!due(&there, Some(NOW), None), "{there:?}");
            assert!(!due(&there, Some(ago(Lifetime::from_minutes(14))), None), "{there:?}");
            assert!(due(&there, Some(ago(RETRY)), None), "{there:?}");
        }
        assert!(due(&gone(true), Some(NOW), None), "it opens no more, and the next one does");
        assert!(!due(&gone(true), Some(NOW), Some(NOW)));
    }
}
