//! What figures are made of: the answers of a log that count, with the grades that they have now, and without what nobody
//! adds up. Which answers count is said by the marks of a log ([`Live`]); which of them an entry may change is said here,
//! so that what was made of a stretch of a log can be kept until something touches it.

use crate::day::Day;
use crate::entry::{Body, LogEntry};
use crate::fold::Live;
use crate::ids::{CardId, DeckId, SittingId};

/// An answer that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// When it was given, Unix milliseconds.
    pub at_ms: i64,
    /// Its study day.
    pub day: Day,
    /// The deck of its card.
    pub deck: DeckId,
    /// Its card.
    pub card: CardId,
    /// Whether its grade is 3 or above.
    pub is_correct: bool,
    /// Time spent on it, in milliseconds.
    pub elapsed_ms: u32,
    /// The sitting that the client named.
    pub sitting: Option<SittingId>,
}

/// A stretch of a log as figures see it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answers {
    /// The answers that count, each id once, in the order of the log.
    pub counting: Vec<Answer>,
    /// Entries of all kinds in the stretch, those that do not count included.
    pub entries: usize,
}

impl Answers {
    /// Those among these entries, which are given in any order and have all marks that concern them.
    pub fn of(entries: &[LogEntry]) -> Answers {
        let live = Live::of(entries);
        let counts = |entry: &&LogEntry| entry.review().is_some() && live.counts(entry);
        let mut counting: Vec<&LogEntry> = entries.iter().filter(counts).collect();
        counting.sort_unstable_by_key(|entry| (entry.id, entry.job));
        counting.dedup_by_key(|entry| entry.id);
        let answer = |entry: &LogEntry| {
            let review = entry.review()?;
            Some(Answer {
                at_ms: entry.id.at_ms(),
                day: entry.stamp.day,
                deck: review.deck,
                card: review.card,
                is_correct: live.grade_of(entry).unwrap_or(review.grade).is_correct(),
                elapsed_ms: review.elapsed_ms,
                sitting: review.sitting,
            })
        };
        Answers { counting: counting.into_iter().filter_map(answer).collect(), entries: entries.len() }
    }
}

/// The earliest moment of which an answer may count otherwise once this entry is in the log, Unix milliseconds; the entry's
/// own moment is not before it. `None`: of any moment, as with all that imports bring and with their marks. An undo is of an answer
/// or a `set`, never of a regrade ([`LogEntry::can_be_undone`]), which may be about an earlier one.
pub fn touches_from_ms(entry: &LogEntry) -> Option<i64> {
    if entry.job.is_some() {
        return None;
    }
    let own = entry.id.at_ms();
    match entry.body {
        Body::Review(_) | Body::Set { .. } | Body::State { .. } => Some(own),
        Body::Undo { of } => Some(own.min(of.at_ms())),
        Body::Regrade(regrade) => Some(own.min(regrade.of.at_ms())),
        Body::ImportCommit { .. } | Body::ImportRevoke { .. } | Body::Claim { .. } => None,
    }
}

/// The latest moment of an answer that this entry is about, Unix milliseconds; its own, where it is about none: a mark may be
/// said by a clock that is behind that of the answer.
pub fn touches_up_to_ms(entry: &LogEntry) -> i64 {
    let own = entry.id.at_ms();
    match entry.body {
        Body::Undo { of } => own.max(of.at_ms()),
        Body::Regrade(regrade) => own.max(regrade.of.at_ms()),
        Body::Review(_)
        | Body::Set { .. }
        | Body::State { .. }
        | Body::ImportCommit { .. }
        | Body::ImportRevoke { .. }
        | Body::Claim { .. } => own,
    }
}
