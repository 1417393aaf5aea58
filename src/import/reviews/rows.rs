//! Rows of a table, and objects of JSON Lines, to answers.

use super::index::{Finder, NoCard};
use super::limits::{ANSWERS_PER_RUN, FIELDS_MAX, LINE_BYTES_MAX, NAMES_REMEMBERED, ROWS_MAX};
use super::names::{Field, PLACES};
use super::recognise::names_an_answer;
use super::report::{ReviewReason, ReviewReport};
use super::run::{Answer, Manner};
use super::values::{Scale, duration_ms, grade, time_ms};
use crate::import::columns::number;
use crate::import::json::{Text, read_object};
use crate::import::lines::{Line, Lines};
use crate::import::reading::Digest;
use crate::import::records::Record;
use crate::import::sheet::Rows;
use crate::import::{Fault, FileFault, Remark};
use std::borrow::Cow;
use std::collections::HashMap;

/// The latest moment that an id has room for, in Unix milliseconds.
const LATEST_MS: i64 = (1 << 48) - 1;

/// What rows become, whatever they are read from.
pub(super) struct Answers {
    pub(super) finder: Finder,
    pub(super) answers: Vec<Answer>,
    pub(super) report: ReviewReport,
    scale: Scale,
    /// The latest moment that an answer may have.
    latest_ms: i64,
    rows: u64,
}

/// One field of a row: what it is, what it says, and in which column.
pub(super) type Cell<'a> = (Field, Cow<'a, str>, u32);
/// The fields of a row, each in its place.
type Cells<'a> = [Option<Cell<'a>>; PLACES];

impl Answers {
    pub(super) fn new(finder: Finder, scale: Scale, now_ms: i64) -> Answers {
        Answers {
            finder,
            answers: Vec::new(),
            report: ReviewReport::default(),
            scale,
            latest_ms: now_ms.min(LATEST_MS),
            rows: 0,
        }
    }

    /// Whether there are as many answers as make a run.
    pub(super) const fn is_run(&self) -> bool {
        self.answers.len() >= ANSWERS_PER_RUN
    }

    fn count(&mut self, line: u64) -> Result<(), FileFault> {
        self.rows += 1;
        if self.rows > ROWS_MAX {
            return Err(FileFault { line, fault: Fault::MoreRowsThan { rows_max: ROWS_MAX } });
        }
        Ok(())
    }

    fn reject(&mut self, line: u64, column: u32, reason: ReviewReason) {
        self.report.rejected.push(Remark { line, column, reason });
    }

    fn change(&mut self, line: u64, column: u32, reason: ReviewReason) {
        self.report.changed.push(Remark { line, column, reason });
    }

    fn take(&mut self, line: u64, cells: &Cells) {
        match self.answer(line, cells) {
            Ok(Some(answer)) => {
                self.report.answers += 1;
                if self.answers.capacity() == 0 {
                    // What a vector leaves behind while it grows is as much again.
                    self.answers.reserve_exact(ANSWERS_PER_RUN);
                }
                self.answers.push(answer);
            }
            Ok(None) => self.report.ignored += 1,
            Err((column, reason)) => self.reject(line, column, reason),
        }
    }

    /// The answer in a row; `None` where the row is known to be something else.
    fn answer(&mut self, line: u64, cells: &Cells) -> Result<Option<Answer>, (u32, ReviewReason)> {
        let [card, time, graded, duration, kind, undone, early, told] = cells;
        let says = |cell: &Option<Cell>, word: &str| cell.as_ref().is_some_and(|(_, text, _)| text == word);
        if (kind.is_some() && !says(kind, "review")) || says(undone, "true") {
            return Ok(None);
        }
        let missing = |reason| (1, reason);
        let (field, text, column) = graded.as_ref().ok_or(missing(ReviewReason::BadGrade))?;
        let scale = if let Field::Grade(Some(scale)) = field { *scale } else { self.scale };
        let Some(grade) = grade(text, scale).ok_or((*column, ReviewReason::BadGrade))? else {
            return Ok(None);
        };
        let (field, text, column) = time.as_ref().ok_or(missing(ReviewReason::BadTime))?;
        let unit = if let Field::Time(unit) = field { *unit } else { None };
        let at_ms = time_ms(text, unit).ok_or((*column, ReviewReason::BadTime))?;
        if at_ms <= 0 || at_ms > self.latest_ms {
            return Err((*column, ReviewReason::ImpossibleTime));
        }
        let (field, text, column) = card.as_ref().ok_or(missing(ReviewReason::NoCard))?;
        let Field::Card(by) = *field else { return Err((*column, ReviewReason::NoCard)) };
        let place = self.finder.find(by, text).map_err(|why| match why {
            NoCard::Unknown => (*column, ReviewReason::UnknownCard),
            NoCard::Unclear => (*column, ReviewReason::UnclearCard),
        })?;
        let (_, card) = self.finder.index().card(place).ok_or((*column, ReviewReason::UnknownCard))?;
        let elapsed_ms = match duration {
            Some((Field::Duration(unit), text, column)) => duration_ms(text, *unit).unwrap_or_else(|| {
                self.report.changed.push(Remark { line, column: *column, reason: ReviewReason::BadDuration });
                0
            }),
            Some(_) | None => 0,
        };
        let manner = Manner { early: says(early, "true"), told: says(told, "true") };
        Ok(Some(Answer::new(place, card, at_ms, grade, elapsed_ms).given(manner)))
    }
}

/// A table of answers.
pub(super) struct TableRows {
    pub(super) answers: Answers,
    /// What each column holds, once the header was read.
    fields: Option<Vec<Option<Field>>>,
}

impl TableRows {
    pub(super) const fn new(answers: Answers) -> TableRows {
        TableRows { answers, fields: None }
    }

    /// Reads the header. Of several columns for one thing the best counts, and among equals the first.
    fn begin(&mut self, record: &Record) {
        let mut fields: Vec<Option<Field>> = record.fields().map(Field::of_name).collect();
        for place in 0..PLACES {
            let is_of_place = |field: &Field| field.place() == Some(place);
            let ranks = fields.iter().map(|field| field.filter(is_of_place).map_or(0, Field::rank));
            let ranks: Vec<u8> = ranks.collect();
            let best = ranks.iter().copied().max().unwrap_or(0);
            let first = ranks.iter().position(|rank| *rank == best);
            for (index, (field, rank)) in fields.iter_mut().zip(ranks).enumerate() {
                if rank > 0 && Some(index) != first {
                    *field = (rank < best).then_some(Field::Known);
                }
            }
        }
        for (index, field) in fields.iter().enumerate() {
            if field.is_none() {
                self.answers.change(record.line, number(index), ReviewReason::UnknownColumn);
            }
        }
        self.fields = Some(fields);
    }
}

impl Rows for TableRows {
    fn is_header(record: &Record) -> bool {
        names_an_answer(record.fields())
    }

    fn row(&mut self, record: &Record) -> Result<(), FileFault> {
        let Some(fields) = &self.fields else {
            if Self::is_header(record) {
                self.begin(record);
                return Ok(());
            }
            return Err(FileFault { line: record.line, fault: Fault::NoHeader });
        };
        self.answers.count(record.line)?;
        if record.trouble.is_some() {
            self.answers.reject(record.line, 1, ReviewReason::BadRow);
            return Ok(());
        }
        let mut cells: Cells = Default::default();
        for (index, field) in fields.iter().enumerate() {
            let Some((field, place)) = field.and_then(|field| Some((field, field.place()?))) else {
                continue;
            };
            let text = record.field(index).unwrap_or_default().trim();
            if let (false, Some(cell)) = (text.is_empty(), cells.get_mut(place)) {
                *cell = Some((field, Cow::Borrowed(text), number(index)));
            }
        }
        self.answers.take(record.line, &cells);
        Ok(())
    }
}

/// JSON Lines of answers.
pub(super) struct LineRows {
    lines: Lines,
    pub(super) objects: Objects,
}

/// What the lines become.
pub(super) struct Objects {
    pub(super) answers: Answers,
    /// What the names of fields mean.
    names: HashMap<String, Option<Field>>,
}

impl LineRows {
    pub(super) fn new(answers: Answers) -> LineRows {
        LineRows { lines: Lines::new(LINE_BYTES_MAX), objects: Objects { answers, names: HashMap::new() } }
    }
}

impl Digest for LineRows {
    fn begin(&mut self, _: &str, _: bool) {}

    fn text(&mut self, text: &str) -> Result<(), FileFault> {
        self.lines.feed(text, &mut |line| self.objects.take(line))
    }

    fn end(&mut self) -> Result<(), FileFault> {
        self.lines.finish(&mut |line| self.objects.take(line))
    }

    fn line(&self) -> u64 {
        self.lines.number()
    }
}

impl Objects {
    fn take(&mut self, line: Line) -> Result<(), FileFault> {
        let number = line.number;
        if line.text.is_some_and(|text| text.trim().is_empty()) {
            return Ok(());
        }
        self.answers.count(number)?;
        let Some(text) = line.text else {
            self.answers.reject(number, 1, ReviewReason::LineTooLong);
            return Ok(());
        };
        let mut fields = Vec::with_capacity(8);
        if let Err(column) = read_object(text, FIELDS_MAX, &mut fields) {
            self.answers.reject(number, column, ReviewReason::NoObject);
            return Ok(());
        }
        let mut cells: Cells = Default::default();
        for field in &fields {
            let Some(known) = self.field(&field.name) else {
                // A name is reported where it first comes.
                continue;
            };
            let (Some(place), Text::Some(value)) = (known.place(), field.text()) else { continue };
            let Some(cell) = cells.get_mut(place) else { continue };
            let better = cell.as_ref().is_none_or(|(there, _, _)| there.rank() < known.rank());
            if better && !value.trim().is_empty() {
                *cell = Some((known, value, field.column(text)));
            }
        }
        for field in &fields {
            if self.names.len() < NAMES_REMEMBERED && !self.names.contains_key(&*field.name) {
                let known = Field::of_name(&field.name);
                if known.is_none() {
                    self.answers.change(number, field.column(text), ReviewReason::UnknownColumn);
                }
                self.names.insert(field.name.clone().into_owned(), known);
            }
        }
        self.answers.take(number, &cells);
        Ok(())
    }

    fn field(&self, name: &str) -> Option<Field> {
        self.names.get(name).copied().unwrap_or_else(|| Field::of_name(name))
    }
}
