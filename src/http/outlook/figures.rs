//! What learners did in a stretch of study days, summed up from their logs: by day, by sitting, and in all. Undone answers
//! and imports that do not count are left out; an answer is correct with a grade of 3 and above.

use super::adding::sum_up;
use super::history::first_id;
use domain::answers::{Answer, Answers};
use domain::day::Day;
use domain::ids::{CardId, DeckId, SittingId, UserId};
use ports::{ReviewStore, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Entries of one learner that are summed up at most, the newest ones: two years of 130 answers a day.
pub const ENTRIES_PER_LEARNER_MAX: usize = 100_000;

/// Which answers are summed up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FiguresQuery {
    /// From this study day on.
    pub from: Day,
    /// Up to this one, itself included.
    pub to: Day,
    /// Answers to cards of these decks alone.
    pub decks: Option<Arc<BTreeSet<DeckId>>>,
    /// Of each learner only what was answered from this moment on (Unix milliseconds), and of others nothing.
    pub since: Option<Arc<BTreeMap<UserId, i64>>>,
    /// Whether figures that many learners have changed since may be shown as they were a while ago.
    pub may_be_late: bool,
}

/// Answers, summed up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sums {
    /// Answers of all kinds.
    pub answers: u32,
    /// Those with a grade of 3 and above.
    pub correct: u32,
    /// Time spent on them, in milliseconds.
    pub elapsed_ms: u64,
    /// Different cards that were answered.
    pub cards: u32,
    /// The sittings in which they were; what was answered outside of one counts as one a day.
    pub sittings: u32,
}

/// One sitting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SittingSums {
    /// The sitting as the client named it; `None`: what was answered outside of one on that day.
    pub sitting: Option<SittingId>,
    /// The study day of its first answer.
    pub day: Day,
    /// When its first answer was given, Unix milliseconds.
    pub first_ms: i64,
    /// When its last answer was given, Unix milliseconds.
    pub last_ms: i64,
    /// The decks whose cards were answered, each once.
    pub decks: Box<[DeckId]>,
    /// Its answers.
    pub sums: Sums,
}

/// What one learner did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LearnerFigures {
    /// The learner.
    pub user: UserId,
    /// The days on which something was answered.
    pub days: BTreeMap<Day, Sums>,
    /// The sittings, oldest first.
    pub sittings: Vec<SittingSums>,
    /// The decks whose cards were answered.
    pub decks: BTreeMap<DeckId, Sums>,
    /// All together.
    pub all: Sums,
    /// The cards that were answered, each once.
    pub cards: Box<[CardId]>,
    /// The moment of the last of these answers, also of one after the stretch; Unix milliseconds.
    pub last_ms: Option<i64>,
    /// Whether there were more entries than are looked at: what is older than these is missing.
    pub cut: bool,
    /// When this was summed up, Unix milliseconds.
    pub as_of_ms: i64,
}

impl Sums {
    pub(super) fn add(&mut self, answer: &Answer) {
        self.answers += 1;
        self.correct += u32::from(answer.is_correct);
        self.elapsed_ms += u64::from(answer.elapsed_ms);
    }

    /// Correct answers in per cent, to a tenth; `None` without an answer.
    pub fn accuracy(&self) -> Option<f64> {
        let share = f64::from(self.correct) * 1_000.0 / f64::from(self.answers);
        (self.answers > 0).then(|| share.round() / 10.0)
    }

    /// Time in minutes, to a hundredth.
    pub fn minutes(&self) -> f64 {
        (self.elapsed_ms as f64 / 600.0).round() / 100.0
    }
}

/// What these learners did, in their order, summed up anew; `now_ms` is what it is as of.
///
/// # Errors
/// A log could not be read.
pub(super) async fn summed_up<S: ReviewStore>(
    store: &S,
    users: Vec<UserId>,
    query: FiguresQuery,
    now_ms: i64,
) -> Result<Vec<LearnerFigures>, StoreError> {
    let from = first_id(Some(query.from));
    let sum =
        move |user, answers: Answers| LearnerFigures { as_of_ms: now_ms, ..sum_up(user, &answers, &query) };
    store.survey(users, from, ENTRIES_PER_LEARNER_MAX, sum).await
}

/// On how many study days in a row something was answered, up to today; who has not studied yet today still has the
/// streak of yesterday.
pub fn streak(days: &BTreeMap<Day, Sums>, today: Day) -> u32 {
    let last = if days.contains_key(&today) { today } else { today.plus(-1) };
    (0..).take_while(|back| days.contains_key(&last.plus(-back))).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::day::Stamp;
    use domain::entry::{Body, LogEntry, Mode, Review};
    use domain::grade::Grade;
    use domain::ids::{EntryId, JobId};

    const DAY_MS: i64 = 86_400_000;

    fn day(n: i32) -> Day {
        Day(20_000 + n)
    }

    /// An answer on a day, to a card, in a sitting.
    fn answer(of: i32, n: u128, card: u128, grade: u8, sitting: Option<u128>) -> LogEntry {
        let id = EntryId::v7(i64::from(day(of).0) * DAY_MS + 12 * 3_600_000 + n as i64 * 1_000, n);
        let review = Review {
            deck: DeckId::from_u128(card / 10),
            card: CardId::from_u128(card),
            grade: Grade::new(grade).unwrap(),
            mode: Mode::Flip,
            elapsed_ms: 1_500,
            early: false,
            confidence: None,
            sitting: sitting.map(SittingId::from_u128),
            class: None,
            response: None,
            revision: 1,
            told: false,
        };
        let stamp = Stamp { day: day(of), utc_offset_min: 0 };
        LogEntry { id, job: None, stamp, body: Body::Review(review) }
    }

    fn undo(of: &LogEntry) -> LogEntry {
        let id = EntryId::v7(of.id.at_ms() + 10, 77);
        LogEntry { id, job: None, stamp: of.stamp, body: Body::Undo { of: of.id } }
    }

    fn summed(entries: &[LogEntry], from: i32, to: i32) -> LearnerFigures {
        sum_up(
            UserId::from_u128(1),
            &Answers::of(entries),
            &FiguresQuery { from: day(from), to: day(to), decks: None, since: None, may_be_late: false },
        )
    }

    #[test]
    fn days_and_sittings_add_up_to_all_whatever_the_order() {
        let mut entries = vec![
            answer(0, 1, 11, 5, Some(1)),
            answer(0, 2, 12, 2, Some(1)),
            answer(0, 3, 11, 4, Some(2)),
            answer(1, 4, 21, 3, None),
            answer(1, 5, 22, 1, None),
            answer(3, 6, 21, 5, Some(3)),
        ];
        let taken_back = answer(1, 7, 23, 5, None);
        entries.extend([taken_back, undo(&taken_back)]);
        let figures = summed(&entries, 0, 3);
        assert_eq!((figures.all.answers, figures.all.correct, figures.all.cards), (6, 4, 4));
        assert_eq!(figures.all.elapsed_ms, 9_000);
        assert_eq!((figures.all.accuracy(), figures.all.minutes()), (Some(66.7), 0.15));
        assert_eq!(figures.days.keys().copied().collect::<Vec<_>>(), [day(0), day(1), day(3)]);
        assert_eq!(figures.days[&day(0)].sittings, 2);
        assert_eq!(figures.decks.values().map(|sums| sums.answers).collect::<Vec<_>>(), [3, 3]);
        assert_eq!((figures.sittings.len(), figures.all.sittings, figures.cards.len()), (4, 4, 4));
        assert_eq!(figures.sittings[2].sitting, None);
        assert_eq!(figures.sittings[2].sums.answers, 2);
        entries.reverse();
        assert_eq!(summed(&entries, 0, 3), figures);
        assert_eq!(Sums::default().accuracy(), None);
    }

    #[test]
    fn only_the_days_and_decks_asked_for_are_summed_up() {
        let entries = [answer(0, 1, 11, 5, None), answer(1, 2, 21, 5, None), answer(2, 3, 11, 1, None)];
        assert_eq!(summed(&entries, 1, 1).all.answers, 1);
        assert_eq!(summed(&entries, 1, 1).last_ms, Some(entries[2].id.at_ms()), "seen later, too");
        let decks = Some(Arc::new(BTreeSet::from([DeckId::from_u128(1)])));
        let query = FiguresQuery { from: day(0), to: day(2), decks, since: None, may_be_late: false };
        let of_deck = sum_up(UserId::from_u128(1), &Answers::of(&entries), &query);
        assert_eq!((of_deck.all.answers, of_deck.all.correct), (2, 1));
        let since = BTreeMap::from([(UserId::from_u128(1), entries[1].id.at_ms())]);
        let query = FiguresQuery { since: Some(Arc::new(since)), ..query };
        assert_eq!(sum_up(UserId::from_u128(1), &Answers::of(&entries), &query).all.answers, 1, "since then");
        assert_eq!(
            sum_up(UserId::from_u128(2), &Answers::of(&entries), &query).last_ms,
            None,
            "not one of them"
        );
    }

    #[test]
    fn an_import_counts_once_and_only_when_it_is_committed() {
        let imported = |job| LogEntry { job: Some(JobId::from_u128(job)), ..answer(0, 1, 11, 5, None) };
        let mark = |n, body| LogEntry { body, ..answer(1, n, 11, 5, None) };
        let (one, two) = (JobId::from_u128(1), JobId::from_u128(2));
        let mut entries = vec![imported(1), imported(2)];
        assert_eq!(summed(&entries, 0, 1).all.answers, 0);
        entries.push(mark(8, Body::ImportCommit { job: one }));
        entries.push(mark(9, Body::ImportCommit { job: two }));
        assert_eq!(summed(&entries, 0, 1).all.answers, 1);
        entries.push(mark(10, Body::ImportRevoke { job: one }));
        assert_eq!(summed(&entries, 0, 1).all.answers, 1);
        entries.push(mark(11, Body::ImportRevoke { job: two }));
        assert_eq!(summed(&entries, 0, 1).all.answers, 0);
    }

    #[test]
    fn a_streak_goes_on_until_a_whole_day_is_missed() {
        let days = |of: &[i32]| of.iter().map(|n| (day(*n), Sums::default())).collect::<BTreeMap<_, _>>();
        assert_eq!(streak(&days(&[]), day(5)), 0);
        assert_eq!(streak(&days(&[5]), day(5)), 1);
        assert_eq!(streak(&days(&[3, 4]), day(5)), 2);
        assert_eq!(streak(&days(&[2, 3]), day(5)), 0);
        assert_eq!(streak(&days(&[1, 3, 4, 5]), day(5)), 3);
    }
}
