//! Cards and reviews, row by row.

use super::guard::Guarded;
use super::value::{integer, length, text};
use crate::error::{EachError, ReadError};
use crate::limits::{
    CARD_DATA_BYTES_MAX, GUID_BYTES_MAX, NOTE_BYTES_MAX, REMEMBERED_REVIEWS_MAX, TAGS_BYTES_MAX,
};
use crate::model::{Card, CardName, CardRow, Due, Memory, Note, Place, Review, ReviewKind, Stage};
use rusqlite::Row;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;

/// What became of the rows of cards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CardTally {
    /// Given to the visitor.
    pub given: u64,
    /// Without a note.
    pub orphans: u64,
    /// With a note that is longer than it may be, or has no guid.
    pub unusable_notes: u64,
    /// With something in their columns that is no card's.
    pub damaged: u64,
}

/// What became of the rows of the review log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReviewTally {
    /// Given to the visitor.
    pub given: u64,
    /// With something in their columns that is no review's.
    pub damaged: u64,
}

/// Due days and moments are told apart by their size, as Anki does.
const FIRST_MOMENT_S: i64 = 1_000_000_000;

/// Sorted by the deck a card belongs to, then new cards by position. The inner query sorts numbers alone: the texts are
/// fetched afterwards by their keys, so that sorting takes little. The limit keeps SQLite from dropping the inner order.
fn cards_sql(last_logged: &str) -> String {
    format!(
        "SELECT c.id, c.nid, CASE WHEN c.odid != 0 THEN c.odid ELSE c.did END, c.odid != 0, c.ord, c.mod, \
         c.type, c.queue, c.due, c.odue, c.ivl, c.factor, c.reps, c.lapses, c.left, c.flags, \
         CASE WHEN octet_length(c.data) <= {CARD_DATA_BYTES_MAX} THEN c.data END, {last_logged}, \
         n.id, CASE WHEN octet_length(n.guid) <= {GUID_BYTES_MAX} THEN n.guid END, n.mid, n.mod, \
         CASE WHEN octet_length(n.tags) <= {TAGS_BYTES_MAX} THEN n.tags END, \
         CASE WHEN octet_length(n.flds) <= {NOTE_BYTES_MAX} THEN n.flds END \
         FROM (SELECT id FROM cards ORDER BY CASE WHEN odid != 0 THEN odid ELSE did END, type != 0, \
         CASE WHEN type != 0 THEN 0 WHEN odid != 0 THEN odue ELSE due END, id LIMIT 9223372036854775807) AS o \
         CROSS JOIN cards AS c ON c.id = o.id LEFT JOIN notes AS n ON n.id = c.nid"
    )
}

/// The columns of [`cards_sql`] with a note's texts: guid, tags and fields.
const TEXTS: [usize; 3] = [19, 22, 23];

pub(super) fn each_card<E>(
    guarded: &Guarded,
    mut visit: impl FnMut(CardRow<'_>) -> Result<(), E>,
) -> Result<CardTally, EachError<E>> {
    let is_indexed = guarded.is_indexed("revlog", "cid")?;
    let remembered = if is_indexed { HashMap::new() } else { last_reviews(guarded)? };
    let last_logged =
        if is_indexed { "(SELECT max(r.id) FROM revlog AS r WHERE r.cid = c.id)" } else { "NULL" };
    let mut tally = CardTally::default();
    let failed = |error| guarded.error(error);
    let mut statement = guarded.db.prepare(&cards_sql(last_logged)).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut taken_bytes = 0;
    while let Some(row) = rows.next().map_err(failed)? {
        // Whatever the row is good for: its note was fetched.
        taken_bytes += TEXTS.map(|column| length(row, column)).iter().sum::<u64>();
        if taken_bytes > guarded.texts_bytes_max {
            let (what, max) = ("bytes of the notes of all its cards together", guarded.texts_bytes_max);
            return Err(EachError::Read(ReadError::TooMuch { what, found: taken_bytes, max }));
        }
        let Some(mut card) = card(row) else {
            tally.damaged += 1;
            continue;
        };
        if integer(row, 18).is_none() {
            tally.orphans += 1;
            continue;
        }
        if !is_indexed {
            card.last_logged_ms = remembered.get(&card.id).copied();
        }
        let Some(texts) = Texts::of(row) else {
            tally.unusable_notes += 1;
            continue;
        };
        visit(CardRow { card, note: texts.note(&card) }).map_err(EachError::Visitor)?;
        tally.given += 1;
    }
    Ok(tally)
}

/// The texts of a row.
struct Texts<'row> {
    notetype: i64,
    modified_s: i64,
    guid: Cow<'row, str>,
    tags: Cow<'row, str>,
    fields: Cow<'row, str>,
}

impl<'row> Texts<'row> {
    fn of(row: &'row Row<'_>) -> Option<Texts<'row>> {
        let guid = text(row, 19).filter(|guid| !guid.is_empty())?;
        Some(Texts {
            notetype: integer(row, 20)?,
            modified_s: integer(row, 21).unwrap_or(0),
            guid,
            tags: text(row, 22)?,
            fields: text(row, 23)?,
        })
    }

    fn note(&self, card: &Card) -> Note<'_> {
        Note {
            id: card.note,
            guid: &self.guid,
            notetype: self.notetype,
            modified_s: self.modified_s,
            tags: &self.tags,
            fields: &self.fields,
        }
    }
}

/// The card in a row of [`cards_sql`]; `None` if its columns hold no card.
fn card(row: &Row<'_>) -> Option<Card> {
    let number = |column| integer(row, column);
    let (kind, queue) = (number(6)?, number(7)?);
    let is_borrowed = number(3)? != 0;
    let stage = stage(kind, queue)?;
    let data = Data::of(row);
    Some(Card {
        id: number(0)?,
        note: number(1)?,
        deck: number(2)?,
        is_borrowed,
        ord: u16::try_from(number(4)?).ok()?,
        modified_s: number(5).unwrap_or(0),
        stage,
        place: place(queue)?,
        due: due(stage, queue, number(8)?, number(9).unwrap_or(0), is_borrowed),
        interval_days: number(10)?.max(0),
        ease_permille: number(11)?.max(0),
        answers: number(12)?.max(0),
        lapses: number(13)?.max(0),
        steps_left: number(14).unwrap_or(0),
        // Only the lowest three bits are the flag.
        flag: u8::try_from(number(15).unwrap_or(0) & 7).unwrap_or(0),
        memory: data.memory(),
        has_custom_data: !matches!(data.custom.as_ref(), "" | "{}"),
        last_logged_ms: number(17),
    })
}

/// A lapsed card of the first scheduler stays a review card, in the queue of those that are learned.
const fn stage(kind: i64, queue: i64) -> Option<Stage> {
    match (kind, queue) {
        (0, _) => Some(Stage::New),
        (1, _) => Some(Stage::Learning),
        (2, 1 | 3) | (3, _) => Some(Stage::Relearning),
        (2, _) => Some(Stage::Review),
        _ => None,
    }
}

/// Queue 4 holds what a filtered deck shows without scheduling it.
const fn place(queue: i64) -> Option<Place> {
    match queue {
        -1 => Some(Place::Suspended),
        -2 => Some(Place::BuriedAsSibling),
        -3 => Some(Place::BuriedByHand),
        0..=4 => Some(Place::Active),
        _ => None,
    }
}

/// A filtered deck keeps the real values aside, those of steps excepted: they go on in it.
const fn due(stage: Stage, queue: i64, due: i64, original: i64, is_borrowed: bool) -> Due {
    let is_in_steps = matches!(stage, Stage::Learning | Stage::Relearning);
    let real = if is_borrowed && !(is_in_steps && due >= FIRST_MOMENT_S) { original } else { due };
    match stage {
        Stage::New => Due::Position(real),
        Stage::Review => Due::Day(real),
        Stage::Learning | Stage::Relearning if queue == 1 || real >= FIRST_MOMENT_S => Due::Moment(real),
        Stage::Learning | Stage::Relearning => Due::Day(real),
    }
}

/// What newer versions keep with a card.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Data<'row> {
    #[serde(rename = "s")]
    stability: Option<f32>,
    #[serde(rename = "d")]
    difficulty: Option<f32>,
    #[serde(rename = "dr")]
    desired_retention: Option<f32>,
    decay: Option<f32>,
    #[serde(rename = "cd", borrow)]
    custom: Cow<'row, str>,
}

impl<'row> Data<'row> {
    /// What cannot be read is as good as not there.
    fn of(row: &'row Row<'_>) -> Data<'row> {
        match row.get_ref(16) {
            Ok(rusqlite::types::ValueRef::Text(json)) if json.len() > 2 => {
                serde_json::from_slice(json).unwrap_or_default()
            }
            Ok(_) | Err(_) => Data::default(),
        }
    }

    fn memory(&self) -> Option<Memory> {
        let good = |number: Option<f32>| number.filter(|number| number.is_finite() && *number > 0.0);
        Some(Memory {
            stability: good(self.stability)?,
            difficulty: good(self.difficulty)?,
            desired_retention: good(self.desired_retention),
            decay: good(self.decay),
        })
    }
}

/// The last row of each card in a review log that has no index by card.
fn last_reviews(guarded: &Guarded) -> Result<HashMap<i64, i64>, ReadError> {
    let mut last = HashMap::new();
    let failed = |error| guarded.error(error);
    let mut statement = guarded.db.prepare("SELECT cid, id FROM revlog").map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        if let (Some(card), Some(at_ms)) = (integer(row, 0), integer(row, 1)) {
            let known = last.entry(card).or_insert(at_ms);
            *known = at_ms.max(*known);
        }
        if last.len() > REMEMBERED_REVIEWS_MAX {
            let (found, max) = (last.len() as u64, REMEMBERED_REVIEWS_MAX as u64);
            return Err(ReadError::TooMuch { what: "cards with reviews and without an index", found, max });
        }
    }
    Ok(last)
}

fn reviews_sql() -> String {
    format!(
        "SELECT r.id, r.cid, r.usn, r.ease, r.ivl, r.lastIvl, r.factor, r.time, r.type, c.ord, \
         CASE WHEN c.odid != 0 THEN c.odid ELSE c.did END, \
         CASE WHEN octet_length(n.guid) <= {GUID_BYTES_MAX} THEN n.guid END \
         FROM revlog AS r LEFT JOIN cards AS c ON c.id = r.cid LEFT JOIN notes AS n ON n.id = c.nid \
         ORDER BY r.id"
    )
}

pub(super) fn each_review<E>(
    guarded: &Guarded,
    scheduler: u8,
    mut visit: impl FnMut(Review<'_>) -> Result<(), E>,
) -> Result<ReviewTally, EachError<E>> {
    let mut tally = ReviewTally::default();
    let failed = |error| guarded.error(error);
    let mut statement = guarded.db.prepare(&reviews_sql()).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let guid = text(row, 11).filter(|guid| !guid.is_empty());
        let Some(mut review) = review(row, scheduler) else {
            tally.damaged += 1;
            continue;
        };
        let ord = integer(row, 9).and_then(|ord| u16::try_from(ord).ok());
        if let (Some(guid), Some(ord), Some(deck)) = (&guid, ord, integer(row, 10)) {
            review.of = Some(CardName { guid, ord, deck });
        }
        visit(review).map_err(EachError::Visitor)?;
        tally.given += 1;
    }
    Ok(tally)
}

fn review(row: &Row<'_>, scheduler: u8) -> Option<Review<'static>> {
    let number = |column| integer(row, column);
    let kind = match number(8).unwrap_or(0) {
        0 => ReviewKind::Learning,
        1 => ReviewKind::Review,
        2 => ReviewKind::Relearning,
        3 => ReviewKind::Filtered,
        4 => ReviewKind::Manual,
        5 => ReviewKind::Rescheduled,
        _ => return None,
    };
    let is_step = matches!(kind, ReviewKind::Learning | ReviewKind::Relearning);
    let button = match number(3)? {
        // The first scheduler had three buttons for steps: again, good, easy.
        pressed @ (2 | 3) if is_step && scheduler < 2 => pressed + 1,
        pressed => pressed,
    };
    Some(Review {
        at_ms: number(0)?,
        card: number(1)?,
        of: None,
        usn: number(2).unwrap_or(-1),
        button,
        interval: number(4).unwrap_or(0),
        last_interval: number(5).unwrap_or(0),
        factor: number(6).unwrap_or(0),
        taken_ms: number(7).unwrap_or(0).max(0),
        kind,
    })
}
