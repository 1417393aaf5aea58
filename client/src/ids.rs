//! Ids of commands: UUIDv7 with the corrected time of the deed, strictly rising.

use crate::random::Random;
use protocol::{id_from_parts, id_time_ms};
use uuid::Uuid;

/// Bits of an id beside time, version and variant.
const TAIL_BITS: u32 = 74;
const TAIL_MAX: u128 = (1 << TAIL_BITS) - 1;

/// Makes ids that rise strictly, whatever the clock does.
#[derive(Clone, Debug)]
pub struct IdMaker {
    last: Option<Uuid>,
    random: Random,
}

impl IdMaker {
    /// A maker whose ids all come after `last`.
    pub const fn after(last: Option<Uuid>, random: Random) -> IdMaker {
        IdMaker { last, random }
    }

    /// The newest id made.
    pub const fn last(&self) -> Option<Uuid> {
        self.last
    }

    /// Forgets ids that were never sent, or were refused for their time: the next one only has to come after
    /// `last`.
    pub const fn rewind(&mut self, last: Option<Uuid>) {
        self.last = last;
    }

    /// An id with this time (ms since 1970 UTC, corrected), or just above the last one when time did not move
    /// on since.
    pub fn make(&mut self, time_ms: u64) -> Uuid {
        let id = match self.last {
            Some(last) if id_time_ms(last) >= time_ms => following(last),
            Some(_) | None => {
                // The top bit stays clear, so that there is room to count within a millisecond.
                let tail = ((u128::from(self.random.bits()) << 64) | u128::from(self.random.bits()))
                    & (TAIL_MAX >> 1);
                compose(time_ms, tail)
            }
        };
        self.last = Some(id);
        id
    }
}

fn following(id: Uuid) -> Uuid {
    let bits = id.as_u128();
    let tail = ((bits >> 64) & 0xfff) << 62 | (bits & ((1 << 62) - 1));
    if tail == TAIL_MAX { compose(id_time_ms(id) + 1, 0) } else { compose(id_time_ms(id), tail + 1) }
}

fn compose(time_ms: u64, tail: u128) -> Uuid {
    let bits = ((tail >> 62) << 64) | (tail & ((1 << 62) - 1));
    let bytes = bits.to_be_bytes();
    let mut random = [0; 10];
    random.copy_from_slice(&bytes[6..]);
    id_from_parts(time_ms, random)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::is_command_id;

    #[test]
    fn ids_rise_strictly_whatever_the_clock_does() {
        let mut ids = IdMaker::after(None, Random::seeded(7));
        let mut last = Uuid::nil();
        for time in [5_000, 5_000, 4_000, 5_000, 5_001, 5_001, 9_000, 1] {
            let id = ids.make(time);
            assert!(id > last, "{id} after {last}");
            assert!(is_command_id(id));
            last = id;
        }
        assert_eq!(id_time_ms(last), 9_000);
    }

    #[test]
    fn an_id_has_the_time_of_the_deed_when_the_clock_moves_on() {
        let mut ids = IdMaker::after(None, Random::seeded(7));
        assert_eq!(id_time_ms(ids.make(1_763_690_400_000)), 1_763_690_400_000);
        assert_eq!(id_time_ms(ids.make(1_763_690_400_001)), 1_763_690_400_001);
    }

    #[test]
    fn a_millisecond_that_is_full_gives_way_to_the_next() {
        let full = compose(77, TAIL_MAX);
        let mut ids = IdMaker::after(Some(full), Random::seeded(7));
        let id = ids.make(77);
        assert_eq!(id_time_ms(id), 78);
        assert!(id > full && is_command_id(id));
    }
}
