//! Events on the wire.

use domain::ids::Uuid;
use ports::{EventId, EventKind, Happening};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Something that happened. It names things by their ids; what is known of them is asked for where they are.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct EventOut {
    /// Unique, and growing within what one person is told.
    id: Uuid,
    /// What kind of thing: `deck.changed`, `import.finished`, …
    kind: &'static str,
    /// When it happened, Unix milliseconds.
    at: i64,
    /// The person it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deck_id: Option<Uuid>,
    /// The import it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<Uuid>,
    /// What else is said; by kind.
    data: Value,
}

impl EventOut {
    /// An event as everybody is shown it.
    pub(crate) fn of(id: EventId, what: &Happening) -> EventOut {
        EventOut::numbered(id.uuid(), what.kind.word(), what)
    }

    /// The same under any id and kind: for what is only tried.
    pub(crate) fn numbered(id: Uuid, kind: &'static str, what: &Happening) -> EventOut {
        EventOut {
            id,
            kind,
            at: what.at_ms,
            user_id: what.user.map(|user| user.0),
            class_id: what.class.map(|class| class.0),
            deck_id: what.deck.map(|deck| deck.0),
            job_id: what.job.map(|job| job.0),
            data: serde_json::from_str(&what.data).unwrap_or(Value::Null),
        }
    }
}

/// Kinds as a request names them: words with commas between.
pub(in crate::http) fn kinds(text: &str) -> Option<Vec<EventKind>> {
    text.split(',').map(|word| EventKind::of_word(word.trim())).collect()
}
