//! Where a class is: at the node that holds it while that one lives, else with whoever takes it first. What decides is the
//! store's comparison alone; all else here only saves tries.

use super::Classes;
use crate::engine::Shared;
use domain::ids::{ClassId, RunId};
use ports::lessons::{Holder, LessonsError, Taken};
use std::sync::Arc;

/// Where a class is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Here, or with nobody: it may be taken.
    Free(Option<Holder>),
    /// At another node that lives.
    Held {
        by: Holder,
        /// Its internal address.
        address: Arc<str>,
    },
    /// This node is not known to the others yet, or the other one's address is not known.
    Unknown,
}

/// What became of taking a class.
pub(super) enum Took {
    Taken(Box<Taken>),
    /// Another node has it.
    Elsewhere,
    /// Somebody else was faster, or this node is not known yet.
    NotNow,
}

impl Classes {
    /// The run by which this node holds classes; `None` while the others do not know it.
    pub(super) fn run(&self, shared: &Shared) -> Option<RunId> {
        match &shared.cluster {
            Some(cluster) => cluster.registered_run(),
            None => Some(self.options.run),
        }
    }

    /// Where the class is, by reads that begin now.
    pub(super) async fn place(&self, shared: &Shared, class: ClassId) -> Result<Place, LessonsError> {
        let holder = self.options.lessons.holder(class).await?;
        let (Some(cluster), Some(by)) = (&shared.cluster, holder) else { return Ok(Place::Free(holder)) };
        if cluster.run() == by.run || !cluster.is_alive(by.run).await? {
            return Ok(Place::Free(holder));
        }
        Ok(match cluster.find_address(by.run).await? {
            Some(address) => Place::Held { by, address },
            None => Place::Unknown,
        })
    }

    /// Takes the class for this node, if no other has it.
    pub(super) async fn take(&self, shared: &Shared, class: ClassId) -> Result<Took, LessonsError> {
        let Some(run) = self.run(shared) else { return Ok(Took::NotNow) };
        match self.place(shared, class).await? {
            Place::Free(holder) => {
                let taken = self.options.lessons.take(class, holder, run).await?;
                Ok(taken.map_or(Took::NotNow, |taken| Took::Taken(Box::new(taken))))
            }
            Place::Held { .. } => Ok(Took::Elsewhere),
            Place::Unknown => Ok(Took::NotNow),
        }
    }
}
