//! What stands above single cards: which entries of the set count at all, and with which grade.

use crate::entry::{Body, LogEntry};
use crate::grade::Grade;
use crate::ids::{CardId, DeckId, EntryId, JobId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The version of an imported answer's id.
const IMPORTED_ID_VERSION: usize = 8;

/// Which entries of a set count, and with which grade.
#[derive(Clone, Debug, Default)]
pub struct Live {
    undone: BTreeSet<EntryId>,
    committed: BTreeSet<JobId>,
    revoked: BTreeSet<JobId>,
    /// Those of the jobs that brought what a guest did.
    claimed: BTreeSet<JobId>,
    /// What was answered live, in order; only where some job's rows may count.
    answered_live: Vec<(CardId, i64)>,
    /// By the answer and the card that the regrade names: one that names another card is filed there and unheard here.
    regraded: BTreeMap<(EntryId, DeckId, CardId), Regraded>,
}

/// The regrade of an answer that is heard.
#[derive(Clone, Copy, Debug)]
struct Regraded {
    /// Its place in the order: the newest is heard, and of two rows of one id that of the lower job, as of all entries.
    place: (EntryId, Reverse<Option<JobId>>),
    grade: Grade,
}

/// Reads the marks of a set of entries, one after the other: where there are more than anybody wants to hold.
#[derive(Clone, Debug, Default)]
pub struct LiveReader {
    live: Live,
    /// Which jobs count is known at the end alone.
    regrades: Vec<LogEntry>,
    copied: Vec<(JobId, CardId, i64)>,
}

impl LiveReader {
    /// Reads an entry, in any order.
    pub fn read(&mut self, entry: &LogEntry) {
        let live = &mut self.live;
        match entry.body {
            Body::Undo { of } => {
                live.undone.insert(of);
            }
            Body::ImportCommit { job } => {
                live.committed.insert(job);
            }
            Body::ImportRevoke { job } => {
                live.revoked.insert(job);
            }
            Body::Claim { job, .. } => {
                live.committed.insert(job);
                live.claimed.insert(job);
            }
            Body::Review(review) => match entry.job {
                None => {
                    live.answered_live.push((review.card, entry.id.at_ms()));
                }
                Some(job) if entry.id.0.get_version_num() != IMPORTED_ID_VERSION => {
                    self.copied.push((job, review.card, entry.id.at_ms()));
                }
                Some(_) => {}
            },
            Body::Regrade(_) => self.regrades.push(*entry),
            Body::Set { .. } | Body::State { .. } => {}
        }
    }

    /// What was read.
    pub fn live(self) -> Live {
        let LiveReader { mut live, regrades, copied } = self;
        live.hear_guests(&copied);
        match live.committed.is_empty() {
            // Nobody asks then.
            true => live.answered_live = Vec::new(),
            false => live.answered_live.sort_unstable(),
        }
        regrades.iter().for_each(|entry| live.hear(entry));
        live
    }
}

impl Live {
    /// Reads the marks of a set of entries: undos, commits, revocations, claims, regrades, and which answers were given
    /// live.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a LogEntry>) -> Live {
        let mut reader = LiveReader::default();
        entries.into_iter().for_each(|entry| reader.read(entry));
        reader.live()
    }

    /// What a guest answered was answered live, and by this learner.
    fn hear_guests(&mut self, copied: &[(JobId, CardId, i64)]) {
        for (job, card, at_ms) in copied {
            if self.claimed.contains(job) && !self.revoked.contains(job) {
                self.answered_live.push((*card, *at_ms));
            }
        }
    }

    /// Of the regrades of an answer the newest is heard.
    fn hear(&mut self, entry: &LogEntry) {
        let Some(regrade) = entry.regrade().filter(|_| self.counts(entry)) else { return };
        let place = (entry.id, Reverse(entry.job));
        let heard = Regraded { place, grade: regrade.grade };
        let known = self.regraded.entry((regrade.of, regrade.deck, regrade.card)).or_insert(heard);
        if known.place < place {
            *known = heard;
        }
    }

    /// Whether an undo names this entry.
    pub fn is_undone(&self, id: EntryId) -> bool {
        self.undone.contains(&id)
    }

    /// Whether the entry counts.
    pub fn counts(&self, entry: &LogEntry) -> bool {
        if self.undone.contains(&entry.id) {
            return false;
        }
        let Some(job) = entry.job else { return true };
        if !self.committed.contains(&job) || self.revoked.contains(&job) {
            return false;
        }
        // An imported answer with card and millisecond of a live one is that one: the live one's grade stays.
        let is_copy = |card| {
            !self.claimed.contains(&job)
                && self.answered_live.binary_search(&(card, entry.id.at_ms())).is_ok()
        };
        entry.review().is_none_or(|review| !is_copy(review.card))
    }

    /// The grade that this answer has by a regrade; `None` when it has its own.
    pub fn grade_of(&self, entry: &LogEntry) -> Option<Grade> {
        if self.regraded.is_empty() {
            return None;
        }
        let review = entry.review()?;
        self.regraded.get(&(entry.id, review.deck, review.card)).map(|heard| heard.grade)
    }

    /// The entry with the grade that it has now.
    pub fn as_graded(&self, entry: &LogEntry) -> LogEntry {
        let mut graded = *entry;
        if let (Some(grade), Body::Review(review)) = (self.grade_of(entry), &mut graded.body) {
            review.grade = grade;
        }
        graded
    }
}
