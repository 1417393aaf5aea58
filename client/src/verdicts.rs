//! The book of verdicts of one socket: each command gets exactly one.

use crate::violation::Violation;
use std::collections::VecDeque;
use uuid::Uuid;

/// Commands sent on one socket and what became of them.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// Above `saved`, in order, without a gap.
    open: VecDeque<Sent>,
    saved: u64,
    sent: u64,
    refused: usize,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    id: Uuid,
    refused: bool,
}

impl Verdicts {
    /// Notes one more command and gives its `seq`.
    pub fn sent(&mut self, id: Uuid) -> u64 {
        self.sent += 1;
        self.open.push_back(Sent { id, refused: false });
        self.sent
    }

    /// The `seq` of the next command.
    pub const fn next_seq(&self) -> u64 {
        self.sent + 1
    }

    /// Commands without a verdict.
    pub fn in_flight(&self) -> usize {
        self.open.len() - self.refused
    }

    /// Their ids, oldest first.
    pub fn unsettled(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.open.iter().filter(|sent| !sent.refused).map(|sent| sent.id)
    }

    /// The newest `saved`.
    pub const fn saved_upto(&self) -> u64 {
        self.saved
    }

    /// Notes a refusal; gives the id of the command.
    ///
    /// # Errors
    /// The promise that the server broke with it; nothing is noted then.
    pub fn refused(&mut self, seq: u64, id: Option<Uuid>) -> Result<Uuid, Violation> {
        if seq == 0 || seq > self.sent {
            return Err(Violation::VerdictOfNothing { seq });
        }
        if seq <= self.saved {
            return Err(Violation::SecondVerdict { seq });
        }
        let place = usize::try_from(seq - self.saved - 1).unwrap_or(usize::MAX);
        let Some(sent) = self.open.get_mut(place) else { return Err(Violation::VerdictOfNothing { seq }) };
        if sent.refused {
            return Err(Violation::SecondVerdict { seq });
        }
        if let Some(named) = id.filter(|named| *named != sent.id) {
            return Err(Violation::WrongId { seq, sent: sent.id, named });
        }
        sent.refused = true;
        self.refused += 1;
        Ok(sent.id)
    }

    /// Notes a `saved`; gives the ids that are durable by it, oldest first.
    ///
    /// # Errors
    /// The promise that the server broke with it; nothing is noted then.
    pub fn saved(&mut self, seq: u64) -> Result<Vec<Uuid>, Violation> {
        if seq < self.saved {
            return Err(Violation::SavedFell { from: self.saved, to: seq });
        }
        if seq > self.sent {
            return Err(Violation::SavedTooFar { seq, sent: self.sent });
        }
        let mut durable = Vec::new();
        while self.saved < seq {
            self.saved += 1;
            match self.open.pop_front() {
                Some(Sent { refused: true, .. }) => self.refused -= 1,
                Some(Sent { id, refused: false }) => durable.push(id),
                None => {}
            }
        }
        Ok(durable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn after_sending(count: u128) -> Verdicts {
        let mut verdicts = Verdicts::default();
        for n in 1..=count {
            assert_eq!(u128::from(verdicts.sent(id(n))), n);
        }
        verdicts
    }

    #[test]
    fn saved_settles_all_that_were_not_refused() {
        let mut verdicts = after_sending(4);
        assert_eq!(verdicts.refused(2, Some(id(2))), Ok(id(2)));
        assert_eq!(verdicts.in_flight(), 3);
        assert_eq!(verdicts.saved(3), Ok(vec![id(1), id(3)]));
        assert_eq!(verdicts.saved(3), Ok(vec![]));
        assert_eq!(verdicts.unsettled().collect::<Vec<_>>(), [id(4)]);
        assert_eq!(verdicts.saved(4), Ok(vec![id(4)]));
        assert_eq!(verdicts.in_flight(), 0);
    }

    #[test]
    fn each_broken_promise_is_named() {
        let mut verdicts = after_sending(3);
        assert_eq!(verdicts.saved(4), Err(Violation::SavedTooFar { seq: 4, sent: 3 }));
        assert_eq!(verdicts.refused(4, None), Err(Violation::VerdictOfNothing { seq: 4 }));
        assert_eq!(verdicts.refused(0, None), Err(Violation::VerdictOfNothing { seq: 0 }));
        let wrong = Violation::WrongId { seq: 2, sent: id(2), named: id(3) };
        assert_eq!(verdicts.refused(2, Some(id(3))), Err(wrong));
        assert_eq!(verdicts.refused(3, Some(id(3))), Ok(id(3)));
        assert_eq!(verdicts.refused(3, Some(id(3))), Err(Violation::SecondVerdict { seq: 3 }));
        assert_eq!(verdicts.saved(2), Ok(vec![id(1), id(2)]));
        assert_eq!(verdicts.refused(2, Some(id(2))), Err(Violation::SecondVerdict { seq: 2 }));
        assert_eq!(verdicts.saved(1), Err(Violation::SavedFell { from: 2, to: 1 }));
    }
}
