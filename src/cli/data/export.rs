//! `studyhall export`: a deck as CSV that `import` takes again.

use crate::cli::could_not;
use crate::config::{ExportArgs, Need, load};
use embedded::EmbeddedStore;
use ports::library::DeckQuery;
use ports::{CardQuery, DeckRecord, Library, LibraryError};
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
    #[error("this learner has no deck with the title {0:?}")]
    NoDeck(String),
    #[error("the file could not be written: {0}")]
    Io(#[from] io::Error),
    #[error("the file could not be written: {0}")]
    Csv(#[from] csv::Error),
}

/// Writes a deck of a learner, on a data folder that no server has open.
pub(in crate::cli) fn export(args: &ExportArgs) -> ExitCode {
    let config = match load(&args.config, Need::Nothing) {
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
    let out: Box<dyn Write> = if args.file.as_os_str() == "-" {
        Box::new(io::stdout().lock())
    } else {
        Box::new(io::BufWriter::new(File::create(&args.file)?))
    };
    runtime.block_on(async {
        let query = DeckQuery { owner: Some(args.user), ..DeckQuery::default() };
        let decks = store.decks(query).await?;
        let deck = decks.into_iter().find(|deck| deck.title == args.deck);
        let deck = deck.ok_or_else(|| ExportError::NoDeck(args.deck.clone()))?;
        write_cards(&store, &deck, out).await
    })
}

async fn write_cards(
    store: &EmbeddedStore,
    deck: &DeckRecord,
    mut out: Box<dyn Write>,
) -> Result<usize, ExportError> {
    // Texts are HTML as they are shown: the first line says so, and `import` takes them as they are.
    writeln!(out, "#html:true")?;
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(["front", "back", "hint", "explanation", "tags"])?;
    let (mut from_position, mut count) = (0, 0);
    loop {
        let query = CardQuery { from_position, limit: PAGE, text: None, with_deleted: false };
        let page = store.cards(deck.id, query).await?;
        let Some(last) = page.last() else { break };
        from_position = last.position + 1;
        for card in &page {
            let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
            let (hint, explanation) = (or_empty(&card.hint), or_empty(&card.explanation));
            writer.write_record([&card.front, &card.back, &hint, &explanation, &card.tags.join(" ")])?;
            count += 1;
        }
    }
    writer.flush()?;
    Ok(count)
}
