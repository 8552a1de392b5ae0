//! What a setting can be: text in, a value of its type out, and back.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::base::look::is_unseen;
use crate::base::{AddressRange, Issuer, Lifetime, ParseAddressRangeError, ParseLifetimeError, Secret, Timestamp};
use crate::model::{AcmeChallenge, Algorithm, Email, RegistrationMode, SecondFactorFor};

/// A type that settings have. The words of an error complete the sentence "`name` …".
pub(super) trait SettingValue: Sized {
    /// All there are, where they are few.
    const CHOICES: &'static [&'static str] = &[];

    fn parse(text: &str) -> Result<Self, String>;

    /// The text that parses to this again; `None` for a secret that is set.
    fn show(&self) -> Option<String>;

    /// Its size, for types that have one.
    fn size(&self) -> Option<u64> {
        None
    }
}

/// Refuses a value outside `bounds`, which is `least..most` in the value's own notation, or empty.
pub(super) fn within<T: SettingValue>(value: T, bounds: &str) -> Result<T, String> {
    let Some((least, most)) = bounds.split_once("..") else { return Ok(value) };
    let (low, high) = (T::parse(least)?.size(), T::parse(most)?.size());
    // What is not set has no size.
    if value.size().is_some() && (value.size() < low || value.size() > high) {
        return Err(format!("is between {least} and {most}"));
    }
    Ok(value)
}

impl SettingValue for SocketAddr {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "is an address and a port, like 127.0.0.1:9000 or [::1]:9000".to_owned())
    }
    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl SettingValue for Issuer {
    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| format!("is a URL like https://id.example: {error}"))
    }
    fn show(&self) -> Option<String> {
        Some(self.as_str().to_owned())
    }
}

impl SettingValue for PathBuf {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.contains('\0') { Err("is a path".to_owned()) } else { Ok(Self::from(text)) }
    }
    fn show(&self) -> Option<String> {
        Some(self.display().to_string())
    }
}

impl SettingValue for Secret {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self::new(text))
    }
    fn show(&self) -> Option<String> {
        None
    }
}

impl<T: SettingValue> SettingValue for Option<T> {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }
    fn show(&self) -> Option<String> {
        self.as_ref().map_or_else(|| Some(String::new()), T::show)
    }
    fn size(&self) -> Option<u64> {
        self.as_ref().and_then(T::size)
    }
}

impl<T: SettingValue> SettingValue for Vec<T> {
    fn parse(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(T::parse).collect()
    }
    fn show(&self) -> Option<String> {
        self.iter().map(T::show).collect::<Option<Vec<_>>>().map(|parts| parts.join(","))
    }
}

impl SettingValue for SecondFactorFor {
    const CHOICES: &'static [&'static str] = &["off", "administrators", "everybody"];

    fn parse(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| "is off, administrators or everybody".to_owned())
    }
    fn show(&self) -> Option<String> {
        Some(self.as_str().to_owned())
    }
}

impl SettingValue for bool {
    const CHOICES: &'static [&'static str] = &["false", "true"];

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "is true or false".to_owned())
    }
    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl SettingValue for u32 {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "is a whole number".to_owned())
    }
    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
    fn size(&self) -> Option<u64> {
        Some(u64::from(*self))
    }
}

impl SettingValue for u64 {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "is a whole number".to_owned())
    }
    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
    fn size(&self) -> Option<u64> {
        Some(*self)
    }
}

impl SettingValue for String {
    fn parse(text: &str) -> Result<Self, String> {
        if text.len() > 500 || text.chars().any(char::is_control) {
            return Err("is at most 500 bytes of text on one line".to_owned());
        }
        Ok(text.to_owned())
    }
    fn show(&self) -> Option<String> {
        Some(self.clone())
    }
}

impl SettingValue for Lifetime {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: ParseLifetimeError| error.to_string())
    }
    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
    fn size(&self) -> Option<u64> {
        Some(self.seconds())
    }
}

macro_rules! word {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* } $why:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl SettingValue for $name {
            const CHOICES: &'static [&'static str] = &[$($text,)*];

            fn parse(text: &str) -> Result<Self, String> {
                match text { $($text => Ok(Self::$variant),)* _ => Err($why.to_owned()) }
            }
            fn show(&self) -> Option<String> {
                Some(self.as_str().to_owned())
            }
        }
    };
}

impl SettingValue for RegistrationMode {
    const CHOICES: &'static [&'static str] = &["open", "approval", "token", "closed"];

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| "is open, approval, token or closed".to_owned())
    }
    fn show(&self) -> Option<String> {
        Some(self.as_str().to_owned())
    }
}

impl SettingValue for Timestamp {
    fn parse(text: &str) -> Result<Self, String> {
        Self::parse_iso(text).ok_or_else(|| "is a moment, like 2027-01-15T09:30:00Z".to_owned())
    }
    fn show(&self) -> Option<String> {
        Some(self.iso())
    }
}

impl SettingValue for AcmeChallenge {
    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| "is tls-alpn-01 or http-01".to_owned())
    }
    fn show(&self) -> Option<String> {
        Some(self.as_str().to_owned())
    }
}

impl SettingValue for Email {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "is an e-mail address".to_owned())
    }
    fn show(&self) -> Option<String> {
        Some(self.as_str().to_owned())
    }
}

impl SettingValue for Algorithm {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "is a list of ES256, RS256 and EdDSA".to_owned())
    }
    fn show(&self) -> Option<String> {
        Some(self.as_str().to_owned())
    }
}

word! {
    LogFormat { Text = "text", Json = "json", }
    "is text or json"
}

word! {
    /// The accent of pages: a closed list, because each was measured in light and dark.
    Accent { Ink = "ink", Teal = "teal", Forest = "forest", Plum = "plum", Graphite = "graphite", }
    "is ink, teal, forest, plum or graphite"
}

/// What pages call the appliance: one line, with nothing in it that cannot be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HouseName(String);

impl HouseName {
    pub const LONGEST: usize = 60;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SettingValue for HouseName {
    fn parse(text: &str) -> Result<Self, String> {
        let fits = (1..=Self::LONGEST).contains(&text.chars().count()) && text.trim() == text;
        // A name that turns the line around, or has nothing to see in it, would be taken for something else.
        let plain = !text.chars().any(|c| c.is_control() || is_unseen(c));
        if fits && plain {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("is a name of 1 to {} characters on one line, each of which can be seen", Self::LONGEST))
        }
    }
    fn show(&self) -> Option<String> {
        Some(self.0.clone())
    }
}

/// A link that a page may carry: `https:` or `mailto:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportUrl(String);

impl SupportUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SettingValue for SupportUrl {
    fn parse(text: &str) -> Result<Self, String> {
        let known = url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "mailto"));
        let plain = text.len() <= 500 && text.bytes().all(|b| b.is_ascii_graphic());
        if known && plain { Ok(Self(text.to_owned())) } else { Err("is an https:// or mailto: link".to_owned()) }
    }
    fn show(&self) -> Option<String> {
        Some(self.0.clone())
    }
}

/// Where something of the operator's choice is asked for over https.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpsUrl(String);

impl HttpsUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SettingValue for HttpsUrl {
    fn parse(text: &str) -> Result<Self, String> {
        let plain = text.len() <= 500 && text.bytes().all(|b| b.is_ascii_graphic()) && !text.contains(['#', '@']);
        let https = url::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.has_host());
        if https && plain { Ok(Self(text.to_owned())) } else { Err("is an https:// URL".to_owned()) }
    }
    fn show(&self) -> Option<String> {
        Some(self.0.clone())
    }
}

impl SettingValue for AddressRange {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: ParseAddressRangeError| match error {
            ParseAddressRangeError::Malformed => {
                "is a list of addresses and networks, like 10.0.0.5 or 10.0.0.0/8".to_owned()
            }
            ParseAddressRangeError::Everybody => {
                "may not be everybody (/0): anybody could then claim any address".to_owned()
            }
        })
    }
    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}
