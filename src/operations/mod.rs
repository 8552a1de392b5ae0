//! Verbs. One file, one thing that a person, a client or the appliance can do. The only room that writes to the store.

pub mod account;
pub mod answering;
pub mod appliance;
pub mod audit;
pub mod authenticate_client;
pub mod authorize;
pub mod clients;
pub mod consent;
pub mod credentials;
pub mod declared;
pub mod declined;
pub mod delegations;
pub mod discovery;
pub mod dpop;
pub mod federation;
pub mod find_client;
pub mod find_resource;
pub mod findings;
mod fits_here;
pub mod grants;
pub mod housekeeping;
pub mod introspect;
pub mod keep_head;
pub mod keys;
pub mod known_browser;
pub mod machines;
pub mod names;
pub mod once;
pub mod operator;
pub mod people;
pub mod providers;
pub mod registration;
pub mod resources;
pub mod revoke;
pub mod roles;
pub mod scopes;
mod search;
pub mod seen;
pub mod sessions;
pub mod set_password;
pub mod setup;
pub mod sign_in;
pub mod sign_out;
pub mod start;
pub mod status;
pub mod tenants;
pub mod token;
pub mod turn_keys;
pub mod usage;
pub mod userinfo;

use crate::base::Fault;
use crate::model::Context;
use crate::protocol::authorize::Show;
use crate::protocol::refusal::Refusal;
use crate::protocol::registration::RegistrationRefusal;

/// Why an operation did not do what was asked.
#[derive(Clone, Debug)]
pub enum Problem {
    /// The rules say no.
    Refused(Refusal),
    /// We are broken.
    Broken(Fault),
}

/// One line for each refusal, under the id that its caller was given: why it was refused in the appliance's own words, of which
/// the caller reads only the public ones. Names of variants and sections: no word of what was sent.
pub(crate) fn tell(ctx: &Context, refusal: &Refusal) {
    line(ctx, &refusal.name(), refusal.error().as_str(), refusal.section());
}

/// The same for an authorization request that is answered with a page of ours.
pub(crate) fn tell_shown(ctx: &Context, show: &Show) {
    match show {
        Show::Unreadable(refusal) => tell(ctx, refusal),
        _ => line(ctx, variant(&format!("{show:?}")), "shown", show.section()),
    }
}

/// The same for a registration.
pub(crate) fn tell_registration(ctx: &Context, refusal: &RegistrationRefusal) {
    line(ctx, variant(&format!("{refusal:?}")), refusal.error(), refusal.section());
}

fn line(ctx: &Context, refusal: &str, error: &str, section: &str) {
    let id = ctx.from.request.map(|id| id.to_string()).unwrap_or_default();
    tracing::info!(target: "writ::refusal", id, refusal, error, section, "refused");
}

/// The name that a variant's `Debug` begins with.
fn variant(words: &str) -> &str {
    words.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default()
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}
