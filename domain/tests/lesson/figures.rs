//! What a teacher is told of a class: who struggles and why, the hardest cards, the spread of grades.

use crate::desk::{card, deck, student};
use domain::grade::Grade;
use domain::ids::CardId;
use domain::lesson::cell::Newest;
use domain::lesson::standing::{WrongGroup, commonest, hardest, spread};
use domain::lesson::struggle::{Struggle, struggle};
use domain::lesson::{CardRow, Figures};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

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
