//! The statements of decks and cards.

/// The columns of a deck by name, so that one that a newer program adds disturbs nobody.
macro_rules! select_deck {
    () => {
        "SELECT deck, org, owner, path, title, description, visibility, all_until_ms, org_until_ms, tags, settings,
            revision, cards, created_ms, updated_ms, deleted_ms, editors, last, stamp, editor, beat, positions, buckets,
            laid_edit, laid_buckets FROM decks WHERE deck = ?"
    };
}

crate::statements::statements! {
    /// What is said to the tables of schema/0002_library.cql and of the editors.
    LibraryStatements {
        deck: Read = select_deck!();
        deck_decided: ReadSerial = select_deck!();
        make_deck: Decide = "INSERT INTO decks (deck, org, owner, path, title, description, visibility,
            all_until_ms, org_until_ms, tags, settings, created_ms, updated_ms, deleted_ms, editors, last, revision, cards,
            stamp, editor, beat, positions, buckets, laid_edit, laid_buckets)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0,
            0, 00000000-0000-0000-0000-000000000000, 0, 0, [], 0, []) IF NOT EXISTS";
        change_deck: Decide = "UPDATE decks SET org = ?, owner = ?, path = ?, title = ?, description = ?,
            visibility = ?, all_until_ms = ?, org_until_ms = ?, tags = ?, settings = ?, revision = ?, updated_ms = ?,
            deleted_ms = ?, editors = ?, last = ? WHERE deck = ? IF revision = ?";
        begin_edit: Decide = "UPDATE decks SET stamp = ?, editor = ?, beat = ? WHERE deck = ?
            IF stamp = ? AND editor = ? AND beat = ?";
        beat: Decide = "UPDATE decks SET beat = ? WHERE deck = ? IF editor = ?";
        commit_edit: Decide = "UPDATE decks SET revision = ?, cards = ?, positions = ?, buckets = ?, updated_ms = ?,
            last = ?, editor = ?, laid_edit = ?, laid_buckets = ? WHERE deck = ? IF editor = ? AND revision = ?";
        give_up_edit: Decide = "UPDATE decks SET editor = ? WHERE deck = ? IF editor = ?";
        settle_edit: Decide = "UPDATE decks SET laid_edit = ?, laid_buckets = ? WHERE deck = ? IF laid_edit = ?";

        point_to: Write = "INSERT INTO decks_by_owner (owner, path, deck) VALUES (?, ?, ?) USING TIMESTAMP ?";
        point_no_more: Write = "DELETE FROM decks_by_owner USING TIMESTAMP ? WHERE owner = ? AND path = ? AND deck = ?";
        edited_by: Write = "INSERT INTO decks_by_editor (editor, deck) VALUES (?, ?) USING TIMESTAMP ?";
        edited_no_more: Write = "DELETE FROM decks_by_editor USING TIMESTAMP ? WHERE editor = ? AND deck = ?";
        edits: Read = "SELECT deck FROM decks_by_editor WHERE editor = ?";
        pointed_to: Read = "SELECT deck FROM decks_by_owner WHERE owner = ? AND path >= ? AND path < ?";

        cards: Read = "SELECT position, card, revision, body FROM cards
            WHERE deck = ? AND bucket = ? AND position >= ? AND position < ?";
        cards_at: Read = "SELECT position, card, revision, body FROM cards
            WHERE deck = ? AND bucket = ? AND position IN ?";
        put_card: Write = "INSERT INTO cards (deck, bucket, position, card, revision, body)
            VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?";
        places: Read = "SELECT card, position FROM card_places WHERE deck = ? AND card IN ?";
        put_place: Write = "INSERT INTO card_places (deck, card, position) VALUES (?, ?, ?) USING TIMESTAMP ?";

        laid: Read = "SELECT position, card, revision, body FROM card_edits
            WHERE deck = ? AND edit = ? AND bucket = ? AND position >= ? AND position < ?";
        laid_at: Read = "SELECT position, card, revision, body FROM card_edits
            WHERE deck = ? AND edit = ? AND bucket = ? AND position IN ?";
        lay_card: Write = "INSERT INTO card_edits (deck, edit, bucket, position, card, revision, body)
            VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?";
        drop_laid: Write = "DELETE FROM card_edits USING TIMESTAMP ? WHERE deck = ? AND edit = ? AND bucket = ?";

        note_request: Decide = "INSERT INTO requests (key, asks, at_ms) VALUES (?, ?, ?) IF NOT EXISTS";
        renew_request: Decide = "UPDATE requests SET asks = ?, at_ms = ? WHERE key = ? IF at_ms = ?";
        request: ReadSerial = "SELECT asks, at_ms FROM requests WHERE key = ?";
    }
}
