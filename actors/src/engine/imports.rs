//! The marks of import jobs, given to a learner's session from wherever the job runs.

use super::Engine;
use crate::batch::BatchError;
use crate::messages::ToShard;
use domain::ids::{EntryId, JobId, UserId};
use domain::session::{Command, Input};
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
            None => {
                self.fold_marked(user);
                Ok(())
            }
            Some(refusal) => Err(BatchError::Refused(refusal)),
        }
    }

    /// What a mark made stale is folded and written while nobody waits for it. Else whoever asks next what is due would wait
    /// for the whole log to be folded, and each time again until the learner studies. Nothing rests on it.
    fn fold_marked(&self, user: UserId) {
        let shared = self.shared.clone();
        self.shared.runtime().spawn(async move {
            let Ok(decks) = shared.reader.stale_decks(user).await else { return };
            // If the session has moved by now, whoever asks there folds.
            if let Some(home) = shared.registry.home(user).filter(|_| !decks.is_empty()) {
                shared.tell(home.shard, ToShard::Input { user, input: Input::Load(decks) }).await;
            }
        });
    }
}
