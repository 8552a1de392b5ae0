//! Where a copy of the audit log is sent.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::value::SettingValue;
use crate::base::{Digest, Secret};

/// One place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliverTo {
    /// JSON Lines.
    File(PathBuf),
    /// RFC 5424.
    Syslog(SyslogAt),
    /// One that takes signed JSON. The address may have a token in it, so it is not shown.
    Webhook(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyslogAt {
    /// A datagram socket of this machine.
    Socket(PathBuf),
    /// Host and port.
    Udp(String),
    Tcp(String),
}

/// RFC 5424 has none; RFC 5426 §3.3 and RFC 6587 name these.
const WRONG: &str = "is file:/path, syslog:/dev/log, syslog+udp://host:514, syslog+tcp://host:601, or an https:// address (http:// on \
                     this computer only)";

impl DeliverTo {
    /// What the place is called in the file, where its address would tell too much.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }

    fn text(&self) -> String {
        match self {
            Self::File(path) => format!("file:{}", path.display()),
            Self::Syslog(SyslogAt::Socket(path)) => format!("syslog:{}", path.display()),
            Self::Syslog(SyslogAt::Udp(host)) => format!("syslog+udp://{host}"),
            Self::Syslog(SyslogAt::Tcp(host)) => format!("syslog+tcp://{host}"),
            Self::Webhook(url) => url.clone(),
        }
    }

    /// What it is called in a log or on a page.
    pub fn name(&self) -> String {
        match self {
            Self::Webhook(url) => {
                Url::parse(url).map_or_else(|_| "an address".to_owned(), |url| url.origin().ascii_serialization())
            }
            _ => self.text(),
        }
    }

    /// The key in a secret of Standard Webhooks.
    pub fn signing_key(secret: &Secret) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        let key = STANDARD.decode(secret.expose().trim().strip_prefix("whsec_")?).ok()?;
        (24..=64).contains(&key.len()).then(|| zeroize::Zeroizing::new(key))
    }
}

impl SettingValue for DeliverTo {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || WRONG.to_owned();
        let path = |text: &str| {
            let path = PathBuf::from(text);
            if path.is_absolute() && !text.contains('\0') { Ok(path) } else { Err(wrong()) }
        };
        if text.len() > 1_024 {
            return Err(wrong());
        }
        if let Some(file) = text.strip_prefix("file:") {
            return path(file).map(Self::File);
        }
        if let Some(host) = text.strip_prefix("syslog+udp://") {
            return host_and_port(host).map(SyslogAt::Udp).map(Self::Syslog).ok_or_else(wrong);
        }
        if let Some(host) = text.strip_prefix("syslog+tcp://") {
            return host_and_port(host).map(SyslogAt::Tcp).map(Self::Syslog).ok_or_else(wrong);
        }
        if let Some(socket) = text.strip_prefix("syslog:") {
            return path(socket).map(SyslogAt::Socket).map(Self::Syslog);
        }
        let url = Url::parse(text).map_err(|_| wrong())?;
        let here = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let fits = url.scheme() == "https" || (url.scheme() == "http" && here);
        if !fits || !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(wrong());
        }
        Ok(Self::Webhook(text.to_owned()))
    }

    fn show(&self) -> Option<String> {
        match self {
            Self::Webhook(_) => None,
            _ => Some(self.text()),
        }
    }
}

/// `host:port` and nothing else.
fn host_and_port(text: &str) -> Option<String> {
    let (host, port) = text.rsplit_once(':')?;
    let sane = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    (!host.is_empty() && host.chars().all(sane) && port.parse::<u16>().is_ok_and(|port| port > 0))
        .then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_a_syslog_or_an_address() {
        let shown = |text: &str| DeliverTo::parse(text).unwrap().show();
        for text in
            ["file:/var/log/a.jsonl", "syslog:/dev/log", "syslog+udp://[::1]:514", "syslog+tcp://logs.example:601"]
        {
            assert_eq!(shown(text).as_deref(), Some(text));
        }
        for text in ["https://hooks.example/a?token=b", "http://127.0.0.1:9/x", "http://[::1]:9/x", "http://localhost/"]
        {
            assert_eq!(shown(text), None, "an address may have a token in it");
        }
        assert_eq!(DeliverTo::parse("https://hooks.example/secret").unwrap().name(), "https://hooks.example");
        for text in [
            "",
            "file:relative",
            "syslog:dev",
            "syslog+udp://host",
            "syslog+tcp://:1",
            "syslog+tcp://a/b:1",
            "http://hooks.example/",
            "https://me:too@hooks.example/",
            "https://hooks.example/#a",
            "ftp://a/",
            "nonsense",
            "syslog+udp://a:0",
        ] {
            assert!(DeliverTo::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_is_of_some_length() {
        let key = |text: &str| DeliverTo::signing_key(&Secret::new(text)).map(|key| key.len());
        assert_eq!(key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), Some(24));
        for wrong in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!"] {
            assert_eq!(key(wrong), None, "{wrong}");
        }
    }
}
