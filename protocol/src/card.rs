//! What a client gets to know about a card and its state.

use crate::Day;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A card as a client reads it: in `card`, inside `changed`, and as an item of `GET due`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The card.
    pub card_id: Uuid,
    /// The deck that it is in.
    pub deck_id: Uuid,
    /// Why it is dealt.
    pub kind: Kind,
    /// How it is answered.
    pub mode: Mode,
    /// Sanitised HTML.
    pub front: String,
    /// Sanitised HTML; absent in a checked mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<String>,
    /// Sanitised HTML, null when there is none.
    #[serde(default)]
    pub hint: Option<String>,
    /// Sanitised HTML, null when there is none.
    #[serde(default)]
    pub explanation: Option<String>,
    /// Mode `choose` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Pictures and sounds, loaded over HTTP.
    #[serde(default)]
    pub media: Vec<Media>,
    /// The card's state as far as it is durable.
    pub state: CardState,
    /// What each grade would lead to.
    pub if_graded: OutcomeList,
    /// What today still holds, this card included until it is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Counts>,
    /// A `saved` that rides on this card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<u64>,
}

/// Outcomes of the grades 0 to 5, by index.
pub type OutcomeList = [Outcome; 6];

/// Why a card is dealt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Never scheduled.
    New,
    /// Due.
    Review,
    /// Again today, until the grade is good enough.
    Drill,
    /// Neither; it does not schedule unless the answer is `early`.
    Extra,
    /// A kind of a newer server; never sent by this one.
    #[serde(other)]
    Unknown,
}

impl Kind {
    /// The string on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::New => "new",
            Kind::Review => "review",
            Kind::Drill => "drill",
            Kind::Extra => "extra",
            Kind::Unknown => "unknown",
        }
    }
}

/// How a card is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The learner turns the card and grades; the back comes with it.
    Flip,
    /// The learner types; checked by the server.
    Type,
    /// The learner chooses; checked by the server.
    Choose,
    /// A mode of a newer server; never sent by this one.
    #[serde(other)]
    Unknown,
}

impl Mode {
    /// The string on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Flip => "flip",
            Mode::Type => "type",
            Mode::Choose => "choose",
            Mode::Unknown => "unknown",
        }
    }

    /// Whether the server checks the reply, so that the back stays with it.
    pub const fn is_checked(self) -> bool {
        match self {
            Mode::Type | Mode::Choose => true,
            Mode::Flip | Mode::Unknown => false,
        }
    }
}

/// A picture or a sound of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Where it is, relative to the server.
    pub url: String,
    /// Media type.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Size.
    pub bytes: u64,
    /// Pixels, of pictures.
    #[serde(default)]
    pub width: Option<u32>,
    /// Pixels, of pictures.
    #[serde(default)]
    pub height: Option<u32>,
    /// What it shows, in words.
    #[serde(default)]
    pub alt: Option<String>,
}

/// The scheduling state of a card.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardState {
    /// SM-2's n: successful repetitions in a row.
    pub reps: u32,
    /// Days from the last scheduling answer to the due day.
    pub interval_days: u32,
    /// Ease factor in hundredths.
    pub ease: u16,
    /// The day it comes again; null exactly for a new card.
    pub due: Option<Day>,
    /// Times it was forgotten after it had been learned.
    pub lapses: u32,
    /// Predicted recall, 0 to 1, or null when nothing is predicted.
    pub recall: Option<f64>,
}

/// What one grade would lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Days from today to the due day; negative when it stays overdue.
    pub days: i32,
    /// Whether the card comes again today as a drill; absent = false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub again_today: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Cards that today's limits still allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// New cards.
    pub new: u32,
    /// Outstanding drill cards.
    pub learning: u32,
    /// Due reviews.
    pub review: u32,
}
