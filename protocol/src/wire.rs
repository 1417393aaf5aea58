//! The fields of a client's frames as they came, and the ranges they must be in. Each names its `type` as well, so
//! that a second one is noticed like any other key that comes twice.

use crate::Day;
use crate::card::Mode;
use crate::client_frame::{Allowance, Filter, Hello, Start};
use crate::command::{Answer, Body, Command, Confidence, Grade, Reply, Response, Set, SetChange, Undo};
use crate::decode::{Broken, malformed};
use crate::ids::{id, is_command_id, optional_id, optional_ids};
use crate::limits::{ALLOWANCE_MAX, ELAPSED_MS_MAX, FLAG_MAX, WINDOW_MAX, ZONE_BYTES_MAX};
use crate::strict::{optional_object, optional_word};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

/// The fields of one command as they came.
pub(crate) trait CommandWire: DeserializeOwned {
    fn seq(&self) -> Option<u64>;
    fn id(&self) -> Uuid;
    fn body(self) -> Result<Body, String>;

    fn command(self, seq: Option<u64>) -> Result<Command, Broken> {
        let id = self.id();
        let malformed = |what| Broken::Malformed { seq, id: Some(id), what };
        if !is_command_id(id) {
            return Err(malformed("`id` must be a UUIDv7".into()));
        }
        Ok(Command { id, body: self.body().map_err(malformed)? })
    }
}

#[derive(Deserialize)]
pub(crate) struct AnswerWire {
    #[serde(rename = "type")]
    _type: IgnoredAny,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(deserialize_with = "id")]
    id: Uuid,
    #[serde(deserialize_with = "id")]
    deck_id: Uuid,
    #[serde(deserialize_with = "id")]
    card_id: Uuid,
    grade: Option<u8>,
    response: Option<Response>,
    first: Option<String>,
    elapsed_ms: u64,
    #[serde(default, deserialize_with = "optional_id")]
    sitting: Option<Uuid>,
    #[serde(default, deserialize_with = "optional_word")]
    confidence: Option<Confidence>,
    early: Option<bool>,
}

impl CommandWire for AnswerWire {
    fn seq(&self) -> Option<u64> {
        self.seq
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn body(self) -> Result<Body, String> {
        let reply = match (self.grade, self.response, self.first) {
            (Some(grade), None, None) => {
                Reply::Grade(Grade::try_from(grade).map_err(|error| error.to_string())?)
            }
            (None, Some(response), None) => Reply::Response(response),
            (None, Some(Response::Text(text)), Some(first)) => Reply::Again { first, text },
            (_, _, Some(_)) => return Err("`first` goes with a `response` that is a text".into()),
            (None, None, None) => return Err("an answer needs a `grade` or a `response`".into()),
            (Some(_), Some(_), None) => {
                return Err("an answer has a `grade` or a `response`, not both".into());
            }
        };
        let elapsed_ms = u32::try_from(self.elapsed_ms)
            .ok()
            .filter(|elapsed_ms| *elapsed_ms <= ELAPSED_MS_MAX)
            .ok_or_else(|| format!("`elapsed_ms` is 0 to {ELAPSED_MS_MAX}"))?;
        Ok(Body::Answer(Answer {
            deck_id: self.deck_id,
            card_id: self.card_id,
            reply,
            elapsed_ms,
            sitting: self.sitting,
            confidence: self.confidence,
            early: self.early.unwrap_or(false),
        }))
    }
}

#[derive(Deserialize)]
pub(crate) struct UndoWire {
    #[serde(rename = "type")]
    _type: IgnoredAny,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(deserialize_with = "id")]
    id: Uuid,
    #[serde(deserialize_with = "id")]
    of: Uuid,
}

impl CommandWire for UndoWire {
    fn seq(&self) -> Option<u64> {
        self.seq
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn body(self) -> Result<Body, String> {
        Ok(Body::Undo(Undo { of: self.of }))
    }
}

#[derive(Deserialize)]
pub(crate) struct SetWire {
    #[serde(rename = "type")]
    _type: IgnoredAny,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(deserialize_with = "id")]
    id: Uuid,
    #[serde(deserialize_with = "id")]
    deck_id: Uuid,
    #[serde(deserialize_with = "id")]
    card_id: Uuid,
    suspended: Option<bool>,
    #[serde(default, deserialize_with = "even_null")]
    buried_until: Option<Option<Day>>,
    flag: Option<u8>,
    reset: Option<bool>,
    due: Option<Day>,
}

/// Tells `null` from a field that is not there.
fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Day>>, D::Error> {
    Option::<Day>::deserialize(deserializer).map(Some)
}

impl CommandWire for SetWire {
    fn seq(&self) -> Option<u64> {
        self.seq
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn body(self) -> Result<Body, String> {
        let named = [
            self.suspended.map(SetChange::Suspended),
            self.buried_until.map(SetChange::BuriedUntil),
            self.flag.map(SetChange::Flag),
            self.reset.map(|_| SetChange::Reset),
            self.due.map(SetChange::Due),
        ];
        let mut changes = named.into_iter().flatten();
        let (Some(change), None) = (changes.next(), changes.next()) else {
            return Err("a set has exactly one of `suspended`, `buried_until`, `flag`, `reset`, `due`".into());
        };
        if self.reset == Some(false) {
            return Err("`reset` can only be true".into());
        }
        if self.flag.is_some_and(|flag| flag > FLAG_MAX) {
            return Err(format!("`flag` is 0 to {FLAG_MAX}"));
        }
        Ok(Body::Set(Set { deck_id: self.deck_id, card_id: self.card_id, change }))
    }
}

#[derive(Deserialize)]
pub(crate) struct BeatWire {
    #[serde(rename = "type")]
    _type: IgnoredAny,
}

#[derive(Deserialize)]
pub(crate) struct AuthWire {
    #[serde(rename = "type")]
    _type: IgnoredAny,
    pub(crate) token: String,
}

#[derive(Deserialize)]
pub(crate) struct HelloWire {
    #[serde(rename = "type")]
    _type: IgnoredAny,
    token: String,
    #[serde(deserialize_with = "id")]
    instance: Uuid,
    client_time: i64,
    #[serde(default, deserialize_with = "optional_id")]
    last_saved: Option<Uuid>,
    zone: Option<String>,
}

impl HelloWire {
    pub(crate) fn validated(self) -> Result<Hello, Broken> {
        let HelloWire { token, instance, client_time, last_saved, zone, _type } = self;
        if zone.as_ref().is_some_and(|zone| zone.len() > ZONE_BYTES_MAX) {
            return Err(malformed(format!("`zone` has at most {ZONE_BYTES_MAX} bytes")));
        }
        Ok(Hello { token, instance, client_time, last_saved, zone })
    }
}

#[derive(Deserialize)]
pub(crate) struct StartWire {
    #[serde(rename = "type")]
    _type: IgnoredAny,
    #[serde(deserialize_with = "id")]
    sitting: Uuid,
    #[serde(default, deserialize_with = "optional_ids")]
    decks: Option<Vec<Uuid>>,
    tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "optional_word")]
    filter: Option<Filter>,
    window: Option<u64>,
    #[serde(default, deserialize_with = "optional_object")]
    limits: Option<Allowance>,
    #[serde(default, deserialize_with = "optional_object")]
    more: Option<Allowance>,
    #[serde(default, deserialize_with = "optional_word")]
    mode: Option<Mode>,
}

impl StartWire {
    pub(crate) fn validated(self) -> Result<Start, Broken> {
        if self.decks.as_ref().is_some_and(Vec::is_empty) {
            return Err(malformed("`decks` is empty: leave it out to study all"));
        }
        let window = match self.window.map(u8::try_from) {
            None => None,
            Some(Ok(window)) if (1..=WINDOW_MAX).contains(&window) => Some(window),
            Some(_) => return Err(malformed(format!("`window` is 1 to {WINDOW_MAX}"))),
        };
        let limits = self.limits.unwrap_or_default();
        let more = self.more.unwrap_or_default();
        let named = [limits.new, limits.review, more.new, more.review];
        if named.into_iter().flatten().any(|cards| cards > ALLOWANCE_MAX) {
            return Err(malformed(format!("`limits` and `more` are 0 to {ALLOWANCE_MAX} cards")));
        }
        if self.mode == Some(Mode::Unknown) {
            return Err(malformed("`mode` is `flip`, `type` or `choose`"));
        }
        let tags = self.tags.unwrap_or_default();
        Ok(Start {
            sitting: self.sitting,
            decks: self.decks,
            tags,
            filter: self.filter,
            window,
            limits,
            more,
            mode: self.mode,
        })
    }
}
