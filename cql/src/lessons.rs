//! Live lessons: the cold port. The row of a class is changed by comparison alone, on its own (run, epoch); where those
//! that owe something are listed is written before the row says so, and looked up before it is believed.

mod reports;

use crate::CqlStore;
use crate::decide::{Verdict, decide};
use crate::log::unreadable;
use crate::statements::statements;
use crate::task::owned;
use domain::ids::{ClassId, LessonId, RunId, Uuid};
use domain::lesson::Record;
use domain::lesson::report::Report;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::codec::{decode_record, encode_record};
use ports::lessons::{LESSONS_LISTED, is_unfinished};
use ports::{Boxed, Holder, Lessons, LessonsError, ReportHead, StoreError, Taken};
use std::sync::Arc;

statements! {
    /// What is said to the tables of lessons in schema/0008_lessons.cql.
    LessonStatements {
        record: Read = "SELECT record FROM lessons WHERE class = ?";
        decided: ReadSerial = "SELECT run, epoch, version, record FROM lessons WHERE class = ?";
        take_first: Decide = "INSERT INTO lessons (class, run, epoch, version, record) VALUES (?, ?, 1, 0, ?)
            IF NOT EXISTS";
        take: Decide = "UPDATE lessons SET run = ?, epoch = ? WHERE class = ? IF run = ? AND epoch = ?";
        store: Decide = "UPDATE lessons SET version = ?, record = ? WHERE class = ?
            IF run = ? AND epoch = ? AND version <= ?";
        begin: Write = "INSERT INTO lessons_unfinished (bucket, class) VALUES (?, ?) USING TIMESTAMP ?";
        end: Write = "DELETE FROM lessons_unfinished USING TIMESTAMP ? WHERE bucket = ? AND class = ?";
        unfinished: Read = "SELECT class FROM lessons_unfinished WHERE bucket = ? LIMIT ?";
        keep_report: Decide = "INSERT INTO lesson_reports (class, lesson, opened_ms, report) VALUES (?, ?, ?, ?)
            IF NOT EXISTS";
        report: Read = "SELECT opened_ms, report FROM lesson_reports WHERE class = ? AND lesson = ?";
        report_decided: ReadSerial = "SELECT opened_ms, report FROM lesson_reports
            WHERE class = ? AND lesson = ?";
        note_head: Write = "INSERT INTO lesson_heads
            (class, opened_ms, lesson, closed_ms, students, answered, correct) VALUES (?, ?, ?, ?, ?, ?, ?)
            USING TIMESTAMP 1";
        heads: Read = "SELECT opened_ms, lesson, closed_ms, students, answered, correct FROM lesson_heads
            WHERE class = ? LIMIT ?";
        heads_before: Read = "SELECT opened_ms, lesson, closed_ms, students, answered, correct FROM lesson_heads
            WHERE class = ? AND (opened_ms, lesson) < (?, ?) LIMIT ?";
    }
}

/// Buckets of the list of classes whose lesson owes something.
const BUCKETS: u128 = 16;

/// A class's row, after all changes that have taken effect.
pub(crate) struct Decided {
    pub(crate) holder: Holder,
    version: u64,
    pub(crate) record: Record,
}

impl Lessons for CqlStore {
    fn holder(&self, class: ClassId) -> Boxed<'_, Result<Option<Holder>, LessonsError>> {
        Box::pin(async move { Ok(decided(self, class).await?.map(|decided| decided.holder)) })
    }

    fn take(
        &self,
        class: ClassId,
        expected: Option<Holder>,
        run: RunId,
    ) -> Boxed<'_, Result<Option<Taken>, LessonsError>> {
        let store = self.clone();
        Box::pin(owned(async move { Ok(take(&store, class, expected, run).await?) }))
    }

    fn store(&self, record: Arc<Record>, holder: Holder) -> Boxed<'_, Result<(), LessonsError>> {
        let store = self.clone();
        Box::pin(owned(async move { put(&store, &record, holder).await }))
    }

    fn record(&self, class: ClassId) -> Boxed<'_, Result<Option<Record>, LessonsError>> {
        Box::pin(async move { Ok(read(self, class).await?) })
    }

    fn unfinished(&self) -> Boxed<'_, Result<Vec<ClassId>, LessonsError>> {
        Box::pin(async move { Ok(unfinished(self).await?) })
    }

    fn keep_report(&self, report: Arc<Report>) -> Boxed<'_, Result<(), LessonsError>> {
        let store = self.clone();
        Box::pin(owned(async move { Ok(reports::keep(&store, &report).await?) }))
    }

    fn report(&self, class: ClassId, lesson: LessonId) -> Boxed<'_, Result<Option<Report>, LessonsError>> {
        Box::pin(async move { Ok(reports::read(self, class, lesson).await?) })
    }

    fn reports(
        &self,
        class: ClassId,
        before: Option<LessonId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ReportHead>, LessonsError>> {
        Box::pin(async move { Ok(reports::heads(self, class, before, limit).await?) })
    }
}

/// An epoch or a version as columns hold it.
const fn number(n: u64) -> i64 {
    n.cast_signed()
}

fn bucket(class: ClassId) -> i32 {
    i32::try_from(class.0.as_u128() % BUCKETS).unwrap_or(0)
}

async fn read(store: &CqlStore, class: ClassId) -> Result<Option<Record>, StoreError> {
    let row = store.client().read_one::<(Vec<u8>,)>(&store.lessons_said().record, (class.0,)).await?;
    row.map(|(record,)| decode_record(&record).map_err(|error| unreadable(&error))).transpose()
}

/// The row of a class, read serially.
pub(crate) async fn decided(store: &CqlStore, class: ClassId) -> Result<Option<Decided>, StoreError> {
    type Row = (Uuid, i64, i64, Vec<u8>);
    let row = store.client().read_one::<Row>(&store.lessons_said().decided, (class.0,)).await?;
    let read = |(run, epoch, version, record): Row| {
        Ok(Decided {
            holder: Holder { run: RunId(run), epoch: epoch.cast_unsigned() },
            version: version.cast_unsigned(),
            record: decode_record(&record).map_err(|error| unreadable(&error))?,
        })
    };
    row.map(read).transpose()
}

async fn take(
    store: &CqlStore,
    class: ClassId,
    expected: Option<Holder>,
    run: RunId,
) -> Result<Option<Taken>, StoreError> {
    let epoch = expected.map_or(1, |expected| expected.epoch.saturating_add(1));
    let holder = Holder { run, epoch };
    let settle = || async {
        let now = decided(store, class).await?.map(|decided| decided.holder);
        Ok(match now {
            now if now == expected => Verdict::Again,
            Some(now) if now == holder => Verdict::Done,
            // Ours, and then another's, is another's.
            Some(_) | None => Verdict::Refused,
        })
    };
    let (client, said) = (store.client(), store.lessons_said());
    let done = match expected {
        None => {
            let mut record = Vec::new();
            encode_record(&Record::new(class), &mut record);
            decide(client, &said.take_first, &(class.0, run.0, &record[..]), settle).await?
        }
        Some(before) => {
            let values = (run.0, number(epoch), class.0, before.run.0, number(before.epoch));
            decide(client, &said.take, &values, settle).await?
        }
    };
    if !done {
        return Ok(None);
    }
    let now = decided(store, class).await?.filter(|decided| decided.holder == holder);
    Ok(now.map(|decided| Taken { holder, record: decided.record }))
}

async fn put(store: &CqlStore, record: &Record, holder: Holder) -> Result<(), LessonsError> {
    let (client, said) = (store.client(), store.lessons_said());
    let (class, version) = (record.document.class, record.document.version);
    let owes = is_unfinished(record);
    if owes {
        begin(store, record).await?;
    }
    let mut bytes = Vec::new();
    encode_record(record, &mut bytes);
    let values = (number(version), &bytes[..], class.0, holder.run.0, number(holder.epoch), number(version));
    let settle = || async {
        Ok(match decided(store, class).await? {
            Some(now) if now.holder == holder && now.version >= version && now.record != *record => {
                if now.version == version { Verdict::Again } else { Verdict::Done }
            }
            Some(now) if now.holder == holder && now.version >= version => Verdict::Done,
            Some(now) if now.holder == holder => Verdict::Again,
            Some(_) | None => Verdict::Refused,
        })
    };
    if !decide(client, &said.store, &values, settle).await? {
        // One that is older than what lies there came late; everything else is another's.
        let now = decided(store, class).await?;
        return match now {
            Some(now) if now.holder == holder => Ok(()),
            Some(_) | None => Err(LessonsError::Fenced),
        };
    }
    if !owes {
        end(store, record).await?;
    }
    Ok(())
}

/// Lists a class whose lesson owes something from this record on.
pub(crate) async fn begin(store: &CqlStore, record: &Record) -> Result<(), StoreError> {
    let (class, at) = (record.document.class, number(record.document.version).saturating_mul(2));
    store.client().write(&store.lessons_said().begin, (bucket(class), class.0, at)).await
}

/// Takes a class from that list.
pub(crate) async fn end(store: &CqlStore, record: &Record) -> Result<(), StoreError> {
    let (class, at) = (record.document.class, number(record.document.version).saturating_mul(2));
    let values = (at.saturating_add(1), bucket(class), class.0);
    store.client().write(&store.lessons_said().end, values).await
}

async fn unfinished(store: &CqlStore) -> Result<Vec<ClassId>, StoreError> {
    let (client, limit) = (store.client(), LESSONS_LISTED as i32);
    let mut found = Vec::new();
    for bucket in 0..BUCKETS as i32 {
        let rows: Vec<(Uuid,)> = client.read(&store.lessons_said().unfinished, (bucket, limit)).await?;
        let reads = stream::iter(rows).map(|(class,)| async move {
            let record = read(store, ClassId(class)).await?;
            Ok::<_, StoreError>(record.filter(is_unfinished).map(|_| ClassId(class)))
        });
        let owing: Vec<Option<ClassId>> =
            reads.buffered(client.options().reads_at_once).try_collect().await?;
        found.extend(owing.into_iter().flatten());
        if found.len() >= LESSONS_LISTED {
            break;
        }
    }
    found.truncate(LESSONS_LISTED);
    Ok(found)
}
