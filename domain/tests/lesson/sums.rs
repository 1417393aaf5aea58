//! Whatever cells come, in whatever order and however often: the sums are those of the newest cell of each student.

use crate::desk::{Desk, card, figures, student, tally, wrong};
use domain::ids::CardId;
use domain::lesson::{Command, Figures, Input};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Answers and wrong ones of four cards.
type Counts = [(u32, u32); 4];
type Version = (u64, u64);
/// What was told of a student.
type Told = (u128, Version, Counts);

fn cells() -> impl Strategy<Value = Vec<Told>> {
    let counts =
        prop::array::uniform4((0..5_u32, 0..5_u32).prop_map(|(right, wrong)| (right + wrong, wrong)));
    vec((0..4_u128, (1..4_u64, 0..6_u64), counts), 1..40)
}

fn told(cards: &Counts) -> Figures {
    let (answers, missed) = cards.iter().fold((0, 0), |sum, card| (sum.0 + card.0, sum.1 + card.1));
    let named = cards.iter().enumerate().filter(|(_, card)| card.0 > 0);
    let texts = cards.iter().enumerate().filter(|(_, card)| card.1 > 0);
    Figures {
        cards: named.map(|(n, card)| tally(n as u128, card.0, card.1)).collect(),
        wrong: texts.map(|(n, card)| wrong(n as u128, "gray", card.1)).collect(),
        ..figures(answers, answers - missed)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sums_are_those_of_the_newest_cells(cells in cells(), twice in any::<bool>()) {
        let (mut desk, monitor) = Desk::open(4);
        let mut newest: BTreeMap<u128, (Version, Counts)> = BTreeMap::new();
        for (n, version, cards) in &cells {
            // One version has one content.
            if newest.get(n).is_none_or(|(known, _)| version > known) {
                newest.insert(*n, (*version, *cards));
            }
            desk.cell(*n, *version, told(cards));
        }
        if twice {
            cells.iter().rev().for_each(|(n, version, cards)| desk.cell(*n, *version, told(cards)));
        }
        desk.pass(1_000);
        let mut sums: BTreeMap<CardId, (u32, u32)> = BTreeMap::new();
        for (_, cards) in newest.values() {
            for (n, (answers, wrong)) in cards.iter().enumerate().filter(|(_, card)| card.0 > 0) {
                let sum = sums.entry(card(n as u128)).or_default();
                *sum = (sum.0 + answers, sum.1 + wrong);
            }
        }
        let answered: u32 = sums.values().map(|sum| sum.0).sum();
        let missed: u32 = sums.values().map(|sum| sum.1).sum();
        let screen = desk.screen(monitor);
        prop_assert_eq!(screen.totals.answered, u64::from(answered));
        prop_assert_eq!(screen.totals.correct, u64::from(answered - missed));
        prop_assert_eq!(screen.totals.grades[1], u64::from(missed));
        prop_assert_eq!(usize::try_from(screen.totals.here).unwrap(), newest.len());
        let shown = screen.cards.values().filter(|row| row.answers > 0);
        prop_assert_eq!(shown.map(|row| (row.card, (row.answers, row.wrong))).collect::<BTreeMap<_, _>>(), sums);
        for row in screen.cards.values() {
            let missed_it = newest.iter().filter(|(_, (_, cards))| {
                cards.iter().enumerate().any(|(n, of)| card(n as u128) == row.card && of.1 > 0)
            });
            let mut expected: Vec<_> = missed_it.map(|(n, _)| student(*n)).collect();
            let mut named = row.missed_by.clone();
            named.sort();
            expected.sort();
            prop_assert_eq!(named, expected);
        }
        // And when all have left, nothing of them stays.
        desk.says(monitor, Command::Close);
        desk.counted();
        let times: u32 = desk.reports[0].wrong.iter().map(|group| group.times).sum();
        prop_assert_eq!(times, missed);
        desk.input(Input::Roster(vec![]));
        desk.pass(1_000);
        let screen = desk.screen(monitor);
        prop_assert_eq!(screen.totals, Default::default());
        prop_assert!(screen.students.is_empty() && screen.cards.values().all(|row| row.answers == 0));
    }
}
