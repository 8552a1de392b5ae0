//! Passkeys. Web Authentication, Level 3; sections are cited as WebAuthn §7.1.
//!
//! Both ceremonies are judged here, whole: [`register`] what a browser says about a key that a device has made, and [`authenticate`] a
//! signature with it. Neither asks who made the device: a passkey is as good as the person who added it.

mod authenticator_data;
mod cbor;
mod client_data;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Host;

use authenticator_data::{AuthenticatorData, LONGEST_ID};
pub use authenticator_data::{EDDSA, ES256, RS256};
use cbor::Item;
use client_data::Ceremony;

use crate::base::{Digest, Id};
use crate::model::{Passkey, Person, PublicJwk};

/// The algorithms that are asked for, the first with pleasure. WebAuthn §5.4: "Relying Parties that wish to support a wide range of
/// authenticators SHOULD include at least" EdDSA, ES256 and RS256.
pub const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];

/// What a browser must have been told for its answer to count.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Our origin, as a browser writes it.
    pub origin: &'a str,
    /// The name that passkeys are bound to: [`relying_party`].
    pub rp_id: &'a str,
    /// The challenge, in base64url.
    pub challenge: &'a str,
}

/// Why a passkey is not taken. For the log; whoever brought it learns only that it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("the client data is not what a browser says")]
    ClientData,
    #[error("the client data is of the other ceremony")]
    Ceremony,
    #[error("the challenge is another one")]
    Challenge,
    #[error("it was used on the page of another origin")]
    Origin,
    #[error("it was used in a frame of another page")]
    Framed,
    #[error("the authenticator data cannot be read, or contradicts itself")]
    AuthenticatorData,
    #[error("it is bound to another name")]
    RelyingParty,
    #[error("nobody was present")]
    NobodyPresent,
    #[error("nobody was verified: no fingerprint, face or code")]
    NobodyVerified,
    #[error("no new passkey came with it")]
    NoCredential,
    #[error("it was given another algorithm than one that was asked for")]
    Algorithm,
    #[error("its public key is none")]
    Key,
    #[error("it came with an attestation, which nobody asked for")]
    Attestation,
    #[error("it is somebody else's")]
    OtherPerson,
    #[error("the signature does not fit")]
    Signature,
}

/// A passkey that was made just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPasskey {
    /// Its credential id, in base64url.
    pub credential: String,
    pub key: PublicJwk,
    pub sign_count: u32,
    pub backed_up: bool,
}

/// What a browser brings for signing in.
#[derive(Clone, Copy, Debug)]
pub struct Assertion<'a> {
    pub client_data: &'a [u8],
    pub authenticator_data: &'a [u8],
    pub signature: &'a [u8],
    pub user_handle: &'a [u8],
}

/// What a good signature said besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticated {
    pub sign_count: u32,
    pub backed_up: bool,
}

/// Checks a signature over a message with a public key: `keys::passkey` does.
pub type Verify = fn(&PublicJwk, &[u8], &[u8]) -> bool;

/// The name that passkeys of this origin are bound to, if a browser makes any for it. WebAuthn §4: the RP ID is "a valid domain
/// string", so an address of numbers has none; and the interface is there in secure contexts only, which plain http is not but on
/// `localhost`.
pub fn relying_party(origin: &str) -> Option<String> {
    let url = url::Url::parse(origin).ok()?;
    match url.host()? {
        Host::Domain(name) if url.scheme() == "https" || name == "localhost" => Some(name.to_owned()),
        _ => None,
    }
}

/// Judges a new passkey. WebAuthn §7.1.
pub fn register(
    expected: &Expected<'_>,
    client_data: &[u8],
    attestation_object: &[u8],
    usable: fn(&PublicJwk) -> bool,
) -> Result<NewPasskey, Unfit> {
    client_data::judge(client_data, Ceremony::Create, expected)?;
    // "Perform CBOR decoding on the attestationObject … to obtain the attestation statement format fmt, the authenticator data
    // authData, and the attestation statement attStmt."
    let object = cbor::whole(attestation_object).ok_or(Unfit::AuthenticatorData)?;
    let bytes = object.named("authData").and_then(Item::bytes).ok_or(Unfit::AuthenticatorData)?;
    let data = read(bytes, expected)?;
    let attested = data.attested.as_ref().ok_or(Unfit::NoCredential)?;
    // "Verify that the "alg" parameter in the credential public key in authData matches the alg attribute of one of the items in
    // options.pubKeyCredParams."
    if !ALGORITHMS.contains(&attested.algorithm) {
        return Err(Unfit::Algorithm);
    }
    // WebAuthn §8.7, "None": "The syntax of … attStmt … is the empty map". WebAuthn §5.4.7 lets a browser pass on what an
    // authenticator said about itself alone (WebAuthn §8.2, without x5c), although nobody asked. It is looked at as little as it is
    // worth, for the key speaks for itself at the first sign-in; whoever names a maker is refused.
    let statement = object.named("attStmt").ok_or(Unfit::Attestation)?;
    match object.named("fmt").and_then(Item::text) {
        Some("none") if *statement == Item::Map(Vec::new()) => {}
        Some("packed") if matches!(statement, Item::Map(_)) && statement.named("x5c").is_none() => {}
        _ => return Err(Unfit::Attestation),
    }
    if attested.id.is_empty() || attested.id.len() > LONGEST_ID {
        return Err(Unfit::NoCredential);
    }
    if !usable(&attested.key) {
        return Err(Unfit::Key);
    }
    Ok(NewPasskey {
        credential: URL_SAFE_NO_PAD.encode(attested.id),
        key: attested.key.clone(),
        sign_count: data.sign_count,
        backed_up: data.is_backed_up(),
    })
}

/// Judges a signature of a passkey that is known. WebAuthn §7.2. Whether the counter has moved on is asked in the transaction:
/// [`counts_on`].
pub fn authenticate(
    expected: &Expected<'_>,
    passkey: &Passkey,
    assertion: &Assertion<'_>,
    verify: Verify,
) -> Result<Authenticated, Unfit> {
    // "If the user was not identified before the authentication ceremony was initiated, verify that response.userHandle is present.
    // Verify that the user account identified by response.userHandle contains a credential record whose id equals
    // credential.rawId." (attack case 55)
    if !belongs_to(passkey.person, assertion.user_handle) {
        return Err(Unfit::OtherPerson);
    }
    client_data::judge(assertion.client_data, Ceremony::Get, expected)?;
    let data = read(assertion.authenticator_data, expected)?;
    // "Let hash be the result of computing a hash over the cData using SHA-256. Using credentialPublicKey, verify that sig is a valid
    // signature over the binary concatenation of authData and hash."
    let hash = Digest::of(assertion.client_data);
    let signed = [assertion.authenticator_data, hash.bytes().as_slice()].concat();
    if !verify(&passkey.key, &signed, assertion.signature) {
        return Err(Unfit::Signature);
    }
    Ok(Authenticated { sign_count: data.sign_count, backed_up: data.is_backed_up() })
}

fn belongs_to(person: Id<Person>, user_handle: &[u8]) -> bool {
    user_handle == Passkey::user_handle(person)
}

fn read<'a>(bytes: &'a [u8], expected: &Expected<'_>) -> Result<AuthenticatorData<'a>, Unfit> {
    let data = AuthenticatorData::read(bytes).ok_or(Unfit::AuthenticatorData)?;
    // WebAuthn §7.1 and §7.2: "Verify that the rpIdHash in authData is the SHA-256 hash of the RP ID expected by the Relying Party."
    if Digest::from_bytes(*data.rp_id_hash) != Digest::of(expected.rp_id.as_bytes()) {
        return Err(Unfit::RelyingParty);
    }
    data.judge()?;
    Ok(data)
}

/// Whether a passkey's counter has moved on since it was used last, or was never used at all.
///
/// WebAuthn §7.2: "If authData.signCount is nonzero or credentialRecord.signCount is nonzero": if it is "less than or equal to
/// credentialRecord.signCount, this is a signal, but not proof, that the authenticator may be cloned." WebAuthn §6.1.1 leaves to us what
/// follows. Who has one of two copies is not let in (attack case 55); the owner has a password, and whoever administers can help.
pub fn counts_on(stored: u32, shown: u32) -> bool {
    (stored == 0 && shown == 0) || shown > stored
}

#[cfg(test)]
mod tests;
