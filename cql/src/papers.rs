//! Small records: the cold port. A record's row is changed by comparison alone; what points to it is written before it
//! and looked up before it is believed. Pointers are written by comparison, too: so their order is that in which they were
//! written, and not what the clocks of nodes say.

use crate::CqlStore;
use crate::decide::{Verdict, decide};
use crate::log::unreadable;
use crate::statements::statements;
use crate::task::owned;
use domain::ids::Uuid;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::papers::{PAPERS_PAGE_MAX, judge_paper};
use ports::{Boxed, Cause, Paper, PaperKey, PaperKind, Papers, PapersError, StoreError};

statements! {
    /// What is said to the tables of small records in schema/0008_lessons.cql.
    PaperStatements {
        paper: Read = "SELECT body, revision, last FROM papers WHERE belongs_to = ? AND kind = ? AND id = ?";
        paper_decided: ReadSerial = "SELECT body, revision, last FROM papers
            WHERE belongs_to = ? AND kind = ? AND id = ?";
        make: Decide = "INSERT INTO papers (belongs_to, kind, id, body, revision, last) VALUES (?, ?, ?, ?, ?, ?)
            IF NOT EXISTS";
        change: Decide = "UPDATE papers SET body = ?, revision = ?, last = ?
            WHERE belongs_to = ? AND kind = ? AND id = ? IF revision = ?";
        remove: Decide = "DELETE FROM papers WHERE belongs_to = ? AND kind = ? AND id = ? IF EXISTS";
        point_to: Decide = "INSERT INTO papers_of (belongs_to, kind, id) VALUES (?, ?, ?) IF NOT EXISTS";
        point_away: Decide = "DELETE FROM papers_of WHERE belongs_to = ? AND kind = ? AND id = ? IF EXISTS";
        pointer: ReadSerial = "SELECT id FROM papers_of WHERE belongs_to = ? AND kind = ? AND id = ?";
        papers: Read = "SELECT id FROM papers_of WHERE belongs_to = ? AND kind = ? AND id > ? LIMIT ?";
    }
}

/// Rows of a page, where what they point to is looked up before it counts.
const PAGE: usize = 256;

type Row = (Vec<u8>, i64, Uuid);

impl Papers for CqlStore {
    fn put_paper(
        &self,
        key: PaperKey,
        body: Vec<u8>,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, PapersError>> {
        let store = self.clone();
        Box::pin(owned(async move {
            judge_paper(&body)?;
            let next = Paper { key, body, revision: if_revision.map_or(1, |now| now.saturating_add(1)) };
            let done = match if_revision {
                None => make(&store, &next).await?,
                Some(revision) => change(&store, &next, revision).await?,
            };
            if done { Ok(next.revision) } else { Err(PapersError::Changed) }
        }))
    }

    fn remove_paper(&self, key: PaperKey) -> Boxed<'_, Result<(), PapersError>> {
        let store = self.clone();
        Box::pin(owned(async move { Ok(remove(&store, key).await?) }))
    }

    fn paper(&self, key: PaperKey) -> Boxed<'_, Result<Option<Paper>, PapersError>> {
        Box::pin(async move {
            let named = (key.of, key.kind.word(), key.id);
            let row = self.client().read_one::<Row>(&self.papers_said().paper, named).await?;
            Ok(row.map(|row| of_row(key, row)).transpose()?.map(|(paper, _)| paper))
        })
    }

    fn papers_named(&self, keys: Vec<PaperKey>) -> Boxed<'_, Result<Vec<Paper>, PapersError>> {
        Box::pin(async move {
            let reads = stream::iter(keys).map(|key| self.paper(key));
            let at_once = self.client().options().reads_at_once;
            let found: Vec<Option<Paper>> = reads.buffer_unordered(at_once).try_collect().await?;
            Ok(found.into_iter().flatten().collect())
        })
    }

    fn papers(
        &self,
        of: Uuid,
        kind: PaperKind,
        after: Option<Uuid>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Paper>, PapersError>> {
        Box::pin(async move {
            let limit = limit.min(PAPERS_PAGE_MAX);
            let (mut found, mut after) = (Vec::new(), after.map_or(Vec::new(), |id| id.as_bytes().to_vec()));
            while found.len() < limit {
                let asked = (of, kind.word(), &after[..], PAGE as i32);
                let rows: Vec<(Vec<u8>,)> = self.client().read(&self.papers_said().papers, asked).await?;
                let Some((last,)) = rows.last() else { break };
                after.clone_from(last);
                let ids = rows.iter().map(|(id,)| Uuid::from_slice(id).map_err(|error| unreadable(&error)));
                let ids: Vec<Uuid> = ids.collect::<Result<_, _>>()?;
                let reads = stream::iter(ids).map(|id| self.paper(PaperKey { of, kind, id }));
                let read: Vec<Option<Paper>> =
                    reads.buffered(self.client().options().reads_at_once).try_collect().await?;
                found.extend(read.into_iter().flatten());
            }
            found.truncate(limit);
            Ok(found)
        })
    }
}

fn of_row(key: PaperKey, (body, revision, last): Row) -> Result<(Paper, Uuid), StoreError> {
    let revision = u64::try_from(revision).map_err(|error| unreadable(&error))?;
    Ok((Paper { key, body, revision }, last))
}

async fn decided(store: &CqlStore, key: PaperKey) -> Result<Option<(Paper, Uuid)>, StoreError> {
    let named = (key.of, key.kind.word(), key.id);
    let row = store.client().read_one::<Row>(&store.papers_said().paper_decided, named).await?;
    row.map(|row| of_row(key, row)).transpose()
}

async fn point_to(store: &CqlStore, key: PaperKey) -> Result<(), StoreError> {
    point(store, key, true).await
}

/// Has something point to a record, or nothing.
async fn point(store: &CqlStore, key: PaperKey, is_there: bool) -> Result<(), StoreError> {
    let (client, said) = (store.client(), store.papers_said());
    let pointer = (key.of, key.kind.word(), &key.id.as_bytes()[..]);
    let settle = || async {
        let found: Option<(Vec<u8>,)> = client.read_one(&said.pointer, pointer).await?;
        Ok(if found.is_some() == is_there { Verdict::Done } else { Verdict::Again })
    };
    let change = if is_there { &said.point_to } else { &said.point_away };
    decide(client, change, &pointer, settle).await?;
    Ok(())
}

/// Stores a record as it is, on top of what is there.
pub(crate) async fn fill(store: &CqlStore, paper: &Paper) -> Result<(), StoreError> {
    let done = match decided(store, paper.key).await? {
        Some((kept, _)) if kept == *paper => true,
        Some((kept, _)) => change(store, paper, kept.revision).await?,
        None => make(store, paper).await?,
    };
    let changed = || StoreError::new(Cause::Overloaded, "a record is changed while it is copied");
    if done { Ok(()) } else { Err(changed()) }
}

/// Makes a record where there is none: whether there was none.
async fn make(store: &CqlStore, paper: &Paper) -> Result<bool, StoreError> {
    let key = paper.key;
    point_to(store, key).await?;
    let last = uuid::Uuid::new_v4();
    let values = (key.of, key.kind.word(), key.id, &paper.body[..], paper.revision.cast_signed(), last);
    let settle = || async {
        Ok(match decided(store, key).await? {
            Some((_, by)) if by == last => Verdict::Done,
            Some((now, _)) if now.revision > paper.revision => Verdict::Unknown,
            Some(_) => Verdict::Refused,
            None => Verdict::Again,
        })
    };
    let done = decide(store.client(), &store.papers_said().make, &values, settle).await?;
    if done {
        // Who was removing the one before may have taken the pointer along.
        point_to(store, key).await?;
    }
    Ok(done)
}

/// Puts a record in place of the one of that revision: whether it was of that.
async fn change(store: &CqlStore, paper: &Paper, based_on: u64) -> Result<bool, StoreError> {
    let (last, key) = (uuid::Uuid::new_v4(), paper.key);
    let named = (key.of, key.kind.word(), key.id);
    let to = paper.revision.cast_signed();
    let values = (&paper.body[..], to, last, named.0, named.1, named.2, based_on.cast_signed());
    let settle = || async {
        Ok(match decided(store, key).await? {
            Some((_, by)) if by == last => Verdict::Done,
            Some((now, _)) if now.revision == based_on => Verdict::Again,
            Some((now, _)) if now.revision > paper.revision => Verdict::Unknown,
            Some(_) | None => Verdict::Refused,
        })
    };
    decide(store.client(), &store.papers_said().change, &values, settle).await
}

async fn remove(store: &CqlStore, key: PaperKey) -> Result<(), StoreError> {
    let settle =
        || async { Ok(if decided(store, key).await?.is_some() { Verdict::Again } else { Verdict::Done }) };
    let named = (key.of, key.kind.word(), key.id);
    decide(store.client(), &store.papers_said().remove, &named, settle).await?;
    point(store, key, false).await?;
    if decided(store, key).await?.is_some() {
        point_to(store, key).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Options;
    use crate::clock::{Clock, SystemClock};
    use crate::server::shared_store;
    use kit::wait::block_on;
    use ports::{PaperKey, PaperKind, Papers};
    use std::sync::Arc;
    use uuid::Uuid;

    /// A clock that is so many milliseconds ahead of the others.
    struct Ahead(SystemClock, i64);

    impl Clock for Ahead {
        fn tick_ms(&self) -> u64 {
            self.0.tick_ms()
        }

        fn wall_ms(&self) -> i64 {
            self.0.wall_ms() + self.1
        }
    }

    #[test]
    fn what_a_node_removed_whose_clock_is_ahead_is_listed_when_another_makes_it_anew() {
        block_on(async {
            let clock = Arc::new(Ahead(SystemClock::default(), 5_000));
            let Some(ahead) = shared_store(&Options { clock, ..Options::default() }).await else { return };
            let Some(store) = shared_store(&Options::default()).await else { return };
            let key = PaperKey { of: Uuid::new_v4(), kind: PaperKind::Waiting, id: Uuid::new_v4() };
            ahead.put_paper(key, vec![1], None).await.unwrap();
            ahead.remove_paper(key).await.unwrap();
            store.put_paper(key, vec![2], None).await.unwrap();
            for node in [&ahead, &store] {
                let listed = node.papers(key.of, key.kind, None, 9).await.unwrap();
                assert_eq!(listed.iter().map(|paper| &paper.body[..]).collect::<Vec<_>>(), [[2]]);
            }
            store.remove_paper(key).await.unwrap();
            assert_eq!(ahead.papers(key.of, key.kind, None, 9).await, Ok(vec![]));
        });
    }
}
