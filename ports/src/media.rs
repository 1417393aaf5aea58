//! The cold port for pictures and sounds: stored once by what they are, and known in a deck by a name.

use crate::Boxed;
use crate::error::StoreError;
use bytes::Bytes;
use domain::ids::DeckId;
use std::fmt;
use std::str::FromStr;

/// Longest media file in bytes; a longer one is refused ([`MediaError::TooLarge`]). It lies in memory while it is stored.
pub const MEDIA_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The SHA-256 of a media file: its only name outside decks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaDigest(pub [u8; 32]);

impl fmt::Display for MediaDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MediaDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MediaDigest({self})")
    }
}

/// Text that is no digest: not 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a digest of 64 hexadecimal digits")]
pub struct BadDigest;

impl FromStr for MediaDigest {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut digest = [0; 32];
        if pairs.len() != digest.len() || !rest.is_empty() {
            return Err(BadDigest);
        }
        for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Ok(Self(digest))
    }
}

/// One hexadecimal digit. Upper case is no digit: one file has one name.
fn nibble(digit: u8) -> Result<u8, BadDigest> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(BadDigest),
    }
}

/// What is known of a media file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MediaRecord {
    /// The digest of its bytes.
    pub digest: MediaDigest,
    /// The MIME type, as its bytes say.
    pub kind: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Width in pixels, of a picture where it is known.
    pub width: Option<u32>,
    /// Height in pixels.
    pub height: Option<u32>,
}

/// Why media were refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MediaError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file is longer than [`MEDIA_BYTES_MAX`].
    #[error("a media file has at most {MEDIA_BYTES_MAX} bytes")]
    TooLarge,
    /// The record says another length than the bytes have.
    #[error("the length of the media file is not what was said")]
    OtherLength,
}

/// Refuses content that is too long, or of another length than its record says.
///
/// # Errors
/// [`MediaError::TooLarge`] and [`MediaError::OtherLength`].
pub fn check_length(record: &MediaRecord, content: &[u8]) -> Result<(), MediaError> {
    let length = content.len() as u64;
    match (length > MEDIA_BYTES_MAX, length == record.bytes) {
        (true, _) => Err(MediaError::TooLarge),
        (false, false) => Err(MediaError::OtherLength),
        (false, true) => Ok(()),
    }
}

/// Media files. What a function has returned is durable. Files are shared between decks and never change.
pub trait Media: Send + Sync + 'static {
    /// Stores a file. One that is known already stays as it is. The digest is believed: whoever stores has made it.
    fn put_media(&self, record: MediaRecord, content: Bytes) -> Boxed<'_, Result<(), MediaError>>;

    /// What is known of a file that is stored whole.
    fn media(&self, digest: MediaDigest) -> Boxed<'_, Result<Option<MediaRecord>, MediaError>>;

    /// Bytes of a file from this offset on: at most `length_max`, fewer only at the end, none behind it and none of an
    /// unknown file.
    fn read_media(
        &self,
        digest: MediaDigest,
        offset: u64,
        length_max: usize,
    ) -> Boxed<'_, Result<Bytes, MediaError>>;

    /// Makes files known in a deck by these names. A name that is known is given to the new file.
    fn give_media(
        &self,
        deck: DeckId,
        names: Vec<(String, MediaDigest)>,
    ) -> Boxed<'_, Result<(), MediaError>>;

    /// The names that a deck knows, in the order of their bytes, at most `limit`; those after `after_name`.
    fn media_of(
        &self,
        deck: DeckId,
        after_name: Option<String>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<(String, MediaDigest)>, MediaError>>;

    /// The file that a deck knows by this name.
    fn media_named(&self, deck: DeckId, name: String) -> Boxed<'_, Result<Option<MediaDigest>, MediaError>>;

    /// Whether a deck knows this file by any name: who may see the deck may see the file.
    fn deck_has(&self, deck: DeckId, digest: MediaDigest) -> Boxed<'_, Result<bool, MediaError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_name_and_reads_back() {
        let digest = MediaDigest(std::array::from_fn(|n| (n * 9) as u8));
        let text = digest.to_string();
        assert_eq!(text.len(), 64);
        assert_eq!(text.parse(), Ok(digest));
        for wrong in ["", "ab", &text[1..], &format!("{text}0"), &text.to_uppercase(), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<MediaDigest>(), Err(BadDigest), "{wrong}");
        }
    }
}
