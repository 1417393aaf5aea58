//! By what a card is found again.

use crate::content::composed;
use domain::ids::{CardId, DeckId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What stands before a front that a card is known by.
const FRONT: &str = "front:";

/// The source key of a card that is known by its front, given as the HTML that is stored: the same for a card made by
/// hand and one that is imported.
pub fn identity_of(front: &str) -> String {
    [FRONT, &composed(front.trim())].concat()
}

/// The source key of a card that its source has named.
pub(super) fn identity_of_guid(guid: &str) -> String {
    format!("guid:{}", composed(guid.trim()))
}

/// Digests are kept in memory instead of keys, which may be as long as a card: the first half of a SHA-256.
pub(super) fn digest_of(source_key: &str) -> Uuid {
    let digest: [u8; 32] = Sha256::digest(source_key).into();
    Uuid::from_bytes(*digest.first_chunk().unwrap_or(&[0; 16]))
}

/// The id of an imported card: the same whenever and wherever the same card is imported into the same deck.
pub(crate) fn card_id(deck: DeckId, source_key: &str) -> CardId {
    CardId(Uuid::new_v5(&deck.0, source_key.as_bytes()))
}

/// The name that the card's source has given it.
pub(super) fn guid_of(source_key: &str) -> Option<&str> {
    source_key.strip_prefix("guid:")
}
