//! A file on this machine into a deck of a data folder that no server has open.

use super::gather::{Gathered, Gathering};
use super::limits::REPORTED_MAX;
use super::parser::Dialect;
use super::report::ImportReport;
use super::run::{ImportError, ImportOptions, commit, commit_new};
use crate::naming::{self, BadTitle, Unclear};
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
    /// A new deck may not have this title.
    #[error(transparent)]
    Title(#[from] BadTitle),
    /// It is not clear which deck is meant.
    #[error(transparent)]
    Unclear(#[from] Unclear),
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
    /// Its id, its title, or its whole path (`Biology::Cell`). A deck that does not exist is made, with this title.
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
    let (deck, is_new) = match find(library, target.owner, &target.deck).await? {
        Some(deck) => (deck, false),
        None => (blank(people, target, now_ms).await?, true),
    };
    let path = file.to_owned();
    let reading = spawn_blocking(move || {
        let gathered = read(&path, options.dialect, &mut progress)?;
        progress(Progress::Storing { cards: gathered.cards.len() as u64 });
        Ok::<_, OfflineError>(gathered)
    });
    let gathered = reading.await.map_err(|_| ImportError::GivenUp)??;
    let gathered = Arc::new(gathered);
    if is_new {
        let (made, report) = commit_new(library, deck, gathered, options.dry_run, now_ms).await?;
        return Ok((made.map(|deck| deck.id), report));
    }
    let report = commit(library, deck.id, gathered, options.dry_run, now_ms).await?;
    Ok((Some(deck.id), report))
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
    let mut gathering = Gathering::new(dialect, REPORTED_MAX);
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

/// The owner's deck that is meant by an id, a title or a path.
///
/// # Errors
/// The library cannot be read, or it is not clear which deck is meant.
pub async fn find(
    library: &dyn Library,
    owner: UserId,
    name: &str,
) -> Result<Option<DeckRecord>, OfflineError> {
    let query = DeckQuery { owner: Some(owner), ..DeckQuery::default() };
    let decks = library.decks(query).await?;
    Ok(naming::meant(decks, name, |deck| (deck.id.0, &deck.title, &deck.path))?)
}

/// The deck that is to be made.
async fn blank(people: &dyn People, target: &Target, now_ms: i64) -> Result<DeckRecord, OfflineError> {
    // Somebody who has never signed in is no person yet; the deck waits for the first sign-in.
    let org = people.person(target.owner).await?.and_then(|person| person.org);
    let title = naming::title(&target.deck)?;
    Ok(new_deck(deck_id(now_ms), target.owner, org, &naming::path_of(&title), &title, now_ms))
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
        editors: Vec::new(),
        tags: Vec::new(),
        settings: DeckSettings::default(),
        revision: 0,
        cards: 0,
        created_ms: now_ms,
        updated_ms: now_ms,
        deleted_ms: None,
    }
}
