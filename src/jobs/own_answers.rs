//! Answers that the owner of a job gave here, to find those among a history that come back.

use domain::entry::LogEntry;
use domain::ids::CardId;

/// What tells an answer from others, whatever its id: its millisecond and its card.
type Name = (i64, CardId);

fn name_of(entry: &LogEntry) -> Option<Name> {
    Some((entry.id.at_ms(), entry.review()?.card))
}

/// From the first of these milliseconds until before the second.
pub(super) type Span = (i64, i64);

/// Answers that the owner gave here, of one span of time that grows with what is asked.
#[derive(Default)]
pub(super) struct OwnAnswers {
    /// In their order.
    names: Vec<Name>,
    span: Option<Span>,
}

impl OwnAnswers {
    /// The spans that must be read before these entries can be compared: none where all of their time is known.
    pub fn unread(&self, entries: &[LogEntry]) -> Vec<Span> {
        let moments = || entries.iter().filter_map(name_of).map(|(at_ms, _)| at_ms);
        let (Some(first), Some(last)) = (moments().min(), moments().max()) else { return Vec::new() };
        let end = last.saturating_add(1);
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

    /// Takes a part of the owner's log, of which so many answers in all are kept at most; `false` when there is no more room.
    pub fn take(&mut self, log: impl IntoIterator<Item = LogEntry>, max: usize) -> bool {
        let room = max.saturating_sub(self.names.len());
        let given_here = log.into_iter().filter(|entry| entry.job.is_none());
        self.names.extend(given_here.filter_map(|entry| name_of(&entry)).take(room));
        self.names.len() < max
    }

    /// All of a span that was unread has been taken.
    pub fn know(&mut self, (from, before): Span) {
        self.names.sort_unstable();
        let (first, last) = self.span.unwrap_or((from, before));
        self.span = Some((first.min(from), last.max(before)));
    }

    /// Leaves out what the owner gave here. What goes out of here and comes back, in a package or as a history, has card and
    /// millisecond of an entry that is there under the id that a device gave it. Both would not count
    /// ([`Live::counts`](domain::fold::Live::counts)), but a year of answers would lie in the log twice.
    pub fn leave_out(&self, entries: &mut Vec<LogEntry>) {
        if !self.names.is_empty() {
            entries
                .retain(|entry| name_of(entry).is_none_or(|name| self.names.binary_search(&name).is_err()));
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
        assert!(own.take([answer(20, 1), answer(10, 2), brought(30, 3)], 10));
        own.know((0, 100));
        let mut coming = vec![brought(10, 2), brought(10, 1), brought(20, 1), brought(30, 3)];
        own.leave_out(&mut coming);
        assert_eq!(coming, [brought(10, 1), brought(30, 3)]);
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut own = OwnAnswers::default();
        assert!(!own.take([answer(20, 1), answer(10, 2)], 1));
        own.know((0, 100));
        let mut coming = vec![brought(20, 1), brought(10, 2)];
        own.leave_out(&mut coming);
        assert_eq!(coming, [brought(10, 2)]);
    }
}
