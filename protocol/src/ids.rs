//! Ids on the wire: UUIDs with hyphens, lower case when written, any case when read; ids of commands are
//! UUIDv7, whose time is the moment of the deed.

use serde::{Deserializer, de};
use std::fmt;
use uuid::{Builder, Uuid, Variant};

/// Whether this can be the id of a command: a UUIDv7 of the RFC 9562 variant.
pub fn is_command_id(id: Uuid) -> bool {
    id.get_version_num() == 7 && id.get_variant() == Variant::RFC4122
}

/// The 48 bits of time of a UUIDv7 or UUIDv8, ms since 1970 UTC.
pub fn id_time_ms(id: Uuid) -> u64 {
    (id.as_u128() >> 80) as u64
}

/// The UUIDv7 with this time (ms since 1970 UTC, the lower 48 bits) and these ten bytes, of which six bits
/// give way to version and variant.
pub fn id_from_parts(time_ms: u64, random: [u8; 10]) -> Uuid {
    Builder::from_unix_timestamp_millis(time_ms, &random).into_uuid()
}

/// Reads the one accepted form: 36 characters with hyphens.
pub(crate) fn parse_id(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = Uuid;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a UUID of 36 characters")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Uuid, E> {
        parse_id(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

/// A UUID as a client sends it, for use in lists and options.
struct Id(Uuid);

impl<'de> de::Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(IdVisitor).map(Id)
    }
}

pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    deserializer.deserialize_str(IdVisitor)
}

pub(crate) fn optional_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
    Ok(<Option<Id> as de::Deserialize>::deserialize(deserializer)?.map(|id| id.0))
}

pub(crate) fn optional_ids<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Uuid>>, D::Error> {
    let ids = <Option<Vec<Id>> as de::Deserialize>::deserialize(deserializer)?;
    Ok(ids.map(|ids| ids.into_iter().map(|id| id.0).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_id_is_the_time_it_was_made_with() {
        let id = id_from_parts(1_763_690_400_123, [0xff; 10]);
        assert!(is_command_id(id));
        assert_eq!(id_time_ms(id), 1_763_690_400_123);
    }

    #[test]
    fn only_the_hyphenated_form_is_read_in_any_case() {
        let text = "0199ABCD-0000-7000-8000-00000000000a";
        assert_eq!(parse_id(text).map(|id| id.to_string()), Some(text.to_lowercase()));
        for other in ["0199abcd00007000800000000000000a", "{0199abcd-0000-7000-8000-00000000000a}", "", "x"] {
            assert_eq!(parse_id(other), None, "{other}");
        }
    }

    #[test]
    fn other_versions_and_variants_are_no_command_ids() {
        for text in ["0199abcd-0000-4000-8000-00000000000a", "0199abcd-0000-7000-c000-00000000000a"] {
            assert!(!parse_id(text).is_some_and(is_command_id), "{text}");
        }
    }
}
