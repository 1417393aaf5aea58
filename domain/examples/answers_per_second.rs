//! How many answers a second the pure machines take: a session and the group commit, without sockets, store and
//! runtime. A figure for comparison between revisions, not a promise: `cargo run -p domain --example answers_per_second`.

#![allow(clippy::expect_used, reason = "a measurement that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "it measures real time; the machines never see it")]

use domain::commit::{Decided, GroupCommit, Landed, Offer};
use domain::day::ZoneHistory;
use domain::deck::{CardMeta, Deck, DeckSettings};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, SittingId, UserId};
use domain::session::{
    Access, Answer, Command, DeckLoad, Effect, Facts, Input, Limits, Now, Out, Outcome, Scope, Session,
    SessionSeed, SittingFigures, SocketId, Start, Want,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

const USER: UserId = UserId::from_u128(1);
const DECK: DeckId = DeckId::from_u128(2);
/// Rows that one commit takes.
const BATCH: usize = 32;

struct Bench {
    session: Session,
    writer: GroupCommit,
    deck: Arc<Deck>,
    now: Now,
    held: BTreeMap<SocketId, VecDeque<CardId>>,
    seqs: BTreeMap<SocketId, u64>,
    sittings: BTreeMap<SocketId, SittingId>,
    answers: u128,
}

fn deck(cards: u32) -> Deck {
    let settings =
        DeckSettings { new_per_day: u32::MAX, reviews_per_day: u32::MAX, ..DeckSettings::default() };
    let card = |n: u32| CardMeta {
        id: CardId::from_u128(u128::from(n)),
        note: None,
        tags: Arc::from([]),
        revision: 1,
        created_ms: 0,
        deleted_ms: None,
        fragment: Arc::from("{}"),
        texts: Arc::default(),
    };
    Deck::new(DECK, USER, 1, settings, (0..cards).map(card).collect())
}

impl Bench {
    fn new(cards: u32, sockets: u64) -> Bench {
        let now = Now { tick_ms: 1, wall_ms: 1_773_144_000_000 };
        let seed = SessionSeed {
            user: USER,
            zones: ZoneHistory::new(),
            began_ms: 0,
            dev_clock: false,
            newest: Vec::new(),
            more: false,
            epoch: 0,
        };
        let mut bench = Bench {
            session: Session::new(seed, now),
            writer: GroupCommit::new(2_048),
            deck: Arc::new(deck(cards)),
            now,
            held: BTreeMap::new(),
            seqs: BTreeMap::new(),
            sittings: BTreeMap::new(),
            answers: 0,
        };
        for n in 1..=sockets {
            let (socket, sitting) = (SocketId(n), SittingId::from_u128(u128::from(n)));
            bench.sittings.insert(socket, sitting);
            bench.input(Input::Attach { socket, instance: None });
            let start = Start {
                sitting,
                decks: None,
                tags: Vec::new(),
                filter: None,
                window: 3,
                limits: Limits::default(),
                more: Limits::default(),
                mode: None,
            };
            bench.input(Input::Start { socket, start: Box::new(start) });
        }
        bench
    }

    fn input(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut fx = Vec::with_capacity(8);
            self.session.handle(self.now, input, &mut fx);
            for effect in fx {
                match effect {
                    Effect::Append(append) => {
                        self.writer.offer(Offer { user: USER, shard: 0, append, stale: false });
                    }
                    Effect::Fetch { token, want } => {
                        inputs.push_back(Input::Fetched { token, facts: Ok(self.facts(&want)) });
                    }
                    Effect::Send { socket, out: Out::Card(deal) } => {
                        let card = deal.deck.card(deal.card).expect("a card").id;
                        self.held.entry(socket).or_default().push_back(card);
                    }
                    Effect::Send { .. } | Effect::Cell { .. } => {}
                }
            }
        }
    }

    fn facts(&self, want: &Want) -> Facts {
        match want {
            Want::Scope(_) => Facts::Scope(Scope::Decks(vec![DECK])),
            Want::Decks(_) => Facts::Decks(vec![DeckLoad {
                deck: self.deck.clone(),
                spans: vec![domain::access::Span { from_ms: 0, until_ms: None }],
                rows: Vec::new(),
                has_entries: false,
                refolded: Vec::new(),
            }]),
            Want::Access(_) => Facts::Access(Access { zones: ZoneHistory::new(), decks: Vec::new() }),
            Want::Entries(_) | Want::Named(_) => Facts::Entries(Vec::new()),
            Want::CardLog(..) | Want::Since(_) => Facts::CardLog(Vec::new()),
            Want::Before(..) => Facts::Before(Vec::new()),
            Want::Sitting(_) => Facts::Sitting(SittingFigures::default()),
        }
    }

    fn answer(&mut self, socket: SocketId) -> bool {
        let Some(card) = self.held.get_mut(&socket).and_then(VecDeque::pop_front) else { return false };
        self.answers += 1;
        self.now.tick_ms += 1;
        self.now.wall_ms += 1;
        let seq = self.seqs.entry(socket).and_modify(|seq| *seq += 1).or_insert(1);
        let answer = Answer {
            deck: DECK,
            card,
            grade: Grade::Good,
            elapsed_ms: 1_000,
            sitting: self.sittings.get(&socket).copied(),
            confidence: None,
            early: false,
        };
        let command = Input::Command {
            socket,
            seq: *seq,
            id: EntryId::v7(self.now.wall_ms, self.answers),
            command: Command::Answer(answer),
        };
        self.input(command);
        true
    }

    fn commit(&mut self) {
        let mut decided = Vec::new();
        while let Some(batch) = self.writer.submit(self.now.tick_ms, &mut decided) {
            let landed = vec![Landed::Durable; batch.len()];
            self.writer.returned(self.now.tick_ms, &landed, 0, &mut decided);
        }
        for decided in decided {
            if let Decided::Durable(offer) = decided
                && let Some(id) = offer.entry_id()
            {
                self.input(Input::Outcome { id, outcome: Outcome::Durable });
            }
        }
    }
}

fn main() {
    for cards in [100, 10_000] {
        for sockets in [1, 2] {
            let rounds = if cards == 100 { 100 } else { 1 };
            let (mut answered, mut spent) = (0_u64, std::time::Duration::ZERO);
            for _ in 0..rounds {
                let mut bench = Bench::new(cards, sockets);
                let began = Instant::now();
                let mut on = true;
                while on {
                    on = false;
                    for n in 1..=BATCH as u64 {
                        let did = bench.answer(SocketId(1 + n % sockets));
                        answered += u64::from(did);
                        on |= did;
                    }
                    bench.commit();
                }
                spent += began.elapsed();
            }
            let rate = answered as f64 / spent.as_secs_f64();
            println!("{cards:>6} cards, {sockets} socket(s): {rate:>9.0} answers/s");
        }
    }
}
