//! The core against a script: each duty of a client, one at a time.

#![allow(clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm, reason = "a test may panic")]

use client::{
    Action, Core, CoreConfig, Event, Input, IntentError, Now, Record, Restored, RestoredEntry, Shown,
    Stopped, Violation,
};
use protocol::{
    Answer, Body, ClientFrame, Command, ErrorCode, ErrorFrame, Goodbye, Grade, Numbered, Queue, Reply, Saved,
    ServerFrame, Start, Welcome, WelcomeLimits, decode_client, id_from_parts, id_time_ms,
};
use uuid::Uuid;

const USER: Uuid = Uuid::from_u128(0xabc);
const WALL: i64 = 1_763_690_400_000;

/// A core, the time, and what came out of it.
struct Script {
    core: Core,
    now: Now,
    out: Vec<Action>,
}

impl Script {
    fn new() -> Script {
        Script::restored(Restored::default())
    }

    fn restored(restored: Restored) -> Script {
        let now = Now { tick_ms: 0, wall_ms: WALL };
        let config = CoreConfig {
            token: "t".into(),
            instance: Uuid::from_u128(1),
            zone: None,
            user: Some(USER),
            seed: 7,
        };
        Script { core: Core::new(config, restored, now), now, out: Vec::new() }
    }

    fn input(&mut self, input: Input) -> &mut Script {
        self.core.handle(self.now, input, &mut self.out);
        self
    }

    fn frame(&mut self, frame: ServerFrame) -> &mut Script {
        self.input(Input::Text(frame.encode()))
    }

    fn after(&mut self, ms: u64) -> &mut Script {
        self.now.tick_ms += ms;
        self.now.wall_ms += ms as i64;
        self.input(Input::Tick)
    }

    fn live(&mut self) -> &mut Script {
        self.live_at(self.now.wall_ms)
    }

    fn live_at(&mut self, server_time: i64) -> &mut Script {
        let limits = WelcomeLimits { in_flight: 64, frame_bytes: 16_384 };
        self.input(Input::Tick).input(Input::Connected);
        self.frame(ServerFrame::Welcome(Box::new(Welcome {
            user_id: USER,
            server_time,
            heartbeat_ms: 25_000,
            limits,
            features: vec![],
            class: None,
        })))
    }

    fn answer(&mut self, n: u32) -> Uuid {
        self.core.answer(self.now, shown(n), good(), &mut self.out).expect("taken")
    }

    fn undo(&mut self, of: Uuid) -> Uuid {
        self.core.undo(self.now, of, &mut self.out).expect("taken")
    }

    fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.out)
    }

    fn sent(&mut self) -> Vec<ClientFrame> {
        let sent = self.actions().into_iter().filter_map(|action| match action {
            Action::Send(text) => Some(decode_client(&text).expect("a client sends frames")),
            _ => None,
        });
        sent.collect()
    }

    /// Commands sent since the last look, as (seq, id).
    fn commands(&mut self) -> Vec<(u64, Uuid)> {
        let commands = self.sent().into_iter().filter_map(|frame| match frame {
            ClientFrame::Command(Numbered { seq, command }) => Some((seq, command.id)),
            _ => None,
        });
        commands.collect()
    }

    fn events(&mut self) -> Vec<Event> {
        let events = self.actions().into_iter().filter_map(|action| match action {
            Action::Tell(event) => Some(event),
            _ => None,
        });
        events.collect()
    }
}

fn shown(n: u32) -> Shown {
    let card_id = Uuid::from_u128(u128::from(n));
    Shown { deck_id: Uuid::from_u128(9), card_id, elapsed_ms: n, confidence: None, early: false }
}

fn good() -> Reply {
    Reply::Grade(Grade::try_from(4).expect("a grade"))
}

fn saved(seq: u64) -> ServerFrame {
    ServerFrame::Saved(Saved { seq })
}

fn refusal(code: ErrorCode, seq: u64, id: Uuid) -> ServerFrame {
    ServerFrame::Error(ErrorFrame::refusal(code, seq, Some(id), "because"))
}

fn closed(code: u16) -> Input {
    Input::Closed { code: Some(code), reason: "x".into() }
}

fn start(n: u128) -> Start {
    Start { sitting: Uuid::from_u128(n), ..Start::default() }
}

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
fn a_command_is_written_down_before_it_is_sent_and_out_at_its_verdict() {
    let mut script = Script::new();
    script.live().actions();
    let id = script.answer(1);
    let actions = script.actions();
    let made = actions.iter().position(|action| matches!(action, Action::Persist(Record::Made { .. })));
    let fixed = actions.iter().position(|action| matches!(action, Action::Persist(Record::Sent { .. })));
    let sent = actions.iter().position(|action| matches!(action, Action::Send(_)));
    assert!(made < fixed && fixed < sent && made.is_some(), "{actions:?}");
    assert_eq!(script.core.unsaved(), 1);
    script.frame(saved(1));
    assert!(script.actions().contains(&Action::Persist(Record::Durable { user: USER, id })));
    assert_eq!(script.core.unsaved(), 0);
}

#[test]
fn what_has_no_verdict_is_sent_again_on_the_next_socket_with_the_same_ids_from_one() {
    let mut script = Script::new();
    script.live().actions();
    let ids: Vec<Uuid> = (1..=4).map(|n| script.answer(n)).collect();
    assert_eq!(script.commands(), [(1, ids[0]), (2, ids[1]), (3, ids[2]), (4, ids[3])]);
    script
        .frame(saved(1))
        .frame(refusal(ErrorCode::UnknownCard, 3, ids[2]))
        .input(closed(4410))
        .after(60_000);
    script.actions();
    script.live();
    assert_eq!(script.commands(), [(1, ids[1]), (2, ids[3])]);
}

#[test]
fn at_most_in_flight_commands_have_no_verdict() {
    let mut script = Script::new();
    script.live().actions();
    let ids: Vec<Uuid> = (0..100).map(|n| script.answer(n)).collect();
    assert_eq!(script.commands().len(), 64);
    script.frame(saved(10));
    assert_eq!(script.commands().last(), Some(&(74, ids[73])));
}

#[test]
fn busy_is_sent_again_later_with_the_same_id_and_a_new_seq_and_its_undo_waits() {
    let mut script = Script::new();
    script.live().actions();
    let answer = script.answer(1);
    let busy = ErrorFrame::refusal(ErrorCode::Busy, 1, Some(answer), "later").retry_after(400);
    script.frame(ServerFrame::Error(busy)).actions();
    let undo = script.undo(answer);
    let other = script.answer(2);
    assert_eq!(script.commands(), [(2, other)], "the undo is held back");
    script.after(399);
    assert_eq!(script.commands(), []);
    script.after(600);
    assert_eq!(script.commands(), [(3, answer), (4, undo)]);
}

#[test]
fn a_final_refusal_is_set_aside_and_the_next_goes_on() {
    let mut script = Script::new();
    script.live().actions();
    let id = script.answer(1);
    script.answer(2);
    script.frame(refusal(ErrorCode::UnknownCard, 1, id)).frame(saved(2));
    let events = script.events();
    assert!(events.iter().any(|event| matches!(event, Event::Refused(aside) if aside.command.id == id)));
    assert!(!events.iter().any(|event| matches!(event, Event::Violation(_))), "{events:?}");
    assert_eq!(script.core.unsaved(), 0);
}

#[test]
fn broken_promises_are_told() {
    for (frames, violation) in [
        (vec![saved(3)], Violation::SavedTooFar { seq: 3, sent: 2 }),
        (vec![saved(2), saved(1)], Violation::SavedFell { from: 2, to: 1 }),
        (vec![refusal(ErrorCode::Busy, 3, Uuid::nil())], Violation::VerdictOfNothing { seq: 3 }),
    ] {
        let mut script = Script::new();
        script.live();
        script.answer(1);
        script.answer(2);
        for frame in frames {
            script.frame(frame);
        }
        let told = script.events().into_iter().find_map(|event| match event {
            Event::Violation(violation) => Some(violation),
            _ => None,
        });
        assert_eq!(told, Some(violation));
    }
}

#[test]
fn ids_made_before_the_clock_was_corrected_are_made_anew_unless_they_were_sent() {
    let hour = 3_600_000;
    let sent_id = id_from_parts(WALL as u64 - 5_000, [0; 10]);
    let answer = Answer {
        deck_id: Uuid::nil(),
        card_id: Uuid::nil(),
        reply: good(),
        elapsed_ms: 0,
        sitting: None,
        confidence: None,
        early: false,
    };
    let command = Command { id: sent_id, body: Body::Answer(answer) };
    let entries = vec![RestoredEntry { user: USER, command, offset_ms: 0, sent: true }];
    let mut script = Script::restored(Restored { entries, last_id: Some(sent_id), ..Restored::default() });
    let first = script.answer(1);
    let undo = script.undo(first);
    assert_eq!(id_time_ms(first), WALL as u64);
    script.actions();
    script.live_at(WALL - hour).input(Input::Tick);
    let actions = script.actions();
    let commands: Vec<Command> = actions
        .iter()
        .filter_map(|action| match action {
            Action::Send(text) => match decode_client(text) {
                Ok(ClientFrame::Command(numbered)) => Some(numbered.command),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let [kept, renamed, renamed_undo] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(kept.id, sent_id, "what was sent keeps its id");
    assert!(renamed.id > sent_id && renamed.id != first);
    assert!(id_time_ms(renamed.id) <= WALL as u64 - 5_000, "just above the last one that was sent");
    match &renamed_undo.body {
        Body::Undo(body) => assert_eq!(body.of, renamed.id, "the undo follows its answer"),
        other => panic!("{other:?}"),
    }
    assert!(renamed_undo.id > renamed.id && renamed_undo.id != undo);
    assert!(actions.contains(&Action::Tell(Event::Renamed { from: first, to: renamed.id })));
    // A deed after the correction has the corrected time.
    script.after(10_000);
    assert_eq!(id_time_ms(script.answer(2)), (WALL - hour + 10_000).max(WALL - 5_000) as u64);
}

#[test]
fn a_refusal_for_its_time_does_not_bind_the_ids_that_follow() {
    let ahead = id_from_parts(WALL as u64 + 86_400_000, [0; 10]);
    let mut script = Script::restored(Restored { last_id: Some(ahead), ..Restored::default() });
    script.live().actions();
    let spoiled = script.answer(1);
    assert!(spoiled > ahead);
    script.frame(refusal(ErrorCode::BadTime, 1, spoiled));
    assert_eq!(id_time_ms(script.answer(2)), WALL as u64);
}

#[test]
fn only_entries_of_the_user_are_sent() {
    let other = Uuid::from_u128(0xdef);
    let body = Body::Undo(protocol::Undo { of: Uuid::nil() });
    let command = Command { id: id_from_parts(1, [0; 10]), body };
    let entries = vec![RestoredEntry { user: other, command, offset_ms: 0, sent: false }];
    let mut script = Script::restored(Restored { entries, ..Restored::default() });
    script.live();
    let actions = script.actions();
    assert!(actions.contains(&Action::Tell(Event::ForeignEntries(1))));
    let mine = script.answer(1);
    assert_eq!(script.commands(), [(1, mine)]);
}

#[test]
fn nobody_can_answer_before_it_is_known_who_it_is() {
    let now = Now { tick_ms: 0, wall_ms: WALL };
    let config = CoreConfig { token: "t".into(), instance: Uuid::nil(), zone: None, user: None, seed: 7 };
    let mut core = Core::new(config, Restored::default(), now);
    assert_eq!(core.answer(now, shown(1), good(), &mut Vec::new()), Err(IntentError::NobodyYet));
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
fn a_busy_start_is_asked_again() {
    let mut script = Script::new();
    script.live();
    script.core.start(script.now, start(5), &mut script.out);
    script.actions();
    script.frame(ServerFrame::Error(ErrorFrame::notice(ErrorCode::Busy, "later").retry_after(200)));
    script.after(300);
    assert_eq!(script.sent(), [ClientFrame::Start(start(5))]);
}
