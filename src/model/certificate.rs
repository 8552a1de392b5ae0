//! How an appliance proves to a certificate authority that it has its name.

/// RFC 8555 §8, RFC 8737.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcmeChallenge {
    /// In a TLS handshake at port 443, where the appliance is anyway.
    TlsAlpn01,
    /// In an answer over plain http at port 80.
    Http01,
}

impl AcmeChallenge {
    /// As RFC 8555 §9.7.8 registers it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TlsAlpn01 => "tls-alpn-01",
            Self::Http01 => "http-01",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::TlsAlpn01, Self::Http01].into_iter().find(|known| known.as_str() == text)
    }
}
