//! Verbs. One file, one thing that a person, a client or the appliance can do. The only room that writes to the store.

pub mod account;
mod acme;
pub mod answering;
pub mod appliance;
pub mod audit;
pub mod authenticate_client;
pub mod authorize;
pub mod backup;
pub mod certificates;
pub mod check_resource;
pub mod client_secrets;
pub mod clients;
pub mod consent;
pub mod credentials;
pub mod crossings;
pub mod declared;
pub mod declined;
pub mod delegations;
pub mod deliver;
pub mod demo;
pub mod discovery;
pub mod doctor;
pub mod dpop;
pub mod federation;
pub mod find_client;
pub mod find_resource;
pub mod findings;
mod finished;
mod fits_here;
pub mod grants;
pub mod hours;
pub mod housekeeping;
mod in_use;
pub mod introspect;
pub mod keep_file;
pub mod keep_head;
pub mod keys;
pub mod known_browser;
pub mod limits;
pub mod look_alike;
pub mod machines;
pub mod master_key;
pub mod metrics;
mod misuse;
pub mod named;
pub mod names;
pub mod once;
pub mod operator;
pub mod own_passkeys;
pub mod own_providers;
pub mod own_sign_in;
pub mod people;
pub mod providers;
pub mod reach;
pub mod refusals;
pub mod registration;
pub mod resources;
pub mod revoke;
pub mod roles;
pub mod scopes;
mod search;
pub mod seen;
pub mod sessions;
pub mod set_password;
pub mod set_up_factor;
pub mod settings;
pub mod setup;
pub mod sign_in;
pub mod sign_in_code;
pub mod sign_in_passkey;
pub mod sign_in_provider;
pub mod sign_out;
pub mod start;
pub mod status;
pub mod tenants;
mod ticket;
pub mod token;
pub mod tools;
pub mod turn_keys;
pub mod usage;
pub mod userinfo;

use crate::app::{App, Refused};
use crate::base::{Fault, Resource};
use crate::model::{Actor, Context, Counted};
use crate::protocol::advice::{self, Advice, Stage};
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
/// the caller reads only the public ones. Names of variants and sections: no word of what was sent. The same is remembered for a
/// while, for an administrator who asks why.
pub(crate) fn tell(app: &App, ctx: &Context, refusal: &Refusal) {
    let says = Says {
        name: &refusal.name(),
        error: refusal.error().as_str(),
        section: refusal.section(),
        words: refusal.public_text(),
        about: refusal.about(),
    };
    if let Some(class) = hours::class(refusal.error()) {
        app.hours.count(ctx.at, class);
    }
    says.tell(app, ctx, at_its_door(ctx, refusal.advice()));
}

/// The same for an authorization request that is answered with a page of ours.
pub(crate) fn tell_shown(app: &App, ctx: &Context, show: &Show) {
    let text = match show {
        Show::Unreadable(refusal) => return tell(app, ctx, refusal),
        _ => format!("{show:?}"),
    };
    let says =
        Says { name: variant(&text), error: "shown", section: show.section(), words: show.public_text(), about: None };
    app.hours.count(ctx.at, Counted::RefusedRequest);
    says.tell(app, ctx, show.advice());
}

/// The same for a registration.
pub(crate) fn tell_registration(app: &App, ctx: &Context, refusal: &RegistrationRefusal) {
    let text = format!("{refusal:?}");
    let says = Says {
        name: variant(&text),
        error: refusal.error(),
        section: refusal.section(),
        words: refusal.told(),
        about: None,
    };
    app.hours.count(ctx.at, Counted::RefusedRequest);
    says.tell(app, ctx, refusal.advice());
}

/// Whatever else was answered with an error: only its status is known. What was told already is not told again.
pub(crate) fn tell_status(app: &App, ctx: &Context, status: u16) {
    let Some(id) = ctx.from.request else { return };
    if !app.refusals.knows(id, ctx.from.network.as_ref()) {
        app.hours.count(ctx.at, hours::class_of_status(status));
        let (words, advice) = advice::of_status(status);
        let name = format!("Status{status}");
        remember(app, ctx, &Says { name: &name, error: "", section: "", words: words.to_owned(), about: None }, advice);
    }
}

/// Parameters are read at every door alike; where it was read says which step it was.
fn at_its_door(ctx: &Context, advice: Advice) -> Advice {
    let stage = match ctx.from.door {
        door if door.starts_with("/oauth/register") => Stage::Registration,
        door if door.starts_with("/oauth/authorize") && advice.stage == Stage::Token => Stage::Authorize,
        "/oauth/introspect" | "/oauth/revoke" | "/oauth/userinfo" => Stage::Use,
        door if door.starts_with("/api/") => Stage::Use,
        _ => advice.stage,
    };
    Advice { stage, ..advice }
}

/// What is told of one refusal.
struct Says<'t> {
    name: &'t str,
    error: &'static str,
    section: &'static str,
    words: String,
    about: Option<&'t Resource>,
}

impl Says<'_> {
    fn tell(&self, app: &App, ctx: &Context, advice: Advice) {
        let id = ctx.from.request.map(|id| id.to_string()).unwrap_or_default();
        let (refusal, error, section) = (self.name, self.error, self.section);
        tracing::info!(target: "writ::refusal", id, refusal, error, section, "refused");
        remember(app, ctx, self, advice);
    }
}

fn remember(app: &App, ctx: &Context, says: &Says<'_>, advice: Advice) {
    let Some(id) = ctx.from.request else { return };
    app.refusals.tell(Refused {
        id,
        at: ctx.at,
        door: ctx.from.door,
        name: says.name.to_owned(),
        error: says.error,
        section: says.section,
        words: says.words.clone(),
        turn: advice.turn,
        advice: advice.words,
        stage: advice.stage as u8,
        client: match &ctx.by {
            Actor::Client(client) => Some(client.clone()),
            _ => None,
        },
        resource: says.about.cloned(),
        network: ctx.from.network.clone(),
    });
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
