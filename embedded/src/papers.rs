//! Small records in `main.db`: the cold port.

use crate::error::During;
use crate::imports::most;
use crate::rows::id;
use crate::store::EmbeddedStore;
use domain::ids::Uuid;
use ports::papers::{PAPERS_PAGE_MAX, judge_paper};
use ports::{Boxed, Paper, PaperKey, PaperKind, Papers, PapersError, StoreError};
use rusqlite::{Connection, OptionalExtension, params};

impl Papers for EmbeddedStore {
    fn put_paper(
        &self,
        key: PaperKey,
        body: Vec<u8>,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, PapersError>> {
        Box::pin(self.write(move |main| put(main, key, &body, if_revision)))
    }

    fn remove_paper(&self, key: PaperKey) -> Boxed<'_, Result<(), PapersError>> {
        Box::pin(self.write(move |main| {
            let sql = "DELETE FROM papers WHERE belongs_to = ?1 AND kind = ?2 AND id = ?3";
            main.prepare_cached(sql)
                .and_then(|mut remove| {
                    remove.execute(params![&key.of.as_bytes()[..], key.kind.word(), &key.id.as_bytes()[..]])
                })
                .during("remove a record")?;
            Ok(())
        }))
    }

    fn paper(&self, key: PaperKey) -> Boxed<'_, Result<Option<Paper>, PapersError>> {
        Box::pin(self.read_main(move |main| Ok(read(main, key)?)))
    }

    fn papers(
        &self,
        of: Uuid,
        kind: PaperKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Paper>, PapersError>> {
        Box::pin(self.read_main(move |main| {
            let after = after.map_or(Vec::new(), |after| after.as_bytes().to_vec());
            let sql = "SELECT id, body, revision FROM papers WHERE belongs_to = ?1 AND kind = ?2 AND id > ?3
                       ORDER BY id LIMIT ?4";
            let read = || {
                let mut select = main.prepare_cached(sql)?;
                let asked = params![&of.as_bytes()[..], kind.word(), after, most(limit.min(PAPERS_PAGE_MAX))];
                let rows = select.query_map(asked, |row| {
                    let key = PaperKey { of, kind, id: Uuid::from_bytes(id(row, 0)?) };
                    Ok(Paper { key, body: row.get(1)?, revision: row.get::<_, i64>(2)? as u64 })
                })?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            };
            Ok(read().during("read records")?)
        }))
    }
}

fn read(main: &Connection, key: PaperKey) -> Result<Option<Paper>, StoreError> {
    let sql = "SELECT body, revision FROM papers WHERE belongs_to = ?1 AND kind = ?2 AND id = ?3";
    let named = params![&key.of.as_bytes()[..], key.kind.word(), &key.id.as_bytes()[..]];
    main.prepare_cached(sql)
        .and_then(|mut find| {
            find.query_row(named, |row| {
                Ok(Paper { key, body: row.get(0)?, revision: row.get::<_, i64>(1)? as u64 })
            })
            .optional()
        })
        .during("read a record")
}

fn put(main: &Connection, key: PaperKey, body: &[u8], if_revision: Option<u64>) -> Result<u64, PapersError> {
    judge_paper(body)?;
    if read(main, key)?.map(|kept| kept.revision) != if_revision {
        return Err(PapersError::Changed);
    }
    let revision = if_revision.map_or(1, |revision| revision + 1);
    main.prepare_cached("INSERT OR REPLACE INTO papers VALUES (?1, ?2, ?3, ?4, ?5)")
        .and_then(|mut put| {
            put.execute(params![
                &key.of.as_bytes()[..],
                key.kind.word(),
                &key.id.as_bytes()[..],
                body,
                revision as i64,
            ])
        })
        .during("store a record")?;
    Ok(revision)
}
