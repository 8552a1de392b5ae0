//! The one place that knows which library signs.
//!
//! `jsonwebtoken` hands its provider a key as bytes, and its own back ends parse those bytes again for every
//! token. Here the bytes are a handle: eight bytes that name a key parsed once, held in [`REGISTRY`] for as
//! long as its owner lives. aws-lc-rs does the arithmetic (RSA twice and Ed25519 nearly three times as fast as
//! ring, and it can make RSA keys); ring does everything else in the appliance. Figures: docs/benchmarks.md.
//!
//! Private keys and ECDSA nonces come from aws-lc's own generator, seeded by the operating system: it takes no
//! other, so these are the only random values that do not pass through `Entropy`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{DecodingKey, EncodingKey, signature};
use zeroize::Zeroizing;

use crate::base::{Fault, FaultKind};
use crate::model::{Algorithm, JwsAlgorithm, PublicJwk};

/// A parsed private key, under the handle that `jsonwebtoken` knows it by.
pub(super) struct PrivateKey {
    algorithm: Algorithm,
    handle: Handle,
    encoding: EncodingKey,
}

impl PrivateKey {
    /// A new key pair, as PKCS#8. RSA-2048 takes about 50 ms of one core, the others less than 0.1 ms.
    pub(super) fn generate(algorithm: Algorithm) -> Result<(Zeroizing<Vec<u8>>, PublicJwk), Fault> {
        let unmade = |_| Fault::new(FaultKind::Key, "a key pair could not be made");
        let (pkcs8, pair) = match algorithm {
            Algorithm::ES256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(unmade)?;
                (pair.to_pkcs8v1().map_err(unmade)?.as_ref().to_vec(), Pair::P256(pair))
            }
            Algorithm::RS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(unmade)?;
                (pair.as_der().map_err(unmade)?.as_ref().to_vec(), Pair::Rsa(pair))
            }
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::generate().map_err(unmade)?;
                (pair.to_pkcs8().map_err(unmade)?.as_ref().to_vec(), Pair::Ed25519(pair))
            }
        };
        let public = pair.public().ok_or_else(|| Fault::new(FaultKind::Key, "a new key pair has no public half"))?;
        Ok((Zeroizing::new(pkcs8), public))
    }

    pub(super) fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, Fault> {
        let unreadable = |error| Fault::because(FaultKind::Key, "a private key does not parse", error);
        let pair = match algorithm {
            Algorithm::ES256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Pair::P256),
            Algorithm::RS256 => RsaKeyPair::from_pkcs8(pkcs8).map(Pair::Rsa),
            Algorithm::EdDSA => Ed25519KeyPair::from_pkcs8(pkcs8).map(Pair::Ed25519),
        };
        let handle = Handle::register(Parsed::Private(Arc::new(pair.map_err(unreadable)?)));
        let encoding = match algorithm {
            Algorithm::ES256 => EncodingKey::from_ec_der(&handle.bytes()),
            Algorithm::RS256 => EncodingKey::from_rsa_der(&handle.bytes()),
            Algorithm::EdDSA => EncodingKey::from_ed_der(&handle.bytes()),
        };
        Ok(Self { algorithm, handle, encoding })
    }

    /// The signature over `message` in base64url.
    pub(super) fn sign(&self, message: &[u8]) -> Result<String, Fault> {
        jsonwebtoken::crypto::sign(message, &self.encoding, library_name(self.algorithm.into()))
            .map_err(|error| Fault::because(FaultKind::Key, "a token could not be signed", error))
    }

    pub(super) fn public(&self) -> Option<PublicJwk> {
        match find(&self.handle.bytes())? {
            Parsed::Private(pair) => pair.public(),
            Parsed::Public(_) => None,
        }
    }

    /// For the bench only: the whole of `jsonwebtoken::encode`, and the library underneath without it.
    #[doc(hidden)]
    pub(super) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    #[doc(hidden)]
    pub(super) fn sign_directly(&self, message: &[u8]) -> Option<Vec<u8>> {
        match find(&self.handle.bytes())? {
            Parsed::Private(pair) => pair.sign(message).ok(),
            Parsed::Public(_) => None,
        }
    }
}

/// A parsed public key. It verifies with the algorithms of its own family and with no other.
pub(super) struct PublicKey {
    kind: Kind,
    decoding: DecodingKey,
    _handle: Handle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    P256,
    Rsa,
    Ed25519,
}

/// Why a public key is not usable. For the person who registered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("a member of the key is not base64url")]
    Encoding,
    #[error("this curve is not supported: use P-256 or Ed25519")]
    Curve,
    #[error("an RSA key has 2048 to 8192 bits")]
    Size,
    #[error("this is not a valid public key")]
    Invalid,
}

impl PublicKey {
    pub(super) fn from_jwk(jwk: &PublicJwk) -> Result<Self, KeyError> {
        let (kind, parsed) = match jwk {
            PublicJwk::EC { crv, .. } if crv != "P-256" => return Err(KeyError::Curve),
            PublicJwk::OKP { crv, .. } if crv != "Ed25519" => return Err(KeyError::Curve),
            PublicJwk::EC { x, y, .. } => {
                let (x, y) = (member::<32>(x)?, member::<32>(y)?);
                // RFC 5480 §2.2: 4 says that both coordinates follow. Parsing checks that the point is on the curve.
                let point = [&[4], x.as_slice(), &y].concat();
                let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| KeyError::Invalid)?;
                (Kind::P256, Verifying::One(key))
            }
            PublicJwk::OKP { x, .. } => {
                let key = ParsedPublicKey::new(&ED25519, member::<32>(x)?).map_err(|_| KeyError::Invalid)?;
                (Kind::Ed25519, Verifying::One(key))
            }
            PublicJwk::RSA { n, e } => {
                let (n, e) = (unsigned(n)?, unsigned(e)?);
                if !(2_048..=8_192).contains(&bits(&n)) {
                    return Err(KeyError::Size);
                }
                let key = RsaPublicKeyComponents { n, e };
                let pkcs1 = key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).map_err(|_| KeyError::Invalid)?;
                let pss = key.to_parsed_public_key(&RSA_PSS_2048_8192_SHA256).map_err(|_| KeyError::Invalid)?;
                (Kind::Rsa, Verifying::Rsa { pkcs1, pss })
            }
        };
        let handle = Handle::register(Parsed::Public(Arc::new(parsed)));
        let decoding = match kind {
            Kind::P256 => DecodingKey::from_ec_der(&handle.bytes()),
            Kind::Rsa => DecodingKey::from_rsa_der(&handle.bytes()),
            Kind::Ed25519 => DecodingKey::from_ed_der(&handle.bytes()),
        };
        Ok(Self { kind, decoding, _handle: handle })
    }

    pub(super) fn fits(&self, algorithm: JwsAlgorithm) -> bool {
        self.kind == kind_of(algorithm)
    }

    /// Whether `signature` (base64url) over `message` was made with this key and `algorithm`.
    pub(super) fn verifies(&self, algorithm: JwsAlgorithm, message: &[u8], signature: &str) -> bool {
        self.fits(algorithm)
            && jsonwebtoken::crypto::verify(signature, message, &self.decoding, library_name(algorithm))
                .unwrap_or(false)
    }
}

// ---- what lies under a handle

#[derive(Clone)]
enum Parsed {
    Private(Arc<Pair>),
    Public(Arc<Verifying>),
}

enum Pair {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

enum Verifying {
    One(ParsedPublicKey),
    /// One modulus, two paddings.
    Rsa {
        pkcs1: ParsedPublicKey,
        pss: ParsedPublicKey,
    },
}

impl Pair {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        match self {
            Self::P256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(|_| signature::Error::new())?;
                Ok(signature.as_ref().to_vec())
            }
            Self::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut out)
                    .map_err(|_| signature::Error::new())?;
                Ok(out)
            }
            Self::Ed25519(pair) => Ok(pair.try_sign(message).map_err(|_| signature::Error::new())?.as_ref().to_vec()),
        }
    }

    fn public(&self) -> Option<PublicJwk> {
        match self {
            Self::P256(pair) => {
                let (x, y) = pair.public_key().as_ref().strip_prefix(&[4])?.split_at_checked(32)?;
                Some(PublicJwk::EC {
                    crv: "P-256".to_owned(),
                    x: URL_SAFE_NO_PAD.encode(x),
                    y: URL_SAFE_NO_PAD.encode(y),
                })
            }
            Self::Rsa(pair) => {
                let (n, e) = pkcs1(pair.public_key().as_ref())?;
                Some(PublicJwk::RSA { n: URL_SAFE_NO_PAD.encode(n), e: URL_SAFE_NO_PAD.encode(e) })
            }
            Self::Ed25519(pair) => Some(PublicJwk::OKP {
                crv: "Ed25519".to_owned(),
                x: URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
            }),
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256(_) => Algorithm::ES256,
            Self::Rsa(_) => Algorithm::RS256,
            Self::Ed25519(_) => Algorithm::EdDSA,
        }
    }
}

static REGISTRY: LazyLock<RwLock<HashMap<[u8; 8], Parsed>>> = LazyLock::new(RwLock::default);
static HANDLES: AtomicU64 = AtomicU64::new(1);

/// The name of a registered key. Dropping it forgets the key.
struct Handle(u64);

impl Handle {
    fn register(parsed: Parsed) -> Self {
        install();
        let handle = Self(HANDLES.fetch_add(1, Ordering::Relaxed));
        REGISTRY.write().unwrap_or_else(PoisonError::into_inner).insert(handle.bytes(), parsed);
        handle
    }

    fn bytes(&self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        REGISTRY.write().unwrap_or_else(PoisonError::into_inner).remove(&self.bytes());
    }
}

fn find(handle: &[u8]) -> Option<Parsed> {
    REGISTRY.read().unwrap_or_else(PoisonError::into_inner).get(handle).cloned()
}

// ---- what jsonwebtoken sees

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match find(key.as_bytes()) {
        Some(Parsed::Private(pair)) if library_name(pair.algorithm().into()) == *algorithm => {
            Ok(Box::new(Signing(pair)))
        }
        _ => Err(ErrorKind::InvalidKeyFormat.into()),
    },
    verifier_factory: |algorithm, key| {
        let wanted = our_name(*algorithm).ok_or(ErrorKind::UnsupportedAlgorithm)?;
        match find(key.try_get_as_bytes()?) {
            Some(Parsed::Public(key)) => Ok(Box::new(Verification { key, algorithm: wanted })),
            _ => Err(ErrorKind::InvalidKeyFormat.into()),
        }
    },
    // Keys enter and leave as `PublicJwk`; the library's own key documents are not used.
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        rsa_pub_components_from_public_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ec_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ed_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        compute_digest: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    },
};

/// Makes [`PROVIDER`] the one of the process. Any other back end that came first would be handed eight bytes
/// that are no key, so it could only fail.
fn install() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let _ = PROVIDER.install_default();
    });
}

struct Signing(Arc<Pair>);

impl signature::Signer<Vec<u8>> for Signing {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        self.0.sign(message)
    }
}

impl JwtSigner for Signing {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        library_name(self.0.algorithm().into())
    }
}

struct Verification {
    key: Arc<Verifying>,
    algorithm: JwsAlgorithm,
}

impl signature::Verifier<Vec<u8>> for Verification {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let key = match (self.algorithm, self.key.as_ref()) {
            (JwsAlgorithm::ES256 | JwsAlgorithm::EdDSA, Verifying::One(key)) => key,
            (JwsAlgorithm::RS256, Verifying::Rsa { pkcs1, .. }) => pkcs1,
            (JwsAlgorithm::PS256, Verifying::Rsa { pss, .. }) => pss,
            _ => return Err(signature::Error::new()),
        };
        key.verify_sig(message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Verification {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        library_name(self.algorithm)
    }
}

pub(super) const fn library_name(algorithm: JwsAlgorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        JwsAlgorithm::ES256 => jsonwebtoken::Algorithm::ES256,
        JwsAlgorithm::RS256 => jsonwebtoken::Algorithm::RS256,
        JwsAlgorithm::PS256 => jsonwebtoken::Algorithm::PS256,
        JwsAlgorithm::EdDSA => jsonwebtoken::Algorithm::EdDSA,
    }
}

fn our_name(algorithm: jsonwebtoken::Algorithm) -> Option<JwsAlgorithm> {
    JwsAlgorithm::ALL.into_iter().find(|known| library_name(*known) == algorithm)
}

const fn kind_of(algorithm: JwsAlgorithm) -> Kind {
    match algorithm {
        JwsAlgorithm::ES256 => Kind::P256,
        JwsAlgorithm::RS256 | JwsAlgorithm::PS256 => Kind::Rsa,
        JwsAlgorithm::EdDSA => Kind::Ed25519,
    }
}

// ---- numbers

/// RFC 7518 §6.2.1.2: "The length of this octet string MUST be the full size of a coordinate".
fn member<const N: usize>(text: &str) -> Result<[u8; N], KeyError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Encoding)?;
    bytes.try_into().map_err(|_| KeyError::Invalid)
}

/// RFC 7518 §2, Base64urlUInt. Some libraries leave the sign octet of their big integers in front; it is dropped.
fn unsigned(text: &str) -> Result<Vec<u8>, KeyError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Encoding)?;
    Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

/// Bits of a number without leading zero octets.
fn bits(number: &[u8]) -> u32 {
    let whole = u32::try_from(number.len()).unwrap_or(u32::MAX).saturating_mul(8);
    whole.saturating_sub(number.first().map_or(0, |first| first.leading_zeros()))
}

/// RFC 8017 §A.1.1: `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }`, in DER.
fn pkcs1(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, rest) = element(0x30, der)?;
    let (n, after) = element(0x02, sequence)?;
    let (e, end) = element(0x02, after)?;
    (rest.is_empty() && end.is_empty()).then(|| (n.strip_prefix(&[0]).unwrap_or(n), e.strip_prefix(&[0]).unwrap_or(e)))
}

/// The content of the first element, which must have `tag`, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match *head {
        [t, short @ 0..=0x7f] if t == tag => (usize::from(short), rest),
        [t, 0x81] if t == tag => rest.split_first().map(|(n, rest)| (usize::from(*n), rest))?,
        [t, 0x82] if t == tag => {
            rest.split_first_chunk::<2>().map(|(n, rest)| (usize::from(u16::from_be_bytes(*n)), rest))?
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(algorithm: Algorithm) -> (PrivateKey, PublicKey, PublicJwk) {
        let (pkcs8, jwk) = PrivateKey::generate(algorithm).unwrap();
        (PrivateKey::from_pkcs8(algorithm, &pkcs8).unwrap(), PublicKey::from_jwk(&jwk).unwrap(), jwk)
    }

    #[test]
    fn each_algorithm_signs_what_its_public_half_verifies() {
        for algorithm in Algorithm::ALL {
            let (private, public, jwk) = pair(algorithm);
            assert_eq!(private.public().unwrap(), jwk);
            let signature = private.sign(b"message").unwrap();
            assert!(public.verifies(algorithm.into(), b"message", &signature), "{algorithm}");
            assert!(!public.verifies(algorithm.into(), b"massage", &signature), "{algorithm}");
            assert!(!public.verifies(algorithm.into(), b"message", &format!("{signature}AA")), "{algorithm}");
            let (_, stranger, _) = pair(algorithm);
            assert!(!stranger.verifies(algorithm.into(), b"message", &signature), "{algorithm}");
        }
    }

    #[test]
    fn a_key_serves_its_own_family_only() {
        let (private, public, _) = pair(Algorithm::ES256);
        let signature = private.sign(b"m").unwrap();
        for other in [JwsAlgorithm::RS256, JwsAlgorithm::PS256, JwsAlgorithm::EdDSA] {
            assert!(!public.verifies(other, b"m", &signature));
            assert!(!public.fits(other));
        }
    }

    #[test]
    fn a_dropped_key_is_forgotten() {
        let (private, public, _) = pair(Algorithm::EdDSA);
        let handles = [private.handle.bytes(), public._handle.bytes()];
        assert!(handles.iter().all(|handle| find(handle).is_some()));
        let clone = private.encoding().clone();
        drop((private, public));
        assert!(handles.iter().all(|handle| find(handle).is_none()));
        assert!(jsonwebtoken::crypto::sign(b"m", &clone, jsonwebtoken::Algorithm::EdDSA).is_err());
    }

    #[test]
    fn the_provider_knows_no_symmetric_key() {
        install();
        let secret = EncodingKey::from_secret(b"secret");
        assert!(jsonwebtoken::crypto::sign(b"m", &secret, jsonwebtoken::Algorithm::HS256).is_err());
        // Not even when the "secret" happens to be a handle.
        let (private, _, _) = pair(Algorithm::EdDSA);
        let guessed = EncodingKey::from_secret(&private.handle.bytes());
        assert!(jsonwebtoken::crypto::sign(b"m", &guessed, jsonwebtoken::Algorithm::HS256).is_err());
    }

    #[test]
    fn damaged_keys_do_not_parse() {
        let (pkcs8, _) = PrivateKey::generate(Algorithm::ES256).unwrap();
        assert!(PrivateKey::from_pkcs8(Algorithm::RS256, &pkcs8).is_err());
        assert!(PrivateKey::from_pkcs8(Algorithm::ES256, &pkcs8[..40]).is_err());
        let off_the_curve = URL_SAFE_NO_PAD.encode([1; 32]);
        let jwk = PublicJwk::EC { crv: "P-256".to_owned(), x: off_the_curve.clone(), y: off_the_curve.clone() };
        assert_eq!(PublicKey::from_jwk(&jwk).err(), Some(KeyError::Invalid));
        let jwk = PublicJwk::EC { crv: "P-384".to_owned(), x: off_the_curve.clone(), y: off_the_curve };
        assert_eq!(PublicKey::from_jwk(&jwk).err(), Some(KeyError::Curve));
        for (length, first) in [(128, 0xff), (255, 0xff), (256, 0x7f), (1_025, 0xff)] {
            let mut n = vec![0xff; length];
            n[0] = first;
            let jwk = PublicJwk::RSA { n: URL_SAFE_NO_PAD.encode(n), e: "AQAB".to_owned() };
            assert_eq!(PublicKey::from_jwk(&jwk).err(), Some(KeyError::Size), "{length} octets");
        }
        for x in ["", "AA", "not base64!", "AA=="] {
            assert!(PublicKey::from_jwk(&PublicJwk::OKP { crv: "Ed25519".to_owned(), x: x.to_owned() }).is_err());
        }
    }
}
