//! Opens the appliance: the master key, the file, the keys, what ships with it.

use std::sync::Arc;

use base64::Engine as _;

use super::{backup, keep_head, master_key};
use crate::app::{
    App, Certificates, Delivery, Discovery, Hours, KeySets, Known, LastSeen, Limits, Logo, Looked, Metrics, Mirror,
    Parts, Refusals, Settings, StatusIndices, StatusLists, Tally, Turns, Usage, VerifiedTokens,
};
use crate::base::{Clock, Entropy, Fault, FaultKind, Secret, Timestamp, files};
use crate::config::Config;
use crate::keys::{KeyRing, Keys, Master, Passwords};
use crate::model::{Actor, Channel, Context, Event, FrozenIssuer, Origin, SigningKey};
use crate::outbound::{Outbound, OutboundPolicy};
use crate::store::engine::Engine;
use crate::store::tables::{ISSUER, ONLY, RESOURCES, SIGNING_KEYS};
use crate::store::{MAX_ROWS, Read, Store};

/// Where everything is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// In the data directory.
    File,
    /// Nowhere: for tests and demonstrations.
    Memory,
}

/// Opens what `config` names in order to serve it: from the first time on, its issuer is the one it has.
///
/// Signing keys that are missing are made later, by [`turn_keys`](super::turn_keys::turn): a first start does not wait
/// for an RSA key.
pub fn start(config: Config, keeping: Keeping, clock: Clock, entropy: Entropy) -> Result<App, Fault> {
    let app = open(config, keeping, clock, entropy)?;
    keep_head::check(&app)?;
    backup::check(&app.config)?;
    freeze_issuer(&app.store, &context(app.clock.now()), app.issuer.as_str())?;
    every_resource_has_a_key(&app)?;
    // A directory in which nothing can be kept is found now, and not when somebody looks for what should have been in it.
    keep_head::keep(&app)?;
    Ok(app)
}

/// The same over an engine of the caller's and with a master key of its settings: how tests make disks fail.
pub fn start_over(config: Config, engine: impl Engine, clock: Clock, entropy: Entropy) -> Result<App, Fault> {
    let master = master_of(&config, &entropy)?;
    let store = Store::over(engine, master.audit_head()?, clock.now())?;
    let app = furnish(config, Keeping::Memory, &master, store, clock, entropy)?;
    freeze_issuer(&app.store, &context(app.clock.now()), app.issuer.as_str())?;
    Ok(app)
}

/// A resource whose algorithm the settings do not name any more would have every code spent and no token signed.
fn every_resource_has_a_key(app: &App) -> Result<(), Fault> {
    let algorithms = &app.config.keys.algorithms;
    let mut after = None;
    loop {
        let page = app.store.read_blocking(|view| view.page(&RESOURCES, after.as_ref(), MAX_ROWS))?;
        if let Some((_, row)) = page.rows.iter().find(|(_, row)| !algorithms.contains(&row.algorithm)) {
            let (identifier, algorithm) = (&row.identifier, row.algorithm);
            let text = format!("tokens for {identifier} are signed with {algorithm}: put it back into keys.algorithms");
            return Err(Fault::new(FaultKind::Settings, text));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Opens the file that `config` names for who only looks: what a change of the master key left to do is left to whoever opens it next.
pub fn look(config: Config, clock: Clock, entropy: Entropy) -> Result<App, Fault> {
    make_directory(&config)?;
    let (master, store) = master_key::look_into(&config, &entropy, clock.now())?;
    furnish(config, Keeping::File, &master, store, clock, entropy)
}

/// Opens what `config` names, or makes it. A command on a stopped appliance does not decide its issuer, nor depend on it.
pub fn open(config: Config, keeping: Keeping, clock: Clock, entropy: Entropy) -> Result<App, Fault> {
    let now = clock.now();
    if keeping == Keeping::File {
        make_directory(&config)?;
    }
    let (master, store) = match keeping {
        Keeping::File => master_key::open(&config, &entropy, now)?,
        Keeping::Memory => {
            let master = master_of(&config, &entropy)?;
            let store = Store::in_memory(master.audit_head()?, now)?;
            (master, store)
        }
    };
    furnish(config, keeping, &master, store, clock, entropy)
}

/// The key of what is kept nowhere: that of the settings, or any.
fn master_of(config: &Config, entropy: &Entropy) -> Result<Master, Fault> {
    let bytes = base64::engine::general_purpose::STANDARD.encode(entropy.bytes::<32>()?);
    Master::from_secret(config.master_key.as_ref().unwrap_or(&Secret::new(bytes)))
}

/// Everything else that a process owns, once it has its store.
fn furnish(
    config: Config,
    keeping: Keeping,
    master: &Master,
    store: Store,
    clock: Clock,
    entropy: Entropy,
) -> Result<App, Fault> {
    let now = clock.now();
    let logo = config.brand.logo.as_deref().map(Logo::load).transpose()?;
    super::scopes::load_catalogue(&store, &context(now))?;
    let limits = Arc::new(Limits::new(&config.limits));
    super::limits::take_over(&limits, &store)?;
    let settings = Settings::new(&config);
    super::settings::take_over(&settings, &config, &store)?;
    for aside in settings.aside().iter() {
        tracing::warn!(
            setting = aside.name,
            why = aside.why,
            "a value that was set while Writ ran does not hold any more"
        );
    }
    let row_sealer = master.row_sealer()?;
    let keys = Keys::new(KeyRing::load(key_rows(&store)?, &row_sealer)?);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let outbound = Outbound::new(outbound_policy(&config)?)?;
    Ok(App::new(Parts {
        issuer: config.public_url.clone(),
        passwords: Passwords::start(cores / 2, entropy.clone())?,
        outbound,
        ticket_sealer: master.ticket_sealer()?,
        csrf: master.csrf()?,
        throttle: master.throttle()?,
        dpop_nonce: master.dpop_nonce()?,
        head_signer: master.head_signer()?,
        backup_key: master.backup_key()?,
        backup_turn: Arc::new(tokio::sync::Semaphore::new(1)),
        backup_look: Arc::new(tokio::sync::Semaphore::new(1)),
        backup_lists: Arc::new(tokio::sync::Semaphore::new(1)),
        acme_file: (keeping == Keeping::File).then(|| config.acme_file()),
        head_file: (keeping == Keeping::File).then(|| config.head_file()),
        row_sealer,
        settings,
        logo,
        keys,
        store,
        clock,
        entropy,
        config,
        verified: VerifiedTokens::default(),
        certificates: Certificates::default(),
        discovery: Discovery::default(),
        limits,
        tally: Tally::default(),
        refusals: Refusals::default(),
        last_seen: LastSeen::default(),
        usage: Usage::default(),
        delivery: Delivery::default(),
        metrics: Metrics::new(now),
        mirror: Mirror::default(),
        hours: Hours::default(),
        known: Known::default(),
        key_sets: KeySets::default(),
        looked: Looked::default(),
        looked_at_consents: Looked::default(),
        turns: Turns::default(),
        verification: Arc::new(tokio::sync::Semaphore::new(1)),
        status: StatusIndices::default(),
        status_lists: StatusLists::default(),
    }))
}

fn context(now: Timestamp) -> Context {
    Context::new(now, Actor::System, Origin::within(Channel::Housekeeping))
}

pub(crate) fn key_rows(store: &Store) -> Result<Vec<SigningKey>, Fault> {
    store.read_blocking(|view| keys_in(view))
}

pub(crate) fn keys_in(read: &impl Read) -> Result<Vec<SigningKey>, Fault> {
    Ok(read.page(&SIGNING_KEYS, None, MAX_ROWS)?.rows.into_iter().map(|(_, row)| row).collect())
}

/// Everything in the data directory is its owner's alone.
pub(crate) fn make_directory(config: &Config) -> Result<(), Fault> {
    let text = || format!("the data directory {} cannot be made", config.data.display());
    files::make_folder(&config.data).map_err(|e| Fault::because(FaultKind::Settings, text(), e))
}

/// The issuer is in every token out there, so it is the one the file was begun with, or none.
fn freeze_issuer(store: &Store, ctx: &Context, issuer: &str) -> Result<(), Fault> {
    let only = ONLY.to_owned();
    let issuer = issuer.to_owned();
    store.write_blocking("freeze issuer", ctx, move |tx| match tx.get(&ISSUER, &only)? {
        Some(frozen) if frozen.issuer == issuer => Ok(()),
        Some(frozen) => Err(Fault::new(
            FaultKind::Settings,
            format!(
                "this appliance began as {}, and every token, client and verifier knows it by that name; \
                 set public_url back to it, or start with another data directory (public_url is now {issuer})",
                frozen.issuer
            ),
        )),
        None => {
            tx.put(&ISSUER, &only, &FrozenIssuer { issuer: issuer.clone(), since: tx.now() })?;
            tx.record(Event::Founded { issuer: issuer.clone() })
        }
    })
}

pub(crate) fn outbound_policy(config: &Config) -> Result<OutboundPolicy, Fault> {
    let extra_root = match &config.outbound.extra_root {
        Some(path) => Some(
            std::fs::read(path)
                .map_err(|e| Fault::because(FaultKind::Settings, "outbound.extra_root cannot be read", e))?,
        ),
        None => None,
    };
    Ok(OutboundPolicy { allow_loopback: config.outbound.allow_loopback, extra_root, ..OutboundPolicy::default() })
}
