//! What the browser says: for which page, and in answer to what. WebAuthn §5.8.1.

use serde_json::Value;

use super::{Expected, Unfit};
use crate::protocol::strict_json::parse_object;

/// Longest client data that is looked at, in bytes.
const LONGEST: usize = 4 * 1_024;

/// Which of the two ceremonies. WebAuthn §5.8.1: "contains the string "webauthn.create" when creating new credentials, and
/// "webauthn.get" when getting an assertion".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ceremony {
    Create,
    Get,
}

/// Judges client data, in the order and the words of WebAuthn §7.1 and §7.2.
pub(super) fn judge(client_data: &[u8], ceremony: Ceremony, expected: &Expected<'_>) -> Result<(), Unfit> {
    // "Let JSONtext be the result of running UTF-8 decode on the value of cData", which takes a byte order mark off.
    let json = client_data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(client_data);
    let said = parse_object(json, LONGEST).map_err(|_| Unfit::ClientData)?;
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    // "Verify that the value of C.type is webauthn.create", or "is the string webauthn.get": a signature of one is none of the other.
    let kind = match ceremony {
        Ceremony::Create => "webauthn.create",
        Ceremony::Get => "webauthn.get",
    };
    if text("type") != Some(kind) {
        return Err(Unfit::Ceremony);
    }
    // "Verify that the value of C.challenge equals the base64url encoding of options.challenge."
    if text("challenge") != Some(expected.challenge) {
        return Err(Unfit::Challenge);
    }
    // "Verify that the value of C.origin is an origin expected by the Relying Party." One is, as it is written: neither a name that ends
    // in ours nor one that ours ends in (attack case 55).
    if text("origin") != Some(expected.origin) {
        return Err(Unfit::Origin);
    }
    // "If C.crossOrigin is present and set to true, verify that the Relying Party expects that this credential would have been created
    // within an iframe that is not same-origin with its ancestors." Our pages let nobody frame them.
    if !matches!(said.get("crossOrigin"), None | Some(Value::Bool(false))) || said.contains_key("topOrigin") {
        return Err(Unfit::Framed);
    }
    Ok(())
}
