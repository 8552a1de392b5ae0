//! One file for each part of the specifications, held against the running server.

mod code;
mod discovery;
mod parameters;
mod pkce;
mod refusals;
mod registration;
