//! Ids that follow from what comes in: the same whenever, wherever and by whomever the same thing is imported.

use domain::ids::{CardId, DeckId, EntryId, NoteId, Uuid};
use sha2::{Digest, Sha256};

pub use crate::import::reviews::review_id;

/// The id of a state that was given to a card at a moment.
pub fn state_id(card: CardId, at_ms: i64) -> EntryId {
    entry_id(card, at_ms, b"state")
}

/// The id of something that was set by hand; `what` tells registers apart.
pub fn set_id(card: CardId, at_ms: i64, what: &str) -> EntryId {
    entry_id(card, at_ms, what.as_bytes())
}

/// The id of an imported note in a deck.
pub fn note_id(deck: DeckId, source_key: &str) -> NoteId {
    NoteId(Uuid::new_v5(&deck.0, format!("note:{source_key}").as_bytes()))
}

/// A UUIDv8 laid out as a UUIDv7: 48 bits of time, then a digest where that has random bits.
fn entry_id(card: CardId, at_ms: i64, what: &[u8]) -> EntryId {
    let mut digest = Sha256::new();
    digest.update(card.bytes());
    digest.update(at_ms.to_be_bytes());
    digest.update(what);
    let digest = digest.finalize();
    let mut bits: u128 = 0;
    for byte in digest.iter().take(10) {
        bits = bits << 8 | u128::from(*byte);
    }
    EntryId::v8(at_ms, bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_imported_id_carries_its_moment_and_follows_from_card_and_moment() {
        let (card, other) = (CardId::from_u128(7), CardId::from_u128(8));
        let id = review_id(card, 1_700_000_000_123);
        assert_eq!((id.at_ms(), id.0.get_version_num()), (1_700_000_000_123, 8));
        assert_eq!(id.0.get_variant(), domain::ids::Uuid::from_u128(0x8 << 76 | 0b10 << 62).get_variant());
        assert_eq!(id, review_id(card, 1_700_000_000_123));
        let others = [
            review_id(other, 1_700_000_000_123),
            review_id(card, 1_700_000_000_124),
            state_id(card, 1_700_000_000_123),
            set_id(card, 1_700_000_000_123, "flag"),
            set_id(card, 1_700_000_000_123, "suspended"),
        ];
        assert!(others.iter().all(|known| *known != id));
    }
}
