//! What goes into a session.

use crate::access::Span;
use crate::day::ZoneHistory;
use crate::deck::Deck;
use crate::entry::{Confidence, LogEntry, Mode, Regrade, SetChange};
use crate::grade::Grade;
use crate::ids::{CardId, DeckId, EntryId, InstanceId, JobId, SittingId, UserId};
use crate::lesson::Told;
use crate::owner::Epoch;
use crate::session::{DeckLoad, Refusal};
use std::sync::Arc;

/// Time, read once a wake-up by the shell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Monotonic milliseconds: for deadlines.
    pub tick_ms: u64,
    /// Wall clock, Unix milliseconds: for days and dues.
    pub wall_ms: i64,
}

impl Now {
    /// How far the wall clock is off the monotonic one, in milliseconds: it changes only when somebody sets a clock.
    pub fn skew_ms(&self) -> i64 {
        self.wall_ms.saturating_sub(i64::try_from(self.tick_ms).unwrap_or(i64::MAX))
    }
}

/// A socket of this process (or a batch that came over HTTP).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct SocketId(pub u64);

/// Names a fetch until its facts arrive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Token(pub u64);

/// What a session starts from.
#[derive(Clone, Debug)]
pub struct SessionSeed {
    /// The learner.
    pub user: UserId,
    /// Where the learner was when.
    pub zones: ZoneHistory,
    /// The account's beginning, Unix milliseconds.
    pub began_ms: i64,
    /// Whether the developer's clock is in use.
    pub dev_clock: bool,
    /// The newest durable ids with their content digests.
    pub newest: Vec<(EntryId, u64)>,
    /// Whether the log holds more than these.
    pub more: bool,
    /// The epoch of the learner's owner; 0 where a process has its store alone. Cells of a later owner are newer.
    pub epoch: Epoch,
}

/// What may happen to a session.
#[derive(Debug)]
pub enum Input {
    /// A socket was welcomed. Another of the same instance is replaced.
    Attach {
        /// The socket.
        socket: SocketId,
        /// The running tab or process; `None` for a batch over HTTP.
        instance: Option<InstanceId>,
    },
    /// A socket ended.
    Detach {
        /// The socket.
        socket: SocketId,
    },
    /// A `start` frame.
    Start {
        /// The socket.
        socket: SocketId,
        /// Its fields.
        start: Box<Start>,
    },
    /// A command.
    Command {
        /// The socket.
        socket: SocketId,
        /// Its number on this socket.
        seq: u64,
        /// Its id.
        id: EntryId,
        /// What it asks.
        command: Command,
    },
    /// A command that could not even be read; it takes its number and is refused.
    Refused {
        /// The socket.
        socket: SocketId,
        /// Its number on this socket.
        seq: u64,
        /// Its id.
        id: EntryId,
        /// Why.
        refusal: Refusal,
    },
    /// What was fetched, or that it could not be.
    Fetched {
        /// Which fetch.
        token: Token,
        /// The facts.
        facts: Result<Facts, FetchFailed>,
    },
    /// What became of an appended entry.
    Outcome {
        /// The entry.
        id: EntryId,
        /// What became of it.
        outcome: Outcome,
    },
    /// A new revision of a deck.
    Deck(Arc<Deck>),
    /// Others than this session stored entries of the learner in this deck, or took them back: an import.
    Imported(DeckId),
    /// Decks of which stored rows are not to be trusted, whether or not anybody studies them: those that are not in memory
    /// are loaded, and what is folded then is written behind.
    Load(Vec<DeckId>),
    /// Enrollments, visibility or the set of decks changed.
    AccessChanged,
    /// The learner's zone or rollover hour changed.
    Zones(ZoneHistory),
    /// The owner of a class of the learner tells of its lesson.
    Class(Arc<Told>),
    /// Whether the node can take more commands.
    Credit(bool),
    /// There is time to write behind so many rows that the store could not be trusted with.
    WriteBehind(usize),
    /// Time passed.
    Tick,
}

/// A `start` frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The sitting.
    pub sitting: SittingId,
    /// Decks, each with the owner's decks below its path; `None` for all that the learner has.
    pub decks: Option<Vec<DeckId>>,
    /// Only cards that have one of these tags, if any are named.
    pub tags: Vec<String>,
    /// A selection instead of the ordinary queue.
    pub filter: Option<Filter>,
    /// Cards held at once.
    pub window: usize,
    /// Lower limits for this sitting, each deck.
    pub limits: Limits,
    /// More than today's limits, each deck.
    pub more: Limits,
    /// How cards are asked; `None` as their decks say.
    pub mode: Option<Mode>,
}

/// A pair of limits; absent means none given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// For new cards.
    pub new: Option<u32>,
    /// For reviews.
    pub review: Option<u32>,
}

/// A selection of cards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Filter {
    /// Due reviews only.
    Due,
    /// New cards only.
    New,
    /// Leeches, due or not.
    Leech,
    /// Flagged cards, due or not.
    Flagged,
    /// Cards with a grade below 3 today.
    FailedToday,
}

impl Filter {
    /// Whether it may bring cards that are not due.
    pub const fn reaches_beyond_due(self) -> bool {
        match self {
            Filter::Leech | Filter::Flagged | Filter::FailedToday => true,
            Filter::Due | Filter::New => false,
        }
    }
}

/// What a client asks to be logged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// A card was answered.
    Answer(Answer),
    /// A card in a checked mode was answered. Shared: it may be looked at several times, and is never changed.
    Respond(Arc<Respond>),
    /// An entry is taken back.
    Undo {
        /// The entry.
        of: EntryId,
    },
    /// Something is set by hand.
    Set {
        /// The deck.
        deck: DeckId,
        /// The card.
        card: CardId,
        /// What.
        change: SetChange,
    },
    /// The rows of an import job count from now on. Never a client's: the server gives it.
    ImportCommit {
        /// The job.
        job: JobId,
    },
    /// They count no longer.
    ImportRevoke {
        /// The job.
        job: JobId,
    },
    /// What a guest did is the learner's from now on. Never a client's.
    Claim {
        /// The guest.
        guest: UserId,
        /// The job under which the guest's entries were copied.
        job: JobId,
    },
    /// An answer has another grade. Never a client's.
    Regrade(Regrade),
}

/// An answer in mode `flip`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// The grade.
    pub grade: Grade,
    /// Time taken, milliseconds.
    pub elapsed_ms: u32,
    /// The sitting, as the client says.
    pub sitting: Option<SittingId>,
    /// How sure the learner was.
    pub confidence: Option<Confidence>,
    /// Asked for ahead of its time.
    pub early: bool,
}

/// An answer in a checked mode.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Respond {
    /// The deck.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// What was typed or chosen.
    pub response: Response,
    /// What was typed first, when this was asked once more because that was near.
    pub first: Option<String>,
    /// Time taken, milliseconds.
    pub elapsed_ms: u32,
    /// The sitting, as the client says.
    pub sitting: Option<SittingId>,
    /// How sure the learner was.
    pub confidence: Option<Confidence>,
    /// Asked for ahead of its time.
    pub early: bool,
}

/// What was typed or chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response {
    /// A text; of a card with choices also one of them.
    Text(String),
    /// The place of a choice among those that were shown.
    Choice(u16),
}

/// What became of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is durable.
    Durable,
    /// It can never be stored and lies in quarantine.
    Never,
}

/// The store could not be read within its retries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FetchFailed;

/// What a session needs to know and has not in memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Want {
    /// Which decks a `start` means: those named with the owner's decks below their path, or all of the learner's.
    Scope(Option<Vec<DeckId>>),
    /// Decks with the learner's rows in them. Unknown decks are absent from the facts.
    Decks(Vec<DeckId>),
    /// Who the learner is to these decks, and where the learner is: what others change. Unknown decks are absent from the
    /// facts.
    Access(Vec<DeckId>),
    /// Stored entries by id: those of commands that may have been stored before.
    Entries(Vec<EntryId>),
    /// The stored entry that an undo names. Also answered by [`Facts::Entries`].
    Named(EntryId),
    /// All entries of a card and the marks that concern them.
    CardLog(DeckId, CardId),
    /// The ids of the newest undoable entries before this id, at most so many.
    Before(EntryId, usize),
    /// The figures of a sitting.
    Sitting(SittingId),
    /// All entries from this moment on, Unix milliseconds. Answered by [`Facts::CardLog`].
    Since(i64),
}

/// What was fetched.
#[derive(Debug)]
pub enum Facts {
    /// For [`Want::Scope`].
    Scope(Scope),
    /// For [`Want::Decks`].
    Decks(Vec<DeckLoad>),
    /// For [`Want::Access`].
    Access(Access),
    /// For [`Want::Entries`] and [`Want::Named`].
    Entries(Vec<LogEntry>),
    /// For [`Want::CardLog`] and [`Want::Since`].
    CardLog(Vec<LogEntry>),
    /// For [`Want::Before`].
    Before(Vec<EntryId>),
    /// For [`Want::Sitting`].
    Sitting(SittingFigures),
}

/// What others change under a session.
#[derive(Clone, Debug)]
pub struct Access {
    /// Where the learner was when.
    pub zones: ZoneHistory,
    /// The decks.
    pub decks: Vec<SeenDeck>,
}

/// A deck, without the learner's rows.
#[derive(Clone, Debug)]
pub struct SeenDeck {
    /// The deck with its content.
    pub deck: Arc<Deck>,
    /// When the learner could see it.
    pub spans: Vec<Span>,
}

/// The decks of a `start`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// These.
    Decks(Vec<DeckId>),
    /// One of those named is not the learner's to see.
    Forbidden,
}

/// What the log says of a sitting, undone answers excluded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SittingFigures {
    /// Answers.
    pub answered: u32,
    /// Different cards.
    pub cards: Vec<(DeckId, CardId)>,
    /// Answers with a grade of 3 and above.
    pub correct: u32,
    /// Time taken, milliseconds.
    pub elapsed_ms: u64,
}
