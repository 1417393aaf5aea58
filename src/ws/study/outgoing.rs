//! What a session says, as text on the wire.

use super::translate::{refusal_code, wire_day, wire_kind, wire_mode, wire_reason, wire_result, wire_slip};
use crate::content::plain_text;
use domain::deck::PlainTexts;
use domain::limits::TYPED_BYTES_MAX;
use domain::session::{Asked, CardDeal, Changed, Counts, Done, Graded, Notice, Refusal};
use domain::state::CardState;
use ports::CardRecord;
use protocol::{CardContent, CardTail, ErrorCode, ErrorFrame, GradedTail, ServerFrame};
use std::sync::Arc;

/// How long a client waits before it sends a refused-as-busy command again, in milliseconds.
pub(super) const BUSY_RETRY_MS: u64 = 1_000;

/// The fragment of a card's frame, and what a checked mode compares: made once, shared by all who are shown the card.
pub fn encode_card(card: &CardRecord) -> (Arc<str>, PlainTexts) {
    let content = CardContent {
        card_id: card.id.0,
        deck_id: card.deck.0,
        front: &card.front,
        back: &card.back,
        hint: card.hint.as_deref(),
        explanation: card.explanation.as_deref(),
        media: &[],
    };
    (protocol::encode_fragment(&content).into(), plain_texts(card))
}

/// A card's texts as they are typed. What is longer than anybody may type accepts nothing.
fn plain_texts(card: &CardRecord) -> PlainTexts {
    let mut front = plain_text(&card.front);
    let is_end = |at: &usize| front.is_char_boundary(*at);
    let end = (0..=TYPED_BYTES_MAX.min(front.len())).rev().find(is_end).unwrap_or(0);
    front.truncate(end);
    let back = plain_text(&card.back);
    let fits = |answer: &String| !answer.is_empty() && answer.len() <= TYPED_BYTES_MAX;
    let answers = std::iter::once(back).chain(card.accept.iter().cloned()).filter(fits);
    PlainTexts { front, answers: answers.collect() }
}

fn wire_state(state: &CardState, recall_permille: Option<u16>) -> protocol::CardState {
    protocol::CardState {
        reps: u32::from(state.sm2.reps),
        interval_days: state.sm2.interval_days,
        ease: state.sm2.ease,
        due: state.due.map(wire_day),
        lapses: u32::from(state.lapses),
        recall: recall_permille.map(|recall| f64::from(recall) / 1_000.0),
    }
}

pub(super) fn wire_counts(counts: Counts) -> protocol::Counts {
    protocol::Counts { new: counts.new, learning: counts.learning, review: counts.review }
}

fn tail(deal: &CardDeal, saved: Option<u64>) -> CardTail<'_> {
    CardTail {
        kind: wire_kind(deal.kind),
        mode: wire_mode(deal.asked.mode()),
        choices: match &deal.asked {
            Asked::Choose(choices) => &choices.texts,
            Asked::Flip | Asked::Type => &[],
        },
        state: wire_state(&deal.state, deal.recall_permille),
        if_graded: deal.if_graded.map(|g| protocol::Outcome { days: g.days, again_today: g.again_today }),
        left: Some(wire_counts(deal.left)),
        saved,
    }
}

fn fragment(deal: &CardDeal) -> &str {
    deal.deck.card(deal.card).map_or("", |card| &card.fragment)
}

/// The fields of a card as one JSON object, as `GET due` lists them: what is left is told once, beside the list.
pub fn card_fields(deal: &CardDeal) -> String {
    let mut out = String::new();
    let tail = CardTail { left: None, ..tail(deal, None) };
    protocol::write_card_fields(&mut out, fragment(deal), &tail);
    out
}

pub(super) fn write_card(out: &mut String, deal: &CardDeal, saved: Option<u64>) {
    protocol::write_card(out, fragment(deal), &tail(deal, saved));
}

pub(super) fn write_graded(out: &mut String, graded: &Graded) {
    let Some(card) = graded.deck.card(graded.card) else { return };
    let tail = GradedTail {
        id: graded.id.0,
        card_id: card.id.0,
        result: wire_result(graded.result),
        grade: graded.grade.number(),
    };
    protocol::write_graded(out, graded.shows_back.then_some(&*card.fragment), &tail);
}

pub(super) fn write_changed(out: &mut String, changed: &Changed) {
    let mut frame = protocol::Changed::because(wire_reason(changed.reason));
    frame.drop = changed.drop.iter().map(|card| card.0).collect();
    frame.left = changed.left.map(wire_counts);
    if let Some((card, state)) = &changed.about {
        frame.card_id = Some(card.0);
        frame.state = Some(wire_state(state, None));
    }
    let card = changed.card.as_ref().map(|deal| {
        let mut tail = tail(deal, None);
        tail.left = None;
        (fragment(deal), tail)
    });
    protocol::write_changed(out, &frame, card.as_ref().map(|(fragment, tail)| (*fragment, tail)));
}

pub(super) fn queue_frame(decks: &[(domain::ids::DeckId, Counts)], counts: Counts) -> ServerFrame {
    ServerFrame::Queue(protocol::Queue {
        new: counts.new,
        learning: counts.learning,
        review: counts.review,
        decks: decks
            .iter()
            .map(|(deck, counts)| protocol::DeckCounts {
                deck_id: deck.0,
                new: counts.new,
                learning: counts.learning,
                review: counts.review,
            })
            .collect(),
    })
}

pub(super) fn done_frame(done: &Done) -> ServerFrame {
    ServerFrame::Done(protocol::Done {
        sitting: done.sitting.0,
        answered: done.answered,
        cards: done.cards,
        correct: done.correct,
        elapsed_ms: done.elapsed_ms,
        next_due_at: done.next_due_at_ms,
        held_elsewhere: done.held_elsewhere,
    })
}

pub(super) fn refused_frame(
    seq: u64,
    id: Option<domain::ids::Uuid>,
    refusal: Refusal,
    message: &str,
) -> ServerFrame {
    let frame = ErrorFrame::refusal(refusal_code(refusal), seq, id, message);
    let frame = ErrorFrame { slip: wire_slip(refusal), ..frame };
    ServerFrame::Error(if refusal == Refusal::Busy { frame.retry_after(BUSY_RETRY_MS) } else { frame })
}

pub(super) fn notice_frame(notice: Notice) -> ServerFrame {
    ServerFrame::Error(match notice {
        Notice::Forbidden => ErrorFrame::notice(
            ErrorCode::Forbidden,
            "a deck in decks is not yours to see; nothing was started",
        ),
        Notice::TooManyDecks => {
            ErrorFrame::notice(ErrorCode::Malformed, "too many decks for one sitting; name fewer")
        }
        Notice::StoreUnavailable => {
            ErrorFrame::notice(ErrorCode::Busy, "the decks could not be read; start again in a moment")
                .retry_after(BUSY_RETRY_MS)
        }
    })
}
