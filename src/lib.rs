//! Writ: an identity appliance for agents and people, in one binary and one file.
//!
//! Paper moves one way. Each room may import the rooms to its left and nothing to its right:
//!
//! ```text
//! base <- model <- protocol ─────────────┐
//!               <- store ──┐             ├─ <- operations <- web <- cli, main
//!               <- keys  ──┴─ <- app ────┘
//! ```
//!
//! - [`base`] knows nothing of the product: time, chance, ids, secrets, digests, faults.
//! - [`model`] holds the nouns: rows at rest, the context of an operation, the audit vocabulary.
//! - [`protocol`] is the rules: wire types and pure decisions, each beside the sentence it enforces.
//! - [`store`] keeps rows and the audit log in one file, durable before anything is answered.
//! - [`keys`] signs, verifies, seals and hashes passwords.
//! - [`config`] is every setting, once; [`logs`] is how it tells what it does; [`app`] is what the process owns.
//! - [`outbound`] is every HTTP request Writ makes, through one hardened client.
//! - [`guard`] is the resource server's side: what a verified token lets its bearer do.
//! - [`operations`] are the verbs, and the only callers of a store write.
//! - [`web`] is the front desk, and the only room that knows actix.
//! - [`cli`] is one file per subcommand.
//!
//! `tests/it/architecture.rs` enforces the arrows.

// A test may cut its own texts up; a request must not be able to make the program panic.
#![cfg_attr(not(test), warn(clippy::string_slice))]

pub mod app;
pub mod base;
pub mod cli;
pub mod config;
pub mod guard;
pub mod keys;
pub mod logs;
pub mod model;
pub mod operations;
pub mod outbound;
pub mod protocol;
pub mod store;
pub mod web;
