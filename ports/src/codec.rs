//! The bytes of an entry and of a card's state, shared by every store: a version byte, then fixed fields.

/// The bytes of an entry.
pub fn encode_entry(_entry: &domain::entry::LogEntry) -> Vec<u8> {
    Vec::new()
}
