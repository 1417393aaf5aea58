//! A batch of commands that came over HTTP: a socket without a network, through the same session, under the same rules.

use crate::messages::{CloseWhy, Full, SocketPort, ToSocket};
use crate::shard::Shard;
use domain::check::trial::TrialResult;
use domain::grade::Grade;
use domain::ids::{EntryId, UserId};
use domain::session::{Command, Input, Out, Refusal};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How long a batch waits for its verdicts.
const VERDICTS_WITHIN: Duration = Duration::from_secs(20);
/// Commands of one batch that are with the session at once: below the credit of a learner.
const IN_FLIGHT: usize = 64;

/// The verdict of one command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchVerdict {
    /// The command.
    pub id: EntryId,
    /// `None` is durable.
    pub refusal: Option<Refusal>,
    /// What became of it, if it was checked.
    pub graded: Option<(TrialResult, Grade)>,
}

/// Why a batch got no verdicts. Sending it again is harmless.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BatchError {
    /// Another node has the learner, the one with this internal address: there the batch is taken.
    #[error("the learner's session is at another node; send the commands again")]
    Elsewhere(Arc<str>),
    /// The session could not be reached, or ended in between.
    #[error("the learner's session is not available now; send the commands again")]
    NotReady,
    /// The store did not make the commands durable in time.
    #[error("the commands are not durable yet; send them again")]
    NotInTime,
    /// The session refused what the server itself had asked for.
    #[error("the learner's session refused this now ({0:?}); try again")]
    Refused(Refusal),
}

/// A command as a session takes it, or why it can never be one.
pub type Submitted = (EntryId, Result<Command, Refusal>);

#[derive(Default)]
struct Collected {
    attached: bool,
    decided: u64,
    refused: Vec<(u64, Refusal)>,
    graded: BTreeMap<EntryId, (TrialResult, Grade)>,
    closed: Option<CloseWhy>,
    elsewhere: Option<Arc<str>>,
}

#[derive(Default)]
struct BatchPort {
    collected: RefCell<Collected>,
    changed: Notify,
}

impl SocketPort for BatchPort {
    fn deliver(&self, out: ToSocket) -> Result<(), Full> {
        let mut collected = self.collected.borrow_mut();
        match out {
            ToSocket::Attached => collected.attached = true,
            ToSocket::Frame(Out::Saved(seq)) => collected.decided = seq,
            ToSocket::Frame(Out::Graded(graded)) => {
                collected.graded.insert(graded.id, (graded.result, graded.grade));
            }
            ToSocket::Frame(Out::Refused { seq, refusal, .. }) => collected.refused.push((seq, refusal)),
            ToSocket::Frame(
                Out::Card(_)
                | Out::Error(_)
                | Out::Changed(_)
                | Out::Queue(..)
                | Out::Done(_)
                | Out::Class(..)
                | Out::Close(_),
            )
            | ToSocket::Goodbye { .. } => {}
            ToSocket::Elsewhere(address) => collected.elsewhere = Some(address),
            ToSocket::Close(why) => collected.closed = Some(why),
        }
        self.changed.notify_one();
        Ok(())
    }
}

impl BatchPort {
    async fn until(&self, done: impl Fn(&Collected) -> bool) -> Result<(), BatchError> {
        loop {
            {
                let collected = self.collected.borrow();
                if let Some(address) = &collected.elsewhere {
                    return Err(BatchError::Elsewhere(address.clone()));
                }
                if collected.closed.is_some() {
                    return Err(BatchError::NotReady);
                }
                if done(&collected) {
                    return Ok(());
                }
            }
            self.changed.notified().await;
        }
    }
}

/// Unplugs the socket when the batch ends, also when its caller goes away in between.
struct Plugged {
    shard: Rc<Shard>,
    socket: domain::session::SocketId,
}

impl Drop for Plugged {
    fn drop(&mut self) {
        self.shard.unplug(self.socket);
    }
}

/// Puts commands through the learner's session and waits for one verdict each. Call it on a web worker.
///
/// # Errors
/// See [`BatchError`]; what was not decided may be sent again under the same ids.
pub async fn submit_batch(
    shard: &Rc<Shard>,
    user: UserId,
    commands: Vec<Submitted>,
) -> Result<Vec<BatchVerdict>, BatchError> {
    let port = Rc::new(BatchPort::default());
    let socket = shard.plug(port.clone());
    let _plugged = Plugged { shard: shard.clone(), socket };
    shard.attach(socket, user, None);
    let work = async {
        port.until(|collected| collected.attached).await?;
        let mut seq = 0_u64;
        for (id, command) in &commands {
            seq += 1;
            let floor = seq.saturating_sub(IN_FLIGHT as u64);
            port.until(|collected| collected.decided >= floor).await?;
            let input = match command {
                Ok(command) => Input::Command { socket, seq, id: *id, command: command.clone() },
                Err(refusal) => Input::Refused { socket, seq, id: *id, refusal: *refusal },
            };
            shard.input(socket, user, input);
        }
        port.until(|collected| collected.decided >= seq).await
    };
    let outcome = tokio::time::timeout(VERDICTS_WITHIN, work).await.map_err(|_| BatchError::NotInTime);
    outcome??;
    let collected = port.collected.borrow();
    let refusal = |seq: u64| collected.refused.iter().find(|(at, _)| *at == seq).map(|(_, r)| *r);
    Ok(commands
        .iter()
        .zip(1_u64..)
        .map(|((id, _), seq)| {
            let refusal = refusal(seq);
            let graded = collected.graded.get(id).copied().filter(|_| refusal.is_none());
            BatchVerdict { id: *id, refusal, graded }
        })
        .collect())
}
