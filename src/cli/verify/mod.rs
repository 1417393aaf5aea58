//! `studyhall verify`: every log folded and compared with what is stored.

mod online;

use super::{COULD_NOT_RUN, could_not};
use crate::config::{Config, Need, Store, VerifyArgs, load};
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

    async fn misfiled(&self, user: UserId) -> Result<u64, StoreError> {
        self.store.misfiled(user)
    }

    async fn params(&self, deck: DeckId) -> Result<Option<FoldParams>, StoreError> {
        Ok(self.store.deck(deck)?.map(|record| record.settings.fold_params()))
    }
}

/// Verifies a store.
pub(super) fn verify(args: &VerifyArgs) -> ExitCode {
    let config = match load(&args.config, Need::Nothing) {
        Ok(config) => config,
        Err(errors) => return could_not(errors),
    };
    let plain = !args.online && !args.repair && args.since.is_none();
    if plain && config.store == Store::Embedded {
        return offline(&config, args);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return could_not(error),
    };
    let outcome = runtime.block_on(async {
        match &config.store {
            Store::Embedded => online::folder(&config, args).await,
            Store::Cql(address) => online::cluster(address, &config, args).await,
        }
    });
    match outcome {
        Ok(totals) if totals.is_equal() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => could_not(why),
    }
}

/// A data folder that no server has open.
fn offline(config: &Config, args: &VerifyArgs) -> ExitCode {
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
