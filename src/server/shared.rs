//! What nodes share over Redis, where there is one: hints about what changed, and the counters of rate limits.

use crate::config::Bus as BusAt;
use bus::{LocalQuota, RedisBus, RedisOptions, RedisQuota, SharedQuota};
use ports::bus::Run;
use ports::{Bus, Quota};
use std::sync::Arc;
use uuid::Uuid;

/// What the names of our channels and keys in Redis begin with.
pub(crate) const BUS_PREFIX: &str = "studyhall";

/// What nodes share, or this node's own of it.
pub(super) struct SharedParts {
    /// How other nodes are told of changes.
    pub(super) bus: Option<Arc<dyn Bus>>,
    /// Who counts.
    pub(super) quota: Arc<dyn Quota>,
    /// The same, where nodes count together: for its figures.
    pub(super) counted_together: Option<Arc<SharedQuota>>,
}

/// Begins, on the current tokio runtime. Whether Redis is there does not matter.
///
/// # Errors
/// The address can never lead to a Redis.
pub(super) fn start(at: &BusAt) -> Result<SharedParts, bus::BadUrl> {
    let url = match at {
        BusAt::Local => {
            let quota = Arc::new(LocalQuota::default());
            return Ok(SharedParts { bus: None, quota, counted_together: None });
        }
        BusAt::Redis(url) => url.reveal().to_owned(),
    };
    let options = RedisOptions { url, prefix: BUS_PREFIX.to_owned() };
    let run = Uuid::new_v4();
    let bus = RedisBus::start(Run(run), &options)?;
    // Nodes that lost their Redis together do not come back together.
    let quota = Arc::new(SharedQuota::new(RedisQuota::start(&options, run.as_u64_pair().0)?));
    Ok(SharedParts { bus: Some(Arc::new(bus)), quota: quota.clone(), counted_together: Some(quota) })
}
