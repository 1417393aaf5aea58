//! Import jobs of a server: where their files lie, who runs them, and how they get to learners' sessions.

use super::Storage;
use crate::clock::ServerClock;
use crate::events::Events;
use crate::http::study::Study;
use crate::jobs::anki::AnkiImporter;
use crate::jobs::reviews::ReviewsImporter;
use crate::jobs::rosters::RosterImporter;
use crate::jobs::table::{LinesImporter, TableImporter};
use crate::jobs::{Change, Folder, Importer, Jobs, JobsParts, Sessions, Tools};
use actors::Concerned;
use std::path::Path;
use std::sync::Arc;

/// What a server has of import jobs.
#[derive(Clone)]
pub(crate) struct ImportParts {
    jobs: Option<Jobs>,
}

impl ImportParts {
    /// Begins to run jobs on the current tokio runtime. Without a folder for uploads there are none; the rest is served.
    pub(super) fn start(
        store: &Storage,
        study: Arc<dyn Study>,
        clock: &Arc<ServerClock>,
        events: &Events,
        data_dir: &Path,
    ) -> ImportParts {
        let told = study.clone();
        let tools = Tools {
            library: store.telling_library(events),
            people: store.telling_people(events),
            teaching: store.teaching(),
            imports: store.telling_imports(events),
            media: store.media(),
            notes: store.notes(),
            logs: store.logs(),
            marks: Arc::new(Sessions(study)),
            clock: clock.clone(),
            changed: Arc::new(move |change| match change {
                Change::Deck(deck) => told.deck_changed(deck),
                Change::Access(user) => told.access_changed(Concerned::from(user)),
            }),
        };
        let is_shared = matches!(store, Storage::Cql(_));
        let jobs = match Folder::open(data_dir) {
            Ok(folder) => {
                let tools = Arc::new(tools);
                Some(Jobs::start(JobsParts { tools, folder, importers: importers(), is_shared }))
            }
            Err(error) => {
                tracing::warn!(%error, "there is no folder for uploads: no imports as jobs");
                None
            }
        };
        ImportParts { jobs }
    }

    /// The jobs.
    pub(super) fn jobs(&self) -> Option<Jobs> {
        self.jobs.clone()
    }

    /// Lets running jobs come to where a restart takes them up.
    pub(super) async fn stop(&self) {
        if let Some(jobs) = &self.jobs {
            jobs.stop().await;
        }
    }
}

/// The formats, in the order in which they are asked whether a file is theirs; tables are whatever is text.
pub(crate) fn importers() -> Vec<Arc<dyn Importer>> {
    vec![
        Arc::new(AnkiImporter),
        Arc::new(RosterImporter),
        Arc::new(ReviewsImporter),
        Arc::new(LinesImporter),
        Arc::new(TableImporter),
    ]
}
