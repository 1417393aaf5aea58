//! Import jobs in `main.db`: the cold port.

use crate::error::{During, unreadable};
use crate::read::BEYOND_ALL;
use crate::rows::{id, maybe_id};
use crate::store::EmbeddedStore;
use domain::ids::{JobId, OrgId, UserId};
use ports::codec::{decks_of, decks_text};
use ports::imports::ImportDigest;
use ports::{Boxed, ImportPhase, ImportRecord, Imports, ImportsError, RefusedRow, StoreError};
use rusqlite::{Connection, Row, params};

const COLUMNS: &str = "job, owner, org, name, format, digest, bytes, options, phase, done, total, outcome, decks, \
                       created_ms, updated_ms, revision";

impl Imports for EmbeddedStore {
    fn put_import(
        &self,
        record: ImportRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, ImportsError>> {
        Box::pin(self.write(move |main| put(main, record, if_revision)))
    }

    fn import(&self, job: JobId) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>> {
        Box::pin(self.read_main(move |main| Ok(by_id(main, job)?)))
    }

    fn imports_of(
        &self,
        owner: UserId,
        before: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>> {
        Box::pin(self.read_main(move |main| {
            let rest = "WHERE owner = ?1 AND job < ?2 ORDER BY job DESC LIMIT ?3";
            let before = before.as_ref().map_or(&BEYOND_ALL[..], |job| &job.bytes()[..]);
            Ok(select(main, rest, params![&owner.bytes()[..], before, most(limit)])?)
        }))
    }

    fn unfinished(
        &self,
        after: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>> {
        Box::pin(self.read_main(move |main| {
            let rest = "WHERE unfinished = 1 AND job > ?1 ORDER BY job LIMIT ?2";
            let after = after.as_ref().map_or(&[][..], |job| &job.bytes()[..]);
            Ok(select(main, rest, params![after, most(limit)])?)
        }))
    }

    fn same_import(
        &self,
        owner: UserId,
        digest: ImportDigest,
    ) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>> {
        Box::pin(self.read_main(move |main| {
            let rest = "WHERE owner = ?1 AND digest = ?2 ORDER BY job DESC";
            let same = select(main, rest, params![&owner.bytes()[..], &digest[..]])?;
            Ok(same.into_iter().find(|record| record.phase.stands()))
        }))
    }

    fn put_refused(&self, job: JobId, rows: Vec<RefusedRow>) -> Boxed<'_, Result<(), ImportsError>> {
        Box::pin(self.write(move |main| Ok(write_refused(main, job, &rows)?)))
    }

    fn refused(
        &self,
        job: JobId,
        from_number: u64,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RefusedRow>, ImportsError>> {
        Box::pin(self.read_main(move |main| Ok(refused(main, job, from_number, limit)?)))
    }
}

fn put(main: &Connection, record: ImportRecord, if_revision: Option<u64>) -> Result<u64, ImportsError> {
    let kept = by_id(main, record.job)?;
    let record = record.over(kept.as_ref(), if_revision)?;
    write(main, &record)?;
    Ok(record.revision)
}

/// One job.
pub(crate) fn by_id(main: &Connection, job: JobId) -> Result<Option<ImportRecord>, StoreError> {
    Ok(select(main, "WHERE job = ?1", [&job.bytes()[..]])?.pop())
}

/// A page of all jobs, by id.
pub(crate) fn page(
    main: &Connection,
    after: Option<JobId>,
    limit: usize,
) -> Result<Vec<ImportRecord>, StoreError> {
    let after = after.as_ref().map_or(&[][..], |job| &job.bytes()[..]);
    select(main, "WHERE job > ?1 ORDER BY job LIMIT ?2", params![after, most(limit)])
}

/// Writes a job's row as it is.
pub(crate) fn write(main: &Connection, record: &ImportRecord) -> Result<(), StoreError> {
    let put = || {
        main.prepare_cached(
            "INSERT OR REPLACE INTO imports VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
                                                     ?15, ?16, ?17)",
        )?
        .execute(params![
            &record.job.bytes()[..],
            &record.owner.bytes()[..],
            record.org.as_ref().map(|org| &org.bytes()[..]),
            record.name,
            record.format,
            &record.digest[..],
            record.bytes as i64,
            record.options,
            record.phase.word(),
            record.done as i64,
            record.total as i64,
            record.outcome,
            decks_text(&record.decks),
            record.created_ms,
            record.updated_ms,
            record.revision as i64,
            record.phase.is_unfinished(),
        ])
    };
    put().during("store an import")?;
    Ok(())
}

/// Writes refused rows; known numbers are replaced.
pub(crate) fn write_refused(main: &Connection, job: JobId, rows: &[RefusedRow]) -> Result<(), StoreError> {
    let put = || {
        let mut put =
            main.prepare_cached("INSERT OR REPLACE INTO import_refused VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        for row in rows {
            put.execute(params![
                &job.bytes()[..],
                row.number as i64,
                row.line as i64,
                row.column,
                row.reason,
                row.text,
            ])?;
        }
        Ok(())
    };
    put().during("store refused rows")
}

/// Refused rows by number, from this one on.
pub(crate) fn refused(
    main: &Connection,
    job: JobId,
    from_number: u64,
    limit: usize,
) -> Result<Vec<RefusedRow>, StoreError> {
    let read = || {
        let mut select = main.prepare_cached(
            "SELECT number, line, at_column, reason, text FROM import_refused WHERE job = ?1 AND number >= ?2
             ORDER BY number LIMIT ?3",
        )?;
        let from = i64::try_from(from_number).unwrap_or(i64::MAX);
        let rows = select.query_map(params![&job.bytes()[..], from, most(limit)], |row| {
            Ok(RefusedRow {
                number: row.get::<_, i64>(0)? as u64,
                line: row.get::<_, i64>(1)? as u64,
                column: row.get(2)?,
                reason: row.get(3)?,
                text: row.get(4)?,
            })
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().during("read refused rows")
}

/// A limit as SQLite takes it.
pub(crate) fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn select(
    main: &Connection,
    rest: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<ImportRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM imports {rest}");
    let mut statement = main.prepare_cached(&sql).during("read imports")?;
    let mut rows = statement.query(params).during("read imports")?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().during("read imports")? {
        let (record, phase, decks) = of_row(row).during("read an import")?;
        let phase = ImportPhase::of_word(&phase)
            .ok_or_else(|| unreadable("read an import", format!("the phase {phase} is unknown")))?;
        let decks = decks_of(&decks).map_err(|error| unreadable("read an import's decks", error))?;
        found.push(ImportRecord { phase, decks, ..record });
    }
    Ok(found)
}

fn of_row(row: &Row) -> rusqlite::Result<(ImportRecord, String, String)> {
    let record = ImportRecord {
        job: JobId::from_bytes(id(row, 0)?),
        owner: UserId::from_bytes(id(row, 1)?),
        org: maybe_id(row, 2)?.map(OrgId::from_bytes),
        name: row.get(3)?,
        format: row.get(4)?,
        digest: row.get(5)?,
        bytes: row.get::<_, i64>(6)? as u64,
        options: row.get(7)?,
        phase: ImportPhase::Failed,
        done: row.get::<_, i64>(9)? as u64,
        total: row.get::<_, i64>(10)? as u64,
        outcome: row.get(11)?,
        decks: Vec::new(),
        created_ms: row.get(13)?,
        updated_ms: row.get(14)?,
        revision: row.get::<_, i64>(15)? as u64,
    };
    Ok((record, row.get(8)?, row.get(12)?))
}
