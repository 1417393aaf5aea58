//! The ports of a cluster: who has a learner, who is alive, and what an owner's caches need. A store that only one
//! process can open needs none of them.

use crate::Boxed;
use crate::error::StoreError;
use domain::ids::{EntryId, RunId, UserId};
use domain::owner::claim::{Change, Changed, Ownership};
use domain::owner::node::{BeatOut, BeatOutcome, Declare, NodeRow};
use domain::owner::{Beat, Epoch, Subject};

/// A node and where the others reach it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeEntry {
    /// Its life.
    pub row: NodeRow,
    /// Its internal address, `host:port`.
    pub address: String,
}

/// Who owns whom, and who is alive: what is changed by comparison alone.
pub trait Owners: Send + Sync + 'static {
    /// Makes a new run known; `false` if it was known already. An error leaves the outcome unknown: take another run.
    fn register(&self, run: RunId, address: String, wall_ms: i64) -> Boxed<'_, Result<bool, StoreError>>;

    /// Beats, if nobody has declared the run dead.
    fn beat(&self, beat: BeatOut, address: String, wall_ms: i64) -> Boxed<'_, BeatOutcome>;

    /// Declares a run dead, if it is alive and still at this beat. Doing it again is harmless.
    fn declare_dead(&self, dead: Declare) -> Boxed<'_, Result<bool, StoreError>>;

    /// Whether a run is alive now, by a read that begins now. One that is not known is not.
    fn is_alive(&self, run: RunId) -> Boxed<'_, Result<bool, StoreError>>;

    /// All nodes, those declared dead of late included.
    fn nodes(&self) -> Boxed<'_, Result<Vec<NodeEntry>, StoreError>>;

    /// Who owns a learner, after all changes that have taken effect.
    fn owner(&self, user: UserId) -> Boxed<'_, Result<Ownership, StoreError>>;

    /// Changes who owns a learner, if the row is still as expected.
    fn change(&self, user: UserId, change: Change) -> Boxed<'_, Changed>;
}

/// The caches of the learners that this process owns.
pub trait Tenures: Send + Sync + 'static {
    /// This process owns the learner from now on: reads what the caches may lack, and bars former owners from them.
    /// To be called after the claim, and before anything of the learner is loaded, appended or acknowledged.
    fn adopt(&self, user: UserId, run: RunId, epoch: Epoch) -> Boxed<'_, Result<(), StoreError>>;

    /// Writes what waits of the learner's caches and forgets the learner, whatever came of that. Nothing may be loaded or
    /// appended for the learner meanwhile. Of one that is not owned it does nothing.
    fn release(&self, user: UserId) -> Boxed<'_, Result<(), StoreError>>;

    /// Writes what waits of all learners' caches, as before the process ends; how many learners' could not be written.
    fn flush_all(&self) -> Boxed<'_, usize>;

    /// Whether a write of the learner's caches is under way.
    fn is_writing(&self, user: UserId) -> bool;

    /// Forgets all learners without writing: others own them now.
    fn forget_all(&self);

    /// The newest beat of this process that was applied.
    fn beaten(&self, beat: Beat);

    /// Commands that came again, whose entries were found in the log: to be awaited before their verdict. Names the cards
    /// that must be folded again.
    fn found_again(&self, user: UserId, entries: Vec<EntryId>)
    -> Boxed<'_, Result<Vec<Subject>, StoreError>>;

    /// Reads once more what others have appended. Names the cards that must be folded again.
    fn inbox_again(&self, user: UserId) -> Boxed<'_, Result<Vec<Subject>, StoreError>>;
}
