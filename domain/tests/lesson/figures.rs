//! What a teacher is told of a class: warm-up, who struggles and why, the hardest cards, the spread of grades.

use crate::desk::{card, deck, student};
use domain::day::Day;
use domain::fsrs::{Memory, Model, ONE, STABILITY_MAX, STABILITY_MIN};
use domain::grade::Grade;
use domain::ids::{CardId, NoteId};
use domain::lesson::cell::Newest;
use domain::lesson::standing::{WrongGroup, commonest, hardest, spread};
use domain::lesson::struggle::{Struggle, struggle};
use domain::lesson::warmup::{Candidate, HORIZON_DAYS, gain, warm_up};
use domain::lesson::{CardRow, Figures};
use domain::limits::WARM_UP_CARDS_MAX;
use proptest::prelude::*;

const TODAY: Day = Day(20_600);

fn memory(stability_days: u32, days_ago: i32) -> Memory {
    Memory { stability: stability_days * ONE, difficulty: 5 * ONE, on: TODAY.plus(-days_ago) }
}

fn candidate<'a>(n: u128, memories: &'a [Memory]) -> Candidate<'a> {
    let note = Some(NoteId::from_u128(n));
    Candidate { deck: deck(), card: card(n), note, memories, model: Model::everybodys() }
}

fn cards_of(chosen: &[domain::lesson::warmup::Chosen]) -> Vec<CardId> {
    chosen.iter().map(|chosen| chosen.card).collect()
}

#[test]
fn a_warm_up_takes_what_fades_for_many_before_what_is_safe_or_fades_for_one() {
    let fading = [memory(4, 4); 20];
    let safe = [memory(400, 1); 20];
    let of_one = [memory(4, 4)];
    let all = || [candidate(1, &safe), candidate(2, &of_one), candidate(3, &fading), candidate(4, &[])];
    let chosen = warm_up(all(), TODAY, 3);
    assert_eq!(cards_of(&chosen)[0], card(3));
    assert!(!cards_of(&chosen).contains(&card(4)), "nobody has seen it");
    assert_eq!(cards_of(&warm_up(all(), TODAY, 1)), [card(3)]);
    assert!(warm_up(all(), TODAY, 0).is_empty());
}

#[test]
fn a_warm_up_takes_one_card_of_a_note_and_an_end_comes_to_it() {
    let fading = [memory(4, 4); 3];
    let same_note = |n| Candidate { note: Some(NoteId::from_u128(1)), ..candidate(n, &fading) };
    assert_eq!(warm_up([same_note(1), same_note(2), same_note(3)], TODAY, 3).len(), 1);
    let alone = |n| Candidate { note: None, ..candidate(n, &fading) };
    assert_eq!(warm_up((0..200).map(alone), TODAY, 200).len(), WARM_UP_CARDS_MAX);
}

fn memories() -> impl Strategy<Value = Memory> {
    (STABILITY_MIN..400 * ONE, ONE..=10 * ONE, 0..200_i32).prop_map(|(stability, difficulty, ago)| Memory {
        stability,
        difficulty,
        on: TODAY.plus(-ago),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_other_choice_of_as_many_cards_keeps_more_alive(
        class in prop::collection::vec(prop::collection::vec(memories(), 0..5), 1..9),
        count in 0..5_usize,
    ) {
        let all: Vec<Candidate<'_>> = class.iter().enumerate().map(|(n, m)| candidate(n as u128, m)).collect();
        let chosen = warm_up(all.clone(), TODAY, count);
        let worth: f64 = chosen.iter().map(|chosen| chosen.gain).sum();
        let of = |c: &Candidate<'_>| -> f64 { c.memories.iter().map(|m| gain(m, c.model, TODAY)).sum() };
        for choice in 0..1_u32 << all.len() {
            let some = all.iter().enumerate().filter(|(n, _)| choice & (1 << n) != 0).map(|(_, c)| c);
            if choice.count_ones() as usize <= count {
                prop_assert!(some.map(of).sum::<f64>() <= worth + 1e-9);
            }
        }
        prop_assert!(chosen.windows(2).all(|two| two[0].gain >= two[1].gain));
    }

    #[test]
    fn a_gain_is_a_part_of_one_recall(memory in memories()) {
        let gain = gain(&memory, Model::everybodys(), TODAY);
        prop_assert!((0.0..=1.0).contains(&gain));
        let then = Model::everybodys().recall(&memory, TODAY.plus(HORIZON_DAYS));
        prop_assert!(gain <= 1.0 - then + 1e-9);
    }

    #[test]
    fn a_spread_of_grades_is_a_thousand_parts(grades in prop::array::uniform6(0..5_000_u64)) {
        let parts = spread(&grades);
        let sum: u32 = parts.iter().map(|n| u32::from(*n)).sum();
        prop_assert_eq!(sum, if grades.iter().sum::<u64>() == 0 { 0 } else { 1_000 });
        let all = grades.iter().sum::<u64>().max(1) as f64;
        for (part, n) in parts.iter().zip(grades) {
            prop_assert!((f64::from(*part) - n as f64 * 1_000.0 / all).abs() < 1.0);
        }
    }

    #[test]
    fn the_newest_answers_are_the_last_eight(answers in prop::collection::vec(any::<bool>(), 0..20)) {
        let newest = answers.iter().fold(Newest::default(), |newest, is_right| newest.with(*is_right));
        let last = &answers[answers.len().saturating_sub(8)..];
        prop_assert_eq!(usize::from(newest.count), last.len());
        prop_assert_eq!(usize::from(newest.wrong()), last.iter().filter(|is_right| !**is_right).count());
    }
}

#[test]
fn a_spread_gives_what_is_left_over_to_the_largest_remainder() {
    assert_eq!(spread(&[1, 1, 1, 0, 0, 0]), [334, 333, 333, 0, 0, 0]);
    assert_eq!(spread(&[0; 6]), [0; 6]);
    assert_eq!(spread(&[0, 0, 0, 0, u64::MAX / 2, u64::MAX / 2]), [0, 0, 0, 0, 500, 500]);
    assert_eq!(Grade::ALL.len(), 6);
}

fn answers(rights: &str) -> Newest {
    rights.chars().fold(Newest::default(), |newest, c| newest.with(c == '+'))
}

#[test]
fn who_struggles_is_told_by_own_answers_alone_and_time_is_no_reason() {
    let of = |newest: &str, wrong_in_a_row, sure_and_wrong, answered| {
        struggle(&Figures {
            newest: answers(newest),
            wrong_in_a_row,
            sure_and_wrong,
            answered,
            elapsed_ms: u64::from(answered) * 600_000,
            ..Figures::default()
        })
    };
    assert_eq!(of("++++--", 2, 0, 6), None);
    assert_eq!(of("+++---", 3, 0, 6), Some(Struggle::WrongInARow(3)));
    assert_eq!(of("-+--+-", 1, 0, 6), Some(Struggle::MostlyWrong { wrong: 4, of: 6 }));
    assert_eq!(of("-+-+-+", 0, 0, 6), None, "half is not most");
    assert_eq!(of("--+-", 1, 0, 4), None, "too few to say");
    assert_eq!(of("++++++++", 0, 3, 12), Some(Struggle::SureAndWrong(3)));
    assert_eq!(of("++++++++", 0, 3, 13), None);
    assert_eq!(of("", 0, 0, 0), None);
}

#[test]
fn the_hardest_card_is_the_one_that_is_surely_hard() {
    let row = |n, answers, wrong| CardRow {
        deck: deck(),
        card: card(n),
        answers,
        wrong,
        recall_permille: None,
        missed_by: vec![student(1)],
        as_of_ms: 0,
    };
    let cards = [row(1, 3, 3), row(2, 40, 30), row(3, 100, 10), row(4, 2, 2), row(5, 50, 0), row(6, 4, 1)];
    let named: Vec<CardId> = hardest(&cards, 10).iter().map(|row| row.card).collect();
    assert_eq!(
        named,
        [card(2), card(1), card(3), card(6)],
        "two answers prove nothing, none wrong is not hard"
    );
    assert_eq!(hardest(&cards, 1).len(), 1);
    assert!(hardest(&[], 5).is_empty());
}

#[test]
fn the_commonest_wrong_answer_is_the_one_of_most_students() {
    let group =
        |n, digest, times, students| WrongGroup { card: card(n), digest, text: "x".into(), times, students };
    let groups = [group(1, 1, 9, 1), group(1, 2, 4, 4), group(2, 3, 5, 4)];
    let named: Vec<u64> = commonest(&groups, 2).iter().map(|group| group.digest).collect();
    assert_eq!(named, [3, 2], "nine times by one is one");
}

#[test]
fn what_is_known_best_gains_least() {
    let model = Model::everybodys();
    assert!(gain(&memory(3, 3), model, TODAY) > gain(&memory(300, 3), model, TODAY));
    let best = Memory { stability: STABILITY_MAX, difficulty: ONE, on: TODAY };
    assert!(gain(&best, model, TODAY) < 0.001);
}
