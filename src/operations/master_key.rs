//! The master key: which one a file is under, and another one in its place.
//!
//! A change is one transaction that seals everything anew. Around it, a process may end at any moment and leaves an appliance
//! that opens:
//!
//! ```text
//!   master.key.next is written | everything is sealed anew | the file is written anew | writ.head is signed anew | it becomes master.key
//!        the old key opens     |                        the new key opens, and what is left to do is done at once
//! ```
//!
//! Written anew, because what a transaction replaces stays in the file, in pages that nothing uses. That takes as long as copying the file, also
//! where a start finishes it. If it comes to nothing the change is good all the same: the head is signed anew, no later start tries again, and whoever
//! asked, or reads what the start logged, is told to ask for another change. Who only looks (`look_into`) finishes nothing.
//!
//! It is done while nobody serves: what a process holds of the old key would be good for nothing (decision 32).

use std::io;
use std::path::{Path, PathBuf};

use super::keep_head::{self, Under};
use super::providers::MOST_PROVIDERS;
use super::sign_in_code::place;
use super::start::keys_in;
use crate::base::{Clock, Entropy, Fault, FaultKind, Timestamp, files};
use crate::config::Config;
use crate::keys::{Master, Sealer, forget_drafts};
use crate::model::{Actor, Channel, Context, Event, IdentityProvider, Origin, Sealed};
use crate::store::tables::{PROVIDERS, SECOND_FACTORS, SIGNING_KEYS};
use crate::store::{self, MAX_ROWS, Read, Store, Tx, Unopened, rewrite};

/// What a change came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub signing_keys: u64,
    pub second_factors: u64,
    /// What Writ is known by at identity providers.
    pub provider_secrets: u64,
    /// Gaps in the audit log.
    pub gaps: u64,
    /// With which the heads of the audit log are signed from now on.
    pub head_key: String,
    /// Where the new key is.
    pub kept: Kept,
    /// Why the file still has what was sealed under the old key, in pages that nothing uses; if it has.
    pub not_rewritten: Option<String>,
    /// Copies of the store beside it, from before: the old key opens them.
    pub copies: Vec<PathBuf>,
}

/// Where a master key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// In a file beside the store.
    File,
    /// In the settings: whoever changed it there puts it in the place of the old one.
    Settings,
}

/// Where a change is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The new key is there, and nothing is sealed under it.
    Drafted,
    /// Everything is sealed under it.
    Sealed,
    /// The file has nothing else.
    Rewritten,
    /// The head of the audit log is signed with it.
    HeadSigned,
}

/// Opens the store of `config` under the key that it is sealed with, of those that there are; and finishes a change that was cut short.
pub(super) fn open(config: &Config, entropy: &Entropy, now: Timestamp) -> Result<(Master, Store), Fault> {
    let Opened { master, store, not_rewritten, .. } = opened(config, entropy, now, Left::Finished(&|_| Ok(())))?;
    if let Some(why) = not_rewritten {
        tracing::warn!(
            why,
            "a change of the master key that was cut short: the file still has what was sealed under the old key, in parts that nothing uses: \
             mend that, and run `writ key rotate-master` once more"
        );
    }
    Ok((master, store))
}

/// The same for who only looks: a change that was cut short stays as it is, and its files whose they are.
pub(super) fn look_into(config: &Config, entropy: &Entropy, now: Timestamp) -> Result<(Master, Store), Fault> {
    let Opened { master, store, .. } = opened(config, entropy, now, Left::AsItIs)?;
    Ok((master, store))
}

/// What becomes of a change that was cut short.
#[derive(Clone, Copy)]
enum Left<'a> {
    /// This is told of every stage.
    Finished(&'a dyn Fn(Stage) -> Result<(), Fault>),
    AsItIs,
}

/// A store, the key that it is under, and what finishing a change did not come to.
struct Opened {
    master: Master,
    store: Store,
    /// The file was written anew.
    rewritten: bool,
    not_rewritten: Option<String>,
}

impl Opened {
    fn as_it_is(master: Master, store: Store, not_rewritten: Option<String>) -> Self {
        Self { master, store, rewritten: false, not_rewritten }
    }
}

/// Puts another key in the place of the present one: a new one where it is in a file, the setting `master_key_next` where it is in the
/// settings. `at` is told of every stage and may end it there, as a power cut would: for tests.
pub fn change(
    config: &Config,
    clock: &Clock,
    entropy: &Entropy,
    at: &dyn Fn(Stage) -> Result<(), Fault>,
) -> Result<Changed, Fault> {
    if !config.store_file().exists() {
        return Err(settings(format!("there is no appliance in {}", config.data.display())));
    }
    let now = clock.now();
    let Opened { master: old, store, rewritten, .. } = opened(config, entropy, now, Left::Finished(at))?;
    // Before anything is changed: afterwards an error would hide that it was.
    let copies = copies(&config.store_file())?;
    if let Some(kept) = keep_head::read(&config.head_file(), &old.head_signer()?)?
        && !store.audit_contains(&kept)?
    {
        return Err(keep_head::lost(&config.head_file(), &kept));
    }
    let (new, kept) = match (&config.master_key, &config.master_key_next) {
        (Some(_), Some(next)) => (Master::from_secret(next)?, Kept::Settings),
        (Some(_), None) => {
            return Err(settings(
                "the master key is in the settings: set master_key_next (WRIT_MASTER_KEY_NEXT) to the new one, which \
                 `openssl rand -base64 32` makes, and ask again"
                    .to_owned(),
            ));
        }
        (None, _) => (Master::create(&config.next_master_key_file(), entropy)?, Kept::File),
    };
    if old.is(&new)? {
        drop((store, old));
        // The first time it may have been cut short before.
        if !rewritten {
            rewrite(&config.store_file())?;
        }
        return Err(settings(
            "everything is sealed under master_key_next already, and the file has nothing else: set master_key to it, and take \
             master_key_next away"
                .to_owned(),
        ));
    }
    at(Stage::Drafted)?;
    let mut changed = seal_anew(&store, now, &old, &new, entropy)?;
    (changed.kept, changed.copies) = (kept, copies);
    // Closes the file.
    drop((store, old));
    at(Stage::Sealed)?;
    // Opening it finishes the change, and shows that the new key opens what the old one did.
    let Opened { master, store, not_rewritten, .. } = match opened(config, entropy, now, Left::Finished(at)) {
        // Somebody started it in this very moment, and finishes it in our place.
        Err(fault) if fault.kind() == FaultKind::Busy => return Ok(changed),
        other => other?,
    };
    changed.not_rewritten = not_rewritten;
    let sealer = master.row_sealer()?;
    store.read_blocking(|view| every_sealed(view, &mut |sealed, place| sealer.open(sealed, place).map(drop)))?;
    match store.verify_audit(None)? {
        Ok(_) => Ok(changed),
        Err(broken) => Err(Fault::new(
            FaultKind::Storage,
            format!("the master key is changed, and the audit log is not whole: {broken}"),
        )),
    }
}

/// What lies beside the store with its name before theirs: copies that a migration or a restore put aside.
fn copies(file: &Path) -> Result<Vec<PathBuf>, Fault> {
    let (folder, name) = (files::folder_of(file), file.file_name().unwrap_or_default().to_string_lossy());
    let beside = format!("{name}.");
    let unread = |e| Fault::because(FaultKind::Storage, format!("{} cannot be read", folder.display()), e);
    let mut copies = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        if entry.file_name().to_string_lossy().starts_with(&beside) {
            copies.push(entry.path());
        }
    }
    copies.sort();
    Ok(copies)
}

fn opened(config: &Config, entropy: &Entropy, now: Timestamp, left: Left<'_>) -> Result<Opened, Fault> {
    if config.master_key.is_none() && config.master_key_next.is_some() {
        return Err(settings(
            "master_key_next is set and master_key is not: where the key is in a file, `writ key rotate-master` makes the next one itself"
                .to_owned(),
        ));
    }
    let (file, next_file) = (config.master_key_file(), config.next_master_key_file());
    let is_new = !config.store_file().exists();
    let (present, next) = match &config.master_key {
        Some(secret) => {
            let next = config.master_key_next.as_ref().map(Master::from_secret).transpose()?;
            (Some(Master::from_secret(secret)?), next)
        }
        None if is_new => (Some(Master::read_or_create(&file, entropy)?), None),
        // A new key beside an old store would open nothing in it, and stand in the way of the right one.
        None => (Master::read(&file)?, Master::read(&next_file)?),
    };
    if present.is_none() && next.is_none() {
        let (key, store) = (file.display(), config.store_file());
        let text = format!("{key} is missing, and {} cannot be opened without it: put it back", store.display());
        return Err(settings(text));
    }
    let unopened = look(config)?;
    forget_drafts(&config.data);
    store::forget_drafts(&config.store_file());
    if let Some(master) = &present
        && fits(&unopened, master)?
    {
        // A key that never came to anything. Nobody else has the file open, so nobody is about to need it.
        if config.master_key.is_none() {
            remove(&next_file)?;
        }
    } else if let Some(new) = &next
        && fits(&unopened, new)?
    {
        let master = next.ok_or_else(gone)?;
        let Left::Finished(at) = left else { return unfinished(master, unopened, now) };
        let opened = finish(config, (master, Found::Next), unopened, now, at)?;
        match config.master_key {
            None => Master::promote(&next_file, &file)?,
            Some(_) => tracing::warn!(
                "everything is sealed under master_key_next: set master_key to it, and take master_key_next away"
            ),
        }
        return Ok(opened);
    } else {
        return Err(wrong_key(config));
    }
    let master = present.ok_or_else(gone)?;
    // Whoever keeps the key in the settings may have taken the old one away before anything was opened under the new one.
    match left {
        Left::Finished(at) => finish(config, (master, Found::Present), unopened, now, at),
        Left::AsItIs => unfinished(master, unopened, now),
    }
}

fn unfinished(master: Master, file: Unopened, now: Timestamp) -> Result<Opened, Fault> {
    let store = file.open(master.audit_head()?, now)?;
    Ok(Opened::as_it_is(master, store, None))
}

/// Which of the keys that there are is the one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Present,
    Next,
}

fn look(config: &Config) -> Result<Unopened, Fault> {
    let cache_bytes = usize::try_from(config.store.cache_mib).unwrap_or(64) * 1_024 * 1_024;
    Store::look(&config.store_file(), cache_bytes)
}

/// Opens it, after what a change left to do once everything was sealed: as long as the head beside the file is under the key of before, the file may
/// still have what that key opens. The old key itself is not needed: the log names its public half.
///
/// First the log is seen to be whole, and to have the entry that such a head speaks of. Whoever has the old key can write a head, and whoever
/// can write to the file a change that never was: neither gets a signature of the present key, and of a log that was tampered with no trace is wiped
/// out. What is signed is the log's own head, and nothing that came from outside. That is done also if the file could not be written anew: who asked
/// is told, or the log.
fn finish(
    config: &Config,
    (master, found): (Master, Found),
    file: Unopened,
    now: Timestamp,
    at: &dyn Fn(Stage) -> Result<(), Fault>,
) -> Result<Opened, Fault> {
    let (path, signer) = (config.head_file(), master.head_signer()?);
    let store = file.open(master.audit_head()?, now)?;
    let before = match keep_head::under(&path, &store, &signer)? {
        Under::Before(head) => Some(head),
        Under::Missing if found == Found::Next => None,
        // With somebody else's beside it nothing is served, and whatever starts it again and again would copy the file as often.
        Under::Present(_) | Under::Missing | Under::Foreign => return Ok(Opened::as_it_is(master, store, None)),
    };
    let head = match store.verify_audit(before.as_ref())? {
        Ok(head) => head,
        Err(broken) => {
            let why = format!("the audit log is not whole: {broken}");
            return Ok(Opened::as_it_is(master, store, Some(why)));
        }
    };
    // Closes the file.
    drop(store);
    let not_rewritten = rewrite(&config.store_file()).err().map(|fault| fault.to_string());
    at(Stage::Rewritten)?;
    let store = look(config)?.open(master.audit_head()?, now)?;
    if before.is_some() {
        keep_head::write(&path, &head, &signer)?;
    }
    at(Stage::HeadSigned)?;
    Ok(Opened { master, store, rewritten: not_rewritten.is_none(), not_rewritten })
}

/// Whether the file is under this key. A head that does not fit, in a file whose rows do, is damage: for `writ audit verify` to say.
fn fits(file: &Unopened, master: &Master) -> Result<bool, Fault> {
    if file.is_sealed_with(&master.audit_head()?)? {
        return Ok(true);
    }
    let sealer = master.row_sealer()?;
    let mut ours = false;
    file.read(|view| {
        every_sealed(view, &mut |sealed, _| {
            ours |= sealer.made(sealed);
            Ok(())
        })
    })?;
    Ok(ours)
}

fn wrong_key(config: &Config) -> Fault {
    let (key, place) = match &config.master_key {
        Some(_) => ("the setting master_key".to_owned(), " (WRIT_MASTER_KEY)"),
        None => (config.master_key_file().display().to_string(), ""),
    };
    settings(format!(
        "{key} is not the master key that this store was begun with, nor one that took its place: {} is sealed under another master key. \
         Nothing was changed. Put the right one back{place}: the one that this file was last served with, or, of a backup, the one that \
         belongs to it",
        config.store_file().display()
    ))
}

/// Is shown something sealed, and where it belongs.
type See<'s> = dyn FnMut(&Sealed, &[u8]) -> Result<(), Fault> + 's;

/// Everything in the file that is sealed under the master key.
fn every_sealed(read: &impl Read, see: &mut See<'_>) -> Result<(), Fault> {
    for key in keys_in(read)? {
        if let Some(sealed) = &key.sealed {
            see(sealed, key.seal_context().as_bytes())?;
        }
    }
    for (id, provider) in read.page(&PROVIDERS, None, MOST_PROVIDERS)?.rows {
        if let Some(secret) = provider.sign_in.and_then(|sign_in| sign_in.secret) {
            see(&secret, IdentityProvider::seal_context(id).as_bytes())?;
        }
    }
    let mut after = None;
    loop {
        let page = read.page(&SECOND_FACTORS, after.as_ref(), MAX_ROWS)?;
        page.rows.iter().try_for_each(|(person, factor)| see(&factor.secret, &place(*person)))?;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// The transaction. Nobody serves, so it may take its time: some microseconds for each row.
fn seal_anew(store: &Store, now: Timestamp, old: &Master, new: &Master, entropy: &Entropy) -> Result<Changed, Fault> {
    let ctx = Context::new(now, Actor::Operator, Origin::within(Channel::File));
    let (opens, seals, audit) = (old.row_sealer()?, new.row_sealer()?, new.audit_head()?);
    let (before, after) = (old.head_signer()?.public(), new.head_signer()?.public());
    let entropy = entropy.clone();
    store.write_blocking("change the master key", &ctx, move |tx| {
        let gaps = tx.reseal_audit(&audit)?;
        let anew = Anew { opens: &opens, seals: &seals, entropy: &entropy };
        let (signing_keys, second_factors) = (anew.signing_keys(tx)?, anew.second_factors(tx)?);
        let provider_secrets = anew.provider_secrets(tx)?;
        let (head_key_before, head_key_after) = (before.clone(), after.clone());
        tx.record(Event::MasterKeyChanged {
            signing_keys,
            second_factors,
            provider_secrets,
            gaps,
            head_key_before,
            head_key_after,
        })?;
        Ok(Changed {
            signing_keys,
            second_factors,
            provider_secrets,
            gaps,
            head_key: after.clone(),
            kept: Kept::File,
            not_rewritten: None,
            copies: Vec::new(),
        })
    })
}

struct Anew<'a> {
    opens: &'a Sealer,
    seals: &'a Sealer,
    entropy: &'a Entropy,
}

impl Anew<'_> {
    fn seal(&self, sealed: &Sealed, place: &[u8]) -> Result<Sealed, Fault> {
        self.seals.seal(&self.opens.open(sealed, place)?, place, self.entropy)
    }

    fn signing_keys(&self, tx: &mut Tx<'_>) -> Result<u64, Fault> {
        let mut count = 0;
        for mut key in keys_in(tx)? {
            if let Some(sealed) = &key.sealed {
                key.sealed = Some(self.seal(sealed, key.seal_context().as_bytes())?);
                tx.put(&SIGNING_KEYS, &key.id, &key)?;
                count += 1;
            }
        }
        Ok(count)
    }

    fn provider_secrets(&self, tx: &mut Tx<'_>) -> Result<u64, Fault> {
        let mut count = 0;
        for (id, mut provider) in tx.page(&PROVIDERS, None, MOST_PROVIDERS)?.rows {
            let secret = provider.sign_in.as_mut().and_then(|sign_in| sign_in.secret.as_mut());
            if let Some(secret) = secret {
                *secret = self.seal(secret, IdentityProvider::seal_context(id).as_bytes())?;
                tx.put(&PROVIDERS, &id, &provider)?;
                count += 1;
            }
        }
        Ok(count)
    }

    fn second_factors(&self, tx: &mut Tx<'_>) -> Result<u64, Fault> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = tx.page(&SECOND_FACTORS, after.as_ref(), MAX_ROWS)?;
            for (person, mut factor) in page.rows {
                factor.secret = self.seal(&factor.secret, &place(person))?;
                tx.put(&SECOND_FACTORS, &person, &factor)?;
                count += 1;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }
}

fn remove(path: &Path) -> Result<(), Fault> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Fault::because(FaultKind::Settings, format!("{} cannot be removed", path.display()), error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn settings(text: String) -> Fault {
    Fault::new(FaultKind::Settings, text)
}

fn gone() -> Fault {
    Fault::new(FaultKind::Bug, "a master key that fits is not there")
}
