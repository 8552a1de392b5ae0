//! The cookies that matter. RFC 6265bis §4.1.3.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

use crate::base::{Issuer, Lifetime, Secret};

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// Who is signed in.
    Session,
    /// Which browser this is, signed in or not: forms and tickets are bound to it.
    Browser,
    /// To which accounts somebody has signed in here before.
    Known,
    /// What the answer of an identity provider has to fit, while somebody is there.
    Away,
}

impl Name {
    /// With the prefix that binds a cookie to this host and to TLS. Over plain http, which is only served on loopback or behind
    /// a proxy, browsers and HTTP libraries would not take or send such a cookie.
    const fn text(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-writ-session",
            (Self::Session, false) => "writ-session",
            (Self::Browser, true) => "__Host-writ-browser",
            (Self::Browser, false) => "writ-browser",
            (Self::Known, true) => "__Host-writ-known",
            (Self::Known, false) => "writ-known",
            (Self::Away, true) => "__Host-writ-away",
            (Self::Away, false) => "writ-away",
        }
    }
}

/// The value that was sent, if it is of sane length.
pub(super) fn read(request: &HttpRequest, issuer: &Issuer, name: Name) -> Option<String> {
    let cookie = request.cookie(name.text(issuer.is_https()))?;
    let value = cookie.value();
    let longest = if name == Name::Away { 4_096 } else { 128 };
    (!value.is_empty() && value.len() <= longest).then(|| value.to_owned())
}

/// To be set. `lifetime` of `None` means until the browser is closed.
pub(super) fn write(issuer: &Issuer, name: Name, value: &Secret, lifetime: Option<Lifetime>) -> Cookie<'static> {
    let mut cookie = base(issuer, name, value.expose().to_owned());
    if let Some(lifetime) = lifetime {
        cookie.set_max_age(Duration::seconds(i64::try_from(lifetime.seconds()).unwrap_or(i64::MAX)));
    }
    cookie
}

/// To be forgotten.
pub(super) fn remove(issuer: &Issuer, name: Name) -> Cookie<'static> {
    let mut cookie = base(issuer, name, String::new());
    cookie.set_max_age(Duration::ZERO);
    cookie
}

/// In which language somebody wants to read. Worth nothing to a thief.
pub(super) const LANGUAGE: &str = "writ_language";

/// What somebody likes, kept for a year.
pub(super) fn preference(issuer: &Issuer, name: &'static str, value: String) -> Cookie<'static> {
    let mut cookie = Cookie::new(name, value);
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_secure(issuer.is_https());
    cookie.set_same_site(SameSite::Lax);
    cookie.set_max_age(Duration::days(365));
    cookie
}

fn base(issuer: &Issuer, name: Name, value: String) -> Cookie<'static> {
    let mut cookie = Cookie::new(name.text(issuer.is_https()), value);
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_secure(issuer.is_https());
    // Lax, not Strict: an application sends the browser here from elsewhere, and whoever is signed in should be.
    cookie.set_same_site(SameSite::Lax);
    cookie
}
