//! `studyhall import`: a file, or the folder of a profile, on a data folder or through a server.

use crate::cli::could_not;
use crate::cli::on_a_folder;
use crate::clock::real_ms;
use crate::config::{Config, ImportArgs};
use crate::import::offline::{OfflineError, Progress, Target, import_file};
use crate::import::{ImportOptions, ImportReport};
use crate::naming::{self, BadTitle};
use embedded::EmbeddedStore;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Why nothing was imported into a data folder.
#[derive(Debug, thiserror::Error)]
enum FolderError {
    #[error(transparent)]
    Open(#[from] embedded::OpenError),
    #[error(transparent)]
    Import(#[from] OfflineError),
    #[error(transparent)]
    Title(#[from] BadTitle),
    #[error("{}: {error}", file.display())]
    File { file: PathBuf, error: io::Error },
    #[error("no runtime: {0}")]
    Runtime(#[from] io::Error),
    #[error("--user is needed when the import is done on a data folder")]
    NoUser,
}

/// Imports a file.
pub(in crate::cli) fn import(args: &ImportArgs) -> ExitCode {
    let config = match on_a_folder(&args.config) {
        Ok(config) => config,
        Err(errors) => return could_not(errors),
    };
    if args.file.is_dir() && args.deck.is_some() {
        return could_not("--deck is for tables: a directory of Anki comes into the decks that it names");
    }
    // A table into a deck that is named is read where it is; everything else is a job of a server.
    let table = args.deck.as_deref().filter(|_| matches!(args.format.as_deref(), None | Some("csv")));
    let outcome = match (&args.server, &args.token, table) {
        (Some(server), Some(token), Some(deck)) => super::import_online::import(server, token, deck, args),
        (Some(server), Some(token), None) => super::import_job::import(server, token, args),
        (Some(_), None, _) | (None, _, None) => super::import_job::import_on_folder(config, args),
        (None, _, Some(deck)) => {
            offline(&config, deck, args).map(|report| print(&report)).map_err(|e| e.to_string())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => could_not(error),
    }
}

fn print(report: &ImportReport) {
    let tried = if report.dry_run { "would be " } else { "" };
    println!(
        "{tried}added {}, updated {}, unchanged {}, rejected {}",
        report.added, report.updated, report.unchanged, report.rejected.total
    );
    for remark in &report.rejected.listed {
        println!("  line {}: {} ({})", remark.line, remark.reason, remark.reason.code());
    }
}

fn offline(config: &Config, deck: &str, args: &ImportArgs) -> Result<ImportReport, FolderError> {
    let owner = args.user.ok_or(FolderError::NoUser)?;
    // Neither a file that cannot be read nor a title that no deck may have leaves an empty store behind.
    naming::title(deck)?;
    readable(&args.file).map_err(|error| FolderError::File { file: args.file.clone(), error })?;
    let store = EmbeddedStore::open(&config.data_dir, embedded::Options::default())?;
    let target = Target { owner, deck: deck.to_owned() };
    let options = ImportOptions { dry_run: args.dry_run, ..ImportOptions::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let imported = import_file(&args.file, (&store, &store), &target, options, real_ms(), bar);
    let (_, report) = runtime.block_on(imported)?;
    Ok(report)
}

/// Whether there is something to read. What is no file (a pipe) is opened only once.
pub(super) fn readable(path: &Path) -> io::Result<()> {
    if path.as_os_str() == "-" {
        return Ok(());
    }
    let metadata = path.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if metadata.is_file() { File::open(path).map(drop) } else { Ok(()) }
}

/// A file and its length, where it has one.
pub(super) fn open(path: &Path) -> io::Result<(Box<dyn Read>, Option<u64>)> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let file = File::open(path)?;
    let bytes = file.metadata().ok().map(|metadata| metadata.len());
    Ok((Box::new(file), bytes))
}

/// Draws a bar on the terminal.
fn bar(progress: Progress) {
    let mut out = io::stderr();
    if !out.is_terminal() {
        return;
    }
    // A bar that cannot be drawn is no reason to stop.
    let _ = match progress {
        Progress::Reading { bytes, total: Some(total) } if total > 0 => {
            write!(out, "\rreading {:>3} %", bytes.min(total) * 100 / total)
        }
        Progress::Reading { bytes, total: _ } => write!(out, "\rreading {} KiB", bytes / 1024),
        Progress::Storing { cards } => writeln!(out, "\nstoring {cards} cards"),
    };
    let _ = out.flush();
}
