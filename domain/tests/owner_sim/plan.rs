//! What one run is made of: a seed, how many take part, which faults happen, and which rule is broken on purpose.

use domain::owner::Timing;

/// A rule left out, in what drives the machines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bug {
    /// No inbox row before the log row of a late entry (`bug-no-inbox`).
    NoInbox,
    /// No inbox row before the acknowledgement of an owner without a fresh beat.
    NoStaleMark,
    /// The checkpoint is not stored under the new epoch before the first acknowledgement.
    NoFence,
    /// Checkpoint and inbox are read after the progress (`bug-load-order`).
    LoadOrder,
    /// Inbox rows are cleared without waiting for a beat (`bug-stale-owner-clears-inbox`).
    StaleOwnerClearsInbox,
    /// Caches are written with the time of the wall clock instead of the epoch's (`bug-stale-cache-wins`).
    StaleCacheWins,
    /// Progress is gathered before the entry is durable (`bug-cache-before-durable`).
    CacheBeforeDurable,
    /// The checkpoint is the clock less the lag, whatever is not stored yet.
    CheckpointByClock,
    /// The checkpoint is written before the progress that it speaks for.
    CheckpointFirst,
    /// A resend that is found in the log is acknowledged, and nothing else.
    FoundIsEnough,
    /// Such a resend is folded into memory, but not named in the inbox.
    FoundUnmarked,
    /// An owner that has no entry says so, and who asked takes over (`bug-asker-takes-over`).
    AskerTakesOver,
    /// A release whose outcome is unknown is taken for done, and the learner is started again.
    ReleaseForgotten,
    /// A run is declared dead although it has beaten since it was looked at.
    DeclareUnseen,
    /// What is left of a run that was declared dead takes the beats of the next one for its own.
    NextRunsBeat,
    /// An entry out of order in its card is not named in the inbox, although loads rely on it.
    NoEarlierMark,
    /// What a load folded is written behind as it was read, whatever the session has learned since.
    LoadersRows,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub learners: u128,
    pub devices: usize,
    pub cards: u64,
    /// So many of the newest ids a session knows without a look into the log.
    pub known: usize,
    /// How long faults and studying go on, virtual milliseconds.
    pub duration_ms: u64,
    /// Before the end nobody studies for so long.
    pub quiet_ms: u64,
    /// One in so many steps of a node is followed by a pause.
    pub pause_one_in: u64,
    /// How long pauses are, milliseconds.
    pub pauses_ms: &'static [u64],
    /// One in so many operations of the store takes effect seconds later.
    pub slow_one_in: u64,
    /// One in so many operations has no outcome in time, whatever its effect.
    pub unknown_one_in: u64,
    /// One in so many answers was given a while ago.
    pub late_one_in: u64,
    /// One in so many was given some seconds ago.
    pub belated_one_in: u64,
    /// One in so many acts of a device is a reconnect somewhere, with its outbox.
    pub reconnect_one_in: u64,
    /// Between answers of a device, at most, milliseconds.
    pub answers_every_ms: u64,
    /// Between kills, at most, milliseconds.
    pub kills_every_ms: u64,
    /// A session without work is stopped after at most so long, milliseconds.
    pub idle_ms: u64,
    /// Between flushes, milliseconds.
    pub flush_every_ms: u64,
    /// Loads read which entry stored progress holds last, and fold again only what is newer.
    pub reads_last: bool,
    /// What is left of a run that was declared dead goes on until it notices.
    pub zombies: bool,
    /// What a load folds is written behind.
    pub joins: bool,
    /// After taking a learner from the dead, the inbox is read once more.
    pub inbox_again: bool,
    pub timing: Timing,
    pub bug: Option<Bug>,
}

/// The long times, shortened, so that a run of minutes sees what happens in hours. Patience after the store was away is
/// short: each pause of a node looks like that, and next to nobody would be declared dead.
const SHORTENED: Timing =
    Timing { late_after_ms: 12_000, folded_lag_ms: 13_200, back_within_ms: 0, ..Timing::STANDARD };

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64) -> Plan {
        let mut rng = Rng::new(seed ^ 0x0e5);
        let mut one = |of: &[u64]| of[rng.below(of.len() as u64) as usize];
        Plan {
            seed,
            learners: u128::from(one(&[1, 1, 2])),
            devices: one(&[1, 2, 3]) as usize,
            cards: one(&[2, 8, 40]),
            known: one(&[1, 4]) as usize,
            duration_ms: one(&[80_000, 150_000, 300_000]),
            quiet_ms: one(&[0, 0, 6_000, 40_000]),
            pause_one_in: one(&[100, 400, 2_000]),
            pauses_ms: &[600, 2_000, 6_000, 8_000, 18_000, 40_000],
            slow_one_in: one(&[10, 40, 200]),
            unknown_one_in: one(&[8, 30, 1_000]),
            late_one_in: one(&[5, 20, 100]),
            belated_one_in: one(&[3, 10, 100]),
            reconnect_one_in: one(&[4, 12]),
            answers_every_ms: one(&[1_500, 4_000, 12_000]),
            kills_every_ms: one(&[15_000, 60_000, 1_000_000]),
            idle_ms: one(&[100, 1_500, 8_000]),
            flush_every_ms: one(&[1_000, 2_400, 14_400]),
            reads_last: one(&[0, 1]) == 1,
            zombies: one(&[0, 1]) == 1,
            joins: one(&[0, 1]) == 1,
            inbox_again: true,
            timing: SHORTENED,
            bug: None,
        }
    }

    /// The same with a bug, and with what it needs to show.
    pub fn with(seed: u64, bug: Bug) -> Plan {
        let plan = Plan { bug: Some(bug), joins: bug == Bug::LoadersRows, ..Plan::of(seed) };
        let wakes = Plan { late_one_in: 1_000, kills_every_ms: 1_000_000, quiet_ms: 40_000, ..plan.clone() };
        let ghosts = Plan {
            slow_one_in: 10,
            late_one_in: 1_000,
            pause_one_in: 400,
            answers_every_ms: 2_500,
            ..plan.clone()
        };
        let hands = Plan { pause_one_in: 10_000, idle_ms: 100, kills_every_ms: 1_000_000, ..wakes.clone() };
        // Between two beats a node that was declared dead has time to do harm.
        let rare_beats = Timing { beat_every_ms: 3_000, beats_meanwhile: 1, ..SHORTENED };
        match bug {
            Bug::NoStaleMark => Plan { slow_one_in: 10, pause_one_in: 100, cards: 40, ..wakes },
            Bug::DeclareUnseen => Plan {
                devices: 3,
                cards: 4,
                known: 4,
                slow_one_in: 40,
                pause_one_in: 100,
                timing: rare_beats,
                ..wakes
            },
            Bug::FoundIsEnough | Bug::FoundUnmarked => Plan {
                devices: 3,
                cards: 60,
                known: 1,
                reconnect_one_in: 4,
                kills_every_ms: 15_000,
                ..ghosts
            },
            Bug::AskerTakesOver => Plan { devices: 3, answers_every_ms: 8_000, cards: 8, ..hands },
            Bug::ReleaseForgotten => {
                Plan { devices: 3, answers_every_ms: 8_000, slow_one_in: 10, cards: 40, ..hands }
            }
            Bug::LoadOrder => Plan { cards: 4, late_one_in: 5, flush_every_ms: 2_400, ..plan },
            Bug::NextRunsBeat => Plan { zombies: true, ..plan },
            Bug::NoEarlierMark => Plan { reads_last: true, belated_one_in: 2, ..plan },
            _ => plan,
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

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
}
