//! Jobs go on whatever becomes of those who asked for them, and of the node that had them.

use super::*;
use crate::jobs::asked::Asked;
use crate::jobs::sweep::look_at;
use domain::ids::Uuid;
use ports::imports::ImportDigest;
use ports::{Imports, ImportsError, RefusedRow};
use tokio::sync::Notify;

const FILE: &[u8] = b"front,back\na,1\nb,2\n";

/// Jobs of which a record is stored, and whoever stores it is held up before it hears of it.
struct HeldUp {
    store: MemoryStore,
    stored: Notify,
    go_on: Notify,
}

impl Imports for HeldUp {
    fn put_import(
        &self,
        record: ImportRecord,
        if_revision: Option<u64>,
    ) -> Boxed<'_, Result<u64, ImportsError>> {
        Box::pin(async move {
            let is_asked_for = record.phase == ImportPhase::Waiting;
            let stored = self.store.put_import(record, if_revision).await;
            if is_asked_for {
                self.stored.notify_one();
                self.go_on.notified().await;
            }
            stored
        })
    }

    fn import(&self, job: JobId) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>> {
        self.store.import(job)
    }

    fn imports_of(
        &self,
        owner: UserId,
        before: Option<JobId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>> {
        self.store.imports_of(owner, before, limit)
    }

    fn unfinished(&self, _: Option<JobId>, _: usize) -> Boxed<'_, Result<Vec<ImportRecord>, ImportsError>> {
        // Nobody comes by and finds the job.
        Box::pin(async { Ok(Vec::new()) })
    }

    fn same_import(
        &self,
        owner: UserId,
        digest: ImportDigest,
    ) -> Boxed<'_, Result<Option<ImportRecord>, ImportsError>> {
        self.store.same_import(owner, digest)
    }

    fn put_refused(&self, job: JobId, rows: Vec<RefusedRow>) -> Boxed<'_, Result<(), ImportsError>> {
        self.store.put_refused(job, rows)
    }

    fn refused(
        &self,
        job: JobId,
        from_number: u64,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RefusedRow>, ImportsError>> {
        self.store.refused(job, from_number, limit)
    }
}

#[tokio::test]
async fn a_job_goes_on_when_the_request_for_it_goes_away_half_way() {
    let (store, data) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let held_up = Arc::new(HeldUp { store: store.clone(), stored: Notify::new(), go_on: Notify::new() });
    let tools = Tools { imports: held_up.clone(), ..tools(&store) };
    let jobs = start_with(tools, Folder::open(data.path()).unwrap());
    let rig = Rig { store, owner: somebody(), jobs, _data: data };
    let (mut job, mut dry_run) = (None, true);
    // A file that is offered, and a trial that is made real.
    for _ in 0..2 {
        {
            let asking = async {
                match job {
                    None => rig.offer(FILE, "x.csv", &[], dry_run).await.0,
                    Some(job) => rig.jobs.commit(rig.owner, job, &Options::new(), false).await.unwrap(),
                }
            };
            tokio::select! {
                _ = asking => panic!("nobody held it up"),
                () = held_up.stored.notified() => {}
            }
        }
        held_up.go_on.notify_one();
        let all = rig.store.imports_of(rig.owner, None, 10).await.unwrap();
        let ended = rig.ended(all[0].job).await;
        let wanted = if dry_run { ImportPhase::Tried } else { ImportPhase::Done };
        assert_eq!((all.len(), ended.phase), (1, wanted), "{}", ended.outcome);
        (job, dry_run) = (Some(ended.job), false);
    }
}

#[tokio::test]
async fn a_record_that_was_read_before_a_job_ended_begins_nothing() {
    let rig = Rig::new();
    let done = rig.import(FILE, "x.csv", &[], false).await;
    let read = ImportRecord { phase: ImportPhase::Committing, ..done.clone() };
    rig.withdraw(done.job, false).await;
    look_at(&rig.jobs.0, read).await.unwrap();
    assert!(rig.jobs.glance(done.job).is_none());
}

#[tokio::test]
async fn what_had_begun_to_count_is_brought_to_its_end_without_the_node_that_began_it() {
    let rig = Rig::new();
    let done = rig.import(FILE, "x.csv", &[], false).await;
    let with = rig.all().await;
    let deck = rig.store.deck(done.decks[0]).await.unwrap().unwrap();
    let hidden = DeckRecord { deleted_ms: Some(done.created_ms), ..deck };
    rig.store.put_deck(hidden, None, done.created_ms).await.unwrap();
    let elsewhere = Asked { place: Uuid::new_v4(), ..Asked::of(&done.options) };
    let day_ms = crate::jobs::limits::ABANDONED_AFTER_MS;
    let mut record = ImportRecord {
        phase: ImportPhase::Committing,
        options: elsewhere.text(),
        updated_ms: done.created_ms - day_ms / 2,
        ..done
    };
    let revision = record.revision;
    record.revision = rig.store.put_import(record.clone(), Some(revision)).await.unwrap();
    look_at(&rig.jobs.0, record.clone()).await.unwrap();
    assert!(rig.jobs.glance(record.job).is_none(), "the other node may come back");
    record.updated_ms -= day_ms;
    let revision = record.revision;
    record.revision = rig.store.put_import(record.clone(), Some(revision)).await.unwrap();
    look_at(&rig.jobs.0, record.clone()).await.unwrap();
    let ended = rig.ended(record.job).await;
    assert_eq!(ended.phase, ImportPhase::Done, "{}", ended.outcome);
    assert_eq!(Asked::of(&ended.options).place, elsewhere.place, "what a revocation needs is there");
    assert_eq!(rig.all().await, with);
}
