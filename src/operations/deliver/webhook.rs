//! Signed JSON to an address, as Standard Webhooks has it, so that libraries that others wrote can check it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Batch, Undelivered};
use crate::app::App;
use crate::base::{Lifetime, MacKey, Timestamp};
use crate::config::DeliverTo;
use crate::outbound::{Content, Message};

const PATIENCE: Lifetime = Lifetime::from_seconds(15);
/// Nobody reads what comes back.
const LONGEST_ANSWER: usize = 64 * 1_024;

pub(super) fn post(app: &App, url: &str, now: Timestamp, batch: &Batch) -> Result<(), Undelivered> {
    let key = app.config.audit.deliver_secret.as_ref().and_then(DeliverTo::signing_key);
    let Some(key) = key else { return Err(Undelivered::because("audit.deliver_secret is not set")) };
    let entries: Vec<&str> = batch.lines.iter().map(|line| line.json.as_str()).collect();
    let issuer = serde_json::Value::from(app.issuer.as_str());
    let body = format!(
        r#"{{"type":"audit.entries","issuer":{issuer},"first":{},"last":{},"entries":[{}]}}"#,
        batch.first,
        batch.last,
        entries.join(",")
    );
    let (id, at) = (format!("audit-{}-{}", batch.first, batch.last), now.seconds().to_string());
    let headers = [
        ("webhook-signature", signature(&MacKey::shared(&key), &id, &at, body.as_bytes())),
        ("webhook-id", id),
        ("webhook-timestamp", at),
    ];
    let content = Content::Json(body.as_bytes());
    let message = Message { url, headers: &headers, body: content, most_bytes: LONGEST_ANSWER, total_time: PATIENCE };
    match app.outbound.tell(&message) {
        Ok(heard) if (200..300).contains(&heard.status) => Ok(()),
        Ok(heard) => Err(Undelivered {
            why: format!("the receiver answered with status {}", heard.status),
            retry_after: heard.retry_after,
        }),
        Err(error) => Err(Undelivered::because(format!("the receiver was not reached: {error}"))),
    }
}

/// Standard Webhooks, "Signature scheme": `msg_id.timestamp.payload`, HMAC-SHA256, base64, behind the version.
fn signature(key: &MacKey, id: &str, at: &str, body: &[u8]) -> String {
    let mac = key.mac(&[id.as_bytes(), b".", at.as_bytes(), b".", body]);
    format!("v1,{}", STANDARD.encode(mac.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    /// The example of the specification's own libraries.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let key = MacKey::shared(&DeliverTo::signing_key(&secret).unwrap());
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
