//! `studyhall import`: a file into a deck, on a data folder or through a server.

use crate::cli::could_not;
use crate::clock::real_ms;
use crate::config::{Config, ImportArgs, Need, load};
use crate::import::{ImportOptions, ImportReport, import_deck};
use bytes::Bytes;
use domain::access::Visibility;
use domain::deck::DeckSettings;
use domain::ids::{DeckId, UserId, Uuid};
use embedded::EmbeddedStore;
use futures_util::stream;
use ports::library::DeckQuery;
use ports::{DeckRecord, Library, LibraryError, People, PeopleError, Role, SignIn};
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

/// Bytes of one piece.
const PIECE_BYTES: usize = 64 * 1024;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
enum OfflineError {
    #[error(transparent)]
    Open(#[from] embedded::OpenError),
    #[error(transparent)]
    People(#[from] PeopleError),
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error(transparent)]
    Import(#[from] crate::import::ImportError),
    #[error("the file could not be read: {0}")]
    Io(#[from] io::Error),
    #[error("--user is needed when the import is done on a data folder")]
    NoUser,
}

/// Imports a file.
pub(in crate::cli) fn import(args: &ImportArgs) -> ExitCode {
    let config = match load(&args.config, Need::Nothing) {
        Ok(config) => config,
        Err(errors) => return could_not(errors),
    };
    let outcome = match (&args.server, &args.token) {
        (Some(server), Some(token)) => super::import_online::import(server, token, args),
        (Some(_), None) | (None, _) => {
            offline(&config, args).map(|report| print(&report)).map_err(|e| e.to_string())
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

fn offline(config: &Config, args: &ImportArgs) -> Result<ImportReport, OfflineError> {
    let user = args.user.ok_or(OfflineError::NoUser)?;
    let store = EmbeddedStore::open(&config.data_dir, embedded::Options::default())?;
    let (file, bytes) = open(&args.file)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let now_ms = real_ms();
        let who = SignIn { user, org: None, role: Role::Learner, name: None };
        if store.person(user).await?.is_none() {
            store.sign_in(who, now_ms).await?;
        }
        let deck = deck_of(&store, user, &args.deck, now_ms).await?;
        let options = ImportOptions { dry_run: args.dry_run, ..ImportOptions::default() };
        let pieces = stream::iter(Pieces { file, bytes, read: 0 });
        Ok(import_deck(&store, deck, pieces, options, now_ms).await?)
    })
}

/// The learner's deck of this title; made if there is none.
async fn deck_of(
    store: &EmbeddedStore,
    owner: UserId,
    title: &str,
    now_ms: i64,
) -> Result<DeckId, OfflineError> {
    let query = DeckQuery { owner: Some(owner), ..DeckQuery::default() };
    if let Some(deck) = store.decks(query).await?.into_iter().find(|deck| deck.title == title) {
        return Ok(deck.id);
    }
    let id = DeckId(Uuid::new_v5(&owner.0, title.as_bytes()));
    let record = DeckRecord {
        id,
        org: None,
        owner,
        path: title.to_owned(),
        title: title.to_owned(),
        description: String::new(),
        visibility: Visibility::Private,
        tags: Vec::new(),
        settings: DeckSettings::default(),
        revision: 0,
        cards: 0,
        created_ms: now_ms,
        updated_ms: now_ms,
        deleted_ms: None,
    };
    store.put_deck(record, None, now_ms).await?;
    Ok(id)
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

/// A file in pieces, with a bar on the terminal.
struct Pieces {
    file: Box<dyn Read>,
    bytes: Option<u64>,
    read: u64,
}

impl Iterator for Pieces {
    type Item = Result<Bytes, io::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut piece = vec![0; PIECE_BYTES];
        match self.file.read(&mut piece) {
            Ok(0) => {
                self.bar(true);
                None
            }
            Ok(count) => {
                piece.truncate(count);
                self.read += count as u64;
                self.bar(false);
                Some(Ok(Bytes::from(piece)))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl Pieces {
    fn bar(&self, done: bool) {
        let mut out = io::stderr();
        if !out.is_terminal() {
            return;
        }
        let part = match self.bytes {
            Some(bytes) if bytes > 0 => format!("{:>3} %", (self.read.min(bytes) * 100) / bytes),
            Some(_) | None => format!("{} KiB", self.read / 1024),
        };
        let end = if done { "\n" } else { "" };
        // A bar that cannot be drawn is no reason to stop.
        let _ = write!(out, "\rreading {part}{end}");
        let _ = out.flush();
    }
}
