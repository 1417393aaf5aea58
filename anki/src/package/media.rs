//! The list of media: an index of names, as JSON or as a message packed with zstd.

use super::Form;
use super::names::{Name, judge};
use crate::error::OpenError;
use crate::limits::ENTRIES_MAX;
use crate::wire::Fields;
use serde::de::{MapAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// A media file of a package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MediaFile {
    /// The name by which cards call it.
    pub name: String,
    /// Its length in bytes, where the list says so.
    pub stated_bytes: Option<u64>,
    /// Where it lies.
    pub(super) lies: Lies,
}

/// Where a media file lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Lies {
    /// In the archive's entry of this name; in a folder, in the file of this name.
    Under(String),
    /// In the archive's n-th entry.
    In(usize),
}

/// What a list says.
#[derive(Debug, Default)]
pub(super) struct MediaList {
    pub files: Vec<MediaFile>,
    /// Files under names that are too long, or taken already.
    pub left_out: u64,
    taken: HashSet<String>,
}

impl MediaList {
    /// Reads a list. Packages of the older forms may have none.
    pub fn read(form: Form, bytes: &[u8]) -> Result<MediaList, OpenError> {
        let mut list = MediaList::default();
        match form {
            Form::Latest => list.read_message(bytes)?,
            Form::Legacy1 | Form::Legacy2 | Form::Profile | Form::Bare => list.read_json(bytes)?,
        }
        list.listed();
        Ok(list)
    }

    /// Ends the list: which names are taken need not be known any more.
    pub fn listed(&mut self) {
        self.taken = HashSet::new();
    }

    /// Adds a file.
    pub fn add(&mut self, name: &str, lies: Lies, stated_bytes: Option<u64>) -> Result<(), OpenError> {
        match judge(name) {
            Name::Good(name) if self.taken.insert(name.clone()) => {
                self.files.push(MediaFile { name, stated_bytes, lies });
            }
            Name::Good(_) | Name::Useless => self.left_out += 1,
            Name::Unsafe => return Err(OpenError::UnsafeMediaName(name.chars().take(100).collect())),
        }
        if self.files.len() as u64 > ENTRIES_MAX {
            return Err(OpenError::TooMuch {
                what: "media files",
                found: self.files.len() as u64,
                max: ENTRIES_MAX,
            });
        }
        Ok(())
    }

    /// The n-th message is the entry `n`, unless it names another.
    fn read_message(&mut self, bytes: &[u8]) -> Result<(), OpenError> {
        let broken = |_| OpenError::MediaList("not a protobuf message".to_owned());
        let mut nth = 0_u64;
        for field in Fields::of(bytes) {
            let (1, value) = field.map_err(broken)? else { continue };
            let (mut name, mut stated_bytes, mut entry) = (String::new(), 0, nth);
            for field in Fields::of(value.bytes()) {
                match field.map_err(broken)? {
                    (1, value) => name = value.text(),
                    (2, value) => stated_bytes = value.number(),
                    (255, value) => entry = value.number(),
                    _ => {}
                }
            }
            nth += 1;
            self.add(&name, Lies::Under(entry.to_string()), Some(stated_bytes))?;
        }
        Ok(())
    }

    fn read_json(&mut self, bytes: &[u8]) -> Result<(), OpenError> {
        let bytes = if bytes.is_empty() { b"{}" } else { bytes };
        let pairs: Pairs =
            serde_json::from_slice(bytes).map_err(|error| OpenError::MediaList(error.to_string()))?;
        for (entry, name) in pairs.0 {
            if entry.is_empty() || !entry.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(OpenError::MediaList(format!("an entry is called {:?}", shortened(&entry))));
            }
            self.add(&name, Lies::Under(entry), None)?;
        }
        Ok(())
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The pairs of a JSON object in their order, doubled names included.
struct Pairs(Vec<(String, String)>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an index of media names")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &MediaList) -> Vec<(String, &str)> {
        let entry = |file: &'_ MediaFile| match &file.lies {
            Lies::Under(entry) => entry.clone(),
            Lies::In(nth) => panic!("a list names entries: {nth}"),
        };
        list.files.iter().map(|file| (entry(file), file.name.as_str())).collect()
    }

    #[test]
    fn an_index_of_json_keeps_its_order_and_composes_names() {
        let json = "{\"3\":\"cafe\u{301}.png\",\"0\":\"b\",\"1\":\"café.png\"}";
        let list = MediaList::read(Form::Legacy2, json.as_bytes()).unwrap();
        assert_eq!(names(&list), [("3".to_owned(), "café.png"), ("0".to_owned(), "b")]);
        assert_eq!(list.left_out, 1);
        assert!(names(&MediaList::read(Form::Legacy1, b"").unwrap()).is_empty());
    }

    #[test]
    fn of_a_message_the_nth_is_entry_n() {
        // Two files: "a" of 3 bytes, "b" with a number of its own.
        let bytes = [0x0a, 5, 0x0a, 1, b'a', 0x10, 3, 0x0a, 6, 0x0a, 1, b'b', 0xf8, 0x0f, 9];
        let list = MediaList::read(Form::Latest, &bytes).unwrap();
        assert_eq!(names(&list), [("0".to_owned(), "a"), ("9".to_owned(), "b")]);
        assert_eq!(list.files[0].stated_bytes, Some(3));
    }

    #[test]
    fn a_name_that_leads_elsewhere_refuses_the_package() {
        for json in [r#"{"0":"../../etc/passwd"}"#, r#"{"0":"a\\b"}"#, r#"{"0":"/a"}"#, r#"{"0":".."}"#] {
            let refused = MediaList::read(Form::Legacy2, json.as_bytes());
            assert!(matches!(refused, Err(OpenError::UnsafeMediaName(_))), "{json}");
        }
        for json in [r#"{"../0":"a"}"#, r#"["a"]"#, r#"{"0":1}"#, "{", r#"{"0":"a"}x"#] {
            let refused = MediaList::read(Form::Legacy2, json.as_bytes());
            assert!(matches!(refused, Err(OpenError::MediaList(_))), "{json}");
        }
    }
}
