//! The desk, one promise at a time.

use super::*;
use protocol::{CardState, Command, Kind, Outcome, Undo};

fn card(n: u128, front: &str) -> Arc<Card> {
    Arc::new(Card {
        card_id: Uuid::from_u128(n),
        deck_id: Uuid::nil(),
        kind: Kind::New,
        mode: Mode::Flip,
        front: front.into(),
        back: Some("back".into()),
        hint: None,
        explanation: None,
        choices: vec![],
        media: vec![],
        state: CardState { reps: 0, interval_days: 0, ease: 250, due: None, lapses: 0, recall: None },
        if_graded: [Outcome { days: 1, again_today: false }; 6],
        left: None,
        saved: None,
    })
}

fn held(cards: &[u128]) -> Event {
    Event::Held(cards.iter().map(|n| card(*n, "front")).collect())
}

fn on_screen(desk: &Desk) -> Option<u128> {
    desk.card.as_ref().map(|card| card.card_id.as_u128())
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn answer(desk: &mut Desk, tick_ms: u64, grade: u8, as_id: u128) -> Shown {
    desk.key(tick_ms, Key::Flip);
    let deed = desk.key(tick_ms, Key::Grade(grade)).unwrap();
    desk.did(&deed, id(as_id));
    match deed.clone() {
        Deed::Answer(shown, _) => shown,
        Deed::Set(..) | Deed::Undo(_) | Deed::Retry => panic!("{deed:?}"),
    }
}

#[test]
fn a_card_is_graded_only_after_it_was_turned() {
    let mut desk = Desk::new();
    assert_eq!(desk.key(0, Key::Grade(4)), None, "there is no card");
    desk.event(0, held(&[1]));
    assert_eq!(desk.key(10, Key::Grade(4)), None, "this only turns it");
    assert!(desk.flipped);
    assert!(matches!(desk.key(900, Key::Grade(4)), Some(Deed::Answer(shown, _)) if shown.elapsed_ms == 900));
}

#[test]
fn the_next_card_is_there_before_the_verdict_and_not_turned() {
    let mut desk = Desk::new();
    desk.event(0, held(&[1, 2]));
    answer(&mut desk, 100, 5, 11);
    desk.event(150, held(&[2]));
    assert_eq!((on_screen(&desk), desk.flipped, desk.unsaved), (Some(2), false, 1));
    let shown = answer(&mut desk, 450, 1, 12);
    assert_eq!((shown.card_id, shown.elapsed_ms), (id(2), 300));
    assert_eq!((desk.answered, desk.correct, desk.unsaved), (2, 1, 2));
}

#[test]
fn an_answered_card_does_not_come_back_with_what_was_said_before_the_answer() {
    let mut desk = Desk::new();
    desk.event(0, held(&[1]));
    answer(&mut desk, 0, 4, 11);
    desk.event(1, held(&[1, 2]));
    assert_eq!(on_screen(&desk), Some(2), "said before the answer was known");
    desk.event(2, held(&[2]));
    desk.event(3, held(&[1, 2]));
    assert_eq!(on_screen(&desk), Some(1), "an undo or a drill brings it back");
}

#[test]
fn an_undo_takes_back_the_last_deed_and_what_it_counted() {
    let mut desk = Desk::new();
    assert_eq!(desk.key(0, Key::Undo), None);
    desk.event(0, held(&[1, 2]));
    answer(&mut desk, 0, 4, 11);
    desk.event(0, held(&[2]));
    answer(&mut desk, 0, 0, 12);
    assert_eq!(desk.key(0, Key::Undo), Some(Deed::Undo(id(12))));
    assert_eq!((desk.answered, desk.correct), (1, 1));
    desk.event(0, Event::Renamed { from: id(11), to: id(13) });
    assert_eq!(desk.key(0, Key::Undo), Some(Deed::Undo(id(13))));
    assert_eq!((desk.answered, desk.correct), (0, 0));
}

#[test]
fn the_next_answer_waits_until_an_undo_or_a_set_has_settled() {
    for (key, settles) in [
        (Key::Undo, Event::Saved { id: id(20), unsaved: 0 }),
        (Key::Suspend, Event::Busy { id: id(20), retry_in_ms: 5 }),
        (
            Key::Undo,
            Event::Refused(client::SetAside {
                command: Command { id: id(20), body: Body::Undo(Undo { of: id(1) }) },
                code: "undo_too_old".into(),
                message: "too old".into(),
            }),
        ),
    ] {
        let mut desk = Desk::new();
        desk.event(0, held(&[1, 2]));
        answer(&mut desk, 0, 4, 11);
        desk.event(0, held(&[2]));
        let deed = desk.key(0, key).unwrap();
        desk.did(&deed, id(20));
        desk.event(0, held(&[2, 3]));
        assert!(!desk.is_ready());
        desk.event(0, settles);
        assert!(desk.is_ready());
    }
}

#[test]
fn leaving_waits_for_what_is_not_saved_unless_asked_twice() {
    let mut desk = Desk::new();
    desk.event(0, held(&[1]));
    answer(&mut desk, 0, 4, 11);
    desk.key(0, Key::Quit);
    assert!(!desk.is_over());
    desk.event(0, Event::Saved { id: id(11), unsaved: 0 });
    assert!(desk.is_over());
    desk.event(0, Event::Unsaved(1));
    desk.key(0, Key::Quit);
    assert!(desk.is_over());
}

#[test]
fn a_card_that_was_edited_is_shown_from_its_front_again() {
    let mut desk = Desk::new();
    desk.event(0, held(&[1]));
    desk.key(0, Key::Flip);
    desk.event(0, held(&[1, 2]));
    assert!(desk.flipped, "another card ahead changes nothing");
    desk.event(0, Event::Held(vec![card(1, "mended")]));
    assert!(!desk.flipped);
}

fn asked(n: u128, mode: Mode, choices: &[&str]) -> Event {
    let mut card = Card::clone(&card(n, "front"));
    (card.mode, card.back) = (mode, None);
    card.choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
    Event::Held(vec![Arc::new(card)])
}

fn types(desk: &mut Desk, text: &str) -> Option<Deed> {
    for letter in text.chars() {
        assert_eq!(desk.key(0, Key::Letter(letter)), None);
    }
    desk.key(0, Key::Enter)
}

fn reply(deed: &Deed) -> Reply {
    match deed {
        Deed::Answer(_, reply) => reply.clone(),
        Deed::Set(..) | Deed::Undo(_) | Deed::Retry => panic!("{deed:?}"),
    }
}

#[test]
fn an_answer_is_typed_and_what_is_near_is_asked_once_more_with_the_first_text() {
    let mut desk = Desk::new();
    desk.event(0, asked(1, Mode::Type, &[]));
    desk.key(0, Key::Letter('q'));
    desk.key(0, Key::Erase);
    let deed = types(&mut desk, "Rgia").unwrap();
    assert_eq!(reply(&deed), Reply::Response(Response::Text("Rgia".into())));
    desk.did(&deed, id(11));
    let answer = protocol::Answer {
        deck_id: id(0),
        card_id: id(1),
        reply: reply(&deed),
        elapsed_ms: 0,
        sitting: None,
        confidence: None,
        early: false,
    };
    let command = Command { id: id(11), body: Body::Answer(answer) };
    let aside = client::SetAside { command, code: "near".into(), message: "almost".into() };
    desk.event(0, Event::Refused(aside));
    desk.event(0, asked(1, Mode::Type, &[]));
    assert_eq!((desk.message.as_deref(), on_screen(&desk)), (Some("almost"), Some(1)));
    let deed = types(&mut desk, "Riga").unwrap();
    assert_eq!(reply(&deed), Reply::Again { first: "Rgia".into(), text: "Riga".into() });
    desk.did(&deed, id(12));
    let result = protocol::GradedResult::Near;
    let graded =
        Graded { id: id(12), card_id: id(1), result, grade: 3, back: "Riga".into(), explanation: None };
    desk.event(0, Event::Graded(graded.clone()));
    desk.event(0, Event::Graded(graded));
    assert_eq!((desk.answered, desk.correct, desk.message.as_deref()), (1, 1, Some("right: Riga")));
}

#[test]
fn a_choice_is_taken_by_its_number() {
    let mut desk = Desk::new();
    desk.event(0, asked(1, Mode::Choose, &["Oslo", "Riga"]));
    assert_eq!(desk.key(0, Key::Letter('3')), None);
    let deed = desk.key(0, Key::Letter('2')).unwrap();
    assert_eq!(reply(&deed), Reply::Response(Response::Text("Riga".into())));
}
