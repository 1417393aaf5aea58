//! The learner's whole log from end to end, with what each entry counted as: the log is read twice, once for what stands above
//! cards and once for the entries, which are folded as they come. Pages instead read the logs of their cards.

use super::OutlookError;
use super::history::{Facts, Found, HistoryItem, HistoryQuery, about, first_id_later_than, is_wanted, item};
use super::history::{first_wanted, id_after};
use domain::entry::LogEntry;
use domain::fold::{CardFold, Live, LiveReader};
use domain::ids::{CardId, DeckId, EntryId, UserId};
use domain::state::FoldParams;
use ports::{Cause, DeckQuery, Library, LogRange, ReviewStore, StoreError};
use std::collections::{BTreeSet, HashMap};
use tokio::task::spawn_blocking;

/// Entries that are read at once.
const PIECE: usize = 1_000;

/// A log on its way. Beside the piece at hand it holds what stands above cards, a state for each card that was met, and where the
/// learner has imported, card and millisecond of each answer that was given live.
#[derive(Debug, Default)]
pub struct HistoryWalk {
    /// `None` before the first piece.
    facts: Option<Facts>,
    params: HashMap<DeckId, FoldParams>,
    cards: HashMap<(DeckId, CardId), CardFold>,
    from: Option<EntryId>,
    is_over: bool,
}

impl HistoryWalk {
    /// The next items, oldest first: as many as there are among the next entries, and none behind the end. The limit of the query
    /// counts for nothing.
    ///
    /// # Errors
    /// The log or the decks could not be read.
    pub async fn next<S: ReviewStore>(
        &mut self,
        store: &S,
        library: &dyn Library,
        user: UserId,
        query: HistoryQuery,
    ) -> Result<Vec<HistoryItem>, OutlookError> {
        let mut facts = match self.facts.take() {
            Some(facts) => facts,
            None => Facts { live: read_live(store, user).await?, counted: HashMap::new() },
        };
        let mut items = Vec::new();
        while items.is_empty() && !self.is_over {
            let entries = self.entries(store, user, query).await?;
            self.learn(library, &entries).await?;
            facts.counted.clear();
            for entry in &entries {
                self.fold(entry, &mut facts);
            }
            let first = first_wanted(query);
            let shown: Vec<LogEntry> = entries.into_iter().filter(|entry| entry.id >= first).collect();
            let about = about(store, user, &shown).await?;
            let found = shown.into_iter().map(|entry| Found { entry, about: about.get(&entry.id).copied() });
            let wanted = found.filter(|found| is_wanted(&found.entry, found.about, query));
            items.extend(wanted.filter_map(|found| item(&found, &facts)));
            // What several imports brought is one entry.
            items.dedup_by_key(|item| item.id);
        }
        self.facts = Some(facts);
        Ok(items)
    }

    /// The next entries, from the beginning of the log on, so that all that came before is folded.
    async fn entries<S: ReviewStore>(
        &mut self,
        store: &S,
        user: UserId,
        query: HistoryQuery,
    ) -> Result<Vec<LogEntry>, OutlookError> {
        let before = query.to.map(first_id_later_than);
        let from = self.from.unwrap_or(EntryId::MIN);
        let range = LogRange { from, before, newest_first: false, limit: PIECE };
        let mut entries = store.log(user, range).await?;
        self.is_over = entries.len() < PIECE;
        if let Some(last) = entries.last().map(|entry| entry.id).filter(|_| !self.is_over) {
            // Entries of one id come together.
            let whole = entries.partition_point(|entry| entry.id < last);
            if whole > 0 {
                entries.truncate(whole);
                self.from = Some(last);
            } else {
                self.from = Some(id_after(last));
            }
        }
        Ok(entries)
    }

    /// Reads the parameters of decks that were not met before.
    async fn learn(&mut self, library: &dyn Library, entries: &[LogEntry]) -> Result<(), OutlookError> {
        let met = entries.iter().filter_map(|entry| Some(entry.card()?.0));
        let ids: BTreeSet<DeckId> = met.filter(|deck| !self.params.contains_key(deck)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let wanted =
            DeckQuery { ids: ids.iter().copied().collect(), with_deleted: true, ..DeckQuery::default() };
        let known = library.decks(wanted).await?;
        self.params.extend(ids.into_iter().map(|deck| (deck, FoldParams::default())));
        self.params.extend(known.iter().map(|deck| (deck.id, deck.settings.fold_params())));
        Ok(())
    }

    fn fold(&mut self, entry: &LogEntry, facts: &mut Facts) {
        let Some((deck, card)) = entry.card() else { return };
        let params = self.params.get(&deck).copied().unwrap_or_default();
        let counted = self.cards.entry((deck, card)).or_default().take(entry, &facts.live, &params);
        facts.counted.extend(counted.map(|counted| (entry.id, counted)));
    }
}

/// What stands above cards, from the whole log. Beside the marks it holds 24 bytes of each answer that was given live, until it is
/// known whether there are copies of them.
async fn read_live<S: ReviewStore>(store: &S, user: UserId) -> Result<Live, OutlookError> {
    let mut reader = LiveReader::default();
    let mut from = EntryId::MIN;
    loop {
        let range = LogRange { from, before: None, newest_first: false, limit: PIECE };
        let entries = store.log(user, range).await?;
        // What was read before, of the last id, is read again: nothing counts twice.
        entries.iter().for_each(|entry| reader.read(entry));
        match entries.last() {
            Some(last) if entries.len() == PIECE && last.id > from => from = last.id,
            Some(last) if entries.len() == PIECE => from = id_after(last.id),
            Some(_) | None => break,
        }
    }
    // Ten years of answers take a while to be put in order: others are served meanwhile.
    let live = spawn_blocking(move || reader.live()).await;
    Ok(live.map_err(|error| StoreError::new(Cause::Unavailable, format!("read a whole log: {error}")))?)
}
