//! Frames of a teacher to commands of a lesson, and its refusals to the wire's words.

use crate::ws::study::SignInOutcome;
use actors::{MonitorClose, NotWatched};
use domain::ids::{AskId, CardId, DeckId, LessonId, UserId};
use domain::lesson::{Command, Refusal, Round};
use protocol::{CloseCode, ErrorCode, Teach};

/// A command as a lesson takes it.
pub(super) fn command_of(body: Teach) -> Command {
    match body {
        Teach::Open { lesson } => Command::Open { lesson: LessonId(lesson) },
        Teach::Pause => Command::Pause,
        Teach::Resume => Command::Resume,
        Teach::Close => Command::Close,
        Teach::Message { message } => Command::Message(message.map(Into::into)),
        Teach::Assign { deck_id, cards, to } => Command::Assign {
            deck: DeckId(deck_id),
            cards: cards.into_iter().map(CardId).collect(),
            to: to.into_iter().map(UserId).collect(),
        },
        Teach::Withdraw { deck_id } => Command::Withdraw { deck: DeckId(deck_id) },
        Teach::Ask { ask_id, deck_id, card_id, closes_at, second } => Command::Ask {
            ask: AskId(ask_id),
            deck: DeckId(deck_id),
            card: CardId(card_id),
            round: if second { Round::Second } else { Round::First },
            closes_ms: closes_at,
        },
        Teach::EndAsk => Command::EndAsk,
        Teach::CloseAsk { ask_id } => Command::CloseAsk { ask: AskId(ask_id) },
        Teach::WarmUp { deck_id, count } => Command::WarmUp { deck: DeckId(deck_id), count },
        Teach::Accept { deck_id, card_id, text } => {
            Command::Accept { deck: DeckId(deck_id), card: CardId(card_id), text: text.into() }
        }
        Teach::ExtraTime { student_id, percent } => {
            Command::ExtraTime { student: UserId(student_id), percent }
        }
        Teach::Remove { student_id } => Command::Remove { student: UserId(student_id) },
        Teach::HideNames { hidden } => Command::HideNames(hidden),
    }
}

/// The stable code of a lesson's refusal, and what a person is told of it.
pub(super) const fn refusal_words(refusal: Refusal) -> (ErrorCode, &'static str) {
    match refusal {
        Refusal::NoLesson => (ErrorCode::NoLesson, "no lesson is on; open one first"),
        Refusal::Malformed => {
            (ErrorCode::Malformed, "a field is impossible or too long; this command can not be carried out")
        }
        Refusal::IdReused => {
            (ErrorCode::IdReused, "this id is known with other content; make a new id for a new command")
        }
        Refusal::UnknownStudent => {
            (ErrorCode::UnknownStudent, "a student who is named is not in this class, or was removed")
        }
        Refusal::UnknownAsk => {
            (ErrorCode::UnknownAsk, "this is not the question that is put, or its first vote is still open")
        }
        Refusal::UnknownCard => {
            (ErrorCode::UnknownCard, "the card is of no deck that the class has, or that its lesson is about")
        }
        Refusal::TooMany => (ErrorCode::TooMany, "as much is assigned as may be; withdraw something first"),
        Refusal::NothingToReview => {
            (ErrorCode::NothingToReview, "nobody who is there would remember more by a review of these cards")
        }
        Refusal::Busy => (ErrorCode::Busy, "not now; send it again later under the same id"),
    }
}

pub(super) const fn close_of_class(why: MonitorClose) -> CloseCode {
    match why {
        MonitorClose::Forbidden => CloseCode::Forbidden,
        MonitorClose::TooMany => CloseCode::TooManyConnections,
        MonitorClose::OwnerChanged => CloseCode::OwnerChanged,
        MonitorClose::Fallen => CloseCode::Restarted,
    }
}

pub(super) const fn close_of_entry(why: &NotWatched) -> CloseCode {
    match why {
        NotWatched::Forbidden | NotWatched::NotOffered => CloseCode::Forbidden,
        // Whoever comes for another node is not passed on once more.
        NotWatched::Elsewhere(_) => CloseCode::OwnerChanged,
        NotWatched::NotReady => CloseCode::NotReady,
    }
}

/// The code with which a socket closes whose sign-in failed; `None` for one that did not.
pub(super) const fn close_of_sign_in(outcome: SignInOutcome) -> Option<CloseCode> {
    match outcome {
        SignInOutcome::Done(_) => None,
        SignInOutcome::Forbidden => Some(CloseCode::Forbidden),
        SignInOutcome::TooOften => Some(CloseCode::TooManyConnections),
        SignInOutcome::NotReady => Some(CloseCode::NotReady),
    }
}
