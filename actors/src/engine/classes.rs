//! Live lessons, as sockets ask for them.

use super::Engine;
use crate::class::{ClassFigures, Monitor, NotWatched, ToMonitor};
use domain::ids::{ClassId, UserId};
use domain::lesson::Document;
use ports::bus::LessonMark;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a node waits at its start for what its students are to be told.
const LESSONS_KNOWN_WITHIN: Duration = Duration::from_secs(5);

impl Engine {
    /// Whether live lessons are offered.
    pub fn has_lessons(&self) -> bool {
        self.shared.classes.is_some()
    }

    /// Waits until it is known of the lessons that are on what their students are to be told. A store that does not answer holds
    /// nobody up for long: then they hear of it behind their welcome.
    pub async fn lessons_known(&self) {
        let shared = self.shared.clone();
        let known = self.shared.runtime().spawn(async move {
            if let Some(classes) = &shared.classes
                && tokio::time::timeout(LESSONS_KNOWN_WITHIN, classes.known()).await.is_err()
            {
                tracing::warn!("how lessons stand is not known yet: students are told behind their welcome");
            }
        });
        // The runtime lives as long as the engine.
        let _ = known.await;
    }

    /// Begins to watch a class, for one who may; what there is to see comes through `to`, made by
    /// [`monitor_queue`](crate::monitor_queue).
    ///
    /// # Errors
    /// See [`NotWatched`].
    pub async fn watch(
        &self,
        class: ClassId,
        user: UserId,
        to: mpsc::Sender<ToMonitor>,
    ) -> Result<Monitor, NotWatched> {
        match &self.shared.classes {
            Some(classes) => classes.watch(&self.shared, class, user, to).await,
            None => Err(NotWatched::NotOffered),
        }
    }

    /// The document of the lesson that this student attends, and the student's extra time in percent; of several the one
    /// that was opened last.
    pub fn class_document(&self, user: UserId) -> Option<(Arc<Document>, u16)> {
        let told = self.shared.classes.as_ref()?.told_to(user);
        let newest = told.into_iter().max_by_key(|told| (told.is_on(), told.opened_ms, told.at))?;
        let extra_percent = newest.students.get(&user).copied()?;
        Some((newest.document.clone(), extra_percent))
    }

    /// The node that holds a class tells that its lesson has changed, or calls for cells.
    pub fn lesson_marked(&self, mark: LessonMark) {
        if let Some(classes) = &self.shared.classes {
            classes.marked(&self.shared, mark);
        }
    }

    /// Something may have been missed of what holders of classes tell.
    pub fn lessons_missed(&self) {
        if let Some(classes) = &self.shared.classes {
            classes.missed(&self.shared);
        }
    }

    /// A cell of a class came from another node.
    pub fn cell_heard(&self, class: ClassId, cell: &ports::bus::Cell) {
        if let Some(classes) = &self.shared.classes {
            classes.cell_heard(class, cell);
        }
    }

    /// Cells of a class may have been missed.
    pub fn cells_missed(&self, class: ClassId) {
        if let Some(classes) = &self.shared.classes {
            classes.cells_missed(class);
        }
    }

    /// What was counted of live lessons; `None` where they are not offered.
    pub fn class_figures(&self) -> Option<ClassFigures> {
        self.shared.classes.as_ref().map(|classes| classes.figures())
    }
}
