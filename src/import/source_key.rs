//! By what an import finds a card again: the id that the file gives it, or its front.

use domain::ids::{CardId, DeckId, Uuid};
use unicode_normalization::UnicodeNormalization;

const GUID: &str = "guid:";
const FRONT: &str = "front:";

/// The key of a card that the file gives an id.
pub fn of_guid(guid: &str) -> String {
    format!("{GUID}{}", guid.trim())
}

/// The key of a card without one: its front as it came in, trimmed, in one form of each letter.
pub fn of_front(front: &str) -> String {
    let front = front.trim();
    if front.is_ascii() { format!("{FRONT}{front}") } else { FRONT.chars().chain(front.nfc()).collect() }
}

/// Whether the key is an id that a file gave.
pub fn is_guid(key: &str) -> bool {
    key.starts_with(GUID)
}

/// The id of an imported card: the same for the same deck and key. `turn` above 0 is for a key whose id is taken,
/// because the front of that card was changed by hand.
pub fn card_id(deck: DeckId, key: &str, turn: u32) -> CardId {
    if turn == 0 {
        return CardId(Uuid::new_v5(&deck.0, key.as_bytes()));
    }
    CardId(Uuid::new_v5(&deck.0, format!("{turn}\u{0}{key}").as_bytes()))
}

/// The key of a card whose front came as HTML: as if the characters had been written as they are, so that `a &lt; b`
/// by hand and `a < b` in a file are one card.
pub fn of_html_front(front: &str) -> String {
    if !front.contains('&') {
        return of_front(front);
    }
    let plain = front
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&");
    of_front(&plain)
}
