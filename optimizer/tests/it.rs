//! The optimiser and the simulator, against the field's library and against learners whose memory is known.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use domain::day::{Day, Stamp};
use domain::entry::{Body, LogEntry, Mode, Review, SetChange};
use domain::fsrs::{Memory, Model, Parameters, Rating};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId};
use domain::schedule::{EasyDays, FoldParams, Scheduler};
use domain::state::CardState;
use fsrs::{FSRS, FSRSItem, FSRSReview, MemoryState};
use optimizer::{Card, EvaluateError, OptimiseError, Plan, Progress, evaluate, forecast, histories, recalls};
use proptest::prelude::*;

const TODAY: Day = Day(20_000);
const DECK: DeckId = DeckId::from_u128(1);
const DAY_MS: i64 = 86_400_000;

/// Ratings, each so many days after the one before.
fn sequences() -> impl Strategy<Value = Vec<(u32, u32)>> {
    let days = prop_oneof![1 => Just(0_u32), 6 => 1..20_u32, 2 => 20..400_u32];
    let rating = prop_oneof![1 => Just(1_u32), 1 => Just(2), 4 => Just(3), 1 => Just(4)];
    prop::collection::vec((rating, days), 1..14)
}

fn ours(model: &Model, answers: &[(u32, u32)]) -> Memory {
    let mut day = TODAY;
    let mut memory = None;
    for (n, &(rating, days)) in answers.iter().enumerate() {
        day = if n == 0 { day } else { day.plus(days as i32) };
        memory = Some(model.after(memory, Rating::ALL[rating as usize - 1], day));
    }
    memory.unwrap()
}

fn theirs(fsrs: &FSRS, answers: &[(u32, u32)]) -> MemoryState {
    let review = |(n, &(rating, days)): (usize, &(u32, u32))| FSRSReview {
        rating,
        delta_t: if n == 0 { 0 } else { days },
    };
    let reviews = answers.iter().enumerate().map(review).collect();
    fsrs.memory_state(FSRSItem { reviews }, None).unwrap()
}

fn near(ours: f64, theirs: f32, part: f64) -> bool {
    (ours - f64::from(theirs)).abs() <= f64::from(theirs).abs() * part + 3e-4
}

#[test]
fn weights_of_earlier_versions_are_converted_as_the_fields_library_does_it() {
    let old = [
        0.4872, 1.4003, 3.7145, 13.8206, 5.1618, 1.2298, 0.8975, 0.031, 1.6474, 0.1367, 1.0461, 2.1072,
        0.0793, 0.3246, 1.587, 0.2272, 2.8755, 0.3, 0.2, 0.1, 0.15,
    ];
    for count in [17, 19, 21] {
        let (ours, _) = Parameters::of_any_version(&old[..count]).unwrap();
        let given: Vec<f32> = old[..count].iter().map(|w| *w as f32).collect();
        let theirs = fsrs::check_and_fill_parameters(&given).unwrap();
        let pairs = ours.decimals().into_iter().zip(theirs);
        assert!(
            pairs.into_iter().all(|(ours, theirs)| (ours - f64::from(theirs)).abs() < 6e-5),
            "{count}: {ours:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn memories_and_intervals_are_those_of_the_fields_library(answers in sequences(), permille in 700..990_u32) {
        let (model, fsrs) = (Model::everybodys(), FSRS::default());
        let (mine, expected) = (ours(model, &answers), theirs(&fsrs, &answers));
        prop_assert!(near(mine.stability_days(), expected.stability, 2e-3), "{mine:?} {expected:?}");
        prop_assert!(near(mine.difficulty(), expected.difficulty, 5e-4), "{mine:?} {expected:?}");
        let wanted = f64::from(permille) / 1_000.0;
        let interval = fsrs.next_interval(Some(mine.stability_days() as f32), wanted as f32, 3);
        prop_assert!(near(model.interval_days(&mine, wanted), interval, 1e-3));
    }

    #[test]
    fn other_weights_are_read_as_the_library_reads_them(
        answers in sequences(),
        moved in prop::collection::vec(0.7..1.4_f64, 21),
    ) {
        let decimals: Vec<f64> =
            Parameters::DEFAULT.decimals().iter().zip(moved).map(|(w, by)| w * by).collect();
        let parameters = Parameters::new(&decimals).unwrap();
        let weights = parameters.decimals().map(|w| w as f32);
        let (mine, expected) =
            (ours(&Model::new(&parameters), &answers), theirs(&FSRS::new(&weights).unwrap(), &answers));
        prop_assert!(near(mine.stability_days(), expected.stability, 1e-2), "{mine:?} {expected:?}");
        prop_assert!(near(mine.difficulty(), expected.difficulty, 2e-3), "{mine:?} {expected:?}");
    }

    #[test]
    fn numbers_of_sm_2_become_the_memory_that_the_library_makes_of_them(ease in 130..400_u16, days in 1..3_000_u32) {
        let mine = Model::everybodys().of_sm2(ease, days, TODAY);
        let expected =
            FSRS::default().memory_state_from_sm2(f32::from(ease) / 100.0, days as f32, 0.9).unwrap();
        prop_assert!(near(mine.stability_days(), expected.stability, 1e-4), "{mine:?} {expected:?}");
        prop_assert!(near(mine.difficulty(), expected.difficulty, 1e-3), "{mine:?} {expected:?}");
    }
}

fn fsrs_params(parameters: Parameters, permille: u16) -> FoldParams {
    FoldParams {
        scheduler: Scheduler::Fsrs { parameters, desired_retention_permille: permille },
        fuzz: Some(EasyDays::NONE),
        ..FoldParams::default()
    }
}

/// A number from 0 up to 1.
fn throw(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn answer(card: u128, day: Day, n: u128, grade: Grade) -> LogEntry {
    let review = Review {
        deck: DECK,
        card: CardId::from_u128(card),
        grade,
        mode: Mode::Flip,
        elapsed_ms: 1_000,
        early: false,
        confidence: None,
        sitting: None,
        class: None,
        response: None,
        revision: 1,
        told: false,
    };
    LogEntry {
        id: EntryId::v7(i64::from(day.0) * DAY_MS + n as i64, card * 1_000 + n),
        job: None,
        stamp: Stamp { day, utc_offset_min: 0 },
        body: Body::Review(review),
    }
}

/// The log of somebody who studies these cards under SM-2 for so long and remembers as `truth` says.
fn log_of(truth: &Model, cards: u128, days: i32, seed: u64) -> Vec<LogEntry> {
    let params = FoldParams::default();
    let mut dice = seed;
    let mut log = Vec::new();
    for card in 0..cards {
        let (mut state, mut memory) = (CardState::NEW, None);
        let begun = TODAY.plus((card % 60) as i32);
        for day in (0..days).map(|n| begun.plus(n)) {
            if !state.is_new() && !state.is_due(day) {
                continue;
            }
            let chance = memory.map_or(0.7, |memory| truth.recall(&memory, day));
            let first = if throw(&mut dice) < chance {
                [Grade::Hard, Grade::Good, Grade::Good, Grade::Perfect][(throw(&mut dice) * 4.0) as usize]
            } else {
                Grade::Wrong
            };
            let drill = (first == Grade::Wrong).then_some(Grade::Good);
            for (n, grade) in [Some(first), drill].into_iter().flatten().enumerate() {
                let entry = answer(card, day, n as u128, grade);
                state = state.after(&entry, &params).0;
                memory = Some(truth.after(memory, grade.into(), day));
                log.push(entry);
            }
        }
    }
    log
}

/// Somebody who forgets much faster than everybody.
fn forgetful() -> Parameters {
    let mut weights = Parameters::DEFAULT.decimals();
    for w in &mut weights[..4] {
        *w *= 0.35;
    }
    weights[8] -= 1.0;
    Parameters::new(&weights).unwrap()
}

#[test]
fn weights_fitted_to_a_learner_foretell_that_learner_better_than_everybodys_and_sm_2() {
    let log = log_of(&Model::new(&forgetful()), 400, 200, 7);
    let histories = histories(&log, |_| FoldParams::default());
    let evaluation = evaluate(&histories, &Progress::default()).unwrap();
    assert!(evaluation.measured > 500 && evaluation.fitted > 2_000, "{evaluation:?}");
    let (_, optimised) = evaluation.optimised.clone().unwrap();
    assert!(optimised.log_loss < evaluation.fsrs.log_loss - 0.004, "{evaluation:?}");
    assert!(optimised.log_loss < evaluation.sm2.log_loss - 0.01, "{evaluation:?}");
    assert!(optimised.rmse_bins < evaluation.fsrs.rmse_bins, "{evaluation:?}");
    assert_eq!(
        evaluate(&histories, &Progress::default()).unwrap(),
        evaluation,
        "the same log, the same figures"
    );
}

#[test]
fn too_little_to_learn_from_is_said() {
    let log = log_of(Model::everybodys(), 10, 8, 1);
    let few = histories(&log, |_| FoldParams::default());
    let have = recalls(&few);
    assert!((1..64).contains(&have));
    let fitted = optimizer::optimise(&few, None, &Progress::default());
    assert_eq!(fitted, Err(OptimiseError::TooFew { have }));
    assert_eq!(evaluate(&[], &Progress::default()), Err(EvaluateError::TooFew(0)));
    let evaluation = evaluate(&few, &Progress::default()).unwrap();
    assert!(matches!(evaluation.optimised, Err(OptimiseError::TooFew { .. })));
}

#[test]
fn a_fitting_can_be_stopped() {
    let log = log_of(Model::everybodys(), 100, 100, 3);
    let progress = Progress::default();
    progress.stop();
    let fitted = optimizer::optimise(&histories(&log, |_| FoldParams::default()), None, &progress);
    assert_eq!(fitted, Err(OptimiseError::Stopped));
}

#[test]
fn histories_hold_what_moved_the_memory_and_begin_anew_at_a_reset() {
    let set = |day: Day, change| LogEntry {
        id: EntryId::v7(i64::from(day.0) * DAY_MS + 500, 9),
        job: None,
        stamp: Stamp { day, utc_offset_min: 0 },
        body: Body::Set { deck: DECK, card: CardId::from_u128(1), change },
    };
    let told = |day: Day| {
        let mut entry = answer(1, day, 0, Grade::Good);
        if let Body::Review(review) = &mut entry.body {
            review.told = true;
        }
        entry
    };
    let log = [
        answer(1, TODAY, 0, Grade::Wrong),
        answer(1, TODAY, 1, Grade::Good),
        // Beyond the schedule, on a day on which the card had been answered.
        answer(1, TODAY, 2, Grade::Good),
        answer(1, TODAY.plus(1), 0, Grade::Good),
        // After the class has talked, and on that day.
        told(TODAY.plus(2)),
        answer(1, TODAY.plus(2), 1, Grade::Good),
        // Not due, but the first of its day: a recall.
        answer(1, TODAY.plus(3), 0, Grade::Good),
        set(TODAY.plus(3), SetChange::Reset),
        answer(1, TODAY.plus(4), 0, Grade::Good),
        answer(1, TODAY.plus(5), 0, Grade::Hard),
    ];
    let mut shuffled = log.to_vec();
    shuffled.reverse();
    let found = histories(&shuffled, |_| FoldParams::default());
    let days = |n: usize| -> Vec<i32> { found[n].answers.iter().map(|a| a.day.since(TODAY)).collect() };
    assert_eq!((found.len(), days(0), days(1)), (2, vec![0, 0, 1, 3], vec![4, 5]));
    assert_eq!(recalls(&found), 3);
}

/// New cards studied for a year under FSRS by somebody who remembers as `truth` says.
fn measured(parameters: Parameters, truth: &Model, permille: u16, seed: u64) -> f64 {
    let params = fsrs_params(parameters, permille);
    let new = |n: u128| Card { id: CardId::from_u128(n * 7_919), state: CardState::NEW, truth: None };
    let cards: Vec<Card> = (0..600).map(new).collect();
    let plan = Plan {
        params: &params,
        new_per_day: 5,
        reviews_per_day: u32::MAX,
        truth,
        from: TODAY,
        days: 365,
        seed,
    };
    forecast(&cards, &plan).retention.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_deck_that_wants_nine_of_ten_remembered_gets_about_that(seed in any::<u64>()) {
        let retention = measured(Parameters::DEFAULT, Model::everybodys(), 900, seed);
        prop_assert!((0.87..0.93).contains(&retention), "{retention}");
    }

    #[test]
    fn who_wants_more_is_asked_more_and_remembers_more(seed in any::<u64>()) {
        let of = |permille| measured(Parameters::DEFAULT, Model::everybodys(), permille, seed);
        let (low, middle, high) = (of(800), of(880), of(950));
        prop_assert!(low + 0.02 < middle && middle + 0.02 < high, "{low} {middle} {high}");
    }

    #[test]
    fn ones_own_weights_come_nearer_to_what_is_wanted_than_somebody_elses(seed in any::<u64>()) {
        let truth = Model::new(&forgetful());
        let everybodys = measured(Parameters::DEFAULT, &truth, 900, seed);
        let own = measured(forgetful(), &truth, 900, seed);
        prop_assert!((0.84..0.94).contains(&own) && everybodys + 0.01 < own, "{everybodys} {own}");
    }
}

#[test]
fn limits_leave_cards_over_and_rest_keeps_cards_out_of_a_forecast() {
    let params = FoldParams::default();
    let due = |n: u128| {
        let (state, _) = CardState::NEW.after(&answer(n, TODAY.plus(-9), 0, Grade::Good), &params);
        Card { id: CardId::from_u128(n), state, truth: state.memory }
    };
    let mut cards: Vec<Card> = (0..10).map(due).collect();
    cards[0].state.suspended = true;
    cards[1].state.buried_until = Some(TODAY.plus(1));
    let plan = |reviews_per_day| Plan {
        params: &params,
        new_per_day: 0,
        reviews_per_day,
        truth: Model::everybodys(),
        from: TODAY,
        days: 3,
        seed: 1,
    };
    let loads = |limit| forecast(&cards, &plan(limit)).days;
    assert_eq!((loads(100)[0].reviews, loads(100)[0].left), (8, 0));
    assert_eq!((loads(3)[0].reviews, loads(3)[0].left), (3, 5));
    assert_eq!(loads(0)[2].left, 9, "the buried one is back, the suspended one is not");
    assert_eq!(loads(3), loads(3));
}
