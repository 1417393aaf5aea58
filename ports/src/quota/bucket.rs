//! Token buckets, each as one number: the moment at which it would be full again (the *theoretical arrival time* of the
//! generic cell rate algorithm, ITU-T I.371). What is left follows from it and the time, so nothing runs in between, and
//! a bucket that is full again needs no number at all: it can be forgotten.

use super::{Allowance, QuotaTaken};

/// A bucket: how much it holds, and in which time it fills from empty to full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bucket {
    limit: u32,
    period_ms: u64,
}

/// The three buckets of a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Buckets([Bucket; 3]);

/// The moment at which a bucket is full again, in microseconds of whatever clock is used; 0 for a full one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Level(pub u64);

/// The levels of the three buckets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Levels(pub [Level; 3]);

impl Bucket {
    /// A bucket that holds `limit` (at least 1) and fills in `period_ms` (at least 1 ms, at most a day).
    pub const fn new(limit: u32, period_ms: u64) -> Bucket {
        const DAY_MS: u64 = 86_400_000;
        let limit = if limit == 0 { 1 } else { limit };
        let period_ms = if period_ms == 0 { 1 } else { period_ms };
        Bucket { limit, period_ms: if period_ms > DAY_MS { DAY_MS } else { period_ms } }
    }

    /// What it holds when it is full.
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// In how many microseconds one more is there; rounded up, so that a bucket never gives more than it says.
    pub const fn interval_us(&self) -> u64 {
        (self.period_ms * 1_000).div_ceil(self.limit as u64)
    }

    /// In how many microseconds it fills from empty to full.
    pub const fn span_us(&self) -> u64 {
        self.interval_us() * self.limit as u64
    }

    /// The level, believed as far as it can be true: after a clock went back it may lie further ahead than the bucket is
    /// deep.
    const fn believed(&self, level: Level, now_us: u64) -> u64 {
        let empty_us = now_us.saturating_add(self.span_us());
        if level.0 > empty_us {
            empty_us
        } else if level.0 < now_us {
            now_us
        } else {
            level.0
        }
    }

    fn allowance(&self, level: Level, now_us: u64) -> Allowance {
        let missing_us = self.believed(level, now_us) - now_us;
        let missing = u32::try_from(missing_us.div_ceil(self.interval_us())).unwrap_or(u32::MAX);
        let remaining = self.limit.saturating_sub(missing);
        Allowance { limit: self.limit, remaining, full_in_ms: missing_us.div_ceil(1_000) }
    }
}

impl Buckets {
    /// `burst` at once, which fills up again in a second; `per_minute` and `per_hour` in the long run.
    pub const fn new(burst: u32, per_minute: u32, per_hour: u32) -> Buckets {
        Buckets([
            Bucket::new(burst, 1_000),
            Bucket::new(per_minute, 60_000),
            Bucket::new(per_hour, 3_600_000),
        ])
    }

    /// The three.
    pub const fn all(&self) -> &[Bucket; 3] {
        &self.0
    }

    /// What a cost counts: at most what the smallest bucket holds, at least 1.
    pub fn cost(&self, cost: u32) -> u32 {
        let smallest = self.0.iter().map(Bucket::limit).min().unwrap_or(1);
        cost.clamp(1, smallest)
    }

    /// Takes from all buckets, or from none.
    pub fn take(&self, levels: &mut Levels, cost: u32, now_us: u64) -> QuotaTaken {
        let cost = u64::from(self.cost(cost));
        let (mut after, mut wait_us) = (*levels, 0);
        for (bucket, level) in self.0.iter().zip(&mut after.0) {
            level.0 = bucket.believed(*level, now_us) + cost * bucket.interval_us();
            wait_us = wait_us.max(level.0.saturating_sub(now_us + bucket.span_us()));
        }
        if wait_us > 0 {
            let retry_after_ms = wait_us.div_ceil(1_000);
            return QuotaTaken::Denied { allowance: self.allowance(levels, now_us), retry_after_ms };
        }
        *levels = after;
        QuotaTaken::Granted(self.allowance(levels, now_us))
    }

    /// How much is left, in the bucket that has least; of equal ones the slowest.
    pub fn allowance(&self, levels: &Levels, now_us: u64) -> Allowance {
        let each = self.0.iter().zip(&levels.0).map(|(bucket, level)| bucket.allowance(*level, now_us));
        each.min_by_key(|one| (one.remaining, u64::MAX - one.full_in_ms)).unwrap_or(Allowance {
            limit: 1,
            remaining: 1,
            full_in_ms: 0,
        })
    }
}

impl Levels {
    /// When all are full again: from then on they can be forgotten.
    pub fn full_at_us(&self) -> u64 {
        self.0.iter().map(|level| level.0).max().unwrap_or(0)
    }
}
