//! Owners and nodes: the port that is written by comparison alone. Each request is one attempt: where its outcome is not
//! known it may still take effect later, and the machines of [`domain::owner`] know what to do then.

use crate::error::StoreError;
use domain::ids::{RunId, UserId};
use domain::owner::claim::{Change, Changed, Ownership};
use domain::owner::node::{BeatOut, BeatOutcome, Declare, NodeRow};

/// A node, and where the others reach it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeEntry {
    /// Its life.
    pub row: NodeRow,
    /// Its internal address.
    pub address: String,
}

/// Who owns whom, and who is alive.
pub trait Owners: Send + Sync + 'static {
    /// Makes a new run known. An error means that the outcome is unknown: take another run.
    fn register(
        &self,
        run: RunId,
        address: &str,
        wall_ms: i64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Beats, if nobody has declared the run dead.
    fn beat(&self, beat: BeatOut, address: &str, wall_ms: i64) -> impl Future<Output = BeatOutcome> + Send;

    /// All nodes that are alive, and perhaps dead ones.
    fn nodes(&self) -> impl Future<Output = Result<Vec<NodeEntry>, StoreError>> + Send;

    /// Whether a run is alive, in the order of changes. One that is not known is not.
    fn is_alive(&self, run: RunId) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Declares a run dead, if it is alive and still at this beat; whether it was applied. Once more does no harm.
    fn declare_dead(&self, dead: Declare) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Who owns a learner, in the order of changes: one that is under way is finished or ruled out first.
    fn owner(&self, user: UserId) -> impl Future<Output = Result<Ownership, StoreError>> + Send;

    /// Changes who owns a learner, if the row is still as expected.
    fn change(&self, user: UserId, change: Change) -> impl Future<Output = Changed> + Send;
}
