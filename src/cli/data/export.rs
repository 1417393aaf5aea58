//! `studyhall export`: a deck as CSV that `import` takes again.

use crate::cli::could_not;
use crate::cli::on_a_folder;
use crate::config::ExportArgs;
use crate::import::offline::{OfflineError, find};
use crate::import::written::{COLUMNS, Fronts, PREAMBLE};
use embedded::EmbeddedStore;
use ports::{CardQuery, CardRecord, DeckRecord, Library, LibraryError};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Cards of one read.
const PAGE: usize = 1_000;

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Open(#[from] embedded::OpenError),
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error(transparent)]
    Find(#[from] OfflineError),
    #[error("this learner has no deck with the title {0:?}")]
    NoDeck(String),
    #[error("the file could not be written: {0}")]
    Io(#[from] io::Error),
    #[error("the file could not be written: {0}")]
    Csv(#[from] csv::Error),
}

/// Writes a deck of a learner, on a data folder that no server has open.
pub(in crate::cli) fn export(args: &ExportArgs) -> ExitCode {
    let config = match on_a_folder(&args.config) {
        Ok(config) => config,
        Err(errors) => return could_not(errors),
    };
    match export_deck(&config.data_dir, args) {
        Ok(cards) => {
            eprintln!("{cards} cards");
            ExitCode::SUCCESS
        }
        Err(error) => could_not(error),
    }
}

fn export_deck(folder: &Path, args: &ExportArgs) -> Result<usize, ExportError> {
    if !folder.join("main.db").exists() {
        // Opening makes what is not there: a slip in the folder's name must not become an empty store.
        return Err(embedded::OpenError::NoStore(folder.to_owned()).into());
    }
    let store = EmbeddedStore::open(folder, embedded::Options::default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let deck = find(&store, args.user, &args.deck).await?;
        let deck = deck.ok_or_else(|| ExportError::NoDeck(args.deck.clone()))?;
        // Only now: a file that is there is not emptied for a deck that is not.
        if args.file.as_os_str() == "-" {
            quietly(write_cards(&store, &deck, io::stdout().lock()).await)
        } else {
            write_cards(&store, &deck, io::BufWriter::new(File::create(&args.file)?)).await
        }
    })
}

/// Who has read enough of the standard output ends it without a complaint.
fn quietly(written: Result<usize, ExportError>) -> Result<usize, ExportError> {
    let closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    match written {
        Err(ExportError::Io(error)) if closed(&error) => Ok(0),
        Err(ExportError::Csv(error)) if matches!(error.kind(), csv::ErrorKind::Io(io) if closed(io)) => Ok(0),
        other => other,
    }
}

async fn write_cards(
    store: &EmbeddedStore,
    deck: &DeckRecord,
    mut out: impl Write,
) -> Result<usize, ExportError> {
    let mut fronts = Fronts::default();
    each_card(store, deck, |card| {
        fronts.note(card);
        Ok(())
    })
    .await?;
    out.write_all(PREAMBLE.as_bytes())?;
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    let mut count = 0;
    each_card(store, deck, |card| {
        writer.write_record(fronts.row(card))?;
        count += 1;
        Ok(())
    })
    .await?;
    writer.flush()?;
    Ok(count)
}

/// Shows every card that is not deleted, in the order of adding.
async fn each_card(
    store: &EmbeddedStore,
    deck: &DeckRecord,
    mut each: impl FnMut(&CardRecord) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let mut from_position = 0;
    loop {
        let query = CardQuery { from_position, limit: PAGE, text: None, with_deleted: false };
        let page = store.cards(deck.id, query).await?;
        let Some(last) = page.last() else { return Ok(()) };
        from_position = last.position.saturating_add(1);
        for card in &page {
            each(card)?;
        }
    }
}
