//! Modes `type` and `choose`: what is shown, what a response becomes, and that it becomes the same wherever it comes again.

use crate::world::client::{Frame, change};
use crate::world::decks::draft;
use crate::world::*;
use domain::check::Slip;
use domain::check::choices::Choices;
use domain::check::later::response_digest;
use domain::check::trial::TrialResult;
use domain::entry::Mode;
use domain::ids::EntryId;
use domain::session::{Asked, Command, Reason, Refusal, Response, SocketId, Start};
use std::sync::Arc;

fn typing() -> Start {
    Start { mode: Some(Mode::Type), ..start(1) }
}

fn choosing() -> Start {
    Start { mode: Some(Mode::Choose), ..start(1) }
}

fn graded(frames: &[Frame]) -> Vec<(EntryId, TrialResult, u8)> {
    let of = |frame: &Frame| {
        let Frame::Graded { id, result, grade, .. } = frame else { return None };
        Some((*id, *result, grade.number()))
    };
    frames.iter().filter_map(of).collect()
}

fn asked(w: &World, socket: SocketId, n: u128) -> Asked {
    w.clients[&socket].shown[&card_id(1, n)].asked.clone()
}

fn choices(w: &World, socket: SocketId, n: u128) -> Arc<Choices> {
    match asked(w, socket, n) {
        Asked::Choose(choices) => choices,
        other @ (Asked::Flip | Asked::Type) => panic!("not to choose: {other:?}"),
    }
}

#[test]
fn what_is_typed_gets_its_grade_at_once_and_the_next_card_after_it() {
    let mut w = World::new([plain(1, 6)]);
    let s = w.studying(typing());
    assert_eq!(asked(&w, s, 0), Asked::Type);
    for (n, text, result, grade) in [
        (0, "Answer 0!", TrialResult::Right, 4),
        (1, "something else", TrialResult::Wrong, 1),
        (2, "  ", TrialResult::Wrong, 0),
    ] {
        let (id, seq) = w.types(s, card_id(1, n), text);
        let frames = w.take(s);
        assert_eq!(graded(&frames), [(id, result, grade)]);
        let card = frames.iter().position(|frame| matches!(frame, Frame::Card(_)));
        assert!(card.is_none_or(|at| at > 0), "the next card comes after it");
        assert_eq!(w.verdict(s, seq), None, "it is not durable yet");
        w.commit();
        assert_eq!(w.verdict(s, seq), Some(Ok(())));
        let review = *w.store.log[&id].review().unwrap();
        assert_eq!((review.mode, review.grade.number()), (Mode::Type, grade));
        assert_eq!(review.response, Some(response_digest(text)));
    }
    w.memory_is_the_fold();
}

#[test]
fn what_is_near_is_refused_is_not_logged_and_is_asked_once_more() {
    let mut w = World::new([plain(1, 6)]);
    let s = w.studying(typing());
    let (_, seq) = w.types(s, card_id(1, 0), "answr 0");
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::Near(Slip::Typing))));
    assert!(Refusal::Near(Slip::Typing).is_final());
    assert!(w.held(s).contains(&card_id(1, 0)), "the card stays");
    assert_eq!(w.session.pending_entries().count(), 0);
    let right = Response::Text("answer 0".into());
    let (id, _) = w.responds(s, card_id(1, 0), right, Some("answr 0"));
    assert_eq!(graded(&w.take(s)), [(id, TrialResult::Near, 3)]);
    // Near twice, and near and then wrong.
    for (n, again, grade) in [(1, "answeer 1", 2), (2, "other", 1)] {
        let first = format!("answr {n}");
        w.types(s, card_id(1, n), &first);
        let (id, _) = w.responds(s, card_id(1, n), Response::Text(again.into()), Some(&first));
        assert_eq!(graded(&w.take(s)), [(id, TrialResult::Wrong, grade)]);
    }
    w.commit();
    w.memory_is_the_fold();
}

#[test]
fn leaving_out_that_it_was_near_or_claiming_it_changes_no_grade_for_the_better() {
    let mut w = World::new([plain(1, 6)]);
    let s = w.studying(typing());
    w.types(s, card_id(1, 0), "answr 0");
    let (id, _) = w.types(s, card_id(1, 0), "answer 0");
    assert_eq!(graded(&w.take(s)), [(id, TrialResult::Near, 3)], "it was near before");
    let (id, _) = w.responds(s, card_id(1, 1), Response::Text("answer 1".into()), Some("nonsense"));
    assert_eq!(graded(&w.take(s)), [(id, TrialResult::Wrong, 1)], "the first was wrong");
}

#[test]
fn a_response_that_comes_again_is_told_the_same_wherever_it_comes() {
    let mut w = World::new([plain(1, 6)]);
    let s = w.studying(typing());
    let right = Response::Text("answer 0".into());
    let command = w.response_to(s, card_id(1, 0), right, Some("answr 0"));
    let id = w.id();
    w.send(s, id, command.clone());
    // On its way, on another socket; then durable; then after a restart, before any `start`.
    let b = w.open();
    let seq = w.send(b, id, command.clone());
    assert_eq!(graded(&w.take(b)), [(id, TrialResult::Near, 3)]);
    assert_eq!(w.verdict(b, seq), None);
    w.commit();
    assert_eq!(w.verdict(b, seq), Some(Ok(())));
    let seq = w.send(s, id, command.clone());
    assert_eq!((w.verdict(s, seq), graded(&w.take(s)).len()), (Some(Ok(())), 2));
    w.crash();
    let c = w.open();
    let seq = w.send(c, id, command.clone());
    assert_eq!(w.verdict(c, seq), Some(Ok(())));
    assert_eq!(graded(&w.take(c)), [(id, TrialResult::Near, 3)]);
    assert_eq!(w.store.log.len(), 1);
    // Another text under the id is another thing.
    let other = w.response_to(s, card_id(1, 0), Response::Text("answer 1".into()), None);
    let seq = w.send(c, id, other);
    assert_eq!(w.verdict(c, seq), Some(Err(Refusal::IdReused)));
    let grade = w.answer_to(c, card_id(1, 0), 4);
    let seq = w.send(c, id, grade);
    assert_eq!(w.verdict(c, seq), Some(Err(Refusal::IdReused)));
}

#[test]
fn a_response_that_the_crash_swallowed_is_checked_by_a_session_that_never_dealt_the_card() {
    for start in [typing(), choosing()] {
        let mut w = World::new([plain(1, 6)]);
        let s = w.studying(start.clone());
        let response = match asked(&w, s, 0) {
            Asked::Choose(choices) => Response::Choice(choices.right as u16),
            Asked::Type | Asked::Flip => Response::Text("answer 0".into()),
        };
        let command = w.response_to(s, card_id(1, 0), response, None);
        let id = w.id();
        w.send(s, id, command.clone());
        assert_eq!(graded(&w.take(s)), [(id, TrialResult::Right, 4)]);
        w.crash();
        assert!(w.store.log.is_empty());
        let again = w.open();
        w.send(again, id, command);
        assert_eq!(graded(&w.take(again)), [(id, TrialResult::Right, 4)]);
        w.commit();
        assert_eq!(w.store.log[&id].review().unwrap().mode, start.mode.unwrap());
    }
}

#[test]
fn among_choices_the_place_or_the_text_answers_and_the_same_ones_come_again_until_then() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(choosing());
    let first = choices(&w, s, 0);
    assert_eq!(first.texts.len(), 4);
    assert_eq!(first.texts[first.right], "answer 0");
    w.close(s);
    let s = w.studying(choosing());
    assert_eq!(choices(&w, s, 0), first, "a reload shows the same");
    let (id, _) = w.responds(s, card_id(1, 0), Response::Choice(first.right as u16), None);
    assert_eq!(graded(&w.take(s)), [(id, TrialResult::Right, 4)]);
    let second = choices(&w, s, 1);
    let wrong = second.texts.iter().find(|text| *text != "answer 1").unwrap().clone();
    let (id, _) = w.responds(s, card_id(1, 1), Response::Text(wrong.clone()), None);
    assert_eq!(graded(&w.take(s)), [(id, TrialResult::Wrong, 1)]);
    w.commit();
    let review = *w.store.log[&id].review().unwrap();
    assert_eq!((review.mode, review.response), (Mode::Choose, Some(response_digest(&wrong))));
    let known = w.session.wrong_text(card_id(1, 1), response_digest(&wrong));
    assert_eq!(known.map(|text| &**text), Some(wrong.as_str()));
    let (_, seq) = w.responds(s, card_id(1, 2), Response::Choice(9), None);
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::Malformed)));
    w.memory_is_the_fold();
}

#[test]
fn an_edit_of_another_card_leaves_the_choices_that_were_shown() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(choosing());
    let shown = choices(&w, s, 0);
    w.edit(deck_id(1), |draft| {
        for card in &mut draft.cards[1..] {
            card.texts = Arc::new(domain::deck::PlainTexts {
                front: "another".into(),
                answers: vec![format!("new {}", card.id)],
            });
        }
    });
    let (id, _) = w.responds(s, card_id(1, 0), Response::Choice(shown.right as u16), None);
    assert_eq!(graded(&w.take(s)), [(id, TrialResult::Right, 4)]);
}

#[test]
fn grades_and_responses_are_not_offered_where_the_other_is_asked() {
    let mut w = World::new([plain(1, 6)]);
    let s = w.studying(typing());
    let id = w.answer(s, card_id(1, 0), 5);
    let refused = w.take(s).into_iter().find_map(|frame| {
        let Frame::Refused { id, refusal, .. } = frame else { return None };
        Some((id, refusal))
    });
    assert_eq!(refused, Some((id, Refusal::NotOffered)));
    let (_, seq) = w.responds(s, card_id(1, 0), Response::Choice(0), None);
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::NotOffered)), "nothing was shown to choose from");
    w.start(s, start(2));
    let (_, seq) = w.types(s, card_id(1, 0), "answer 0");
    assert_eq!(w.verdict(s, seq), Some(Err(Refusal::NotOffered)));
    // Of a card that it does not hold nobody knows any more how it was asked.
    let (_, seq) = w.types(s, card_id(1, 5), "answer 5");
    w.answer(s, card_id(1, 4), 4);
    w.commit();
    assert_eq!(w.verdict(s, seq), Some(Ok(())));
    assert_eq!(w.store.log.len(), 2);
}

#[test]
fn a_card_is_asked_as_its_deck_says_and_as_far_as_it_can_be() {
    let of = |mode: Mode| {
        let nothing = |texts: &mut domain::deck::CardMeta| texts.texts = Arc::default();
        let mut cards = draft(1, 2).settings(|s| s.mode = mode).cards(|cards| nothing(&mut cards[1]));
        cards.settings.new_per_day = 9;
        let mut w = World::new([cards.build()]);
        let s = w.studying(start(1));
        [asked(&w, s, 0), asked(&w, s, 1)]
    };
    assert_eq!(of(Mode::Flip), [Asked::Flip, Asked::Flip]);
    assert_eq!(of(Mode::Type), [Asked::Type, Asked::Flip]);
    assert_eq!(of(Mode::Choose), [Asked::Type, Asked::Flip], "nothing surely wrong stands beside it");
}

#[test]
fn an_undo_brings_the_question_back_as_it_was_asked() {
    let mut w = World::new([plain(1, 9)]);
    let s = w.studying(choosing());
    let shown = choices(&w, s, 0);
    let (id, _) = w.responds(s, card_id(1, 0), Response::Choice(shown.right as u16), None);
    w.take(s);
    w.undo(s, id);
    let card = change(&w.take(s), Reason::Undone).and_then(|change| change.card).expect("it is back");
    assert_eq!(card.asked, Asked::Choose(shown));
    w.commit();
    w.memory_is_the_fold();
    let command = Command::Undo { of: id };
    let again = w.id();
    let seq = w.send(s, again, command);
    w.commit();
    assert_eq!(w.verdict(s, seq), Some(Ok(())));
}

#[test]
fn of_wrong_texts_so_many_are_remembered_and_long_ones_are_cut() {
    let mut w = World::new([plain(1, 60)]);
    let s = w.studying(typing());
    for n in 0..40 {
        w.types(s, card_id(1, n), &format!("wrong {n} {}", "ä".repeat(400)));
    }
    let text = |n: u128| response_digest(&format!("wrong {n} {}", "ä".repeat(400)));
    assert_eq!(w.session.wrong_text(card_id(1, 0), text(0)), None);
    let known = w.session.wrong_text(card_id(1, 39), text(39)).expect("remembered");
    assert!(known.starts_with("wrong 39 ä") && known.len() <= domain::limits::WRONG_ANSWER_BYTES);
    assert!(domain::check::later::is_cut(known));
}
