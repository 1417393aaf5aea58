//! The reports that a node has, or is making: bounded, and forgotten after an hour.

use super::Spec;
use super::table::Report;
use crate::http::Problem;
use crate::http::limits::{REPORT_KEPT_MS, REPORTS_KEPT};
use domain::ids::UserId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whose report, and which.
pub(super) type Key = (UserId, Spec);

/// Where a report stands.
#[derive(Clone)]
pub(super) enum Kept {
    Running,
    Done(Arc<Report>),
    Failed(Problem),
}

/// All reports of this node.
#[derive(Default)]
pub(in crate::http) struct Reports(Mutex<HashMap<Key, Kept>>);

impl Reports {
    fn all(&self) -> MutexGuard<'_, HashMap<Key, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it stands, unless nothing is known of it.
    pub(super) fn get(&self, key: &Key, now_ms: i64) -> Option<Kept> {
        let mut all = self.all();
        all.retain(|(_, spec), _| now_ms.saturating_sub(spec.asked_ms) < REPORT_KEPT_MS);
        all.get(key).cloned()
    }

    /// Notes that it is being made. In place of the oldest one, where there is no room.
    ///
    /// # Errors
    /// All that there is room for are being made.
    pub(super) fn begin(&self, key: Key) -> Result<(), ()> {
        let mut all = self.all();
        if all.len() >= REPORTS_KEPT {
            let finished = all.iter().filter(|(_, kept)| match kept {
                Kept::Running => false,
                Kept::Done(_) | Kept::Failed(_) => true,
            });
            let oldest = finished.map(|(key, _)| *key).min_by_key(|(_, spec)| spec.asked_ms).ok_or(())?;
            all.remove(&oldest);
        }
        all.insert(key, Kept::Running);
        Ok(())
    }

    /// Notes how it went.
    pub(super) fn finish(&self, key: Key, outcome: Result<Report, Problem>) {
        let kept = match outcome {
            Ok(report) => Kept::Done(Arc::new(report)),
            Err(problem) => Kept::Failed(problem),
        };
        // One that was forgotten meanwhile is not remembered again.
        if let Some(running) = self.all().get_mut(&key) {
            *running = kept;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    fn key(n: i64) -> Key {
        let spec = Spec { kind: Kind::Transcript, class: None, user: None, from: 0, to: 0, asked_ms: n };
        (UserId::from_u128(1), spec)
    }

    #[test]
    fn reports_are_bounded_and_forgotten_after_an_hour() {
        let reports = Reports::default();
        for n in 0..REPORTS_KEPT as i64 {
            reports.begin(key(n)).unwrap();
        }
        assert_eq!(reports.begin(key(-1)), Err(()), "all are being made");
        reports.finish(key(3), Err(Problem::internal()));
        reports.finish(key(5), Err(Problem::internal()));
        reports.begin(key(999)).unwrap();
        assert!(reports.get(&key(3), 10).is_none(), "the oldest made room");
        assert!(matches!(reports.get(&key(5), 10), Some(Kept::Failed(_))));
        assert!(reports.get(&key(5), REPORT_KEPT_MS + 5).is_none());
        reports.finish(key(0), Err(Problem::internal()));
        assert!(reports.get(&key(0), REPORT_KEPT_MS).is_none());
    }
}
