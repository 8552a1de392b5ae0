//! Gets a backup back from the object store. A command, and one that needs no appliance: whoever has lost the computer has the settings, the master
//! key and what is there.
//!
//! It comes in stretches, each tried again if the connection breaks, into a draft beside its place. It gets its name when all of it is here and was
//! read from beginning to end under the master key.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use rusty_s3::actions::ListObjectsV2;

use super::file::{Header, Reader, glimpse};
use super::object_store::{Asking, ObjectStore, fault, good, tried};
use super::scratch::Scratch;
use super::{EXTENSION, MOST};
use crate::base::{Clock, Fault, FaultKind, files};
use crate::config::Config;
use crate::keys::Master;
use crate::operations::declined::Declined;
use crate::operations::doctor::disk;
use crate::operations::start::outbound_policy;
use crate::outbound::{Outbound, Stored, Wanted};

/// Bytes of one stretch.
const STRETCH: u64 = 64 * 1_024 * 1_024;
/// Names that are asked for at once. An answer with as many long ones fits into what is read of one.
const AT_ONCE: usize = 500;
/// A name is a file's.
const LONGEST_NAME: usize = 255;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub which: Which,
    /// The directory to put it into; without one, where backups go.
    pub folder: Option<PathBuf>,
    /// Whether a file of the same name that is there may go.
    pub replace: bool,
}

#[derive(Clone, Debug)]
pub enum Which {
    Named(String),
    /// The last by name, which says when it was made.
    Newest,
}

/// How it went.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub path: PathBuf,
    pub object: String,
    /// What it says of itself.
    pub header: Header,
    /// Whether all of it was read under the master key; or why nobody could.
    pub opened: Result<(), String>,
}

/// One that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InStore {
    pub name: String,
    pub bytes: Option<u64>,
    /// As the store says it.
    pub stored_at: Option<String>,
}

/// The way to the store that the settings name.
struct Way {
    store: ObjectStore,
    outbound: Outbound,
    clock: Clock,
}

impl Way {
    fn of(config: &Config, clock: &Clock) -> Result<Self, Declined> {
        let store = ObjectStore::of(&config.backup)?.ok_or_else(|| {
            Declined::Conflict(
                "no object store is known here: set backup.s3_endpoint, backup.s3_bucket, backup.s3_access_key_id and \
                 backup.s3_secret_access_key as they were where the backup was made"
                    .to_owned(),
            )
        })?;
        Ok(Self { store, outbound: Outbound::new(outbound_policy(config)?)?, clock: clock.clone() })
    }

    fn asking(&self) -> Asking<'_> {
        Asking { outbound: &self.outbound, clock: &self.clock, is_over: &|| false }
    }
}

/// The backups that are in the store, the last by name first.
pub fn stored(config: &Config, clock: &Clock) -> Result<Vec<InStore>, Declined> {
    Ok(listed(&Way::of(config, clock)?)?)
}

fn listed(way: &Way) -> Result<Vec<InStore>, Fault> {
    let (store, mut after, mut found, mut pages) = (&way.store, None::<String>, Vec::new(), 0);
    loop {
        let answered = tried(way.asking(), || {
            let mut action = store.bucket.list_objects_v2(Some(&store.credentials));
            action.with_prefix(store.prefix.clone());
            action.with_max_keys(AT_ONCE);
            if let Some(after) = &after {
                action.with_continuation_token(after.clone());
            }
            way.outbound.ask_store(&store.signed(&action, way.clock.now())?, store.reach)
        });
        let said = good(answered, "does not list what it has")?.said;
        let list = ListObjectsV2::parse_response(&said).map_err(|_| {
            fault("the object store does not list what it has: nobody understands its answer".to_owned())
        })?;
        found.extend(list.contents.into_iter().filter_map(|one| {
            let name = one.key.strip_prefix(&store.prefix).filter(|name| is_name(name))?.to_owned();
            Some(InStore { name, bytes: one.size, stored_at: one.last_modified })
        }));
        pages += 1;
        after = list.next_continuation_token;
        if after.is_none() || found.len() >= MOST || pages * AT_ONCE >= MOST {
            found.sort_by(|one, other| other.name.cmp(&one.name));
            return Ok(found);
        }
    }
}

/// What may stand in a path without leading anywhere else.
fn is_name(name: &str) -> bool {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let is_backup = name.rsplit_once('.').is_some_and(|(stem, extension)| !stem.is_empty() && extension == EXTENSION);
    name.len() <= LONGEST_NAME && is_plain && is_backup && !name.starts_with('.')
}

/// Gets one back.
pub fn fetch(config: &Config, ask: &Ask, clock: &Clock) -> Result<Fetched, Declined> {
    let way = Way::of(config, clock)?;
    let name = match &ask.which {
        // As it is called in a list, or as it is called there.
        Which::Named(name) => name.strip_prefix(&way.store.prefix).unwrap_or(name).to_owned(),
        Which::Newest => {
            let newest = listed(&way)?.into_iter().map(|one| one.name).find(|name| name.starts_with("writ-"));
            newest.ok_or_else(|| {
                Declined::Missing("there is no backup in the object store under this prefix".to_owned())
            })?
        }
    };
    if !is_name(&name) {
        return Err(Declined::field(
            "name",
            "this is no name of a backup; `writ backup fetch --list` says which there are",
        ));
    }
    let folder = ask.folder.clone().or_else(|| config.backup.directory.clone());
    let folder = folder.unwrap_or_else(|| config.data.join("backups"));
    let path = folder.join(&name);
    let taken = || Declined::Conflict(format!("{} is there already: with --replace it goes", path.display()));
    if path.exists() && !ask.replace {
        return Err(taken());
    }
    let unmade = |e| Fault::because(FaultKind::Storage, format!("{} cannot be made", folder.display()), e);
    files::make_folder(&folder).map_err(unmade)?;

    let object = format!("{}{name}", way.store.prefix);
    let draft = Scratch::within(&folder, &format!(".{name}.fetching"))?;
    receive(&way, &object, &draft.0)?;
    let header = glimpse(&draft.0).map_err(|why| of_the_store(why, &draft.0))?;
    let opened = open(config, &header, &draft.0)?;
    let unnamed = |e| Fault::because(FaultKind::Storage, format!("{} cannot be named", path.display()), e);
    match ask.replace {
        true => files::rename(&draft.0, &path).map_err(unnamed)?,
        false => super::make::name(&draft.0, &path)?,
    }
    Ok(Fetched { path, object, header, opened })
}

/// All of an object, into a new file.
fn receive(way: &Way, object: &str, draft: &Path) -> Result<(), Declined> {
    let store = &way.store;
    let found = match store.head(way.asking(), object) {
        Ok(Stored { status: 404, .. }) => {
            let why =
                format!("there is no {object} in the object store; `writ backup fetch --list` says what there is");
            return Err(Declined::Missing(why));
        }
        found => good(found, "does not show a backup")?,
    };
    let length =
        found.length.ok_or_else(|| fault("the object store does not say how long the backup is".to_owned()))?;
    let folder = files::folder_of(draft);
    if let Some(space) = disk::space(folder).filter(|space| space.free < length) {
        let (size, free) = (disk::size(length), disk::size(space.free));
        let why = format!(
            "the backup has {size}, and {free} are free for {}: make room, or name another place with --to",
            folder.display()
        );
        return Err(Declined::Conflict(why));
    }
    let unwritten = |e| Fault::because(FaultKind::Storage, format!("{} cannot be written", draft.display()), e);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft).map_err(unwritten)?;
    let mut from = 0;
    while from < length {
        let wanted = Wanted { from, length: STRETCH.min(length - from), tag: found.tag.as_deref() };
        stretch(way, object, wanted, &mut file, draft)?;
        from += wanted.length;
    }
    Ok(file.sync_all().map_err(unwritten)?)
}

fn stretch(way: &Way, object: &str, wanted: Wanted<'_>, file: &mut File, draft: &Path) -> Result<(), Fault> {
    let (store, mut unwritten) = (&way.store, None);
    let came = tried(way.asking(), || {
        let url = store.signed(&store.bucket.get_object(Some(&store.credentials), object), way.clock.now())?;
        // Over what a try before had brought.
        if let Err(error) = file.seek(SeekFrom::Start(wanted.from)) {
            unwritten = Some(error);
        }
        way.outbound.get_object(&url, wanted, store.reach, &mut |bytes| {
            file.write_all(bytes).map_err(|error| {
                let kind = error.kind();
                unwritten = Some(error);
                kind.into()
            })
        })
    });
    if let Some(error) = unwritten {
        return Err(Fault::because(FaultKind::Storage, format!("{} cannot be written", draft.display()), error));
    }
    match came {
        // RFC 9110 §15.5.13: what was asked for is not there any more as it was.
        Ok(Stored { status: 412, .. }) => {
            Err(fault("the backup in the object store became another while it was fetched".to_owned()))
        }
        came => good(came, "does not give the backup back").map(drop),
    }
}

/// Reads all of it under the master key, as far as that is here. A backup of before a change of the key is good for whoever has the old one.
fn open(config: &Config, header: &Header, draft: &Path) -> Result<Result<(), String>, Declined> {
    let master = match &config.master_key {
        Some(secret) => Some(Master::from_secret(secret)?),
        None => Master::read(&config.master_key_file())?,
    };
    let Some(master) = master else {
        return Ok(Err(format!(
            "it was not opened: {} is missing, and no backup opens without the key it was made under. Put the copy that you kept there (mode 600), \
             or set WRIT_MASTER_KEY, and fetch it again with --replace to know",
            config.master_key_file().display()
        )));
    };
    let key = master.backup_key()?;
    if header.key != key.id() {
        return Ok(Err(format!(
            "it was not opened: it was made under another master key than the one that is here (it needs {}, and this one is {}), or it was changed. It opens \
             with the right one only",
            header.key,
            key.id()
        )));
    }
    let read = || -> Result<(), Declined> {
        let mut reader = Reader::open(draft, &key)?;
        while reader.next(draft)?.is_some() {}
        Ok(())
    };
    read().map_err(|why| of_the_store(why, draft))?;
    Ok(Ok(()))
}

/// The draft is gone by the time this is read.
fn of_the_store(declined: Declined, draft: &Path) -> Declined {
    match declined {
        Declined::Conflict(why) => {
            let why = why.replace(&draft.display().to_string(), "what the object store gave");
            Declined::Conflict(format!("{why}. Nothing was kept of it"))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        for name in ["writ-20261127T020000-000Z.backup", "mine.backup", "a_b-c.1.backup"] {
            assert!(is_name(name), "{name}");
        }
        let long = format!("{}.backup", "a".repeat(LONGEST_NAME));
        for name in [
            "",
            ".backup",
            "..backup",
            "../x.backup",
            "a/b.backup",
            "x.backup/",
            "x",
            "x.redb",
            "é.backup",
            "a b.backup",
            &long,
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
