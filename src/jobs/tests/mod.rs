//! Jobs over a store in memory, with sessions that only append.

mod filling;
mod going_on;
mod hostile;
mod packages;
mod tables;

use super::anki::AnkiImporter;
use super::reviews::ReviewsImporter;
use super::table::{LinesImporter, TableImporter};
use super::*;
use crate::clock::ServerClock;
use crate::teaching::Teaching;
use bytes::Bytes;
use domain::day::ZoneHistory;
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::fold::{fold_deck, fold_learner};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, JobId, UserId};
use domain::state::{CardState, FoldParams};
use futures_util::stream;
use kit::MemoryStore;
use ports::{
    Boxed, CardQuery, CardRecord, DeckQuery, DeckRecord, ImportPhase, ImportRecord, Imports as _,
    Library as _, LogRange, ProgressWrite, ReviewStore as _, Row,
};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(90);

/// A process with jobs, over a store that outlives it.
pub(super) struct Rig {
    pub store: MemoryStore,
    pub owner: UserId,
    pub jobs: Jobs,
    _data: TempDir,
}

impl Rig {
    pub fn new() -> Rig {
        let (store, data) = (MemoryStore::new(), tempfile::tempdir().unwrap());
        let jobs = start(&store, Folder::open(data.path()).unwrap());
        Rig { store, owner: somebody(), jobs, _data: data }
    }

    /// The process ends, and another begins with the same files.
    pub async fn restart(&mut self) {
        self.jobs.stop().await;
        self.jobs = start(&self.store, self.jobs.folder().clone());
    }

    /// Uploads a file; says whether it is a new job.
    pub async fn offer(
        &self,
        file: &[u8],
        name: &str,
        options: &[(&str, &str)],
        dry_run: bool,
    ) -> (ImportRecord, bool) {
        let pieces = file.chunks(10_000).map(|piece| Ok::<_, String>(Bytes::copy_from_slice(piece)));
        let received = receive(self.jobs.folder(), stream::iter(pieces.collect::<Vec<_>>())).await.unwrap();
        let name = name.to_owned();
        let probe = Probe { name: &name, media_type: "", head: &received.head, tail: &received.tail };
        let importer = self.jobs.recognise(&probe).unwrap();
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let offer = Offer { owner: self.owner, org: None, name, dry_run, options, administers: false };
        self.jobs.take(received, &*importer, offer).await.unwrap()
    }

    /// Uploads a file and waits for the end of the job.
    pub async fn import(
        &self,
        file: &[u8],
        name: &str,
        options: &[(&str, &str)],
        dry_run: bool,
    ) -> ImportRecord {
        let (record, _) = self.offer(file, name, options, dry_run).await;
        self.ended(record.job).await
    }

    /// The job, once it has ended and its files are tidied.
    pub async fn ended(&self, job: JobId) -> ImportRecord {
        let until = Instant::now() + PATIENCE;
        loop {
            let stored = self.store.import(job).await.unwrap().unwrap();
            if !stored.phase.is_unfinished() && self.jobs.glance(job).is_none() {
                return stored;
            }
            assert!(Instant::now() < until, "the job never ended: {stored:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn withdraw(&self, job: JobId, force: bool) -> ImportRecord {
        self.jobs.withdraw(self.owner, job, force).await.unwrap();
        self.ended(job).await
    }

    /// The decks that the owner sees.
    pub async fn decks(&self) -> Vec<DeckRecord> {
        let query = DeckQuery { owner: Some(self.owner), ..DeckQuery::default() };
        self.store.decks(query).await.unwrap()
    }

    /// The cards of a deck that are not deleted.
    pub async fn cards(&self, deck: DeckId) -> Vec<CardRecord> {
        let query = CardQuery { from_position: 0, limit: 100_000, text: None, with_deleted: false };
        self.store.cards(deck, query).await.unwrap()
    }

    pub async fn log(&self) -> Vec<LogEntry> {
        let range = LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: 1_000_000 };
        self.store.log(self.owner, range).await.unwrap()
    }

    /// What the owner's log comes to.
    pub async fn digest(&self) -> u64 {
        fold_learner(&self.log().await, |_| FoldParams::default()).digest()
    }

    /// Everything that the owner would notice: decks, cards and what the log comes to.
    pub async fn all(&self) -> (Vec<(String, Vec<(String, String)>)>, u64) {
        let mut decks = Vec::new();
        for deck in self.decks().await {
            let cards = self.cards(deck.id).await.into_iter().map(|card| (card.front, card.back)).collect();
            decks.push((deck.path, cards));
        }
        (decks, self.digest().await)
    }

    /// Where the owner stands with each card, by whatever entries.
    pub async fn states(&self) -> Vec<(DeckId, CardId, CardState)> {
        let log = self.log().await;
        let mut states = Vec::new();
        for deck in self.decks().await {
            let folded = fold_deck(deck.id, &log, &FoldParams::default());
            let bare = |state| CardState { last: None, max_day: None, ..state };
            let told = folded.into_iter().map(|(card, state)| (deck.id, card, bare(state)));
            states.extend(told.filter(|(_, _, state)| *state != CardState::NEW));
        }
        states
    }

    /// The owner answers a card at this moment.
    pub async fn answer(&self, deck: DeckId, card: CardId, at_ms: i64) -> LogEntry {
        let review = Review {
            deck,
            card,
            grade: Grade::Good,
            mode: Mode::Flip,
            elapsed_ms: 1_000,
            early: false,
            confidence: None,
            sitting: None,
            class: None,
            response: None,
            revision: 1,
            told: false,
        };
        let stamp = ZoneHistory::new().stamp(at_ms);
        let entry = LogEntry { id: EntryId::v7(at_ms, 7), job: None, stamp, body: Body::Review(review) };
        let row =
            Row { user: self.owner, entry: Some(entry), about: entry.card(), progress: ProgressWrite::Stale };
        self.store.append([row].into()).await;
        entry
    }

    /// Whether a job has files left.
    pub fn has_files(&self, job: JobId) -> bool {
        self.jobs.folder().of(job).exists()
    }
}

pub(super) fn report(record: &ImportRecord) -> Value {
    Outcome::of(&record.outcome).report
}

pub(super) fn count(record: &ImportRecord, what: &str) -> u64 {
    report(record)["counts"][what].as_u64().unwrap_or_else(|| panic!("no {what}: {}", record.outcome))
}

pub(super) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("anki/tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}

fn somebody() -> UserId {
    UserId(domain::ids::Uuid::now_v7())
}

fn start(store: &MemoryStore, folder: Folder) -> Jobs {
    start_with(tools(store), folder)
}

fn tools(store: &MemoryStore) -> Tools {
    Tools {
        library: Arc::new(store.clone()),
        people: Arc::new(store.clone()),
        teaching: Teaching {
            people: Arc::new(store.clone()),
            papers: Arc::new(store.clone()),
            lessons: Arc::new(store.clone()),
        },
        imports: Arc::new(store.clone()),
        media: Arc::new(store.clone()),
        notes: Arc::new(store.clone()),
        logs: Arc::new(LogsOf(Arc::new(store.clone()))),
        marks: Arc::new(Appending(store.clone())),
        clock: Arc::new(ServerClock::default()),
        changed: Arc::new(|_| ()),
    }
}

fn start_with(tools: Tools, folder: Folder) -> Jobs {
    let importers: Vec<Arc<dyn Importer>> = vec![
        Arc::new(AnkiImporter),
        Arc::new(ReviewsImporter),
        Arc::new(LinesImporter),
        Arc::new(TableImporter),
    ];
    Jobs::start(JobsParts { tools: Arc::new(tools), folder, importers, is_shared: false })
}

/// What a session does with a mark, as far as the log shows it.
struct Appending(MemoryStore);

impl Appending {
    fn append(&self, user: UserId, body: Body) -> Boxed<'_, Result<(), JobError>> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Box::pin(async move {
            let now_ms = crate::clock::real_ms();
            let id = EntryId::v7(now_ms, u128::from(NEXT.fetch_add(1, Ordering::Relaxed)) << 40);
            let entry = LogEntry { id, job: None, stamp: ZoneHistory::new().stamp(now_ms), body };
            let row = Row { user, entry: Some(entry), about: None, progress: ProgressWrite::None };
            self.0.append([row].into()).await;
            Ok(())
        })
    }
}

impl Marks for Appending {
    fn commit(&self, user: UserId, job: JobId) -> Boxed<'_, Result<(), JobError>> {
        self.append(user, Body::ImportCommit { job })
    }

    fn revoke(&self, user: UserId, job: JobId) -> Boxed<'_, Result<(), JobError>> {
        self.append(user, Body::ImportRevoke { job })
    }
}
