//! The certificate that TLS shows: read from PEM together with its key, which fits, and with the time for which it holds.

use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;

use crate::base::{Digest, Fault, FaultKind, Lifetime, Timestamp};

/// A chain of certificates, the own one first, and the private key of that one.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// What rustls shows and signs with.
    pub certified: Arc<CertifiedKey>,
    pub valid_from: Timestamp,
    pub valid_until: Timestamp,
    /// Of the own one.
    pub digest: Digest,
}

/// Why a pair of files is no certificate. The words complete the sentence "the certificate …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("is not PEM: it begins with -----BEGIN CERTIFICATE-----")]
    NotPem,
    #[error("has no certificate in its file")]
    None,
    #[error("has too many others in its file")]
    TooMany,
    #[error("has no private key: its file begins with -----BEGIN PRIVATE KEY-----, and it is not encrypted")]
    NoKey,
    #[error("has a private key of a kind that cannot be used: RSA, ECDSA with P-256 or P-384, and Ed25519 can")]
    Unusable,
    #[error("belongs to another private key than the one in the key's file")]
    AnotherKey,
    #[error("cannot be understood")]
    Malformed,
}

/// Most certificates that lead from one to its root.
const LONGEST_CHAIN: usize = 10;

impl Certificate {
    /// Reads a chain and the key of its first certificate.
    pub fn read(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let mut certificates = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(chain) {
            certificates.push(certificate.map_err(|_| CertificateError::NotPem)?);
            if certificates.len() > LONGEST_CHAIN {
                return Err(CertificateError::TooMany);
            }
        }
        let own = certificates.first().ok_or(CertificateError::None)?;
        let (valid_from, valid_until) = validity(own).ok_or(CertificateError::Malformed)?;
        let digest = Digest::of(own);
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
            pem::Error::NoItemsFound => CertificateError::NoKey,
            _ => CertificateError::NotPem,
        })?;
        let provider = rustls::crypto::ring::default_provider();
        let certified = CertifiedKey::from_der(certificates, key, &provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => CertificateError::AnotherKey,
            rustls::Error::InvalidCertificate(_) => CertificateError::Malformed,
            _ => CertificateError::Unusable,
        })?;
        Ok(Self { certified: Arc::new(certified), valid_from, valid_until, digest })
    }

    /// Whether it was made out to this host: RFC 9525 §6.3, by the names in it and not by its subject.
    pub fn names(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let Ok(name) = ServerName::try_from(host) else { return false };
        let own = self.certified.cert.first().and_then(|own| ParsedCertificate::try_from(own).ok());
        own.is_some_and(|own| verify_server_name(&own, &name).is_ok())
    }

    /// When to get the next one: when a third of its time is left, a little earlier or later for each certificate, so that not
    /// all who got theirs on one day come back on one day.
    pub fn renew_at(&self) -> Timestamp {
        let whole = self.valid_until.since(self.valid_from).millis().unsigned_abs();
        let byte = self.digest.bytes().first().copied().unwrap_or_default();
        let jitter = whole / 30 / 256 * u64::from(byte);
        self.valid_until.minus(Lifetime::from_millis(whole / 3 + jitter))
    }

    /// RFC 8737 §3: what a certificate authority sees that looks for this proof: a certificate that vouches for itself, with the
    /// name and with the digest of the key authorization in an extension that is critical.
    pub fn proof(host: &str, digest: &[u8]) -> Result<Arc<CertifiedKey>, Fault> {
        let fault = |e| Fault::because(FaultKind::Key, "the proof for the certificate authority cannot be made", e);
        let key = rcgen::KeyPair::generate().map_err(fault)?;
        let mut params = rcgen::CertificateParams::new([host.to_owned()]).map_err(fault)?;
        params.custom_extensions = vec![rcgen::CustomExtension::new_acme_identifier(digest)];
        let made = params.self_signed(&key).map_err(fault)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let provider = rustls::crypto::ring::default_provider();
        let key = provider.key_provider.load_private_key(key);
        let key = key.map_err(|e| Fault::because(FaultKind::Key, "the proof's key cannot be used", e))?;
        // Not looked at: no ordinary client would accept it, and so rustls does not.
        Ok(Arc::new(CertifiedKey::new(vec![made.der().clone()], key)))
    }

    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.valid_from <= at && at < self.valid_until
    }
}

/// RFC 5280 §4.1: the certificate's first member is `SEQUENCE { version [0], serialNumber, signature, issuer, validity, … }`.
fn validity(der: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (SEQUENCE, certificate, _) = element(der)? else { return None };
    let (SEQUENCE, mut rest, _) = element(certificate)? else { return None };
    if let (VERSION, _, after) = element(rest)? {
        rest = after;
    }
    for _serial_signature_issuer in 0..3 {
        rest = element(rest)?.2;
    }
    let (SEQUENCE, validity, _) = element(rest)? else { return None };
    let (form, from, rest) = element(validity)?;
    let from = time(form, from)?;
    let (form, until, _) = element(rest)?;
    Some((from, time(form, until)?))
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// X.690 §8.1, the definite form: tag, contents, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (contents, after) = rest.split_at_checked(length)?;
    Some((*tag, contents, after))
}

/// RFC 5280 §4.1.2.5.1: "Where YY is greater than or equal to 50, the year SHALL be interpreted as 19YY; and where YY is less than
/// 50, the year SHALL be interpreted as 20YY."
fn time(form: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let century = if text.get(..2)? < "50" { "20" } else { "19" };
    let text = match form {
        UTC_TIME => format!("{century}{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from, to| text.get(from..to).unwrap_or_default();
    let (date, clock) = ((part(0, 4), part(4, 6), part(6, 8)), (part(8, 10), part(10, 12), part(12, 14)));
    Timestamp::parse_iso(&format!("{}-{}-{}T{}:{}:{}Z", date.0, date.1, date.2, clock.0, clock.1, clock.2))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd};

    use super::*;

    fn made(name: &str, years: (i32, i32), key: &KeyPair) -> String {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(years.0, 3, 1), date_time_ymd(years.1, 12, 31));
        params.self_signed(key).unwrap().pem()
    }

    #[test]
    fn a_certificate_is_read_with_its_key_and_its_time() {
        for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
            let key = KeyPair::generate_for(algorithm).unwrap();
            // Beyond 2049 a certificate writes its years in full.
            for years in [(1998, 2049), (2024, 2051), (2050, 2100)] {
                let pem = made("id.example", years, &key);
                let read = Certificate::read(pem.as_bytes(), key.serialize_pem().as_bytes()).unwrap();
                assert_eq!(read.valid_from.iso(), format!("{}-03-01T00:00:00.000Z", years.0));
                assert_eq!(read.valid_until.iso(), format!("{}-12-31T00:00:00.000Z", years.1));
                assert!(read.holds_at(read.valid_from) && !read.holds_at(read.valid_until));
                assert!(read.names("id.example") && !read.names("example") && !read.names("x.id.example"));
            }
        }
    }

    #[test]
    fn it_is_renewed_when_a_third_of_its_time_is_left_and_not_everybodys_at_once() {
        let key = KeyPair::generate().unwrap();
        let read = || {
            let pem = made("id.example", (2026, 2028), &key);
            Certificate::read(pem.as_bytes(), key.serialize_pem().as_bytes()).unwrap()
        };
        let mut moments = std::collections::BTreeSet::new();
        for _ in 0..20 {
            let certificate = read();
            let whole = certificate.valid_until.since(certificate.valid_from).seconds();
            let left = certificate.valid_until.since(certificate.renew_at()).seconds();
            assert!((whole / 3..=whole / 3 + whole / 30).contains(&left), "{left} of {whole}");
            moments.insert(certificate.renew_at());
        }
        assert!(moments.len() > 3, "{moments:?}");
    }

    #[test]
    fn an_address_is_a_name_as_well() {
        let key = KeyPair::generate().unwrap();
        let read = |name| Certificate::read(made(name, (2024, 2030), &key).as_bytes(), key.serialize_pem().as_bytes());
        assert!(read("127.0.0.1").unwrap().names("127.0.0.1"));
        assert!(read("::1").unwrap().names("[::1]"));
        assert!(read("*.corp.example").unwrap().names("id.corp.example"));
        assert!(!read("127.0.0.1").unwrap().names("127.0.0.2"));
        assert!(!read("id.example").unwrap().names("not a host"));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let (pem, key, other) = (made("id.example", (2024, 2030), &key), key.serialize_pem(), other.serialize_pem());
        let why = |chain: &str, key: &str| Certificate::read(chain.as_bytes(), key.as_bytes()).unwrap_err();
        assert_eq!(why(&pem, &other), CertificateError::AnotherKey);
        assert_eq!(why("", &key), CertificateError::None);
        assert_eq!(why(&key, &key), CertificateError::None);
        assert_eq!(why(&pem, &pem), CertificateError::NoKey);
        assert_eq!(why(&pem, ""), CertificateError::NoKey);
        assert_eq!(why(&pem.replace("MII", "!!!"), &key), CertificateError::NotPem);
        assert_eq!(why(&pem.repeat(11), &key), CertificateError::TooMany);
        assert_eq!(
            why("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key),
            CertificateError::Malformed
        );
    }

    #[test]
    fn whatever_the_bytes_are_reading_them_ends() {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["id.example".to_owned()]).unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        for length in 0..der.len() {
            assert_eq!(validity(&der[..length]), None, "cut at {length}");
        }
        for at in 0..der.len().min(200) {
            for bits in [0x01, 0x80, 0xff] {
                let mut changed = der.clone();
                changed[at] ^= bits;
                let _ = validity(&changed);
            }
        }
    }
}
