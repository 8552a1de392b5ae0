//! Signatures, seals and passwords.
//!
//! - [`Master`] is the root secret; everything secret that the appliance keeps is derived from it or sealed under it.
//! - [`KeyRing`] holds the parsed keys of one moment: it mints tokens and verifies its own. [`Keys`] is the current one.
//! - [`JwkSet`] verifies what others signed, and [`verify_proof`] that somebody has the key they show.
//! - [`rotate`] decides when keys turn, without a clock.
//! - [`Certificate`] is what TLS shows, read with its key.
//! - [`Passwords`] hashes on threads of its own.

mod backup;
mod certificate;
mod head;
mod jwk_set;
mod jwks;
mod key_ring;
mod master;
mod mint;
pub mod passkey;
mod password;
mod proof;
mod provider;
pub mod rotate;
mod seal;
mod strict;
pub mod totp;
mod verify;

pub use backup::{BackupKey, FileKey, SALT as BACKUP_SALT};
pub use certificate::{Certificate, CertificateError};
pub use head::{HeadSigner, is_signed_by};
pub use jwk_set::{JwkSet, JwkSetError};
pub use jwks::{Jwks, SHORT, heard_by_all, max_age};
pub use key_ring::{KeyRing, Keys};
pub use master::{Master, PURPOSES, forget_drafts};
pub use mint::{Signer, generate};
pub use password::{Passwords, Place, acceptable, needs_rehash};
pub use proof::{SelfSigned, verify_proof};
pub use provider::KeyError;
pub use seal::{LONGEST_TICKET, Sealer};
pub use verify::{Claims, LONGEST_TOKEN, TimeError, Times, Typ, Verified, VerifyError, check_times};

/// For `benches/mint.rs` only: the same signature by three ways.
#[doc(hidden)]
pub use mint::bench;
