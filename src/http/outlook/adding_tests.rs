use super::*;
use domain::day::Stamp;
use domain::entry::{Body, LogEntry, Mode, Regrade, Review};
use domain::fold::Live;
use domain::grade::Grade;
use domain::ids::{EntryId, JobId};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const DAY_MS: i64 = 86_400_000;

/// One entry of a small log: days, cards, sittings and ids meet often, and clocks go back.
fn entry() -> impl Strategy<Value = LogEntry> {
    let what = (0..20_u8, 0..8_u128, 0..3_u128, 0..6_u8, prop::option::of(0..3_u128));
    (0..4_i32, -1..2_i32, 0..12_i64, what, prop::option::weighted(0.1, 0..2_u128)).prop_map(
        |(day, off, minute, (kind, card, deck, grade, sitting), job)| {
            let at = |minute: i64| {
                let at_ms = i64::from(20_000 + day) * DAY_MS + minute * 60_000;
                EntryId::v7(at_ms, u128::try_from(minute).unwrap_or_default() + card)
            };
            let (deck, card) = (DeckId::from_u128(deck), CardId::from_u128(card));
            let job_named = JobId::from_u128(u128::from(grade % 2));
            let body = match kind {
                0 => Body::Undo { of: at(minute - 1) },
                1 => Body::ImportCommit { job: job_named },
                2 if grade == 0 => Body::ImportRevoke { job: job_named },
                3 => Body::Regrade(Regrade {
                    of: at(minute - 1),
                    deck,
                    card,
                    grade: Grade::new(grade).unwrap(),
                    by: UserId::from_u128(9),
                }),
                _ => Body::Review(Review {
                    deck,
                    card,
                    grade: Grade::new(grade).unwrap(),
                    mode: Mode::Flip,
                    elapsed_ms: 1_000 + u32::from(grade),
                    early: false,
                    confidence: None,
                    sitting: sitting.map(SittingId::from_u128),
                    class: None,
                    response: None,
                    revision: 1,
                    told: false,
                }),
            };
            let is_mark = matches!(body, Body::ImportCommit { .. } | Body::ImportRevoke { .. });
            let stamp = Stamp { day: Day(20_000 + day + off), utc_offset_min: 0 };
            LogEntry { id: at(minute), job: job.filter(|_| !is_mark).map(JobId::from_u128), stamp, body }
        },
    )
}

/// A log: nothing is in it twice under one id.
fn log() -> impl Strategy<Value = Vec<LogEntry>> {
    prop::collection::vec(entry(), 0..120).prop_map(|mut entries| {
        let mut known = BTreeSet::new();
        entries.retain(|entry| known.insert((entry.id, entry.job)));
        entries
    })
}

/// The same sums, one at a time, each by looking at all answers anew.
fn slowly(user: UserId, entries: &[LogEntry], query: &FiguresQuery) -> LearnerFigures {
    let live = Live::of(entries);
    let mut counting: Vec<&LogEntry> =
        entries.iter().filter(|entry| entry.review().is_some() && live.counts(entry)).collect();
    counting.sort_by_key(|entry| (entry.id, entry.job));
    counting.dedup_by_key(|entry| entry.id);
    let since = query.since.as_ref().map_or(i64::MIN, |since| since.get(&user).copied().unwrap_or(i64::MAX));
    let of_decks = |deck: &DeckId| query.decks.as_ref().is_none_or(|decks| decks.contains(deck));
    let wanted: Vec<(LogEntry, Review)> = counting
        .into_iter()
        .map(|entry| (*entry, *live.as_graded(entry).review().unwrap()))
        .filter(|(entry, review)| entry.id.at_ms() >= since && of_decks(&review.deck))
        .collect();
    let last_ms = wanted.iter().map(|(entry, _)| entry.id.at_ms()).max();
    let within: Vec<&(LogEntry, Review)> =
        wanted.iter().filter(|(entry, _)| (query.from..=query.to).contains(&entry.stamp.day)).collect();
    let sitting = |(entry, review): &(LogEntry, Review)| {
        (review.sitting, review.sitting.is_none().then_some(entry.stamp.day))
    };
    let sums = |of: &dyn Fn(&(LogEntry, Review)) -> bool| {
        let these: Vec<&&(LogEntry, Review)> = within.iter().filter(|answer| of(answer)).collect();
        let number = |n: usize| u32::try_from(n).unwrap();
        Sums {
            answers: number(these.len()),
            correct: number(these.iter().filter(|(_, review)| review.grade.is_correct()).count()),
            elapsed_ms: these.iter().map(|(_, review)| u64::from(review.elapsed_ms)).sum(),
            cards: number(these.iter().map(|(_, review)| review.card).collect::<BTreeSet<_>>().len()),
            sittings: number(these.iter().map(|answer| sitting(answer)).collect::<BTreeSet<_>>().len()),
        }
    };
    let keys: BTreeSet<_> = within.iter().map(|answer| sitting(answer)).collect();
    let mut sittings: Vec<SittingSums> = keys
        .into_iter()
        .map(|key| {
            let of = |answer: &&&(LogEntry, Review)| sitting(answer) == key;
            let (first, last) = (within.iter().find(of).unwrap(), within.iter().rfind(of).unwrap());
            let decks: BTreeSet<DeckId> = within.iter().filter(of).map(|(_, review)| review.deck).collect();
            SittingSums {
                sitting: key.0,
                day: first.0.stamp.day,
                first_ms: first.0.id.at_ms(),
                last_ms: last.0.id.at_ms(),
                decks: decks.into_iter().collect(),
                sums: sums(&|answer| sitting(answer) == key),
            }
        })
        .collect();
    sittings.sort_by_key(|sitting| (sitting.first_ms, sitting.sitting, sitting.day));
    let days: BTreeSet<Day> = within.iter().map(|(entry, _)| entry.stamp.day).collect();
    let decks: BTreeSet<DeckId> = within.iter().map(|(_, review)| review.deck).collect();
    let cards: BTreeSet<CardId> = within.iter().map(|(_, review)| review.card).collect();
    LearnerFigures {
        user,
        days: days.into_iter().map(|day| (day, sums(&|(entry, _)| entry.stamp.day == day))).collect(),
        sittings,
        decks: decks.into_iter().map(|deck| (deck, sums(&|(_, review)| review.deck == deck))).collect(),
        all: sums(&|_| true),
        cards: cards.into_iter().collect(),
        last_ms,
        cut: entries.len() >= ENTRIES_PER_LEARNER_MAX,
        as_of_ms: 0,
    }
}

proptest! {
    #[test]
    fn in_one_walk_the_sums_are_those_of_looking_at_all_answers_for_each(
        entries in log(),
        (from, to) in (0..3_i32, 0..3_i32),
        deck in prop::option::of(0..3_u128),
        since in prop::option::of(0..4_i64),
    ) {
        let user = UserId::from_u128(1);
        let query = FiguresQuery {
            from: Day(20_000 + from),
            to: Day(20_000 + from + to),
            decks: deck.map(|deck| Arc::new(BTreeSet::from([DeckId::from_u128(deck)]))),
            since: since.map(|day| Arc::new(BTreeMap::from([(user, (20_000 + day) * DAY_MS)]))),
            may_be_late: false,
        };
        prop_assert_eq!(sum_up(user, &Answers::of(&entries), &query), slowly(user, &entries, &query));
    }
}
