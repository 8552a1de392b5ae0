//! Where a request may go, as far as the text of the URL tells.

use std::fmt;
use std::net::IpAddr;

use rustls::pki_types::ServerName;
use url::{Host, Url};

use super::OutboundError;
use super::address::{canonical, is_public};

/// An `https` URL that Writ may try to fetch. Whether its host is public is decided when it is resolved.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OutboundUrl {
    text: String,
    host: OutboundHost,
    port: u16,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum OutboundHost {
    Name(String),
    Address(IpAddr),
}

/// Names that are never in public DNS: RFC 6762, RFC 8375, RFC 7686, RFC 6761 and ICANN's `internal`.
/// `localhost` is not here: loopback is the policy's to allow.
const INSIDE_NAMES: [&str; 6] = ["local", "internal", "home.arpa", "onion", "invalid", "localdomain"];

impl OutboundUrl {
    /// Longest accepted URL, in bytes.
    pub const LONGEST: usize = 2_048;

    /// Only the plain form is accepted, the one that parses to itself: that leaves no decimal, octal, hexadecimal or
    /// shortened addresses, no upper case, no user name, no dot segments (attack case 31).
    ///
    /// The port is 443 or one above 1023: what listens below is not a web server and should not be spoken to.
    pub fn parse(text: &str) -> Result<Self, OutboundError> {
        Self::read(text).map_err(OutboundError::Url)
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        if text.len() > Self::LONGEST {
            return Err("it is too long");
        }
        let url = Url::parse(text).map_err(|_| "it is not a URL")?;
        if url.scheme() != "https" {
            return Err("it does not start with https://");
        }
        if !url.username().is_empty() || url.password().is_some() || text.contains('#') {
            return Err("it has a user name or a fragment");
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) || url.as_str() != text {
            return Err("it is not in its plain form");
        }
        let port = url.port_or_known_default().unwrap_or(443);
        if port != 443 && port < 1_024 {
            return Err("its port is neither 443 nor above 1023");
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => OutboundHost::Name(public_name(name)?),
            Some(Host::Ipv4(address)) => OutboundHost::Address(address.into()),
            Some(Host::Ipv6(address)) => OutboundHost::Address(address.into()),
            None => return Err("it has no host"),
        };
        Ok(Self { text: text.to_owned(), host, port })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn host(&self) -> &OutboundHost {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// What the certificate must be valid for.
    pub(super) fn server_name(&self) -> Result<ServerName<'static>, OutboundError> {
        match &self.host {
            OutboundHost::Name(name) => {
                ServerName::try_from(name.clone()).map_err(|_| OutboundError::Url("its host is not a DNS name"))
            }
            OutboundHost::Address(address) => Ok(ServerName::from(*address)),
        }
    }

    /// Whether this URL asks for the computer Writ runs on (RFC 6761 §6.3 for the names).
    pub(super) fn is_loopback(&self) -> bool {
        match &self.host {
            OutboundHost::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            OutboundHost::Address(address) => address.is_loopback(),
        }
    }

    /// Whether a connection for this URL may go to `address`. With loopback allowed, a loopback name must lead to
    /// loopback and every other name must still lead to the public: a stranger's name pointing here stays refused.
    pub(super) fn may_reach(&self, address: IpAddr, loopback_allowed: bool) -> bool {
        if self.is_loopback() { loopback_allowed && canonical(address).is_loopback() } else { is_public(address) }
    }
}

fn public_name(name: &str) -> Result<String, &'static str> {
    if name == "localhost" {
        return Ok(name.to_owned());
    }
    if name.ends_with('.') || !name.contains('.') {
        return Err("its host is not a full domain name");
    }
    let ends_in = |suffix: &str| name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
    if INSIDE_NAMES.into_iter().any(ends_in) {
        return Err("its host is a name for use inside a network");
    }
    Ok(name.to_owned())
}

impl fmt::Debug for OutboundUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_urls_are_accepted() {
        for text in [
            "https://app.example/client.json",
            "https://app.example:8443/x?y=z",
            "https://1.1.1.1/x",
            "https://[2606:4700::1]:8443/x",
            "https://xn--bcher-kva.example/x",
            "https://notinternal.example/x.local",
            "https://app.notinternal/x",
            "https://localhost:8443/x",
        ] {
            assert!(OutboundUrl::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn case_31_addresses_in_disguise_and_inside_names_are_refused() {
        for text in [
            "https://2130706433/x",
            "https://0x7f000001/x",
            "https://0x7f.0.0.1/x",
            "https://0177.0.0.1/x",
            "https://017700000001/x",
            "https://127.1/x",
            "https://127.0.1/x",
            "https://127.0.0.1./x",
            "https://localhost./x",
            "https://LOCALHOST/x",
            "https://Localhost/x",
            "https://[::ffff:127.0.0.1]/x",
            "https://[0:0:0:0:0:0:0:1]/x",
            "https://[::1%25eth0]/x",
            "https://①②⑦.⓪.⓪.①/x",
            "https://loc%61lhost/x",
            "https://intranet/x",
            "https://printer.local/x",
            "https://metadata.google.internal/x",
            "https://router.home.arpa/x",
            "https://a.onion/x",
            "http://app.example/x",
            "ftp://app.example/x",
            "https://u@app.example/x",
            "https://app.example/x#f",
            "https://app.example:443/x",
            "https://app.example:22/x",
            "https://app.example:80/x",
            "https://app.example:0/x",
            "https://app.example:65536/x",
            "https://app.example/a/../x",
            "//app.example/x",
            "",
            "https://app.example./x",
        ] {
            assert!(OutboundUrl::parse(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn case_31_only_loopback_names_may_lead_to_loopback_and_only_if_allowed() {
        let url = |text| OutboundUrl::parse(text).unwrap();
        let home: IpAddr = "127.0.0.1".parse().unwrap();
        let abroad: IpAddr = "1.1.1.1".parse().unwrap();
        for text in ["https://localhost/x", "https://app.localhost/x", "https://127.0.0.1/x", "https://[::1]/x"] {
            assert!(url(text).may_reach(home, true) && !url(text).may_reach(home, false), "{text}");
            assert!(!url(text).may_reach(abroad, true) && !url(text).may_reach(abroad, false), "{text}");
        }
        let app = url("https://app.example/x");
        assert!(app.may_reach(abroad, false) && !app.may_reach(home, true));
        assert!(!app.may_reach("10.0.0.1".parse().unwrap(), true));
    }
}
