//! The same import without a server: `studyhall import FILE --deck TITLE --user UUID` on a data folder.

use super::commit::{CommitError, Outcome, commit};
use super::importer::{FileFault, Importer, Options, Parsed};
use domain::access::Visibility;
use domain::deck::DeckSettings;
use domain::ids::{DeckId, UserId, Uuid};
use ports::{DeckQuery, DeckRecord, Library, LibraryError, People, PeopleError};
use std::io::{self, Read};
use std::sync::Arc;
use thiserror::Error;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 256 * 1024;

/// What to import, and where to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// Title of the deck; made if the owner has none of this title.
    pub deck_title: String,
    /// Whose deck.
    pub owner: UserId,
    /// How to read the file.
    pub options: Options,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// What an import did, or would do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The deck; `None` where a dry run would have made one.
    pub deck: Option<DeckId>,
    /// Cards added, updated and unchanged.
    pub outcome: Outcome,
    /// What the file says; rejected rows with their lines.
    pub parsed: Arc<Parsed>,
}

/// Why nothing was imported.
#[derive(Debug, Error)]
pub enum OfflineError {
    /// The file could not be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The file is broken.
    #[error(transparent)]
    File(#[from] FileFault),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The owner could not be looked up.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// The title cannot be one.
    #[error("a title is one line of 1 to 200 bytes")]
    BadTitle,
}

/// Imports a file. `progress` hears of the bytes read so far.
///
/// # Errors
/// See [`OfflineError`]; the deck is unchanged then.
pub async fn import(
    library: &dyn Library,
    people: &dyn People,
    job: &Job,
    file: impl Read,
    progress: impl FnMut(u64),
    now_ms: i64,
) -> Result<Report, OfflineError> {
    let title = job.deck_title.trim();
    if title.is_empty() || title.len() > 200 || title.chars().any(char::is_control) {
        return Err(OfflineError::BadTitle);
    }
    let parsed = Arc::new(read(file, job.options, progress)?);
    let mine = DeckQuery { owner: Some(job.owner), ..DeckQuery::default() };
    let decks = library.decks(mine).await.map_err(CommitError::from)?;
    let deck = match decks.into_iter().find(|deck| deck.title == title) {
        Some(deck) => deck.id,
        None if job.dry_run => {
            let outcome = Outcome { added: parsed.rows.len(), ..Outcome::default() };
            return Ok(Report { deck: None, outcome, parsed });
        }
        None => make_deck(library, people, job.owner, title, now_ms).await?,
    };
    let outcome = commit(library, deck, &parsed, job.dry_run, now_ms).await?;
    Ok(Report { deck: Some(deck), outcome, parsed })
}

fn read(
    mut file: impl Read,
    options: Options,
    mut progress: impl FnMut(u64),
) -> Result<Parsed, OfflineError> {
    let mut importer = Importer::new(options);
    let mut piece = vec![0; PIECE_BYTES];
    let mut total = 0;
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(importer.finish()?),
            Ok(read) => {
                importer.feed(piece.get(..read).unwrap_or_default())?;
                total += read as u64;
                progress(total);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

async fn make_deck(
    library: &dyn Library,
    people: &dyn People,
    owner: UserId,
    title: &str,
    now_ms: i64,
) -> Result<DeckId, OfflineError> {
    let org = people.person(owner).await?.and_then(|person| person.org);
    let deck = DeckRecord {
        id: DeckId(Uuid::now_v7()),
        org,
        owner,
        path: title.replace("::", ": "),
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
    let stored = library.put_deck(deck, None, now_ms).await;
    Ok(stored.map_err(|error: LibraryError| CommitError::from(error))?.id)
}
