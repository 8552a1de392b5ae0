//! The store.
pub mod engine;
pub mod memory;
pub mod redb;
