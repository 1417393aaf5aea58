//! The bytes of a whole row, as a journal keeps it: version, learner, what is there, then entry and progress.

use super::cursor::{Cursor, flags, unflags};
use super::entry::{decode_entry, encode_entry};
use super::state::{decode_progress, encode_progress};
use super::{CodecError, VERSION};
use crate::reviews::{ProgressWrite, Row};
use domain::ids::{CardId, DeckId, UserId};

/// Appends the row's bytes.
pub fn encode_row(row: &Row, out: &mut Vec<u8>) {
    out.push(VERSION);
    out.extend_from_slice(row.user.bytes());
    let own_card = row.entry.and_then(|entry| entry.card());
    let card_apart = row.about.is_some() && row.about != own_card;
    let card_left_out = row.about.is_none() && own_card.is_some();
    let there = flags([
        row.entry.is_some(),
        card_apart,
        card_left_out,
        matches!(row.progress, ProgressWrite::Whole(..)),
        row.progress == ProgressWrite::Stale,
    ]);
    out.extend_from_slice(&there.to_le_bytes());
    if let (true, Some((deck, card))) = (card_apart, row.about) {
        out.extend_from_slice(deck.bytes());
        out.extend_from_slice(card.bytes());
    }
    if let Some(entry) = &row.entry {
        with_length(out, |out| encode_entry(entry, out));
    }
    if let ProgressWrite::Whole(state, params_key) = &row.progress {
        with_length(out, |out| encode_progress(state, *params_key, out));
    }
}

/// Reads a row.
///
/// # Errors
/// [`CodecError`], for whatever is no row.
pub fn decode_row(bytes: &[u8]) -> Result<Row, CodecError> {
    let mut c = Cursor::versioned(bytes)?;
    let user = UserId::from_bytes(c.array()?);
    let [has_entry, card_apart, card_left_out, whole, stale] = unflags(c.u16()?, "row flags")?;
    let apart =
        c.when(card_apart, |c| Ok((DeckId::from_bytes(c.array()?), CardId::from_bytes(c.array()?))))?;
    let entry = c.when(has_entry, |c| decode_entry(prefixed(c)?))?;
    let progress = match (whole, stale) {
        (true, false) => {
            let (state, params_key) = decode_progress(prefixed(&mut c)?)?;
            ProgressWrite::Whole(state, params_key)
        }
        (false, true) => ProgressWrite::Stale,
        (false, false) => ProgressWrite::None,
        (true, true) => return Err(CodecError::BadField("progress")),
    };
    c.end()?;
    let own_card = entry.and_then(|entry| entry.card());
    // Each row has one encoding: a card that need not be written apart must not be.
    let about = match (apart, card_left_out, own_card) {
        (None, false, own) => own,
        (None, true, Some(_)) => None,
        (Some(card), false, own) if own != Some(card) => Some(card),
        (None, true, None) | (Some(_), _, _) => return Err(CodecError::BadField("about")),
    };
    Ok(Row { user, entry, about, progress })
}

/// The learner of an encoded row, without reading the rest.
///
/// # Errors
/// An unknown version, or fewer bytes than that.
pub fn row_user(bytes: &[u8]) -> Result<UserId, CodecError> {
    Ok(UserId::from_bytes(Cursor::versioned(bytes)?.array()?))
}

/// Writes a part behind its length in one byte: no part is longer.
fn with_length(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.push(0);
    write(out);
    let len = out.len() - at - 1;
    debug_assert!(len <= usize::from(u8::MAX));
    if let Some(byte) = out.get_mut(at) {
        *byte = u8::try_from(len).unwrap_or(u8::MAX);
    }
}

fn prefixed<'a>(c: &mut Cursor<'a>) -> Result<&'a [u8], CodecError> {
    let len = c.u8()?;
    c.slice(usize::from(len))
}
