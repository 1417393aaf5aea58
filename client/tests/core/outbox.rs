//! Commands: ids, order, credit, verdicts.

use crate::script::{Script, USER, WALL, closed, good, refusal, saved, shown};
use client::{
    Action, Core, CoreConfig, Event, Input, IntentError, Now, Record, Restored, RestoredEntry, Violation,
};
use protocol::{
    Answer, Body, ClientFrame, Command, ErrorCode, ErrorFrame, ServerFrame, decode_client, id_from_parts,
    id_time_ms,
};
use uuid::Uuid;

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
    let mut script = Script::restored(Restored { entries, ..Restored::default() });
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
    let mut script = Script::restored(Restored { entries: vec![sent(ahead)], ..Restored::default() });
    script.live().actions();
    let spoiled = script.answer(1);
    assert!(spoiled > ahead);
    script.frame(refusal(ErrorCode::BadTime, 1, ahead)).frame(refusal(ErrorCode::BadTime, 2, spoiled));
    assert_eq!(id_time_ms(script.answer(2)), WALL as u64);
}

#[test]
fn an_id_that_was_refused_for_its_time_binds_nothing_after_a_restart_either() {
    let ahead = id_from_parts(WALL as u64 + 86_400_000, [0; 10]);
    let made = Record::Made { user: USER, command: undo_of_nothing(ahead), offset_ms: 0, replaces: None };
    let refused = Record::Refused { user: USER, id: ahead, code: "bad_time".into(), message: String::new() };
    let mut script = Script::restored(Restored::replay([made, Record::Sent { id: ahead }, refused]));
    script.live().actions();
    assert_eq!(id_time_ms(script.answer(1)), WALL as u64);
}

#[test]
fn what_was_done_under_a_clock_ahead_and_not_sent_is_done_now_once_the_clock_is_right() {
    let day_ahead = id_from_parts(WALL as u64 + 86_400_000, [0; 10]);
    let entries =
        vec![RestoredEntry { user: USER, command: undo_of_nothing(day_ahead), offset_ms: 0, sent: false }];
    let mut script = Script::restored(Restored { entries, ..Restored::default() });
    let later = script.answer(1);
    assert!(later > day_ahead);
    script.actions();
    script.live();
    let commands = script.commands();
    let [(1, first), (2, second)] = commands[..] else { panic!("{commands:?}") };
    assert!(first < second, "their order stays");
    assert!(id_time_ms(second) <= WALL as u64, "{second} is not of the future");
}

/// A command that was sent, as an outbox holds it.
fn sent(id: Uuid) -> RestoredEntry {
    RestoredEntry { user: USER, command: undo_of_nothing(id), offset_ms: 0, sent: true }
}

fn undo_of_nothing(id: Uuid) -> Command {
    Command { id, body: Body::Undo(protocol::Undo { of: Uuid::nil() }) }
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
