//! The bytes of an entry and of a card's state, shared by every store: a version byte, then fixed fields.
