//! Live lessons in `main.db`: the cold port.

use crate::error::{During, unreadable};
use crate::imports::most;
use crate::rows::id;
use crate::store::EmbeddedStore;
use domain::ids::{ClassId, LessonId, RunId};
use domain::lesson::Record;
use domain::lesson::report::Report;
use ports::codec::{decode_record, decode_report, encode_record, encode_report};
use ports::lessons::{LESSONS_LISTED, head_of, is_unfinished};
use ports::{Boxed, Cause, Holder, Lessons, LessonsError, ReportHead, StoreError, Taken};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use std::sync::Arc;

impl Lessons for EmbeddedStore {
    fn holder(&self, class: ClassId) -> Boxed<'_, Result<Option<Holder>, LessonsError>> {
        Box::pin(self.read_main(move |main| Ok(holder(main, class)?)))
    }

    fn take(
        &self,
        class: ClassId,
        expected: Option<Holder>,
        run: RunId,
    ) -> Boxed<'_, Result<Option<Taken>, LessonsError>> {
        Box::pin(self.write(move |main| {
            if holder(main, class)? != expected {
                return Ok(None);
            }
            let holder = Holder { run, epoch: expected.map_or(1, |expected| expected.epoch + 1) };
            let record = record(main, class)?.unwrap_or_else(|| Record::new(class));
            put(main, &record, holder)?;
            Ok(Some(Taken { holder, record }))
        }))
    }

    fn store(&self, record: Arc<Record>, by: Holder) -> Boxed<'_, Result<(), LessonsError>> {
        Box::pin(self.write(move |main| {
            let class = record.document.class;
            if holder(main, class)? != Some(by) {
                return Err(LessonsError::Fenced);
            }
            let kept = self::record(main, class)?;
            if kept.is_none_or(|kept| kept.document.version <= record.document.version) {
                put(main, &record, by)?;
            }
            Ok(())
        }))
    }

    fn record(&self, class: ClassId) -> Boxed<'_, Result<Option<Record>, LessonsError>> {
        Box::pin(self.read_main(move |main| Ok(record(main, class)?)))
    }

    fn unfinished(&self) -> Boxed<'_, Result<Vec<ClassId>, LessonsError>> {
        Box::pin(self.read_main(move |main| {
            let read = || {
                let sql = "SELECT class FROM lessons WHERE unfinished = 1 ORDER BY class LIMIT ?1";
                let mut select = main.prepare_cached(sql)?;
                let rows =
                    select.query_map([most(LESSONS_LISTED)], |row| Ok(ClassId::from_bytes(id(row, 0)?)))?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            };
            Ok(read().during("read unfinished lessons")?)
        }))
    }

    fn keep_report(&self, report: Arc<Report>) -> Boxed<'_, Result<(), LessonsError>> {
        Box::pin(self.write(move |main| Ok(keep(main, &report)?)))
    }

    fn report(&self, class: ClassId, lesson: LessonId) -> Boxed<'_, Result<Option<Report>, LessonsError>> {
        Box::pin(self.read_main(move |main| Ok(report(main, class, lesson)?)))
    }

    fn reports(
        &self,
        class: ClassId,
        before: Option<LessonId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ReportHead>, LessonsError>> {
        Box::pin(self.read_main(move |main| Ok(heads(main, class, before, limit).during("read reports")?)))
    }
}

/// Who holds a class.
pub(crate) fn holder(main: &Connection, class: ClassId) -> Result<Option<Holder>, StoreError> {
    let holder =
        |row: &Row| Ok(Holder { run: RunId::from_bytes(id(row, 0)?), epoch: row.get::<_, i64>(1)? as u64 });
    main.prepare_cached("SELECT run, epoch FROM lessons WHERE class = ?1")
        .and_then(|mut find| find.query_row([&class.bytes()[..]], holder).optional())
        .during("read a class's holder")
}

/// The record of a class.
pub(crate) fn record(main: &Connection, class: ClassId) -> Result<Option<Record>, StoreError> {
    let found = main
        .prepare_cached("SELECT record FROM lessons WHERE class = ?1")
        .and_then(|mut find| find.query_row([&class.bytes()[..]], |row| row.get::<_, Vec<u8>>(0)).optional())
        .during("read a lesson")?;
    let read = |bytes: Vec<u8>| decode_record(&bytes);
    found.map(read).transpose().map_err(|error| unreadable("read a lesson", error))
}

/// Writes a record and who holds its class.
pub(crate) fn put(main: &Connection, record: &Record, holder: Holder) -> Result<(), StoreError> {
    let mut bytes = Vec::new();
    encode_record(record, &mut bytes);
    let put = || {
        main.prepare_cached("INSERT OR REPLACE INTO lessons VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(
            params![
                &record.document.class.bytes()[..],
                &holder.run.bytes()[..],
                holder.epoch as i64,
                record.document.version as i64,
                is_unfinished(record),
                bytes,
            ],
        )
    };
    put().during("store a lesson")?;
    Ok(())
}

/// Keeps a report, if none is kept of its lesson.
pub(crate) fn keep(main: &Connection, report: &Report) -> Result<(), StoreError> {
    let head = head_of(report).ok_or_else(|| StoreError::new(Cause::Invalid, "a report names no lesson"))?;
    let mut bytes = Vec::new();
    encode_report(report, &mut bytes);
    let keep = || {
        main.prepare_cached("INSERT OR IGNORE INTO lesson_reports VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
            .execute(params![
                &report.class.bytes()[..],
                &head.lesson.bytes()[..],
                head.opened_ms,
                head.closed_ms,
                head.students,
                head.answered as i64,
                head.correct as i64,
                bytes,
            ])
    };
    keep().during("store a report")?;
    Ok(())
}

/// The report of a lesson.
pub(crate) fn report(
    main: &Connection,
    class: ClassId,
    lesson: LessonId,
) -> Result<Option<Report>, StoreError> {
    let found = main
        .prepare_cached("SELECT report FROM lesson_reports WHERE class = ?1 AND lesson = ?2")
        .and_then(|mut find| {
            let named = (&class.bytes()[..], &lesson.bytes()[..]);
            find.query_row(named, |row| row.get::<_, Vec<u8>>(0)).optional()
        })
        .during("read a report")?;
    let read = |bytes: Vec<u8>| decode_report(&bytes);
    found.map(read).transpose().map_err(|error| unreadable("read a report", error))
}

/// Lessons that have a report, by class.
pub(crate) fn reported(
    main: &Connection,
    after: Option<(ClassId, LessonId)>,
    limit: usize,
) -> rusqlite::Result<Vec<(ClassId, LessonId)>> {
    let sql = "SELECT class, lesson FROM lesson_reports WHERE (class, lesson) > (?1, ?2)
               ORDER BY class, lesson LIMIT ?3";
    let (class, lesson) = after
        .as_ref()
        .map_or((&[][..], &[][..]), |(class, lesson)| (&class.bytes()[..], &lesson.bytes()[..]));
    let mut select = main.prepare_cached(sql)?;
    let rows = select.query_map(params![class, lesson, most(limit)], |row| {
        Ok((ClassId::from_bytes(id(row, 0)?), LessonId::from_bytes(id(row, 1)?)))
    })?;
    rows.collect()
}

fn heads(
    main: &Connection,
    class: ClassId,
    before: Option<LessonId>,
    limit: usize,
) -> rusqlite::Result<Vec<ReportHead>> {
    let columns = "SELECT lesson, opened_ms, closed_ms, students, answered, correct FROM lesson_reports";
    let order = "ORDER BY opened_ms DESC, lesson DESC";
    let (class, limit) = (&class.bytes()[..], most(limit));
    match before {
        None => select(main, &format!("{columns} WHERE class = ?1 {order} LIMIT ?2"), params![class, limit]),
        Some(before) => {
            let sql = format!(
                "{columns} WHERE class = ?1 AND (opened_ms, lesson) <
                 (SELECT opened_ms, lesson FROM lesson_reports WHERE class = ?1 AND lesson = ?3) {order} LIMIT ?2"
            );
            select(main, &sql, params![class, limit, &before.bytes()[..]])
        }
    }
}

fn select(main: &Connection, sql: &str, values: impl Params) -> rusqlite::Result<Vec<ReportHead>> {
    let mut select = main.prepare_cached(sql)?;
    let rows = select.query_map(values, |row| {
        Ok(ReportHead {
            lesson: LessonId::from_bytes(id(row, 0)?),
            opened_ms: row.get(1)?,
            closed_ms: row.get(2)?,
            students: row.get(3)?,
            answered: row.get::<_, i64>(4)? as u64,
            correct: row.get::<_, i64>(5)? as u64,
        })
    })?;
    rows.collect()
}
