//! How a student does in a lesson, counted from durable entries: by the student's session as they come, and by whoever reads
//! them from the log again. Both count the same answers: those that were given in this class since the lesson's start and
//! were not taken back.

use super::cell::{Figures, Tally, Vote, WrongAnswer};
use super::document::Ask;
use super::minutes::Minutes;
use super::votes::AskAnswer;
use crate::entry::{Confidence, LogEntry, Review};
use crate::fold::Live;
use crate::ids::{CardId, ClassId, DeckId, EntryId};
use crate::limits::{CARDS_ANSWERED_KNOWN, CARDS_PER_SEAT, WRONG_ANSWERS_PER_SEAT};
use std::collections::{BTreeSet, VecDeque};

/// The figures of one student in one lesson, as far as answers tell them.
#[derive(Clone, PartialEq, Debug)]
pub struct Count {
    class: ClassId,
    opened_ms: i64,
    /// Without cards and minutes, which lie beside: a cell seldom names all of them.
    head: Figures,
    cards: Vec<Tally>,
    minutes: Minutes,
    wrong: VecDeque<WrongDigest>,
    /// Cards that were answered, counted apart or not.
    answered: BTreeSet<(DeckId, CardId)>,
}

/// Something wrong that was typed or chosen, as the log knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrongDigest {
    /// The card.
    pub card: CardId,
    /// The digest of the text.
    pub digest: u64,
    /// How often.
    pub times: u32,
}

impl Count {
    /// Nothing yet.
    pub fn new(class: ClassId, opened_ms: i64) -> Count {
        Count {
            class,
            opened_ms,
            head: Figures { is_whole: true, ..Figures::default() },
            cards: Vec::new(),
            minutes: Minutes::default(),
            wrong: VecDeque::new(),
            answered: BTreeSet::new(),
        }
    }

    /// What a stretch of the log tells that holds all since the lesson's start, in any order.
    pub fn of(class: ClassId, opened_ms: i64, log: &[LogEntry]) -> Count {
        let mut count = Count::new(class, opened_ms);
        for entry in answers(class, opened_ms, log) {
            if let Some(review) = entry.review() {
                count.add(entry.id, review);
            }
        }
        count
    }

    /// Takes one more answer of the lesson, which counts with this grade.
    pub fn add(&mut self, id: EntryId, review: &Review) {
        let figures = &mut self.head;
        let is_correct = review.grade.is_correct();
        figures.deck = Some(review.deck);
        figures.answered += 1;
        figures.correct += u32::from(is_correct);
        figures.streak = if is_correct { figures.streak + 1 } else { 0 };
        figures.wrong_in_a_row = if is_correct { 0 } else { figures.wrong_in_a_row + 1 };
        figures.newest = figures.newest.with(is_correct);
        let was_sure = review.confidence == Some(Confidence::Sure);
        figures.sure_and_wrong += u32::from(was_sure && !is_correct);
        figures.elapsed_ms = figures.elapsed_ms.saturating_add(review.elapsed_ms.into());
        if let Some(n) = figures.grades.get_mut(usize::from(review.grade.number())) {
            *n += 1;
        }
        figures.last_seen_ms = figures.last_seen_ms.max(id.at_ms());
        let (deck, card) = (review.deck, review.card);
        let is_it = |tally: &Tally| (tally.deck, tally.card) == (deck, card);
        self.minutes.add(id, is_correct);
        let at = self.cards.iter().position(is_it).unwrap_or(self.cards.len());
        if at == self.cards.len() && at < CARDS_PER_SEAT {
            self.cards.push(Tally { deck, card, answers: 0, wrong: 0, recall_permille: None });
        }
        if let Some(tally) = self.cards.get_mut(at) {
            tally.answers += 1;
            tally.wrong += u32::from(!is_correct);
        }
        if self.answered.len() < CARDS_ANSWERED_KNOWN {
            self.answered.insert((deck, card));
        }
        if let Some(digest) = review.response.filter(|_| !is_correct) {
            self.note_wrong(card, digest);
        }
    }

    fn note_wrong(&mut self, card: CardId, digest: u64) {
        let known = self.wrong.iter().position(|wrong| (wrong.card, wrong.digest) == (card, digest));
        let known = known.and_then(|at| self.wrong.remove(at));
        if self.wrong.len() >= WRONG_ANSWERS_PER_SEAT {
            self.wrong.pop_front();
        }
        let times = known.map_or(0, |wrong| wrong.times).saturating_add(1);
        self.wrong.push_back(WrongDigest { card, digest, times });
    }

    /// Whether this card was surely not answered in the lesson.
    pub fn is_unanswered(&self, deck: DeckId, card: CardId) -> bool {
        self.answered.len() < CARDS_ANSWERED_KNOWN && !self.answered.contains(&(deck, card))
    }

    /// Whether this is an answer of the lesson.
    pub fn takes(&self, entry: &LogEntry) -> bool {
        is_of(self.class, self.opened_ms, entry)
    }

    /// The newest different wrong answers that were typed or chosen, the newest last.
    pub fn wrong(&self) -> impl Iterator<Item = &WrongDigest> {
        self.wrong.iter()
    }

    /// The figures. Presence, memory, votes and the texts of wrong answers are not in them.
    pub fn figures(&self) -> Figures {
        let untold = |wrong: &WrongDigest| {
            let WrongDigest { card, digest, times } = *wrong;
            WrongAnswer { card, digest, text: None, times }
        };
        Figures {
            cards: self.cards.clone(),
            minutes: self.minutes.all().to_vec(),
            wrong: self.wrong.iter().map(untold).collect(),
            ..self.head.clone()
        }
    }

    /// The same with these cards and minutes alone.
    pub fn part(&self, cards: &BTreeSet<CardId>, minutes: &BTreeSet<i64>) -> Figures {
        let cards = self.cards.iter().filter(|tally| cards.contains(&tally.card)).copied();
        let minutes = minutes.iter().filter_map(|at| self.minutes.get(*at));
        Figures { cards: cards.collect(), minutes: minutes.collect(), is_whole: false, ..self.head.clone() }
    }
}

/// The answers of a lesson in a stretch of the log that count, oldest first, each with the grade that it has now.
pub fn answers(class: ClassId, opened_ms: i64, log: &[LogEntry]) -> Vec<LogEntry> {
    let live = Live::of(log);
    let mut found: Vec<LogEntry> = log
        .iter()
        .filter(|entry| is_of(class, opened_ms, entry) && live.counts(entry))
        .map(|entry| live.as_graded(entry))
        .collect();
    found.sort_unstable_by_key(|entry| entry.id);
    found.dedup_by_key(|entry| entry.id);
    found
}

/// The votes of a student on the question that is put, one a round, by the answers of the lesson that count. When they
/// reached the server is not in the log: their own moment stands for it.
pub fn votes(answers: &[LogEntry], rounds: &[Ask], extra_percent: u16) -> Vec<Vote> {
    let of = |entry: &LogEntry| Some(AskAnswer::new(entry.id, entry.review()?, entry.id.at_ms()));
    let answers: Vec<AskAnswer> = answers.iter().filter_map(of).collect();
    let votes = super::votes::votes(&answers, rounds, extra_percent);
    votes.into_iter().map(|(ask, answer)| answer.vote(&ask)).collect()
}

fn is_of(class: ClassId, opened_ms: i64, entry: &LogEntry) -> bool {
    entry.id.at_ms() >= opened_ms && entry.review().is_some_and(|review| review.class == Some(class))
}
