//! A second vote of a student who has no first one: it counts in the lesson, and schedules nothing.

use super::*;
use crate::world::client::{Shown, dones};
use domain::entry::SetChange;
use domain::state::CardState;

fn state(w: &World, card: u128) -> CardState {
    let state = w.session.states().find(|row| (row.0, row.1) == (deck_id(1), card_id(1, card)));
    state.map_or(CardState::NEW, |row| row.2)
}

/// The card is put a second time, after a first vote of ten seconds in which nobody had to answer.
fn put_again(w: &mut World, card: u128, extra_percent: u16) -> [Ask; 2] {
    let first = ask(card, Round::First, w.now.wall_ms);
    let slow = |w: &World, told: Told| Told {
        students: Arc::new(BTreeMap::from([(w.session.user(), extra_percent)])),
        ..told
    };
    let put = told(w, 1, Document { ask: Some(first), ..document(1, LessonState::Open) });
    w.input(Input::Class(Arc::new(slow(w, put))));
    w.pass(11_500);
    let second = ask(card, Round::Second, w.now.wall_ms);
    let put = told(w, 2, Document { ask: Some(second), ..document(2, LessonState::Open) });
    w.input(Input::Class(Arc::new(Told { rounds: vec![first, second], ..slow(w, put) })));
    [first, second]
}

/// The card is put to the class.
fn put_first(w: &mut World, card: u128) -> Ask {
    let first = ask(card, Round::First, w.now.wall_ms);
    tell(w, 1, Document { ask: Some(first), ..document(1, LessonState::Open) });
    first
}

/// The card of this question is put again.
fn put_second(w: &mut World, first: Ask) {
    let (opened_ms, closes_ms) = (w.now.wall_ms, w.now.wall_ms + 10_000);
    let second = Ask { round: Round::Second, opened_ms, closes_ms, ..first };
    let put = Document { ask: Some(second), ..document(2, LessonState::Open) };
    w.input(Input::Class(Arc::new(Told { rounds: vec![first, second], ..told(w, 2, put) })));
}

/// The lesson goes on without the question.
fn take_away(w: &mut World) {
    tell(w, 9, document(9, LessonState::Open));
}

fn said(w: &World) -> Vec<(Round, Said)> {
    newest(w).figures.votes.iter().map(|vote| (vote.round, vote.said)).collect()
}

/// The card as it was shown last, handed out or changed.
fn last_shown(frames: &[Frame], card: CardId) -> Option<Shown> {
    let of = |frame: &Frame| {
        let handed_out = if let Frame::Card(shown) = frame { Some(shown.clone()) } else { None };
        let changed = if let Frame::Changed(change) = frame { change.card.clone() } else { None };
        handed_out.or(changed).filter(|shown| shown.card == card)
    };
    frames.iter().rev().find_map(of)
}

#[test]
fn a_second_vote_of_whoever_missed_the_first_counts_and_schedules_nothing() {
    let mut w = World::new([plain(1, 9)]);
    put_again(&mut w, 7, 0);
    // The student comes late.
    let s = w.studying(start(1));
    let id = w.id();
    let command = w.answer_to(s, card_id(1, 7), 1);
    let seq = w.send(s, id, command);
    w.commit();
    assert_eq!(w.verdict(s, seq), Some(Ok(())));
    w.pass(300);
    let figures = &newest(&w).figures;
    assert_eq!((figures.answered, figures.correct), (1, 0));
    assert_eq!(said(&w), [(Round::Second, Said::Grade(1))]);
    let after = state(&w, 7);
    assert_eq!((after.due, after.sm2.reps, after.memory, after.scheduled), (None, 0, None, None));
    assert_eq!((after.answers, after.told_on), (1, Some(w.session.today())));
    assert!(w.store.log[&id].review().unwrap().told);
    // It does not come again today, nor take a place under the day's limit.
    take_away(&mut w);
    assert!(w.left(s).new == 8 && !w.held(s).contains(&card_id(1, 7)));
    assert_eq!(w.study_out(s, 5), 8);
    assert_eq!(state(&w, 7), after);
    w.memory_is_the_fold();
    // Tomorrow it is what it was.
    w.pass(DAY_MS);
    assert_eq!((w.left(s).new, w.left(s).review), (1, 8));
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    assert_eq!(state(&w, 7).due, Some(w.session.today().plus(1)), "and is scheduled by its answer");
}

#[test]
fn a_due_card_stays_due_and_comes_on_the_next_day() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.close(s);
    w.pass(DAY_MS);
    let before = state(&w, 7);
    put_again(&mut w, 7, 0);
    let s = w.studying(Start { filter: Some(Filter::Due), ..start(2) });
    let shown = w.clients[&s].shown[&card_id(1, 7)].clone();
    assert_eq!(shown.kind, Kind::Extra, "it is asked, and is no review");
    w.answer(s, card_id(1, 7), 5);
    w.commit();
    take_away(&mut w);
    let frames = w.take(s);
    assert!(change(&frames, Reason::Rescheduled).is_none(), "it led where it was said to lead");
    let after = state(&w, 7);
    assert_eq!((after.due, after.sm2, after.memory), (before.due, before.sm2, before.memory));
    assert_eq!((w.held(s), dones(&frames).len()), (vec![], 1), "nothing is left for today");
    w.close(s);
    w.pass(DAY_MS);
    let s = w.studying(Start { filter: Some(Filter::Due), ..start(3) });
    assert_eq!(w.clients[&s].shown[&card_id(1, 7)].kind, Kind::Review);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    assert_eq!(state(&w, 7).sm2.reps, 2);
}

#[test]
fn a_card_that_is_still_held_when_it_is_put_again_says_that_it_leads_nowhere() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    put_again(&mut w, 7, 0);
    let frames = w.take(s);
    let kinds = |frames: &[Frame]| -> Vec<Kind> {
        let of = |frame: &Frame| last_shown(std::slice::from_ref(frame), card_id(1, 7));
        frames.iter().filter_map(of).map(|shown| shown.kind).collect()
    };
    assert_eq!(kinds(&frames), [Kind::New, Kind::Extra]);
    let shown = last_shown(&frames, card_id(1, 7)).unwrap();
    assert!(shown.if_graded.iter().all(|outcome| outcome.days == 0 && !outcome.again_today));
    w.pass(300);
    assert_eq!(kinds(&w.take(s)), [], "once");
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    assert!(change(&w.take(s), Reason::Rescheduled).is_none());
    assert_eq!(state(&w, 7).due, None);
}

#[test]
fn a_student_who_voted_first_is_scheduled_by_the_first_vote_alone_as_ever() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let first = put_first(&mut w, 7);
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    let before = state(&w, 7);
    w.pass(11_500);
    w.take(s);
    put_second(&mut w, first);
    assert_eq!(last_shown(&w.take(s), card_id(1, 7)).map(|shown| shown.kind), Some(Kind::Drill));
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    let after = state(&w, 7);
    assert_eq!((after.due, after.sm2, after.memory), (before.due, before.sm2, before.memory));
    assert_eq!(after.drill(w.session.today(), 4), None, "the drill is over");
    w.pass(300);
    assert_eq!(said(&w), [(Round::First, Said::Grade(1)), (Round::Second, Said::Grade(4))]);
}

#[test]
fn a_retry_after_a_reload_has_the_same_verdict_whenever_it_comes() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let [_, second] = put_again(&mut w, 7, 0);
    let id = w.id();
    let command = w.answer_to(s, card_id(1, 7), 4);
    let seq = w.send(s, id, command.clone());
    w.commit();
    assert_eq!(w.verdict(s, seq), Some(Ok(())));
    let stored = w.store.log[&id];
    w.crash();
    let s = w.studying(start(1));
    // Nobody has told this session of the lesson, and then somebody has; and then the question is gone.
    for n in 0..3 {
        match n {
            0 => {}
            1 => tell(&mut w, 2, Document { ask: Some(second), ..document(2, LessonState::Open) }),
            _ => take_away(&mut w),
        }
        let seq = w.send(s, id, command.clone());
        w.commit();
        assert_eq!(w.verdict(s, seq), Some(Ok(())));
    }
    assert_eq!((w.store.log[&id], w.store.log.len()), (stored, 1));
    assert!(stored.review().unwrap().told);
    assert_eq!(state(&w, 7).due, None);
    let other = w.answer_to(s, card_id(1, 7), 5);
    let seq = w.send(s, id, other);
    w.commit();
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::IdReused)));
}

#[test]
fn a_first_answer_that_is_late_for_both_votes_is_told_too() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    put_again(&mut w, 7, 0);
    w.pass(11_500);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    assert_eq!((said(&w), newest(&w).figures.answered), (vec![], 1));
    assert_eq!((state(&w, 7).due, state(&w, 7).told_on), (None, Some(w.session.today())));
    // Another card's answer is an ordinary one, and so is the next question's.
    w.answer(s, card_id(1, 6), 4);
    w.commit();
    assert!(state(&w, 6).due.is_some());
    let next = Ask { id: AskId::from_u128(6), ..ask(5, Round::First, w.now.wall_ms) };
    tell(&mut w, 3, Document { ask: Some(next), ..document(3, LessonState::Open) });
    w.answer(s, card_id(1, 5), 4);
    w.commit();
    assert!(state(&w, 5).due.is_some());
}

#[test]
fn an_answer_after_the_second_vote_does_not_schedule_when_that_is_taken_back() {
    for withheld in [false, true] {
        let mut w = World::new([plain(1, 9)]);
        let s = w.studying(start(1));
        put_again(&mut w, 7, 0);
        let vote = w.answer(s, card_id(1, 7), 4);
        w.commit();
        if withheld {
            // Both in one go: that the vote is gone is not known yet.
            w.undo(s, vote);
            w.answer(s, card_id(1, 7), 5);
        } else {
            w.answer(s, card_id(1, 7), 5);
            w.commit();
            w.undo(s, vote);
        }
        w.commit();
        w.pass(300);
        let after = state(&w, 7);
        assert_eq!(
            (after.due, after.memory, after.told_on),
            (None, None, Some(w.session.today())),
            "{withheld}"
        );
        w.memory_is_the_fold();
    }
}

#[test]
fn what_the_class_has_talked_about_schedules_nobody_when_the_question_is_gone() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    put_again(&mut w, 7, 0);
    take_away(&mut w);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    assert_eq!((state(&w, 7).due, state(&w, 7).told_on), (None, Some(w.session.today())));
    // Who has a first vote is scheduled by it.
    let first = ask(5, Round::First, w.now.wall_ms);
    tell(&mut w, 10, Document { ask: Some(first), ..document(10, LessonState::Open) });
    w.answer(s, card_id(1, 5), 4);
    w.commit();
    assert!(state(&w, 5).due.is_some());
}

#[test]
fn a_recall_from_before_the_talk_takes_no_other_recalls_place_away() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let early = w.id();
    let first = put_first(&mut w, 7);
    w.pass(1_000);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(11_500);
    put_second(&mut w, first);
    let command = w.answer_to(s, card_id(1, 7), 3);
    w.send(s, early, command);
    w.commit();
    let after = state(&w, 7);
    assert!(after.due.is_some() && after.told_on.is_none(), "{after:?}");
    w.memory_is_the_fold();
}

#[test]
fn a_second_vote_is_told_whatever_else_is_done_to_its_card_before_it_arrives() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let first = put_first(&mut w, 7);
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    let before = state(&w, 7);
    w.pass(11_500);
    put_second(&mut w, first);
    let vote = w.id();
    w.pass(1_000);
    w.set(s, card_id(1, 7), SetChange::Flag(1));
    w.commit();
    let command = w.answer_to(s, card_id(1, 7), 4);
    w.send(s, vote, command);
    w.commit();
    assert!(w.store.log[&vote].review().unwrap().told);
    let after = state(&w, 7);
    assert_eq!((after.due, after.sm2, after.memory), (before.due, before.sm2, before.memory));
    w.memory_is_the_fold();
}

#[test]
fn the_sibling_of_a_card_that_was_told_rests_that_day_too() {
    for buries in [true, false] {
        let deck = decks::draft(1, 10).in_pairs().settings(|s| s.bury_siblings = buries).build();
        let mut w = World::new([deck]);
        let s = w.studying(Start { window: 2, ..start(1) });
        put_again(&mut w, 7, 0);
        w.answer(s, card_id(1, 7), 4);
        w.commit();
        take_away(&mut w);
        w.study_out(s, 5);
        assert_eq!((state(&w, 6).answers == 0, state(&w, 8).answers), (buries, 1));
    }
}

#[test]
fn between_the_votes_an_answer_is_an_ordinary_one() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    put_first(&mut w, 7);
    w.pass(11_500);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    assert!(state(&w, 7).due.is_some(), "late for the first vote, before anybody has talked");
}

#[test]
fn whoever_has_extra_time_is_scheduled_by_the_first_vote_while_it_is_open_for_them() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    put_again(&mut w, 7, 100);
    let shown = w.clients[&s].shown[&card_id(1, 7)].kind;
    assert_eq!(shown, Kind::New);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    let first = state(&w, 7);
    assert!(first.due.is_some() && first.told_on.is_none());
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    w.pass(300);
    assert_eq!(said(&w), [(Round::First, Said::Grade(4)), (Round::Second, Said::Grade(1))]);
    let second = state(&w, 7);
    assert_eq!((second.due, second.memory), (first.due, first.memory));
}

#[test]
fn a_second_vote_that_is_taken_back_may_be_given_again() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    put_again(&mut w, 7, 0);
    let vote = w.answer(s, card_id(1, 7), 1);
    w.commit();
    w.undo(s, vote);
    w.commit();
    assert_eq!(state(&w, 7), CardState { last: state(&w, 7).last, ..CardState::NEW });
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    assert_eq!(said(&w), [(Round::Second, Said::Grade(4))]);
    assert_eq!((state(&w, 7).due, state(&w, 7).answers), (None, 1));
    w.memory_is_the_fold();
}

#[test]
fn what_is_typed_in_a_second_vote_schedules_nothing_either() {
    let mut w = World::new([decks::draft(1, 9).settings(|settings| settings.mode = Mode::Type).build()]);
    let s = w.studying(start(1));
    put_again(&mut w, 7, 0);
    let (id, seq) = w.types(s, card_id(1, 7), "something else");
    w.commit();
    assert_eq!(w.verdict(s, seq), Some(Ok(())));
    assert!(w.store.log[&id].review().unwrap().told);
    assert_eq!(state(&w, 7).due, None);
}
