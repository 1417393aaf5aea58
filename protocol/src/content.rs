//! Writing `card` fast: the content of a card is encoded once (a *fragment*, shared by all learners), and each
//! deal only appends the learner's own tail to it.

use crate::card::{CardState, Counts, Kind, Media, Mode, OutcomeList};
use crate::limits::{FIELD_BYTES_MAX, FIELDS_JSON_BYTES_MAX, MEDIA_JSON_BYTES_MAX};
use crate::server_frame::GradedResult;
use crate::text::{json, push_ascii, push_id, push_u64};
use uuid::Uuid;

/// What all learners see of a card.
#[derive(Clone, Copy, Debug)]
pub struct CardContent<'a> {
    /// The card.
    pub card_id: Uuid,
    /// The deck that it is in.
    pub deck_id: Uuid,
    /// Sanitised HTML.
    pub front: &'a str,
    /// Sanitised HTML.
    pub back: &'a str,
    /// Sanitised HTML.
    pub hint: Option<&'a str>,
    /// Sanitised HTML.
    pub explanation: Option<&'a str>,
    /// Pictures and sounds.
    pub media: &'a [Media],
}

/// What one learner gets beside the content.
#[derive(Clone, Copy, Debug)]
pub struct CardTail<'a> {
    /// Why it is dealt.
    pub kind: Kind,
    /// How it is answered; in a checked mode the back is left out.
    pub mode: Mode,
    /// What to choose from, in mode `choose`.
    pub choices: &'a [String],
    /// Durable state.
    pub state: CardState,
    /// Outcome of each grade.
    pub if_graded: OutcomeList,
    /// Counts; always there in a `card` frame.
    pub left: Option<Counts>,
    /// A `saved` that rides along.
    pub saved: Option<u64>,
}

/// A card that cannot go into a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentTooLarge {
    /// One field is too long.
    #[error("`{field}` has {bytes} bytes, at most {FIELD_BYTES_MAX} are allowed")]
    Field {
        /// `front`, `back`, `hint` or `explanation`.
        field: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// All fields together are too long once they are JSON strings.
    #[error("the card's texts have {bytes} bytes as JSON, at most {FIELDS_JSON_BYTES_MAX} are allowed")]
    Fields {
        /// Their length.
        bytes: usize,
    },
    /// The list of media is too long.
    #[error("the card's media list has {bytes} bytes as JSON, at most {MEDIA_JSON_BYTES_MAX} are allowed")]
    Media {
        /// Its length.
        bytes: usize,
    },
}

impl CardContent<'_> {
    /// Checks that the card fits a frame.
    ///
    /// # Errors
    /// The first bound that it breaks.
    pub fn check(&self) -> Result<(), ContentTooLarge> {
        let fields = [
            ("front", Some(self.front)),
            ("back", Some(self.back)),
            ("hint", self.hint),
            ("explanation", self.explanation),
        ];
        let mut json_bytes = 0;
        for (field, text) in fields {
            let Some(text) = text else { continue };
            if text.len() > FIELD_BYTES_MAX {
                return Err(ContentTooLarge::Field { field, bytes: text.len() });
            }
            json_bytes += json(text).len();
        }
        if json_bytes > FIELDS_JSON_BYTES_MAX {
            return Err(ContentTooLarge::Fields { bytes: json_bytes });
        }
        let media_bytes = json(self.media).len();
        if media_bytes > MEDIA_JSON_BYTES_MAX {
            return Err(ContentTooLarge::Media { bytes: media_bytes });
        }
        Ok(())
    }
}

/// What stands between the rest of a fragment and what a checked mode leaves out. Inside a JSON string a quote is always
/// escaped, so that these bytes can only be the keys.
const EXPLANATION: &str = ",\"explanation\":";
const BACK: &str = ",\"back\":\"";

/// The content as JSON text without braces: `"card_id":…` to `"back":…`, explanation and back last, so that a checked
/// mode can leave them out.
pub fn encode_fragment(content: &CardContent<'_>) -> String {
    let mut out = String::with_capacity(256 + content.front.len() + content.back.len());
    out.push_str("\"card_id\":");
    push_id(&mut out, content.card_id);
    out.push_str(",\"deck_id\":");
    push_id(&mut out, content.deck_id);
    out.push_str(",\"front\":");
    out.push_str(&json(content.front));
    out.push_str(",\"hint\":");
    out.push_str(&json(&content.hint));
    out.push_str(",\"media\":");
    out.push_str(&json(content.media));
    out.push_str(EXPLANATION);
    out.push_str(&json(&content.explanation));
    out.push_str(",\"back\":");
    out.push_str(&json(content.back));
    out
}

/// Appends a `card` frame made of a stored fragment and a learner's tail.
pub fn write_card(out: &mut String, fragment: &str, tail: &CardTail<'_>) {
    out.push_str("{\"type\":\"card\",");
    push_fields(out, fragment, tail);
}

/// Appends the fields of a card as an object without `type`: an item of `GET due`, or `card` in `changed`.
pub fn write_card_fields(out: &mut String, fragment: &str, tail: &CardTail<'_>) {
    out.push('{');
    push_fields(out, fragment, tail);
}

fn push_fields(out: &mut String, fragment: &str, tail: &CardTail<'_>) {
    out.reserve(fragment.len() + 448);
    if tail.mode.is_checked() {
        out.push_str(divided(fragment).0);
        out.push_str(",\"explanation\":null");
    } else {
        out.push_str(fragment);
    }
    out.push_str(",\"kind\":\"");
    out.push_str(tail.kind.as_str());
    out.push_str("\",\"mode\":\"");
    out.push_str(tail.mode.as_str());
    out.push('"');
    if tail.mode == Mode::Choose {
        out.push_str(",\"choices\":");
        out.push_str(&json(tail.choices));
    }
    push_state(out, &tail.state);
    push_outcomes(out, &tail.if_graded);
    if let Some(left) = &tail.left {
        push_left(out, left);
    }
    if let Some(saved) = tail.saved {
        out.push_str(",\"saved\":");
        push_u64(out, saved);
    }
    out.push('}');
}

/// A fragment without explanation and back, and these two behind it.
fn divided(fragment: &str) -> (&str, &str) {
    let at = fragment.rfind(EXPLANATION).unwrap_or(fragment.len());
    fragment.split_at_checked(at).unwrap_or((fragment, ""))
}

/// What became of a response, beside the card's content.
#[derive(Clone, Copy, Debug)]
pub struct GradedTail {
    /// The answer.
    pub id: Uuid,
    /// Its card.
    pub card_id: Uuid,
    /// How it was.
    pub result: GradedResult,
    /// The grade that follows.
    pub grade: u8,
}

/// Appends a `graded` frame with the back and explanation of a stored fragment; without a fragment both are empty.
pub fn write_graded(out: &mut String, fragment: Option<&str>, graded: &GradedTail) {
    out.push_str("{\"type\":\"graded\",\"id\":");
    push_id(out, graded.id);
    out.push_str(",\"card_id\":");
    push_id(out, graded.card_id);
    out.push_str(",\"result\":\"");
    out.push_str(graded.result.as_str());
    out.push_str("\",\"grade\":");
    push_u64(out, graded.grade.into());
    match fragment.map(|fragment| divided(fragment).1).filter(|hidden| hidden.contains(BACK)) {
        Some(hidden) => out.push_str(hidden),
        None => out.push_str(",\"back\":\"\""),
    }
    out.push('}');
}

fn push_state(out: &mut String, state: &CardState) {
    out.push_str(",\"state\":{\"reps\":");
    push_u64(out, state.reps.into());
    out.push_str(",\"interval_days\":");
    push_u64(out, state.interval_days.into());
    out.push_str(",\"ease\":");
    push_u64(out, state.ease.into());
    match state.due {
        Some(day) => {
            out.push_str(",\"due\":\"");
            push_ascii(out, &day.ascii());
            out.push('"');
        }
        None => out.push_str(",\"due\":null"),
    }
    out.push_str(",\"lapses\":");
    push_u64(out, state.lapses.into());
    out.push_str(",\"recall\":");
    match state.recall {
        Some(recall) => out.push_str(&json(&recall)),
        None => out.push_str("null"),
    }
    out.push('}');
}

fn push_outcomes(out: &mut String, outcomes: &OutcomeList) {
    out.push_str(",\"if_graded\":[");
    for (grade, outcome) in outcomes.iter().enumerate() {
        out.push_str(if grade == 0 { "{\"days\":" } else { ",{\"days\":" });
        if outcome.days < 0 {
            out.push('-');
        }
        push_u64(out, outcome.days.unsigned_abs().into());
        out.push_str(if outcome.again_today { ",\"again_today\":true}" } else { "}" });
    }
    out.push(']');
}

fn push_left(out: &mut String, left: &Counts) {
    out.push_str(",\"left\":{\"new\":");
    push_u64(out, left.new.into());
    out.push_str(",\"learning\":");
    push_u64(out, left.learning.into());
    out.push_str(",\"review\":");
    push_u64(out, left.review.into());
    out.push('}');
}
