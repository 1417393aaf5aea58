//! Figures of a lesson: counted from the log when the session comes to it, then entry by entry as they become durable. What
//! is taken back or graded anew is counted from the log again.

use super::super::Session;
use super::super::types::*;
use super::{Attended, Reading};
use crate::entry::{Body, LogEntry, Review};
use crate::ids::EntryId;
use crate::lesson::count::{Count, answers};
use crate::lesson::minutes::minute_of;
use crate::lesson::votes::AskAnswer;
use crate::limits::{ASK_ANSWERS_KEPT, RETRY_LONGEST_MS};

impl Session {
    /// Asks for the log of lessons whose figures are not known, or no longer true.
    pub(super) fn read_lessons(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if now.tick_ms < self.read_again_tick_ms {
            return;
        }
        for at in 0..self.lessons.attended.len() {
            let Some(attended) = self.lessons.attended.get(at) else { return };
            let is_wanted = attended.count.is_none() || attended.is_old;
            if !is_wanted || !attended.counts() || attended.reading.is_some() {
                continue;
            }
            let token = self.fetch(Want::Since(attended.told.opened_ms), fx);
            if let Some(attended) = self.lessons.attended.get_mut(at) {
                attended.reading = Some(Reading { token, since: Vec::new() });
                attended.is_old = false;
            }
        }
    }

    /// The log since a lesson's start was read.
    pub(super) fn lesson_read(&mut self, now: Now, at: usize, facts: Result<Facts, FetchFailed>) {
        let Some(attended) = self.lessons.attended.get_mut(at) else { return };
        let Some(reading) = attended.reading.take() else { return };
        let Ok(Facts::CardLog(mut log)) = facts else {
            attended.is_old = true;
            self.read_again_tick_ms = now.tick_ms.saturating_add(RETRY_LONGEST_MS);
            return;
        };
        // What is in the log before its verdict counts with its verdict: here it would count twice.
        log.retain(|entry| self.pending.get(entry.id).is_none());
        log.extend(reading.since);
        attended.recount(&log);
    }

    /// An answer was handed to the writer: if it may be a vote, it is remembered when it came.
    pub(in crate::session) fn lesson_answered(&mut self, now: Now, entry: &LogEntry) {
        let Some(review) = entry.review() else { return };
        for attended in &mut self.lessons.attended {
            if review.class == Some(attended.class()) {
                attended.unsaved_since_tick_ms.get_or_insert(now.tick_ms);
            }
            if attended.is_asked(review) && attended.on_the_way.len() < ASK_ANSWERS_KEPT {
                attended.on_the_way.insert(entry.id, now.wall_ms);
            }
        }
    }

    /// An entry is decided: a durable one counts from now on.
    pub(in crate::session) fn lesson_decided(&mut self, entry: &LogEntry, outcome: Outcome) {
        for attended in &mut self.lessons.attended {
            let reached_ms = attended.on_the_way.remove(&entry.id);
            match outcome {
                Outcome::Durable => attended.note_durable(entry, reached_ms),
                Outcome::Never => attended.has_changed = true,
            }
        }
    }

    /// Answers of this lesson that are not durable yet.
    pub(super) fn unsaved_in(&self, attended: &Attended) -> u32 {
        let class = Some(attended.class());
        let is_of = |entry: &LogEntry| entry.review().is_some_and(|review| review.class == class);
        let count = self.pending.all().filter(|pending| is_of(&pending.entry)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

impl Attended {
    fn note_durable(&mut self, entry: &LogEntry, reached_ms: Option<i64>) {
        if let Some(reading) = &mut self.reading {
            reading.since.push(*entry);
        }
        match entry.body {
            Body::Undo { of } => self.takes_back(of),
            Body::Regrade(regrade) => self.takes_back(regrade.of),
            Body::ImportCommit { .. } | Body::ImportRevoke { .. } | Body::Claim { .. } => self.is_old = true,
            Body::Review(review) => {
                let Some(count) = &mut self.count else { return };
                if count.takes(entry) {
                    count.add(entry.id, &review);
                    self.changed_cards.insert(review.card);
                    self.changed_minutes.insert(minute_of(entry.id));
                    self.has_changed = true;
                }
                self.note_answer(entry.id, &review, reached_ms);
            }
            Body::Set { .. } | Body::State { .. } => self.recalls.day = None,
        }
    }

    /// An answer of the lesson was taken back, or has another grade.
    fn takes_back(&mut self, of: EntryId) {
        self.is_old |= of.at_ms() >= self.told.opened_ms;
    }

    fn note_answer(&mut self, id: EntryId, review: &Review, reached_ms: Option<i64>) {
        if !self.is_asked(review) || self.answers.iter().any(|answer| answer.id == id) {
            return;
        }
        self.answers.push(AskAnswer::new(id, review, reached_ms.unwrap_or(id.at_ms())));
        if self.answers.len() > ASK_ANSWERS_KEPT {
            self.forget_answer();
        }
    }

    /// Of more answers than are kept the newest is forgotten that is no vote.
    fn forget_answer(&mut self) {
        let votes = self.chosen();
        let is_vote = |id: EntryId| votes.iter().any(|(_, vote)| vote.id == id);
        let spare = self.answers.iter().enumerate().filter(|(_, answer)| !is_vote(answer.id));
        let newest = spare.max_by_key(|(_, answer)| (answer.reached_ms, answer.id)).map(|(at, _)| at);
        if let Some(at) = newest {
            self.answers.remove(at);
        }
    }

    /// Whether the answer is to a card that is put to the class.
    fn is_asked(&self, review: &Review) -> bool {
        let is_it = |ask: &crate::lesson::Ask| (ask.deck, ask.card) == (review.deck, review.card);
        review.class == Some(self.class()) && self.told.rounds.iter().any(is_it)
    }

    /// Counts from the log since the lesson's start. When an answer came is remembered; of others it is their own moment.
    fn recount(&mut self, log: &[LogEntry]) {
        let (class, opened_ms) = (self.class(), self.told.opened_ms);
        let reached = std::mem::take(&mut self.answers);
        let counted = answers(class, opened_ms, log);
        for entry in &counted {
            let known = reached.iter().find(|answer| answer.id == entry.id);
            if let Some(review) = entry.review() {
                self.note_answer(entry.id, review, known.map(|answer| answer.reached_ms));
            }
        }
        let mut count = Count::new(class, opened_ms);
        for entry in &counted {
            if let Some(review) = entry.review() {
                count.add(entry.id, review);
            }
        }
        self.count = Some(count);
        // All cards may be others.
        (self.has_changed, self.whole_tick_ms) = (true, None);
    }
}
