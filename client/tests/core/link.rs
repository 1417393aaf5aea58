//! The connection: what is said first, when to come back, when to stay away.

use crate::script::{Script, closed, saved, start};
use client::{Action, Event, Input, Stopped};
use protocol::{
    Body, ChangeReason, Changed, ClientFrame, Command, ErrorCode, ErrorFrame, Goodbye, Numbered, Queue,
    ServerFrame,
};

#[test]
fn nothing_is_sent_before_welcome_but_hello() {
    let mut script = Script::new();
    script.answer(1);
    script.core.start(script.now, start(5), &mut Vec::new());
    script.input(Input::Tick);
    assert_eq!(script.sent(), []);
    script.input(Input::Connected);
    script.answer(2);
    assert!(matches!(script.sent()[..], [ClientFrame::Hello(_)]));
    script.live();
    let sent = script.sent();
    assert!(
        matches!(sent[..], [ClientFrame::Command(_), ClientFrame::Command(_), ClientFrame::Start(_)]),
        "the outbox first, oldest id first, then start: {sent:?}"
    );
}

#[test]
fn close_codes_say_whether_and_when_to_come_back() {
    for (code, waits_ms) in
        [(4408, Some(500)), (1001, Some(500)), (4413, Some(300_500)), (4510, None), (4508, None)]
    {
        let mut script = Script::new();
        script.live().input(closed(code));
        let deadline = script.core.next_deadline();
        match waits_ms {
            Some(waits_ms) => {
                assert!(deadline.is_some_and(|at| at <= waits_ms && at >= waits_ms / 2), "{code}")
            }
            None => {
                assert_eq!(deadline, None, "{code}");
                assert!(
                    script
                        .events()
                        .contains(&Event::Stopped(Stopped::ClosedFor { code, reason: "x".into() }))
                );
            }
        }
    }
}

#[test]
fn an_expired_token_is_renewed_before_the_client_comes_back() {
    let mut script = Script::new();
    script.live().actions();
    script.input(closed(4401));
    assert!(script.actions().contains(&Action::GetToken));
    assert_eq!(script.core.next_deadline(), None);
    script.input(Input::Token(Ok("fresh".into()))).after(1_000).input(Input::Connected);
    let sent = script.sent();
    assert!(matches!(&sent[..], [ClientFrame::Hello(hello)] if hello.token == "fresh"), "{sent:?}");
    script.live().input(closed(4401)).input(Input::Token(Err("signed out".into())));
    assert!(script.events().contains(&Event::Stopped(Stopped::NoToken("signed out".into()))));
}

#[test]
fn a_token_that_expires_is_renewed_in_place() {
    let mut script = Script::new();
    script.live().frame(ServerFrame::Error(ErrorFrame::notice(ErrorCode::TokenExpiring, "soon")));
    assert!(script.actions().contains(&Action::GetToken));
    script.input(Input::Token(Ok("fresh".into())));
    assert!(matches!(&script.sent()[..], [ClientFrame::Auth(auth)] if auth.token == "fresh"));
}

#[test]
fn goodbye_waits_for_verdicts_sends_nothing_new_and_comes_back_when_told() {
    let mut script = Script::new();
    script.live().actions();
    let first = script.answer(1);
    script.frame(ServerFrame::Goodbye(Goodbye { reason: "draining".into(), reconnect_after_ms: 2_350 }));
    script.actions();
    let second = script.answer(2);
    assert_eq!(script.commands(), [], "nothing new");
    script.after(350).frame(saved(1));
    assert!(script.actions().contains(&Action::Close), "all verdicts are there");
    assert_eq!(script.core.next_deadline(), Some(2_350));
    script.after(2_000).live();
    assert_eq!(script.commands(), [(1, second)], "not {first}");
}

#[test]
fn a_silent_server_is_given_up_and_a_silent_client_beats() {
    let mut script = Script::new();
    script.live().actions();
    script.after(24_999);
    assert_eq!(script.sent(), []);
    script.after(1);
    assert_eq!(script.sent(), [ClientFrame::Beat]);
    script.input(Input::Heard).after(25_000);
    assert_eq!(script.sent(), [ClientFrame::Beat]);
    script.after(25_000);
    assert!(script.actions().contains(&Action::Close));
    assert!(script.core.next_deadline().is_some());
}

#[test]
fn a_start_is_asked_again_after_a_reconnect_and_not_when_it_was_refused() {
    let mut script = Script::new();
    script.live().actions();
    script.core.start(script.now, start(5), &mut script.out);
    script.frame(ServerFrame::Queue(Queue::default()));
    script.core.start(script.now, start(6), &mut script.out);
    script.frame(ServerFrame::Error(ErrorFrame::notice(ErrorCode::Forbidden, "no"))).actions();
    script.input(closed(4410)).after(60_000).live();
    let sent = script.sent();
    assert!(
        sent.contains(&ClientFrame::Start(start(5))) && !sent.contains(&ClientFrame::Start(start(6))),
        "{sent:?}"
    );
}

#[test]
fn of_two_starts_the_second_waits_for_the_answer_to_the_first_and_answers_name_the_right_one() {
    let mut script = Script::new();
    script.live().actions();
    script.core.start(script.now, start(5), &mut script.out);
    script.core.start(script.now, start(6), &mut script.out);
    script.core.start(script.now, start(7), &mut script.out);
    assert_eq!(script.sent(), [ClientFrame::Start(start(5))]);
    script.frame(ServerFrame::Queue(Queue::default()));
    assert_eq!(script.sent(), [ClientFrame::Start(start(7))], "of those that wait the last one counts");
    assert_eq!(sitting_of_answer(&mut script), start(5).sitting);
    script.frame(ServerFrame::Queue(Queue::default()));
    assert_eq!(sitting_of_answer(&mut script), start(7).sitting);
}

#[test]
fn the_queue_of_a_new_day_answers_no_start() {
    let mut script = Script::new();
    script.live();
    script.core.start(script.now, start(5), &mut script.out);
    script.frame(ServerFrame::Queue(Queue::default()));
    script.core.start(script.now, start(6), &mut script.out);
    let new_day = Changed::because(ChangeReason::NewDay);
    script.frame(ServerFrame::Changed(Box::new(new_day))).frame(ServerFrame::Queue(Queue::default()));
    assert_eq!(sitting_of_answer(&mut script), start(5).sitting);
    script.frame(ServerFrame::Queue(Queue::default()));
    assert_eq!(sitting_of_answer(&mut script), start(6).sitting);
}

#[test]
fn a_start_that_is_refused_after_a_reconnect_is_not_asked_at_each_that_follows() {
    let mut script = Script::new();
    script.core.start(script.now, start(5), &mut script.out);
    script.live();
    script.frame(ServerFrame::Error(ErrorFrame::notice(ErrorCode::Forbidden, "no"))).actions();
    script.input(closed(4410)).after(60_000).live();
    assert!(!script.sent().contains(&ClientFrame::Start(start(5))));
}

fn sitting_of_answer(script: &mut Script) -> uuid::Uuid {
    script.actions();
    script.answer(1);
    script
        .sent()
        .into_iter()
        .find_map(|frame| match frame {
            ClientFrame::Command(Numbered {
                command: Command { body: Body::Answer(answer), .. }, ..
            }) => answer.sitting,
            _ => None,
        })
        .expect("an answer with its sitting")
}

#[test]
fn a_busy_start_is_asked_again() {
    let mut script = Script::new();
    script.live();
    script.core.start(script.now, start(5), &mut script.out);
    script.actions();
    script.frame(ServerFrame::Error(ErrorFrame::notice(ErrorCode::Busy, "later").retry_after(200)));
    script.after(300);
    assert_eq!(script.sent(), [ClientFrame::Start(start(5))]);
}
