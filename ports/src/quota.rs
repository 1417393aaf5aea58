//! The port by which nodes count how much somebody does: rate limits by token buckets.
//!
//! | file | what |
//! |---|---|
//! | `bucket` | the buckets themselves: pure, one number each |
//! | `breaker` | when to ask a shared counter, and when to do without it |

mod breaker;
mod bucket;

pub use breaker::{Breaker, BreakerRules, Pass};
pub use bucket::{Bucket, Buckets, Level, Levels};

use crate::Boxed;
use domain::ids::UserId;
use std::fmt;
use std::net::IpAddr;

/// Whose doings are counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Whose {
    /// A person's, wherever they come from: a school behind one address is many people.
    Person(UserId),
    /// An address's: only for those who are not signed in.
    Address(IpAddr),
}

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct QuotaKey {
    /// Which doings: each kind has buckets of its own.
    pub what: &'static str,
    /// Whose.
    pub whose: Whose,
}

impl fmt::Display for QuotaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.whose {
            Whose::Person(user) => write!(f, "{}:person:{user}", self.what),
            Whose::Address(address) => write!(f, "{}:address:{address}", self.what),
        }
    }
}

/// How much is left, in the bucket that has least.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// What that bucket holds when it is full.
    pub limit: u32,
    /// What it holds now.
    pub remaining: u32,
    /// When it is full again, in milliseconds from now.
    pub full_in_ms: u64,
}

/// The answer to a request to take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuotaTaken {
    /// It was taken.
    Granted(Allowance),
    /// Too little is left; nothing was taken.
    Denied {
        /// What is left.
        allowance: Allowance,
        /// After how many milliseconds there is enough.
        retry_after_ms: u64,
    },
}

/// Counts how much somebody does.
pub trait Quota: Send + Sync + 'static {
    /// Takes `cost` from every bucket of this key, or from none. More than the smallest bucket holds counts as all of
    /// it. `now_ms` is this node's time, monotonic; what nodes share counts by a clock of its own. Never fails: who
    /// cannot count grants.
    fn take(&self, key: QuotaKey, buckets: Buckets, cost: u32, now_ms: u64) -> Boxed<'_, QuotaTaken>;
}
