//! Bytes to text, piece by piece. The encoding is recognised at the head of the file.
//!
//! A file without a byte order mark is UTF-8 as long as it can be. The first bytes that cannot be UTF-8 make it
//! Windows-1252 if everything before them was ASCII, which reads the same in both; after real UTF-8 they are a fault,
//! because reading on as Windows-1252 would turn every accent before them into two wrong letters.

use super::report::Fault;
use encoding_rs::{CoderResult, DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The encoding of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-8, and ASCII.
    Utf8,
    /// UTF-16, least significant byte first: what Excel calls "Unicode text".
    Utf16Le,
    /// UTF-16, most significant byte first.
    Utf16Be,
    /// The western code page of Windows.
    Windows1252,
}

/// How files begin that are no text, whatever their name says.
const NO_TEXT: [&[u8]; 16] = [
    // Archives, and with the first every workbook of a spreadsheet.
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    // Workbooks and documents of old.
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"{\\rtf",
    b"%PDF-",
    b"SQLite format 3\0",
    // Pictures and programs.
    b"\x89PNG\r\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"\x7fELF",
];
/// Bytes that the western code page gives no letter.
const UNASSIGNED: [u8; 5] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];
/// Of a hundred UTF-16 units of a table at least so many are delimiters, line ends or other ASCII.
const ASCII_UNITS_PERCENT_MIN: usize = 10;

/// Decodes a file from its head on.
pub(super) struct Decoder {
    encoding: Encoding,
    /// A byte order mark has promised the encoding.
    promised: bool,
    /// Whether something else than ASCII has come as UTF-8.
    beyond_ascii: bool,
    /// The begun but not finished character of the last piece, in UTF-8.
    begun: Vec<u8>,
    other: Option<encoding_rs::Decoder>,
}

impl Decoder {
    /// Recognises the encoding at the head of a file, of which `is_whole` says whether it is all. Returns how long the
    /// byte order mark is, too.
    pub fn of_head(head: &[u8], is_whole: bool) -> Result<(Decoder, usize), Fault> {
        if NO_TEXT.iter().any(|magic| head.starts_with(magic)) {
            return Err(Fault::NotText);
        }
        let (encoding, mark) = match head {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
            _ => (without_mark(head, is_whole), 0),
        };
        let mut decoder =
            Decoder { encoding, promised: mark > 0, beyond_ascii: false, begun: Vec::new(), other: None };
        decoder.switch_to(encoding);
        Ok((decoder, mark))
    }

    /// The encoding, as far as it is known.
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Appends the text of the next piece.
    pub fn decode(&mut self, bytes: &[u8], out: &mut String) -> Result<(), Fault> {
        match &mut self.other {
            Some(other) => decode_other(other, self.encoding, bytes, false, out),
            None if self.begun.is_empty() => self.decode_utf8(bytes, out),
            None => {
                let mut joined = std::mem::take(&mut self.begun);
                joined.extend_from_slice(bytes);
                self.decode_utf8(&joined, out)
            }
        }
    }

    /// Appends what is still owed when the file has ended.
    pub fn finish(&mut self, out: &mut String) -> Result<(), Fault> {
        let begun = std::mem::take(&mut self.begun);
        if !begun.is_empty() {
            self.not_utf8(&begun, out)?;
        }
        let encoding = self.encoding;
        self.other.as_mut().map_or(Ok(()), |other| decode_other(other, encoding, &[], true, out))
    }

    fn decode_utf8(&mut self, bytes: &[u8], out: &mut String) -> Result<(), Fault> {
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => {
                self.beyond_ascii |= !text.is_ascii();
                out.push_str(text);
                return Ok(());
            }
            Err(error) => error,
        };
        let (text, rest) = bytes.split_at(error.valid_up_to());
        self.beyond_ascii |= !text.is_ascii();
        out.push_str(&String::from_utf8_lossy(text));
        if error.error_len().is_none() {
            self.begun = rest.to_vec();
            return Ok(());
        }
        self.not_utf8(rest, out)
    }

    fn not_utf8(&mut self, bytes: &[u8], out: &mut String) -> Result<(), Fault> {
        if self.promised || self.beyond_ascii {
            return Err(Fault::Encoding);
        }
        self.switch_to(Encoding::Windows1252);
        self.decode(bytes, out)
    }

    fn switch_to(&mut self, encoding: Encoding) {
        self.encoding = encoding;
        self.other = match encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16Le => Some(UTF_16LE.new_decoder_without_bom_handling()),
            Encoding::Utf16Be => Some(UTF_16BE.new_decoder_without_bom_handling()),
            Encoding::Windows1252 => Some(WINDOWS_1252.new_decoder_without_bom_handling()),
        };
    }
}

fn decode_other(
    decoder: &mut encoding_rs::Decoder,
    encoding: Encoding,
    mut bytes: &[u8],
    is_last: bool,
    out: &mut String,
) -> Result<(), Fault> {
    // These stand for nothing in the western code page: the file is in another, such as Shift-JIS.
    let stray = bytes.iter().position(|byte| UNASSIGNED.contains(byte));
    let stray = stray.filter(|_| encoding == Encoding::Windows1252);
    bytes = &bytes[..stray.unwrap_or(bytes.len())];
    loop {
        let needed = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
        out.reserve(needed.unwrap_or(bytes.len()));
        let (result, read) = decoder.decode_to_string_without_replacement(bytes, out, is_last);
        match result {
            DecoderResult::InputEmpty if stray.is_some() => return Err(Fault::Encoding),
            DecoderResult::InputEmpty => return Ok(()),
            DecoderResult::OutputFull => bytes = bytes.get(read..).unwrap_or(&[]),
            DecoderResult::Malformed(..) => return Err(Fault::Encoding),
        }
    }
}

/// The encoding of a file whose head has no byte order mark.
fn without_mark(head: &[u8], is_whole: bool) -> Encoding {
    for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
        if looks_like_utf16(head, encoding) {
            return encoding;
        }
    }
    let (valid, invalid) = count_beyond_ascii(head, is_whole);
    if invalid > 0 && invalid >= valid { Encoding::Windows1252 } else { Encoding::Utf8 }
}

/// How many characters beyond ASCII are UTF-8, and how many places cannot be.
fn count_beyond_ascii(head: &[u8], is_whole: bool) -> (usize, usize) {
    let (mut valid, mut invalid) = (0, 0);
    for chunk in head.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    let cut = !is_whole && std::str::from_utf8(head).is_err_and(|_| ends_within_a_character(head));
    (valid, invalid - usize::from(cut && invalid > 0))
}

fn ends_within_a_character(head: &[u8]) -> bool {
    let last = head.utf8_chunks().last();
    last.is_some_and(|chunk| std::str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none()))
}

/// Whether one half of the units is zero here and there, and the other never: ASCII among UTF-16, and with it what
/// divides a table.
fn looks_like_utf16(head: &[u8], encoding: Encoding) -> bool {
    let (units, _) = head.as_chunks::<2>();
    let high = if encoding == Encoding::Utf16Le { 1 } else { 0 };
    let ascii = units.iter().filter(|unit| unit[high] == 0).count();
    let crossed = units.iter().any(|unit| unit[1 - high] == 0);
    let divides = |unit: &&[u8; 2]| unit[high] == 0 && b"\t,;|\r\n".contains(&unit[1 - high]);
    let is_divided = units.iter().any(|unit| divides(&unit));
    // Letters side by side with a few zeros among them: such a file is UTF-8, and the zeros are rubbish.
    let is_letter = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
    let are_letters = || units.iter().filter(|unit| unit[high] != 0).all(|unit| unit.iter().all(is_letter));
    if ascii < units.len() - ascii && are_letters() {
        return false;
    }
    if !is_divided || crossed || ascii * 100 < units.len() * ASCII_UNITS_PERCENT_MIN {
        return false;
    }
    let even = &head[..units.len() * 2];
    let coder = if encoding == Encoding::Utf16Le { UTF_16LE } else { UTF_16BE };
    let mut decoder = coder.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(even.len() * 2);
    matches!(decoder.decode_to_string(even, &mut text, false), (CoderResult::InputEmpty, _, false))
}
