//! Answers minute by minute, for a chart of the last hour. A student's own minutes are in the cell, absolute like all of it;
//! the class's are sums of them. An answer belongs to the minute in which it was given, by its id: what comes late is put
//! where it belongs, and what is taken back goes from there.

use crate::ids::EntryId;
use crate::limits::MINUTES_KEPT;

/// How long a minute is, in milliseconds.
const MINUTE_MS: i64 = 60_000;

/// One minute in which something was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Minute {
    /// Which, in minutes since 1970.
    pub at: i64,
    /// Answers.
    pub answered: u32,
    /// Correct ones.
    pub correct: u32,
}

impl Minute {
    /// The minute of an answer, with this answer alone.
    pub fn of(id: EntryId, is_correct: bool) -> Minute {
        Minute { at: minute_of(id), answered: 1, correct: u32::from(is_correct) }
    }

    /// When it begins, Unix milliseconds.
    pub const fn begins_ms(&self) -> i64 {
        self.at.saturating_mul(MINUTE_MS)
    }
}

/// In which minute an entry was made, in minutes since 1970.
pub fn minute_of(id: EntryId) -> i64 {
    id.at_ms().div_euclid(MINUTE_MS)
}

/// One student's minutes in their order; of more than are kept the newest.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Minutes(Vec<Minute>);

impl Minutes {
    /// One more answer.
    pub fn add(&mut self, id: EntryId, is_correct: bool) {
        let more = Minute::of(id, is_correct);
        let answered = self.get(more.at).map_or(more, |known| Minute {
            answered: known.answered.saturating_add(1),
            correct: known.correct.saturating_add(more.correct),
            ..known
        });
        self.put(answered);
    }

    /// What is known of a minute.
    pub fn get(&self, at: i64) -> Option<Minute> {
        self.0.binary_search_by_key(&at, |minute| minute.at).ok().and_then(|place| self.0.get(place)).copied()
    }

    /// Puts a minute in the place of what was known of it, and returns that.
    pub fn put(&mut self, minute: Minute) -> Option<Minute> {
        match self.0.binary_search_by_key(&minute.at, |minute| minute.at) {
            Ok(place) => self.0.get_mut(place).map(|known| std::mem::replace(known, minute)),
            Err(place) => {
                self.0.insert(place, minute);
                if self.0.len() > MINUTES_KEPT {
                    self.0.remove(0);
                }
                None
            }
        }
    }

    /// All of them, the oldest first.
    pub fn all(&self) -> &[Minute] {
        &self.0
    }
}

/// The class's minutes of the last hour: each has the place of its number modulo an hour, so that a later one takes the place
/// of the one an hour before.
#[derive(Clone, Debug)]
pub(super) struct Hour([Minute; MINUTES_KEPT]);

impl Default for Hour {
    fn default() -> Hour {
        Hour([Minute::default(); MINUTES_KEPT])
    }
}

impl Hour {
    /// Puts a student's minute in the place of what it was, and says which place changed, if one did.
    pub(super) fn exchange(&mut self, before: Option<Minute>, now: Option<Minute>) -> Option<u8> {
        let at = now.or(before).filter(|_| before != now)?.at;
        let place = at.rem_euclid(i64::try_from(MINUTES_KEPT).ok()?);
        let sum = self.0.get_mut(usize::try_from(place).ok()?)?;
        if at < sum.at {
            return None;
        }
        if at > sum.at {
            *sum = Minute { at, ..Minute::default() };
        }
        let (out, new) = (before.unwrap_or_default(), now.unwrap_or_default());
        sum.answered = sum.answered.saturating_sub(out.answered).saturating_add(new.answered);
        sum.correct = sum.correct.saturating_sub(out.correct).saturating_add(new.correct);
        u8::try_from(place).ok()
    }

    /// The minute at a place, if there was any.
    pub(super) fn minute(&self, place: u8) -> Option<Minute> {
        self.0.get(usize::from(place)).copied().filter(|minute| minute.at > 0)
    }

    /// The minutes in which something was answered, the oldest first.
    pub(super) fn all(&self) -> Vec<Minute> {
        let mut all: Vec<Minute> = self.0.iter().filter(|minute| minute.answered > 0).copied().collect();
        all.sort_unstable_by_key(|minute| minute.at);
        all
    }
}
