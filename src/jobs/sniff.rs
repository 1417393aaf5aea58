//! Which format a file probably is.

use super::importer::Importer;
use std::sync::Arc;

/// What is known of a file before it is read.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'f> {
    /// Its name, in lower case; empty where there is none.
    pub name: &'f str,
    /// Its media type, in lower case; empty where there is none.
    pub media_type: &'f str,
    /// Its first bytes.
    pub head: &'f [u8],
    /// Its last bytes: those of an archive list what is in it.
    pub tail: &'f [u8],
}

impl Probe<'_> {
    /// Whether it is a zip archive.
    pub fn is_zip(&self) -> bool {
        self.head.starts_with(b"PK\x03\x04") || self.head.starts_with(b"PK\x05\x06")
    }

    /// Whether an archive seems to hold an entry of this name: it stands in the list at its end, or at its head.
    pub fn holds(&self, entry: &str) -> bool {
        let stands_in = |bytes: &[u8]| bytes.windows(entry.len()).any(|window| window == entry.as_bytes());
        self.is_zip() && (stands_in(self.tail) || stands_in(self.head))
    }

    /// Whether the name has one of these ends.
    pub fn ends_with(&self, ends: &[&str]) -> bool {
        ends.iter().any(|end| self.name.ends_with(end))
    }

    /// Whether it seems to be text: no zero bytes but those of UTF-16.
    pub fn is_text(&self) -> bool {
        let marked = self.head.starts_with(&[0xff, 0xfe]) || self.head.starts_with(&[0xfe, 0xff]);
        !self.is_zip() && (marked || !self.head.starts_with(b"SQLite format 3\0"))
    }

    /// The first line that holds something, as far as it is UTF-8.
    pub fn first_line(&self) -> &str {
        let head = self.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.head);
        let mut lines = head.split(|byte| *byte == b'\n');
        let line = lines.find(|line| !line.trim_ascii().is_empty()).unwrap_or_default().trim_ascii();
        str::from_utf8(line).unwrap_or_default()
    }
}

/// The first importer that recognises a file.
pub fn sniff<'i>(importers: &'i [Arc<dyn Importer>], probe: &Probe<'_>) -> Option<&'i Arc<dyn Importer>> {
    importers.iter().find(|importer| importer.recognises(probe))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_an_archive_is_told_by_its_list() {
        let probe = |head, tail| Probe { name: "x.zip", media_type: "", head, tail };
        assert!(probe(b"PK\x03\x04...", b"..collection.anki21b..").holds("collection.anki21b"));
        assert!(!probe(b"PK\x03\x04...", b"..users.csv..").holds("collection.anki2"));
        assert!(!probe(b"text", b"collection.anki2").holds("collection.anki2"));
    }

    #[test]
    fn the_first_line_is_told_apart_from_marks_and_blank_lines() {
        let probe = |head| Probe { name: "", media_type: "", head, tail: b"" };
        assert_eq!(probe(b"\xef\xbb\xbf\r\n\n {\"a\":1}\r\nb").first_line(), "{\"a\":1}");
        assert_eq!(probe(b"").first_line(), "");
        assert!(probe(b"a,b").is_text() && !probe(b"PK\x03\x04").is_text());
    }
}
