//! Owners: which node has a learner, as pure machines. A learner has one owner among the nodes of a cluster; the others
//! relay to it. The log needs no owner (it is a set, anybody may append); what an owner alone does is keep the caches of
//! its fold. So two nodes that both believe to be the owner can lose, double or invent nothing. All that may happen is
//! that a cache lacks an entry, and the rules here see to it that such an entry is named in the learner's *inbox*.
//!
//! - [`node`]: a node's own life: its run, its beats, who else is dead, whether its clock can be trusted.
//! - [`claim`]: how a node gets a learner, or learns who has him; how an owner lets go.
//! - [`load`]: from which rows, read in which order, an owner's caches are made.
//! - [`caches`]: what an owner keeps for one learner, and what it must write before it may go on.
//!
//! Times come in as arguments. A *tick* is the process's own monotonic time in milliseconds since its start; a *wall*
//! time is Unix milliseconds. Ticks of two processes are never compared.

pub mod caches;
pub mod claim;
pub mod load;
pub mod node;
pub mod timing;

pub use timing::Timing;

use crate::ids::{CardId, DeckId, RunId};

/// How often a learner has changed hands: rises by one with each claim and each release.
pub type Epoch = u64;

/// A card of a learner, by name.
pub type Subject = (DeckId, CardId);

/// The newest beat of a node that is known to have been applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Beat {
    /// Whose it was. A beat speaks for its own run alone, not for the next one of the same process.
    pub run: RunId,
    /// When it was *sent*. Until then, at least, nobody had declared the run dead.
    pub sent_tick_ms: u64,
}
