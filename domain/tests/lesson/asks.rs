//! Questions and votes.

use crate::desk::*;
use crate::questions::{FIRST, ask, vote};
use domain::ids::AskId;
use domain::lesson::cell::{Said, Vote};
use domain::lesson::{Command, Input, Refusal, Round, Student};

#[test]
fn a_vote_counts_if_it_reaches_the_server_a_second_after_the_close_and_no_later() {
    let (mut desk, monitor) = Desk::open(4);
    let mut class = roster(4);
    class[3] = Student { extra_percent: 50, ..class[3].clone() };
    desk.input(Input::Roster(class));
    assert_eq!(desk.says(monitor, ask(&desk, FIRST, Round::First, 20_000)), None);
    let late = |desk: &Desk, ms| [vote(desk, Round::First, 5, ms)];
    desk.cell(0, (1, 1), voted(figures(1, 1), &late(&desk, 21_000)));
    desk.cell(1, (1, 1), voted(figures(1, 1), &late(&desk, 21_001)));
    desk.cell(2, (1, 1), voted(figures(1, 0), &[vote(&desk, Round::First, 1, 3_000)]));
    desk.cell(3, (1, 1), voted(figures(1, 1), &late(&desk, 31_000)));
    desk.pass(1_000);
    let round = desk.screen(monitor).ask.clone().unwrap().rounds[0].clone();
    assert_eq!((round.votes, round.correct), (3, 2), "who has more time has it here too");
    assert_eq!(round.said, [(Said::Grade(5), 2), (Said::Grade(1), 1)]);
}

#[test]
fn a_vote_may_be_taken_back_until_the_close_and_stands_after_it() {
    let (mut desk, monitor) = Desk::open(3);
    desk.says(monitor, ask(&desk, FIRST, Round::First, 20_000));
    let (wrong, right) = (vote(&desk, Round::First, 1, 100), vote(&desk, Round::First, 4, 200));
    desk.cell(0, (1, 1), voted(figures(1, 0), &[wrong]));
    desk.cell(0, (1, 2), voted(figures(0, 0), &[]));
    desk.pass(500);
    let votes = |desk: &Desk| desk.screen(monitor).ask.as_ref().unwrap().rounds[0].clone();
    assert_eq!(votes(&desk).votes, 0);
    desk.cell(0, (1, 3), voted(figures(1, 1), &[right]));
    desk.pass(30_000);
    desk.cell(0, (1, 4), voted(figures(1, 0), &[wrong]));
    desk.cell(0, (1, 5), voted(figures(1, 0), &[]));
    desk.cell(1, (1, 1), voted(figures(1, 1), &[right]));
    desk.pass(500);
    assert_eq!(
        (votes(&desk).votes, votes(&desk).correct),
        (2, 2),
        "a late cell of a vote in time still counts"
    );
    let put = desk.published.last().unwrap().ask.unwrap();
    assert!(put.is_closed(desk.now.wall_ms, 0) && !put.is_closed(put.closes_ms, 0));
}

#[test]
fn a_text_that_is_accepted_after_the_close_makes_its_votes_correct() {
    let (mut desk, monitor) = Desk::open(2);
    desk.says(monitor, ask(&desk, FIRST, Round::First, 5_000));
    let said = |is_correct| Vote { said: Said::Response(7), is_correct, ..vote(&desk, Round::First, 1, 100) };
    let (wrong, right) = (said(false), said(true));
    desk.cell(0, (1, 1), voted(figures(1, 0), &[wrong]));
    desk.pass(10_000);
    let correct = |desk: &Desk| desk.screen(monitor).ask.as_ref().unwrap().rounds[0].correct;
    assert_eq!(correct(&desk), 0);
    desk.cell(0, (1, 2), voted(figures(1, 1), &[Vote { reached_ms: right.reached_ms + 1, ..right }]));
    desk.pass(500);
    assert_eq!(correct(&desk), 0, "that is another answer");
    desk.cell(0, (1, 3), voted(figures(1, 1), &[right]));
    desk.pass(500);
    assert_eq!(correct(&desk), 1);
}

#[test]
fn a_second_vote_has_its_own_histogram_and_comes_after_the_first_is_closed() {
    let (mut desk, monitor) = Desk::open(3);
    desk.says(monitor, ask(&desk, FIRST, Round::First, 5_000));
    assert_eq!(
        desk.says(monitor, ask(&desk, FIRST, Round::Second, 5_000)),
        Some(Refusal::UnknownAsk),
        "still open"
    );
    let first = vote(&desk, Round::First, 1, 100);
    desk.cell(0, (1, 1), voted(figures(1, 0), &[first]));
    desk.pass(10_000);
    let other = AskId::from_u128(9);
    assert_eq!(desk.says(monitor, ask(&desk, other, Round::Second, 5_000)), Some(Refusal::UnknownAsk));
    assert_eq!(desk.says(monitor, ask(&desk, FIRST, Round::Second, 5_000)), None);
    desk.cell(0, (1, 2), voted(figures(2, 1), &[first, vote(&desk, Round::Second, 5, 100)]));
    desk.pass(10_000);
    let rounds = desk.screen(monitor).ask.clone().unwrap().rounds;
    assert_eq!(rounds.iter().map(|round| (round.votes, round.correct)).collect::<Vec<_>>(), [(1, 0), (1, 1)]);
    assert_eq!(desk.says(monitor, ask(&desk, other, Round::First, 5_000)), None);
    assert_eq!(desk.record.asked.iter().map(|asked| asked.rounds.len()).collect::<Vec<_>>(), [2]);
    desk.pass(500);
    assert_eq!(
        desk.screen(monitor).ask.clone().unwrap().rounds[0].votes,
        0,
        "votes of another question are none"
    );
}

#[test]
fn a_vote_that_is_closed_early_ends_as_by_its_time_and_a_second_one_follows() {
    let (mut desk, monitor) = Desk::open(4);
    let mut class = roster(4);
    class[3] = Student { extra_percent: 50, ..class[3].clone() };
    desk.input(Input::Roster(class));
    let close = Command::CloseAsk { ask: FIRST };
    assert_eq!(desk.says(monitor, close.clone()), Some(Refusal::UnknownAsk), "none is put");
    desk.says(monitor, ask(&desk, FIRST, Round::First, 600_000));
    let voted_at = |late_ms| voted(figures(1, 1), &[vote(&desk, Round::First, 5, late_ms)]);
    let (early, late, last, longer, too_long) =
        (voted_at(3_000), voted_at(11_500), voted_at(10_900), voted_at(15_900), voted_at(16_100));
    desk.pass(10_000);
    desk.cell(0, (1, 1), early);
    desk.pass(2_000);
    // It came while nobody knew of the close.
    desk.cell(1, (1, 1), late.clone());
    desk.now.wall_ms -= 2_000;
    let other = Command::CloseAsk { ask: AskId::from_u128(9) };
    assert_eq!(desk.says(monitor, other), Some(Refusal::UnknownAsk));
    assert_eq!(desk.says(monitor, close.clone()), None);
    let put = desk.published.last().unwrap().ask.unwrap();
    assert!(put.is_closed(desk.now.wall_ms, 0) && !put.is_closed(desk.now.wall_ms, 50), "in proportion");
    let votes = |desk: &Desk, round: usize| desk.screen(monitor).ask.as_ref().unwrap().rounds[round].votes;
    desk.pass(500);
    assert_eq!(votes(&desk, 0), 1, "what came too late is no vote any more");
    desk.cell(1, (1, 2), late);
    desk.cell(2, (1, 1), last);
    desk.cell(3, (1, 1), too_long);
    desk.pass(500);
    assert_eq!(votes(&desk, 0), 2, "a second late is in time");
    desk.cell(3, (1, 2), longer);
    // Once more changes nothing, and neither does time.
    assert_eq!(desk.says(monitor, close.clone()), None);
    assert_eq!(desk.published.last().unwrap().ask, Some(put));
    assert_eq!(desk.says(monitor, ask(&desk, FIRST, Round::Second, 60_000)), None);
    desk.pass(500);
    assert_eq!((votes(&desk, 0), votes(&desk, 1)), (3, 0));
    assert_eq!(desk.says(monitor, close), None, "the second may be closed too");
    assert_eq!(desk.record.rounds().iter().filter(|ask| ask.is_closed(desk.now.wall_ms, 0)).count(), 2);
    desk.says(monitor, Command::EndAsk);
    assert_eq!(desk.record.asked[0].rounds.len(), 2, "both are kept");
}
