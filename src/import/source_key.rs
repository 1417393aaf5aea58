//! By what an import finds a card again: the guid that its source gave it, or its front.

use crate::content::composed;
use domain::ids::{CardId, DeckId};
use uuid::Uuid;

const FRONT: &str = "front:";
const GUID: &str = "guid:";

/// The key of a card that is known by its front: trimmed, each letter in one form. Given the front as it is stored, the
/// key is the same for a card made by hand and one that is imported.
pub fn of_front(front: &str) -> String {
    format!("{FRONT}{}", composed(front.trim()))
}

/// The key of a card that its source has named.
pub fn of_guid(guid: &str) -> String {
    format!("{GUID}{}", composed(guid.trim()))
}

/// Whether the key is a name that a source has given.
pub fn is_guid(key: &str) -> bool {
    key.starts_with(GUID)
}

/// The id of an imported card: the same whenever and wherever the same card is imported into the same deck.
pub fn card_id(deck: DeckId, key: &str) -> CardId {
    CardId(Uuid::new_v5(&deck.0, key.as_bytes()))
}
