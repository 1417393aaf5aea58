//! Small records in `main.db`: the cold port.

use crate::error::{During, unreadable};
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

    fn papers_named(&self, keys: Vec<PaperKey>) -> Boxed<'_, Result<Vec<Paper>, PapersError>> {
        Box::pin(self.read_main(move |main| {
            let found = keys.into_iter().filter_map(|key| read(main, key).transpose());
            Ok(found.collect::<Result<_, _>>()?)
        }))
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
    write(main, &Paper { key, body: body.to_vec(), revision }).during("store a record")?;
    Ok(revision)
}

/// Writes a record as it is.
pub(crate) fn write(main: &Connection, paper: &Paper) -> rusqlite::Result<()> {
    let Paper { key, body, revision } = paper;
    main.prepare_cached("INSERT OR REPLACE INTO papers VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
        &key.of.as_bytes()[..],
        key.kind.word(),
        &key.id.as_bytes()[..],
        body,
        *revision as i64,
    ])?;
    Ok(())
}

/// Records of all that there are, behind this one.
pub(crate) fn all(
    main: &Connection,
    after: Option<PaperKey>,
    limit: usize,
) -> Result<Vec<Paper>, StoreError> {
    type Stored = ([u8; 16], String, [u8; 16], Vec<u8>, i64);
    let read = || {
        let sql = "SELECT belongs_to, kind, id, body, revision FROM papers
                   WHERE (belongs_to, kind, id) > (?1, ?2, ?3) ORDER BY belongs_to, kind, id LIMIT ?4";
        let mut select = main.prepare_cached(sql)?;
        let blob = |id: Uuid| id.as_bytes().to_vec();
        let (of, kind, after) =
            after.map_or((Vec::new(), "", Vec::new()), |key| (blob(key.of), key.kind.word(), blob(key.id)));
        let rows = select.query_map(params![of, kind, after, most(limit)], |row| {
            Ok((id(row, 0)?, row.get(1)?, id(row, 2)?, row.get(3)?, row.get(4)?))
        })?;
        rows.collect::<rusqlite::Result<Vec<Stored>>>()
    };
    let paper = |(of, kind, id, body, revision): Stored| {
        let unknown = || unreadable("read a record", format!("a kind that is not known: {kind}"));
        let kind = PaperKind::of_word(&kind).ok_or_else(unknown)?;
        let key = PaperKey { of: Uuid::from_bytes(of), kind, id: Uuid::from_bytes(id) };
        Ok(Paper { key, body, revision: revision as u64 })
    };
    read().during("read records")?.into_iter().map(paper).collect()
}
