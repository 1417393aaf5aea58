//! Writing JSON by hand where it is worth it: numbers and ids into one growing `String`.

use serde::Serialize;
use uuid::Uuid;

/// Appends a number in decimal.
pub(crate) fn push_u64(out: &mut String, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    push_ascii(out, &digits[at..]);
}

/// Appends an id, in quotes.
pub(crate) fn push_id(out: &mut String, id: Uuid) {
    let mut buffer = Uuid::encode_buffer();
    out.push('"');
    out.push_str(id.hyphenated().encode_lower(&mut buffer));
    out.push('"');
}

/// Appends bytes that are ASCII by construction.
pub(crate) fn push_ascii(out: &mut String, ascii: &[u8]) {
    out.extend(ascii.iter().map(|byte| char::from(*byte)));
}

/// Any of our own values as JSON.
#[expect(clippy::expect_used, reason = "our frames have string keys only, and memory takes every byte")]
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("a frame is always JSON")
}

/// Appends `body`, which must serialise to an object, with `head` (`{"type":"…"` and what follows, not
/// closed) in front of its fields.
pub(crate) fn push_tagged<T: Serialize>(out: &mut String, head: &str, body: &T) {
    out.push_str(head);
    let body = json(body);
    let fields = body.get(1..).unwrap_or("}");
    if fields != "}" {
        out.push(',');
    }
    out.push_str(fields);
}

/// The longest prefix of `text` of at most `bytes_max` bytes that ends between characters.
pub(crate) fn clipped(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        for value in [0, 7, 10, 99, 100, 12_345, u64::from(u32::MAX), u64::MAX] {
            let mut out = String::from("x");
            push_u64(&mut out, value);
            assert_eq!(out, format!("x{value}"));
        }
    }

    #[test]
    fn clipping_never_divides_a_character() {
        assert_eq!(clipped("aé", 2), "a");
        assert_eq!(clipped("aé", 3), "aé");
        assert_eq!(clipped("aé", 30), "aé");
    }
}
