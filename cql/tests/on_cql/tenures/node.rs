//! Two processes, as far as one learner sees them.

use crate::server::{contact_point, shared_address, shared_store};
use cql::{Clock, CqlStore, Options};
use domain::grade::Grade;
use domain::ids::{CardId, EntryId, RunId, UserId};
use domain::owner::Beat;
use domain::state::CardState;
use kit::rows::{card, deck, params_key, review, state};
use kit::wait::block_on;
use ports::{Progress, ProgressWrite, ReviewStore, Row, RowOutcome};
use scylla::client::session_builder::SessionBuilder;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A clock that tests set.
pub struct Hands {
    tick_ms: AtomicU64,
    wall_ms: AtomicI64,
}

/// When the histories begin.
pub const NOW_MS: i64 = 1_790_000_000_000;
pub const MINUTE_MS: i64 = 60_000;

impl Clock for Hands {
    fn tick_ms(&self) -> u64 {
        self.tick_ms.load(Ordering::Relaxed)
    }

    fn wall_ms(&self) -> i64 {
        self.wall_ms.load(Ordering::Relaxed)
    }
}

impl Hands {
    pub fn pass(&self, ms: u64) {
        self.tick_ms.fetch_add(ms, Ordering::Relaxed);
        self.wall_ms.fetch_add(ms as i64, Ordering::Relaxed);
    }
}

/// One process: a store that writes its caches only when it is told to.
pub struct Node {
    pub store: CqlStore,
    pub clock: Arc<Hands>,
    pub run: RunId,
    pub user: UserId,
}

impl Node {
    pub async fn new(run: u128, user: UserId) -> Option<Node> {
        let clock = Arc::new(Hands { tick_ms: AtomicU64::new(1_000), wall_ms: AtomicI64::new(NOW_MS) });
        let options = Options { clock: clock.clone(), behind_longest_ms: u64::MAX, ..Options::default() };
        let store = shared_store(&options).await?;
        let node = Node { store, clock, run: RunId::from_u128(run), user };
        node.beats();
        Some(node)
    }

    /// A beat that was sent now is applied.
    pub fn beats(&self) {
        self.store.beaten(Beat { run: self.run, sent_tick_ms: self.clock.tick_ms() });
    }

    pub async fn adopts(&self, epoch: u64) {
        self.store.adopt(self.user, self.run, epoch).await.unwrap();
    }

    /// Appends an answer to the n-th card, given so long ago; `state` says what came of it.
    pub async fn answers(&self, n: u64, ago_ms: i64, came_of_it: u64) -> EntryId {
        let id = EntryId::v7(self.clock.wall_ms() - ago_ms, u128::from(n));
        let entry = review(id, deck(1), card(n), Grade::Good);
        let whole = CardState { last: Some(id), ..state(came_of_it) };
        let progress = ProgressWrite::Whole(whole, params_key());
        let row = Row { user: self.user, entry: Some(entry), about: entry.card(), progress };
        assert_eq!(self.store.append(vec![row].into()).await, [RowOutcome::Durable]);
        id
    }

    /// Each card's answers and whether its progress may be trusted.
    pub async fn progress(&self) -> Vec<(CardId, u32, bool)> {
        let mut rows = self.store.progress(self.user, deck(1)).await.unwrap();
        rows.sort_by_key(|row| row.card);
        let seen = |row: Progress| (row.card, row.state.answers, row.params_key == params_key());
        rows.into_iter().map(seen).collect()
    }

    pub async fn inbox(&self) -> Vec<EntryId> {
        let ask = "SELECT id FROM KEYSPACE.inbox WHERE user = ?";
        let rows = by_hand(ask, (self.user.0,)).await.into_rows_result().unwrap();
        let ids = rows.rows::<(Vec<u8>,)>().unwrap().map(|row| row.unwrap().0);
        ids.map(|id| EntryId::from_bytes(id.try_into().unwrap())).collect()
    }
}

impl Node {
    /// An answer to the n-th card of which too few replicas have got more than its row in the log. The month is one in which
    /// the learner has another.
    pub async fn lands_unlisted(&self, n: u64, ago_ms: i64) -> EntryId {
        let id = EntryId::v7(self.clock.wall_ms() - ago_ms, u128::from(n));
        let mut body = Vec::new();
        ports::codec::encode_entry(&review(id, deck(1), card(n), Grade::Good), &mut body);
        let months = by_hand("SELECT month FROM KEYSPACE.log_months WHERE user = ?", (self.user.0,)).await;
        let (month,) = months.into_rows_result().unwrap().first_row::<(i32,)>().unwrap();
        let insert = "INSERT INTO KEYSPACE.review_log (user, month, id, job, body) VALUES (?, ?, ?, 0x, ?)
            USING TIMESTAMP 1";
        by_hand(insert, (self.user.0, month, id.bytes().to_vec(), body)).await;
        id
    }

    /// Entries that a fold of the n-th card finds.
    pub async fn listed(&self, n: u64) -> usize {
        self.store.card_log(self.user, deck(1), Some(vec![card(n)])).await.unwrap().len()
    }
}

/// Sends a statement past all stores.
pub async fn by_hand(
    statement: &str,
    values: impl scylla::serialize::row::SerializeRow,
) -> scylla::response::query_result::QueryResult {
    let address = shared_address().await.unwrap();
    let statement = statement.replace("KEYSPACE", &address.keyspace);
    // In a box of its own: the driver's futures nest deeply.
    Box::pin(async move {
        let session = SessionBuilder::new().known_nodes(&address.hosts).build().await.unwrap();
        session.query_unpaged(statement, values).await.unwrap()
    })
    .await
}

/// Two processes and a learner of their own.
pub fn test(promise: impl AsyncFnOnce(Node, Node)) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let user = UserId::from_u128(0x77 << 100 | u128::from(NEXT.fetch_add(1, Ordering::Relaxed)));
    if contact_point().is_none() {
        return;
    }
    block_on(async {
        let (one, two) = (Node::new(1, user).await.unwrap(), Node::new(2, user).await.unwrap());
        promise(one, two).await;
    });
}
