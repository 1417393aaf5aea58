//! Reports: made once, and listed by heads that are written behind them.

use crate::CqlStore;
use crate::decide::{Verdict, decide};
use crate::log::unreadable;
use domain::ids::{ClassId, LessonId, Uuid};
use domain::lesson::report::Report;
use ports::codec::{decode_report, encode_report};
use ports::lessons::head_of;
use ports::{Cause, ReportHead, StoreError};

type Row = (i64, Vec<u8>);
type HeadRow = (i64, Uuid, i64, i32, i64, i64);

/// Keeps a report, if none is kept of its lesson, and writes the head of the one that is.
pub(super) async fn keep(store: &CqlStore, report: &Report) -> Result<(), StoreError> {
    let (client, said) = (store.client(), store.lessons_said());
    let no_lesson = || StoreError::new(Cause::Invalid, "a report names no lesson");
    let lesson = report.lesson.ok_or_else(no_lesson)?;
    let named = (report.class.0, lesson.0);
    let mut bytes = Vec::new();
    encode_report(report, &mut bytes);
    let values = (named.0, named.1, report.opened_ms, &bytes[..]);
    let settle = || async {
        let there = client.read_one::<Row>(&said.report_decided, named).await?;
        Ok(there.map_or(Verdict::Again, |_| Verdict::Refused))
    };
    let kept = match decide(client, &said.keep_report, &values, settle).await? {
        true => None,
        false => client.read_one::<Row>(&said.report_decided, named).await?,
    };
    let kept = kept.map(|row| of_row(&row)).transpose()?;
    let head = head_of(kept.as_ref().unwrap_or(report)).ok_or_else(no_lesson)?;
    let values = (
        report.class.0,
        head.opened_ms,
        head.lesson.0,
        head.closed_ms,
        head.students.cast_signed(),
        head.answered.cast_signed(),
        head.correct.cast_signed(),
    );
    client.write(&said.note_head, values).await
}

fn of_row((_, report): &Row) -> Result<Report, StoreError> {
    decode_report(report).map_err(|error| unreadable(&error))
}

/// The report of a lesson.
pub(super) async fn read(
    store: &CqlStore,
    class: ClassId,
    lesson: LessonId,
) -> Result<Option<Report>, StoreError> {
    let row = store.client().read_one::<Row>(&store.lessons_said().report, (class.0, lesson.0)).await?;
    row.as_ref().map(of_row).transpose()
}

/// Reports of a class, newest first.
pub(super) async fn heads(
    store: &CqlStore,
    class: ClassId,
    before: Option<LessonId>,
    limit: usize,
) -> Result<Vec<ReportHead>, StoreError> {
    let (client, said) = (store.client(), store.lessons_said());
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    if limit == 0 {
        return Ok(Vec::new());
    }
    let rows: Vec<HeadRow> = match before {
        None => client.read(&said.heads, (class.0, limit)).await?,
        Some(before) => {
            let row = client.read_one::<Row>(&said.report, (class.0, before.0)).await?;
            let Some((opened_ms, _)) = row else { return Ok(Vec::new()) };
            client.read(&said.heads_before, (class.0, opened_ms, before.0, limit)).await?
        }
    };
    Ok(rows.into_iter().map(head).collect())
}

fn head((opened_ms, lesson, closed_ms, students, answered, correct): HeadRow) -> ReportHead {
    ReportHead {
        lesson: LessonId(lesson),
        opened_ms,
        closed_ms,
        students: students.cast_unsigned(),
        answered: answered.cast_unsigned(),
        correct: correct.cast_unsigned(),
    }
}
