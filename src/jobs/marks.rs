//! Commits and revocations, brought to learners' sessions.

use super::error::JobError;
use crate::http::study::Study;
use domain::ids::{JobId, UserId};
use ports::Boxed;
use std::sync::Arc;

/// Makes a job's entries in a learner's log count, or count no longer. Durable when it returns; doing it again changes
/// nothing.
pub trait Marks: Send + Sync {
    /// They count.
    fn commit(&self, user: UserId, job: JobId) -> Boxed<'_, Result<(), JobError>>;

    /// They count no longer.
    fn revoke(&self, user: UserId, job: JobId) -> Boxed<'_, Result<(), JobError>>;
}

/// Marks that go through whoever has the learner, so that open sessions show what changed.
pub struct Sessions(pub Arc<dyn Study>);

impl Marks for Sessions {
    fn commit(&self, user: UserId, job: JobId) -> Boxed<'_, Result<(), JobError>> {
        let marked = self.0.commit_import(user, job);
        Box::pin(async move { marked.await.map_err(|error| JobError::NotNow(error.to_string())) })
    }

    fn revoke(&self, user: UserId, job: JobId) -> Boxed<'_, Result<(), JobError>> {
        let marked = self.0.revoke_import(user, job);
        Box::pin(async move { marked.await.map_err(|error| JobError::NotNow(error.to_string())) })
    }
}
