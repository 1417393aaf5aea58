//! A plain table of people: a header in whatever order and language, one person a row, or one row for each class that a
//! person is in.

use super::cells;
use super::plain_names::Column;
use super::words::Said;
use crate::import::columns::number;
use crate::import::reading::Reading;
use crate::import::records::Record;
use crate::import::sheet::{Rows, Sheet};
use crate::import::{Delimiter, Fault, FileFault};
use crate::rosters::limits::{
    CLASSES_MAX, CLASSES_PER_CELL_MAX, ENROLLMENTS_MAX, PEOPLE_MAX, TABLE_BYTES_MAX,
};
use crate::rosters::model::{Enrolled, Membership, Roster, RosterClass, RosterPerson};
use crate::rosters::remark::{RosterReason, RosterRemark};
use ports::Role;
use ports::register::Status;
use std::collections::HashSet;

/// The only table has no name.
const FILE: &str = "";
/// What divides classes in one cell.
const BETWEEN_CLASSES: [char; 2] = ['|', '\n'];

/// Reads a plain roster, in any pieces.
pub struct PlainReader(Reading<Sheet<People>>);

impl PlainReader {
    /// Begins a file. Where its rows name no class, and `class` is given, all are in that one.
    pub fn new(delimiter: Option<Delimiter>, class: Option<String>) -> PlainReader {
        PlainReader(Reading::new(TABLE_BYTES_MAX, Sheet::new(delimiter, People::new(class))))
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// A fault of the file as a whole; nothing can be read after it.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), FileFault> {
        self.0.feed(bytes)
    }

    /// Reads the end.
    ///
    /// # Errors
    /// A fault of the file as a whole.
    pub fn finish(self) -> Result<Roster, FileFault> {
        Ok(self.0.finish()?.into_rows().roster)
    }
}

/// Whether the head of a file is that of a plain roster: its first row names people and classes, and no cards.
pub fn is_plain_roster(head: &[u8]) -> bool {
    let first = Reading::new(u64::MAX, Sheet::new(None, FirstRow(None))).of_head(head).into_rows();
    first.0 == Some(true)
}

/// Whether the first row is a header of people.
struct FirstRow(Option<bool>);

impl Rows for FirstRow {
    fn is_header(record: &Record) -> bool {
        People::is_header(record)
    }

    fn row(&mut self, record: &Record) -> Result<(), FileFault> {
        self.0.get_or_insert_with(|| People::is_header(record));
        Ok(())
    }
}

struct People {
    roster: Roster,
    /// The class of rows that name none.
    class: Option<String>,
    /// The index of each column of [`Column::READ`], once the header was read.
    places: Option<[Option<usize>; 8]>,
    /// Who is in which class already.
    enrolled: HashSet<(u32, u32)>,
}

/// A column and why its cell is refused.
type Refused = (Column, RosterReason);

impl People {
    fn new(class: Option<String>) -> People {
        let mut roster = Roster::new();
        (roster.has_classes, roster.has_enrollments) = (true, true);
        People { roster, class, places: None, enrolled: HashSet::new() }
    }

    fn begin(&mut self, record: &Record) {
        let columns: Vec<Option<Column>> = record.fields().map(Column::of_name).collect();
        let places = Column::READ.map(|column| columns.iter().position(|known| *known == Some(column)));
        for (index, column) in columns.iter().enumerate() {
            let is_read = places.contains(&Some(index)) || *column == Some(Column::Ignored);
            let is_blank = record.field(index).is_none_or(|name| name.trim().is_empty());
            if !is_read && !is_blank {
                let (column, reason) = (number(index).to_string(), RosterReason::UnknownColumn);
                self.roster.changed.push(RosterRemark {
                    file: FILE,
                    line: record.line,
                    column: column.into(),
                    reason,
                });
            }
        }
        self.places = Some(places);
    }

    fn take(&mut self, record: &Record, places: &[Option<usize>; 8]) -> Result<(), FileFault> {
        let at = |column: Column, reason| RosterRemark {
            file: FILE,
            line: record.line,
            column: column.word().into(),
            reason,
        };
        let is_broken = places.iter().flatten().any(|place| record.is_too_long(*place));
        if record.trouble.is_some() || is_broken {
            self.roster.rejected.push(at(Column::Ignored, RosterReason::BadRow));
            return Ok(());
        }
        let cell = |column: Column| {
            let nth = Column::READ.iter().position(|known| *known == column);
            let place = nth.and_then(|nth| places.get(nth).copied().flatten());
            place.and_then(|place| record.field(place)).unwrap_or_default().trim()
        };
        let read =
            person(record.line, cell).and_then(|person| Ok((person, self.classes(cell(Column::Class))?)));
        let (person, classes) = match read {
            Ok(read) => read,
            Err((column, RosterReason::RoleLeftOut)) => {
                self.roster.changed.push(at(column, RosterReason::RoleLeftOut));
                return Ok(());
            }
            Err((column, reason)) => {
                self.roster.rejected.push(at(column, reason));
                return Ok(());
            }
        };
        self.add(person, classes, record.line);
        self.is_borne().map_err(|fault| FileFault { line: record.line, fault })
    }

    /// What was named so far is no more than a roster may name.
    fn is_borne(&self) -> Result<(), Fault> {
        let Roster { people, classes, .. } = &self.roster;
        let named = [
            ("people", people.len(), PEOPLE_MAX),
            ("classes", classes.len(), CLASSES_MAX),
            ("enrollments", self.enrolled.len(), ENROLLMENTS_MAX),
        ];
        match named.into_iter().find(|(_, found, most)| found > most) {
            Some((what, _, most)) => Err(Fault::NamesMoreThan { what, most: most as u64 }),
            None => Ok(()),
        }
    }

    /// The names of the classes in a cell.
    fn classes(&self, cell: &str) -> Result<Vec<String>, Refused> {
        let named =
            cell.split(BETWEEN_CLASSES).map(|name| cells::external(name).and_then(|name| cells::name(&name)));
        let named: Result<Vec<String>, RosterReason> = named.collect();
        let mut named = named.map_err(|reason| (Column::Class, reason))?;
        named.retain(|name| !name.is_empty());
        if named.len() > CLASSES_PER_CELL_MAX {
            return Err((Column::Class, RosterReason::TooManyClasses));
        }
        if named.is_empty() {
            named.extend(self.class.clone());
        }
        Ok(named)
    }

    fn add(&mut self, person: RosterPerson, classes: Vec<String>, line: u64) {
        let known = person.key().and_then(|key| self.roster.person(&key));
        let role = person.role;
        let place = match known {
            None => self.roster.add_person(person),
            Some(place) => {
                let first = usize::try_from(place).ok().and_then(|place| self.roster.people.get(place));
                let same = first.is_some_and(|first| RosterPerson { at: first.at, ..person } == *first);
                if !same {
                    let (column, reason) = ("", RosterReason::Differs);
                    self.roster.changed.push(RosterRemark {
                        file: FILE,
                        line,
                        column: column.into(),
                        reason,
                    });
                } else if classes.is_empty() {
                    let (column, reason) = ("", RosterReason::Duplicate);
                    self.roster.rejected.push(RosterRemark {
                        file: FILE,
                        line,
                        column: column.into(),
                        reason,
                    });
                }
                Some(place)
            }
        };
        let Some(person) = place else { return };
        let mut is_new = classes.is_empty();
        for title in classes {
            let class = self.roster.class(&title).or_else(|| {
                let (external, at) = (title.clone(), (FILE, line));
                let (status, is_reference) = (Status::Active, false);
                self.roster.add_class(RosterClass { external, title, status, is_reference, at })
            });
            let Some(class) = class else { continue };
            if self.enrolled.insert((class, person)) {
                is_new = true;
                let membership =
                    if role == Role::Learner { Membership::Student } else { Membership::Teacher };
                self.roster.enrolled.push(Enrolled { class, person, membership, status: Status::Active });
            }
        }
        if !is_new {
            let (column, reason) = (Column::Class.word(), RosterReason::Duplicate);
            self.roster.rejected.push(RosterRemark { file: FILE, line, column: column.into(), reason });
        }
    }
}

/// The person of a row.
fn person<'a>(line: u64, cell: impl Fn(Column) -> &'a str) -> Result<RosterPerson, Refused> {
    let of = |column, read: fn(&str) -> Result<String, RosterReason>| {
        read(cell(column)).map_err(|reason| (column, reason))
    };
    let external = of(Column::External, cells::external)?;
    let login = of(Column::Login, cells::login)?;
    let email = of(Column::Email, cells::login)?;
    let whole = of(Column::Name, cells::name)?;
    let (given, family) = (of(Column::Given, cells::name)?, of(Column::Family, cells::name)?);
    let parts = format!("{given} {family}");
    let parts = cells::name(&parts).map_err(|reason| (Column::Family, reason))?;
    let name = [whole, parts]
        .into_iter()
        .find(|name| !name.is_empty())
        .ok_or((Column::Name, RosterReason::NoName))?;
    let role = match cell(Column::Role) {
        "" => Role::Learner,
        word => {
            let said = Said::of_word(word).ok_or((Column::Role, RosterReason::UnknownRole))?;
            said.role().ok_or((Column::Role, RosterReason::RoleLeftOut))?
        }
    };
    let (status, is_reference, at) = (Status::Active, false, (FILE, line));
    let person = RosterPerson { external, login, email, name, role, status, is_reference, at };
    if person.key().is_none() {
        return Err((Column::External, RosterReason::NoIdentity));
    }
    Ok(person)
}

impl Rows for People {
    /// A name, and something by which to find somebody again.
    fn is_header(record: &Record) -> bool {
        let columns: Vec<Column> = record.fields().filter_map(Column::of_name).collect();
        let has = |any: &[Column]| any.iter().any(|column| columns.contains(column));
        has(&[Column::Name, Column::Given, Column::Family])
            && has(&[Column::External, Column::Login, Column::Email])
    }

    fn row(&mut self, record: &Record) -> Result<(), FileFault> {
        match self.places {
            Some(places) => self.take(record, &places),
            None if Self::is_header(record) => {
                self.begin(record);
                Ok(())
            }
            None => Err(FileFault { line: record.line, fault: Fault::NoHeader }),
        }
    }
}
