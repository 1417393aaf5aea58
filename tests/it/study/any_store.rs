//! The store under a server of the tests: the files of one process, or a real CQL server. `STUDYHALL_TEST_STORE=cql`
//! runs the suite on the latter, which `STUDYHALL_TEST_CQL=host:port` names; without it the embedded store is meant.

mod library;

use actors::{Clock, ClusterOptions, Peers};
use cql::{Address, CqlStore};
use domain::answers::Answers;
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, EntryId, RunId, UserId, Uuid};
use domain::owner::claim::Answer;
use domain::owner::{Epoch, Timing};
use embedded::EmbeddedStore;
use kit::MemoryStore;
use ports::{
    Boxed, CardStates, LearnerLog, Library, LogRange, People, Progress, Quarantined, ReviewStore, Row,
    RowOutcome, Shape, StoreError, ToFold,
};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use studyhall::teaching::Teaching;

/// Whether the suite runs on a CQL server.
pub fn on_cql() -> bool {
    match std::env::var("STUDYHALL_TEST_STORE").as_deref() {
        Ok("cql") => true,
        Ok("embedded") | Err(_) => false,
        Ok(other) => panic!("STUDYHALL_TEST_STORE is `embedded` or `cql`, not `{other}`"),
    }
}

/// Whether a test that is about the embedded store's own files has nothing to say, because the suite runs on another.
pub fn has_no_files(reason: &str) -> bool {
    if on_cql() {
        eprintln!("skipped on a CQL server: {reason}");
    }
    on_cql()
}

/// Where the CQL server is that tests use.
///
/// # Panics
/// When none is named.
pub fn contact_point() -> String {
    let contact = std::env::var("STUDYHALL_TEST_CQL").unwrap_or_default();
    assert!(!contact.is_empty(), "STUDYHALL_TEST_CQL names no server; `make test-cql` starts one");
    contact
}

/// The keyspace that all servers within this process share, whose learners are strangers to each other: a schema takes
/// seconds.
fn shared_keyspace() -> &'static Address {
    static MIGRATED: OnceLock<Address> = OnceLock::new();
    MIGRATED.get_or_init(|| {
        let address: Address =
            format!("cql://{}/servers{}", contact_point(), std::process::id()).parse().unwrap();
        let plan = cql::Plan { replication_factor: 1, check_only: false };
        let migrated = address.clone();
        // Whoever comes first may be within a runtime.
        let made = std::thread::spawn(move || {
            kit::wait::block_on(async { cql::migrate(&migrated, &cql::Options::default(), &plan, 0).await })
        });
        made.join().unwrap().unwrap();
        address
    })
}

/// A store. Clones are handles of one store.
#[derive(Clone)]
pub enum AnyStore {
    Embedded(EmbeddedStore),
    Cql(CqlStore),
    /// For what is tested without a network.
    Memory(MemoryStore),
}

/// The test's clock, as the cluster's store wants it.
struct StoreClock(Arc<dyn Clock>);

impl cql::Clock for StoreClock {
    fn tick_ms(&self) -> u64 {
        self.0.now().tick_ms
    }

    fn wall_ms(&self) -> i64 {
        self.0.now().wall_ms
    }
}

/// Nobody else has learners of a test.
struct Nobody;

impl Peers for Nobody {
    fn ask(&self, _: String, _: RunId, _: UserId, _: Epoch) -> Boxed<'_, Answer> {
        Box::pin(async { Answer::Unreachable })
    }
}

impl AnyStore {
    /// Opens what the environment asks for: files in this folder, or the keyspace that the servers of this process
    /// share.
    pub async fn open(
        folder: &std::path::Path,
        options: Option<embedded::Options>,
        clock: Arc<dyn Clock>,
    ) -> AnyStore {
        if !on_cql() {
            return AnyStore::Embedded(EmbeddedStore::open(folder, options.unwrap_or_default()).unwrap());
        }
        assert!(options.is_none(), "a test with options of the embedded store does not run on another");
        Self::open_shared(clock).await
    }

    /// The same for tests without a network, who need no files.
    pub async fn open_small(clock: Arc<dyn Clock>) -> AnyStore {
        if on_cql() { Self::open_shared(clock).await } else { AnyStore::Memory(MemoryStore::new()) }
    }

    async fn open_shared(clock: Arc<dyn Clock>) -> AnyStore {
        let options = cql::Options { clock: Arc::new(StoreClock(clock)), ..cql::Options::default() };
        AnyStore::Cql(CqlStore::open(shared_keyspace(), &options).await.unwrap())
    }

    /// What makes the server a node, where its store is a cluster's.
    pub fn cluster(&self, address: SocketAddr) -> Option<ClusterOptions> {
        match self {
            AnyStore::Embedded(_) | AnyStore::Memory(_) => None,
            AnyStore::Cql(store) => Some(ClusterOptions {
                owners: Arc::new(store.owners().clone()),
                tenures: Arc::new(store.clone()),
                peers: Arc::new(Nobody),
                address: address.to_string(),
                new_run: Uuid::new_v4,
                timing: Timing::STANDARD,
            }),
        }
    }

    /// The embedded store, where it is one.
    pub fn files(&self) -> &EmbeddedStore {
        match self {
            AnyStore::Embedded(store) => store,
            AnyStore::Cql(_) | AnyStore::Memory(_) => {
                panic!("a test of the embedded store's files runs on another store")
            }
        }
    }

    fn library(&self) -> &dyn Library {
        match self {
            AnyStore::Memory(store) => store,
            AnyStore::Embedded(store) => store,
            AnyStore::Cql(store) => store,
        }
    }

    /// Live lessons, where this store offers them.
    pub fn lessons(&self) -> Option<actors::LessonOptions> {
        let teaching = self.teaching();
        let (run, lessons) = (domain::ids::RunId(super::server::random_uuid()), teaching.lessons.clone());
        let encode = studyhall::ws::monitor::encode_view;
        Some(actors::LessonOptions { lessons, run, bus: None, encode, watchers: Arc::new(teaching) })
    }

    /// Who may watch and steer classes.
    pub fn teaching(&self) -> Teaching {
        fn of<S: People + ports::Papers + ports::Lessons + Clone>(store: &S) -> Teaching {
            let store = Arc::new(store.clone());
            Teaching { people: store.clone(), papers: store.clone(), lessons: store }
        }
        match self {
            AnyStore::Memory(store) => of(store),
            AnyStore::Embedded(store) => of(store),
            AnyStore::Cql(store) => of(store),
        }
    }

    pub(super) fn people(&self) -> &dyn People {
        match self {
            AnyStore::Memory(store) => store,
            AnyStore::Embedded(store) => store,
            AnyStore::Cql(store) => store,
        }
    }
}

/// One call, of whichever store it is.
macro_rules! of_any {
    ($self:ident . $method:ident ( $($argument:expr),* )) => {
        match $self {
            AnyStore::Memory(store) => store.$method($($argument),*).await,
            AnyStore::Embedded(store) => store.$method($($argument),*).await,
            AnyStore::Cql(store) => store.$method($($argument),*).await,
        }
    };
}

impl ReviewStore for AnyStore {
    fn shape(&self) -> Shape {
        match self {
            AnyStore::Memory(store) => store.shape(),
            AnyStore::Embedded(store) => store.shape(),
            AnyStore::Cql(store) => store.shape(),
        }
    }

    async fn append(&self, rows: Arc<[Row]>) -> Vec<RowOutcome> {
        of_any!(self.append(rows))
    }

    async fn append_import(&self, user: UserId, entries: Vec<LogEntry>) -> Result<(), StoreError> {
        of_any!(self.append_import(user, entries))
    }

    async fn load(&self, user: UserId) -> Result<LearnerLog, StoreError> {
        of_any!(self.load(user))
    }

    async fn progress(&self, user: UserId, deck: DeckId) -> Result<Vec<Progress>, StoreError> {
        of_any!(self.progress(user, deck))
    }

    async fn progress_of(
        &self,
        user: UserId,
        decks: Option<Vec<DeckId>>,
    ) -> Result<Vec<Progress>, StoreError> {
        of_any!(self.progress_of(user, decks))
    }

    async fn card_logs(
        &self,
        user: UserId,
        cards: Vec<(DeckId, Vec<CardId>)>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        of_any!(self.card_logs(user, cards))
    }

    async fn fold_cards(&self, user: UserId, wanted: Vec<ToFold>) -> Result<CardStates, StoreError> {
        of_any!(self.fold_cards(user, wanted))
    }

    async fn survey<T: Send + 'static>(
        &self,
        users: Vec<UserId>,
        from: EntryId,
        entries_max: usize,
        sum: impl Fn(UserId, Answers) -> T + Send + Sync + 'static,
    ) -> Result<Vec<T>, StoreError> {
        of_any!(self.survey(users, from, entries_max, sum))
    }

    async fn entries(&self, user: UserId, ids: Vec<EntryId>) -> Result<Vec<LogEntry>, StoreError> {
        of_any!(self.entries(user, ids))
    }

    async fn card_log(
        &self,
        user: UserId,
        deck: DeckId,
        cards: Option<Vec<CardId>>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        of_any!(self.card_log(user, deck, cards))
    }

    async fn log(&self, user: UserId, range: LogRange) -> Result<Vec<LogEntry>, StoreError> {
        of_any!(self.log(user, range))
    }

    async fn quarantine(&self, what: Quarantined) -> Result<(), StoreError> {
        of_any!(self.quarantine(what))
    }

    async fn reopen(&self) -> Result<(), StoreError> {
        of_any!(self.reopen())
    }
}
