//! Apply at rest.

use super::EmbeddedStore;
use crate::shared::Shared;
use std::sync::{Arc, PoisonError};

impl EmbeddedStore {
    /// Lets the batch that is being applied end and starts no other until the hold is dropped: for tests and
    /// maintenance. Waits; not for async threads.
    pub fn hold_apply(&self) -> ApplyHold {
        let shared = Arc::clone(&self.inner.shared);
        let mut orders = shared.orders();
        orders.holds += 1;
        shared.woken.notify_all();
        while orders.running {
            orders = shared.woken.wait(orders).unwrap_or_else(PoisonError::into_inner);
        }
        drop(orders);
        ApplyHold { shared }
    }
}

/// Apply rests as long as this lives.
pub struct ApplyHold {
    shared: Arc<Shared>,
}

impl Drop for ApplyHold {
    fn drop(&mut self) {
        self.shared.orders().holds -= 1;
        self.shared.woken.notify_all();
    }
}
