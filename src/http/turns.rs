//! How much one person has going on at once: nobody gets the server for themselves.

use crate::http::{Code, Problem};
use domain::ids::UserId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts what is going on, by person.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    most: u32,
    running: Arc<Mutex<HashMap<UserId, u32>>>,
}

/// Something of a person that is going on, until this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    who: UserId,
}

impl Turns {
    /// At most so many at once, each person.
    pub(super) fn new(most: u32) -> Turns {
        Turns { most, running: Arc::default() }
    }

    /// Begins another.
    ///
    /// # Errors
    /// 429 when the person has as many as allowed.
    pub(super) fn begin(&self, who: UserId) -> Result<Turn, Problem> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.entry(who).or_insert(0);
        if *count >= self.most {
            let detail = format!("You have {} of these going on; wait until one of them is done.", self.most);
            return Err(Problem::new(Code::TooManyAtOnce, detail).retry_after_s(1));
        }
        *count += 1;
        Ok(Turn { turns: self.clone(), who })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut running = self.turns.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_makes_room_and_leaves_nothing_behind() {
        let turns = Turns::new(2);
        let (one, other) = (UserId::from_u128(1), UserId::from_u128(2));
        let first = turns.begin(one).unwrap();
        let second = turns.begin(one).unwrap();
        assert_eq!(turns.begin(one).unwrap_err().code(), Code::TooManyAtOnce);
        assert!(turns.begin(other).is_ok());
        drop(first);
        let third = turns.begin(one).unwrap();
        drop((second, third));
        assert!(turns.running.lock().unwrap().is_empty());
    }
}
