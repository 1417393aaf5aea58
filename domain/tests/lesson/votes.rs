//! Which answers are votes, whoever reads them.

use crate::desk::{START_MS, card, deck};
use domain::day::{Day, Stamp};
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::grade::Grade;
use domain::ids::{AskId, ClassId, EntryId};
use domain::lesson::cell::Said;
use domain::lesson::count::votes;
use domain::lesson::{Ask, Round};

fn ask(round: Round, after_ms: i64) -> Ask {
    let opened_ms = START_MS + after_ms;
    let closes_ms = opened_ms + 10_000;
    Ask { id: AskId::from_u128(5), deck: deck(), card: card(1), round, opened_ms, closes_ms }
}

fn answer(n: u128, after_ms: i64, grade: Grade) -> LogEntry {
    let review = Review {
        deck: deck(),
        card: card(n),
        grade,
        mode: Mode::Flip,
        elapsed_ms: 900,
        early: false,
        confidence: None,
        sitting: None,
        class: Some(ClassId::from_u128(1)),
        response: None,
        revision: 1,
        told: false,
    };
    let id = EntryId::v7(START_MS + after_ms, n);
    let stamp = Stamp { day: Day(20_600), utc_offset_min: 0 };
    LogEntry { id, job: None, stamp, body: Body::Review(review) }
}

fn said(answers: &[LogEntry], extra_percent: u16) -> Vec<(Round, Said)> {
    let rounds = [ask(Round::First, 0), ask(Round::Second, 10_500)];
    votes(answers, &rounds, extra_percent).iter().map(|vote| (vote.round, vote.said)).collect()
}

#[test]
fn the_log_tells_one_vote_of_an_answer_while_both_rounds_are_open() {
    let between = answer(1, 10_800, Grade::Wrong);
    let later = answer(1, 15_000, Grade::Good);
    let other_card = answer(2, 1_000, Grade::Perfect);
    for extra_percent in [0, 100] {
        assert_eq!(said(&[other_card, between], extra_percent), [(Round::First, Said::Grade(1))]);
        assert_eq!(
            said(&[between, later], extra_percent),
            [(Round::First, Said::Grade(1)), (Round::Second, Said::Grade(4))]
        );
    }
    assert_eq!(said(&[later], 0), [(Round::Second, Said::Grade(4))], "too late for the first");
    assert_eq!(said(&[later], 100), [(Round::First, Said::Grade(4))]);
}
