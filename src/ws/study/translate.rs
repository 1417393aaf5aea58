//! Frames to inputs, and the session's words to the wire's. The only place that knows both.

use domain::check::Slip;
use domain::check::trial::TrialResult;
use domain::entry::{Confidence, Mode, SetChange};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, SittingId};
use domain::session::{
    Answer, Closing, Command, Filter, Kind, Limits, Reason, Refusal, Respond, Response, Start,
};
use protocol::{CloseCode, ErrorCode};
use std::sync::Arc;

// What the wire promises and what the heart does are the same numbers. They are said in both, because neither knows
// the other; a program in which they differ does not build.
const _: () = {
    use domain::limits as heart;
    use protocol::limits as wire;

    assert!(wire::WINDOW_MAX as usize == heart::WINDOW_MAX);
    assert!(wire::WINDOW_DEFAULT >= 1 && wire::WINDOW_DEFAULT <= wire::WINDOW_MAX);
    assert!(wire::UNSETTLED_PER_LEARNER_MAX as usize == heart::COMMANDS_UNDECIDED);
    assert!(wire::AHEAD_MS_MAX as i64 == heart::CLOCK_AHEAD_MS);
    assert!(wire::BEFORE_ACCOUNT_MS_MAX as i64 == heart::BEFORE_BEGINNING_MS);
    assert!(wire::UNDO_DEPTH == heart::UNDO_DEPTH);
    assert!(wire::UNDO_AGE_MS as i64 == heart::UNDO_AGE_MS);
    assert!(wire::TAKEOVER_AFTER_MS == heart::TAKEOVER_AFTER_MS);
    assert!(wire::QUEUE_DECKS_MAX == heart::DECKS_PER_QUEUE);
    assert!(wire::FAILING_SESSION_WAIT_MS == heart::PANIC_REST_MS);
    assert!(heart::TYPED_BYTES_MAX < wire::CLIENT_FRAME_BYTES_MAX);
    assert!(wire::GRADE_MAX as usize + 1 == Grade::ALL.len());
    // A client that keeps to the contract never fills its socket's inbox, nor is its undo of a busy answer forgotten.
    assert!(wire::IN_FLIGHT_MAX as usize + heart::WINDOW_MAX <= heart::SOCKET_INBOX);
    assert!(wire::IN_FLIGHT_MAX as usize <= heart::BUSY_REMEMBERED);
    // Who waits in vain for a session is told so before the time for `welcome` is over.
    assert!(heart::WAITING_MS < wire::WELCOME_WITHIN_MS);
};

/// A command as the session takes it, or why it can never be one.
///
/// # Errors
/// The command is of a kind that is not offered.
pub fn command_input(command: &protocol::Command) -> (EntryId, Result<Command, Refusal>) {
    let id = EntryId(command.id);
    let input = match &command.body {
        protocol::Body::Answer(answer) => answer_input(answer),
        protocol::Body::Undo(undo) => Ok(Command::Undo { of: EntryId(undo.of) }),
        protocol::Body::Set(set) => Ok(Command::Set {
            deck: DeckId(set.deck_id),
            card: CardId(set.card_id),
            change: match set.change {
                protocol::SetChange::Suspended(on) => SetChange::Suspended(on),
                protocol::SetChange::BuriedUntil(day) => SetChange::BuriedUntil(day.map(domain_day)),
                protocol::SetChange::Flag(flag) => SetChange::Flag(flag),
                protocol::SetChange::Reset => SetChange::Reset,
                protocol::SetChange::Due(day) => SetChange::Due(domain_day(day)),
            },
        }),
    };
    (id, input)
}

fn answer_input(answer: &protocol::Answer) -> Result<Command, Refusal> {
    let (response, first) = match &answer.reply {
        protocol::Reply::Grade(grade) => {
            let grade = Grade::new(grade.get()).ok_or(Refusal::Malformed)?;
            return Ok(Command::Answer(graded_input(answer, grade)));
        }
        protocol::Reply::Response(protocol::Response::Choice(place)) => (Response::Choice(*place), None),
        protocol::Reply::Response(protocol::Response::Text(text)) => (Response::Text(text.clone()), None),
        protocol::Reply::Again { first, text } => (Response::Text(text.clone()), Some(first.clone())),
    };
    let Answer { deck, card, elapsed_ms, sitting, confidence, early, .. } =
        graded_input(answer, Grade::Blackout);
    let said = Respond { deck, card, response, first, elapsed_ms, sitting, confidence, early };
    Ok(Command::Respond(Arc::new(said)))
}

fn graded_input(answer: &protocol::Answer, grade: Grade) -> Answer {
    Answer {
        deck: DeckId(answer.deck_id),
        card: CardId(answer.card_id),
        grade,
        elapsed_ms: answer.elapsed_ms,
        sitting: answer.sitting.map(SittingId),
        confidence: answer.confidence.map(|confidence| match confidence {
            protocol::Confidence::Sure => Confidence::Sure,
            protocol::Confidence::Unsure => Confidence::Unsure,
        }),
        early: answer.early,
    }
}

pub(super) fn start_input(start: protocol::Start) -> Start {
    let limits = |a: protocol::Allowance| Limits { new: a.new, review: a.review };
    Start {
        sitting: SittingId(start.sitting),
        decks: start.decks.map(|decks| decks.into_iter().map(DeckId).collect()),
        tags: start.tags,
        filter: start.filter.map(|filter| match filter {
            protocol::Filter::Due => Filter::Due,
            protocol::Filter::New => Filter::New,
            protocol::Filter::Leech => Filter::Leech,
            protocol::Filter::Flagged => Filter::Flagged,
            protocol::Filter::FailedToday => Filter::FailedToday,
        }),
        window: usize::from(start.window.unwrap_or(protocol::limits::WINDOW_DEFAULT)),
        limits: limits(start.limits),
        more: limits(start.more),
        mode: start.mode.and_then(|mode| match mode {
            protocol::Mode::Flip => Some(Mode::Flip),
            protocol::Mode::Type => Some(Mode::Type),
            protocol::Mode::Choose => Some(Mode::Choose),
            protocol::Mode::Unknown => None,
        }),
    }
}

/// How a card is asked, as the wire writes it.
pub(super) const fn wire_mode(mode: Mode) -> protocol::Mode {
    match mode {
        Mode::Flip => protocol::Mode::Flip,
        Mode::Type => protocol::Mode::Type,
        Mode::Choose => protocol::Mode::Choose,
    }
}

/// What became of a response, as the wire writes it.
pub const fn wire_result(result: TrialResult) -> protocol::GradedResult {
    match result {
        TrialResult::Right => protocol::GradedResult::Right,
        TrialResult::Near => protocol::GradedResult::Near,
        TrialResult::Wrong => protocol::GradedResult::Wrong,
    }
}

/// In what a refused response is near.
pub const fn wire_slip(refusal: Refusal) -> Option<protocol::Slip> {
    if let Refusal::Near(slip) = refusal {
        return Some(match slip {
            Slip::Typing => protocol::Slip::Typing,
            Slip::Case => protocol::Slip::Case,
            Slip::Accents => protocol::Slip::Accents,
        });
    }
    None
}

/// A day of the wire, in the heart's terms.
pub(super) fn domain_day(day: protocol::Day) -> domain::day::Day {
    domain::day::Day(day.days())
}

/// A day of the heart, as the wire writes it.
pub(super) fn wire_day(day: domain::day::Day) -> protocol::Day {
    protocol::Day::from_days(day.0)
}

pub(super) fn wire_kind(kind: Kind) -> protocol::Kind {
    match kind {
        Kind::New => protocol::Kind::New,
        Kind::Review => protocol::Kind::Review,
        Kind::Drill => protocol::Kind::Drill,
        Kind::Extra => protocol::Kind::Extra,
    }
}

pub(super) fn wire_reason(reason: Reason) -> protocol::ChangeReason {
    match reason {
        Reason::AnsweredElsewhere => protocol::ChangeReason::AnsweredElsewhere,
        Reason::Edited => protocol::ChangeReason::Edited,
        Reason::Deleted => protocol::ChangeReason::Deleted,
        Reason::NewDay => protocol::ChangeReason::NewDay,
        Reason::Imported => protocol::ChangeReason::Imported,
        Reason::Assigned => protocol::ChangeReason::Assigned,
        Reason::Withdrawn => protocol::ChangeReason::Withdrawn,
        Reason::TakenOver => protocol::ChangeReason::TakenOver,
        Reason::Undone => protocol::ChangeReason::Undone,
        Reason::Set => protocol::ChangeReason::Set,
        Reason::Rescheduled => protocol::ChangeReason::Rescheduled,
        Reason::Regraded => protocol::ChangeReason::Regraded,
    }
}

/// The stable code of a refusal.
pub fn refusal_code(refusal: Refusal) -> ErrorCode {
    match refusal {
        Refusal::Malformed => ErrorCode::Malformed,
        Refusal::UnknownType => ErrorCode::UnknownType,
        Refusal::BadTime => ErrorCode::BadTime,
        Refusal::IdReused => ErrorCode::IdReused,
        Refusal::UnknownCard => ErrorCode::UnknownCard,
        Refusal::Forbidden => ErrorCode::Forbidden,
        Refusal::UnknownEntry => ErrorCode::UnknownEntry,
        Refusal::UndoTooOld => ErrorCode::UndoTooOld,
        Refusal::AskClosed => ErrorCode::AskClosed,
        Refusal::NotOffered => ErrorCode::NotOffered,
        Refusal::Near(_) => ErrorCode::Near,
        Refusal::Internal => ErrorCode::Internal,
        Refusal::Busy => ErrorCode::Busy,
    }
}

/// What a person is told of a refusal, and what to do next.
pub const fn refusal_message(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Malformed => "a field is missing or wrong; this command can not be accepted as it is",
        Refusal::UnknownType => "this server does not know commands of this type; set it aside",
        Refusal::BadTime => {
            "the id's time is ahead of the server's clock or before the account's beginning; correct the clock by \
             server_time before making ids"
        }
        Refusal::IdReused => {
            "this id is known with other content; the stored one stays, make a new id for a new command"
        }
        Refusal::UnknownCard => "no such card in this deck, or it was never yours to see",
        Refusal::Forbidden => "the card was not yours to see at the time of the answer",
        Refusal::UnknownEntry => "of names no answer or set of yours; send the answer before its undo",
        Refusal::UndoTooOld => {
            "only the last 30 answers, or those of the last 24 hours, can be undone; answer again instead"
        }
        Refusal::AskClosed => "the question to the class is closed; its answer stands",
        Refusal::NotOffered => {
            "the card was not asked so: a card that is turned gets a grade, one that is checked a response"
        }
        Refusal::Near(Slip::Typing) => "almost: a letter or two are off; try once more",
        Refusal::Near(Slip::Case) => "almost: look at the capital letters; try once more",
        Refusal::Near(Slip::Accents) => "almost: look at the accents; try once more",
        Refusal::Internal => "it could not be stored and was put aside for a person to look at",
        Refusal::Busy => "too much is on its way; send it again later under the same id",
    }
}

pub(super) fn close_code(why: actors::CloseWhy) -> CloseCode {
    match why {
        actors::CloseWhy::Session(Closing::Replaced) => CloseCode::Replaced,
        actors::CloseWhy::Session(Closing::TooManySockets) => CloseCode::TooManyConnections,
        actors::CloseWhy::Session(Closing::BrokenSequence) => CloseCode::BrokenSequence,
        actors::CloseWhy::Session(Closing::TooSlow) => CloseCode::TooSlow,
        actors::CloseWhy::Fallen => CloseCode::Restarted,
        actors::CloseWhy::KeepsFailing => CloseCode::KeepsFailing,
        actors::CloseWhy::NotReady => CloseCode::NotReady,
        actors::CloseWhy::Draining => CloseCode::Goodbye,
        actors::CloseWhy::OwnerChanged => CloseCode::OwnerChanged,
    }
}
