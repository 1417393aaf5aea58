//! Secrets that were replaced, as every store holds them: a JSON list.

use super::CodecError;
use crate::webhooks::OldSecret;
use serde_json::{Value, json};

/// Replaced secrets as a JSON list.
pub fn old_secrets_text(secrets: &[OldSecret]) -> String {
    let of = |old: &OldSecret| json!({"until_ms": old.until_ms, "secret": old.secret});
    Value::Array(secrets.iter().map(of).collect()).to_string()
}

/// Reads [`old_secrets_text`].
///
/// # Errors
/// [`CodecError::BadField`] when it is none.
pub fn old_secrets_of(text: &str) -> Result<Vec<OldSecret>, CodecError> {
    let bad = || CodecError::BadField("old secrets");
    let all: Vec<Value> = serde_json::from_str(text).map_err(|_| bad())?;
    let byte = |byte: &Value| byte.as_u64().and_then(|byte| u8::try_from(byte).ok());
    let of = |one: &Value| {
        let secret = one.get("secret")?.as_array()?.iter().map(byte).collect::<Option<Vec<u8>>>()?;
        Some(OldSecret { secret, until_ms: one.get("until_ms")?.as_i64()? })
    };
    all.iter().map(|one| of(one).ok_or_else(bad)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaced_secrets_read_back_and_what_is_none_is_refused() {
        let all = vec![
            OldSecret { secret: vec![0, 255, 7], until_ms: i64::MAX },
            OldSecret { secret: vec![], until_ms: -1 },
        ];
        assert_eq!(old_secrets_of(&old_secrets_text(&all)), Ok(all));
        assert_eq!(old_secrets_of("[]"), Ok(vec![]));
        for bad in ["", "{}", r#"[{"secret":[1]}]"#, r#"[{"until_ms":1,"secret":[256]}]"#] {
            assert!(old_secrets_of(bad).is_err(), "{bad}");
        }
    }
}
