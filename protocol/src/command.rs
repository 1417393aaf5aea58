//! The commands: `answer`, `undo` and `set`. What is here is their *content*; `seq` belongs to one socket and
//! lives in [`crate::Numbered`].

use crate::Day;
use crate::limits::GRADE_MAX;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

/// One deed of a learner. Two commands with the same id must be equal: the server compares this content.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// UUIDv7; its time is the moment of the deed by the corrected clock.
    pub id: Uuid,
    /// What was done.
    pub body: Body,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A card was answered.
    Answer(Answer),
    /// An earlier answer or set is taken back.
    Undo(Undo),
    /// A property of a card is set.
    Set(Set),
}

/// The answer to one card.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The deck that the card is in.
    pub deck_id: Uuid,
    /// The card.
    pub card_id: Uuid,
    /// What the learner gave.
    pub reply: Reply,
    /// From showing the front to the grade, ms, at most [`crate::limits::ELAPSED_MS_MAX`].
    pub elapsed_ms: u32,
    /// The sitting that the card was dealt in; without it the answer counts as another sitting's.
    pub sitting: Option<Uuid>,
    /// How sure the learner was before the back was shown.
    pub confidence: Option<Confidence>,
    /// Asks that a card which is not due schedules all the same; absent = false.
    pub early: bool,
}

/// A self-given grade or, in a checked mode, what is to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Mode `flip`.
    Grade(Grade),
    /// Modes `type` and `choose`.
    Response(Response),
    /// Mode `type`, asked once more because what was typed first was near.
    Again {
        /// What was typed first.
        first: String,
        /// What was typed then.
        text: String,
    },
}

/// What the learner typed or chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Response {
    /// Index into `card.choices`.
    Choice(u16),
    /// Mode `type`.
    Text(String),
}

/// An SM-2 grade, 0 (blackout) to 5 (perfect).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Grade(u8);

/// A number that is no grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a grade is 0 to 5, not {0}")]
pub struct GradeOutOfRange(pub u8);

impl Grade {
    /// 0 to 5.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Grade {
    type Error = GradeOutOfRange;

    fn try_from(value: u8) -> Result<Grade, GradeOutOfRange> {
        if value <= GRADE_MAX { Ok(Grade(value)) } else { Err(GradeOutOfRange(value)) }
    }
}

/// How sure the learner was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Sure.
    Sure,
    /// Not sure.
    Unsure,
}

/// Takes an answer or a set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undo {
    /// Id of the command to take back.
    pub of: Uuid,
}

/// Sets one property of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// The deck that the card is in.
    pub deck_id: Uuid,
    /// The card.
    pub card_id: Uuid,
    /// The property and its value.
    pub change: SetChange,
}

/// What a `set` sets: exactly one a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetChange {
    /// Never dealt until it is taken back.
    Suspended(bool),
    /// Hidden while today is before this day; `None` digs it up.
    BuriedUntil(Option<Day>),
    /// 0 (none) to [`crate::limits::FLAG_MAX`].
    Flag(u8),
    /// The card is new again.
    Reset,
    /// Due on this day.
    Due(Day),
}

impl Body {
    /// `answer`, `undo` or `set`.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Body::Answer(_) => "answer",
            Body::Undo(_) => "undo",
            Body::Set(_) => "set",
        }
    }

    /// Writes the fields of this body into a map that is open.
    pub(crate) fn serialize_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            Body::Answer(answer) => answer.serialize_fields(map),
            Body::Undo(undo) => map.serialize_entry("of", &undo.of),
            Body::Set(set) => {
                map.serialize_entry("deck_id", &set.deck_id)?;
                map.serialize_entry("card_id", &set.card_id)?;
                match set.change {
                    SetChange::Suspended(suspended) => map.serialize_entry("suspended", &suspended),
                    SetChange::BuriedUntil(day) => map.serialize_entry("buried_until", &day),
                    SetChange::Flag(flag) => map.serialize_entry("flag", &flag),
                    SetChange::Reset => map.serialize_entry("reset", &true),
                    SetChange::Due(day) => map.serialize_entry("due", &day),
                }
            }
        }
    }
}

impl Answer {
    fn serialize_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("deck_id", &self.deck_id)?;
        map.serialize_entry("card_id", &self.card_id)?;
        match &self.reply {
            Reply::Grade(grade) => map.serialize_entry("grade", grade)?,
            Reply::Response(response) => map.serialize_entry("response", response)?,
            Reply::Again { first, text } => {
                map.serialize_entry("response", text)?;
                map.serialize_entry("first", first)?;
            }
        }
        map.serialize_entry("elapsed_ms", &self.elapsed_ms)?;
        if let Some(sitting) = &self.sitting {
            map.serialize_entry("sitting", sitting)?;
        }
        if let Some(confidence) = &self.confidence {
            map.serialize_entry("confidence", confidence)?;
        }
        if self.early {
            map.serialize_entry("early", &true)?;
        }
        Ok(())
    }
}

/// As in the body of `POST reviews`: `type`, `id` and the fields, without `seq`.
impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.body.type_name())?;
        map.serialize_entry("id", &self.id)?;
        self.body.serialize_fields(&mut map)?;
        map.end()
    }
}
