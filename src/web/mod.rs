//! The front desk: the only room that knows actix.
//!
//! [`routes`] is a map of every door; a handler takes typed things, calls one operation, and answers. Pages are in
//! [`views`] and `templates/`, which mirror each other.

mod api;
pub mod assets;
mod console;
mod cookies;
mod csrf;
mod extract;
mod guess;
mod key_guess;
mod middleware;
mod oauth;
mod pages;
mod problem;
mod reply;
pub mod routes;
mod server;
mod tls;
pub mod views;
mod watch;
mod words;

pub use api::{Obeying, Orders};
pub use server::{Patience, Running, Sockets, listen, listen_with};
