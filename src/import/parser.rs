//! Bytes to rows: the whole way of a file, as a pure machine that may be fed in any pieces.

use super::columns::{Header, Layout, ROLES, Role, lay_out, named_columns, number};
use super::delimiter::{Delimiter, Survey, guess, survey};
use super::encoding::{Decoder, Encoding};
use super::limits::{FILE_BYTES_MAX, HEAD_BYTES, ROWS_MAX};
use super::notetypes::needs_package;
use super::preamble::Preamble;
use super::records::{Record, Records, Trouble};
use super::report::{Fault, FileFault, Reason, Remark};

/// How a file is to be read where that shall not be found out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Dialect {
    /// What stands between fields, whatever the file says.
    pub delimiter: Option<Delimiter>,
    /// Whether the first row is a header.
    pub header: Option<bool>,
}

/// How a file is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// The encoding, as far as the head of the file shows it.
    pub encoding: Encoding,
    /// The delimiter.
    pub delimiter: Delimiter,
    /// Whether the texts are HTML.
    pub html: bool,
    /// Tags of every card, as written.
    pub tags: String,
    /// The columns.
    pub layout: Layout,
}

/// A row that has a front and a back. Texts are as in the file, without the spaces around them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Row {
    /// The line in which it begins, from 1.
    pub line: u64,
    /// The question.
    pub front: String,
    /// The answer.
    pub back: String,
    /// The hint; empty without one.
    pub hint: String,
    /// The explanation; empty without one.
    pub explanation: String,
    /// Tags, not divided yet.
    pub tags: String,
    /// The guid; empty without one.
    pub guid: String,
    /// Accepted answers, not divided yet.
    pub accept: String,
    /// Whether the texts are HTML.
    pub html: bool,
    /// Where each field stands, from 1, in the order of the fields above: the number of its column, or of its first
    /// character in a line of JSON; 0 where the file, or the object, does not have it.
    pub columns: [u32; ROLES],
}

impl Row {
    /// Where the field of this role stands; 0 where there is none.
    pub(super) const fn column(&self, role: Role) -> u32 {
        self.columns[role.place()]
    }

    pub(super) const fn text_mut(&mut self, role: Role) -> &mut String {
        match role {
            Role::Front => &mut self.front,
            Role::Back => &mut self.back,
            Role::Hint => &mut self.hint,
            Role::Explanation => &mut self.explanation,
            Role::Tags => &mut self.tags,
            Role::Guid => &mut self.guid,
            Role::Accept => &mut self.accept,
        }
    }
}

/// What the parser finds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RowEvent {
    /// Comes once, before everything else: how the file is read.
    Head(Head),
    /// A row.
    Row(Row),
    /// A row that makes no card, with what can be read of it.
    Rejected(Remark, Row),
    /// Something that was left out.
    Changed(Remark),
}

/// Reads a file.
pub struct Parser {
    dialect: Dialect,
    bytes: u64,
    stage: Stage,
}

enum Stage {
    /// Collects the bytes by which the file is recognised.
    Head(Vec<u8>),
    Body(Box<Body>),
    Failed(FileFault),
}

struct Body {
    decoder: Decoder,
    records: Records,
    rows: Rows,
    /// Text of the piece that is being read.
    text: String,
}

/// What records become.
struct Rows {
    dialect: Dialect,
    preamble: Preamble,
    survey: Survey,
    encoding: Encoding,
    layout: Option<Layout>,
    /// Columns that are not imported and of which nothing was said yet.
    left_out: Vec<usize>,
    count: u64,
}

impl Parser {
    /// A parser for one file.
    pub const fn new(dialect: Dialect) -> Parser {
        Parser { dialect, bytes: 0, stage: Stage::Head(Vec::new()) }
    }

    /// Reads the next bytes. How the file is cut into pieces makes no difference.
    ///
    /// # Errors
    /// A fault of the file as a whole; nothing can be read after it.
    pub fn feed(&mut self, bytes: &[u8], each: &mut impl FnMut(RowEvent)) -> Result<(), FileFault> {
        let left = FILE_BYTES_MAX - self.bytes;
        let within = bytes.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(bytes);
        self.bytes += within.len() as u64;
        let read = self.read(within, each);
        let read = read.and_then(|()| if within.len() < bytes.len() { Err(self.too_long()) } else { Ok(()) });
        read.inspect_err(|fault| self.stage = Stage::Failed(*fault))
    }

    /// Reads the end of the file.
    ///
    /// # Errors
    /// A fault of the file as a whole.
    pub fn finish(&mut self, each: &mut impl FnMut(RowEvent)) -> Result<(), FileFault> {
        if let Stage::Head(head) = &mut self.stage {
            let head = std::mem::take(head);
            self.begin(&head, true, each)?;
        }
        match &mut self.stage {
            Stage::Body(body) => body.finish(each),
            Stage::Failed(fault) => Err(*fault),
            Stage::Head(_) => Ok(()),
        }
    }

    fn read(&mut self, bytes: &[u8], each: &mut impl FnMut(RowEvent)) -> Result<(), FileFault> {
        match &mut self.stage {
            Stage::Failed(fault) => Err(*fault),
            Stage::Body(body) => body.read(bytes, each),
            Stage::Head(head) => {
                let (mine, rest) = bytes.split_at(bytes.len().min(HEAD_BYTES - head.len()));
                head.extend_from_slice(mine);
                if head.len() < HEAD_BYTES {
                    return Ok(());
                }
                let head = std::mem::take(head);
                self.begin(&head, false, each)?;
                self.read(rest, each)
            }
        }
    }

    fn begin(
        &mut self,
        head: &[u8],
        is_whole: bool,
        each: &mut impl FnMut(RowEvent),
    ) -> Result<(), FileFault> {
        let begun = Body::begin(head, is_whole, self.dialect, each);
        match begun {
            Ok(body) => self.stage = Stage::Body(Box::new(body)),
            Err(fault) => self.stage = Stage::Failed(fault),
        }
        match &self.stage {
            Stage::Failed(fault) => Err(*fault),
            Stage::Body(_) | Stage::Head(_) => Ok(()),
        }
    }

    fn too_long(&self) -> FileFault {
        let line = match &self.stage {
            Stage::Body(body) => body.records.line(),
            Stage::Head(_) | Stage::Failed(_) => 1,
        };
        FileFault { line, fault: Fault::FileTooLong }
    }
}

impl Body {
    fn begin(
        head: &[u8],
        is_whole: bool,
        dialect: Dialect,
        each: &mut impl FnMut(RowEvent),
    ) -> Result<Body, FileFault> {
        let at_start = |fault| FileFault { line: 1, fault };
        let (mut decoder, mark) = Decoder::of_head(head, is_whole).map_err(at_start)?;
        let mut text = String::new();
        let decoded = decoder.decode(head.get(mark..).unwrap_or(&[]), &mut text);
        let preamble = Preamble::read(&text, is_whole);
        let table = text.get(preamble.bytes..).unwrap_or("");
        let is_header = |record: &Record| Header::of(record).is_certain();
        let survey = match dialect.delimiter.or(preamble.delimiter) {
            Some(delimiter) => survey(table, is_whole, delimiter, &is_header),
            None => guess(table, is_whole, &is_header),
        };
        let records = Records::new(survey.delimiter.byte(), preamble.lines + 1);
        let table = table.to_owned();
        let rows = Rows {
            dialect,
            preamble,
            survey,
            encoding: decoder.encoding(),
            layout: None,
            left_out: Vec::new(),
            count: 0,
        };
        let mut body = Body { decoder, records, rows, text };
        body.records.feed(&table, &mut |record| body.rows.take(record, each))?;
        decoded.map_err(|fault| body.fault(fault))?;
        Ok(body)
    }

    fn read(&mut self, bytes: &[u8], each: &mut impl FnMut(RowEvent)) -> Result<(), FileFault> {
        self.text.clear();
        let decoded = self.decoder.decode(bytes, &mut self.text);
        self.digest(decoded, each)
    }

    fn finish(&mut self, each: &mut impl FnMut(RowEvent)) -> Result<(), FileFault> {
        self.text.clear();
        let decoded = self.decoder.finish(&mut self.text);
        self.digest(decoded, each)?;
        self.records.finish(&mut |record| self.rows.take(record, each))
    }

    /// Reads the decoded text up to where it could not be decoded.
    fn digest(
        &mut self,
        decoded: Result<(), Fault>,
        each: &mut impl FnMut(RowEvent),
    ) -> Result<(), FileFault> {
        self.records.feed(&self.text, &mut |record| self.rows.take(record, each))?;
        decoded.map_err(|fault| self.fault(fault))
    }

    const fn fault(&self, fault: Fault) -> FileFault {
        FileFault { line: self.records.line(), fault }
    }
}

impl Rows {
    fn take(&mut self, record: &Record, each: &mut impl FnMut(RowEvent)) -> Result<(), FileFault> {
        if record.is_blank() {
            return Ok(());
        }
        let Some(layout) = self.layout else {
            return match self.begin(record, each) {
                Some(layout) => self.row(record, &layout, each),
                None => Ok(()),
            };
        };
        self.row(record, &layout, each)
    }

    /// Lays the columns out by the first record; returns them if it is a row and no header.
    fn begin(&mut self, record: &Record, each: &mut impl FnMut(RowEvent)) -> Option<Layout> {
        let names = self.preamble.columns.as_deref();
        let named = names.and_then(|names| named_columns(names, self.survey.delimiter.byte()));
        let first = Header::of(record);
        let is_header = self.dialect.header.unwrap_or_else(|| first.is_certain());
        let header = if is_header { Some(&first) } else { named.as_ref() };
        let width = if is_header { record.width() } else { self.survey.width.max(1) };
        let layout = lay_out(header, &self.preamble, width);
        self.layout = Some(layout);
        each(RowEvent::Head(Head {
            encoding: self.encoding,
            delimiter: self.survey.delimiter,
            html: self.preamble.html,
            tags: self.preamble.tags.clone(),
            layout,
        }));
        let silent = &self.preamble.other_columns;
        let is_read = |index| Role::ALL.iter().any(|role| layout.index(*role) == Some(index));
        let is_left_out = |index: &usize| !is_read(*index) && !silent.contains(&(index + 1));
        self.left_out = (0..layout.width).filter(is_left_out).collect();
        if !is_header {
            return Some(layout);
        }
        self.tell_left_out(record, each);
        None
    }

    /// Says of each column that is not imported so, where it first holds something.
    fn tell_left_out(&mut self, record: &Record, each: &mut impl FnMut(RowEvent)) {
        self.left_out.retain(|&index| {
            let is_blank = record.field(index).is_none_or(|field| field.trim().is_empty());
            if !is_blank {
                each(RowEvent::Changed(remark(record, index, Reason::UnknownColumn)));
            }
            is_blank
        });
    }

    fn row(
        &mut self,
        record: &Record,
        layout: &Layout,
        each: &mut impl FnMut(RowEvent),
    ) -> Result<(), FileFault> {
        self.count += 1;
        if self.count > ROWS_MAX {
            return Err(FileFault { line: record.line, fault: Fault::TooManyRows });
        }
        let mut controls = None;
        let mut text = |index: Option<usize>| {
            let field = index.and_then(|index| record.field(index)).unwrap_or("").trim();
            if field.contains(is_stray_control) {
                controls = controls.or(index);
                return field.replace(is_stray_control, "").trim().to_owned();
            }
            field.to_owned()
        };
        let row = Row {
            line: record.line,
            front: text(Some(layout.front)),
            back: text(Some(layout.back)),
            hint: text(layout.hint),
            explanation: text(layout.explanation),
            tags: text(layout.tags),
            guid: text(layout.guid),
            accept: text(layout.accept),
            html: self.preamble.html,
            columns: Role::ALL.map(|role| layout.index(role).map_or(0, number)),
        };
        let objection = objection(record, layout).or_else(|| {
            let index = needs_package(record, layout, &self.preamble)?;
            Some((index, Reason::NoteTypeNeedsPackage))
        });
        if let Some((index, reason)) = objection {
            each(RowEvent::Rejected(remark(record, index, reason), row));
            return Ok(());
        }
        self.tell_left_out(record, each);
        if let Some(index) = controls {
            each(RowEvent::Changed(remark(record, index, Reason::ControlsRemoved)));
        }
        each(RowEvent::Row(row));
        Ok(())
    }
}

/// What is wrong with the form of a row, and in which column.
fn objection(record: &Record, layout: &Layout) -> Option<(usize, Reason)> {
    match record.trouble {
        Some(Trouble::TextAfterQuote(index)) => return Some((index, Reason::TextAfterQuote)),
        Some(Trouble::TooLong) => return Some((0, Reason::RowTooLong)),
        None => {}
    }
    let beyond = (layout.width..record.width()).find(|index| {
        record.is_too_long(*index) || record.field(*index).is_some_and(|field| !field.trim().is_empty())
    });
    if let Some(index) = beyond {
        return Some((index, Reason::TooManyFields));
    }
    let mut read = Role::ALL.iter().filter_map(|role| layout.index(*role));
    read.find(|index| record.is_too_long(*index)).map(|index| (index, Reason::FieldTooLong))
}

fn remark(record: &Record, index: usize, reason: Reason) -> Remark {
    Remark { line: record.line, column: number(index), reason }
}

/// A control character that no text needs.
pub(super) fn is_stray_control(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\t')
}
