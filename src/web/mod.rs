//! The front desk: the only room that knows actix.

pub mod assets;
pub mod views;
