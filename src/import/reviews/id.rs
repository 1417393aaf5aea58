//! What an imported answer is called.

use domain::ids::{CardId, EntryId};
use sha2::{Digest, Sha256};

/// The id of an imported answer to a card at a moment (Unix milliseconds): a UUIDv8 whose time is the moment, and whose
/// other bits are the last 74 of the first 80 of the SHA-256 over the card's 16 bytes and the moment's 8, most
/// significant first. So two files, or a file twice, or a table and a package with the same answer, have one entry of it.
pub fn review_id(card: CardId, at_ms: i64) -> EntryId {
    let digest = Sha256::new().chain_update(card.bytes()).chain_update(at_ms.to_be_bytes()).finalize();
    let mut bits = [0; 16];
    bits.copy_from_slice(digest.get(..16).unwrap_or(&[0; 16]));
    EntryId::v8(at_ms, u128::from_be_bytes(bits) >> (128 - 80))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answers_id_follows_from_card_and_moment_alone() {
        let (card, at_ms) = (CardId::from_u128(7), 1_700_000_000_123);
        let id = review_id(card, at_ms);
        assert_eq!(id, review_id(card, at_ms));
        assert_eq!((id.at_ms(), id.0.get_version_num()), (at_ms, 8));
        assert_ne!(id, review_id(CardId::from_u128(8), at_ms));
        assert_ne!(id, review_id(card, at_ms + 1));
        // It is stored: another program's version of it must be the same.
        assert_eq!(id.to_string(), "018bcfe5-687b-8bb6-9cbe-4cd3689bacf5");
    }
}
