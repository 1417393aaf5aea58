//! Where a learner stands with a card, and the answers that were given to it, in Anki's terms.

use anki::{Card, Due, Place, Review as Row, ReviewKind, Stage};
use domain::day::Day;
use domain::entry::{Body, LogEntry, SetChange};
use domain::fold::Live;
use domain::grade::Grade;
use domain::ids::CardId;
use domain::state::{CardState, CountedAs, FoldParams};
use ports::CardRecord;
use std::collections::HashMap;

/// One step is left, and today.
const ONE_STEP: i64 = 1_001;

/// By what days are counted in a package: its day 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct DayZero(pub Day);

/// A card that nobody has studied.
pub(super) fn new_card(of: &CardRecord, id: i64, note: i64, deck: i64, ord: u16) -> Card {
    Card {
        id,
        note,
        deck,
        is_borrowed: false,
        ord,
        modified_s: of.updated_ms.div_euclid(1_000),
        stage: Stage::New,
        place: Place::Active,
        due: Due::Position(i64::from(of.position) + 1),
        interval_days: 0,
        ease_permille: 0,
        answers: 0,
        lapses: 0,
        steps_left: 0,
        flag: 0,
        memory: None,
        has_custom_data: false,
        last_logged_ms: None,
    }
}

/// When a package is made: the moment, and the learner's study day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// The learner's study day.
    pub today: Day,
}

/// The same card where the learner stands with it.
pub(super) fn scheduled(card: Card, state: &CardState, now: Now, zero: DayZero) -> Card {
    let today = now.today;
    let place = if state.suspended {
        Place::Suspended
    } else if state.is_buried(today) {
        Place::BuriedByHand
    } else {
        Place::Active
    };
    let (answers, lapses) = (i64::from(state.answers), i64::from(state.lapses));
    // What is buried comes back on the day after it was last changed.
    let more_days =
        state.buried_until.filter(|_| place == Place::BuriedByHand).map(|until| until.since(today) - 1);
    let modified_s = more_days.map_or(card.modified_s, |days| {
        (now.at_ms.div_euclid(1_000)).saturating_add(i64::from(days) * 86_400)
    });
    let card = Card { place, flag: state.flag, answers, lapses, modified_s, ..card };
    let Some(due) = state.due else { return card };
    // What was not recalled is in steps there, and due on the same day.
    let stage = match (state.sm2.reps, state.sm2.interval_days, state.lapses) {
        (0, 1, 0) => Stage::Learning,
        (0, 1, _) => Stage::Relearning,
        (_, _, _) => Stage::Review,
    };
    Card {
        stage,
        steps_left: if stage == Stage::Review { 0 } else { ONE_STEP },
        due: Due::Day(i64::from(due.since(zero.0))),
        interval_days: i64::from(state.sm2.interval_days.max(1)),
        ease_permille: i64::from(state.sm2.ease) * 10,
        ..card
    }
}

/// What a log says of each card.
pub(super) fn by_card(log: &[LogEntry]) -> HashMap<CardId, Vec<&LogEntry>> {
    let mut entries = HashMap::<_, Vec<_>>::new();
    for entry in log {
        if let Some((_, card)) = entry.card() {
            entries.entry(card).or_default().push(entry);
        }
    }
    entries
}

/// The answers to a card, oldest first, and where they lead. `live` has read all that decides whether they count.
pub(super) fn history(
    mut entries: Vec<&LogEntry>,
    live: &Live,
    anki_id: i64,
    params: &FoldParams,
) -> (CardState, Vec<Row<'static>>) {
    entries.retain(|entry| live.counts(entry));
    entries.sort_unstable_by_key(|entry| (entry.id, entry.job));
    entries.dedup_by_key(|entry| entry.id);
    let (mut state, mut rows) = (CardState::NEW, Vec::new());
    for entry in entries {
        let before = state;
        let entry = &live.as_graded(entry);
        let (after, counted) = state.after(entry, params);
        state = after;
        if let (Body::Set { change: SetChange::Reset, .. }, false) = (&entry.body, before.is_new()) {
            rows.push(Row { last_interval: i64::from(before.sm2.interval_days), ..by_hand(entry, anki_id) });
        }
        if let (Body::Review(review), Some(counted)) = (&entry.body, counted) {
            let early =
                counted.schedules() && review.early && !before.is_due(entry.stamp.day) && !before.is_new();
            rows.push(Row {
                at_ms: entry.id.at_ms(),
                card: anki_id,
                of: None,
                usn: -1,
                button: button(review.grade),
                interval: i64::from(after.sm2.interval_days),
                last_interval: i64::from(before.sm2.interval_days),
                factor: factor(counted, &after),
                taken_ms: i64::from(review.elapsed_ms),
                kind: kind(counted, early),
            });
        }
    }
    (state, rows)
}

/// What is no answer: a card was made new again.
const fn by_hand(entry: &LogEntry, card: i64) -> Row<'static> {
    Row {
        at_ms: entry.id.at_ms(),
        card,
        of: None,
        usn: -1,
        button: 0,
        interval: 0,
        last_interval: 0,
        factor: 0,
        taken_ms: 0,
        kind: ReviewKind::Manual,
    }
}

const fn button(grade: Grade) -> i64 {
    match grade.number() {
        0..=2 => 1,
        3 => 2,
        4 => 3,
        _ => 4,
    }
}

/// An answer for practice alone has no factor.
fn factor(counted: CountedAs, after: &CardState) -> i64 {
    match counted {
        CountedAs::New | CountedAs::Review | CountedAs::Drill => i64::from(after.sm2.ease) * 10,
        CountedAs::Extra => 0,
    }
}

const fn kind(counted: CountedAs, early: bool) -> ReviewKind {
    match counted {
        CountedAs::New => ReviewKind::Learning,
        CountedAs::Review if early => ReviewKind::Filtered,
        CountedAs::Review => ReviewKind::Review,
        CountedAs::Drill => ReviewKind::Relearning,
        CountedAs::Extra => ReviewKind::Filtered,
    }
}

#[cfg(test)]
mod tests {
    use super::super::bare_card;
    use super::*;
    use domain::sm2::Sm2;

    const NOW: Now = Now { at_ms: 30 * 86_400_000 + 50_000_000, today: Day(30) };

    fn card() -> Card {
        new_card(&CardRecord { position: 4, ..bare_card() }, 1, 1, 1, 0)
    }

    #[test]
    fn a_card_that_was_not_recalled_is_in_steps_and_due_on_its_day() {
        let state = |reps, interval_days, lapses| CardState {
            sm2: Sm2 { reps, interval_days, ..Sm2::NEW },
            due: Some(Day(20)),
            lapses,
            ..CardState::NEW
        };
        let stage = |state: &CardState| {
            let card = scheduled(card(), state, NOW, DayZero(Day(10)));
            assert_eq!(card.due, Due::Day(10));
            (card.stage, card.steps_left, card.interval_days)
        };
        assert_eq!(stage(&state(0, 1, 0)), (Stage::Learning, 1_001, 1));
        assert_eq!(stage(&state(0, 1, 2)), (Stage::Relearning, 1_001, 1));
        assert_eq!(stage(&state(1, 1, 0)), (Stage::Review, 0, 1));
        assert_eq!(
            stage(&state(0, 3, 1)),
            (Stage::Review, 0, 3),
            "one that keeps an interval through a lapse"
        );
        assert_eq!(stage(&state(0, 0, 0)), (Stage::Review, 0, 1), "one whose due day was set by hand");
    }

    #[test]
    fn what_is_buried_is_so_until_the_same_day_wherever_it_comes_in() {
        let day_at = |at_ms: i64| Day(i32::try_from(at_ms.div_euclid(86_400_000)).unwrap());
        let header = anki::Header {
            schema: 11,
            created_s: 0,
            rollover_hour: Some(4),
            creation_west_min: Some(0),
            local_west_min: Some(0),
            scheduler: 2,
            fsrs: false,
            learn_ahead_s: 1_200,
        };
        let calendar = anki::map::Calendar::of(&header, 0);
        let until = |days: Option<i32>| {
            let state = CardState { buried_until: days.map(Day), ..CardState::NEW };
            let card = scheduled(card(), &state, NOW, DayZero(Day(0)));
            anki::map::standing(&card, calendar, &day_at).buried_until
        };
        assert_eq!([Some(31), Some(35)].map(until), [Some(Day(31)), Some(Day(35))]);
        assert_eq!([Some(30), None].map(until), [None, None]);
    }

    #[test]
    fn what_was_reset_has_its_answers_and_a_row_that_says_so() {
        use domain::day::Stamp;
        use domain::entry::{Mode, Review};
        use domain::ids::{DeckId, EntryId};
        let (deck, of) = (DeckId::from_u128(2), CardId::from_u128(1));
        let review = Review {
            deck,
            card: of,
            grade: Grade::Good,
            mode: Mode::Flip,
            elapsed_ms: 900,
            early: false,
            confidence: None,
            sitting: None,
            class: None,
            response: None,
            revision: 0,
            told: false,
        };
        let entry = |at_ms, body| LogEntry {
            id: EntryId::v8(at_ms, 7),
            job: None,
            stamp: Stamp { day: Day(10), utc_offset_min: 0 },
            body,
        };
        let reset = |at_ms| entry(at_ms, Body::Set { deck, card: of, change: SetChange::Reset });
        let log = [reset(1), entry(5, Body::Review(review)), reset(9)];
        let params = domain::deck::DeckSettings::default().fold_params();
        let entries = by_card(&log).remove(&of).unwrap();
        let (state, rows) = history(entries, &Live::of(&log), 77, &params);
        let told: Vec<_> = rows.iter().map(|row| (row.at_ms, row.button, row.kind)).collect();
        assert_eq!(told, [(5, 3, ReviewKind::Learning), (9, 0, ReviewKind::Manual)]);
        assert_eq!((rows[1].last_interval, rows[1].interval, rows[1].factor), (1, 0, 0));
        let card = scheduled(card(), &state, NOW, DayZero(Day(10)));
        assert_eq!((card.stage, card.due, card.answers), (Stage::New, Due::Position(5), 1));
    }
}
