//! A learner with one deck and one socket, whose store answers at once.

use domain::access::Span;
use domain::day::{Day, Stamp, ZoneHistory};
use domain::deck::{CardMeta, Deck, DeckSettings};
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, SittingId, UserId};
use domain::session::{
    Access, Answer, Command, DeckLoad, Effect, Facts, Input, Limits, Now, Out, Outcome, Scope, Session,
    SessionSeed, SittingFigures, SocketId, Start, Token, Want,
};
use domain::state::{CardState, FoldParams};
use std::collections::VecDeque;
use std::sync::Arc;

pub const DECK: DeckId = DeckId::from_u128(2);
const USER: UserId = UserId::from_u128(1);
const SOCKET: SocketId = SocketId(1);
const SITTING: SittingId = SittingId::from_u128(3);
const DAY_MS: i64 = 86_400_000;
/// The moment at which everything happens, Unix milliseconds.
const NOW_MS: i64 = 1_773_144_000_000;
/// When the cards that are due were answered.
const BEFORE_MS: i64 = NOW_MS - 40 * DAY_MS;
/// Answers of which the store tells at once that they are durable.
const COMMIT: usize = 32;

/// The n-th card, with an id that is far from its neighbours' as those of imported cards are.
pub fn card(n: u32) -> CardId {
    CardId::from_u128(u128::from(n.wrapping_mul(0x9e37_79b9)) << 96 | u128::from(n))
}

/// The n-th answer, a good one, to a card.
pub fn review(n: u64, to: u32) -> LogEntry {
    let at_ms = BEFORE_MS + i64::try_from(n).unwrap_or(0);
    let review = Review {
        deck: DECK,
        card: card(to),
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
    LogEntry {
        id: EntryId::v7(at_ms, n.into()),
        job: None,
        stamp: Stamp { day, utc_offset_min: 0 },
        body: Body::Review(review),
    }
}

/// What the store knows of a learner.
pub struct Loaded {
    deck: DeckLoad,
}

impl Loaded {
    /// A learner who has loaded nothing yet, with an open socket.
    pub fn fresh(&self) -> Learner {
        let now = Now { tick_ms: 1, wall_ms: NOW_MS };
        let seed = SessionSeed {
            user: USER,
            zones: ZoneHistory::new(),
            began_ms: 0,
            dev_clock: false,
            newest: Vec::new(),
            more: false,
            epoch: 0,
        };
        let mut learner = Learner {
            session: Session::new(seed, now),
            load: Some(self.deck.clone()),
            now,
            held: VecDeque::new(),
            undecided: Vec::new(),
            seq: 0,
        };
        learner.input(Input::Attach { socket: SOCKET, instance: None });
        learner
    }
}

/// The learner.
pub struct Learner {
    session: Session,
    /// Taken by the first `start`.
    load: Option<DeckLoad>,
    now: Now,
    held: VecDeque<CardId>,
    undecided: Vec<EntryId>,
    seq: u64,
}

impl Learner {
    /// One with a deck of so many cards, of which so many are due and the others new.
    pub fn loaded(cards: u32, due: u32) -> Loaded {
        let settings =
            DeckSettings { new_per_day: u32::MAX, reviews_per_day: u32::MAX, ..DeckSettings::default() };
        let meta = |n| CardMeta {
            id: card(n),
            note: None,
            tags: Arc::from([]),
            revision: 1,
            created_ms: 0,
            deleted_ms: None,
            fragment: Arc::from("{}"),
            texts: Arc::default(),
        };
        let params = FoldParams::default();
        let row = |n| (card(n), CardState::NEW.after(&review(n.into(), n), &params).0);
        let deck = DeckLoad {
            deck: Arc::new(Deck::new(DECK, USER, 1, settings, (0..cards).map(meta).collect())),
            spans: vec![Span { from_ms: 0, until_ms: None }],
            rows: (0..due).map(row).collect(),
            has_entries: due > 0,
            refolded: Vec::new(),
        };
        Loaded { deck }
    }

    /// Starts a sitting; returns how many cards came.
    pub fn start(&mut self) -> usize {
        let start = Start {
            sitting: SITTING,
            decks: None,
            tags: Vec::new(),
            filter: None,
            window: 3,
            limits: Limits::default(),
            more: Limits::default(),
            mode: None,
        };
        self.input(Input::Start { socket: SOCKET, start: Box::new(start) });
        self.held.len()
    }

    /// Gives so many answers; the store keeps up.
    ///
    /// # Panics
    /// When no card is there: then something else is measured than was meant.
    pub fn answers(&mut self, count: usize) {
        for _ in 0..count {
            assert!(self.answer(), "no card to answer");
            if self.undecided.len() >= COMMIT {
                self.commit();
            }
        }
        self.commit();
    }

    fn answer(&mut self) -> bool {
        let Some(card) = self.held.pop_front() else { return false };
        self.seq += 1;
        self.now.tick_ms += 1;
        self.now.wall_ms += 1;
        let answer = Answer {
            deck: DECK,
            card,
            grade: Grade::Good,
            elapsed_ms: 1_000,
            sitting: Some(SITTING),
            confidence: None,
            early: false,
        };
        let id = EntryId::v7(self.now.wall_ms, self.seq.into());
        let command = Command::Answer(answer);
        self.input(Input::Command { socket: SOCKET, seq: self.seq, id, command });
        true
    }

    fn commit(&mut self) {
        for id in std::mem::take(&mut self.undecided) {
            self.input(Input::Outcome { id, outcome: Outcome::Durable });
        }
    }

    fn input(&mut self, input: Input) {
        let mut effects = Vec::with_capacity(8);
        self.session.handle(self.now, input, &mut effects);
        for effect in effects {
            match effect {
                Effect::Append(append) => self.undecided.extend(append.entry.map(|entry| entry.id)),
                Effect::Fetch { token, want } => self.fetched(token, &want),
                Effect::Send { out: Out::Card(deal), .. } => {
                    self.held.extend(deal.deck.card(deal.card).map(|card| card.id));
                }
                Effect::Send { .. } | Effect::Cell { .. } => {}
            }
        }
    }

    fn fetched(&mut self, token: Token, want: &Want) {
        let facts = match want {
            Want::Scope(_) => Facts::Scope(Scope::Decks(vec![DECK])),
            Want::Decks(_) => Facts::Decks(self.load.take().into_iter().collect()),
            Want::Access(_) => Facts::Access(Access { zones: ZoneHistory::new(), decks: Vec::new() }),
            Want::Entries(_) | Want::Named(_) => Facts::Entries(Vec::new()),
            Want::CardLog(..) | Want::Since(_) => Facts::CardLog(Vec::new()),
            Want::Before(..) => Facts::Before(Vec::new()),
            Want::Sitting(_) => Facts::Sitting(SittingFigures::default()),
        };
        self.input(Input::Fetched { token, facts: Ok(facts) });
    }
}
