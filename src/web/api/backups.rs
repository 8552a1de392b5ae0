//! Backups: what there is where they go, how they went, and one more.
//!
//! The files stay where they are: nothing here takes a path, and nothing gives what is in one.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{NoFilter, Nothing};
use crate::model::{BackupFailed, BackupMade};
use crate::operations::backup::file::Header;
use crate::operations::backup::{self, Kept, Standing, There, Worry};
use crate::protocol::own_scopes::BACKUPS;

pub(super) fn noun() -> Noun {
    let (all, state, at) = ("/api/v1/backups", "/api/v1/backups/state", "/api/v1/backups/{id}");
    Noun::new(
        "Backups",
        "file",
        "Files of everything, sealed, in the directory that the settings name, on the computer that the appliance runs on. They are made and tried while it runs; none is given out here, and no other place is taken.",
    )
    .list(What(all, "listBackups", BACKUPS.read, "List the backups where they go, the last by name first"), list)
    .create(What(all, "makeBackup", BACKUPS.write, "Make a backup now, and try it"), make)
    // Before what stands in the place of a name.
    .show(What(state, "showBackupState", BACKUPS.read, "Say how backups went, and what calls for somebody"), state_of)
    .show(What(at, "showBackup", BACKUPS.read, "Show what a backup says of itself"), show)
}

/// A backup.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Backup)]
struct BackupView {
    #[schema(example = "writ-20261127T020000-000Z.backup")]
    file: String,
    /// What is in it, as it says; of one that nobody can tell of, nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    header: Option<HeaderView>,
    /// Why it cannot be used: it is damaged, or made under another master key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unusable: Option<String>,
    /// What it is called in the object store, where that is told: in the answer to the request that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    object: Option<String>,
    /// Why it is not in the object store, although it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    not_copied: Option<String>,
    /// Why older ones that are more than are kept were not removed, or not all of them. This one was made all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    not_removed: Option<String>,
}

/// What a backup says of itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BackupHeader)]
struct HeaderView {
    #[schema(format = DateTime)]
    made_at: String,
    issuer: String,
    /// The version of Writ that made it, and the layout of the store in it.
    version: String,
    layout: u64,
    /// The last entry of the audit log in it.
    entries: u64,
    rows: u64,
    bytes: u64,
}

/// How backups went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BackupState)]
struct StateView {
    /// Where they go, there.
    directory: String,
    /// How far apart they are made by themselves; without it, they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "1d")]
    every: Option<String>,
    /// How many are kept.
    keep: u64,
    /// When the newest was made that is there and can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    usable: Option<String>,
    /// The last one that was made and tried, whatever became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last: Option<LastView>,
    /// The last one that somebody put elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    elsewhere: Option<LastView>,
    /// What went wrong last, if nothing did so at the last one since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    failed: Option<FailedView>,
    /// How many are in the object store.
    objects: usize,
    /// What calls for somebody.
    worries: Vec<WorryView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LastBackup)]
struct LastView {
    file: String,
    #[schema(format = DateTime)]
    made_at: String,
    bytes: u64,
    /// The last entry of the audit log in it.
    entries: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FailedBackup)]
struct FailedView {
    #[schema(format = DateTime)]
    at: String,
    why: String,
    /// There is a backup all the same: what failed is its copy elsewhere, or that older ones go.
    made: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BackupWorry)]
struct WorryView {
    kind: WorryKind,
    /// Since when it is so.
    #[schema(format = DateTime)]
    since: String,
    text: String,
}

/// `failed`: the last try, or what came after it. `missing`: none is there any more that can be used. `old`: the last is older than two are
/// apart. `restored`: this appliance comes from a backup, and nobody has looked at what that left to people.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BackupWorryKind)]
enum WorryKind {
    Failed,
    Missing,
    Old,
    Restored,
}

async fn list(call: Call, window: Window, _: NoFilter) -> Result<Listed<BackupView>, Problem> {
    let (here, more) = backup::page(&call.app, window.from()?, window.limit).await?;
    let here: Vec<BackupView> = here.iter().map(view).collect();
    let next = here.last().filter(|_| more).map(|last| last.file.clone());
    Ok(Listed::of(here, &window, next))
}

async fn show(call: Call) -> Result<One<BackupView>, Problem> {
    let one = backup::one(&call.app, call.id()?).await?;
    Ok(One::of(&one.header, view(&one))?)
}

async fn make(call: Call, _: Nothing) -> Result<(String, One<BackupView>), Problem> {
    let Kept { file, header, object, not_copied, not_removed } = backup::make_here(&call.app, &call.by).await?;
    let told: Result<Header, String> = Ok(header);
    let view = BackupView { object, not_copied, not_removed, ..of(&file, &told) };
    Ok((file, One::of(&told, view)?))
}

async fn state_of(call: Call) -> Result<One<StateView>, Problem> {
    let Standing { state, there, worries } = backup::standing(&call.app, call.by.at).await?;
    let settings = &call.app.config.backup;
    let view = StateView {
        directory: backup::directory(&call.app).display().to_string(),
        every: settings.every.map(|every| every.to_string()),
        keep: u64::from(settings.keep),
        usable: match there {
            Some(There::Usable(at)) => Some(at.iso()),
            Some(There::Elsewhere(_) | There::Gone { .. } | There::Never) | None => None,
        },
        last: state.last.as_ref().map(last),
        elsewhere: state.elsewhere.as_ref().map(last),
        failed: state.failed.as_ref().map(failed),
        objects: state.objects.len(),
        worries: worries.into_iter().map(worry).collect(),
    };
    Ok(One::of(&state, view)?)
}

fn view(one: &backup::Listed) -> BackupView {
    let file = one.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    of(&file, &one.header)
}

fn of(file: &str, told: &Result<Header, String>) -> BackupView {
    let header = told.as_ref().ok().map(|header| HeaderView {
        made_at: header.made_at.iso(),
        issuer: header.issuer.clone(),
        version: header.version.clone(),
        layout: header.layout,
        entries: header.head.sequence,
        rows: header.rows,
        bytes: header.bytes,
    });
    let unusable = told.as_ref().err().cloned();
    BackupView { file: file.to_owned(), header, unusable, object: None, not_copied: None, not_removed: None }
}

fn last(made: &BackupMade) -> LastView {
    LastView { file: made.file.clone(), made_at: made.at.iso(), bytes: made.bytes, entries: made.sequence }
}

fn failed(failed: &BackupFailed) -> FailedView {
    FailedView { at: failed.at.iso(), why: failed.why.clone(), made: failed.made }
}

fn worry(worry: Worry) -> WorryView {
    let (kind, since, text) = match worry {
        Worry::Failed { at, why, .. } => (WorryKind::Failed, at, why),
        Worry::Missing { since, why } => (WorryKind::Missing, since, why),
        Worry::Old { since } => {
            (WorryKind::Old, since, "the last good backup is older than two of them should be apart".to_owned())
        }
        Worry::Restored(restored) => (WorryKind::Restored, restored.at, restored.advice.join(" ")),
    };
    WorryView { kind, since: since.iso(), text }
}
