//! Objects of a line of JSON, field by field, each with its place in the line.

use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// One field of an object.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its value as it is written.
    pub value: &'a str,
}

/// A value that is read as a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Text<'a> {
    /// Nothing: `null`.
    None,
    /// A text, or a number or truth value as it is written.
    Some(Cow<'a, str>),
    /// A list or an object.
    Other,
}

impl<'a> Field<'a> {
    /// The value as a text.
    pub(crate) fn text(&self) -> Text<'a> {
        match self.value.as_bytes().first() {
            Some(b'"') => {
                // Nearly every text is written without an escape.
                let inner = self.value.get(1..self.value.len().saturating_sub(1)).unwrap_or_default();
                if !inner.contains('\\') {
                    return Text::Some(Cow::Borrowed(inner));
                }
                serde_json::from_str(self.value).map_or(Text::Other, |text| Text::Some(Cow::Owned(text)))
            }
            Some(b'{' | b'[') | None => Text::Other,
            Some(_) if self.value == "null" => Text::None,
            Some(_) => Text::Some(Cow::Borrowed(self.value)),
        }
    }

    /// Where the value begins, in characters from 1. `line` is the text that the object was read from.
    pub(crate) fn column(&self, line: &str) -> u32 {
        let before = (self.value.as_ptr() as usize).checked_sub(line.as_ptr() as usize);
        let before = before.and_then(|bytes| line.get(..bytes)).unwrap_or_default();
        u32::try_from(before.chars().count()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// Reads an object of at most `fields_max` fields; the fields go into `fields`, in their order.
///
/// # Errors
/// No JSON, no object, or too many fields: the column at which that shows, from 1.
pub(crate) fn read_object<'a>(
    line: &'a str,
    fields_max: usize,
    fields: &mut Vec<Field<'a>>,
) -> Result<(), u32> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let read = Object { fields, fields_max }.deserialize(&mut deserializer);
    let read = read.and_then(|()| deserializer.end());
    read.map_err(|error| u32::try_from(error.column()).unwrap_or(u32::MAX).max(1))
}

struct Object<'f, 'a> {
    fields: &'f mut Vec<Field<'a>>,
    fields_max: usize,
}

impl<'de> DeserializeSeed<'de> for Object<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some((Name(name), value)) = map.next_entry::<Name, &'de RawValue>()? {
            if self.fields.len() == self.fields_max {
                return Err(M::Error::custom("too many fields"));
            }
            self.fields.push(Field { name, value: value.get() });
        }
        Ok(())
    }
}

/// A name that is not copied where it need not be.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfText;
        impl<'de> Visitor<'de> for OfText {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(OfText)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Vec<(String, Text<'_>, u32)>, u32> {
        let mut fields = Vec::new();
        read_object(line, 3, &mut fields)?;
        Ok(fields.iter().map(|field| (field.name.to_string(), field.text(), field.column(line))).collect())
    }

    #[test]
    fn fields_come_in_their_order_with_their_places() {
        let some = |text: &str| Text::Some(Cow::Owned(text.to_owned()));
        let told = read(r#" {"ä": "x\ny", "b":1.50, "c": null}"#).unwrap();
        let expected = [("ä", some("x\ny"), 8), ("b", some("1.50"), 20), ("c", Text::None, 31)];
        assert_eq!(told, expected.map(|(name, text, column)| (name.to_owned(), text, column)));
        assert_eq!(read(r#"{"a": [1]}"#).unwrap()[0].1, Text::Other);
    }

    #[test]
    fn what_is_no_object_is_refused_where_that_shows() {
        assert_eq!(read("[1]"), Err(1));
        assert_eq!(read(r#"{"a": 1,}"#), Err(9));
        assert_eq!(read(r#"{"a": 1} 2"#), Err(10));
        assert!(read(r#"{"a": 1"#).is_err());
        assert!(read(r#"{"a":1,"b":2,"c":3,"d":4}"#).is_err());
        assert!(read(&format!("{{\"a\":{}", "[".repeat(100_000))).is_err());
    }
}
