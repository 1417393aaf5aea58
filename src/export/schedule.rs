//! Where a learner stands with a card, and the answers that were given to it, in Anki's terms.

use anki::{Card, Due, Place, Review as Row, ReviewKind, Stage};
use domain::day::Day;
use domain::entry::{Body, LogEntry};
use domain::fold::Live;
use domain::grade::Grade;
use domain::ids::CardId;
use domain::state::{CardState, CountedAs, FoldParams};
use ports::CardRecord;

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

/// The same card where the learner stands with it.
pub(super) fn scheduled(card: Card, state: &CardState, today: Day, zero: DayZero) -> Card {
    let place = if state.suspended {
        Place::Suspended
    } else if state.is_buried(today) {
        Place::BuriedByHand
    } else {
        Place::Active
    };
    let card = Card { place, flag: state.flag, ..card };
    let Some(due) = state.due else { return card };
    Card {
        stage: Stage::Review,
        due: Due::Day(i64::from(due.since(zero.0))),
        interval_days: i64::from(state.sm2.interval_days.max(1)),
        ease_permille: i64::from(state.sm2.ease) * 10,
        answers: i64::from(state.answers),
        lapses: i64::from(state.lapses),
        ..card
    }
}

/// The answers to a card, oldest first, and where they lead. `log` holds all that decides whether they count.
pub(super) fn history(
    log: &[LogEntry],
    live: &Live,
    card: CardId,
    anki_id: i64,
    params: &FoldParams,
) -> (CardState, Vec<Row<'static>>) {
    let of_card = |entry: &&LogEntry| entry.card().is_some_and(|(_, of)| of == card) && live.counts(entry);
    let mut entries: Vec<&LogEntry> = log.iter().filter(of_card).collect();
    entries.sort_unstable_by_key(|entry| (entry.id, entry.job));
    entries.dedup_by_key(|entry| entry.id);
    let (mut state, mut rows) = (CardState::NEW, Vec::new());
    for entry in entries {
        let before = state;
        let entry = &live.as_graded(entry);
        let (after, counted) = state.after(entry, params);
        state = after;
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
