//! What the process owns. No behaviour: operations have that.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::{Clock, Entropy, Issuer, MacKey};
use crate::config::Config;
use crate::keys::{BackupKey, HeadSigner, Keys, Passwords, Sealer};
use crate::model::{Consent, Machine};
use crate::outbound::Outbound;
use crate::store::Store;

mod certificates;
mod delivery;
mod discovery;
mod hours;
mod kept;
mod key_sets;
mod limits;
mod logo;
mod metrics;
mod mirror;
mod refusals;
mod settings;
mod status;
mod tally;
mod usage;
mod verified;

pub use certificates::{CertificateState, Certificates, Given, SOON};
pub use delivery::{Delivery, Pace};
pub use discovery::{Discovery, Document};
pub use hours::Hours;
pub use kept::{Kept, Known};
pub use key_sets::KeySets;
pub use limits::{Class, Limits, Met, Often, Who};
pub use logo::Logo;
pub use metrics::{AskedBy, Metrics, Route};
pub use mirror::Mirror;
pub use refusals::{Asked, Refusals, Refused};
pub use settings::Settings;
pub use status::{MadeList, StatusIndices, StatusLists, Stopped, Taken};
pub use tally::{LastSeen, Tally, Turns};
pub use usage::{Grant, Looked, Usage};
pub use verified::{SoFar, VerifiedTokens};

/// The handle that every request and every command holds. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts, each with its own room.
pub struct Parts {
    /// The settings as they were read when the process began: for what takes a restart.
    pub config: Config,
    /// The settings that hold now.
    pub settings: Settings,
    /// One string, frozen at first start.
    pub issuer: Issuer,
    pub clock: Clock,
    pub entropy: Entropy,
    pub store: Store,
    pub keys: Keys,
    pub passwords: Passwords,
    pub outbound: Outbound,
    /// What TLS shows, and what proves to an authority that this appliance has its name.
    pub certificates: Certificates,
    /// Seals signing keys in their rows.
    pub row_sealer: Sealer,
    /// Seals what travels through a browser and comes back.
    pub ticket_sealer: Sealer,
    /// Signs the head of the audit log that is kept outside the file.
    pub head_signer: HeadSigner,
    /// Seals backups.
    pub backup_key: BackupKey,
    /// Whose turn it is to make one. Closed when the appliance stops: what is on its way elsewhere then ends.
    pub backup_turn: Arc<tokio::sync::Semaphore>,
    /// And whose to look whether one is due.
    pub backup_look: Arc<tokio::sync::Semaphore>,
    /// And whose to list which there are.
    pub backup_lists: Arc<tokio::sync::Semaphore>,
    /// Where the head is; nowhere without a file.
    pub head_file: Option<PathBuf>,
    /// Where an account at a certificate authority and its certificate are kept; nowhere without a file.
    pub acme_file: Option<PathBuf>,
    /// The picture of the house.
    pub logo: Option<Logo>,
    pub csrf: MacKey,
    pub throttle: MacKey,
    /// Makes the nonces of DPoP proofs.
    pub dpop_nonce: MacKey,
    /// Our own access tokens that were verified not long ago.
    pub verified: VerifiedTokens,
    /// Clients and resources as they were read not long ago.
    pub known: Known,
    /// Other issuers' and clients' key sets as they were parsed.
    pub key_sets: KeySets,
    /// The metadata document.
    pub discovery: Discovery,
    /// How often somebody may ask, and who asked more often.
    pub limits: Arc<Limits>,
    /// What strangers were refused, until it is written down.
    pub tally: Tally,
    /// What was refused not long ago, for whoever asks why.
    pub refusals: Refusals,
    /// When sessions were last used, until it is written down.
    pub last_seen: LastSeen,
    /// What machines used, until it is written down.
    pub usage: Usage,
    /// Whether this appliance is asking itself how it is reached.
    pub mirror: Mirror,
    /// How far a copy of the audit log has got.
    pub delivery: Delivery,
    /// What is counted for those who watch.
    pub metrics: Metrics,
    /// What happens in the present hour, until it is written down.
    pub hours: Hours,
    /// How far housekeeping has looked through the machines for findings, and through the consents for what nobody holds any more.
    pub looked: Looked<Machine>,
    pub looked_at_consents: Looked<Consent>,
    /// Whose turn it is to sign in.
    pub turns: Turns,
    /// Whose turn it is to have the audit log walked from far away.
    pub verification: Arc<tokio::sync::Semaphore>,
    /// Where the next status indices are.
    pub status: StatusIndices,
    /// Status lists as they were last served.
    pub status_lists: StatusLists,
}

impl App {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
