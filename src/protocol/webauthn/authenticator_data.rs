//! What an authenticator says, and signs. WebAuthn §6.1.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Unfit;
use super::cbor::{self, Item};
use crate::model::PublicJwk;

/// Longest credential id. WebAuthn §7.1: "Verify that the credentialId is ≤ 1023 bytes. Credential IDs larger than this many bytes
/// SHOULD cause the RP to fail this registration ceremony."
pub(super) const LONGEST_ID: usize = 1_023;

/// Authenticator data, taken apart and not yet judged.
#[derive(Debug)]
pub(super) struct AuthenticatorData<'a> {
    pub(super) rp_id_hash: &'a [u8; 32],
    flags: u8,
    pub(super) sign_count: u32,
    /// With a new credential only.
    pub(super) attested: Option<Attested<'a>>,
}

/// WebAuthn §6.5.1, "attested credential data".
#[derive(Debug)]
pub(super) struct Attested<'a> {
    pub(super) id: &'a [u8],
    pub(super) key: PublicJwk,
    pub(super) algorithm: i64,
}

/// WebAuthn §6.1: "Bit 0: User Present (UP) result", "Bit 2: User Verified (UV) result", "Bit 3: Backup Eligibility (BE)",
/// "Bit 4: Backup State (BS)", "Bit 6: Attested credential data included (AT)", "Bit 7: Extension data included (ED)".
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const MAY_BE_BACKED_UP: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

impl<'a> AuthenticatorData<'a> {
    /// WebAuthn §6.1: "The authenticator data structure is a byte array of 37 bytes or more": the hash of the RP ID, flags, a counter,
    /// then a new credential and extensions as far as the flags announce them, and nothing else.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>()?;
        let ([flags], rest) = rest.split_first_chunk::<1>()?;
        let (sign_count, mut rest) = rest.split_first_chunk::<4>()?;
        let attested = match flags & ATTESTED {
            0 => None,
            _ => Some(Attested::read(&mut rest)?),
        };
        if flags & EXTENSIONS != 0 {
            let (extensions, after) = cbor::read(rest)?;
            rest = matches!(extensions, Item::Map(_)).then_some(after)?;
        }
        let sign_count = u32::from_be_bytes(*sign_count);
        rest.is_empty().then_some(Self { rp_id_hash, flags: *flags, sign_count, attested })
    }

    pub(super) fn is_backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }

    /// What is asked of the flags in either ceremony, in the words of WebAuthn §7.2.
    pub(super) fn judge(&self) -> Result<(), Unfit> {
        // "Verify that the UP bit of the flags in authData is set."
        if self.flags & USER_PRESENT == 0 {
            return Err(Unfit::NobodyPresent);
        }
        // "If user verification was determined to be required, verify that the UV bit of the flags in authData is set. Otherwise,
        // ignore the value of the UV flag." It always is: a passkey is all that is asked for (attack case 55).
        if self.flags & USER_VERIFIED == 0 {
            return Err(Unfit::NobodyVerified);
        }
        // "If the BE bit of the flags in authData is not set, verify that the BS bit is not set."
        if self.flags & BACKED_UP != 0 && self.flags & MAY_BE_BACKED_UP == 0 {
            return Err(Unfit::AuthenticatorData);
        }
        Ok(())
    }
}

impl<'a> Attested<'a> {
    /// WebAuthn §6.5.1: "aaguid", 16 bytes; "credentialIdLength", 2; "credentialId"; "credentialPublicKey", in COSE_Key format.
    fn read(rest: &mut &'a [u8]) -> Option<Self> {
        // Which make of authenticator it is: asked by nobody.
        let (_aaguid, after) = rest.split_first_chunk::<16>()?;
        let (length, after) = after.split_first_chunk::<2>()?;
        let (id, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
        let (cose, after) = cbor::read(after)?;
        *rest = after;
        let (algorithm, key) = public_key(&cose)?;
        Some(Self { id, key, algorithm })
    }
}

/// WebAuthn §5.8.5: "COSEAlgorithmIdentifier". RFC 9053 §2.1 and §2.2, RFC 8812 §2.
pub const ES256: i64 = -7;
pub const EDDSA: i64 = -8;
pub const RS256: i64 = -257;

/// A COSE key of one of the three kinds that are asked for. RFC 9052 §7.1 has the labels 1 (kty) and 3 (alg), RFC 9053 §7 the curves and
/// coordinates, RFC 8230 §4 those of RSA.
///
/// WebAuthn §5.8.5: "Keys with algorithm ES256 (-7) MUST specify P-256 (1) as the crv parameter and MUST NOT use the compressed point
/// form", "Keys with algorithm EdDSA (-8) MUST specify Ed25519 (6) as the crv parameter".
fn public_key(cose: &Item<'_>) -> Option<(i64, PublicJwk)> {
    let number = |label| cose.numbered(label).and_then(Item::integer);
    let member = |label| cose.numbered(label).and_then(Item::bytes).map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    let coordinate = |label| cose.numbered(label).and_then(Item::bytes).filter(|bytes| bytes.len() == 32);
    let encoded = |label| coordinate(label).map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    let algorithm = number(3)?;
    let key = match (number(1)?, algorithm) {
        (2, ES256) if number(-1) == Some(1) => {
            PublicJwk::EC { crv: "P-256".to_owned(), x: encoded(-2)?, y: encoded(-3)? }
        }
        (1, EDDSA) if number(-1) == Some(6) => PublicJwk::OKP { crv: "Ed25519".to_owned(), x: encoded(-2)? },
        (3, RS256) => PublicJwk::RSA { n: member(-1)?, e: member(-2)? },
        _ => return None,
    };
    Some((algorithm, key))
}
