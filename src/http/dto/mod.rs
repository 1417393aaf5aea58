//! What goes over the wire, with its checks. Records never leave the server as they are.

pub(super) mod card;
pub(super) mod class;
pub(super) mod deck;
pub(super) mod event;
pub(super) mod figures;
pub(super) mod hook;
pub(super) mod job;
pub(super) mod lesson;
pub(super) mod person;
pub(super) mod settings;
pub(super) mod user;

use crate::content::composed;
use crate::http::Problem;
use crate::http::limits::TITLE_BYTES_MAX;
use crate::import::limits::{TAG_BYTES_MAX, TAGS_PER_CARD_MAX};
use crate::naming;
use serde::{Deserialize, Deserializer};

/// A day in JSON, as the document of the API tells it: `YYYY-MM-DD`.
pub(super) struct DayText;

impl schemars::JsonSchema for DayText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date"})
    }
}

/// Reads a field that may be absent, null or there: `None`, `Some(None)`, `Some(Some(…))`.
fn maybe_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    field: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(field).map(Some)
}

/// A line of text: trimmed, showing something, without control characters, of at most so many bytes.
pub(super) fn line(name: &str, text: &str, bytes_max: usize) -> Result<String, Problem> {
    let refused = || Problem::invalid(format!("`{name}` is one line of 1 to {bytes_max} bytes."));
    naming::line(text, bytes_max).ok_or_else(refused)
}

/// A title.
pub(super) fn title(text: &str) -> Result<String, Problem> {
    line("title", text, TITLE_BYTES_MAX)
}

/// Tags: trimmed, without doubles, in the order given.
pub(super) fn tags(tags: Vec<String>) -> Result<Vec<String>, Problem> {
    let mut kept: Vec<String> = Vec::new();
    for tag in tags {
        let tag = composed(&line("tags", &tag, TAG_BYTES_MAX)?);
        if kept.contains(&tag) {
            continue;
        }
        // At once: each further tag would be compared with all before it.
        if kept.len() == TAGS_PER_CARD_MAX {
            return Err(Problem::invalid(format!("`tags` has at most {TAGS_PER_CARD_MAX} tags.")));
        }
        kept.push(tag);
    }
    Ok(kept)
}
