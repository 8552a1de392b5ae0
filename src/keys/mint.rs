//! Making keys, and signing tokens with them. RFC 7515 §3.1, RFC 7519, RFC 9068 §2.1.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Header;
use serde::Serialize;

use super::provider::{PrivateKey, library_name};
use super::seal::Sealer;
use crate::base::{Entropy, Fault, FaultKind, Id, Timestamp};
use crate::model::{Algorithm, KeyState, SigningKey};

/// A private key, parsed once and ready to sign.
pub struct Signer {
    kid: String,
    algorithm: Algorithm,
    key: PrivateKey,
    /// The headers of the two types of token that make up the traffic, already in base64url.
    headers: [(&'static str, String); 2],
}

impl Signer {
    /// Opens and parses the private half of `row`.
    pub(super) fn open(row: &SigningKey, sealer: &Sealer) -> Result<Self, Fault> {
        let sealed = row.sealed.as_ref().ok_or_else(|| broken("a signing key has no private half"))?;
        let pkcs8 = sealer.open(sealed, row.seal_context().as_bytes())?;
        let key = PrivateKey::from_pkcs8(row.algorithm, &pkcs8)?;
        // A row whose two halves are strangers would sign tokens that nobody can verify.
        if key.public().as_ref() != Some(&row.public) || row.public.thumbprint().text() != row.kid {
            return Err(broken("the halves of a signing key do not belong together"));
        }
        let header = |typ| Ok((typ, header(row.algorithm, typ, &row.kid)?));
        Ok(Self { kid: row.kid.clone(), algorithm: row.algorithm, key, headers: [header("at+jwt")?, header("JWT")?] })
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// A signed compact JWT with the header `{typ, alg, kid}`.
    ///
    /// `typ` tells one kind of token from another (RFC 8725 §3.11): `at+jwt` for an access token, `JWT` for an
    /// ID token. Costs one signature and little else; call it after the commit, never on the writer.
    pub fn mint(&self, typ: &str, claims: &impl Serialize) -> Result<String, Fault> {
        let claims = serde_json::to_vec(claims)
            .map_err(|error| Fault::because(FaultKind::Bug, "the claims of a token do not serialize", error))?;
        let mut token = match self.headers.iter().find(|(known, _)| *known == typ) {
            Some((_, ready)) => ready.clone(),
            None => header(self.algorithm, typ, &self.kid)?,
        };
        // Room for the claims and for the longest signature there is, RSA's 342 characters.
        token.reserve(claims.len() * 4 / 3 + 350);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.key.sign(token.as_bytes())?;
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({} {})", self.algorithm, self.kid)
    }
}

/// Makes a key pair and the row for it: signing at once when `signs_from` has come, else next in line.
///
/// RSA takes some 50 ms of one core (it varies, for it searches for primes): call it off the request path.
pub fn generate(
    algorithm: Algorithm,
    signs_from: Timestamp,
    now: Timestamp,
    entropy: &Entropy,
    sealer: &Sealer,
) -> Result<SigningKey, Fault> {
    let (pkcs8, public) = PrivateKey::generate(algorithm)?;
    let mut row = SigningKey {
        id: Id::new(now, entropy)?,
        kid: public.thumbprint().text(),
        algorithm,
        public,
        sealed: None,
        created_at: now,
        published_at: now,
        state: if signs_from <= now { KeyState::Signing { signs_from: now } } else { KeyState::Next { signs_from } },
    };
    row.sealed = Some(sealer.seal(&pkcs8, row.seal_context().as_bytes(), entropy)?);
    Ok(row)
}

fn header(algorithm: Algorithm, typ: &str, kid: &str) -> Result<String, Fault> {
    let header =
        Header { typ: Some(typ.to_owned()), kid: Some(kid.to_owned()), ..Header::new(library_name(algorithm.into())) };
    serde_json::to_vec(&header)
        .map(|json| URL_SAFE_NO_PAD.encode(json))
        .map_err(|error| Fault::because(FaultKind::Bug, "a token header does not serialize", error))
}

fn broken(text: &'static str) -> Fault {
    Fault::new(FaultKind::Key, text)
}

#[doc(hidden)]
pub mod bench {
    use super::*;

    /// The whole of `jsonwebtoken::encode`, header included, with our provider.
    pub fn encode(signer: &Signer, typ: &str, claims: &impl Serialize) -> Option<String> {
        let mut header = Header::new(library_name(signer.algorithm.into()));
        header.typ = Some(typ.to_owned());
        header.kid = Some(signer.kid.clone());
        jsonwebtoken::encode(&header, claims, signer.key.encoding()).ok()
    }

    /// The library underneath, called without `jsonwebtoken`.
    pub fn direct(signer: &Signer, message: &[u8]) -> Option<Vec<u8>> {
        signer.key.sign_directly(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn sealer() -> Sealer {
        Sealer::new(&[3; 32])
    }

    fn row(algorithm: Algorithm) -> SigningKey {
        let now = Timestamp::from_seconds(1_000);
        generate(algorithm, now, now, &Entropy::os(), &sealer()).unwrap()
    }

    #[test]
    fn a_minted_token_says_what_it_is() {
        for algorithm in Algorithm::ALL {
            let row = row(algorithm);
            let signer = Signer::open(&row, &sealer()).unwrap();
            for typ in ["at+jwt", "JWT", "logout+jwt", "a\"b"] {
                let token = signer.mint(typ, &json!({"sub": "Ünï"})).unwrap();
                let parts: Vec<&str> = token.split('.').collect();
                let read = |at: usize| -> Value {
                    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[at]).unwrap()).unwrap()
                };
                assert_eq!(read(0), json!({"typ": typ, "alg": algorithm.as_str(), "kid": row.kid}));
                assert_eq!(read(1), json!({"sub": "Ünï"}));
                assert_eq!(parts.len(), 3);
            }
        }
    }

    #[test]
    fn our_short_way_makes_what_the_long_way_makes() {
        let signer = Signer::open(&row(Algorithm::EdDSA), &sealer()).unwrap();
        let claims = json!({"sub": "x", "exp": 5});
        // Ed25519 signatures are deterministic, so the whole token must be equal.
        assert_eq!(signer.mint("at+jwt", &claims).unwrap(), bench::encode(&signer, "at+jwt", &claims).unwrap());
    }

    #[test]
    fn a_private_half_opens_only_in_its_own_row() {
        let (a, b) = (row(Algorithm::ES256), row(Algorithm::ES256));
        let moved = SigningKey { sealed: b.sealed.clone(), ..a.clone() };
        assert_eq!(Signer::open(&moved, &sealer()).unwrap_err().kind(), FaultKind::Key);
        assert!(Signer::open(&a, &Sealer::new(&[4; 32])).is_err());
        assert!(Signer::open(&SigningKey { sealed: None, ..a.clone() }, &sealer()).is_err());
        let swapped = SigningKey { public: b.public, ..a };
        assert!(Signer::open(&swapped, &sealer()).is_err(), "a changed public half");
    }

    #[test]
    fn case_30_every_key_is_made_here_and_no_two_are_equal() {
        let kids: std::collections::HashSet<String> = (0..20).map(|_| row(Algorithm::EdDSA).kid).collect();
        assert_eq!(kids.len(), 20);
    }

    #[test]
    fn a_key_with_a_later_day_is_next_in_line() {
        let now = Timestamp::from_seconds(1_000);
        let later = Timestamp::from_seconds(1_600);
        let row = generate(Algorithm::ES256, later, now, &Entropy::os(), &sealer()).unwrap();
        assert_eq!(row.state, KeyState::Next { signs_from: later });
    }
}
