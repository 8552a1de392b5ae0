//! Client secrets. OAuth 2.1 §2.4.1.

use crate::base::{Digest, Timestamp};
use crate::model::ClientSecret;
use crate::protocol::refusal::Refusal;

/// Whether one of the client's live secrets has this digest. OAuth 2.1 §2.4.1.
///
/// Secrets are 256 bits of chance, so a plain digest is enough; all are compared, in constant time.
pub fn check_secret(secrets: &[ClientSecret], presented: &Digest, now: Timestamp) -> Result<(), Refusal> {
    let mut answer = Err(Refusal::ClientSecretWrong);
    for secret in secrets {
        if secret.digest == *presented {
            let live = secret.expires_at.is_none_or(|end| now < end);
            answer = if live { Ok(()) } else { Err(Refusal::ClientSecretExpired) };
        }
    }
    answer
}
