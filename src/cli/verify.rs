//! `studyhall verify`: every log folded and compared with what is stored, without a server.

use super::{COULD_NOT_RUN, could_not, on_a_folder};
use crate::config::VerifyArgs;
use crate::verify::{Format, Records, Report, exit_code, verify as check};
use domain::entry::LogEntry;
use domain::ids::{DeckId, UserId};
use domain::state::FoldParams;
use embedded::{Offline, StoredLearner};
use ports::{Progress, StoreError};
use std::cell::RefCell;
use std::process::ExitCode;

/// The data folder, read learner by learner.
struct Folder {
    store: Offline,
    learners: Vec<UserId>,
    /// Log and rows are read together, and asked for one after the other.
    last: RefCell<Option<(UserId, StoredLearner)>>,
}

impl Folder {
    fn read(&self, user: UserId) -> Result<(), StoreError> {
        let known = self.last.borrow().as_ref().is_some_and(|(of, _)| *of == user);
        if !known {
            *self.last.borrow_mut() = Some((user, self.store.learner(user)?));
        }
        Ok(())
    }
}

impl Records for Folder {
    type Error = StoreError;

    async fn next_learner(&self, after: Option<UserId>) -> Result<Option<UserId>, StoreError> {
        let at = after.map_or(0, |after| self.learners.partition_point(|user| *user <= after));
        Ok(self.learners.get(at).copied())
    }

    async fn log(&self, user: UserId) -> Result<Vec<LogEntry>, StoreError> {
        self.read(user)?;
        let mut last = self.last.borrow_mut();
        Ok(last.as_mut().map(|(_, learner)| std::mem::take(&mut learner.log)).unwrap_or_default())
    }

    async fn progress(&self, user: UserId) -> Result<Vec<Progress>, StoreError> {
        self.read(user)?;
        let mut last = self.last.borrow_mut();
        Ok(last.as_mut().map(|(_, learner)| std::mem::take(&mut learner.progress)).unwrap_or_default())
    }

    async fn params(&self, deck: DeckId) -> Result<Option<FoldParams>, StoreError> {
        Ok(self.store.deck(deck)?.map(|record| record.settings.fold_params()))
    }
}

/// Verifies a data folder that no server has open.
pub(super) fn verify(args: &VerifyArgs) -> ExitCode {
    let config = match on_a_folder(&args.config) {
        Ok(config) => config,
        Err(errors) => return could_not(errors),
    };
    let store = match Offline::open(&config.data_dir) {
        Ok(store) => store,
        Err(error) => return could_not(error),
    };
    let learners = match store.learners() {
        Ok(learners) => learners,
        Err(error) => return could_not(error),
    };
    let folder = Folder { store, learners, last: RefCell::default() };
    let format = if args.json { Format::Json } else { Format::Text };
    let report = Report::new(format, std::io::stdout().lock());
    let runtime = match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime,
        Err(error) => return could_not(error),
    };
    let outcome = runtime.block_on(check(&folder, report));
    if let Err(error) = &outcome {
        eprintln!("studyhall: {error}");
    }
    match exit_code(&outcome) {
        0 => ExitCode::SUCCESS,
        1 => ExitCode::from(1),
        _ => ExitCode::from(COULD_NOT_RUN),
    }
}
