//! A look at a frame without understanding it: its `type`, `seq` and `id`.

use crate::ids::parse_id;
use serde::de::{self, IgnoredAny, MapAccess};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use uuid::Uuid;

/// The fields of any frame that say what it is; of one that comes twice, the first.
#[derive(Default)]
pub(crate) struct Probe<'a> {
    tag: Option<&'a RawValue>,
    seq: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    repeated: bool,
}

/// What a field held.
pub(crate) enum Found<T> {
    /// Not there, or null.
    Absent,
    /// There, and of another type or form.
    Unreadable,
    /// Read.
    Value(T),
}

impl<'a> Probe<'a> {
    /// Looks at the whole text, which must be one JSON object.
    pub(crate) fn read(text: &'a str) -> Result<Probe<'a>, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The `type`, when it is a string.
    pub(crate) fn tag(&self) -> Option<Cow<'a, str>> {
        self.tag.and_then(string)
    }

    /// Whether one of the three came twice.
    pub(crate) const fn is_repeated(&self) -> bool {
        self.repeated
    }

    pub(crate) fn seq(&self) -> Found<u64> {
        found(self.seq, |raw| serde_json::from_str(raw.get()).ok())
    }

    pub(crate) fn id(&self) -> Found<Uuid> {
        found(self.id, |raw| parse_id(&string(raw)?))
    }
}

fn found<'a, T>(raw: Option<&'a RawValue>, read: impl FnOnce(&'a RawValue) -> Option<T>) -> Found<T> {
    match raw {
        None => Found::Absent,
        Some(raw) if raw.get() == "null" => Found::Absent,
        Some(raw) => read(raw).map_or(Found::Unreadable, Found::Value),
    }
}

fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = raw.get();
    match serde_json::from_str::<&str>(text) {
        Ok(plain) => Some(Cow::Borrowed(plain)),
        Err(_) => serde_json::from_str(text).ok().map(Cow::Owned),
    }
}

impl<'de> Deserialize<'de> for Probe<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ProbeVisitor;
        impl<'de> de::Visitor<'de> for ProbeVisitor {
            type Value = Probe<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Probe<'de>, M::Error> {
                let mut probe = Probe::default();
                while let Some(key) = map.next_key::<Key>()? {
                    let place = match key {
                        Key::Type => &mut probe.tag,
                        Key::Seq => &mut probe.seq,
                        Key::Id => &mut probe.id,
                        Key::Other => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    let value = map.next_value()?;
                    if place.is_some() {
                        probe.repeated = true;
                    } else {
                        *place = Some(value);
                    }
                }
                Ok(probe)
            }
        }
        deserializer.deserialize_map(ProbeVisitor)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Type,
    Seq,
    Id,
    #[serde(other)]
    Other,
}

/// The `type` of a frame that begins with it, as most do, found without parsing the rest. `None` says nothing.
pub(crate) fn leading_tag(text: &str) -> Option<&str> {
    let rest = text.trim_start().strip_prefix('{')?.trim_start();
    let rest = rest.strip_prefix("\"type\"")?.trim_start();
    let rest = rest.strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let (tag, _) = rest.split_once('"')?;
    tag.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_').then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_type_is_found_however_it_is_spaced() {
        assert_eq!(leading_tag(r#"{"type":"answer","seq":1}"#), Some("answer"));
        assert_eq!(leading_tag("\n{ \"type\" : \"set\" }"), Some("set"));
        assert_eq!(leading_tag(r#"{"seq":1,"type":"answer"}"#), None);
        assert_eq!(leading_tag(r#"{"type":"an\u0073wer"}"#), None);
        assert_eq!(leading_tag(r#"{"type":5}"#), None);
    }

    #[test]
    fn the_probe_reads_escapes_and_takes_the_first_of_two() {
        let probe = Probe::read(r#"{"a":[[{}]],"type":"an\u0073wer","seq":7,"seq":8,"id":null}"#);
        let probe = probe.unwrap_or_default();
        assert_eq!(probe.tag().as_deref(), Some("answer"));
        assert!(matches!(probe.seq(), Found::Value(7)));
        assert!(matches!(probe.id(), Found::Absent));
        assert!(probe.is_repeated());
    }
}
