//! Makes a backup and restores it once, to see that it can be.

use std::fs;
use std::path::{Path, PathBuf};

use super::file::{Header, Writer};
use super::object_store::copy;
use super::scratch::{Scratch, check, lay_down};
use super::{EXTENSION, directory, words};
use crate::app::App;
use crate::base::{Fault, FaultKind, Timestamp, files};
use crate::model::{BackupFailed, BackupMade, Context, Event};
use crate::operations::declined::Declined;
use crate::store::tables::{BACKUPS, ISSUER, ONLY};
use crate::store::{Read, Tx};

/// A backup that was tried.
#[derive(Clone, Debug)]
pub struct Made {
    pub path: PathBuf,
    pub header: Header,
    /// What it is called in the object store, if it is there too; or why it is not. It is a backup either way.
    pub object: Result<Option<String>, String>,
}

/// Makes a backup: at `place` if that is a file's name, in it if it is a directory, else where backups go. It is restored into a file of
/// its own beside the store and its audit log walked before it is given its name.
///
/// It is finished, and written down, even if nobody waits for it any more: the file is there either way.
pub async fn make(app: &App, ctx: &Context, place: Option<PathBuf>) -> Result<Made, Declined> {
    let is_usual = place.is_none();
    let path = target(app, ctx.at, place)?;
    let Ok(turn) = app.backup_turn.clone().try_acquire_owned() else {
        return Err(Declined::Conflict("a backup is being made at this moment: ask again in a while".to_owned()));
    };
    let (app, ctx) = (app.clone(), ctx.clone());
    let making = tokio::spawn(async move {
        let _turn = turn;
        let (within, at) = (app.clone(), ctx.at);
        let making = tokio::task::spawn_blocking(move || {
            let made = write_and_try(&within, at, path)?;
            let copied = if is_usual { copy(&within, &made.path) } else { Ok(None) };
            Ok(Made { object: copied.map_err(|fault| fault.to_string()), ..made })
        });
        let made =
            making.await.map_err(|e| Fault::because(FaultKind::Bug, "the thread that makes backups ended", e))?;
        note(&app, &ctx, made.as_ref(), is_usual).await?;
        made
    });
    making.await.map_err(|e| Fault::because(FaultKind::Bug, "a backup ended without an answer", e))?
}

fn write_and_try(app: &App, at: Timestamp, path: PathBuf) -> Result<Made, Declined> {
    let folder = files::folder_of(&path);
    let unmade = |e| Fault::because(FaultKind::Storage, format!("{} cannot be made", folder.display()), e);
    files::make_folder(folder).map_err(unmade)?;
    forget_drafts(app, folder);
    // Named after the key, so that an appliance finds what it left when it was killed, and nobody else's.
    let draft = Scratch::within(folder, &format!(".{}-{}.draft", app.backup_key.id(), at.millis()))?;
    let mut writer = Writer::create(&draft.0, &app.backup_key, &app.entropy)?;
    let moment = app.store.copy(&mut |rows| writer.put(&rows))?;
    let frozen = app.store.read_blocking(|view| view.get(&ISSUER, &ONLY.to_owned()))?;
    let issuer = frozen.map_or_else(|| app.issuer.to_string(), |frozen| frozen.issuer);
    let header = writer.finish(moment, issuer, at, &app.head_signer)?;

    // The rows are readable in it: not where backups go, which may be anybody's disk.
    let beside = if app.config.data.is_dir() { app.config.data.as_path() } else { folder };
    let scratch = Scratch::within(beside, SCRATCH)?;
    lay_down(&draft.0, &app.backup_key, &scratch.0)?;
    check(&app.store.beside(&scratch.0)?, &header, &app.head_signer)?;
    drop(scratch);

    name(&draft.0, &path)?;
    Ok(Made { path, header, object: Ok(None) })
}

/// What a backup is restored into, to see that it can be.
const SCRATCH: &str = "writ.redb.trial";

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
fn name(draft: &Path, path: &Path) -> Result<(), Declined> {
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
type Told = Result<(BackupMade, Result<Option<String>, String>), String>;

/// Remembers how it went, for whoever looks after it.
async fn note(app: &App, ctx: &Context, made: Result<&Made, &Declined>, is_usual: bool) -> Result<(), Fault> {
    let told = match made {
        Ok(made) => {
            let file = made.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let alone = |why: &String| short(&format!("{file} was made and tried, and is nowhere else: {why}"));
            let object = made.object.clone().map_err(|why| alone(&why));
            let Header { made_at, bytes, ref head, .. } = made.header;
            Ok((BackupMade { at: made_at, file, bytes, sequence: head.sequence }, object))
        }
        Err(declined) => Err(short(&words(declined))),
    };
    app.store.write("note backup", ctx, move |tx| put_down(tx, &told, is_usual)).await
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
        Ok((made, object)) => {
            let BackupMade { file, bytes, sequence, .. } = made.clone();
            let object_there = object.clone().ok().flatten();
            state.objects.extend(object_there.clone());
            match is_usual {
                true => (state.last, state.failed) = (Some(made.clone()), None),
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
