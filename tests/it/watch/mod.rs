//! What those who watch can see, over the real server.

mod deliver;
mod doctor;
mod health;
mod metrics;
mod traces;
