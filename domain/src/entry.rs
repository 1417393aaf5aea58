//! The log: what was done, never what followed from it.
//!
//! State is a function of the *set* of a learner's entries (see [`crate::fold`]). An entry is immutable; its place
//! in the order is its id. Kind of review, intervals and ease are results and therefore not here.

mod digest;

pub(crate) use digest::Fnv;

use crate::day::{Day, Stamp};
use crate::grade::Grade;
use crate::ids::{CardId, ClassId, DeckId, EntryId, JobId, SittingId, UserId};

/// One entry of a learner's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogEntry {
    /// The id; its time is the moment of the entry.
    pub id: EntryId,
    /// The import job that brought it; `None` for what was done live.
    pub job: Option<JobId>,
    /// Study day and UTC offset at the learner's place.
    pub stamp: Stamp,
    /// What was done.
    pub body: Body,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body {
    /// A card was answered.
    Review(Review),
    /// An answer or a `set` is taken back.
    Undo {
        /// The entry that is taken back.
        of: EntryId,
    },
    /// Something about a card was set by hand.
    Set {
        /// The deck of the card.
        deck: DeckId,
        /// The card.
        card: CardId,
        /// What was set.
        change: SetChange,
    },
    /// From here on the card is in this scheduling state (imports).
    State {
        /// The deck of the card.
        deck: DeckId,
        /// The card.
        card: CardId,
        /// The state.
        state: GivenState,
    },
    /// The rows of this import job count from now on.
    ImportCommit {
        /// The job.
        job: JobId,
    },
    /// The rows of this import job no longer count.
    ImportRevoke {
        /// The job.
        job: JobId,
    },
    /// An earlier answer has another grade than it was given.
    Regrade(Regrade),
    /// What a guest did is what this learner did: the guest's entries, copied as the rows of this job, count from now on.
    /// An [`Body::ImportRevoke`] of the job takes the claim back.
    Claim {
        /// The guest.
        guest: UserId,
        /// The job that their entries are copied under.
        job: JobId,
    },
}

/// One answer to one card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Review {
    /// The deck of the card.
    pub deck: DeckId,
    /// The card.
    pub card: CardId,
    /// The grade given.
    pub grade: Grade,
    /// How the card was asked.
    pub mode: Mode,
    /// Time from the question to the answer, in milliseconds.
    pub elapsed_ms: u32,
    /// The learner or a teacher asked for the card ahead of its time: it schedules although not due.
    pub early: bool,
    /// How sure the learner said to be.
    pub confidence: Option<Confidence>,
    /// The sitting that the client named; the server never fills it in.
    pub sitting: Option<SittingId>,
    /// The class in whose lesson it was given.
    pub class: Option<ClassId>,
    /// A digest of what was typed or chosen in a checked mode.
    pub response: Option<u64>,
    /// The card's revision when the answer arrived (stamped by the server).
    pub revision: u32,
    /// The class had talked about the card when the answer arrived (stamped by the server): it never schedules.
    pub told: bool,
}

/// Another grade for an answer that was given: its text was accepted later, or was not right after all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Regrade {
    /// The answer.
    pub of: EntryId,
    /// The deck of its card.
    pub deck: DeckId,
    /// Its card. A regrade that names another card than its answer's changes nothing.
    pub card: CardId,
    /// The grade that it has from now on.
    pub grade: Grade,
    /// Who says so.
    pub by: UserId,
}

/// How a card is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Mode {
    /// The learner turns the card over and grades the answer.
    Flip,
    /// The learner types, the server checks.
    Type,
    /// The learner chooses among several, the server checks.
    Choose,
}

/// How sure a learner was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Confidence {
    /// Sure of the answer.
    Sure,
    /// Not sure.
    Unsure,
}

/// What a `set` sets. Suspension, burial and flag are registers (the newest wins); reset and due act at their place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetChange {
    /// Whether the card is never dealt.
    Suspended(bool),
    /// The card is hidden while today is before this day; `None` brings it back.
    BuriedUntil(Option<Day>),
    /// A coloured flag, 1 to 7; 0 is none.
    Flag(u8),
    /// The card is new again.
    Reset,
    /// The card is due on this day.
    Due(Day),
}

/// A scheduling state that is given, not earned: it came with an import.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GivenState {
    /// Repetitions (n).
    pub reps: u16,
    /// Ease factor, hundredths.
    pub ease: u16,
    /// Interval in days.
    pub interval_days: u32,
    /// The due day; `None` for a new card.
    pub due: Option<Day>,
    /// Lapses so far.
    pub lapses: u16,
    /// The last day on which it was scheduled, where known.
    pub last_scheduled: Option<Day>,
}

impl LogEntry {
    /// The deck and card that the entry itself names (an undo names another entry instead).
    pub fn card(&self) -> Option<(DeckId, CardId)> {
        match self.body {
            Body::Review(r) => Some((r.deck, r.card)),
            Body::Set { deck, card, .. } | Body::State { deck, card, .. } => Some((deck, card)),
            Body::Regrade(r) => Some((r.deck, r.card)),
            Body::Undo { .. }
            | Body::ImportCommit { .. }
            | Body::ImportRevoke { .. }
            | Body::Claim { .. } => None,
        }
    }

    /// The review in it, if it is one.
    pub fn review(&self) -> Option<&Review> {
        match &self.body {
            Body::Review(r) => Some(r),
            Body::Undo { .. }
            | Body::Set { .. }
            | Body::State { .. }
            | Body::ImportCommit { .. }
            | Body::ImportRevoke { .. }
            | Body::Regrade(_)
            | Body::Claim { .. } => None,
        }
    }

    /// The regrade in it, if it is one.
    pub fn regrade(&self) -> Option<&Regrade> {
        match &self.body {
            Body::Regrade(regrade) => Some(regrade),
            Body::Review(_)
            | Body::Undo { .. }
            | Body::Set { .. }
            | Body::State { .. }
            | Body::ImportCommit { .. }
            | Body::ImportRevoke { .. }
            | Body::Claim { .. } => None,
        }
    }

    /// The job whose rows count, or no longer count, by this entry; `None` for all else.
    pub fn mark_of(&self) -> Option<JobId> {
        match self.body {
            Body::ImportCommit { job } | Body::ImportRevoke { job } | Body::Claim { job, .. } => Some(job),
            Body::Review(_)
            | Body::Undo { .. }
            | Body::Set { .. }
            | Body::State { .. }
            | Body::Regrade(_) => None,
        }
    }

    /// Whether an `undo` may name it: answers and sets, given live.
    pub fn can_be_undone(&self) -> bool {
        match self.body {
            Body::Review(_) | Body::Set { .. } => self.job.is_none(),
            Body::Undo { .. }
            | Body::State { .. }
            | Body::ImportCommit { .. }
            | Body::ImportRevoke { .. }
            | Body::Regrade(_)
            | Body::Claim { .. } => false,
        }
    }
}

impl EntryId {
    /// The id of the entry that makes the rows of this job count, or takes them back (`revoked`): a UUIDv8 of the job's
    /// own moment. A job has one of each, so that saying it twice is saying it once.
    pub fn of_mark(job: JobId, revoked: bool) -> EntryId {
        let mut h = Fnv::new();
        h.bytes(job.bytes());
        h.byte(u8::from(revoked));
        let time = job.0.as_u128() >> 80 << 80;
        let low = u128::from(h.0 >> 2);
        EntryId::from_u128(time | (0x8 << 76) | (0b10 << 62) | low)
    }

    /// The id of the regrade of this answer that follows from what was said under this id: a UUIDv8 of the moment at which
    /// it was said. Whoever carries out what was said a second time says the same.
    pub fn of_regrade(said: EntryId, of: EntryId) -> EntryId {
        let mut h = Fnv::new();
        h.bytes(said.bytes());
        h.bytes(of.bytes());
        EntryId::v8(said.at_ms(), u128::from(h.0))
    }
}

// An entry is copied at each step from the socket to the store: it must stay small.
const _: () = assert!(size_of::<LogEntry>() <= 144);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_regrades_each_answer_under_one_id_at_its_own_moment() {
        let (said, of) = (EntryId::v7(1_760_000_000_123, 1), EntryId::v7(1_750_000_000_000, 2));
        let id = EntryId::of_regrade(said, of);
        assert_eq!(id, EntryId::of_regrade(said, of));
        assert_eq!((id.at_ms(), id.0.get_version_num()), (said.at_ms(), 8));
        let (later, other) = (EntryId::v7(1_760_000_000_123, 3), EntryId::v7(1_750_000_000_000, 4));
        assert!(id != EntryId::of_regrade(later, of) && id != EntryId::of_regrade(said, other));
    }

    #[test]
    fn a_job_has_one_mark_of_each_kind_at_its_own_moment() {
        let job = |n| JobId(EntryId::v7(1_760_000_000_123, n).0);
        let (commit, revoke) = (EntryId::of_mark(job(1), false), EntryId::of_mark(job(1), true));
        assert_eq!(commit, EntryId::of_mark(job(1), false));
        assert!(commit != revoke && commit != EntryId::of_mark(job(2), false));
        for id in [commit, revoke] {
            assert_eq!((id.at_ms(), id.0.get_version_num()), (1_760_000_000_123, 8));
            assert_eq!(id.0.get_variant(), uuid::Variant::RFC4122);
        }
    }
}
