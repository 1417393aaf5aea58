//! A file on this machine into a deck of a data folder that no server has open.

use super::gather::{Gathered, Gathering};
use super::parser::Dialect;
use super::report::ImportReport;
use super::run::{ImportError, ImportOptions, commit, commit_new};
use domain::access::Visibility;
use domain::deck::DeckSettings;
use domain::ids::{DeckId, OrgId, UserId};
use ports::{DeckQuery, DeckRecord, Library, LibraryError, People, PeopleError};
use std::fs::File;
use std::io::{ErrorKind, Read, stdin};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::spawn_blocking;
use uuid::{NoContext, Timestamp, Uuid};

/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 * 1024;
/// The path that stands for the standard input.
const STANDARD_INPUT: &str = "-";
/// Separates the parts of a deck's path.
const PATH_SEPARATOR: &str = "::";

/// How far an import has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// The file is being read.
    Reading {
        /// Bytes so far.
        bytes: u64,
        /// All bytes; `None` where that is not known before the end.
        total: Option<u64>,
    },
    /// The file was read, and its cards go into the deck.
    Storing {
        /// How many.
        cards: u64,
    },
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The file cannot be opened.
    #[error("{}: {error}", file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The import failed.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Whose deck it is could not be found out.
    #[error(transparent)]
    People(#[from] PeopleError),
}

impl From<LibraryError> for OfflineError {
    fn from(error: LibraryError) -> Self {
        Self::Import(error.into())
    }
}

/// Into whose deck a file goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// Whose deck it is.
    pub owner: UserId,
    /// Its title, or its whole path (`Biology::Cell`). A deck that does not exist is made.
    pub deck: String,
}

/// Imports a CSV or TSV file (`-`: the standard input) and tells how far it is. Returns the deck, unless it was only
/// tried, or holds no card, and there is none yet. Needs a tokio runtime.
///
/// # Errors
/// See [`OfflineError`]; then no deck was made or changed.
pub async fn import_file(
    file: &Path,
    (library, people): (&dyn Library, &dyn People),
    target: &Target,
    options: ImportOptions,
    now_ms: i64,
    mut progress: impl FnMut(Progress) + Send + 'static,
) -> Result<(Option<DeckId>, ImportReport), OfflineError> {
    let path = file.to_owned();
    let reading = spawn_blocking(move || {
        let gathered = read(&path, options.dialect, &mut progress)?;
        progress(Progress::Storing { cards: gathered.cards.len() as u64 });
        Ok::<_, OfflineError>(gathered)
    });
    let gathered = reading.await.map_err(|_| ImportError::GivenUp)??;
    let gathered = Arc::new(gathered);
    if let Some(deck) = find(library, target).await? {
        let report = commit(library, deck, gathered, options.dry_run, now_ms).await?;
        return Ok((Some(deck), report));
    }
    let deck = blank(people, target, now_ms).await?;
    let (made, report) = commit_new(library, deck, gathered, options.dry_run, now_ms).await?;
    Ok((made.map(|deck| deck.id), report))
}

fn read(
    path: &Path,
    dialect: Dialect,
    progress: &mut impl FnMut(Progress),
) -> Result<Gathered, OfflineError> {
    if path == Path::new(STANDARD_INPUT) {
        return Ok(gather(stdin().lock(), None, dialect, progress)?);
    }
    let open = || {
        let file = File::open(path)?;
        let total = file.metadata()?.len();
        Ok((file, total))
    };
    let (file, total) = open().map_err(|error| OfflineError::Open { file: path.to_owned(), error })?;
    Ok(gather(file, Some(total), dialect, progress)?)
}

fn gather(
    mut file: impl Read,
    total: Option<u64>,
    dialect: Dialect,
    progress: &mut impl FnMut(Progress),
) -> Result<Gathered, ImportError> {
    let mut gathering = Gathering::new(dialect);
    let mut piece = vec![0; PIECE_BYTES];
    let mut bytes = 0;
    loop {
        let length = match file.read(&mut piece) {
            Ok(0) => return Ok(gathering.finish()?),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(ImportError::Read(error.to_string())),
        };
        gathering.feed(piece.get(..length).unwrap_or(&[]))?;
        bytes += length as u64;
        progress(Progress::Reading { bytes, total });
    }
}

/// The owner's deck of this title or path; of several the first by path.
async fn find(library: &dyn Library, target: &Target) -> Result<Option<DeckId>, LibraryError> {
    let query = DeckQuery { owner: Some(target.owner), ..DeckQuery::default() };
    let decks = library.decks(query).await?;
    let by_path = decks.iter().find(|deck| deck.path == target.deck);
    Ok(by_path.or_else(|| decks.iter().find(|deck| deck.title == target.deck)).map(|deck| deck.id))
}

/// The deck that is to be made.
async fn blank(people: &dyn People, target: &Target, now_ms: i64) -> Result<DeckRecord, OfflineError> {
    // Somebody who has never signed in is no person yet; the deck waits for the first sign-in.
    let org = people.person(target.owner).await?.and_then(|person| person.org);
    let title = target.deck.rsplit(PATH_SEPARATOR).next().unwrap_or(&target.deck);
    Ok(new_deck(deck_id(now_ms), target.owner, org, &target.deck, title, now_ms))
}

/// A UUIDv7 of this moment.
fn deck_id(now_ms: i64) -> DeckId {
    let now_ms = u64::try_from(now_ms).unwrap_or(0);
    let nanos = u32::try_from(now_ms % 1000 * 1_000_000).unwrap_or(0);
    DeckId(Uuid::new_v7(Timestamp::from_unix(NoContext, now_ms / 1000, nanos)))
}

/// The record of a deck without cards, private and with default settings.
pub(crate) fn new_deck(
    id: DeckId,
    owner: UserId,
    org: Option<OrgId>,
    path: &str,
    title: &str,
    now_ms: i64,
) -> DeckRecord {
    DeckRecord {
        id,
        org,
        owner,
        path: path.to_owned(),
        title: title.to_owned(),
        description: String::new(),
        visibility: Visibility::Private,
        narrowed: Default::default(),
        tags: Vec::new(),
        settings: DeckSettings::default(),
        revision: 0,
        cards: 0,
        created_ms: now_ms,
        updated_ms: now_ms,
        deleted_ms: None,
    }
}
