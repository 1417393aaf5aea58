//! The Session: one learner's study, as a pure machine. Inputs and time go in, effects come out; no input is ever
//! answered by waiting. Three rules shape it:
//!
//! * **A verdict can only follow `durable`.** The only place that marks a command as decided after it was handed to
//!   the writer is [`Input::Outcome`].
//! * **The next card never waits for the store.** Dealing reads memory only. What memory lacks (an older id, a card's
//!   history for a late answer) is fetched while only the socket that asked is parked.
//! * **State is the fold.** A card's state is moved by [`CardState::after`](crate::state::CardState::after) when the entry comes last in the card's
//!   order, and folded again from the log whenever it does not.

mod access;
mod checked;
mod command;
mod deal;
mod decks;
mod devices;
mod finish;
mod input;
mod inspect;
mod known;
mod lessons;
mod logged;
mod marks;
mod numbers;
mod output;
mod packed;
mod pending;
mod queue;
mod refold;
mod regrade;
mod reread;
mod rescope;
mod rollover;
mod rows;
mod scope;
mod small;
mod tally;
mod types;
mod undo;
mod verdict;
mod work;

pub use checked::WrongText;
pub use decks::DeckLoad;
pub use types::*;

use crate::day::{Day, ZoneHistory};
use crate::deck::Deck;
use crate::entry::{LogEntry, Mode};
use crate::ids::{DeckId, EntryId, SittingId, UserId};
use crate::limits;
use decks::{CardKey, DeckStudy};
use known::Known;
use pending::InFlight;
use queue::Queue;
use reread::{Reread, Why};
use rescope::Rescope;
use small::SmallMap;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use work::{Block, Task, Work};

/// What a session is made of.
#[derive(Debug)]
pub struct Session {
    user: UserId,
    zones: ZoneHistory,
    began_ms: i64,
    /// Under the developer's clock the lower bound of `bad_time` is not applied.
    dev_clock: bool,
    today: Day,
    day_from_ms: i64,
    day_ends_ms: i64,
    decks: SmallMap<DeckId, DeckStudy>,
    /// Revisions that came while decks were being read: what is read may be older.
    decks_told: BTreeMap<DeckId, Arc<Deck>>,
    sockets: SmallMap<SocketId, Socket>,
    pending: InFlight,
    known: Known,
    /// Cards that were put back, first one first: the head of the queue.
    returned: VecDeque<CardKey>,
    /// Cards whose log is being fetched, by the socket that asked.
    locked: BTreeMap<CardKey, SocketId>,
    /// Cards that wait for a fold from the log that no command asked for.
    repairs: BTreeMap<Token, CardKey>,
    /// Decks whose rows are being read again, and those for which that failed.
    rereads: BTreeMap<Token, Reread>,
    rereads_owed: BTreeMap<DeckId, Why>,
    /// Decks that are being read although nobody studies them.
    loads: BTreeMap<Token, Vec<DeckId>>,
    /// Decks into which was imported while they were being read.
    imports_told: BTreeSet<DeckId>,
    /// Marks of imports from this session's life, oldest first: a log that was read before them lacks them.
    marks: Vec<LogEntry>,
    /// Decks that are being read may have been read before the newest mark was durable.
    marked_while_reading: bool,
    /// Texts of wrong answers, the newest last.
    wrong_texts: VecDeque<WrongText>,
    access_fetch: Option<Token>,
    /// Sittings whose decks are being looked at again. No socket waits for it.
    rescopes: BTreeMap<Token, Rescope>,
    /// What changed about access could not be read and has to be read again.
    access_unread: bool,
    /// Decks that are being read for nobody may be from before a change of access.
    access_changed_while_loading: bool,
    /// Lessons of the learner's classes.
    lessons: lessons::Lessons,
    node_has_credit: bool,
    next_token: u64,
    /// What could not be read in the background is not asked for again before this (monotonic milliseconds).
    read_again_tick_ms: u64,
    idle_since_tick_ms: u64,
}

#[derive(Debug)]
struct Socket {
    instance: Option<crate::ids::InstanceId>,
    next_seq: u64,
    /// Commands without verdict from the first undecided one on; `None` is decided already.
    commands: VecDeque<Option<EntryId>>,
    /// How many of them are undecided.
    undecided: usize,
    /// Every command up to it has its verdict.
    decided: u64,
    told_saved: u64,
    inbox: VecDeque<Work>,
    blocked: Option<Block>,
    sitting: Option<Sitting>,
    held: Vec<Held>,
    acted_tick_ms: u64,
    lost_on_screen: bool,
    done: DoneState,
    busy: BTreeSet<EntryId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum DoneState {
    /// Cards are held or were handed out since the last `done`.
    Studying,
    /// The sitting's figures are being read.
    Asking(Token),
    /// `done` was sent.
    Told,
}

#[derive(Debug)]
struct Sitting {
    id: SittingId,
    /// Ids that the client named; `None` follows what the learner has.
    asked: Option<Vec<DeckId>>,
    decks: Vec<DeckId>,
    tags: Vec<String>,
    filter: Option<Filter>,
    window: usize,
    limits: Limits,
    more: Limits,
    mode: Option<Mode>,
    /// Cards beyond the schedule that this sitting has answered already.
    extras_done: BTreeSet<CardKey>,
    queue: Option<Queue>,
}

#[derive(Clone, Debug)]
struct Held {
    key: CardKey,
    kind: Kind,
    arrived_tick_ms: u64,
    dealt_on: Day,
    /// For each grade the due day that was promised and whether it comes again today.
    promise: [Promise; 6],
    asked: Asked,
    /// What was typed first, if that was near.
    near: Option<Box<str>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Promise {
    due: Option<Day>,
    again_today: bool,
}

/// A session asks for far less than 2 to this power in a millisecond.
const TOKENS_PER_MS_BITS: u32 = 20;

impl Session {
    /// A session from what was loaded.
    pub fn new(seed: SessionSeed, now: Now) -> Session {
        let mut session = Session {
            user: seed.user,
            zones: seed.zones,
            began_ms: seed.began_ms,
            dev_clock: seed.dev_clock,
            today: Day(0),
            day_from_ms: i64::MAX,
            day_ends_ms: i64::MIN,
            decks: SmallMap::default(),
            decks_told: BTreeMap::new(),
            sockets: SmallMap::default(),
            pending: InFlight::default(),
            known: Known::new(seed.newest, seed.more),
            returned: VecDeque::new(),
            locked: BTreeMap::new(),
            repairs: BTreeMap::new(),
            rereads: BTreeMap::new(),
            rereads_owed: BTreeMap::new(),
            loads: BTreeMap::new(),
            imports_told: BTreeSet::new(),
            marks: Vec::new(),
            marked_while_reading: false,
            wrong_texts: VecDeque::new(),
            access_fetch: None,
            rescopes: BTreeMap::new(),
            access_unread: false,
            access_changed_while_loading: false,
            lessons: lessons::Lessons::of_owner(seed.epoch),
            node_has_credit: true,
            // Tokens of two lives never meet: what an earlier life asked for means nothing to this one.
            next_token: now.tick_ms << TOKENS_PER_MS_BITS,
            read_again_tick_ms: 0,
            idle_since_tick_ms: now.tick_ms,
        };
        session.read_day(now);
        session
    }

    /// Takes one input. All that follows from it is in `fx`, in order.
    pub fn handle(&mut self, now: Now, input: Input, fx: &mut Vec<Effect>) {
        self.turn_of_day(now, fx);
        match input {
            Input::Attach { socket, instance } => self.attach(now, socket, instance, fx),
            Input::Detach { socket } => self.detach(now, socket),
            Input::Start { socket, start } => self.enqueue(now, socket, Task::Start(start), fx),
            Input::Command { socket, seq, id, command } => {
                if self.take_seq(now, socket, seq, id, fx) {
                    self.enqueue(now, socket, Task::Command { seq, id, command }, fx);
                }
            }
            Input::Refused { socket, seq, id, refusal } => {
                if self.take_seq(now, socket, seq, id, fx) {
                    self.refuse(socket, seq, id, refusal, fx);
                }
            }
            Input::Fetched { token, facts } => self.fetched(now, token, facts, fx),
            Input::Outcome { id, outcome } => self.outcome(now, id, outcome, fx),
            Input::Deck(deck) => self.deck_changed(now, deck, fx),
            Input::Imported(deck) => self.reread(deck, Why::Imported, fx),
            Input::Load(decks) => self.load_unasked(decks, fx),
            Input::AccessChanged => self.access_changed(fx),
            Input::Zones(zones) => self.zones_changed(now, zones, fx),
            Input::Class(told) => self.class_told(now, &told, fx),
            Input::Credit(has_credit) => self.node_has_credit = has_credit,
            Input::WriteBehind(rows) => self.write_behind(rows, fx),
            Input::Tick => {}
        }
        self.settle(now, fx);
    }

    /// The learner.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Whether it may be dropped: no socket, nothing on its way, no repair owed to the store.
    pub fn is_idle(&self) -> bool {
        let repaired = self.decks.values().all(|study| study.unrepaired().next().is_none());
        let reads = !self.rereads.is_empty() || !self.rereads_owed.is_empty() || !self.loads.is_empty();
        self.sockets.is_empty() && self.pending.is_empty() && !reads && repaired
    }

    /// Since when (monotonic) it has been without a socket.
    pub fn idle_since_tick_ms(&self) -> u64 {
        self.idle_since_tick_ms
    }

    /// Whether it has this deck in memory.
    pub fn has_deck(&self, deck: DeckId) -> bool {
        self.decks.contains_key(&deck)
    }

    /// How many sockets are attached.
    pub fn socket_count(&self) -> usize {
        self.sockets.len()
    }

    /// How many commands of the learner lack their verdict, those of sockets that have ended included.
    pub fn undecided(&self) -> usize {
        self.sockets.values().map(|socket| socket.undecided).sum::<usize>() + self.pending.orphans()
    }

    /// About how many bytes it holds, for the memory ledger.
    pub fn bytes(&self) -> usize {
        let decks: usize = self.decks.values().map(|study| study.bytes()).sum();
        size_of::<Session>()
            + decks
            + self.sockets.len() * (size_of::<Socket>() + 512)
            + self.pending.len() * size_of::<pending::Pending>()
            + self.checked_bytes()
            + limits::KNOWN_IDS * 24
    }

    fn attach(
        &mut self,
        now: Now,
        socket: SocketId,
        instance: Option<crate::ids::InstanceId>,
        fx: &mut Vec<Effect>,
    ) {
        let older = instance.and_then(|instance| {
            self.sockets.iter().find(|(_, s)| s.instance == Some(instance)).map(|(id, _)| *id)
        });
        if let Some(older) = older {
            fx.push(Effect::Send { socket: older, out: Out::Close(Closing::Replaced) });
            self.detach(now, older);
        }
        if self.sockets.len() >= limits::SOCKETS_PER_LEARNER {
            fx.push(Effect::Send { socket, out: Out::Close(Closing::TooManySockets) });
            return;
        }
        self.sockets.insert(socket, Socket::new(instance, now));
    }

    fn detach(&mut self, now: Now, socket: SocketId) {
        let Some(gone) = self.sockets.remove(&socket) else { return };
        self.pending.forget_socket(socket);
        self.forget_rescope(socket);
        self.put_back(&gone.held);
        self.unlock(socket);
        if self.sockets.is_empty() {
            self.idle_since_tick_ms = now.tick_ms;
        }
    }

    /// Cards go back to the head of the queue, in their order.
    fn put_back(&mut self, held: &[Held]) {
        for held in held.iter().rev() {
            self.returned.retain(|returned| *returned != held.key);
            self.returned.push_front(held.key);
        }
        self.returned.truncate(limits::CARDS_PUT_BACK);
    }

    /// What may follow from any input: parked sockets go on, free places are filled, `done` is told.
    fn settle(&mut self, now: Now, fx: &mut Vec<Effect>) {
        loop {
            let free = self.sockets.iter().find_map(|(id, socket)| match socket.blocked {
                Some(Block::Card(key)) if !self.locked.contains_key(&key) => Some(*id),
                Some(Block::Card(_) | Block::Fetch(_)) | None => None,
            });
            let Some(socket) = free else { break };
            if let Some(state) = self.sockets.get_mut(&socket) {
                state.blocked = None;
            }
            self.pump(now, socket, fx);
        }
        self.forget_decks();
        self.repair_stale(now, fx);
        self.reread_owed(now, fx);
        self.read_access_again(now, fx);
        self.attend(now, fx);
        let sockets: Vec<SocketId> = self.sockets.keys().copied().collect();
        for &socket in &sockets {
            self.fill(now, socket, fx);
            self.tell_saved(socket, fx);
        }
        // Only now: a later socket may have taken over what an earlier one held.
        for socket in sockets {
            self.tell_done(now, socket, fx);
        }
        self.tell_cells(now, fx);
    }
}

impl Socket {
    fn new(instance: Option<crate::ids::InstanceId>, now: Now) -> Socket {
        Socket {
            instance,
            next_seq: 1,
            commands: VecDeque::new(),
            undecided: 0,
            decided: 0,
            told_saved: 0,
            inbox: VecDeque::new(),
            blocked: None,
            sitting: None,
            held: Vec::new(),
            acted_tick_ms: now.tick_ms,
            lost_on_screen: false,
            done: DoneState::Studying,
            busy: BTreeSet::new(),
        }
    }
}
