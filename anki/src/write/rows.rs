//! Notes, cards and reviews as rows of the older schema.

use crate::model::{Card, CardRow, Due, Place, Review, ReviewKind, Stage};
use rusqlite::{Connection, params};
use serde_json::json;

/// The tables as every Anki knows them.
pub(super) const SCHEMA: &str = "
CREATE TABLE col (id integer PRIMARY KEY, crt integer NOT NULL, mod integer NOT NULL, scm integer NOT NULL,
  ver integer NOT NULL, dty integer NOT NULL, usn integer NOT NULL, ls integer NOT NULL, conf text NOT NULL,
  models text NOT NULL, decks text NOT NULL, dconf text NOT NULL, tags text NOT NULL);
CREATE TABLE notes (id integer PRIMARY KEY, guid text NOT NULL, mid integer NOT NULL, mod integer NOT NULL,
  usn integer NOT NULL, tags text NOT NULL, flds text NOT NULL, sfld integer NOT NULL, csum integer NOT NULL,
  flags integer NOT NULL, data text NOT NULL);
CREATE TABLE cards (id integer PRIMARY KEY, nid integer NOT NULL, did integer NOT NULL, ord integer NOT NULL,
  mod integer NOT NULL, usn integer NOT NULL, type integer NOT NULL, queue integer NOT NULL, due integer NOT NULL,
  ivl integer NOT NULL, factor integer NOT NULL, reps integer NOT NULL, lapses integer NOT NULL,
  left integer NOT NULL, odue integer NOT NULL, odid integer NOT NULL, flags integer NOT NULL, data text NOT NULL);
CREATE TABLE revlog (id integer PRIMARY KEY, cid integer NOT NULL, usn integer NOT NULL, ease integer NOT NULL,
  ivl integer NOT NULL, lastIvl integer NOT NULL, factor integer NOT NULL, time integer NOT NULL,
  type integer NOT NULL);
CREATE TABLE graves (usn integer NOT NULL, oid integer NOT NULL, type integer NOT NULL);";

/// Made when all rows are there: sorted once, instead of a page here and there for each row.
pub(super) const INDEXES: &str = "
CREATE INDEX ix_notes_usn ON notes (usn);
CREATE INDEX ix_cards_usn ON cards (usn);
CREATE INDEX ix_revlog_usn ON revlog (usn);
CREATE INDEX ix_cards_nid ON cards (nid);
CREATE INDEX ix_cards_sched ON cards (did, queue, due);
CREATE INDEX ix_revlog_cid ON revlog (cid);
CREATE INDEX ix_notes_csum ON notes (csum);";

/// The note of a card, if it is not there yet. Anki counts checksum and sort field anew when it takes a note over.
pub(super) fn write_note(db: &Connection, row: &CardRow<'_>) -> rusqlite::Result<()> {
    let note = &row.note;
    let tags = between_spaces(note.each_tag());
    let sort = note.each_field().next().unwrap_or("");
    let mut insert =
        db.prepare_cached("INSERT OR IGNORE INTO notes VALUES (?1, ?2, ?3, ?4, -1, ?5, ?6, ?7, 0, 0, '')")?;
    insert.execute(params![note.id, note.guid, note.notetype, note.modified_s, tags, note.fields, sort])?;
    Ok(())
}

pub(super) fn retag_note(
    db: &Connection,
    note: i64,
    tags: &[String],
    modified_s: i64,
) -> rusqlite::Result<()> {
    let tags = between_spaces(tags.iter().map(String::as_str));
    let mut update = db.prepare_cached("UPDATE notes SET tags = ?2, mod = max(mod, ?3) WHERE id = ?1")?;
    update.execute(params![note, tags, modified_s])?;
    Ok(())
}

/// Tags as a note holds them.
fn between_spaces<'t>(tags: impl Iterator<Item = &'t str>) -> String {
    let tags: String = tags.flat_map(|tag| [" ", tag]).collect();
    if tags.is_empty() { tags } else { tags + " " }
}

pub(super) fn write_card(db: &Connection, card: &Card) -> rusqlite::Result<()> {
    let kind = match card.stage {
        Stage::New => 0,
        Stage::Learning => 1,
        Stage::Review => 2,
        Stage::Relearning => 3,
    };
    let due = match card.due {
        Due::Position(number) | Due::Day(number) | Due::Moment(number) => number,
    };
    let queue = match (card.place, card.stage, card.due) {
        (Place::Suspended, _, _) => -1,
        (Place::BuriedAsSibling, _, _) => -2,
        (Place::BuriedByHand, _, _) => -3,
        (Place::Active, Stage::New, _) => 0,
        (Place::Active, Stage::Review, _) => 2,
        (Place::Active, Stage::Learning | Stage::Relearning, Due::Moment(_)) => 1,
        (Place::Active, Stage::Learning | Stage::Relearning, Due::Day(_) | Due::Position(_)) => 3,
    };
    let data = card.memory.map_or_else(String::new, |memory| {
        let data = json!({"s": memory.stability, "d": memory.difficulty, "dr": memory.desired_retention,
            "decay": memory.decay});
        data.to_string()
    });
    let mut insert = db.prepare_cached(
        "INSERT INTO cards VALUES (?1, ?2, ?3, ?4, ?5, -1, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0, 0, ?14, ?15)",
    )?;
    insert.execute(params![
        card.id,
        card.note,
        card.deck,
        card.ord,
        card.modified_s,
        kind,
        queue,
        due,
        card.interval_days,
        card.ease_permille,
        card.answers,
        card.lapses,
        card.steps_left,
        card.flag,
        data,
    ])?;
    Ok(())
}

pub(super) fn write_review(db: &Connection, review: &Review<'_>) -> rusqlite::Result<()> {
    let kind = match review.kind {
        ReviewKind::Learning => 0,
        ReviewKind::Review => 1,
        ReviewKind::Relearning => 2,
        ReviewKind::Filtered => 3,
        ReviewKind::Manual => 4,
        ReviewKind::Rescheduled => 5,
    };
    let mut insert =
        db.prepare_cached("INSERT OR IGNORE INTO revlog VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    insert.execute(params![
        review.at_ms,
        review.card,
        review.usn,
        review.button,
        review.interval,
        review.last_interval,
        review.factor,
        review.taken_ms,
        kind,
    ])?;
    Ok(())
}
