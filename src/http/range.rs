//! `Range` (RFC 9110 §14): one range of bytes. Of several, all of the file is sent, which is always allowed.

use std::ops::Range;

/// What is wanted of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Wanted {
    /// All of it.
    All,
    /// A part that is there.
    Range(Range<u64>),
    /// A part behind its end.
    Nowhere,
}

/// What the header wants of a file of this length. A header that cannot be read wants all.
pub(super) fn wanted(header: Option<&str>, length: u64) -> Wanted {
    let Some(range) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else {
        return Wanted::All;
    };
    let Some((first, last)) = range.trim().split_once('-') else { return Wanted::All };
    let (first, last) = (number(first), number(last));
    let range = match (first, last) {
        (Given::Number(first), Given::Number(last)) if first <= last => {
            first..last.saturating_add(1).min(length)
        }
        (Given::Number(first), Given::Nothing) => first..length,
        (Given::Nothing, Given::Number(tail)) => length.saturating_sub(tail)..length,
        (Given::Number(_) | Given::Nothing | Given::Nonsense, _) => return Wanted::All,
    };
    if range.is_empty() { Wanted::Nowhere } else { Wanted::Range(range) }
}

enum Given {
    Number(u64),
    Nothing,
    Nonsense,
}

fn number(text: &str) -> Given {
    let text = text.trim();
    match text.parse() {
        _ if text.is_empty() => Given::Nothing,
        Ok(number) if text.bytes().all(|byte| byte.is_ascii_digit()) => Given::Number(number),
        Ok(_) | Err(_) => Given::Nonsense,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_sent_and_whatever_is_none_is_the_whole_file() {
        let of = |header| wanted(Some(header), 100);
        assert_eq!(of("bytes=0-0"), Wanted::Range(0..1));
        assert_eq!(of("bytes=10-"), Wanted::Range(10..100));
        assert_eq!(of("bytes=90-1000"), Wanted::Range(90..100));
        assert_eq!(of("bytes=-5"), Wanted::Range(95..100));
        assert_eq!(of("bytes=-500"), Wanted::Range(0..100));
        for nowhere in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(of(nowhere), Wanted::Nowhere, "{nowhere}");
        }
        for all in
            ["", "bytes=", "bytes=a-b", "bytes=5-4", "bytes=0-1,5-6", "items=0-1", "bytes=+1-2", "bytes=-"]
        {
            assert_eq!(of(all), Wanted::All, "{all}");
        }
        assert_eq!(wanted(None, 100), Wanted::All);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Nowhere);
        assert_eq!(of("bytes=18446744073709551615-18446744073709551615"), Wanted::Nowhere);
    }
}
