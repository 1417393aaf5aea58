//! Texts as a JSON list. Notes and cards of an import are little else than texts, and most have nothing to escape: what goes
//! into the list as it is goes at once.

/// Bytes that are looked at together.
const TOGETHER: usize = 16;

/// Texts as a JSON list, without a copy of each; as `serde_json` writes it.
pub(super) fn list_text(texts: &[String]) -> String {
    let bytes = texts.iter().map(|text| text.len() + 3).sum::<usize>();
    let mut list = String::with_capacity(bytes + 2);
    list.push('[');
    for (nth, text) in texts.iter().enumerate() {
        list.push_str(if nth == 0 { "\"" } else { ",\"" });
        push_escaped(&mut list, text);
        list.push('"');
    }
    list.push(']');
    list
}

fn push_escaped(list: &mut String, mut text: &str) {
    // What is escaped is ASCII, so a text can be divided before and behind it.
    while let Some((plain, rest)) = text.split_at_checked(plain_len(text.as_bytes())) {
        list.push_str(plain);
        let mut rest = rest.chars();
        let Some(special) = rest.next() else { return };
        match special {
            '"' => list.push_str("\\\""),
            '\\' => list.push_str("\\\\"),
            '\n' => list.push_str("\\n"),
            '\r' => list.push_str("\\r"),
            '\t' => list.push_str("\\t"),
            '\u{8}' => list.push_str("\\b"),
            '\u{c}' => list.push_str("\\f"),
            other => list.push_str(&format!("\\u{:04x}", u32::from(other))),
        }
        text = rest.as_str();
    }
}

/// How many bytes in the beginning need no escape.
fn plain_len(text: &[u8]) -> usize {
    let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    let (parts, _) = text.as_chunks::<TOGETHER>();
    // All of a part are looked at, which the processor does at once.
    let is_plain = |part: &&[u8; TOGETHER]| !part.iter().fold(false, |any, byte| any | is_special(*byte));
    let begun = parts.iter().take_while(is_plain).count() * TOGETHER;
    let rest = text.get(begun..).unwrap_or_default();
    begun + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_list_is_what_the_library_for_json_writes(
            texts in prop::collection::vec("[ -~\\x00-\\x1f\"\\\\äß日\u{7f}\u{2028}]{0,40}", 0..5)
        ) {
            prop_assert_eq!(list_text(&texts), serde_json::to_string(&texts).unwrap());
        }
    }

    #[test]
    fn every_byte_that_needs_an_escape_has_it_wherever_it_stands() {
        for at in [0, 1, 15, 16, 17, 31, 32] {
            for special in (0..=0x7f_u8).map(char::from) {
                let text = format!("{}{special}{}", "x".repeat(at), "y".repeat(20));
                let texts = [text.clone(), text];
                assert_eq!(list_text(&texts), serde_json::to_string(&texts).unwrap(), "{special:?} at {at}");
            }
        }
    }
}
