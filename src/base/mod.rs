//! What knows nothing of the product: time, chance, ids, secrets, digests, opaque tokens, URLs, files, faults.

mod address_range;
mod digest;
mod entropy;
mod fault;
pub mod files;
mod id;
pub mod look;
pub mod measure;
mod recent;
mod secret;
mod time;
mod token;
mod url;

pub use address_range::{AddressRange, ParseAddressRangeError};
pub use digest::{Digest, MacKey};
pub use entropy::Entropy;
pub use fault::{Fault, FaultKind};
pub use id::{Id, Named, ParseIdError};
pub use recent::Recent;
pub use secret::Secret;
pub use time::{Clock, Lifetime, ParseLifetimeError, SET_BACK, Timestamp};
pub use token::{OpaqueToken, TokenKind};
pub use url::{Destination, Issuer, ParseUrlError, RedirectUri, Resource};
