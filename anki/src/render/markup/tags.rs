//! Where tags and their addresses begin and end.

use crate::package::composed;
use crate::render::filters::starts_with;

/// Whether an element of this name opens right here.
pub(super) fn opens(here: &str, name: &str) -> bool {
    here.get(1..).is_some_and(|inner| {
        starts_with(inner, name)
            && inner.as_bytes().get(name.len()).is_some_and(|byte| byte.is_ascii_whitespace())
    })
}

/// Whether a tag's style hides it.
pub(super) fn hides(tag: &str) -> bool {
    let close = |text: &str| -> String {
        text.chars()
            .filter(|letter| !letter.is_whitespace())
            .map(|letter| letter.to_ascii_lowercase())
            .collect()
    };
    tag.len() < QUOTED_BYTES_MAX && {
        let tag = close(tag);
        tag.find("style=").is_some_and(|at| tag.get(at..).is_some_and(|style| style.contains("display:none")))
    }
}

/// Where the end tag of an element of this name begins that opens right here.
pub(super) fn closing(here: &str, name: &str) -> Option<usize> {
    let (mut depth, mut from) = (0_usize, 0);
    while let Some(at) = here.get(from..)?.find('<') {
        let at = from + at;
        let inner = here.get(at + 1..)?;
        let (is_end, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
        let is_named = starts_with(inner, name)
            && inner.as_bytes().get(name.len()).is_some_and(|byte| !byte.is_ascii_alphanumeric());
        if is_named && is_end {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return Some(at);
            }
        } else if is_named {
            depth += 1;
        }
        from = at + 1;
    }
    None
}

/// Where a tag ends that begins right here: at a `>` that is not within quotes. `None` if another begins before.
pub(super) fn tag_end(here: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in here.bytes().enumerate().skip(1).take(QUOTED_BYTES_MAX) {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'<') => return None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if byte == open => quote = None,
            _ => {}
        }
    }
    // Pictures within the text are long, and have no such letters.
    let end =
        QUOTED_BYTES_MAX + here.as_bytes().get(QUOTED_BYTES_MAX..)?.iter().position(|b| b"<>".contains(b))?;
    (here.as_bytes().get(end) == Some(&b'>')).then_some(end + 1)
}

/// So far into a tag its quotes are heeded.
const QUOTED_BYTES_MAX: usize = 4 * 1024;

/// Where the value of an attribute stands within a tag, its quotes included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address {
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The text that stands there, without quotes.
pub(super) fn tag_text(tag: &str, address: Address) -> &str {
    let text = tag.get(address.from..address.to).unwrap_or("");
    let quoted = |quote| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    quoted('"').or_else(|| quoted('\'')).unwrap_or(text)
}

/// The value of `src` or `data`.
pub(super) fn address(tag: &str) -> Option<Address> {
    let bytes = tag.as_bytes();
    let gap = |byte: u8| byte.is_ascii_whitespace() || byte == b'/';
    let mut at = bytes.iter().position(|byte| gap(*byte))?;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| !gap(*byte))?;
        let name_end =
            at + bytes.get(at..)?.iter().position(|byte| gap(*byte) || matches!(byte, b'=' | b'>'))?;
        let name = tag.get(at..name_end)?;
        let after = name_end + bytes.get(name_end..)?.iter().position(|byte| !byte.is_ascii_whitespace())?;
        if bytes.get(after) != Some(&b'=') {
            at = if name_end == at { at + 1 } else { name_end };
            continue;
        }
        let from = after + 1 + bytes.get(after + 1..)?.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let to = match bytes.get(from) {
            Some(quote @ (b'"' | b'\'')) => {
                let inner = bytes.get(from + 1..)?;
                from + 1 + inner.iter().position(|byte| byte == quote)? + 1
            }
            _ => {
                from + bytes
                    .get(from..)?
                    .iter()
                    .position(|byte| byte.is_ascii_whitespace() || *byte == b'>')?
            }
        };
        if name.eq_ignore_ascii_case("src") || name.eq_ignore_ascii_case("data") {
            return Some(Address { from, to });
        }
        at = to;
    }
}

/// An address on the net, and not a name.
pub(super) fn is_outside(address: &str) -> bool {
    ["http://", "https://", "//", "ftp://"].iter().any(|start| starts_with(address, start))
}

/// A name as it was before it was written into an address.
pub(super) fn percent_decoded(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| byte == b'%') {
            Some(decoded) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or(&[]);
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    composed(&String::from_utf8_lossy(&bytes))
}
