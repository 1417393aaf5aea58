//! The question that is put to the class, and votes on it.

use super::*;

#[test]
fn the_card_that_is_put_to_the_class_comes_at_once_and_its_first_answer_is_the_vote() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Open));
    w.take(s);
    let put = ask(7, Round::First, w.now.wall_ms);
    tell(&mut w, 2, Document { ask: Some(put), ..document(2, LessonState::Open) });
    assert_eq!(cards(&w.take(s)), [card_id(1, 7)]);
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    w.pass(2_000);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    let votes = &newest(&w).figures.votes;
    assert_eq!(votes.iter().map(|vote| vote.said).collect::<Vec<_>>(), [Said::Grade(1)]);
}

#[test]
fn of_two_lessons_over_a_deck_the_later_one_counts_and_a_question_has_its_vote() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let other = ClassId::from_u128(0xb);
    let put = ask(7, Round::First, w.now.wall_ms);
    let late = Told { opened_ms: NOON_MS - 1_000, ..told(&w, 1, document(1, LessonState::Open)) };
    let early = |w: &World, n, ask: Option<Ask>| {
        let document = Document { class: other, ask, ..document(n, LessonState::Open) };
        Told { opened_ms: NOON_MS - 7_200_000, ..told(w, n, document) }
    };
    for told in [early(&w, 1, None), late.clone()] {
        w.input(Input::Class(Arc::new(told)));
    }
    let class_of_newest = |w: &World| w.store.log.values().next_back().unwrap().review().unwrap().class;
    w.answer(s, card_id(1, 0), 4);
    w.commit();
    assert_eq!(class_of_newest(&w), Some(CLASS));
    w.input(Input::Class(Arc::new(early(&w, 2, Some(put)))));
    w.take(s);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    assert_eq!(class_of_newest(&w), Some(other), "who asked has the vote");
    let both = Document { ask: Some(put), ..document(2, LessonState::Open) };
    w.input(Input::Class(Arc::new(Told { at: (1, 2), rounds: vec![put], document: Arc::new(both), ..late })));
    assert!(cards(&w.take(s)).contains(&card_id(1, 7)), "the other asks too");
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    assert_eq!(class_of_newest(&w), Some(CLASS));
    assert!(!cards(&w.take(s)).contains(&card_id(1, 7)), "and both are answered");
}

#[test]
fn whoever_connects_while_a_question_is_open_gets_it_and_a_late_answer_is_no_vote() {
    let mut w = World::new([plain(1, 9)]);
    let put = ask(7, Round::First, w.now.wall_ms);
    tell(&mut w, 1, Document { ask: Some(put), ..document(1, LessonState::Open) });
    let s = w.open();
    w.start(s, start(1));
    assert!(cards(&w.take(s)).contains(&card_id(1, 7)));
    w.pass(11_001);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    assert_eq!(newest(&w).figures.votes, []);
    assert_eq!(newest(&w).figures.answered, 1, "it is an ordinary answer");
}

#[test]
fn a_vote_may_be_taken_back_until_the_close_and_not_after_it() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let put = ask(7, Round::First, w.now.wall_ms);
    tell(&mut w, 1, Document { ask: Some(put), ..document(1, LessonState::Open) });
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    let vote = *w.store.log.keys().next_back().unwrap();
    let undo = |w: &mut World, of: EntryId| {
        let id = w.id();
        let seq = w.send(s, id, Command::Undo { of });
        w.commit();
        w.verdict(s, seq)
    };
    assert_eq!(undo(&mut w, vote), Some(Ok(())));
    w.pass(300);
    assert_eq!(newest(&w).figures.votes, []);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    let vote = *w.store.log.keys().next_back().unwrap();
    w.pass(10_001);
    assert_eq!(undo(&mut w, vote), Some(Err(Refusal::AskClosed)));
    // Also when the question is gone from the screens.
    tell(&mut w, 2, document(2, LessonState::Open));
    assert_eq!(undo(&mut w, vote), Some(Err(Refusal::AskClosed)));
}

#[test]
fn a_vote_that_is_closed_early_stands_and_what_comes_later_is_an_ordinary_answer() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let put = ask(7, Round::First, w.now.wall_ms);
    tell(&mut w, 1, Document { ask: Some(put), ..document(1, LessonState::Open) });
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    let vote = *w.store.log.keys().next_back().unwrap();
    w.pass(3_000);
    let closed = Ask { closes_ms: w.now.wall_ms - 1, ..put };
    tell(&mut w, 2, Document { ask: Some(closed), ..document(2, LessonState::Open) });
    let id = w.id();
    let seq = w.send(s, id, Command::Undo { of: vote });
    w.commit();
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::AskClosed)));
    w.pass(1_500);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    let said: Vec<_> = newest(&w).figures.votes.iter().map(|vote| vote.said).collect();
    assert_eq!((said, newest(&w).figures.answered), (vec![Said::Grade(1)], 2));
}

#[test]
fn a_second_vote_has_its_own_answer_and_moves_no_due_day() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let first = ask(7, Round::First, w.now.wall_ms);
    tell(&mut w, 1, Document { ask: Some(first), ..document(1, LessonState::Open) });
    w.answer(s, card_id(1, 7), 5);
    w.commit();
    let before = due(&w, 7);
    w.pass(11_000);
    let second = ask(7, Round::Second, w.now.wall_ms);
    let put = Document { ask: Some(second), ..document(2, LessonState::Open) };
    w.take(s);
    let both = Told { rounds: vec![first, second], ..told(&w, 2, put) };
    w.input(Input::Class(Arc::new(both)));
    assert_eq!(cards(&w.take(s)), [card_id(1, 7)], "it comes again");
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    let said: Vec<_> = newest(&w).figures.votes.iter().map(|vote| (vote.round, vote.said)).collect();
    assert_eq!(said, [(Round::First, Said::Grade(5)), (Round::Second, Said::Grade(4))]);
    assert_eq!(due(&w, 7), before);
}

#[test]
fn however_often_the_card_is_answered_the_vote_is_the_first() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let put = ask(7, Round::First, w.now.wall_ms);
    tell(&mut w, 1, Document { ask: Some(put), ..document(1, LessonState::Open) });
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    let first = *w.store.log.keys().next_back().unwrap();
    for _ in 0..ASK_ANSWERS_KEPT * 2 {
        w.pass(100);
        w.answer(s, card_id(1, 7), 4);
        w.commit();
    }
    w.pass(300);
    let votes = |w: &World| newest(w).figures.votes.iter().map(|vote| vote.said).collect::<Vec<_>>();
    assert_eq!(votes(&w), [Said::Grade(1)]);
    w.pass(10_001);
    let id = w.id();
    let seq = w.send(s, id, Command::Undo { of: first });
    w.commit();
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::AskClosed)));
}

#[test]
fn an_answer_while_both_rounds_are_open_is_the_vote_of_one() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let slow = |w: &World, told: Told| Told {
        students: Arc::new(BTreeMap::from([(w.session.user(), 100)])),
        ..told
    };
    let first = ask(7, Round::First, w.now.wall_ms);
    let put = told(&w, 1, Document { ask: Some(first), ..document(1, LessonState::Open) });
    w.input(Input::Class(Arc::new(slow(&w, put))));
    w.pass(11_000);
    let second = ask(7, Round::Second, w.now.wall_ms);
    let put = Document { ask: Some(second), ..document(2, LessonState::Open) };
    let both = Told { rounds: vec![first, second], ..told(&w, 2, put) };
    w.input(Input::Class(Arc::new(slow(&w, both))));
    w.take(s);
    let said = |w: &World| -> Vec<_> {
        newest(w).figures.votes.iter().map(|vote| (vote.round, vote.said)).collect()
    };
    w.answer(s, card_id(1, 7), 1);
    w.commit();
    w.pass(300);
    assert_eq!(said(&w), [(Round::First, Said::Grade(1))]);
    assert!(w.held(s).contains(&card_id(1, 7)), "it is asked again");
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    assert_eq!(said(&w), [(Round::First, Said::Grade(1)), (Round::Second, Said::Grade(4))]);
}

#[test]
fn whoever_has_extra_time_votes_later() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(start(1));
    let put = ask(7, Round::First, w.now.wall_ms);
    let slow = Told {
        students: Arc::new(BTreeMap::from([(w.session.user(), 100)])),
        ..told(&w, 1, Document { ask: Some(put), ..document(1, LessonState::Open) })
    };
    w.input(Input::Class(Arc::new(slow)));
    w.pass(15_000);
    w.answer(s, card_id(1, 7), 4);
    w.commit();
    w.pass(300);
    assert_eq!(newest(&w).figures.votes.len(), 1);
}
