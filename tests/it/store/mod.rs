//! The store: one contract for all engines, then what is built on top of it.

#[macro_use]
mod contract;
mod audit;
mod copy;
mod crash;
mod memory;
mod migrate;
mod redb;
mod typed;
