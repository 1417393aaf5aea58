//! Signatures in the manner of the Standard Webhooks specification: HMAC-SHA256 over `id.timestamp.body`, so that a
//! receiver knows who sent it, and that it is not an old one sent again.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign as hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use uuid::Uuid;

/// What a secret as text begins with.
const PREFIX: &str = "whsec_";

/// A new secret.
pub fn new_secret() -> Vec<u8> {
    [Uuid::new_v4(), Uuid::new_v4()].iter().flat_map(|half| *half.as_bytes()).collect()
}

/// A secret as its owner is shown it.
pub fn secret_text(secret: &[u8]) -> String {
    format!("{PREFIX}{}", BASE64.encode(secret))
}

/// `webhook-signature` of a message: one signature for each secret, with spaces between them.
pub fn signature<'a>(
    secrets: impl Iterator<Item = &'a [u8]>,
    id: &str,
    timestamp_s: i64,
    body: &[u8],
) -> String {
    let signed = [format!("{id}.{timestamp_s}.").as_bytes(), body].concat();
    let one = |secret: &[u8]| {
        let tag = hmac(&Key::new(HMAC_SHA256, secret), &signed);
        format!("v1,{}", BASE64.encode(tag.as_ref()))
    };
    secrets.map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhooks::limits::SECRET_BYTES;

    #[test]
    fn a_message_is_signed_as_the_specification_shows_it() {
        // The example of the reference libraries.
        let secret = BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = |secrets: &[&[u8]]| {
            let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#);
            signature(secrets.iter().copied(), id, 1_614_265_330, body)
        };
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed(&[&secret]), expected);
        let both = signed(&[b"another", &secret]);
        assert_eq!(both.split(' ').nth(1), Some(expected));
    }

    #[test]
    fn secrets_differ_and_have_the_length_that_receivers_expect() {
        let (one, other) = (new_secret(), new_secret());
        assert_ne!(one, other);
        assert_eq!(one.len(), SECRET_BYTES);
        assert!(secret_text(&one).starts_with("whsec_"));
    }
}
