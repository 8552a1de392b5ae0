//! One test binary: it links once.
//!
//! The modules say `cfg(test)`, which is true anyway, so that clippy lets their helpers unwrap as tests may.

#![expect(unreachable_pub, reason = "what the people in the tests can do is public among the tests")]

#[cfg(test)]
mod algorithms;
#[cfg(test)]
mod api;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod audit_head;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod console;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod declared;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod edge;
#[cfg(test)]
mod every_route;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod furnished;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod machines;
#[cfg(test)]
mod master_key;
#[cfg(test)]
mod outbound;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod remote;
#[cfg(test)]
mod restore;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod store;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod watch;
#[cfg(test)]
mod week;
#[cfg(test)]
mod world;
