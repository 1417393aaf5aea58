//! The times that owners live by. One value in production; simulations shorten the long ones.

/// How long things may take before something else happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// A node beats so often, in milliseconds.
    pub beat_every_ms: u64,
    /// An owner whose last applied beat was sent longer ago than this may have lost its learners without knowing: it
    /// names in the inbox what it acknowledges. Milliseconds, well below `dead_after_ms`.
    pub beat_fresh_ms: u64,
    /// A run whose beat did not change for so long is declared dead, in milliseconds of the watcher's own ticks.
    pub dead_after_ms: u64,
    /// So many beats of the watcher itself must have been applied meanwhile: when the store was away, everybody's beat
    /// stood still.
    pub beats_meanwhile: u64,
    /// When the store was away, nodes are back at it within so long of each other, in milliseconds: the longest wait
    /// of a driver before it connects again, and two beats. So long, and `dead_after_ms` more, nobody is declared dead.
    pub back_within_ms: u64,
    /// An entry that was done longer ago than this gets its inbox row before its log row, in milliseconds.
    pub late_after_ms: i64,
    /// The checkpoint stays so far behind the clock, in milliseconds; more than `late_after_ms` by what clocks may
    /// differ and turn.
    pub folded_lag_ms: i64,
    /// An inbox row whose entry is not in the log after so long never will be, in milliseconds.
    pub inbox_orphan_ms: i64,
    /// After taking a learner from a run that was declared dead, the inbox is read once more so much later, in
    /// milliseconds: what the old owner still acknowledged is there.
    pub inbox_again_ms: u64,
    /// Before somebody is asked, or something is tried, once more, in milliseconds.
    pub ask_again_ms: u64,
    /// A node whose clock is further than this from the others' median is not ready, in milliseconds.
    pub clock_apart_ms: i64,
    /// A run ends after so long and the process takes a new one, in milliseconds: the time of a cache write counts them
    /// in 32 bits.
    pub run_longest_ms: u64,
}

impl Timing {
    /// What production uses.
    pub const STANDARD: Timing = Timing {
        beat_every_ms: 1_000,
        beat_fresh_ms: 4_000,
        dead_after_ms: 5_000,
        beats_meanwhile: 4,
        back_within_ms: 12_000,
        late_after_ms: 10 * 60_000,
        folded_lag_ms: 11 * 60_000,
        inbox_orphan_ms: 24 * 3_600_000,
        inbox_again_ms: 30_000,
        ask_again_ms: 250,
        clock_apart_ms: 2_000,
        run_longest_ms: 40 * 24 * 3_600_000,
    };
}

// A run must end before its ticks reach into the next epoch's cache writes.
const _: () = assert!(Timing::STANDARD.run_longest_ms + 24 * 3_600_000 < 1 << 32);
const _: () = assert!(Timing::STANDARD.beat_fresh_ms < Timing::STANDARD.dead_after_ms);
const _: () = assert!(Timing::STANDARD.late_after_ms < Timing::STANDARD.folded_lag_ms);
