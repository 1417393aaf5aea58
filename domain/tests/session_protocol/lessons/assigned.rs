//! What is assigned, and a pause.

use super::*;

#[test]
fn what_is_assigned_comes_next_beyond_the_days_limits() {
    let deck = decks::draft(1, 9).settings(|settings| settings.new_per_day = 2).build();
    let mut w = World::new([deck, plain(2, 5)]);
    let s = w.studying(start(1));
    let me = w.session.user();
    let list = vec![assigned(2, &[], &[me]), assigned(1, &[card_id(1, 8)], &[])];
    tell(&mut w, 1, Document { assigned: list, ..document(1, LessonState::Open) });
    assert!(change(&w.take(s), Reason::Assigned).is_some());
    let mut order = Vec::new();
    for _ in 0..9 {
        let Some(card) = w.held(s).first().copied() else { break };
        order.push(card);
        w.answer(s, card, 5);
        w.commit();
        w.take(s);
    }
    let twos: Vec<CardId> = (0..5).map(|n| card_id(2, n)).collect();
    assert_eq!(order.iter().filter(|card| twos.contains(card)).count(), 5, "{order:?}");
    assert!(order.contains(&card_id(1, 8)), "beyond the two new ones of the day: {order:?}");
    // Somebody else's is nobody's here.
    let to = [UserId::from_u128(1)];
    let list = vec![assigned(1, &[card_id(1, 7)], &to)];
    tell(&mut w, 2, Document { assigned: list, ..document(2, LessonState::Open) });
    assert_eq!(cards(&w.take(s)), []);
}

#[test]
fn a_named_card_that_is_not_due_comes_once_beyond_the_schedule() {
    let mut w = World::new([plain(1, 3)]);
    let s = w.studying(start(1));
    for card in 0..3 {
        w.answer(s, card_id(1, card), 5);
    }
    w.commit();
    w.pass(2_000);
    w.take(s);
    let list = vec![assigned(1, &[card_id(1, 1)], &[])];
    let later = Told {
        opened_ms: w.now.wall_ms,
        ..told(&w, 1, Document { assigned: list, ..document(1, LessonState::Open) })
    };
    w.input(Input::Class(Arc::new(later)));
    let shown = w
        .take(s)
        .into_iter()
        .find_map(|frame| if let Frame::Card(shown) = frame { Some((shown.card, shown.kind)) } else { None });
    assert_eq!(shown, Some((card_id(1, 1), Kind::Extra)));
    let before = due(&w, 1);
    w.answer(s, card_id(1, 1), 5);
    w.commit();
    assert_eq!(cards(&w.take(s)), []);
    assert_eq!(due(&w, 1), before);
}

#[test]
fn a_named_card_comes_once_however_many_cards_the_lesson_has() {
    let count = CARDS_PER_SEAT as u128 + 44;
    let deck = decks::draft(1, count).settings(|settings| settings.new_per_day = 9_999).build();
    let mut w = World::new([deck]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Open));
    for card in 0..count {
        w.answer(s, card_id(1, card), 5);
        w.commit();
    }
    w.take(s);
    let named = [card_id(1, 1), card_id(1, count - 1)];
    let list = vec![assigned(1, &named, &[])];
    tell(&mut w, 2, Document { assigned: list, ..document(2, LessonState::Open) });
    assert_eq!(cards(&w.take(s)), [], "both were answered in the lesson");
}

#[test]
fn nothing_of_the_lesson_is_dealt_while_it_is_paused() {
    let mut w = World::new([plain(1, 30)]);
    let s = w.studying(start(1));
    tell(&mut w, 1, document(1, LessonState::Paused));
    w.take(s);
    let held = w.held(s);
    for card in held {
        w.answer(s, card, 5);
    }
    w.commit();
    let frames = w.take(s);
    assert_eq!(cards(&frames), []);
    assert!(!frames.iter().any(|frame| matches!(frame, Frame::Done(_))), "more will come");
    tell(&mut w, 2, document(2, LessonState::Open));
    assert!(!cards(&w.take(s)).is_empty());
}

#[test]
fn a_deck_that_is_assigned_and_not_in_memory_is_read_for_it() {
    let mut w = World::new([plain(1, 9), plain(2, 5)]);
    let s = w.open();
    w.start(s, domain::session::Start { decks: Some(vec![deck_id(1)]), ..start(3) });
    w.take(s);
    let list = vec![assigned(2, &[card_id(2, 2)], &[w.session.user()])];
    tell(&mut w, 1, Document { assigned: list, ..document(1, LessonState::Open) });
    w.answer(s, card_id(1, 0), 5);
    w.commit();
    assert_eq!(cards(&w.take(s)), [card_id(2, 2)]);
}
