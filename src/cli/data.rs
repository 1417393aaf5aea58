//! Commands on a data folder: `import`, `export`, `backup`, `restore`.

mod export;
mod import;
mod import_job;
mod import_online;
mod sending;

pub(super) use export::export;
pub(super) use import::import;

use super::{could_not, ended, on_a_folder};
use crate::config::{BackupArgs, RestoreArgs};
use std::process::ExitCode;

/// Writes a copy of everything that is durable into one file, while a server runs or not.
pub(super) fn backup(args: &BackupArgs) -> ExitCode {
    match on_a_folder(&args.config) {
        Ok(config) => ended(embedded::backup(&config.data_dir, &args.file)),
        Err(errors) => could_not(errors),
    }
}

/// Fills an empty data folder from a backup.
pub(super) fn restore(args: &RestoreArgs) -> ExitCode {
    match on_a_folder(&args.config) {
        Ok(config) => ended(embedded::restore(&args.file, &config.data_dir, args.force)),
        Err(errors) => could_not(errors),
    }
}
