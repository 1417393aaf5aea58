//! What nodes share in passing: hints about what changed, and the counters of rate limits. Nothing here is ever the
//! truth, and every node goes on without it.
//!
//! | file | what |
//! |---|---|
//! | `options` | every bound and every wait |
//! | `codec` | the bytes of a message, behind a version |
//! | `ear` | what a node hears: the pure [`ports::bus::Hearing`] and what waits to be heard, behind a lock |
//! | `local` | nodes within one process |
//! | `redis` | nodes that share a Redis: the handle, and the task that holds the connection |
//! | `examine` | what a Redis says of itself |
//! | `quota` | rate limits: of this node, of all nodes, and of all nodes while they can be asked |

mod codec;
mod counters;
mod ear;
mod examine;
mod local;
pub mod options;
mod quota;
mod redis;

pub use examine::{ExamineError, Examined, examine};
pub use local::{Fate, LocalBus, LocalNet};
pub use quota::{LocalQuota, QuotaAway, QuotaStats, RedisQuota, SharedQuota};
pub use redis::{BadUrl, RedisBus, RedisOptions};
