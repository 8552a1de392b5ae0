//! The master key: 32 bytes from which every other secret of the appliance is derived.
//!
//! It lives beside the store, in `master.key` (mode 0600, 44 characters of base64), or outside the machine in
//! a setting. It is made at first start by this appliance and for it alone; none is shipped. Whoever has the
//! file and the store has the signing keys; whoever has only one of the two has neither.
//!
//! It can be changed: [`PURPOSES`] says what becomes of everything that is derived from it, and
//! `operations::master_key` does it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hkdf;
use zeroize::Zeroizing;

use super::backup::BackupKey;
use super::head::HeadSigner;
use super::seal::Sealer;
use crate::base::{Entropy, Fault, FaultKind, MacKey, Secret, files};

/// The root secret. It is only ever derived from.
pub struct Master(hkdf::Prk);

/// Everything that is derived, by its label, and what a change of the master key does to it. A test compares this with the code.
pub const PURPOSES: &[(&str, &str)] = &[
    ("writ seal v1", "sealed rows, that is signing keys and the secrets of second factors, are sealed anew"),
    ("writ audit head v1", "the audit log's head, and the gaps in it, get a new seal"),
    (
        "writ audit head signature v1",
        "writ.head is signed anew; heads that were sent elsewhere stay under the key that the event names",
    ),
    ("writ backup v1", "backups from before it open with the old key only, those from after it with the new one only"),
    ("writ ticket v1", "whoever is in the middle of signing in or allowing something begins again"),
    ("writ csrf v1", "pages that were open are loaded again before their forms are taken"),
    ("writ dpop nonce v1", "clients are told the new nonce and ask once more"),
    (
        "writ throttle v1",
        "failed sign-ins are counted from zero, known browsers are strangers, and Idempotency-Keys of the day are forgotten",
    ),
];

/// Bound to this use of HKDF, so that the same 32 bytes elsewhere give other keys.
const SALT: &[u8] = b"writ master key v1";

impl Master {
    /// Reads the key from `path`, or makes one there when there is none: the first start.
    pub fn read_or_create(path: &Path, entropy: &Entropy) -> Result<Self, Fault> {
        match Self::read(path)? {
            Some(master) => Ok(master),
            None => Self::create(path, entropy),
        }
    }

    /// Reads the key from `path`. `None` when there is no such file.
    ///
    /// A file that others can read is refused: whoever made it so must decide whether the key is still secret.
    pub fn read(path: &Path) -> Result<Option<Self>, Fault> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(path, error)),
        };
        private(path, &file)?;
        let mut text = Zeroizing::new(String::new());
        std::io::Read::by_ref(&mut file)
            .take(1_024)
            .read_to_string(&mut text)
            .map_err(|error| unreadable(path, error))?;
        parse(&text).map(Some).ok_or_else(|| {
            settings(format!(
                "{} does not hold a master key (32 bytes in base64). Put the right file back from your backup; \
                 without it the signing keys in the store cannot be opened",
                path.display()
            ))
        })
    }

    /// Makes a new key at `path`, whole or not at all, and never over another one.
    pub fn create(path: &Path, entropy: &Entropy) -> Result<Self, Fault> {
        let bytes = Zeroizing::new(entropy.bytes::<32>()?);
        let text = Zeroizing::new(format!("{}\n", STANDARD.encode(*bytes)));
        match place(path, text.as_bytes(), entropy) {
            Ok(()) => Ok(Self::from_bytes(&bytes)),
            // Another process was first: its key is the key.
            Err(Misplaced::Taken) => {
                Self::read(path)?.ok_or_else(|| settings(format!("{} came and went; start again", path.display())))
            }
            Err(Misplaced::Io(error)) => Err(Fault::because(
                FaultKind::Key,
                format!("the master key could not be written to {}", path.display()),
                error,
            )),
        }
    }

    /// Reads the key from a setting: 32 bytes in base64 or base64url.
    pub fn from_secret(secret: &Secret) -> Result<Self, Fault> {
        parse(secret.expose()).ok_or_else(|| {
            settings(
                "the master key in the settings is not 32 bytes in base64; `openssl rand -base64 32` makes one"
                    .to_owned(),
            )
        })
    }

    /// Puts the key at `next` in the place of the one at `path`, whole or not at all.
    pub fn promote(next: &Path, path: &Path) -> Result<(), Fault> {
        files::rename(next, path).map_err(|error| {
            let text = format!("{} could not take the place of {}", next.display(), path.display());
            Fault::because(FaultKind::Key, text, error)
        })
    }

    /// Whether both come to the same.
    pub fn is(&self, other: &Self) -> Result<bool, Fault> {
        use subtle::ConstantTimeEq as _;
        let (one, two) = (self.derive("writ seal v1")?, other.derive("writ seal v1")?);
        Ok(one.as_slice().ct_eq(two.as_slice()).into())
    }

    fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(bytes))
    }

    /// The key for one purpose. HKDF-SHA-256 (RFC 5869) with `label` as info: from one key nothing follows
    /// about another, and a new version of a purpose is a new label.
    pub fn derive(&self, label: &str) -> Result<Zeroizing<[u8; 32]>, Fault> {
        let mut out = Zeroizing::new([0; 32]);
        self.0
            .expand(&[label.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|material| material.fill(out.as_mut_slice()))
            .map_err(|_| Fault::new(FaultKind::Key, "a key could not be derived"))?;
        Ok(out)
    }

    /// Seals private keys and other secrets in rows.
    pub fn row_sealer(&self) -> Result<Sealer, Fault> {
        Ok(Sealer::new(&*self.derive("writ seal v1")?))
    }

    /// Seals what a browser carries for us between two pages.
    pub fn ticket_sealer(&self) -> Result<Sealer, Fault> {
        Ok(Sealer::new(&*self.derive("writ ticket v1")?))
    }

    /// Seals the head of the audit log inside the file.
    pub fn audit_head(&self) -> Result<MacKey, Fault> {
        Ok(MacKey::new(&*self.derive("writ audit head v1")?))
    }

    /// Signs the head of the audit log that is kept outside the file.
    pub fn head_signer(&self) -> Result<HeadSigner, Fault> {
        HeadSigner::from_seed(&*self.derive("writ audit head signature v1")?)
    }

    /// Seals backups.
    pub fn backup_key(&self) -> Result<BackupKey, Fault> {
        Ok(BackupKey::new(&*self.derive("writ backup v1")?))
    }

    /// Ties a form to a browser and a session.
    pub fn csrf(&self) -> Result<MacKey, Fault> {
        Ok(MacKey::new(&*self.derive("writ csrf v1")?))
    }

    /// Makes the nonces of DPoP proofs.
    pub fn dpop_nonce(&self) -> Result<MacKey, Fault> {
        Ok(MacKey::new(&*self.derive("writ dpop nonce v1")?))
    }

    /// Blinds the names that throttles are counted under.
    pub fn throttle(&self) -> Result<MacKey, Fault> {
        Ok(MacKey::new(&*self.derive("writ throttle v1")?))
    }
}

impl std::fmt::Debug for Master {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Master")
    }
}

fn parse(text: &str) -> Option<Master> {
    let text = text.trim();
    let bytes =
        Zeroizing::new(STANDARD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text.trim_end_matches('='))).ok()?);
    bytes.as_slice().try_into().ok().map(Master::from_bytes)
}

fn settings(text: String) -> Fault {
    Fault::new(FaultKind::Settings, text)
}

fn unreadable(path: &Path, error: io::Error) -> Fault {
    Fault::because(FaultKind::Settings, format!("the master key in {} cannot be read", path.display()), error)
}

/// The mode of the file that was opened, not of whatever has that name by now.
#[cfg(unix)]
fn private(path: &Path, file: &File) -> Result<(), Fault> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = file.metadata().map_err(|error| unreadable(path, error))?.mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(settings(format!(
        "{path} can be read by other users of this machine (mode {mode:03o}). If it may have been read, replace the keys; \
         then run: chmod 600 {path}",
        path = path.display(),
        mode = mode & 0o777,
    )))
}

#[cfg(not(unix))]
fn private(_path: &Path, _file: &File) -> Result<(), Fault> {
    Ok(())
}

/// What the name of a key ends in that has not got its own yet; nothing that a person would call a file.
const DRAFT: &str = ".draft";

/// Removes what processes left that were killed while they made a key: a key that never came to anything, or a second name of one that did.
/// Nobody else may be making one: whoever asks has the store.
pub fn forget_drafts(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(".master.key.")
            && name.ends_with(DRAFT)
            && let Err(error) = fs::remove_file(entry.path())
        {
            tracing::warn!(%error, file = %entry.path().display(), "a master key that was left half made cannot be removed");
        }
    }
}

enum Misplaced {
    Taken,
    Io(io::Error),
}

/// Writes beside `path`, makes it durable, then gives it its name. A link does not replace what is there,
/// and a crash on the way leaves no half-written key under the real name.
fn place(path: &Path, text: &[u8], entropy: &Entropy) -> Result<(), Misplaced> {
    let draft = draft(path, entropy).map_err(|fault| Misplaced::Io(io::Error::other(fault)))?;
    write_new(&draft, text)?;
    let placed = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Misplaced::Taken),
        // A file system without hard links: the plain way, still never over another file.
        Err(_) => write_new(path, text),
        Ok(()) => Ok(()),
    };
    let _ = fs::remove_file(&draft);
    placed?;
    files::sync_folder_of(path).map_err(Misplaced::Io)
}

/// Where a key is until it has its name. Two that start at the same moment have one each.
fn draft(path: &Path, entropy: &Entropy) -> Result<PathBuf, Fault> {
    let (name, chance) = (path.file_name().unwrap_or_default().to_string_lossy(), entropy.bytes::<6>()?);
    Ok(path.with_file_name(format!(".{name}.{}{DRAFT}", URL_SAFE_NO_PAD.encode(chance))))
}

fn write_new(path: &Path, text: &[u8]) -> Result<(), Misplaced> {
    files::write_new(path, text).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Misplaced::Taken,
        _ => Misplaced::Io(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_key_that_the_second_finds() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        assert!(Master::read(&path).unwrap().is_none());
        let made = Master::read_or_create(&path, &Entropy::os()).unwrap();
        let found = Master::read_or_create(&path, &Entropy::os()).unwrap();
        assert_eq!(*made.derive("x").unwrap(), *found.derive("x").unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the draft is gone");
    }

    /// As if it was killed before the link, and between the link and the end.
    #[test]
    fn what_a_killed_process_left_of_a_key_is_forgotten_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        Master::create(&at("master.key"), &Entropy::os()).unwrap();
        let kept = ["master.key", "master.key.next", "master.key.previous", ".master.key.swp"];
        kept.iter().skip(1).for_each(|name| fs::write(at(name), "mine").unwrap());
        for name in ["master.key", "master.key.next"] {
            let draft = draft(&at(name), &Entropy::os()).unwrap();
            fs::hard_link(at("master.key"), &draft).unwrap();
        }
        forget_drafts(dir.path());
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        let mut kept = kept.map(std::ffi::OsString::from).to_vec();
        kept.sort();
        assert_eq!(left, kept);
    }

    #[test]
    fn case_30_two_fresh_installs_share_nothing() {
        let [a, b] = [0, 1].map(|_| {
            let dir = tempfile::tempdir().unwrap();
            Master::read_or_create(&dir.path().join("master.key"), &Entropy::os()).unwrap()
        });
        assert_ne!(*a.derive("x").unwrap(), *b.derive("x").unwrap());
    }

    #[test]
    fn purposes_are_apart_and_versions_are_for_ever() {
        let master = Master::from_secret(&Secret::new(STANDARD.encode([7; 32]))).unwrap();
        assert_ne!(*master.derive("writ seal v1").unwrap(), *master.derive("writ ticket v1").unwrap());
        // Changing salt, hash or label would make every existing store unreadable; this figure must never change.
        assert_eq!(
            URL_SAFE_NO_PAD.encode(*master.derive("writ seal v1").unwrap()),
            "kVACacnLuSRTCmt9hsHytTdao6GJtcUot8uVfy39Rx0"
        );
    }

    #[test]
    fn an_existing_file_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let first = Master::create(&path, &Entropy::os()).unwrap();
        let second = Master::create(&path, &Entropy::os()).unwrap();
        assert_eq!(*first.derive("x").unwrap(), *second.derive("x").unwrap());
    }

    #[test]
    fn both_alphabets_of_base64_are_read_and_nothing_else() {
        let bytes = [0xfb; 32];
        let plain = Master::from_secret(&Secret::new(STANDARD.encode(bytes))).unwrap();
        let url = Master::from_secret(&Secret::new(format!(" {}\n", URL_SAFE_NO_PAD.encode(bytes)))).unwrap();
        assert_eq!(*plain.derive("x").unwrap(), *url.derive("x").unwrap());
        for text in [String::new(), "password".to_owned(), STANDARD.encode([1; 31]), STANDARD.encode([1; 33])] {
            let fault = Master::from_secret(&Secret::new(text.clone())).unwrap_err();
            assert!(text.is_empty() || !fault.to_string().contains(&text), "a fault shows no part of a key");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        Master::create(&path, &Entropy::os()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o644, 0o660, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let fault = Master::read_or_create(&path, &Entropy::os()).unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Settings);
            assert!(fault.to_string().contains("chmod 600"), "{fault}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(Master::read(&path).unwrap().is_some());
    }

    #[test]
    fn a_damaged_file_is_refused_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        Master::create(&path, &Entropy::os()).unwrap();
        fs::write(&path, "half a k").unwrap();
        let fault = Master::read_or_create(&path, &Entropy::os()).unwrap_err();
        assert!(fault.to_string().contains("backup") && !fault.to_string().contains("half a k"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "half a k");
    }
}
