//! A network, as an administrator writes it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One address, or a network in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3). Its text form always has the prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    address: IpAddr,
    prefix: u32,
}

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseAddressRangeError {
    #[error("this is neither an address nor a network: write it like 10.0.0.5 or 10.0.0.0/8")]
    Malformed,
    /// A `/0`: a limit that limits nobody.
    #[error("a network of everybody (/0) limits nobody")]
    Everybody,
}

impl AddressRange {
    /// IPv4 addresses that arrive in IPv6 clothes (`::ffff:10.0.0.1`) are taken for what they are.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (bits, length) = bits(address.to_canonical());
        let (own, own_length) = self::bits(self.address);
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

/// How many leading bits two addresses have in common.
fn shared(a: u128, b: u128, length: u32) -> u32 {
    (a ^ b).leading_zeros().min(length)
}

impl FromStr for AddressRange {
    type Err = ParseAddressRangeError;

    fn from_str(text: &str) -> Result<Self, ParseAddressRangeError> {
        let malformed = ParseAddressRangeError::Malformed;
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().map_err(|_| malformed)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse::<IpAddr>().map_err(|_| malformed)?.to_canonical();
        let (_, length) = bits(address);
        match prefix.unwrap_or(length) {
            0 => Err(ParseAddressRangeError::Everybody),
            prefix if prefix > length => Err(malformed),
            prefix => Ok(Self { address, prefix }),
        }
    }
}

impl Serialize for AddressRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AddressRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
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
    fn case_48_a_network_holds_its_addresses_in_either_clothes() {
        let range: AddressRange = "10.1.0.0/16".parse().unwrap();
        for text in ["10.1.0.1", "10.1.255.255", "::ffff:10.1.2.3"] {
            assert!(range.contains(text.parse().unwrap()), "{text}");
        }
        for text in ["10.2.0.1", "::1", "::a01:203"] {
            assert!(!range.contains(text.parse().unwrap()), "{text}");
        }
        assert!("fd00::/8".parse::<AddressRange>().unwrap().contains("fd12::1".parse().unwrap()));
        assert!(!"::1".parse::<AddressRange>().unwrap().contains("::2".parse().unwrap()));
        for text in ["0.0.0.0/0", "::/0", "10.0.0.0/33", "10.0.0.0/x", "proxy.example", "10.0.0.0/8/8"] {
            assert!(text.parse::<AddressRange>().is_err(), "{text}");
        }
    }
}
