//! What people live through, and what is tried against them, in a browser over HTTP.

mod branding;
mod connect_an_application;
mod consent_page;
mod first_run;
mod hostile_requests;
mod language;
mod let_a_machine_act;
mod own_account;
mod page_headers;
pub mod passkeys;
mod rate_limits;
mod redirects;
mod remembered_consent;
pub mod second_factor;
mod set_up_factor;
mod sign_in;
mod sign_out;
pub mod upstream;
