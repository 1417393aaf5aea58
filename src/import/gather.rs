//! Rows to cards that could be stored: texts made safe, tags divided, repeats rejected. The heavy part of an import, and
//! so a thing that runs on a thread of its own.

use super::accepted::{accepted, divided as divided_answers};
use super::columns::{ROLES, Role};
use super::identity::{digest_of, identity_of, identity_of_guid};
use super::json_lines::{CardLines, Sink};
use super::limits::{FILE_BYTES_MAX, FILE_TAGS_BYTES_MAX, GUID_BYTES_MAX, TAG_BYTES_MAX, TAGS_PER_CARD_MAX};
use super::pack::Pack;
use super::parser::{Dialect, Head, Parser, Row, RowEvent};
use super::reading::Reading;
use super::rejected::RejectedRows;
use super::report::{FileFault, Reason, Remark, Remarks};
use super::tags::divided;
use crate::content::{CardTexts, escape_card, lost_markup, sanitise_card, shows_something};
use domain::ids::{CardId, DeckId};
use ports::CardRecord;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use uuid::Uuid;

/// One card of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Candidate {
    /// By what it is found again.
    pub source_key: String,
    /// Safe HTML, composed.
    pub texts: CardTexts,
    /// Its tags, those of the whole file included.
    pub tags: Vec<String>,
    /// What it accepts besides its back.
    pub accept: Vec<String>,
}

impl Candidate {
    /// The card that is stored, made at this moment (Unix milliseconds). The store gives a known card its position and its
    /// beginning.
    pub fn into_record(self, deck: DeckId, id: CardId, now_ms: i64) -> CardRecord {
        let Candidate { source_key, texts, tags, accept } = self;
        CardRecord {
            id,
            deck,
            position: 0,
            note: None,
            front: texts.front,
            back: texts.back,
            hint: texts.hint,
            explanation: texts.explanation,
            tags,
            accept,
            source_key,
            revision: 0,
            created_ms: now_ms,
            updated_ms: now_ms,
            deleted_ms: None,
        }
    }
}

/// Everything that a file holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Gathered {
    /// The cards in the order of the file, no two the same.
    pub cards: Pack,
    /// The place of each card in that order, by a digest of its source key.
    places: HashMap<Uuid, u32>,
    /// Rows that made no card.
    pub rejected: Remarks,
    /// Rows of which something was left out.
    pub changed: Remarks,
    /// Whether the file has hints: else those in the deck stay.
    pub has_hints: bool,
    /// Whether the file has explanations.
    pub has_explanations: bool,
    /// Whether the file has tags.
    pub has_tags: bool,
    /// Whether the file has accepted answers.
    pub has_accept: bool,
}

impl Gathered {
    /// The place of the card with this source key.
    pub fn find(&self, source_key: &str) -> Option<usize> {
        usize::try_from(*self.places.get(&digest_of(source_key))?).ok()
    }
}

/// Reads a file, piece by piece.
pub(super) struct Gathering(Form);

/// What kind of file it is.
enum Form {
    Table(Box<(Parser, Rows)>),
    JsonLines(Box<Reading<CardLines<Rows>>>),
}

impl Gathering {
    /// Reads a table; of its rejected rows so many are listed at most.
    pub fn new(dialect: Dialect, rejected_listed_max: usize) -> Gathering {
        Gathering::table(dialect, Rows::listing(rejected_listed_max))
    }

    /// Reads JSON Lines; of those rejected so many are listed at most.
    pub fn of_json_lines(rejected_listed_max: usize) -> Gathering {
        Gathering::json_lines(Rows::listing(rejected_listed_max))
    }

    /// The same for who takes the cards as they are read: see [`Gathering::taken`].
    pub fn handing_over(self) -> Gathering {
        let mut gathering = self;
        gathering.rows().handed_over = Some(Vec::new());
        gathering
    }

    /// The cards that were read since this was asked last, where they are handed over.
    pub fn taken(&mut self) -> Vec<Candidate> {
        self.rows().handed_over.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn rows(&mut self) -> &mut Rows {
        match &mut self.0 {
            Form::Table(table) => &mut table.1,
            Form::JsonLines(lines) => lines.digest().sink(),
        }
    }

    /// A table for who wants to see the rejected rows, and no card.
    pub fn of_rejected(dialect: Dialect) -> Gathering {
        Gathering::table(dialect, Rows::of_rejected())
    }

    /// JSON Lines for who wants to see the rejected rows, and no card.
    pub fn of_rejected_json_lines() -> Gathering {
        Gathering::json_lines(Rows::of_rejected())
    }

    fn table(dialect: Dialect, rows: Rows) -> Gathering {
        Gathering(Form::Table(Box::new((Parser::new(dialect), rows))))
    }

    fn json_lines(rows: Rows) -> Gathering {
        Gathering(Form::JsonLines(Box::new(Reading::new(FILE_BYTES_MAX, CardLines::new(rows)))))
    }

    /// Reads the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), FileFault> {
        match &mut self.0 {
            Form::Table(table) => {
                let (parser, rows) = &mut **table;
                parser.feed(bytes, &mut |event| rows.take(event))
            }
            Form::JsonLines(lines) => lines.feed(bytes),
        }
    }

    /// Reads the end.
    pub fn finish(self) -> Result<Gathered, FileFault> {
        Ok(self.end()?.gathered)
    }

    /// Reads the end; the cards that were not handed over yet, and what else there is to say.
    pub fn finish_handing_over(self) -> Result<(Vec<Candidate>, Gathered), FileFault> {
        let rows = self.end()?;
        Ok((rows.handed_over.unwrap_or_default(), rows.gathered))
    }

    /// Reads the end; the rejected rows, where they were wanted.
    pub fn finish_rejected(self) -> Result<RejectedRows, FileFault> {
        Ok(self.end()?.listing.unwrap_or_default())
    }

    fn end(self) -> Result<Rows, FileFault> {
        match self.0 {
            Form::Table(table) => {
                let (mut parser, mut rows) = *table;
                parser.finish(&mut |event| rows.take(event))?;
                Ok(rows)
            }
            Form::JsonLines(lines) => Ok(lines.finish()?.into_sink()),
        }
    }
}

impl Sink for Rows {
    fn take(&mut self, event: RowEvent) {
        Rows::take(self, event);
    }
}

#[derive(Default)]
struct Rows {
    gathered: Gathered,
    /// Tags of every card.
    tags: Vec<String>,
    /// They are too long for that: no card can have them.
    has_long_tags: bool,
    /// The line of each card so far.
    lines: Vec<u64>,
    /// Rejected rows, where they are wanted; then no card is kept.
    listing: Option<RejectedRows>,
    /// Cards that somebody takes soon, instead of their being kept.
    handed_over: Option<Vec<Candidate>>,
}

impl Rows {
    fn listing(rejected_max: usize) -> Rows {
        let gathered = Gathered { rejected: Remarks::listing(rejected_max), ..Gathered::default() };
        Rows { gathered, ..Rows::default() }
    }

    fn of_rejected() -> Rows {
        Rows { listing: Some(RejectedRows::default()), ..Rows::default() }
    }

    fn take(&mut self, event: RowEvent) {
        match event {
            RowEvent::Head(head) => self.begin(&head),
            RowEvent::Rejected(remark, row) => self.reject(remark, &row),
            RowEvent::Changed(remark) => self.gathered.changed.push(remark),
            RowEvent::Row(row) => {
                let (line, columns) = (row.line, row.columns);
                let kept = self.listing.is_some().then(|| row.clone());
                if let Err((role, reason)) = self.row(row) {
                    let column = column_of(&columns, role);
                    self.reject(Remark { line, column, reason }, &kept.unwrap_or_default());
                }
            }
        }
    }

    fn reject(&mut self, remark: Remark, row: &Row) {
        if let Some(listing) = &mut self.listing {
            listing.push(&remark, row);
        }
        self.gathered.rejected.push(remark);
    }

    fn begin(&mut self, head: &Head) {
        self.tags = divided(&head.tags);
        self.has_long_tags = self.tags.iter().map(String::len).sum::<usize>() > FILE_TAGS_BYTES_MAX;
        self.gathered.has_hints = head.layout.hint.is_some();
        self.gathered.has_explanations = head.layout.explanation.is_some();
        self.gathered.has_accept = head.layout.accept.is_some();
        self.gathered.has_tags = head.layout.tags.is_some() || !self.tags.is_empty();
    }

    fn row(&mut self, row: Row) -> Result<(), (Role, Reason)> {
        let (line, columns, html) = (row.line, row.columns, row.html);
        let has = |role: Role| columns[role.place()] != 0;
        let tags = self.tags_of(&row.tags)?;
        if row.guid.len() > GUID_BYTES_MAX {
            return Err((Role::Guid, Reason::GuidTooLong));
        }
        let accept = match row.accept.is_empty() {
            true => Vec::new(),
            false => accepted(divided_answers(&row.accept)).map_err(|_| (Role::Accept, Reason::BadAccept))?,
        };
        let guid = row.guid;
        let texts = CardTexts {
            front: row.front,
            back: row.back,
            hint: Some(row.hint),
            explanation: Some(row.explanation),
        };
        let texts = self.safe(texts, html, line, &columns)?;
        if !shows_something(&texts.back) {
            return Err((Role::Back, Reason::EmptyBack));
        }
        let (role, source_key) = if guid.is_empty() {
            (Role::Front, identity_of(&texts.front))
        } else {
            (Role::Guid, identity_of_guid(&guid))
        };
        let place = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        match self.gathered.places.entry(digest_of(&source_key)) {
            Entry::Occupied(first) => {
                let first_line = usize::try_from(*first.get()).ok().and_then(|at| self.lines.get(at));
                return Err((role, Reason::Duplicate { first_line: first_line.copied().unwrap_or(0) }));
            }
            Entry::Vacant(free) => free.insert(place),
        };
        // A file of objects has what one of them has.
        self.gathered.has_hints |= has(Role::Hint);
        self.gathered.has_explanations |= has(Role::Explanation);
        self.gathered.has_tags |= has(Role::Tags);
        self.gathered.has_accept |= has(Role::Accept);
        self.lines.push(line);
        let card = Candidate { source_key, texts, tags, accept };
        match (&mut self.handed_over, &self.listing) {
            (Some(handed_over), _) => handed_over.push(card),
            (None, Some(_)) => {}
            (None, None) => self.gathered.cards.push(&card),
        }
        Ok(())
    }

    fn safe(
        &mut self,
        texts: CardTexts,
        html: bool,
        line: u64,
        columns: &[u32; ROLES],
    ) -> Result<CardTexts, (Role, Reason)> {
        if !html {
            return escape_card(texts).map_err(|error| (role_of(error.field()), error.into()));
        }
        let before = texts.clone();
        let after = sanitise_card(texts).map_err(|error| (role_of(error.field()), Reason::from(error)))?;
        if let Some(field) = lost_markup(&before, &after) {
            let column = column_of(columns, role_of(field));
            self.gathered.changed.push(Remark { line, column, reason: Reason::MarkupRemoved });
        }
        Ok(after)
    }

    fn tags_of(&self, written: &str) -> Result<Vec<String>, (Role, Reason)> {
        if self.has_long_tags {
            return Err((Role::Tags, Reason::BadTags));
        }
        let mut tags = divided(written);
        tags.extend(self.tags.iter().cloned());
        let mut unique: Vec<String> = Vec::with_capacity(tags.len().min(TAGS_PER_CARD_MAX));
        for tag in tags {
            if unique.contains(&tag) {
                continue;
            }
            if unique.len() == TAGS_PER_CARD_MAX || tag.len() > TAG_BYTES_MAX {
                return Err((Role::Tags, Reason::BadTags));
            }
            unique.push(tag);
        }
        Ok(unique)
    }
}

/// Where a role's field stands; where the front does if the row does not have it, and else at its beginning.
fn column_of(columns: &[u32; ROLES], role: Role) -> u32 {
    let there = |role: Role| Some(columns[role.place()]).filter(|column| *column > 0);
    there(role).or_else(|| there(Role::Front)).unwrap_or(1)
}

fn role_of(field: &str) -> Role {
    match field {
        "back" => Role::Back,
        "hint" => Role::Hint,
        "explanation" => Role::Explanation,
        _ => Role::Front,
    }
}
