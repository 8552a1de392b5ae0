//! One test binary: it links once.
//!
//! The modules say `cfg(test)`, which is true anyway, so that clippy lets their helpers unwrap as tests may.

#[cfg(test)]
mod docs;
#[cfg(test)]
mod outbound;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod store;
