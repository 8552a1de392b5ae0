//! Makes a backup and restores it once, to see that it can be.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, TryAcquireError};

use super::file::{Header, Writer};
use super::schedule::forget_old;
use super::scratch::{Scratch, check, lay_down};
use super::send::{Copied, copy};
use super::{EXTENSION, directory, words};
use crate::app::App;
use crate::base::{Fault, FaultKind, Timestamp, files};
use crate::model::{BackupFailed, BackupMade, BackupUpload, Context, Event};
use crate::operations::declined::Declined;
use crate::operations::doctor::disk::{self, Space};
use crate::operations::finished::finished;
use crate::operations::once::{Answer, Once};
use crate::operations::operator::Operator;
use crate::store::tables::{BACKUPS, ISSUER, ONLY};
use crate::store::{Read, Tx};

/// A backup that was tried.
#[derive(Clone, Debug)]
pub struct Made {
    pub path: PathBuf,
    pub header: Header,
    /// What it is called in the object store, if it is there too; or why it is not. It is a backup either way.
    pub object: Result<Option<String>, String>,
    /// What lies in the object store in parts, and could not be taken back.
    unfinished: Vec<BackupUpload>,
}

/// The same as it is told from far away, and again to who asks again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its name, without the place.
    pub file: String,
    pub header: Header,
    pub object: Option<String>,
    /// Why it is not in the object store.
    pub not_copied: Option<String>,
    /// Why older ones that are more than are kept were not removed, or not all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_removed: Option<String>,
}

impl Kept {
    fn of(made: &Made) -> Self {
        Self {
            file: made.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            header: made.header.clone(),
            object: made.object.clone().ok().flatten(),
            not_copied: made.object.clone().err(),
            not_removed: None,
        }
    }
}

/// Makes a backup: at `place` if that is a file's name, in it if it is a directory, else where backups go. It is restored into a file of
/// its own beside the store and its audit log walked before it is given its name.
///
/// It is finished, and written down, even if nobody waits for it any more: the file is there either way.
pub async fn make(app: &App, ctx: &Context, place: Option<PathBuf>) -> Result<Made, Declined> {
    let turn = turn(app)?;
    made(app, turn, ctx, place, Once::Often).await
}

/// The same where backups go, for somebody who may be far away: who they are is asked once more, and the same request makes one.
pub async fn make_here(app: &App, by: &Operator) -> Result<Kept, Declined> {
    if app.config.demo {
        return Err(Declined::Conflict("a demo is kept nowhere, and has no backups".to_owned()));
    }
    // Taken before the look at what was made earlier: of two that are the same one makes it, and the other finds it or comes again.
    let turn = turn(app)?;
    let (asking, once) = (by.clone(), *by.request());
    let begin = app.store.write("begin backup", by, move |tx| match asking.stands(tx)? {
        Ok(()) => once.earlier::<Kept>(tx),
        Err(declined) => Ok(Some(Err(declined))),
    });
    if let Some(earlier) = begin.await? {
        return earlier;
    }
    let made = made(app, turn, by, None, once).await?;
    // Whoever makes them as often as they are due keeps the schedule from its turn, and with it from what it removes. Nothing goes from the
    // object store by this. Whatever keeps the old ones, there is the new one: who is told otherwise makes another.
    let not_removed = match app.config.backup.every {
        Some(_) => forget_old(app, by, false).await,
        None => None,
    };
    Ok(Kept { not_removed, ..Kept::of(&made) })
}

/// One at a time: each needs room for the whole store.
fn turn(app: &App) -> Result<OwnedSemaphorePermit, Declined> {
    app.backup_turn.clone().try_acquire_owned().map_err(|error| {
        Declined::Conflict(match error {
            TryAcquireError::NoPermits => "a backup is being made at this moment: ask again in a while".to_owned(),
            TryAcquireError::Closed => "the appliance is stopping: ask again when it is there".to_owned(),
        })
    })
}

async fn made(
    app: &App,
    turn: OwnedSemaphorePermit,
    ctx: &Context,
    place: Option<PathBuf>,
    once: Once,
) -> Result<Made, Declined> {
    let is_usual = place.is_none();
    let path = target(app, ctx.at, place)?;
    let (app, ctx) = (app.clone(), ctx.clone());
    finished("a backup ended without an answer", async move {
        let _turn = turn;
        let (within, by) = (app.clone(), ctx.clone());
        let making = tokio::task::spawn_blocking(move || {
            let made = write_and_try(&within, by.at, path)?;
            let Copied { object, unfinished } = match is_usual {
                true => copy(&within, &by, &made.path),
                false => Copied::default(),
            };
            Ok(Made { object: object.transpose(), unfinished, ..made })
        });
        let made = making.await.unwrap_or_else(|error| {
            Err(Fault::because(FaultKind::Bug, "the thread that makes backups ended", error).into())
        });
        note(&app, &ctx, made.as_ref(), (is_usual, once)).await?;
        made
    })
    .await
}

fn write_and_try(app: &App, at: Timestamp, path: PathBuf) -> Result<Made, Declined> {
    let folder = files::folder_of(&path);
    let unmade = |e| Fault::because(FaultKind::Storage, format!("{} cannot be made", folder.display()), e);
    files::make_folder(folder).map_err(unmade)?;
    files::may_write_in(folder).map_err(|e| Fault::because(FaultKind::Storage, not_ours(folder), e))?;
    forget_drafts(app, folder);
    // The rows are readable in what it is tried in: not where backups go, which may be anybody's disk.
    let beside = if app.config.data.is_dir() { app.config.data.as_path() } else { folder };
    // What a killed one left goes first, or there would be room for all but it.
    let scratch = Scratch::within(beside, SCRATCH)?;
    room(app, folder, beside)?;
    // Named after the key, so that an appliance finds what it left when it was killed, and nobody else's.
    let draft = Scratch::within(folder, &format!(".{}-{}.draft", app.backup_key.id(), at.millis()))?;
    let mut writer = Writer::create(&draft.0, &app.backup_key, &app.entropy)?;
    let moment = app.store.copy(&mut |rows| writer.put(&rows))?;
    let frozen = app.store.read_blocking(|view| view.get(&ISSUER, &ONLY.to_owned()))?;
    let issuer = frozen.map_or_else(|| app.issuer.to_string(), |frozen| frozen.issuer);
    let header = writer.finish(moment, issuer, at, &app.head_signer)?;

    let tried = lay_down(&draft.0, &app.backup_key, &scratch.0)
        .and_then(|_| check(&app.store.beside(&scratch.0)?, &header, &app.head_signer));
    tried.map_err(|declined| of_the_trial(declined, &scratch.0))?;
    drop(scratch);

    name(&draft.0, &path)?;
    Ok(Made { path, header, object: Ok(None), unfinished: Vec::new() })
}

/// A service may write to the places that its unit names, and to no others: the system says that there is nothing but reading.
fn not_ours(folder: &Path) -> String {
    format!(
        "no backup can be written to {}: it has to be the directory of the user that Writ runs as, and where systemd runs it, the unit has to let it          (ReadWritePaths=)",
        folder.display()
    )
}

/// What a backup is restored into, to see that it can be.
const SCRATCH: &str = "writ.redb.trial";

/// Whether there is room for the backup and for its trial, before either takes what the store needs to go on.
fn room(app: &App, folder: &Path, beside: &Path) -> Result<(), Declined> {
    let Ok(store) = fs::metadata(app.config.store_file()).map(|file| file.len()) else { return Ok(()) };
    // Of one that is in memory there is at most somebody else's file.
    if app.head_file.is_none() {
        return Ok(());
    }
    let last = super::state(app)?.last.map(|last| last.bytes);
    let on_one_disk = match (fs::metadata(folder), fs::metadata(beside)) {
        (Ok(one), Ok(two)) => one.dev() == two.dev(),
        _ => false,
    };
    for (place, bytes) in needs(store, last, folder, beside, on_one_disk) {
        if let Some(space) = disk::space(place).filter(|space| space.free < bytes) {
            return Err(Declined::Conflict(format!(
                "there is no room for a backup: it needs {} in {} for as long as it is made and tried, and {} are free. Make room; if the store is much \
                 smaller than its file, `writ compact` makes some. The store itself is well",
                disk::size(bytes),
                place.display(),
                disk::size(space.free),
            )));
        }
    }
    Ok(())
}

/// How many bytes have to be free where. The trial is as large as the store at most; of a backup nobody knows before it is made, and the next is like
/// the last, or a good part of the store.
fn needs<'p>(
    store: u64,
    last: Option<u64>,
    folder: &'p Path,
    beside: &'p Path,
    on_one_disk: bool,
) -> Vec<(&'p Path, u64)> {
    let backup = last.map_or(store / 2, |last| last.saturating_add(last / 4));
    let trial = store.saturating_add(Space::ALMOST_NONE);
    match on_one_disk {
        true => vec![(beside, trial.saturating_add(backup))],
        false => vec![(beside, trial), (folder, backup)],
    }
}

/// A fault of the trial is no fault of the store: words that say how to mend a store would send people the wrong way.
fn of_the_trial(declined: Declined, trial: &Path) -> Declined {
    let Declined::Broken(fault) = declined else { return declined };
    let cause = std::error::Error::source(&fault).map_or_else(|| fault.to_string(), ToString::to_string);
    let words = match fault.kind() {
        FaultKind::Full => "make room there",
        _ => "its directory must have room and be writable for whoever runs Writ",
    };
    Declined::Conflict(format!(
        "the backup could not be tried in {}, so there is none: {cause}; {words}. The store itself is well",
        trial.display()
    ))
}

fn target(app: &App, at: Timestamp, place: Option<PathBuf>) -> Result<PathBuf, Declined> {
    let name = format!("writ-{}.{EXTENSION}", at.iso().replace(['-', ':'], "").replace('.', "-"));
    let path = match place {
        None => directory(app).join(name),
        Some(place) if place.is_dir() || place.as_os_str().to_string_lossy().ends_with('/') => place.join(name),
        Some(file) => file,
    };
    if path.exists() {
        return Err(Declined::Conflict(format!("{} is there already: a backup replaces nothing", path.display())));
    }
    Ok(path)
}

/// What this appliance left when it was killed.
fn forget_drafts(app: &App, folder: &Path) {
    let ours = format!(".{}-", app.backup_key.id());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&ours) && name.ends_with(".draft") {
            drop(fs::remove_file(entry.path()));
        }
    }
}

/// Gives a whole, durable file its name, which nobody else may have taken meanwhile.
pub(super) fn name(draft: &Path, path: &Path) -> Result<(), Declined> {
    let failed = |e| Fault::because(FaultKind::Storage, format!("the backup {} cannot be named", path.display()), e);
    match fs::hard_link(draft, path) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Declined::Conflict(format!("{} is there already: a backup replaces nothing", path.display())));
        }
        // A file system without hard links.
        Err(_) => fs::rename(draft, path).map_err(failed)?,
    }
    Ok(files::sync_folder_of(path).map_err(failed)?)
}

/// How it went, as far as it is written down.
type Told = Result<(BackupMade, Result<Option<String>, String>, Vec<BackupUpload>), String>;

/// Remembers how it went, for whoever looks after it.
async fn note(
    app: &App,
    ctx: &Context,
    made: Result<&Made, &Declined>,
    (is_usual, once): (bool, Once),
) -> Result<(), Fault> {
    let kept = made.ok().map(Kept::of);
    let told = match made {
        Ok(made) => {
            let file = made.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let alone = |why: &String| short(&format!("{file} was made and tried, and is nowhere else: {why}"));
            let object = made.object.clone().map_err(|why| alone(&why));
            let Header { made_at, bytes, ref head, ref key, .. } = made.header;
            let row = BackupMade { at: made_at, file, bytes, sequence: head.sequence, key: key.clone() };
            Ok((row, object, made.unfinished.clone()))
        }
        Err(declined) => Err(short(&words(declined))),
    };
    let write = move |tx: &mut Tx<'_>| {
        put_down(tx, &told, is_usual)?;
        kept.as_ref().map_or(Ok(()), |kept| once.done(tx, &kept.file, kept, Answer::Repeatable))
    };
    app.store.write("note backup", ctx, write).await
}

/// As much of somebody else's words as is kept.
pub(super) fn short(text: &str) -> String {
    text.chars().take(500).collect()
}

/// One that was made counts, wherever else it is: another in a quarter of an hour would only fill the disk.
///
/// One that somebody put elsewhere is theirs: it stands for none of those that are made by themselves, and mends nothing there.
fn put_down(tx: &mut Tx<'_>, told: &Told, is_usual: bool) -> Result<(), Fault> {
    let only = ONLY.to_owned();
    let mut state = tx.get(&BACKUPS, &only)?.unwrap_or_default();
    let why = match told {
        Ok((made, object, unfinished)) => {
            let BackupMade { file, bytes, sequence, .. } = made.clone();
            let object_there = object.clone().ok().flatten();
            state.objects.extend(object_there.clone());
            match is_usual {
                true => {
                    (state.last, state.failed) = (Some(made.clone()), None);
                    state.unfinished.clone_from(unfinished);
                }
                false => state.elsewhere = Some(made.clone()),
            }
            tx.record(Event::BackupMade { file, bytes, sequence, object: object_there })?;
            object.as_ref().err()
        }
        Err(why) => Some(why),
    };
    if let Some(why) = why {
        if is_usual {
            state.failed = Some(BackupFailed { at: tx.now(), why: why.clone(), made: told.is_ok() });
        }
        tx.record(Event::BackupFailed { why: why.clone() })?;
    }
    tx.put(&BACKUPS, &only, &state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_needs_is_counted_where_it_needs_it() {
        let (folder, beside) = (Path::new("backups"), Path::new("data"));
        let all = needs(1_000, Some(100), folder, beside, true);
        assert_eq!(all, [(beside, 1_125 + Space::ALMOST_NONE)]);
        assert_eq!(needs(1_000, None, folder, beside, true), [(beside, 1_500 + Space::ALMOST_NONE)]);
        let apart = needs(1_000, Some(100), folder, beside, false);
        assert_eq!(apart, [(beside, 1_000 + Space::ALMOST_NONE), (folder, 125)]);
        assert_eq!(needs(u64::MAX, Some(u64::MAX), folder, beside, true), [(beside, u64::MAX)]);
    }

    #[test]
    fn a_fault_of_the_trial_is_told_as_one() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let fault = Fault::because(FaultKind::Full, "the store failed; make room on its disk and start again", full);
        let Declined::Conflict(text) = of_the_trial(fault.into(), Path::new("data/writ.redb.trial")) else { panic!() };
        assert!(
            text.contains("could not be tried in data/writ.redb.trial") && text.contains("make room there"),
            "{text}"
        );
        assert!(!text.contains("the store failed") && !text.contains("start again"), "{text}");
        let whole = Declined::Conflict("what is in the backup is not whole".to_owned());
        assert!(matches!(of_the_trial(whole, Path::new("x")), Declined::Conflict(text) if text.ends_with("not whole")));
    }
}
