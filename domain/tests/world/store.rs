//! A simulated store: the log as a set, and a progress row a card, as a journal would leave them.

use super::decks::Library;
use domain::commit::Offer;
use domain::day::ZoneHistory;
use domain::entry::{Body, LogEntry};
use domain::fold::{Live, fold_card};
use domain::ids::{CardId, DeckId, EntryId, JobId, SittingId};
use domain::session::{Access, DeckLoad, Facts, Scope, SeenDeck, SittingFigures, Want};
use domain::state::CardState;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default)]
pub struct Store {
    /// The entries, each once: what was stored first under an id stays.
    pub log: BTreeMap<EntryId, LogEntry>,
    /// The rows of import jobs, which lie beside live ones of the same id.
    pub brought: BTreeMap<(EntryId, JobId), LogEntry>,
    /// The newest progress row of each card with the key of its fold; 0 is stale.
    pub progress: BTreeMap<(DeckId, CardId), (u32, CardState)>,
    /// How often each entry was appended.
    pub appends: BTreeMap<EntryId, u32>,
}

impl Store {
    pub fn append(&mut self, offer: &Offer) {
        let row = &offer.append;
        if let Some(entry) = row.entry {
            self.log.entry(entry.id).or_insert(entry);
            *self.appends.entry(entry.id).or_default() += 1;
        }
        if let Some(job) = row.entry.and_then(|entry| entry.mark_of()) {
            return self.distrust(job);
        }
        let key = if offer.stale { 0 } else { row.params_key };
        self.progress.insert(row.about, (key, row.state));
    }

    /// The rows of a job count now, or no longer: what is stored of its cards is stale.
    fn distrust(&mut self, job: JobId) {
        let of_job = self.brought.values().filter(|entry| entry.job == Some(job));
        for card in of_job.filter_map(LogEntry::card) {
            self.progress.insert(card, (0, CardState::NEW));
        }
    }

    /// Every entry, live and brought.
    pub fn all(&self) -> impl Iterator<Item = &LogEntry> {
        self.log.values().chain(self.brought.values())
    }

    /// The newest ids with their digests, and whether there are more.
    pub fn newest(&self, n: usize) -> (Vec<(EntryId, u64)>, bool) {
        let newest = self.log.values().rev().take(n).map(|e| (e.id, e.content_digest())).collect();
        (newest, self.log.len() > n)
    }

    /// All that concerns one card: its entries, and the undos that name one of them.
    pub fn card_log(&self, deck: DeckId, card: CardId) -> Vec<LogEntry> {
        let own: BTreeSet<EntryId> =
            self.all().filter(|e| e.card() == Some((deck, card))).map(|e| e.id).collect();
        let concerns = |entry: &&LogEntry| match entry.body {
            Body::Undo { of } => own.contains(&of),
            Body::ImportCommit { .. } | Body::ImportRevoke { .. } | Body::Claim { .. } => true,
            Body::Review(_) | Body::Set { .. } | Body::State { .. } | Body::Regrade(_) => {
                own.contains(&entry.id)
            }
        };
        self.all().filter(concerns).copied().collect()
    }

    pub fn facts(&self, want: &Want, library: &Library, zones: &ZoneHistory) -> Facts {
        match want {
            Want::Scope(asked) => Facts::Scope(self.scope(asked.as_deref(), library)),
            Want::Decks(ids) => {
                Facts::Decks(ids.iter().filter_map(|id| self.deck_load(*id, library)).collect())
            }
            Want::Access(ids) => {
                let seen =
                    |id| Some(SeenDeck { deck: library.decks.get(id)?.clone(), spans: library.spans(*id) });
                Facts::Access(Access { zones: zones.clone(), decks: ids.iter().filter_map(seen).collect() })
            }
            Want::Entries(ids) => {
                Facts::Entries(ids.iter().filter_map(|id| self.log.get(id).copied()).collect())
            }
            Want::Named(id) => Facts::Entries(self.log.get(id).copied().into_iter().collect()),
            Want::CardLog(deck, card) => Facts::CardLog(self.card_log(*deck, *card)),
            Want::Before(id, n) => {
                let older = self.log.range(..*id).rev().filter(|(_, e)| e.can_be_undone());
                Facts::Before(older.take(*n).map(|(id, _)| *id).collect())
            }
            Want::Sitting(id) => Facts::Sitting(self.sitting(*id)),
            Want::Since(from_ms) => {
                let from = EntryId::v7(*from_ms, 0);
                Facts::CardLog(self.log.range(from..).map(|(_, entry)| *entry).collect())
            }
        }
    }

    fn scope(&self, asked: Option<&[DeckId]>, library: &Library) -> Scope {
        match asked {
            Some(asked) if asked.iter().any(|id| !library.sees(*id)) => Scope::Forbidden,
            Some(asked) => Scope::Decks(asked.iter().flat_map(|id| library.with_below(*id)).collect()),
            None => Scope::Decks(library.all()),
        }
    }

    fn deck_load(&self, id: DeckId, library: &Library) -> Option<DeckLoad> {
        let deck = library.decks.get(&id)?.clone();
        let params = deck.settings.fold_params();
        let stored = || self.progress.range((id, CardId::from_u128(0))..=(id, CardId::from_u128(u128::MAX)));
        let is_sound = |key: u32| key == params.key();
        let rows = stored()
            .map(|(&(_, card), &(key, state))| {
                (card, if is_sound(key) { state } else { self.fold(id, card, library) })
            })
            .collect();
        let refolded = stored().filter(|(_, (key, _))| !is_sound(*key)).map(|((_, card), _)| *card).collect();
        let has_entries = self.all().any(|e| e.card().is_some_and(|c| c.0 == id));
        Some(DeckLoad { deck, spans: library.spans(id), rows, has_entries, refolded })
    }

    /// The fold of a card by the log and the deck's present parameters.
    pub fn fold(&self, deck: DeckId, card: CardId, library: &Library) -> CardState {
        let log = self.card_log(deck, card);
        let live = Live::of(&log);
        let own: Vec<LogEntry> = log.iter().filter(|e| e.card() == Some((deck, card))).copied().collect();
        fold_card(&own, &live, &library.deck(deck).settings.fold_params(), |_, _| {})
    }

    fn sitting(&self, id: SittingId) -> SittingFigures {
        let live = Live::of(self.all());
        let mut figures = SittingFigures::default();
        for entry in self.all().filter(|entry| live.counts(entry)) {
            let Some(review) = entry.review().filter(|review| review.sitting == Some(id)) else { continue };
            figures.answered += 1;
            figures.correct += u32::from(review.grade.is_correct());
            figures.elapsed_ms += u64::from(review.elapsed_ms);
            if !figures.cards.contains(&(review.deck, review.card)) {
                figures.cards.push((review.deck, review.card));
            }
        }
        figures
    }

    /// Rows whose stored progress says something else than the fold of the log.
    pub fn wrong_progress(&self, library: &Library) -> Vec<(DeckId, CardId)> {
        self.progress
            .iter()
            .filter(|((deck, card), (key, state))| {
                let params = library.deck(*deck).settings.fold_params();
                *key == params.key() && *state != self.fold(*deck, *card, library)
            })
            .map(|(key, _)| *key)
            .collect()
    }
}
