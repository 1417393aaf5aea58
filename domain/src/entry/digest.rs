//! What makes two entries of one id the same: a digest of the content.

use super::{Body, Confidence, LogEntry, SetChange};

impl LogEntry {
    /// A digest of the content: of all that the client sent, and nothing that the server stamped. Two entries of one
    /// id with different digests are two different things under one name.
    pub fn content_digest(&self) -> u64 {
        let mut h = Fnv::new();
        match self.body {
            Body::Review(r) => {
                h.byte(1);
                h.bytes(r.deck.bytes());
                h.bytes(r.card.bytes());
                // In a checked mode the grade follows from the response and is no content.
                if r.response.is_none() {
                    h.byte(r.grade.number());
                }
                h.bytes(&r.elapsed_ms.to_le_bytes());
                h.byte(u8::from(r.early));
                h.byte(match r.confidence {
                    None => 0,
                    Some(Confidence::Sure) => 1,
                    Some(Confidence::Unsure) => 2,
                });
                h.optional(r.sitting.map(|s| *s.bytes()));
                h.optional(r.response.map(u64::to_le_bytes));
            }
            Body::Undo { of } => {
                h.byte(2);
                h.bytes(of.bytes());
            }
            Body::Set { deck, card, change } => {
                h.byte(3);
                h.bytes(deck.bytes());
                h.bytes(card.bytes());
                change.digest_into(&mut h);
            }
            Body::State { deck, card, state } => {
                h.byte(4);
                h.bytes(deck.bytes());
                h.bytes(card.bytes());
                h.bytes(&state.reps.to_le_bytes());
                h.bytes(&state.ease.to_le_bytes());
                h.bytes(&state.interval_days.to_le_bytes());
                h.bytes(&state.lapses.to_le_bytes());
                h.optional(state.due.map(|d| d.0.to_le_bytes()));
                h.optional(state.last_scheduled.map(|d| d.0.to_le_bytes()));
            }
            Body::ImportCommit { job } => {
                h.byte(5);
                h.bytes(job.bytes());
            }
            Body::ImportRevoke { job } => {
                h.byte(6);
                h.bytes(job.bytes());
            }
            Body::Regrade(r) => {
                h.byte(7);
                h.bytes(r.of.bytes());
                h.bytes(r.deck.bytes());
                h.bytes(r.card.bytes());
                h.byte(r.grade.number());
                h.bytes(r.by.bytes());
            }
            Body::Claim { guest, job } => {
                h.byte(8);
                h.bytes(guest.bytes());
                h.bytes(job.bytes());
            }
        }
        h.0
    }
}

impl SetChange {
    fn digest_into(self, h: &mut Fnv) {
        match self {
            SetChange::Suspended(on) => {
                h.byte(1);
                h.byte(u8::from(on));
            }
            SetChange::BuriedUntil(day) => {
                h.byte(2);
                h.optional(day.map(|d| d.0.to_le_bytes()));
            }
            SetChange::Flag(n) => {
                h.byte(3);
                h.byte(n);
            }
            SetChange::Reset => h.byte(4),
            SetChange::Due(day) => {
                h.byte(5);
                h.bytes(&day.0.to_le_bytes());
            }
        }
    }
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv): a digest that is the same on every machine.
pub(crate) struct Fnv(pub(crate) u64);

impl Fnv {
    pub(crate) const fn new() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
    pub(crate) fn byte(&mut self, b: u8) {
        self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.byte(b);
        }
    }
    pub(crate) fn optional<const N: usize>(&mut self, bytes: Option<[u8; N]>) {
        match bytes {
            None => self.byte(0),
            Some(b) => {
                self.byte(1);
                self.bytes(&b);
            }
        }
    }
}
