//! Proof Key for Code Exchange, S256 only. RFC 7636, OAuth 2.1 §7.5.

use super::refusal::{Refusal, ensure};
use crate::base::Digest;

/// Accepts a code challenge. RFC 7636 §4.3 and §4.4.1.
pub fn challenge(challenge: Option<&str>, method: Option<&str>) -> Result<String, Refusal> {
    // §4.4.1: "If the server requires Proof Key for Code Exchange (PKCE) by OAuth public clients and the client does not
    // send the "code_challenge" in the request, the authorization endpoint MUST return the authorization error response
    // with the "error" value set to "invalid_request"." OAuth 2.1 §7.5.1 requires it of all.
    let challenge = challenge.ok_or(Refusal::PkceMissing)?;
    // §4.3: "defaults to "plain" if not present"; OAuth 2.1 §7.5.2 has no reason left for plain, and neither has Writ.
    ensure(method == Some("S256"), Refusal::PkceMethod)?;
    // §4.2: BASE64URL-ENCODE(SHA256(ASCII(code_verifier))) is 43 characters.
    let fits = challenge.len() == 43 && challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    ensure(fits, Refusal::MalformedParameter("code_challenge"))?;
    Ok(challenge.to_owned())
}

/// Checks the verifier against the challenge. RFC 7636 §4.6.
pub fn verify(challenge: &str, verifier: Option<&str>) -> Result<(), Refusal> {
    let verifier = verifier.ok_or(Refusal::MissingParameter("code_verifier"))?;
    // §4.1: "with a minimum length of 43 characters and a maximum length of 128 characters", unreserved characters.
    let fits = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'));
    ensure(fits, Refusal::VerifierMalformed)?;
    // §4.6: "If the values are not equal, an error response indicating "invalid_grant" … MUST be returned."
    let made = Digest::of(verifier.as_bytes()).text();
    let equal: bool = subtle::ConstantTimeEq::ct_eq(made.as_bytes(), challenge.as_bytes()).into();
    ensure(equal, Refusal::PkceMismatch)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_vector_of_appendix_b() {
        assert_eq!(challenge(Some(CHALLENGE), Some("S256")).unwrap(), CHALLENGE);
        verify(CHALLENGE, Some(VERIFIER)).unwrap();
    }

    #[test]
    fn case_13_everything_but_s256_is_refused() {
        assert_eq!(challenge(None, Some("S256")), Err(Refusal::PkceMissing));
        assert_eq!(challenge(Some(CHALLENGE), None), Err(Refusal::PkceMethod));
        assert_eq!(challenge(Some(CHALLENGE), Some("plain")), Err(Refusal::PkceMethod));
        assert_eq!(challenge(Some(CHALLENGE), Some("s256")), Err(Refusal::PkceMethod));
        for bad in ["short", &"A".repeat(44), &"A".repeat(42), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"] {
            assert_eq!(challenge(Some(bad), Some("S256")), Err(Refusal::MalformedParameter("code_challenge")), "{bad}");
        }
        assert_eq!(verify(CHALLENGE, None), Err(Refusal::MissingParameter("code_verifier")));
        assert_eq!(
            verify(CHALLENGE, Some(CHALLENGE)),
            Err(Refusal::PkceMismatch),
            "the challenge is not its own verifier"
        );
        for bad in [&VERIFIER[..42], &"a".repeat(129), "dBjftJeZ4CVP mB92K27uhbUJU1p1r_wW1gFWFOEjXk"] {
            assert_eq!(verify(CHALLENGE, Some(bad)), Err(Refusal::VerifierMalformed), "{bad}");
        }
    }
}
