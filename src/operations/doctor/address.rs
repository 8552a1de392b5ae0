//! Whether the appliance is where its public URL says, says the same at each address, and knows who asks.

use std::net::IpAddr;

use serde::Deserialize;
use serde_json::Value;

use super::Patient;
use super::clock;
use super::finding::Finding;
use crate::base::{Lifetime, Timestamp};
use crate::outbound::{Content, Heard, Message, OutboundError};

/// How long one answer of our own may take.
const PATIENCE: Lifetime = Lifetime::from_seconds(10);
const LONGEST: usize = 256 * 1_024;
const NOT_SERVING: &str = "it is not running, so nothing can be asked of it";

/// RFC 8414 §3.1 and OpenID Connect Discovery §4: the places where clients look.
fn places(patient: &Patient<'_>) -> Vec<String> {
    let issuer = &patient.app.issuer;
    let (origin, path) = (issuer.origin(), issuer.path());
    let mut places = Vec::new();
    for name in ["oauth-authorization-server", "openid-configuration"] {
        places.push(format!("{origin}/.well-known/{name}{path}"));
        if !path.is_empty() {
            places.push(format!("{origin}{path}/.well-known/{name}"));
        }
    }
    places
}

fn ask(patient: &Patient<'_>, url: &str, headers: &[(&'static str, String)]) -> Result<Heard, OutboundError> {
    let message = Message { url, headers, body: Content::None, most_bytes: LONGEST, total_time: PATIENCE };
    patient.app.outbound.tell(&message)
}

/// RFC 8414 §3.3: "The "issuer" value returned MUST be identical to the authorization server's issuer identifier value into which the
/// well-known URI string was inserted".
pub(super) fn discovery(patient: &Patient<'_>) -> Vec<Finding> {
    const CHECK: &str = "discovery";
    if !patient.is_serving {
        return vec![Finding::ok(CHECK, NOT_SERVING)];
    }
    let issuer = patient.app.issuer.as_str();
    let mend = format!(
        "every path below {issuer} and `/.well-known/` beside it must lead here, unchanged: look at the name's address, the proxy's routes \
         and its certificate"
    );
    let (mut found, mut first): (Vec<Finding>, Option<Value>) = (Vec::new(), None);
    for place in places(patient) {
        let before = patient.app.clock.now();
        let heard = match ask(patient, &place, &[]) {
            Ok(heard) => heard,
            Err(error) => {
                found.push(Finding::broken(CHECK, format!("{place} was not reached: {error}"), mend.clone()));
                continue;
            }
        };
        let document: Value = serde_json::from_str(&heard.body).unwrap_or_default();
        if heard.status != 200 || !document.is_object() {
            let text = format!("{place} answered with status {} and no metadata", heard.status);
            found.push(Finding::broken(CHECK, text, mend.clone()));
        } else if document.get("issuer").and_then(Value::as_str) != Some(issuer) {
            let text = format!("{place} names another issuer than {issuer}: clients will refuse it");
            found.push(Finding::broken(CHECK, text, mend.clone()));
        } else if first.as_ref().is_some_and(|first| *first != document) {
            let text = format!(
                "{place} says something else than the other addresses: one of them is a copy that somebody kept"
            );
            found.push(Finding::broken(
                CHECK,
                text,
                "let no proxy answer from a cache that is older than `Cache-Control` allows",
            ));
        } else {
            if first.is_none() {
                found.extend(date(&heard, before, patient.app.clock.now()));
            }
            first = Some(document);
        }
    }
    if first.is_some() && found.iter().all(|finding| finding.check != CHECK) {
        found
            .insert(0, Finding::ok(CHECK, format!("{} addresses are reached and say the same", places(patient).len())));
    }
    found
}

/// The `Date` of the answer: ours, or that of the proxy before it.
fn date(heard: &Heard, before: Timestamp, after: Timestamp) -> Option<Finding> {
    let date = Timestamp::parse_http(heard.date.as_deref()?)?;
    // Wherever it lies between the question and the answer, it is not off.
    let now = if date < before { before } else { date.min(after) };
    Some(clock::held_against("clock at the public URL", date, now))
}

/// The keys that others fetch are those that are signed with.
pub(super) fn key_set(patient: &Patient<'_>) -> Vec<Finding> {
    const CHECK: &str = "key set";
    if !patient.is_serving {
        return Vec::new();
    }
    let url = patient.app.issuer.url("/.well-known/jwks.json");
    let ring = patient.app.keys.current();
    let heard = match ask(patient, &url, &[]) {
        Ok(heard) if heard.status == 200 => heard,
        Ok(heard) => {
            let text = format!("{url} answered with status {}", heard.status);
            return vec![Finding::broken(
                CHECK,
                text,
                "let the path lead here: without the keys nobody can verify a token",
            )];
        }
        // That nothing is reached was said.
        Err(_) => return Vec::new(),
    };
    let document: Value = serde_json::from_str(&heard.body).unwrap_or_default();
    let keys = document.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
    let theirs = |kid: &str| keys.iter().any(|key| key.get("kid").and_then(Value::as_str) == Some(kid));
    let missing = ring.rows().iter().filter(|row| row.is_published() && !theirs(&row.kid)).count();
    vec![if missing == 0 {
        Finding::ok(CHECK, format!("{} keys are published", keys.len()))
    } else {
        let text = format!(
            "{missing} keys are missing in what {url} answers: tokens signed with them are refused by whoever fetched it"
        );
        Finding::broken(CHECK, text, "let no proxy keep the key set for longer than its `max-age`")
    }]
}

/// What the door of the mirror answers: how its question arrived.
#[derive(Debug, Deserialize)]
struct Arrived {
    /// Who opened the connection.
    peer: IpAddr,
    /// Who is taken to have asked.
    address: IpAddr,
    /// Everything in `X-Forwarded-For`, as far as it is addresses, left to right.
    forwarded: Vec<IpAddr>,
}

/// RFC 5737: an address that nobody has.
const INVENTED: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 77));

/// Asks itself, and lies about who it is: whoever is believed must have been a proxy that does its work.
pub(super) fn proxy(patient: &Patient<'_>) -> Vec<Finding> {
    if !patient.is_serving {
        return Vec::new();
    }
    let Ok(nonce) = patient.app.entropy.bytes::<16>() else { return Vec::new() };
    let nonce = nonce.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    patient.app.mirror.expect(&nonce, patient.now);
    let url = patient.app.issuer.url("/health/mirror");
    let headers = [("writ-nonce", nonce), ("x-forwarded-for", INVENTED.to_string())];
    match ask(patient, &url, &headers) {
        Err(_) => Vec::new(),
        Ok(heard) => match serde_json::from_str::<Arrived>(&heard.body).ok().filter(|_| heard.status == 200) {
            Some(arrived) => vec![judge(&arrived, |address| patient.app.config.trusts(address))],
            None => vec![Finding::look(
                "proxy",
                format!(
                    "{url} answered with status {}: another process answers there, or a proxy drops headers",
                    heard.status
                ),
                "make sure that the public URL leads to this process",
            )],
        },
    }
}

fn judge(arrived: &Arrived, trusted: impl Fn(IpAddr) -> bool) -> Finding {
    const CHECK: &str = "proxy";
    let Arrived { peer, address, forwarded } = arrived;
    // Whoever adds to the header adds on the right.
    let added = forwarded.iter().rev().take_while(|hop| **hop != INVENTED).count();
    let was_passed_on = added < forwarded.len();
    if !trusted(*peer) {
        return if added == 0 {
            Finding::ok(
                CHECK,
                "the public URL leads here without a proxy, and a forged X-Forwarded-For is not believed",
            )
        } else {
            Finding::look(
                CHECK,
                format!("a proxy at {peer} says who asks, and is not believed: all visitors count as one address"),
                format!("set trusted_proxies to it: WRIT_TRUSTED_PROXIES={peer}"),
            )
        };
    }
    if was_passed_on && added == 0 {
        Finding::broken(
            CHECK,
            format!(
                "the trusted proxy at {peer} passes X-Forwarded-For on as it came: every visitor can claim any address"
            ),
            "let the proxy add the address that it sees, or replace the header by it (nginx: proxy_set_header X-Forwarded-For \
             $proxy_add_x_forwarded_for; Caddy and Traefik do so by themselves)",
        )
    } else if added == 0 {
        Finding::look(
            CHECK,
            format!("the trusted proxy at {peer} does not say who asks: all visitors count as one address"),
            "let the proxy add X-Forwarded-For",
        )
    } else if *address == INVENTED {
        // Each hop between is one that is trusted: this appliance is on the proxies' network itself.
        Finding::ok(
            CHECK,
            "the proxy says who asks (this machine is itself among the trusted ones, so its word about others was taken)",
        )
    } else {
        Finding::ok(CHECK, format!("the proxy at {peer} says who asks, and a forged X-Forwarded-For is not believed"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    fn arrived(peer: &str, address: &str, forwarded: &[&str]) -> Arrived {
        let ip = |text: &str| text.parse().unwrap();
        Arrived { peer: ip(peer), address: ip(address), forwarded: forwarded.iter().map(|text| ip(text)).collect() }
    }

    #[test]
    fn a_proxy_is_judged_by_what_it_made_of_a_lie() {
        let trusted = |address: IpAddr| address == IpAddr::from([10, 0, 0, 1]);
        let state = |peer, address, forwarded: &[&str]| judge(&arrived(peer, address, forwarded), trusted).state;
        assert_eq!(state("203.0.113.5", "203.0.113.5", &["192.0.2.77"]), State::Ok, "no proxy");
        assert_eq!(state("10.9.9.9", "10.9.9.9", &["192.0.2.77", "203.0.113.5"]), State::Look, "one that nobody named");
        assert_eq!(
            state("10.9.9.9", "10.9.9.9", &["203.0.113.5"]),
            State::Look,
            "one that nobody named, and that replaces"
        );
        assert_eq!(state("10.0.0.1", "192.0.2.77", &["192.0.2.77"]), State::Broken, "it passes the lie on");
        assert_eq!(state("10.0.0.1", "10.0.0.1", &[]), State::Look, "it says nothing");
        assert_eq!(state("10.0.0.1", "203.0.113.5", &["192.0.2.77", "203.0.113.5"]), State::Ok, "it adds");
        assert_eq!(state("10.0.0.1", "203.0.113.5", &["203.0.113.5"]), State::Ok, "it replaces");
        assert_eq!(
            state("10.0.0.1", "192.0.2.77", &["192.0.2.77", "10.0.0.1"]),
            State::Ok,
            "asked from among the trusted"
        );
    }
}
