//! Puts a backup into the place of the store. A command, with nothing running: never something that a start does.
//!
//! Everything is made and checked in a file of its own, which then takes the store's name in one step; the store that was there stays
//! beside it under another. Whatever moment this is cut short at, there is the old one or the new one.
//!
//! A backup knows nothing of what happened after it. What was signed in, issued and spent since then is ended here
//! ([`ending`]), what was taken away since then stays away as far as a newer store tells ([`carry`]), and what nobody can
//! know is said in words.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::carry::{self, Carried};
use super::ending;
use super::file::Header;
use super::scratch::{Scratch, check, lay_down};
use crate::base::{Clock, Fault, FaultKind, Timestamp, files};
use crate::config::Config;
use crate::keys::{HeadSigner, Master};
use crate::model::{Actor, Channel, Context, Event, Origin, Restored};
use crate::operations::declined::Declined;
use crate::operations::{keep_head, start};
use crate::store::migrate::{self, STEPS};
use crate::store::tables::{ONLY, RESTORED};
use crate::store::{CACHE, Redb, Store, compact};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub backup: PathBuf,
    pub place: Place,
    pub sessions: Sessions,
    pub newer: Newer,
    /// Where the master key is that the store that is there was last served with, if it is another than the backup's.
    pub newer_key: Option<PathBuf>,
}

/// What may be done to a store that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// There must be none.
    Empty,
    /// It is put aside.
    Replace,
}

/// Whether people stay signed in, and tokens good, that were so when the backup was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    End,
    Keep,
}

/// What is made of the store that is there, if it is the backup's own and newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newer {
    /// What it took away stays away.
    CarryOver,
    /// Nothing of it is believed.
    Discard,
}

/// How it went.
#[derive(Clone, Debug)]
pub struct Told {
    pub header: Header,
    /// Where the store is now that was there.
    pub aside: Option<PathBuf>,
    pub missing: Option<u64>,
    /// What was ended, and how much of it.
    pub ended: Vec<(&'static str, u64)>,
    pub carried: Vec<Carried>,
    pub advice: Vec<String>,
}

/// Restores `ask.backup` into the data directory of `config`.
pub fn restore(config: &Config, ask: &Ask, clock: &Clock) -> Result<Told, Declined> {
    let now = clock.now();
    let master = master_key(config)?;
    let (key, signer) = (master.backup_key()?, master.head_signer()?);
    let path = config.store_file();
    let there = path.exists();
    if there && ask.place == Place::Empty {
        return Err(Declined::Conflict(format!(
            "{} is there already. With --replace the backup takes its place, and it is kept beside it under another name",
            path.display()
        )));
    }
    // Whoever has it open keeps everybody else out, from here to the end.
    let newer_master = ask.newer_key.as_deref().map(newer_key).transpose()?;
    let of_old = newer_master.as_ref().unwrap_or(&master);
    let (old, unreadable) = if there { opened(&path, of_old)? } else { (None, None) };

    let scratch = Scratch::within(&config.data, "writ.redb.restoring")?;
    let header = lay_down(&ask.backup, &key, &scratch.0)?;
    check(&Store::as_it_is(&scratch.0, CACHE, master.audit_head()?)?, &header, &signer)?;
    if let Some(old) = old.as_ref().filter(|_| ask.newer == Newer::CarryOver) {
        under_its_key(old, &path, ask.newer_key.as_deref())?;
    }
    // To the present layout; the backup itself is the copy of how it was.
    let store = Store::over(Redb::open(&scratch.0, CACHE)?, master.audit_head()?, now)?;

    let history = History::of(old.as_ref(), &header, ask.newer, kept(config, &of_old.head_signer()?))?;
    let ctx = Context::new(now, Actor::Operator, Origin::within(Channel::File));
    let ended = if ask.sessions == Sessions::End { ending::end(&store, &ctx)? } else { Vec::new() };
    let newer = old.as_ref().filter(|_| ask.newer == Newer::CarryOver && history.is_ours);
    let opens = carry::Opens { old: of_old.row_sealer()?, new: master.row_sealer()? };
    let carried = newer.map(|old| carry::over(old, &store, &ctx, ask.sessions, &opens)).transpose();
    let carried = carried.map_err(|fault| {
        Declined::Conflict(format!(
            "what the store that is there had taken away could not be carried over: {fault}. With --discard-newer nothing of it is"
        ))
    })?;
    let carried = carried.unwrap_or_default();
    let advice = advice(ask, &header, &history, &carried, unreadable, config);
    mark(&store, &ctx, &header, history.missing, &advice)?;
    let head = store.audit_head()?;
    drop(store);
    compact(&scratch.0)?;

    let aside = place(config, &scratch.0, there, now)?;
    keep_head::write(&config.head_file(), &head, &signer)?;
    drop(old);
    Ok(Told { header, aside, missing: history.missing, ended, carried, advice })
}

/// There must be the one that the backup was made under: a new one would open nothing.
pub(crate) fn master_key(config: &Config) -> Result<Master, Declined> {
    if let Some(secret) = &config.master_key {
        return Ok(Master::from_secret(secret)?);
    }
    start::make_directory(config)?;
    if config.next_master_key_file().exists() {
        return Err(Declined::Conflict(
            "a change of the master key was cut short: `writ key list` opens the file once and finishes it".to_owned(),
        ));
    }
    let path = config.master_key_file();
    Master::read(&path)?.ok_or_else(|| {
        Declined::Conflict(format!(
            "{} is missing, and no backup opens without the key it was made under: put the copy that you kept there first \
             (mode 600), or set WRIT_MASTER_KEY",
            path.display()
        ))
    })
}

/// The key of a store that was given another one after the backup was made.
fn newer_key(path: &Path) -> Result<Master, Declined> {
    Master::read(path)?.ok_or_else(|| Declined::Missing(format!("--newer-key: there is no {}", path.display())))
}

/// What a store had taken away is believed if its log ends under the seal of its key. One that was given another key after the backup, and one that
/// somebody tampered with, are not passed over in silence: whoever they had stopped would be active again.
fn under_its_key(old: &Store, path: &Path, newer_key: Option<&Path>) -> Result<(), Declined> {
    let Err(fault) = old.audit_head() else { return Ok(()) };
    let (path, key) = (path.display(), newer_key.map(|key| key.display().to_string()));
    let said = key.as_deref().unwrap_or("the master key that is here");
    Err(Declined::Conflict(format!(
        "{path} is not under {said} ({fault}), so nobody can tell what it had stopped or revoked after the backup, and all of that would be good \
         again. If its master key was changed since, say where the newer one is: --newer-key FILE. If that is lost, or the store is \
         not to be believed: --discard-newer"
    )))
}

/// The store that is there, or why it cannot be read.
fn opened(path: &Path, master: &Master) -> Result<(Option<Store>, Option<String>), Declined> {
    let old = match Store::as_it_is(path, CACHE, master.audit_head()?) {
        Ok(old) => old,
        Err(fault) if fault.kind() == FaultKind::Busy => {
            return Err(Declined::Conflict(format!("{} is in use: stop the appliance first", path.display())));
        }
        Err(fault) => return Ok((None, Some(fault.to_string()))),
    };
    match old.read_blocking(migrate::layout) {
        Ok(layout) if layout <= STEPS.len() as u64 => Ok((Some(old), None)),
        Ok(layout) => Ok((None, Some(format!("it has layout {layout}, of a newer version of Writ")))),
        Err(fault) => Ok((None, Some(fault.to_string()))),
    }
}

/// The head that was kept beside the store. One that is not ours tells nothing.
fn kept(config: &Config, signer: &HeadSigner) -> Option<u64> {
    keep_head::read(&config.head_file(), signer).ok().flatten().map(|head| head.sequence)
}

/// What there was after the backup.
struct History {
    /// Whether the store that is there goes on where the backup ends.
    is_ours: bool,
    /// There is one, which can be read, and it does not.
    is_foreign: bool,
    /// Entries that are not in the backup; `None` if nobody knows.
    missing: Option<u64>,
}

impl History {
    /// A fault of the store that is there is one of the restore: what it had taken away is not to be lost without a word.
    fn of(old: Option<&Store>, header: &Header, newer: Newer, kept: Option<u64>) -> Result<Self, Declined> {
        let ends_at = header.head.sequence;
        let known = match old {
            Some(old) => match (old.audit_head(), old.audit_contains(&header.head)) {
                (Ok(head), Ok(true)) => Some(head.sequence),
                (Ok(_), Err(fault)) if newer == Newer::CarryOver => return Err(fault.into()),
                _ => None,
            },
            None => None,
        };
        // The store may have lost entries itself: then what was kept outside it knows of more.
        let newest = known.max(kept.filter(|kept| *kept > ends_at));
        Ok(Self {
            is_ours: known.is_some(),
            is_foreign: old.is_some() && known.is_none(),
            missing: newest.map(|newest| newest.saturating_sub(ends_at)),
        })
    }
}

/// What a person should know and do, because no machine can.
fn advice(
    ask: &Ask,
    header: &Header,
    history: &History,
    carried: &[Carried],
    unreadable: Option<String>,
    config: &Config,
) -> Vec<String> {
    let made_at = header.made_at.iso();
    let mut advice = Vec::new();
    if history.missing == Some(0) {
        advice.push("Nothing happened after the backup that this appliance recorded: nothing is lost.".to_owned());
    } else {
        advice.push(match history.missing {
            Some(missing) => {
                let came = if missing == 1 { "1 entry".to_owned() } else { format!("{missing} entries") };
                format!(
                    "{came} of the audit log came after the backup of {made_at}, and what is told there is not here."
                )
            }
            None => format!("Nobody knows how much happened after the backup of {made_at}: none of it is here."),
        });
        if let Some(why) = unreadable {
            advice
                .push(format!("The store that was there could not be read, so nothing of it was carried over: {why}"));
        }
        if history.is_foreign && ask.newer == Newer::CarryOver {
            advice.push(
                "The store that was there does not go on where the backup ends, so nothing of it was carried over."
                    .to_owned(),
            );
        }
        match (ask.newer, history.is_ours) {
            (Newer::CarryOver, true) => {
                advice.push(
                    "What the newer store had taken away (people, machines and applications that were stopped or removed, credentials, \
                     delegations, consents, second factors and roles) stays away. What it had added or changed otherwise is not here."
                        .to_owned(),
                );
                let looked_at = [carry::PASSWORDS, carry::DIFFER, carry::ROLES_OF, carry::PERMISSIONS_OF];
                let told = carried.iter().filter(|one| looked_at.contains(&one.what));
                advice.extend(told.map(|one| format!("{}: {}.", one.what, names(one))));
                let factors = carried.iter().filter(|one| one.what == carry::FACTORS);
                advice.extend(factors.map(|one| {
                    format!(
                        "People whose second factor was replaced or removed after the backup are asked for a code, and none is right: neither \
                         the old one nor the new one is good here. Make sure that it is them, then `writ person reset-factor`: {}.",
                        names(one)
                    )
                }));
            }
            _ => advice.push(
                "Whatever was taken away after the backup is back. Look for people, machines and applications that were stopped or \
                 removed, administrators who were none any more, credentials, delegations and consents that were revoked, roles that \
                 were narrowed; and stop them again. Passwords, secrets and recovery codes that were replaced are good again: \
                 replace them once more."
                    .to_owned(),
            ),
        }
        advice.push(
            "Secrets and access keys that were made after the backup are not known here: whoever holds one needs another.".to_owned(),
        );
        if !history.is_ours || ask.newer == Newer::Discard {
            advice.push(
                "Assertions, proofs and one-time codes of the last five minutes before the old store stopped could be used once more: \
                 start five minutes after it stopped."
                    .to_owned(),
            );
        }
    }
    match ask.sessions {
        Sessions::End => advice.push(format!(
            "Everybody is signed out, every token is over and every signing key is withdrawn. Verifiers that keep the key set learn of \
             it within {}.",
            config.keys.jwks_max_age
        )),
        Sessions::Keep => advice.push(
            "Sessions and tokens that were good when the backup was made are good, also those that were ended after it and that nobody \
             here knows of."
                .to_owned(),
        ),
    }
    advice
}

fn names(of: &Carried) -> String {
    let more = of.count.saturating_sub(of.which.len() as u64);
    let mut names = of.which.clone();
    names.extend((more > 0).then(|| format!("and {more} more")));
    names.join(", ")
}

fn mark(store: &Store, ctx: &Context, header: &Header, missing: Option<u64>, advice: &[String]) -> Result<(), Fault> {
    let (made_at, sequence, version) = (header.made_at, header.head.sequence, header.version.clone());
    let advice = advice.to_vec();
    store.write_blocking("mark as restored", ctx, move |tx| {
        let row = Restored { at: tx.now(), made_at, sequence, missing, advice: advice.clone(), seen_at: None };
        tx.put(&RESTORED, &ONLY.to_owned(), &row)?;
        tx.record(Event::Restored { made_at, sequence, missing, version: version.clone() })
    })
}

/// Gives the new store its name. The one that was there keeps a name of its own from before that on, and its head goes with it: without
/// one either starts.
fn place(config: &Config, fresh: &Path, there: bool, now: Timestamp) -> Result<Option<PathBuf>, Declined> {
    let failed = |e| Fault::because(FaultKind::Storage, "the restored store cannot be put into its place", e);
    let (path, head) = (config.store_file(), config.head_file());
    let stamp = now.iso().replace(['-', ':'], "").replace('.', "-");
    let beside = |of: &Path| {
        let mut name = of.as_os_str().to_owned();
        name.push(format!(".before-{stamp}"));
        PathBuf::from(name)
    };
    let aside = there.then(|| beside(&path));
    if let Some(aside) = &aside {
        match fs::hard_link(&path, aside) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(Declined::Conflict(format!("{} is there already", aside.display())));
            }
            // A file system without hard links.
            Err(_) => fs::copy(&path, aside).and_then(|_| File::open(aside)?.sync_all()).map_err(failed)?,
        }
    }
    match fs::rename(&head, beside(&head)) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e).into()),
        _ => {}
    }
    // Before anything takes its name: else a power cut could leave neither of the two.
    files::sync_folder_of(&path).map_err(failed)?;
    if there {
        files::rename(fresh, &path).map_err(failed)?;
    } else {
        // Whoever started meanwhile has made a store of its own, which is not replaced.
        fs::hard_link(fresh, &path)
            .or_else(|e| match path.exists() {
                true => Err(e),
                false => fs::rename(fresh, &path),
            })
            .map_err(failed)?;
    }
    files::sync_folder_of(&path).map_err(failed)?;
    Ok(aside)
}
