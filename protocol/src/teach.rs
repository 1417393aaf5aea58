//! What a teacher sends on the monitor socket: commands under the rules of all commands, and the frames of every socket.

use crate::client_frame::ClientFrame;
use crate::decode::Broken;
use crate::ids::{id, is_command_id, optional_id, optional_ids};
use crate::text::json;
use serde::de::IgnoredAny;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

/// One frame from teacher to server, validated when it comes from [`crate::decode_teacher`].
#[derive(Clone, Debug, PartialEq)]
pub enum TeacherFrame {
    /// `hello`, `auth` or `beat`; no other.
    Common(Box<ClientFrame>),
    /// A command with its place on this socket.
    Command(Teaching),
}

/// A command with its place on one socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Teaching {
    /// Counts the commands of one socket from 1 without a gap.
    pub seq: u64,
    /// UUIDv7; by it the command is carried out once.
    pub id: Uuid,
    /// What is asked.
    pub body: Teach,
}

/// What a teacher may ask of a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Teach {
    /// A lesson begins.
    Open {
        /// UUIDv7 of the lesson.
        lesson: Uuid,
    },
    /// Its time stands still.
    Pause,
    /// It goes on.
    Resume,
    /// It is over.
    Close,
    /// Words for everybody, or none.
    Message {
        /// The words; null takes them back.
        message: Option<String>,
    },
    /// Cards come next in the queues of students.
    Assign {
        /// The deck.
        deck_id: Uuid,
        /// These cards of it; empty for all.
        cards: Vec<Uuid>,
        /// These students; empty for all.
        to: Vec<Uuid>,
    },
    /// What was assigned of a deck is no longer.
    Withdraw {
        /// The deck.
        deck_id: Uuid,
    },
    /// One card is put to everybody.
    Ask {
        /// The question; in a second vote that of the first.
        ask_id: Uuid,
        /// The card's deck.
        deck_id: Uuid,
        /// The card.
        card_id: Uuid,
        /// Last moment of an answer, ms since 1970 UTC.
        closes_at: i64,
        /// A second vote on the same question.
        second: bool,
    },
    /// The question is taken from the screens.
    EndAsk,
    /// The vote on the question closes now.
    CloseAsk {
        /// The question.
        ask_id: Uuid,
    },
    /// Cards come next for those who are there: the ones whose review keeps most memory alive.
    WarmUp {
        /// The deck.
        deck_id: Uuid,
        /// How many cards, 1 to 50.
        count: u16,
    },
    /// A text is an answer from now on, and was before.
    Accept {
        /// The card's deck.
        deck_id: Uuid,
        /// The card.
        card_id: Uuid,
        /// The text.
        text: String,
    },
    /// A student has more time.
    ExtraTime {
        /// Who.
        student_id: Uuid,
        /// In percent of the ordinary.
        percent: u16,
    },
    /// A student is no longer part of the lesson.
    Remove {
        /// Who.
        student_id: Uuid,
    },
    /// Names are sent, or not.
    HideNames {
        /// Not.
        hidden: bool,
    },
}

impl Teach {
    /// The `type` of each command.
    pub const TYPES: [&str; 15] = [
        "open",
        "pause",
        "resume",
        "close",
        "message",
        "assign",
        "withdraw",
        "ask",
        "end_ask",
        "close_ask",
        "warm_up",
        "accept",
        "extra_time",
        "remove",
        "hide_names",
    ];

    /// Its `type`.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Teach::Open { .. } => "open",
            Teach::Pause => "pause",
            Teach::Resume => "resume",
            Teach::Close => "close",
            Teach::Message { .. } => "message",
            Teach::Assign { .. } => "assign",
            Teach::Withdraw { .. } => "withdraw",
            Teach::Ask { .. } => "ask",
            Teach::EndAsk => "end_ask",
            Teach::CloseAsk { .. } => "close_ask",
            Teach::WarmUp { .. } => "warm_up",
            Teach::Accept { .. } => "accept",
            Teach::ExtraTime { .. } => "extra_time",
            Teach::Remove { .. } => "remove",
            Teach::HideNames { .. } => "hide_names",
        }
    }
}

impl Serialize for Teaching {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.body.type_name())?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("id", &self.id)?;
        match &self.body {
            Teach::Pause | Teach::Resume | Teach::Close | Teach::EndAsk => {}
            Teach::Open { lesson } => map.serialize_entry("lesson", lesson)?,
            Teach::Message { message } => map.serialize_entry("message", message)?,
            Teach::Assign { deck_id, cards, to } => {
                map.serialize_entry("deck_id", deck_id)?;
                for (key, ids) in
                    [("cards", cards), ("to", to)].into_iter().filter(|(_, ids)| !ids.is_empty())
                {
                    map.serialize_entry(key, ids)?;
                }
            }
            Teach::Withdraw { deck_id } => map.serialize_entry("deck_id", deck_id)?,
            Teach::Ask { ask_id, deck_id, card_id, closes_at, second } => {
                map.serialize_entry("ask_id", ask_id)?;
                map.serialize_entry("deck_id", deck_id)?;
                map.serialize_entry("card_id", card_id)?;
                map.serialize_entry("closes_at", closes_at)?;
                if *second {
                    map.serialize_entry("second", second)?;
                }
            }
            Teach::CloseAsk { ask_id } => map.serialize_entry("ask_id", ask_id)?,
            Teach::WarmUp { deck_id, count } => {
                map.serialize_entry("deck_id", deck_id)?;
                map.serialize_entry("count", count)?;
            }
            Teach::Accept { deck_id, card_id, text } => {
                map.serialize_entry("deck_id", deck_id)?;
                map.serialize_entry("card_id", card_id)?;
                map.serialize_entry("text", text)?;
            }
            Teach::ExtraTime { student_id, percent } => {
                map.serialize_entry("student_id", student_id)?;
                map.serialize_entry("percent", percent)?;
            }
            Teach::Remove { student_id } => map.serialize_entry("student_id", student_id)?,
            Teach::HideNames { hidden } => map.serialize_entry("hidden", hidden)?,
        }
        map.end()
    }
}

impl TeacherFrame {
    /// The frame as JSON text.
    pub fn encode(&self) -> String {
        match self {
            TeacherFrame::Common(frame) => frame.encode(),
            TeacherFrame::Command(teaching) => json(teaching),
        }
    }
}

/// The fields of any command as they came.
#[derive(Deserialize)]
pub(crate) struct TeachWire {
    #[serde(rename = "type")]
    _type: IgnoredAny,
    pub(crate) seq: u64,
    #[serde(deserialize_with = "id")]
    id: Uuid,
    #[serde(default, deserialize_with = "optional_id")]
    lesson: Option<Uuid>,
    message: Option<String>,
    #[serde(default, deserialize_with = "optional_id")]
    deck_id: Option<Uuid>,
    #[serde(default, deserialize_with = "optional_id")]
    card_id: Option<Uuid>,
    #[serde(default, deserialize_with = "optional_id")]
    ask_id: Option<Uuid>,
    #[serde(default, deserialize_with = "optional_id")]
    student_id: Option<Uuid>,
    #[serde(default, deserialize_with = "optional_ids")]
    cards: Option<Vec<Uuid>>,
    #[serde(default, deserialize_with = "optional_ids")]
    to: Option<Vec<Uuid>>,
    closes_at: Option<i64>,
    second: Option<bool>,
    text: Option<String>,
    percent: Option<u16>,
    count: Option<u16>,
    hidden: Option<bool>,
}

impl TeachWire {
    /// The command of this type, or what is wrong with it.
    pub(crate) fn teaching(self, tag: &str) -> Result<Teaching, Broken> {
        let (seq, id) = (self.seq, self.id);
        let malformed = |what| Broken::Malformed { seq: Some(seq), id: Some(id), what };
        if !is_command_id(id) {
            return Err(malformed("`id` must be a UUIDv7".into()));
        }
        let body = self.body(tag).map_err(|field| malformed(format!("`{tag}` needs `{field}`")))?;
        Ok(Teaching { seq, id, body })
    }

    /// The body, or the name of the field that it lacks.
    fn body(self, tag: &str) -> Result<Teach, &'static str> {
        Ok(match tag {
            "open" => Teach::Open { lesson: self.lesson.ok_or("lesson")? },
            "pause" => Teach::Pause,
            "resume" => Teach::Resume,
            "close" => Teach::Close,
            "message" => Teach::Message { message: self.message },
            "assign" => Teach::Assign {
                deck_id: self.deck_id.ok_or("deck_id")?,
                cards: self.cards.unwrap_or_default(),
                to: self.to.unwrap_or_default(),
            },
            "withdraw" => Teach::Withdraw { deck_id: self.deck_id.ok_or("deck_id")? },
            "ask" => Teach::Ask {
                ask_id: self.ask_id.ok_or("ask_id")?,
                deck_id: self.deck_id.ok_or("deck_id")?,
                card_id: self.card_id.ok_or("card_id")?,
                closes_at: self.closes_at.ok_or("closes_at")?,
                second: self.second.unwrap_or(false),
            },
            "end_ask" => Teach::EndAsk,
            "close_ask" => Teach::CloseAsk { ask_id: self.ask_id.ok_or("ask_id")? },
            "warm_up" => {
                Teach::WarmUp { deck_id: self.deck_id.ok_or("deck_id")?, count: self.count.ok_or("count")? }
            }
            "accept" => Teach::Accept {
                deck_id: self.deck_id.ok_or("deck_id")?,
                card_id: self.card_id.ok_or("card_id")?,
                text: self.text.ok_or("text")?,
            },
            "extra_time" => Teach::ExtraTime {
                student_id: self.student_id.ok_or("student_id")?,
                percent: self.percent.ok_or("percent")?,
            },
            "remove" => Teach::Remove { student_id: self.student_id.ok_or("student_id")? },
            "hide_names" => Teach::HideNames { hidden: self.hidden.ok_or("hidden")? },
            _ => return Err("another type"),
        })
    }
}
