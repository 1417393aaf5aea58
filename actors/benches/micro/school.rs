//! An engine with one learner, one deck, and a store in memory.

use actors::{Clock, Engine, Full, Hooks, Limits, Options, SocketPort, ToSocket, submit_batch};
use domain::day::{Day, Stamp};
use domain::deck::{DeckSettings, PlainTexts};
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, SittingId, UserId};
use domain::session::{Answer, Command, Input, Limits as Allowance, Now, Out, SocketId, Start};
use domain::state::{CardState, FoldParams};
use kit::MemoryStore;
use ports::{
    CardRecord, DeckRecord, Library as _, People as _, ProgressWrite, ReviewStore as _, Role, Row, SignIn,
};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

const USER: UserId = UserId::from_u128(1);
const DECK: DeckId = DeckId::from_u128(2);
const DAY_MS: i64 = 86_400_000;
/// How long ago the cards with progress were answered: all of them are due.
const AGO_MS: i64 = 40 * DAY_MS;
/// Threads of writer and loader, as a server has them.
const SERVICE_THREADS: usize = 2;

/// Both clocks of the system.
struct SystemClock {
    began: Instant,
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let tick_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(0) + 1;
        Now { tick_ms, wall_ms: unix_ms() }
    }
}

/// A socket that looks for its first card only.
#[derive(Default)]
struct FirstCard {
    attached: Cell<bool>,
    has_card: Cell<bool>,
    changed: Notify,
}

impl SocketPort for FirstCard {
    fn deliver(&self, out: ToSocket) -> Result<(), Full> {
        match out {
            ToSocket::Attached => self.attached.set(true),
            ToSocket::Frame(Out::Card(_)) => self.has_card.set(true),
            ToSocket::Frame(_) | ToSocket::Goodbye { .. } => {}
            ToSocket::Elsewhere(address) => panic!("at another node: {address}"),
            ToSocket::Close(why) => panic!("closed: {why:?}"),
        }
        self.changed.notify_one();
        Ok(())
    }
}

impl FirstCard {
    async fn until(&self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            self.changed.notified().await;
        }
    }
}

/// The engine, on this thread.
pub struct School {
    engine: Engine,
    system: actix::SystemRunner,
    cards: Vec<CardId>,
    answered: Cell<u64>,
    _service: tokio::runtime::Runtime,
}

impl School {
    /// One whose deck has so many cards, of which the learner has answered so many; idle sessions go after this time.
    pub fn new(cards: u32, progress: u32, idle: Duration) -> School {
        let service = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(SERVICE_THREADS)
            .enable_time()
            .build()
            .unwrap();
        let store = MemoryStore::new();
        let cards: Vec<CardId> = (0..cards).map(|n| CardId::from_u128(u128::from(n) + 1)).collect();
        service.block_on(fill(&store, &cards, progress));
        let engine = {
            let _inside = service.enter();
            Engine::start(Options {
                store: Arc::new(store.clone()),
                library: Arc::new(store.clone()),
                people: Arc::new(store),
                clock: Arc::new(SystemClock { began: Instant::now() }),
                dev_clock: false,
                encode: |card| (card.front.as_str().into(), PlainTexts::default()),
                telemetry: Arc::new(()),
                limits: Limits {
                    idle_ms: u64::try_from(idle.as_millis()).unwrap_or(u64::MAX),
                    tick_ms: 1,
                    ..Limits::default()
                },
                seed: 7,
                hooks: Hooks::default(),
                cluster: None,
                lessons: None,
            })
        };
        let system = actix::System::new();
        system.block_on(async { engine.supervise() });
        School { engine, system, cards, answered: Cell::new(0), _service: service }
    }

    /// Runs this on the engine's thread.
    pub fn run<T>(&self, what: impl Future<Output = T>) -> T {
        self.system.block_on(what)
    }

    /// Gives so many answers, a card after the other, and waits for their verdicts.
    pub async fn answers(&self, count: usize) {
        let commands = (0..count).map(|_| self.answer()).collect();
        let verdicts = submit_batch(&self.engine.shard(), USER, commands).await.unwrap();
        assert!(verdicts.iter().all(|verdict| verdict.refusal.is_none()), "{verdicts:?}");
    }

    fn answer(&self) -> (EntryId, Result<Command, domain::session::Refusal>) {
        let n = self.answered.replace(self.answered.get() + 1);
        let at = usize::try_from(n).unwrap_or(0) % self.cards.len();
        let answer = Answer {
            deck: DECK,
            card: self.cards[at],
            grade: Grade::Good,
            elapsed_ms: 1_000,
            sitting: None,
            confidence: None,
            early: false,
        };
        (EntryId::v7(unix_ms(), n.into()), Ok(Command::Answer(answer)))
    }

    /// Comes with a new socket and starts; returns the socket when its first card is there.
    pub async fn first_card(&self) -> SocketId {
        let shard = self.engine.shard();
        let port = Rc::new(FirstCard::default());
        let socket = shard.plug(port.clone());
        shard.attach(socket, USER, None);
        port.until(|port| port.attached.get()).await;
        let start = Start {
            sitting: SittingId::from_u128(3),
            decks: Some(vec![DECK]),
            tags: Vec::new(),
            filter: None,
            window: 3,
            limits: Allowance::default(),
            more: Allowance::default(),
            mode: None,
        };
        shard.input(socket, USER, Input::Start { socket, start: Box::new(start) });
        port.until(|port| port.has_card.get()).await;
        socket
    }

    /// Takes the socket away and waits until the session is not in memory any more.
    pub async fn forgets(&self, socket: SocketId) {
        self.engine.shard().unplug(socket);
        while self.engine.registered() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn fill(store: &MemoryStore, cards: &[CardId], progress: u32) {
    let now_ms = unix_ms();
    let then_ms = now_ms - AGO_MS;
    let who = SignIn { user: USER, org: None, role: Role::Learner, name: None };
    store.sign_in(who, then_ms).await.unwrap();
    store.put_deck(deck(then_ms), None, then_ms).await.unwrap();
    let records = cards.iter().map(|id| card(*id, then_ms)).collect();
    store.put_cards(DECK, records, None, then_ms).await.unwrap();
    let rows = cards.iter().zip(0..progress).map(|(card, n)| row(*card, then_ms, n)).collect();
    store.append(rows).await;
}

fn row(card: CardId, at_ms: i64, n: u32) -> Row {
    let review = Review {
        deck: DECK,
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
    let day = Day(i32::try_from(at_ms / DAY_MS).unwrap_or(0));
    let entry = LogEntry {
        id: EntryId::v7(at_ms, n.into()),
        job: None,
        stamp: Stamp { day, utc_offset_min: 0 },
        body: Body::Review(review),
    };
    let params = FoldParams::default();
    let (state, _) = CardState::NEW.after(&entry, &params);
    let progress = ProgressWrite::Whole(state, params.key());
    Row { user: USER, entry: Some(entry), about: entry.card(), progress }
}

fn deck(at_ms: i64) -> DeckRecord {
    DeckRecord {
        id: DECK,
        org: None,
        owner: USER,
        path: "Deck".to_owned(),
        title: "Deck".to_owned(),
        description: String::new(),
        visibility: domain::access::Visibility::Private,
        narrowed: Default::default(),
        editors: Vec::new(),
        tags: Vec::new(),
        settings: DeckSettings { new_per_day: 100_000, reviews_per_day: 100_000, ..DeckSettings::default() },
        revision: 0,
        cards: 0,
        created_ms: at_ms,
        updated_ms: at_ms,
        deleted_ms: None,
    }
}

fn card(id: CardId, at_ms: i64) -> CardRecord {
    CardRecord {
        id,
        deck: DECK,
        position: 0,
        note: None,
        front: format!("front {id}"),
        back: format!("back {id}"),
        hint: None,
        explanation: None,
        tags: Vec::new(),
        accept: Vec::new(),
        source_key: id.to_string(),
        revision: 0,
        created_ms: at_ms,
        updated_ms: at_ms,
        deleted_ms: None,
    }
}

fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(0)
}
