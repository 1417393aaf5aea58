//! What is wrong with JSON that was sent: where, and what was expected there. Nothing of what was sent is repeated: it
//! may be a secret, and whoever sent it has it.

use crate::limits::MESSAGE_BYTES_MAX;
use crate::text::clipped;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

/// Longest name of a field that is told, in bytes. Ours are shorter.
const NAME_BYTES_MAX: usize = 40;

/// JSON that could not be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}")]
pub struct JsonFault {
    /// Whether it is JSON, of which a field is missing or of a wrong type.
    pub is_data: bool,
    /// A sentence without its full stop: field, what was expected, line and column.
    pub what: String,
}

/// Reads JSON.
///
/// # Errors
/// What is wrong, and where. Only then is the text read a second time.
pub fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, JsonFault> {
    let first = match serde_json::from_slice(json) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let reader = &mut serde_json::Deserializer::from_slice(json);
    Err(match serde_path_to_error::deserialize::<_, T>(reader) {
        Err(error) => told(error.inner(), Some(error.path())),
        // What follows a good value.
        Ok(_) => told(&first, None),
    })
}

/// What an error says, without what was sent.
pub(crate) fn told(error: &serde_json::Error, path: Option<&Path>) -> JsonFault {
    let place = format!("line {}, column {}", error.line(), error.column());
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let (is_data, what) = match error.classify() {
        Category::Data => (true, expected(message)),
        // These are the reader's own words.
        Category::Syntax | Category::Eof | Category::Io => (false, format!("no JSON: {message}")),
    };
    let field = path.filter(|_| is_data).map(|path| name(path, message)).unwrap_or_default();
    let place = if field.is_empty() { place } else { format!("`{field}` ({place})") };
    JsonFault { is_data, what: clipped(&format!("{place}: {what}"), MESSAGE_BYTES_MAX).to_owned() }
}

/// What was expected instead.
fn expected(message: &str) -> String {
    // The names are those of our own fields.
    if message.starts_with("missing field `") || message.starts_with("duplicate field `") {
        return message.to_owned();
    }
    let Some((found, expected)) = message.rsplit_once(", expected ") else {
        let is_id = message.starts_with("UUID parsing failed");
        return if is_id { "expected a UUID".to_owned() } else { "this value cannot be read".to_owned() };
    };
    if found.starts_with("unknown field `") {
        return format!("a field that is not known; expected {expected}");
    }
    let plain = match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" | "usize" => "a whole number from 0 on",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    };
    format!("expected {plain}")
}

/// The path of a field as people write it. A name that can be none of ours is left out, with all below it, and so is one
/// that is known to be none.
fn name(path: &Path, message: &str) -> String {
    let mut name = String::new();
    let strangers = usize::from(message.starts_with("unknown field `"));
    for segment in path.iter().take(path.iter().len().saturating_sub(strangers)) {
        match segment {
            Segment::Seq { index } => name.push_str(&format!("[{index}]")),
            Segment::Map { key } if is_ours(key) => {
                if !name.is_empty() {
                    name.push('.');
                }
                name.push_str(key);
            }
            Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => break,
        }
    }
    name
}

fn is_ours(key: &str) -> bool {
    key.len() <= NAME_BYTES_MAX && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "only what is wrong with them is read")]
    struct Outer {
        inner: Vec<Inner>,
        word: Option<Word>,
    }

    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "only what is wrong with them is read")]
    struct Inner {
        number: u8,
    }

    #[derive(Deserialize, Debug)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        One,
        Two,
    }

    fn fault(json: &str) -> (bool, String) {
        let fault = from_json::<Outer>(json.as_bytes()).map(|_| ()).expect_err("something is wrong");
        (fault.is_data, fault.what)
    }

    #[test]
    fn it_is_said_which_field_and_what_was_expected() {
        for (json, said) in [
            (
                r#"{"inner":[{"number":1},{"number":"secret"}]}"#,
                "`inner[1].number` (line 1, column 41): expected a whole number from 0 to 255",
            ),
            (
                r#"{"inner":[{"number":300}]}"#,
                "`inner[0].number` (line 1, column 23): expected a whole number from 0 to 255",
            ),
            (r#"{"inner":[{}]}"#, "`inner[0]` (line 1, column 12): missing field `number`"),
            (r#"{"word":"secret"}"#, "`word` (line 1, column 16): expected `one` or `two`"),
            (r#"{"word":"a, expected secret"}"#, "`word` (line 1, column 28): expected `one` or `two`"),
            (r#"{"inner":"secret"}"#, "`inner` (line 1, column 17): expected a list"),
            ("{\n}", "line 2, column 1: missing field `inner`"),
        ] {
            assert_eq!(fault(json), (true, said.to_owned()), "{json}");
        }
        for json in ["", "{", "secret", "{\"inner\":[]} secret", "{\"secret\":}"] {
            let (is_data, said) = fault(json);
            assert!(!is_data && said.contains(": no JSON: ") && !said.contains("secret"), "{json}: {said}");
        }
    }
}
