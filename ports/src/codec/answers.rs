//! The bytes of the answers that count in a stretch of a learner's log: decks, cards and sittings once each, then a few
//! bytes an answer, since most of it is near to what the one before had.

use super::cursor::Cursor;
use super::{CodecError, VERSION};
use domain::answers::{Answer, Answers};
use domain::day::Day;
use domain::ids::{CardId, DeckId, SittingId};
use std::collections::HashMap;
use std::hash::Hash;

/// Things that are written once, and their numbers.
struct Once<T> {
    all: Vec<T>,
    numbers: HashMap<T, u64>,
}

impl<T: Copy + Eq + Hash> Once<T> {
    fn new() -> Once<T> {
        Once { all: Vec::new(), numbers: HashMap::new() }
    }

    fn number(&mut self, of: T) -> u64 {
        *self.numbers.entry(of).or_insert_with(|| {
            self.all.push(of);
            self.all.len() as u64 - 1
        })
    }
}

/// Appends the bytes of answers, which are in the order of the log.
pub fn encode_answers(answers: &Answers, out: &mut Vec<u8>) {
    let (mut decks, mut cards, mut sittings) = (Once::new(), Once::new(), Once::new());
    let mut rows = Vec::with_capacity(answers.counting.len() * 12);
    let (mut at_ms, mut day) = (0_i64, 0_i32);
    for answer in &answers.counting {
        let deck = decks.number(answer.deck);
        put_number(&mut rows, zigzag(answer.at_ms.wrapping_sub(at_ms)));
        put_number(&mut rows, zigzag(i64::from(answer.day.0).wrapping_sub(i64::from(day))));
        put_number(&mut rows, cards.number((deck, answer.card)));
        put_number(&mut rows, u64::from(answer.elapsed_ms) << 1 | u64::from(answer.is_correct));
        put_number(&mut rows, answer.sitting.map_or(0, |sitting| sittings.number(sitting) + 1));
        (at_ms, day) = (answer.at_ms, answer.day.0);
    }
    out.push(VERSION);
    put_number(out, answers.entries as u64);
    put_number(out, decks.all.len() as u64);
    decks.all.iter().for_each(|deck| out.extend_from_slice(deck.bytes()));
    put_number(out, cards.all.len() as u64);
    for (deck, card) in &cards.all {
        put_number(out, *deck);
        out.extend_from_slice(card.bytes());
    }
    put_number(out, sittings.all.len() as u64);
    sittings.all.iter().for_each(|sitting: &SittingId| out.extend_from_slice(sitting.bytes()));
    put_number(out, answers.counting.len() as u64);
    out.extend_from_slice(&rows);
}

/// Reads answers and appends those from this moment on (Unix milliseconds); all entries of the stretch are counted.
///
/// # Errors
/// [`CodecError`], for whatever is something else. Some may have been appended.
pub fn decode_answers(bytes: &[u8], from_ms: i64, into: &mut Answers) -> Result<(), CodecError> {
    let mut c = Cursor::versioned(bytes)?;
    let entries = usize::try_from(c.number()?).map_err(|_| CodecError::BadField("entries"))?;
    let decks = several(&mut c, |c| Ok(DeckId::from_bytes(c.array()?)))?;
    let cards = several(&mut c, |c| {
        let deck = pick(&decks, c.number()?, "deck")?;
        Ok((deck, CardId::from_bytes(c.array()?)))
    })?;
    let sittings = several(&mut c, |c| Ok(SittingId::from_bytes(c.array()?)))?;
    let count = c.number()?;
    let (mut at_ms, mut day) = (0_i64, 0_i64);
    for _ in 0..count {
        at_ms = at_ms.wrapping_add(unzigzag(c.number()?));
        day = day.wrapping_add(unzigzag(c.number()?));
        let (deck, card) = pick(&cards, c.number()?, "card")?;
        let elapsed = c.number()?;
        let sitting = match c.number()? {
            0 => None,
            nth => Some(pick(&sittings, nth - 1, "sitting")?),
        };
        let answer = Answer {
            at_ms,
            day: Day(i32::try_from(day).map_err(|_| CodecError::BadField("day"))?),
            deck,
            card,
            is_correct: elapsed & 1 == 1,
            elapsed_ms: u32::try_from(elapsed >> 1).map_err(|_| CodecError::BadField("elapsed_ms"))?,
            sitting,
        };
        if at_ms >= from_ms {
            into.counting.push(answer);
        }
    }
    c.end()?;
    into.entries = into.entries.saturating_add(entries);
    Ok(())
}

/// A number, and so many things; no more room is taken than there are bytes for.
fn several<T>(
    c: &mut Cursor,
    one: impl Fn(&mut Cursor) -> Result<T, CodecError>,
) -> Result<Vec<T>, CodecError> {
    let count = c.number()?;
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(one(c)?);
    }
    Ok(all)
}

fn pick<T: Copy>(from: &[T], nth: u64, field: &'static str) -> Result<T, CodecError> {
    let found = usize::try_from(nth).ok().and_then(|nth| from.get(nth));
    found.copied().ok_or(CodecError::BadField(field))
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Small numbers of either sign as small numbers.
const fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
