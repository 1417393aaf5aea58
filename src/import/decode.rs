//! Bytes into text. The encoding follows from the bytes: a byte order mark, the zeros of UTF-16, else UTF-8 for as
//! long as it is that, else Windows-1252.

use super::limits::ENCODING_BYTES;
use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How a file is encoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// What Excel writes where it writes no Unicode.
    Windows1252,
}

impl Encoding {
    /// The name of the encoding.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16Le => "utf-16le",
            Encoding::Utf16Be => "utf-16be",
            Encoding::Windows1252 => "windows-1252",
        }
    }
}

/// The bytes are no text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoText {
    /// They are another kind of file.
    Binary(&'static str),
    /// They break the rules of the encoding.
    Broken(Encoding),
}

/// Files that people take for text.
const MAGIC: [(&[u8], &str); 7] = [
    (b"PK\x03\x04", "a zip file (an Anki package, or a spreadsheet that was not saved as CSV)"),
    (b"SQLite format 3", "a database"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet that was not saved as CSV"),
    (b"\x89PNG", "a picture"),
];

pub(super) struct Decoder {
    mode: Mode,
}

enum Mode {
    /// Too few bytes to tell.
    Undecided(Vec<u8>),
    /// `tail` is the beginning of a character that goes on in the next piece.
    Utf8 {
        tail: Vec<u8>,
        only_ascii: bool,
        marked: bool,
    },
    Other {
        encoding: Encoding,
        decoder: Box<encoding_rs::Decoder>,
    },
}

impl Decoder {
    pub(super) fn new() -> Decoder {
        Decoder { mode: Mode::Undecided(Vec::new()) }
    }

    pub(super) fn encoding(&self) -> Encoding {
        match &self.mode {
            Mode::Undecided(_) | Mode::Utf8 { .. } => Encoding::Utf8,
            Mode::Other { encoding, .. } => *encoding,
        }
    }

    /// Appends the text of these bytes to `out`; also when they are broken, up to where.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut String) -> Result<(), NoText> {
        if let Mode::Undecided(start) = &mut self.mode {
            start.extend_from_slice(bytes);
            if start.len() < ENCODING_BYTES {
                return Ok(());
            }
            let start = std::mem::take(start);
            return self.decide(&start, out);
        }
        self.decode(bytes, false, out)
    }

    /// The file is over.
    pub(super) fn finish(&mut self, out: &mut String) -> Result<(), NoText> {
        if let Mode::Undecided(start) = &mut self.mode {
            let start = std::mem::take(start);
            self.decide(&start, out)?;
        }
        self.decode(&[], true, out)
    }

    fn decide(&mut self, start: &[u8], out: &mut String) -> Result<(), NoText> {
        if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| start.starts_with(magic)) {
            return Err(NoText::Binary(what));
        }
        let (encoding, mark) = match start {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
            _ => (by_zeros(start), 0),
        };
        self.mode = match encoding {
            Encoding::Utf8 | Encoding::Windows1252 => {
                Mode::Utf8 { tail: Vec::new(), only_ascii: true, marked: mark > 0 }
            }
            Encoding::Utf16Le => other(encoding, UTF_16LE),
            Encoding::Utf16Be => other(encoding, UTF_16BE),
        };
        self.decode(start.get(mark..).unwrap_or_default(), false, out)
    }

    fn decode(&mut self, bytes: &[u8], last: bool, out: &mut String) -> Result<(), NoText> {
        match &mut self.mode {
            Mode::Undecided(_) => Ok(()),
            Mode::Other { encoding, decoder } => {
                decode_with(decoder, bytes, last, out).map_err(|()| NoText::Broken(*encoding))
            }
            Mode::Utf8 { tail, only_ascii, marked } => {
                tail.extend_from_slice(bytes);
                let whole = std::mem::take(tail);
                let (good, rest, broken) = split_utf8(&whole);
                *only_ascii &= good.is_ascii();
                out.push_str(good);
                if !broken && !(last && !rest.is_empty()) {
                    rest.clone_into(tail);
                    return Ok(());
                }
                // Up to here every byte was the same in both encodings: then it is the other one.
                if !*only_ascii || *marked {
                    return Err(NoText::Broken(Encoding::Utf8));
                }
                self.mode = other(Encoding::Windows1252, WINDOWS_1252);
                self.decode(rest, last, out)
            }
        }
    }
}

fn other(encoding: Encoding, with: &'static encoding_rs::Encoding) -> Mode {
    Mode::Other { encoding, decoder: Box::new(with.new_decoder_without_bom_handling()) }
}

/// UTF-16 without a mark: most texts are full of characters whose high byte is zero.
fn by_zeros(start: &[u8]) -> Encoding {
    let zeros = |odd: usize| start.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (high_first, low_first) = (zeros(0), zeros(1));
    let many = start.len() / 4;
    match (high_first > many && low_first == 0, low_first > many && high_first == 0) {
        (true, _) if start.len() >= 4 => Encoding::Utf16Be,
        (_, true) if start.len() >= 4 => Encoding::Utf16Le,
        _ => Encoding::Utf8,
    }
}

/// The valid beginning, what follows it, and whether that can never become valid.
fn split_utf8(bytes: &[u8]) -> (&str, &[u8], bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text, &[], false),
        Err(error) => {
            let (good, rest) = bytes.split_at(error.valid_up_to());
            (std::str::from_utf8(good).unwrap_or_default(), rest, error.error_len().is_some())
        }
    }
}

fn decode_with(
    decoder: &mut encoding_rs::Decoder,
    mut bytes: &[u8],
    last: bool,
    out: &mut String,
) -> Result<(), ()> {
    loop {
        out.reserve(decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(4_096).max(16));
        let (result, read) = decoder.decode_to_string_without_replacement(bytes, out, last);
        bytes = bytes.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => return Ok(()),
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => return Err(()),
        }
    }
}
