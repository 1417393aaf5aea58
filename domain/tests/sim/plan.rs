//! What one run is made of: a seed, how many take part, which faults happen, and which bug is planted.

/// A rule broken on purpose, in the shell or the store around the machines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bug {
    /// The shell tells `durable` when a batch leaves, not when it has returned.
    EarlyAck,
    /// A session starts without knowing what is stored, and the store keeps doubles.
    NoDedupe,
    /// The loader folds a card in the order in which its entries arrived.
    FoldOrder,
    /// The loader forgets on which day a card was scheduled last, so that it may schedule twice a day.
    TwoADay,
    /// The writer stores an undo of the learner's newest answer instead of the one that was named.
    UndoByPosition,
    /// The connection loses `error` frames.
    DroppedErrorFrame,
    /// After a panic the next life is loaded before the writer has let go of what it holds.
    NoBarrier,
    /// The store trusts the progress of rows that are marked stale.
    TrustStale,
    /// A row that can never be stored is reported as durable.
    NeverIsDurable,
    /// The shell sends frames of one socket to another of the learner's.
    WrongSocket,
    /// The loader reads entries that are asked for by id from an older snapshot.
    OldSnapshot,
    /// The loader writes the rows that it folded behind by itself, instead of the session, which knows what came since.
    LoadersRows,
    /// Two machines have flights of the same learners.
    TwoWriters,
    /// The writer never hears of a batch that came back with something unknown.
    LostReturn,
}

impl Bug {
    pub const ALL: [Bug; 14] = [
        Bug::EarlyAck,
        Bug::NoDedupe,
        Bug::FoldOrder,
        Bug::TwoADay,
        Bug::UndoByPosition,
        Bug::DroppedErrorFrame,
        Bug::NoBarrier,
        Bug::TrustStale,
        Bug::NeverIsDurable,
        Bug::WrongSocket,
        Bug::OldSnapshot,
        Bug::LoadersRows,
        Bug::TwoWriters,
        Bug::LostReturn,
    ];

    /// Whether it can be planted in this shape of a store.
    pub fn fits(self, apart: bool) -> bool {
        apart || self != Bug::TwoWriters
    }
}

/// One run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub learners: u128,
    pub devices: usize,
    /// How long faults and studying go on, virtual milliseconds.
    pub duration_ms: u64,
    pub crashes: bool,
    pub panics: bool,
    pub unknowns: bool,
    pub poison: bool,
    pub fetch_failures: bool,
    pub edits: bool,
    pub clocks: bool,
    pub siblings: bool,
    /// The store has a partition a learner, not one journal.
    pub apart: bool,
    /// Cards are asked in the checked modes too.
    pub checked: bool,
    pub bug: Option<Bug>,
}

impl Plan {
    /// The plan of a seed: about half of the faults are on in each.
    pub fn of(seed: u64) -> Plan {
        let mut rng = Rng::new(seed ^ 0x5eed);
        Plan {
            seed,
            learners: 1 + u128::from(rng.below(2)),
            devices: 1 + rng.below(3) as usize,
            duration_ms: 20_000 + rng.below(200_000),
            crashes: rng.one_in(2),
            panics: rng.one_in(2),
            unknowns: rng.one_in(2),
            poison: rng.one_in(3),
            fetch_failures: rng.one_in(3),
            edits: rng.one_in(2),
            clocks: rng.one_in(2),
            siblings: rng.one_in(3),
            apart: rng.one_in(2),
            checked: rng.one_in(2),
            bug: None,
        }
    }

    /// The same with all faults and a bug, in one shape of a store.
    pub fn with(seed: u64, bug: Bug, apart: bool) -> Plan {
        Plan {
            crashes: true,
            panics: true,
            unknowns: true,
            poison: true,
            devices: 3,
            apart,
            checked: false,
            bug: Some(bug),
            ..Plan::of(seed)
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, the same on every machine.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let at = self.below(from.len() as u64) as usize;
        from.get(at)
    }
}
