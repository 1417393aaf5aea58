//! Numbers: `1,000`, `1 000` and `1000` are one, and so are `3.50`, `3.5` and, where nothing else can be meant, `3,5`.

use super::DecimalMark;
use super::form::ranked;
use unicode_normalization::UnicodeNormalization;

/// The value of a text that is a number and nothing else, written in one way: sign, digits without leading zeros, decimals
/// without trailing ones. Digits are compared, never rounded.
///
/// It is read as the deck writes numbers, and by the other decimal mark only where that gives nothing.
pub(super) fn value(text: &str, mark: DecimalMark) -> Option<String> {
    let text = text.trim();
    let text: String = match text.is_ascii() {
        true => text.to_owned(),
        false => ranked(text).nfkc().map(digit_or_self).collect(),
    };
    let (point, comma) = (('.', ','), (',', '.'));
    let (first, second) = match mark {
        DecimalMark::Point => (point, comma),
        DecimalMark::Comma => (comma, point),
    };
    read(&text, first).or_else(|| read(&text, second))
}

/// Zeros of decimal digits that compatibility leaves as they are; nine others follow each.
const ZEROS: [u32; 12] =
    [0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xe50, 0xed0, 0x17e0];

/// The digit in the characters that all scripts know, if it is one.
pub(super) fn digit_or_self(c: char) -> char {
    let of = |zero: &u32| u32::from(c).checked_sub(*zero).filter(|n| *n < 10);
    ZEROS.iter().find_map(of).and_then(|n| char::from_digit(n, 10)).unwrap_or(c)
}

fn read(text: &str, (decimal, thousands): (char, char)) -> Option<String> {
    let (sign, rest) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => ("-", rest.trim_start()),
        None => ("", text.strip_prefix('+').unwrap_or(text).trim_start()),
    };
    let (whole, decimals) = rest.split_once(decimal).unwrap_or((rest, ""));
    let has_mark = whole.len() < rest.len();
    let whole = ungrouped(whole, thousands)?;
    let ends_badly = if has_mark { decimals.is_empty() } else { whole.is_empty() };
    if ends_badly || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (whole, decimals) = (whole.trim_start_matches('0'), decimals.trim_end_matches('0'));
    if whole.is_empty() && decimals.is_empty() {
        return Some("0".to_owned());
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if decimals.is_empty() { "" } else { "." };
    Some([sign, whole, point, decimals].concat())
}

/// Digits in groups of three, parted by one kind of mark, or in one piece. `.5` has no whole.
fn ungrouped(whole: &str, thousands: char) -> Option<String> {
    if whole.bytes().all(|b| b.is_ascii_digit()) {
        return Some(whole.to_owned());
    }
    let parted_by = whole.chars().find(|c| !c.is_ascii_digit())?;
    let may_part =
        parted_by == thousands || matches!(parted_by, '\'' | '\u{2019}') || parted_by.is_whitespace();
    let groups: Vec<&str> = whole.split(parted_by).collect();
    let (first, others) = groups.split_first()?;
    let is_group = |group: &&str, least: usize| {
        (least..=3).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_digit())
    };
    let fits = may_part && is_group(first, 1) && others.iter().all(|group| is_group(group, 3));
    fits.then(|| groups.concat())
}
