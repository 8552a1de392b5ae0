//! Whose the files are, and who else may read them.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::finding::Finding;
use crate::config::Config;
use crate::store;

pub(super) fn owned(config: &Config) -> Vec<Finding> {
    if !config.data.exists() {
        let mend = "start `writ` once, or say with --data where it is";
        return vec![Finding::look("files", format!("{} is not there: no appliance yet", config.data.display()), mend)];
    }
    let me = owner_of(&config.data);
    let mut found = Vec::new();
    found.extend(looked_at("data directory", &config.data, Kind::Directory, me));
    found.extend(looked_at("store", &config.store_file(), Kind::File, me));
    match &config.master_key {
        Some(_) => found.push(Finding::ok("master key", "is in the settings")),
        None if config.store_file().exists() && !config.master_key_file().exists() => found.push(Finding::broken(
            "master key",
            format!("{} is not there, and nothing in the store opens without it", config.master_key_file().display()),
            "put the copy of master.key that you kept elsewhere back into its place, or set WRIT_MASTER_KEY to it",
        )),
        None => found.extend(looked_at("master key", &config.master_key_file(), Kind::File, me)),
    }
    found.extend(looked_at("certificate's file", &config.acme_file(), Kind::File, me));
    found.extend(looked_at("audit head file", &config.head_file(), Kind::Signed, me));
    found.extend(looked_at("socket", &config.socket_file(), Kind::Socket, me));
    found.extend(strange(config));
    found
}

/// What Writ puts into its directory, for good or for as long as it takes.
const OURS: [&str; 19] = [
    "acme.json",
    "acme.json.new",
    "backups",
    // Every file system of its own has one.
    "lost+found",
    "master.key",
    "master.key.next",
    "writ.head",
    "writ.head.new",
    "writ.redb",
    "writ.redb.draft",
    "writ.redb.rehearsal",
    "writ.redb.restoring",
    "writ.redb.trial",
    "writ.sock",
    "writ.sock.new",
    "writ.toml",
    // With which the names of others of ours begin: what a migration or a restore put aside, what is being made.
    "writ.redb.layout-",
    "writ.redb.before-",
    "writ.head.before-",
];
/// Names of strangers' files that are told.
const TOLD: usize = 10;

/// What else lies in the directory: a copy of the key that somebody made in a hurry, what an editor or another program left.
fn strange(config: &Config) -> Option<Finding> {
    let mut names: Vec<String> = fs::read_dir(&config.data)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !is_ours(config, name) && !is_in_settings(config, name))
        .collect();
    names.sort();
    let more = names.len().saturating_sub(TOLD);
    names.truncate(TOLD);
    let found = match (names.is_empty(), more) {
        (true, _) => return None,
        (false, 0) => format!("{} has what Writ did not put there: {}", config.data.display(), names.join(", ")),
        (false, more) => {
            format!("{} has what Writ did not put there: {} and {more} more", config.data.display(), names.join(", "))
        }
    };
    let mend = "see what it is and move it away; a copy of the master key belongs into a place of its own, and not beside the store";
    Some(Finding::look("strange files", found, mend))
}

fn is_ours(config: &Config, name: &str) -> bool {
    // A store or a key that is being made has a name of its own until it is whole; the next start removes what was left of one.
    let is_draft =
        store::is_draft(&config.store_file(), name) || name.starts_with(".master.key.") && name.ends_with(".draft");
    is_draft || OURS.iter().any(|ours| name == *ours || ours.ends_with('-') && name.starts_with(*ours))
}

/// Whether a setting names it: a certificate, a logo, a copy of the audit log and what was put aside of it.
fn is_in_settings(config: &Config, name: &str) -> bool {
    config.entries().any(|entry| {
        let path = Path::new(entry.value.strip_prefix("file:").unwrap_or(&entry.value));
        let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy());
        parts.any(|part| name == part || name.strip_prefix(&*part).is_some_and(|rest| rest.starts_with('.')))
    })
}

/// Who the data directory belongs to is who should run Writ.
fn owner_of(directory: &Path) -> Option<u32> {
    fs::metadata(directory).ok().map(|known| known.uid())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Directory,
    File,
    /// It has a signature and no secret: who reads it is no matter.
    Signed,
    Socket,
}

/// `None` of what is not there: which of them there have to be, others say.
fn looked_at(check: &str, path: &Path, kind: Kind, owner: Option<u32>) -> Option<Finding> {
    let known = fs::symlink_metadata(path).ok()?;
    let (mode, place) = (known.permissions().mode() & 0o777, path.display());
    let is_it = match kind {
        Kind::Directory => known.is_dir() || known.is_symlink(),
        Kind::File | Kind::Signed => known.is_file() || known.is_symlink(),
        Kind::Socket => known.file_type().is_socket(),
    };
    let fits = if kind == Kind::Directory { 0o700 } else { 0o600 };
    let closed = if kind == Kind::Signed { 0o022 } else { 0o077 };
    Some(if !is_it {
        Finding::broken(
            check,
            format!("{place} is something else than it should be"),
            "find out what put it there, and move it away",
        )
    } else if owner.is_some_and(|owner| owner != known.uid()) {
        let found = format!("{place} belongs to another user than the data directory");
        Finding::look(
            check,
            found,
            format!("chown it to the user that runs Writ: chown --reference={} {place}", parent(path)),
        )
    } else if !known.is_symlink() && mode & closed != 0 {
        let found = format!("{place} can be reached by other users of this machine (mode {mode:o})");
        Finding::broken(check, found, format!("chmod {fits:o} {place}"))
    } else if !known.is_symlink() && mode & fits != fits {
        let found = format!("{place} cannot be read and written by its owner (mode {mode:o})");
        Finding::broken(check, found, format!("chmod {fits:o} {place}"))
    } else {
        Finding::ok(check, format!("{place} is its owner's alone"))
    })
}

fn parent(path: &Path) -> String {
    path.parent().map_or_else(|| ".".to_owned(), |parent| parent.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn what_does_not_belong_there_is_named() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let flags = vec![
            ("data", place.path().display().to_string()),
            ("public_url", "https://id.example".to_owned()),
            ("tls.certificate", at("chain.pem").display().to_string()),
            ("tls.key", at("certs/key.pem").display().to_string()),
            ("audit.deliver_to", format!("file:{}", at("audit.jsonl").display())),
        ];
        let config = crate::config::Sources { flags, file: None, environment: Vec::new() }.load().unwrap().config;
        for name in OURS.iter().map(|name| name.replace("e-", "e-3").replace("t-", "t-3")) {
            fs::write(at(&name), b"").unwrap();
        }
        for name in [
            "writ.71-3.new",
            "writ.redb.anew",
            ".master.key.AAAAAAAA.draft",
            "chain.pem",
            "certs",
            "audit.jsonl",
            "audit.jsonl.1",
        ] {
            fs::write(at(name), b"").unwrap();
        }
        assert_eq!(strange(&config), None);
        fs::write(at("master.key.old"), b"").unwrap();
        let found = strange(&config).unwrap();
        assert!(found.state == State::Look && found.found.ends_with("did not put there: master.key.old"), "{found:?}");
        (0..12).for_each(|n| fs::write(at(&format!("n{n:02}")), b"").unwrap());
        assert!(strange(&config).unwrap().found.ends_with("n08 and 3 more"), "{:?}", strange(&config));
    }

    #[test]
    fn what_others_may_read_is_told_with_the_way_to_mend_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("writ.redb");
        assert_eq!(looked_at("store", &path, Kind::File, None), None);
        fs::write(&path, b"").unwrap();
        let found = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            looked_at("store", &path, Kind::File, None).unwrap()
        };
        assert_eq!(found(0o600).state, State::Ok);
        for mode in [0o644, 0o660, 0o601] {
            let found = found(mode);
            assert_eq!(found.state, State::Broken, "{mode:o}");
            assert_eq!(found.mend.unwrap(), format!("chmod 600 {}", path.display()));
        }
        found(0o666);
        assert_eq!(
            looked_at("audit head", &path, Kind::Signed, None).unwrap().state,
            State::Broken,
            "others may write it"
        );
        found(0o644);
        assert_eq!(looked_at("audit head", &path, Kind::Signed, None).unwrap().state, State::Ok);
        assert_eq!(found(0o400).state, State::Broken, "nothing can be written");
        let other = fs::metadata(&path).unwrap().uid() + 1;
        found(0o600);
        assert_eq!(looked_at("store", &path, Kind::File, Some(other)).unwrap().state, State::Look);
        assert_eq!(looked_at("socket", &path, Kind::Socket, None).unwrap().state, State::Broken);
    }
}
