//! What a setting can be: text in, a value of its type out, and back.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::base::{Issuer, Lifetime, Secret};
use crate::model::{Algorithm, RegistrationMode};

/// A type that settings have. The words of an error complete the sentence "`name` …".
pub(super) trait SettingValue: Sized {
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
    if value.size() < low || value.size() > high {
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
}

impl<T: SettingValue> SettingValue for Vec<T> {
    fn parse(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(T::parse).collect()
    }
    fn show(&self) -> Option<String> {
        self.iter().map(T::show).collect::<Option<Vec<_>>>().map(|parts| parts.join(","))
    }
}

impl SettingValue for bool {
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

const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

impl SettingValue for Lifetime {
    /// A number of seconds, or a number with `s`, `m`, `h` or `d`.
    fn parse(text: &str) -> Result<Self, String> {
        let (digits, seconds) = UNITS
            .iter()
            .find_map(|(unit, seconds)| text.strip_suffix(unit).map(|digits| (digits, *seconds)))
            .unwrap_or((text, 1));
        (digits.trim().parse::<u64>().ok())
            .and_then(|count| count.checked_mul(seconds))
            .map(Self::from_seconds)
            .ok_or_else(|| "is a length of time: seconds as a number, or text like 90s, 15m, 12h, 7d".to_owned())
    }
    fn show(&self) -> Option<String> {
        let seconds = self.seconds();
        let (unit, size) =
            UNITS.into_iter().find(|(_, size)| seconds > 0 && seconds.is_multiple_of(*size)).unwrap_or(("s", 1));
        Some(format!("{}{unit}", seconds / size))
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
    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| "is open, approval, token or closed".to_owned())
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

/// One address, or a network in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    address: IpAddr,
    prefix: u32,
}

impl AddressRange {
    /// IPv4 addresses that arrive in IPv6 clothes (`::ffff:10.0.0.1`) are taken for what they are.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (bits, length) = bits(address.to_canonical());
        let (own, own_length) = bits_of(self);
        length == own_length && shared(bits, own, length) >= self.prefix
    }
}

/// The address left-aligned in 128 bits, and how many of them count.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    }
}

fn bits_of(range: &AddressRange) -> (u128, u32) {
    bits(range.address)
}

/// How many leading bits two addresses have in common.
fn shared(a: u128, b: u128, length: u32) -> u32 {
    (a ^ b).leading_zeros().min(length)
}

impl SettingValue for AddressRange {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "is a list of addresses and networks, like 10.0.0.5 or 10.0.0.0/8".to_owned();
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse::<IpAddr>().map_err(|_| wrong())?.to_canonical();
        let (_, length) = bits(address);
        let prefix = prefix.unwrap_or(length);
        if prefix > length {
            return Err(wrong());
        }
        if prefix == 0 {
            return Err("may not be everybody (/0): anybody could then claim any address".to_owned());
        }
        Ok(Self { address, prefix })
    }
    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl fmt::Debug for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_seconds_or_has_a_unit() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("15m", 900), ("12h", 43_200), ("7d", 604_800), ("0s", 0)] {
            assert_eq!(Lifetime::parse(text).unwrap().seconds(), seconds, "{text}");
        }
        for text in ["", "m", "-1", "1.5h", "1w", "99999999999999999999", "213503982334602d"] {
            assert!(Lifetime::parse(text).is_err(), "{text}");
        }
        for text in ["90s", "15m", "12h", "7d", "0s"] {
            assert_eq!(Lifetime::parse(text).unwrap().show().unwrap(), text);
        }
    }

    #[test]
    fn case_48_a_network_holds_its_addresses_in_either_clothes() {
        let range = AddressRange::parse("10.1.0.0/16").unwrap();
        for text in ["10.1.0.1", "10.1.255.255", "::ffff:10.1.2.3"] {
            assert!(range.contains(text.parse().unwrap()), "{text}");
        }
        for text in ["10.2.0.1", "::1", "::a01:203"] {
            assert!(!range.contains(text.parse().unwrap()), "{text}");
        }
        assert!(AddressRange::parse("fd00::/8").unwrap().contains("fd12::1".parse().unwrap()));
        assert!(!AddressRange::parse("::1").unwrap().contains("::2".parse().unwrap()));
        for text in ["0.0.0.0/0", "::/0", "10.0.0.0/33", "10.0.0.0/x", "proxy.example", "10.0.0.0/8/8"] {
            assert!(AddressRange::parse(text).is_err(), "{text}");
        }
    }
}
