//! Answers that the owner of a job gave here, to find those among a history that come back.

use super::crowds::Crowds;
use domain::entry::LogEntry;
use domain::ids::CardId;

/// What tells an answer from others, whatever its id: its millisecond and its card.
pub(super) type Name = (i64, CardId);

fn name_of(entry: &LogEntry) -> Option<Name> {
    Some((entry.id.at_ms(), entry.review()?.card))
}

/// From the first of these milliseconds until before the second.
pub(super) type Span = (i64, i64);

/// Answers, in their order.
#[derive(Default)]
struct Names {
    all: Vec<Name>,
    /// So many are in their order; those that came since are not yet.
    sorted: usize,
}

impl Names {
    fn add(&mut self, more: impl Iterator<Item = Name>, max: usize) {
        let room = max.saturating_sub(self.all.len());
        self.all.extend(more.take(room));
    }

    /// Puts those that came into their order: behind the others, most of the time.
    fn sort(&mut self) {
        let known = self.sorted.min(self.all.len());
        let (before, came) = self.all.split_at_mut(known);
        came.sort_unstable();
        let is_behind = before.last().zip(came.first()).is_none_or(|(last, first)| last <= first);
        if !is_behind {
            self.all.sort_unstable();
        }
        self.sorted = self.all.len();
    }

    fn within(&self, (from, before): Span) -> &[Name] {
        let nth = |ms| self.all.partition_point(|(at_ms, _)| *at_ms < ms);
        self.all.get(nth(from)..nth(before)).unwrap_or_default()
    }
}

/// Both in their order, each answer once.
fn merged(one: &[Name], other: &[Name]) -> impl Iterator<Item = Name> {
    let (mut one, mut other) = (one.iter().copied().peekable(), other.iter().copied().peekable());
    let mut last = None;
    std::iter::from_fn(move || {
        loop {
            let next = match (one.peek(), other.peek()) {
                (Some(first), Some(second)) if second < first => other.next(),
                (None, _) => other.next(),
                (Some(_), _) => one.next(),
            };
            if next.is_none() || next != last {
                last = next;
                return next;
            }
        }
    })
}

/// Answers of a job's owner, of one span of time that grows with what is asked.
#[derive(Default)]
pub(super) struct OwnAnswers {
    /// Those that the owner gave here.
    given: Names,
    /// Those that imports brought, if they are wanted.
    brought: Option<Names>,
    span: Option<Span>,
    crowds: Crowds,
}

impl OwnAnswers {
    /// With those that imports brought, so that it can be told when rows were given that an export has moved.
    pub fn with_brought() -> OwnAnswers {
        OwnAnswers { brought: Some(Names::default()), ..OwnAnswers::default() }
    }

    /// The spans that must be read before these entries can be compared: none where all of their time is known.
    pub fn unread(&self, entries: &[LogEntry]) -> Vec<Span> {
        let moments = || entries.iter().filter_map(name_of).map(|(at_ms, _)| at_ms);
        match (moments().min(), moments().max()) {
            (Some(first), Some(last)) => self.unread_of((first, last.saturating_add(1))),
            (_, _) => Vec::new(),
        }
    }

    /// What of a span must be read before its answers are known.
    pub fn unread_of(&self, (first, end): Span) -> Vec<Span> {
        let Some((from, before)) = self.span else { return vec![(first, end)] };
        let mut spans = Vec::new();
        if first < from {
            spans.push((first, from));
        }
        if end > before {
            spans.push((before, end));
        }
        spans
    }

    /// Takes a part of the owner's log, of which so many answers are kept at most that were given here, and so many that were
    /// brought; `false` when there is no more room.
    pub fn take(&mut self, log: &[LogEntry], max: usize) -> bool {
        let names = |is_given: bool| {
            log.iter().filter(move |entry| entry.job.is_none() == is_given).filter_map(name_of)
        };
        self.given.add(names(true), max);
        if let Some(brought) = &mut self.brought {
            brought.add(names(false), max);
        }
        self.given.all.len() < max
    }

    /// All of a span that was unread has been taken.
    pub fn know(&mut self, (from, before): Span) {
        let (first, last) = self.span.unwrap_or((from, before));
        self.span = Some((first.min(from), last.max(before)));
        let count = |names: &Names| names.all.len() - names.sorted;
        let came = count(&self.given) + self.brought.as_ref().map_or(0, count);
        self.given.sort();
        if let Some(brought) = &mut self.brought {
            brought.sort();
            if came > 0 {
                self.crowds.know(merged(&self.given.all, &brought.all));
            }
        }
    }

    /// When the answer of a row was given that comes now, if rows of its time may have been moved ([`Crowds::given_ms`]).
    pub fn given_ms(&mut self, name: Name) -> i64 {
        let OwnAnswers { given, brought, crowds, .. } = self;
        let brought = brought.as_ref();
        let within = |span| merged(given.within(span), brought.map_or(&[], |names| names.within(span)));
        crowds.given_ms(name, within)
    }

    /// Leaves out what the owner gave here. What goes out of here and comes back, in a package or as a history, has card and
    /// millisecond of an entry that is there under the id that a device gave it. Both would not count
    /// ([`Live::counts`](domain::fold::Live::counts)), but a year of answers would lie in the log twice.
    pub fn leave_out(&self, entries: &mut Vec<LogEntry>) {
        let given = &self.given.all;
        if !given.is_empty() {
            entries.retain(|entry| name_of(entry).is_none_or(|name| given.binary_search(&name).is_err()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::grade::Grade;
    use domain::ids::{EntryId, JobId};
    use kit::rows::{card, deck, review};

    fn answer(at_ms: i64, of_card: u64) -> LogEntry {
        review(EntryId::v7(at_ms, u128::from(of_card)), deck(1), card(of_card), Grade::Good)
    }

    fn brought(at_ms: i64, of_card: u64) -> LogEntry {
        LogEntry { job: Some(JobId::from_u128(1)), ..answer(at_ms, of_card) }
    }

    #[test]
    fn each_time_is_read_once_however_a_file_is_ordered() {
        let mut own = OwnAnswers::default();
        assert_eq!(own.unread(&[]), []);
        assert_eq!(own.unread(&[brought(50, 1), brought(40, 1)]), [(40, 51)]);
        own.know((40, 51));
        assert_eq!(own.unread(&[brought(45, 1)]), []);
        assert_eq!(own.unread(&[brought(30, 1), brought(60, 1)]), [(30, 40), (51, 61)]);
        own.know((30, 40));
        own.know((51, 61));
        assert_eq!(own.unread(&[brought(30, 1), brought(60, 1)]), []);
    }

    #[test]
    fn what_was_given_here_is_left_out_and_what_another_import_brought_is_not() {
        let mut own = OwnAnswers::default();
        assert!(own.take(&[answer(20, 1), answer(10, 2), brought(30, 3)], 10));
        own.know((0, 100));
        let mut coming = vec![brought(10, 2), brought(10, 1), brought(20, 1), brought(30, 3)];
        own.leave_out(&mut coming);
        assert_eq!(coming, [brought(10, 1), brought(30, 3)]);
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut own = OwnAnswers::default();
        assert!(!own.take(&[answer(20, 1), answer(10, 2)], 1));
        own.know((0, 100));
        let mut coming = vec![brought(20, 1), brought(10, 2)];
        own.leave_out(&mut coming);
        assert_eq!(coming, [brought(10, 2)]);
    }

    #[test]
    fn when_a_moved_row_was_given_is_told_by_all_of_the_log_whoever_brought_it() {
        let mut own = OwnAnswers::with_brought();
        assert!(own.take(&[brought(20, 2), answer(20, 1), answer(10, 4)], 10));
        own.know((0, 30));
        assert_eq!(own.given_ms((21, card(2))), 20);
        assert!(own.take(&[answer(50, 2), brought(50, 3), answer(50, 3), brought(50, 1)], 10));
        own.know((30, 60));
        // What is there under two ids is one answer.
        assert_eq!([51, 52, 53].map(|at_ms| own.given_ms((at_ms, card(at_ms as u64 - 50)))), [50, 50, 53]);
        assert!(own.take(&[answer(5, 9), answer(5, 8)], 10));
        own.know((-10, 0));
        assert_eq!(own.given_ms((6, card(8))), 5);
        let mut coming = vec![brought(5, 8), brought(20, 2)];
        own.leave_out(&mut coming);
        assert_eq!(coming, [brought(20, 2)]);
    }

    #[test]
    fn without_those_brought_no_row_was_moved() {
        let mut own = OwnAnswers::default();
        assert!(own.take(&[answer(20, 1), answer(20, 2)], 10));
        own.know((0, 30));
        assert_eq!(own.given_ms((21, card(2))), 21);
    }
}
