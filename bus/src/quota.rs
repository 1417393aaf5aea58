//! Rate limits: counted by this node ([`LocalQuota`]), by all nodes together ([`RedisQuota`]), and by all nodes while
//! Redis can be asked and by this node while it cannot ([`SharedQuota`]).

mod local;
mod redis;
mod shared;

pub use local::LocalQuota;
pub use redis::{QuotaAway, RedisQuota};
pub use shared::{QuotaStats, SharedQuota};
