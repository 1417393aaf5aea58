//! What a client sends on the study socket.

use crate::card::Mode;
use crate::command::Command;
use crate::text::{json, push_tagged};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

/// One frame from client to server, validated when it comes from [`crate::decode_client`].
#[derive(Clone, Debug, PartialEq)]
pub enum ClientFrame {
    /// The first frame.
    Hello(Hello),
    /// A new token for this socket.
    Auth(Auth),
    /// Begins or goes on with a sitting.
    Start(Start),
    /// `answer`, `undo` or `set`.
    Command(Numbered),
    /// Nothing but a sign of life.
    Beat,
}

/// The first frame, within [`crate::limits::HELLO_WITHIN_MS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hello {
    /// A JWT.
    pub token: String,
    /// This running tab or process; a newer `hello` with it replaces the older socket.
    pub instance: Uuid,
    /// The device's clock, ms since 1970 UTC.
    pub client_time: i64,
    /// Newest command id that this device knows saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_saved: Option<Uuid>,
    /// IANA zone of the device; taken only while the learner has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// Renews the token in place; answered by `renewed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Auth {
    /// A JWT of the same `sub`.
    pub token: String,
}

/// Begins or goes on with a sitting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Start {
    /// UUIDv7 made by the client; the same after a reconnect.
    pub sitting: Uuid,
    /// Decks, each with the owner's decks below its path; `None` = own, those of classes, those with progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decks: Option<Vec<Uuid>>,
    /// Only cards with at least one of these tags; empty = all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Only these cards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    /// Cards to hold, 1 to [`crate::limits::WINDOW_MAX`]; `None` = [`crate::limits::WINDOW_DEFAULT`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<u8>,
    /// Lowers the decks' limits for this sitting.
    #[serde(skip_serializing_if = "Allowance::is_empty")]
    pub limits: Allowance,
    /// Goes beyond today's limits, for each deck, until the study day ends.
    #[serde(skip_serializing_if = "Allowance::is_empty")]
    pub more: Allowance,
    /// How cards are asked; `None` = as their decks say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
}

/// Which cards a sitting is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Due reviews, no new cards.
    Due,
    /// New cards only.
    New,
    /// Leeches, due or not.
    Leech,
    /// Flagged cards, due or not.
    Flagged,
    /// Cards failed today, due or not.
    FailedToday,
}

/// Cards a deck and study day, by kind; `None` = not named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// New cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<u32>,
    /// Reviews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<u32>,
}

impl Allowance {
    /// Whether neither is named.
    pub const fn is_empty(&self) -> bool {
        self.new.is_none() && self.review.is_none()
    }
}

/// A command with its place on one socket.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbered {
    /// Counts the commands of one socket from 1 without a gap.
    pub seq: u64,
    /// The command.
    pub command: Command,
}

impl Serialize for Numbered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.command.body.type_name())?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("id", &self.command.id)?;
        self.command.body.serialize_fields(&mut map)?;
        map.end()
    }
}

impl ClientFrame {
    /// The frame as JSON text.
    pub fn encode(&self) -> String {
        let mut out = String::new();
        match self {
            ClientFrame::Hello(hello) => push_tagged(&mut out, r#"{"type":"hello""#, hello),
            ClientFrame::Auth(auth) => push_tagged(&mut out, r#"{"type":"auth""#, auth),
            ClientFrame::Start(start) => push_tagged(&mut out, r#"{"type":"start""#, start),
            ClientFrame::Command(numbered) => return json(numbered),
            ClientFrame::Beat => out.push_str(r#"{"type":"beat"}"#),
        }
        out
    }
}
