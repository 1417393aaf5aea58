//! The marks of import jobs, given to a learner's session from wherever the job runs.

use super::Engine;
use crate::batch::BatchError;
use crate::messages::ToShard;
use domain::ids::{EntryId, JobId, UserId};
use domain::session::Command;
use tokio::sync::oneshot;

/// What becomes of the rows of a job in a learner's log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportMark {
    /// They count.
    Commit,
    /// They count no longer.
    Revoke,
    /// They are what this guest did, and count as if the learner had done it.
    Claim(UserId),
}

impl Engine {
    /// Makes the rows of an import job count for a learner, or takes them back, through the learner's session: live
    /// sockets are shown what changed. It is durable when this returns; said again it changes nothing.
    ///
    /// # Errors
    /// See [`BatchError`]; say it again.
    pub async fn mark_import(&self, user: UserId, job: JobId, mark: ImportMark) -> Result<(), BatchError> {
        let Some(shard) = self.shared.shard_for(user) else { return Err(BatchError::NotReady) };
        let command = match mark {
            ImportMark::Commit => Command::ImportCommit { job },
            ImportMark::Revoke => Command::ImportRevoke { job },
            ImportMark::Claim(guest) => Command::Claim { guest, job },
        };
        let commands = vec![(EntryId::of_mark(job, mark == ImportMark::Revoke), Ok(command))];
        let (reply, answer) = oneshot::channel();
        if shard.send(ToShard::Batch { user, commands, reply }).await.is_err() {
            return Err(BatchError::NotReady);
        }
        let verdicts = answer.await.unwrap_or(Err(BatchError::NotReady))?;
        match verdicts.first().and_then(|verdict| verdict.refusal) {
            None => Ok(()),
            Some(refusal) => Err(BatchError::Refused(refusal)),
        }
    }
}
