//! Every door: method, path, who may come in, and what it leads to.
//!
//! The list is data, so that tests can walk it (`tests/it/every_route.rs`), the desk can find limits and CORS by it, and a log
//! line names the door and not the address.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::Route;
use actix_web::http::Method;
use actix_web::web::{self, PayloadConfig, ServiceConfig};

use super::extract::LONGEST_FORM;
use super::{api, console, oauth, pages, watch};
use crate::app::{App, Class, Route as Kind};

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Anyone,
    /// A client, authenticated by its registered method.
    Client,
    /// The bearer of a token of ours.
    Bearer,
    /// Somebody signed in; others are sent to sign in.
    SignedIn,
    /// Somebody signed in who administers this appliance; a stranger is sent to sign in, anybody else is told no.
    Console,
    /// The bearer of a token of ours with a scope of our own; never a cookie.
    Administrator,
}

/// Whether a page of another origin may read the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cors {
    Any,
    None,
}

/// Whether the window that opened ours may keep hold of it. HTML Standard §7.1.3, cross-origin opener policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// Applications open the pages of an authorization in a popup, wait for `popup.closed`, and their redirect page speaks to
    /// `window.opener`: cutting that off ends the sign-in. They are pages that no frame may hold and that no other origin reads.
    Kept,
    CutOff,
}

/// One path and what is behind it.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    /// As actix matches it, below the issuer's path.
    pub pattern: &'static str,
    pub methods: &'static [Method],
    pub who: Who,
    pub class: Class,
    pub cors: Cors,
    pub opener: Opener,
    /// Answers people, not programs.
    pub is_page: bool,
}

impl Door {
    /// What its address answers, with what stands behind other doors of it. RFC 9110 §10.2.1.
    pub(super) fn allow(&self) -> String {
        let doors = DOORS.iter().filter(|door| door.pattern == self.pattern);
        let methods: Vec<&str> = doors.flat_map(|door| door.methods).map(|method| method.as_str()).collect();
        methods.join(", ")
    }
}

/// Methods that a log line names.
pub(super) const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

const GET: &[Method] = &[Method::GET];
const POST: &[Method] = &[Method::POST];
const GET_POST: &[Method] = &[Method::GET, Method::POST];
const GET_PUT_DELETE: &[Method] = &[Method::GET, Method::PUT, Method::DELETE];

const fn program(pattern: &'static str, methods: &'static [Method], who: Who, class: Class) -> Door {
    Door { pattern, methods, who, class, cors: Cors::Any, opener: Opener::CutOff, is_page: false }
}

pub(super) const fn page(pattern: &'static str, methods: &'static [Method], who: Who, class: Class) -> Door {
    Door { pattern, methods, who, class, cors: Cors::None, opener: Opener::CutOff, is_page: true }
}

/// A page on the way of an authorization.
const fn step(pattern: &'static str, methods: &'static [Method], who: Who) -> Door {
    Door { opener: Opener::Kept, ..page(pattern, methods, who, Class::Authorize) }
}

/// Every door there is. Those of the API come last: the others are found before them.
pub static DOORS: LazyLock<Vec<Door>> =
    LazyLock::new(|| FIXED.iter().chain(console::DOORS).copied().chain(api::doors()).collect());

static FIXED: &[Door] = &[
    program("/.well-known/oauth-authorization-server", GET, Who::Anyone, Class::Metadata),
    program("/.well-known/openid-configuration", GET, Who::Anyone, Class::Metadata),
    program("/.well-known/jwks.json", GET, Who::Anyone, Class::Metadata),
    program("/oauth/token", POST, Who::Client, Class::Token),
    program("/oauth/revoke", POST, Who::Client, Class::Token),
    // Who may introspect keeps a secret, and a page keeps none.
    Door { cors: Cors::None, ..program("/oauth/introspect", POST, Who::Client, Class::Token) },
    program("/oauth/register", POST, Who::Anyone, Class::Register),
    program("/oauth/register/{client_id}", GET_PUT_DELETE, Who::Bearer, Class::Register),
    program("/oauth/userinfo", GET_POST, Who::Bearer, Class::Token),
    program("/oauth/status", GET, Who::Anyone, Class::Metadata),
    program("/oauth/status/{list}", GET, Who::Anyone, Class::Metadata),
    // As a hosted service's SDKs call them. Who has an access key keeps a secret, and a page keeps none.
    Door { cors: Cors::None, ..program("/v1/auth/accesskey/exchange", POST, Who::Client, Class::Token) },
    program("/v2/keys/{project}", GET, Who::Anyone, Class::Metadata),
    step("/oauth/authorize", GET_POST, Who::Anyone),
    step("/oauth/authorize/continue", GET, Who::Anyone),
    step("/oauth/unknown-resource", GET, Who::Anyone),
    step("/oauth/consent", POST, Who::SignedIn),
    page("/", GET, Who::Anyone, Class::Pages),
    page("/setup", GET_POST, Who::Anyone, Class::SignIn),
    page("/sign-in", GET, Who::Anyone, Class::Pages),
    page("/sign-in", POST, Who::Anyone, Class::SignIn),
    page("/sign-in/code", POST, Who::Anyone, Class::SignIn),
    page("/sign-in/set-up/codes", POST, Who::Anyone, Class::SignIn),
    page("/sign-in/set-up/passkey", POST, Who::Anyone, Class::SignIn),
    page("/sign-in/passkey", POST, Who::Anyone, Class::SignIn),
    page("/sign-in/provider/callback/{id}", GET, Who::Anyone, Class::SignIn),
    page("/sign-in/provider/{id}", GET, Who::Anyone, Class::Pages),
    page("/sign-out", POST, Who::SignedIn, Class::Pages),
    page("/signed-out", GET, Who::Anyone, Class::Pages),
    page("/language", POST, Who::Anyone, Class::Pages),
    page("/account", GET, Who::SignedIn, Class::Pages),
    page("/account/applications/revocation", POST, Who::SignedIn, Class::Pages),
    page("/account/applications/{id}/revocation", POST, Who::SignedIn, Class::Pages),
    page("/account/agents/revocation", POST, Who::SignedIn, Class::Pages),
    page("/account/agents/{id}/revocation", POST, Who::SignedIn, Class::Pages),
    page("/account/delegations/new", GET, Who::SignedIn, Class::Pages),
    page("/account/delegations", POST, Who::SignedIn, Class::Pages),
    page("/account/sessions/{id}/end", POST, Who::SignedIn, Class::Pages),
    page("/account/sessions/end", POST, Who::SignedIn, Class::Pages),
    page("/account/activity", GET, Who::SignedIn, Class::Pages),
    page("/account/password", GET, Who::SignedIn, Class::Pages),
    page("/account/password", POST, Who::SignedIn, Class::SignIn),
    page("/account/passkeys", GET, Who::SignedIn, Class::Pages),
    page("/account/passkeys", POST, Who::SignedIn, Class::SignIn),
    page("/account/passkeys/new", POST, Who::SignedIn, Class::SignIn),
    page("/account/passkeys/{id}/end", POST, Who::SignedIn, Class::SignIn),
    page("/account/sign-ins", GET, Who::SignedIn, Class::Pages),
    page("/account/sign-ins/{id}", POST, Who::SignedIn, Class::SignIn),
    page("/account/sign-ins/{id}/end", POST, Who::SignedIn, Class::SignIn),
    page("/account/codes", GET, Who::SignedIn, Class::Pages),
    page("/account/codes", POST, Who::SignedIn, Class::SignIn),
    page("/account/codes/recovery", POST, Who::SignedIn, Class::SignIn),
    page("/account/codes/end", POST, Who::SignedIn, Class::SignIn),
    Door { cors: Cors::None, ..program("/health", GET, Who::Anyone, Class::Unlimited) },
    Door { cors: Cors::None, ..program("/health/live", GET, Who::Anyone, Class::Unlimited) },
    // Reasons take a look at the disk and, for a token, at the file.
    Door { cors: Cors::None, ..program("/health/ready", GET, Who::Anyone, Class::Pages) },
    Door { cors: Cors::None, ..program("/health/mirror", GET, Who::Anyone, Class::Pages) },
    Door { cors: Cors::None, ..program("/static/{file}", GET, Who::Anyone, Class::Pages) },
];

/// What clients of the 2025-03-26 MCP revision call when they find no metadata.
const ALIASES: [(&str, &str); 3] =
    [("/authorize", "/oauth/authorize"), ("/token", "/oauth/token"), ("/register", "/oauth/register")];

/// Where nothing is.
pub(super) static NOWHERE: Door = page("(none)", &[], Who::Anyone, Class::Pages);

/// The door that a path below the issuer's leads to; of two with one path, the one that answers the method.
pub(super) fn door(method: &Method, path: &str) -> &'static Door {
    let path = ALIASES.iter().find(|(alias, _)| *alias == path).map_or(path, |(_, target)| *target);
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let literal = LITERAL.get(path).and_then(|doors| doors.iter().find(|door| door.methods.contains(method)));
    if let Some(door) = literal {
        return door;
    }
    let fitting = || DOORS.iter().filter(|door| fits(door.pattern, path));
    fitting().find(|door| door.methods.contains(method)).or_else(|| fitting().next()).unwrap_or_else(|| {
        // RFC 8414 §3.1: the issuer's path is appended to the well-known one.
        let well_known = |door: &&Door| door.pattern.starts_with("/.well-known/o") && path.starts_with(door.pattern);
        DOORS.iter().find(well_known).unwrap_or(&NOWHERE)
    })
}

/// What a door is counted as.
pub(super) fn kind(door: &Door) -> Kind {
    match door.class {
        Class::Token => match door.pattern {
            "/oauth/introspect" => Kind::Introspection,
            "/oauth/revoke" => Kind::Revocation,
            "/oauth/userinfo" => Kind::Userinfo,
            _ => Kind::Token,
        },
        Class::Authorize => Kind::Authorize,
        Class::Register => Kind::Registration,
        Class::SignIn => Kind::SignIn,
        Class::Api => Kind::Api,
        Class::Metadata => Kind::Metadata,
        Class::Unlimited => Kind::Health,
        Class::Pages if door.pattern.starts_with("/health") => Kind::Health,
        Class::Pages if door.methods.is_empty() => Kind::Elsewhere,
        Class::Pages | Class::Keys | Class::Client | Class::Account => Kind::Pages,
    }
}

/// The doors whose path has no variable part, by it: what is asked for all day is found without going through the list.
static LITERAL: LazyLock<HashMap<&'static str, Vec<&'static Door>>> = LazyLock::new(|| {
    let mut doors: HashMap<_, Vec<_>> = HashMap::new();
    for door in DOORS.iter().filter(|door| !door.pattern.contains('{')) {
        doors.entry(door.pattern).or_default().push(door);
    }
    doors
});

/// Whether a path, below the issuer's, is that of a page that can be opened.
pub(super) fn is_page(path: &str) -> bool {
    let door = door(&Method::GET, path);
    door.is_page && door.methods.contains(&Method::GET)
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut ours, mut theirs) = (pattern.split('/'), path.split('/'));
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part == segment || (part.starts_with('{') && !segment.is_empty()) => {}
            _ => return false,
        }
    }
}

/// Puts every handler behind its door.
pub(super) fn configure(config: &mut ServiceConfig, app: &App) {
    let base = app.issuer.path();
    let longest = usize::try_from(app.config.limits.request_bytes).unwrap_or(LONGEST_FORM);
    config.app_data(PayloadConfig::new(longest.min(LONGEST_FORM)));

    // RFC 8414 §3.1 puts the issuer's path behind the well-known one, OpenID Connect Discovery §4 before it; clients try every
    // form. For an issuer without a path they are the same.
    for name in ["oauth-authorization-server", "openid-configuration"] {
        config.service(at(format!("/.well-known/{name}{base}"), [get(oauth::discovery::show)]));
        if !base.is_empty() {
            config.service(at(format!("{base}/.well-known/{name}"), [get(oauth::discovery::show)]));
        }
    }
    config.service(at(format!("{base}/.well-known/jwks.json"), [get(oauth::jwks::show)]));
    if !base.is_empty() {
        config.service(at("/.well-known/jwks.json".to_owned(), [get(oauth::jwks::show)]));
    }
    let mut door = |path: &str, routes: Vec<Route>| {
        config.service(at(format!("{base}{path}"), routes));
    };
    for path in ["/oauth/token", "/token"] {
        door(path, vec![web::post().to(oauth::token::create)]);
    }
    for path in ["/oauth/authorize", "/authorize"] {
        door(path, vec![get(oauth::authorize::show), web::post().to(oauth::authorize::create)]);
    }
    door("/oauth/revoke", vec![web::post().to(oauth::revoke::create)]);
    door("/oauth/introspect", vec![web::post().to(oauth::introspect::create)]);
    for path in ["/oauth/register", "/register"] {
        door(path, vec![web::post().to(oauth::register::create)]);
    }
    let registered = vec![
        get(oauth::register::show),
        web::put().to(oauth::register::update),
        web::delete().to(oauth::register::destroy),
    ];
    door("/oauth/register/{client_id}", registered);
    door("/oauth/userinfo", vec![get(oauth::userinfo::show), web::post().to(oauth::userinfo::show)]);
    door("/oauth/status", vec![get(oauth::status::index)]);
    door("/oauth/status/{list}", vec![get(oauth::status::show)]);
    door("/v1/auth/accesskey/exchange", vec![web::post().to(oauth::access_key::create)]);
    door("/v2/keys/{project}", vec![get(oauth::jwks::show)]);
    door("/oauth/authorize/continue", vec![get(oauth::authorize::resume)]);
    door("/oauth/unknown-resource", vec![get(oauth::authorize::unknown_resource)]);
    door("/oauth/consent", vec![web::post().to(pages::consent::create)]);
    door("/", vec![get(pages::home::show)]);
    if !base.is_empty() {
        door("", vec![get(pages::home::show)]);
    }
    door("/setup", vec![get(pages::setup::new), web::post().to(pages::setup::create)]);
    door("/sign-in", vec![get(pages::sign_in::new), web::post().to(pages::sign_in::create)]);
    door("/sign-in/code", vec![web::post().to(pages::sign_in::create_with_code)]);
    door("/sign-in/set-up/codes", vec![web::post().to(pages::set_up::create_codes)]);
    door("/sign-in/set-up/passkey", vec![web::post().to(pages::set_up::create_passkey)]);
    door("/sign-in/passkey", vec![web::post().to(pages::sign_in::create_with_passkey)]);
    door("/sign-in/provider/callback/{id}", vec![get(pages::sign_in_provider::arrive)]);
    door("/sign-in/provider/{id}", vec![get(pages::sign_in_provider::leave)]);
    door("/sign-out", vec![web::post().to(pages::sign_in::destroy)]);
    door("/signed-out", vec![get(pages::sign_in::signed_out)]);
    door("/language", vec![web::post().to(pages::language::create)]);
    door("/account", vec![get(pages::account::show)]);
    door("/account/applications/revocation", vec![web::post().to(pages::account::revoke_all)]);
    door("/account/agents/revocation", vec![web::post().to(pages::account::revoke_all_agents)]);
    door("/account/applications/{id}/revocation", vec![web::post().to(pages::account::revoke)]);
    door("/account/agents/{id}/revocation", vec![web::post().to(pages::account::revoke_agent)]);
    door("/account/delegations/new", vec![get(pages::delegation::new)]);
    door("/account/delegations", vec![web::post().to(pages::delegation::create)]);
    door("/account/sessions/{id}/end", vec![web::post().to(pages::account::end_session)]);
    door("/account/sessions/end", vec![web::post().to(pages::account::end_other_sessions)]);
    door("/account/activity", vec![get(pages::activity::show)]);
    let password = vec![get(pages::own_sign_in::password), web::post().to(pages::own_sign_in::change_password)];
    door("/account/password", password);
    let passkeys = vec![get(pages::own_passkeys::show), web::post().to(pages::own_passkeys::create)];
    door("/account/passkeys", passkeys);
    door("/account/passkeys/new", vec![web::post().to(pages::own_passkeys::begin)]);
    door("/account/passkeys/{id}/end", vec![web::post().to(pages::own_passkeys::destroy)]);
    door("/account/sign-ins", vec![get(pages::own_providers::show)]);
    door("/account/sign-ins/{id}", vec![web::post().to(pages::own_providers::begin)]);
    door("/account/sign-ins/{id}/end", vec![web::post().to(pages::own_providers::destroy)]);
    door("/account/codes", vec![get(pages::own_sign_in::codes), web::post().to(pages::own_sign_in::add_codes)]);
    door("/account/codes/recovery", vec![web::post().to(pages::own_sign_in::renew_codes)]);
    door("/account/codes/end", vec![web::post().to(pages::own_sign_in::remove_codes)]);
    door("/health", vec![get(watch::health)]);
    door("/health/live", vec![get(watch::live)]);
    door("/health/ready", vec![get(watch::ready)]);
    door("/health/mirror", vec![get(watch::mirror)]);
    door("/static/{file}", vec![get(pages::home::asset)]);
    // The 2025-03-26 revision looks for them at the origin, whatever the issuer's path.
    if !base.is_empty() {
        let authorize = vec![get(oauth::authorize::show), web::post().to(oauth::authorize::create)];
        config.service(at("/authorize".to_owned(), authorize));
        config.service(at("/token".to_owned(), [web::post().to(oauth::token::create)]));
        config.service(at("/register".to_owned(), [web::post().to(oauth::register::create)]));
    }
    console::configure(config, base);
    api::configure(config, base);
    config.default_service(web::to(pages::home::nowhere));
}

/// A path answers its methods and says 405 to others, never 404 or 500.
pub(super) fn at(path: String, routes: impl IntoIterator<Item = Route>) -> actix_web::Resource {
    let resource = web::resource(path).default_service(web::to(pages::home::wrong_method));
    routes.into_iter().fold(resource, actix_web::Resource::route)
}

/// GET and HEAD.
pub(super) fn get<F, Args>(handler: F) -> Route
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::route().guard(actix_web::guard::Any(actix_web::guard::Get()).or(actix_web::guard::Head())).to(handler)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_door() {
        let pattern = |path| door(&Method::GET, path).pattern;
        assert_eq!(pattern("/oauth/token"), "/oauth/token");
        assert_eq!(pattern("/token"), "/oauth/token");
        assert_eq!(pattern("/account/applications/con_1/revocation"), "/account/applications/{id}/revocation");
        assert_eq!(pattern("/account/applications//revocation"), "(none)");
        assert_eq!(pattern("/.well-known/openid-configuration/tenant/a"), "/.well-known/openid-configuration");
        assert_eq!(pattern("/wp-login.php"), "(none)");
    }

    #[test]
    fn of_two_doors_with_one_path_the_method_decides() {
        assert_eq!(door(&Method::GET, "/sign-in").class, Class::Pages);
        assert_eq!(door(&Method::HEAD, "/sign-in").class, Class::Pages);
        assert_eq!(door(&Method::POST, "/sign-in").class, Class::SignIn);
    }
}
