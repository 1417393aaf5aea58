//! What sessions ask for, read from the store, the library and what is known of people.

use crate::Clock;
use crate::decks::{Cached, DeckCache};
use crate::engine::AnyReader;
use crate::memo::Memo;
use domain::access::{Span, deck_spans};
use domain::entry::{Body, LogEntry};
use domain::fold::Live;
use domain::ids::{CardId, DeckId, EntryId, SittingId, UserId};
use domain::limits::DECKS_PER_SESSION;
use domain::session::{
    Access, DeckLoad, Facts, FetchFailed, Scope, SeenDeck, SessionSeed, SittingFigures, Want,
};
use domain::state::CardState;
use ports::library::{DeckQuery, PATH_SEPARATOR};
use ports::{
    Boxed, DeckRecord, Grant, Library, LibraryError, LogRange, People, PeopleError, Person, Progress,
    ReviewStore, StoreError, ToFold,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// How often a read is tried, and how long the first wait between two tries is.
const READ_TRIES: u32 = 4;
const READ_RETRY_MS: u64 = 40;
/// Entries of one page when a stretch of the log is read.
pub(super) const LOG_PAGE: usize = 4_096;
/// How far before a sitting's own moment its entries are looked for: clocks are corrected in between.
const SITTING_MARGIN_MS: i64 = 86_400_000;
/// How far after it: what is answered later in the same sitting is not in its figures.
const SITTING_MAX_MS: i64 = 7 * 86_400_000;

/// Reads what sessions ask for.
pub(crate) struct Reader<S> {
    pub(crate) store: Arc<S>,
    pub(crate) library: Arc<dyn Library>,
    pub(crate) people: Arc<dyn People>,
    pub(crate) decks: DeckCache,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dev_clock: bool,
}

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error(transparent)]
    People(#[from] PeopleError),
}

impl<S: ReviewStore> AnyReader for Reader<S> {
    fn answer(&self, user: UserId, want: Want) -> Boxed<'_, Result<Facts, FetchFailed>> {
        Box::pin(async move { self.answer_in(&Memo::default(), user, want).await })
    }

    fn answer_in<'a>(
        &'a self,
        memo: &'a Memo,
        user: UserId,
        want: Want,
    ) -> Boxed<'a, Result<Facts, FetchFailed>> {
        Box::pin(async move {
            let mut tries = 0;
            loop {
                match self.read(memo, user, &want).await {
                    Ok(facts) => return Ok(facts),
                    Err(error) => self.wait_after(super::kind_of(&want), &error, &mut tries).await?,
                }
            }
        })
    }

    fn stale_decks(&self, user: UserId) -> Boxed<'_, Result<Vec<DeckId>, FetchFailed>> {
        Box::pin(async move {
            let mut tries = 0;
            loop {
                match self.store.progress_of(user, None).await {
                    Ok(rows) => {
                        let stale = rows.iter().filter(|row| row.params_key == 0).map(|row| row.deck);
                        return Ok(stale.collect::<BTreeSet<_>>().into_iter().collect());
                    }
                    Err(error) => self.wait_after("stale_decks", &error.into(), &mut tries).await?,
                }
            }
        })
    }

    fn blank_seed<'a>(&'a self, memo: &'a Memo, user: UserId) -> Boxed<'a, Result<SessionSeed, FetchFailed>> {
        Box::pin(async move {
            let mut tries = 0;
            loop {
                match self.read_blank_seed(memo, user).await {
                    Ok(seed) => return Ok(seed),
                    Err(error) => self.wait_after("blank_seed", &error, &mut tries).await?,
                }
            }
        })
    }

    fn seed(&self, user: UserId) -> Boxed<'_, Result<SessionSeed, FetchFailed>> {
        Box::pin(async move {
            let mut tries = 0;
            loop {
                match self.read_seed(user).await {
                    Ok(seed) => return Ok(seed),
                    Err(error) => self.wait_after("seed", &error, &mut tries).await?,
                }
            }
        })
    }
}

impl<S: ReviewStore> Reader<S> {
    async fn wait_after(
        &self,
        kind: &'static str,
        error: &ReadError,
        tries: &mut u32,
    ) -> Result<(), FetchFailed> {
        *tries += 1;
        super::failures::failed(kind, error);
        if *tries >= READ_TRIES {
            return Err(FetchFailed);
        }
        tokio::time::sleep(Duration::from_millis(READ_RETRY_MS << (*tries * 2))).await;
        Ok(())
    }

    /// What a session starts from that takes no commands: nothing of the log.
    async fn read_blank_seed(&self, memo: &Memo, user: UserId) -> Result<SessionSeed, ReadError> {
        let person = self.person(memo, user).await?;
        Ok(SessionSeed {
            user,
            zones: person.zones,
            began_ms: person.began_ms,
            dev_clock: self.dev_clock,
            newest: Vec::new(),
            more: false,
            epoch: 0,
        })
    }

    async fn read_seed(&self, user: UserId) -> Result<SessionSeed, ReadError> {
        let person = self.people.person(user).await?.ok_or(PeopleError::NoSuchPerson)?;
        // Last, and so once: what a store keeps of the moment at which the learner was adopted is given once.
        let log = self.store.load(user).await?;
        Ok(SessionSeed {
            user,
            zones: person.zones,
            began_ms: person.began_ms,
            dev_clock: self.dev_clock,
            newest: log.newest,
            more: log.more,
            epoch: 0,
        })
    }

    async fn person(&self, memo: &Memo, user: UserId) -> Result<Person, ReadError> {
        let standing = memo.standing(&*self.people, user).await?;
        Ok(standing.person.clone().ok_or(PeopleError::NoSuchPerson)?)
    }

    async fn read(&self, memo: &Memo, user: UserId, want: &Want) -> Result<Facts, ReadError> {
        Ok(match want {
            Want::Scope(asked) => Facts::Scope(self.scope(memo, user, asked.as_deref()).await?),
            Want::Decks(ids) => Facts::Decks(self.load_decks(memo, user, ids).await?),
            Want::Access(ids) => {
                let (person, decks) = self.seen(memo, user, ids).await?;
                Facts::Access(Access { zones: person.zones, decks })
            }
            Want::Entries(ids) => Facts::Entries(self.store.entries(user, ids.clone()).await?),
            Want::Named(id) => Facts::Entries(self.store.entries(user, vec![*id]).await?),
            Want::CardLog(deck, card) => {
                Facts::CardLog(self.store.card_log(user, *deck, Some(vec![*card])).await?)
            }
            Want::Before(id, count) => Facts::Before(self.before(user, *id, *count).await?),
            Want::Sitting(sitting) => Facts::Sitting(self.figures(user, *sitting).await?),
            Want::Since(from_ms) => Facts::CardLog(self.since(user, *from_ms).await?),
        })
    }

    async fn scope(&self, memo: &Memo, user: UserId, asked: Option<&[DeckId]>) -> Result<Scope, ReadError> {
        let person = self.person(memo, user).await?;
        let grants = &memo.standing(&*self.people, user).await?.grants;
        let mut found = BTreeSet::new();
        match asked {
            Some(ids) => {
                let ids: BTreeSet<DeckId> = ids.iter().copied().collect();
                if ids.len() > DECKS_PER_SESSION {
                    return Ok(Scope::Decks(ids.into_iter().collect()));
                }
                let query = DeckQuery { ids: ids.iter().copied().collect(), ..DeckQuery::default() };
                let named = self.library.decks(query).await?;
                memo.note(&named);
                let all_open =
                    named.iter().all(|deck| is_open(&spans_of(&deck.gate(), &person, grants, deck.id)));
                if named.len() < ids.len() || !all_open {
                    return Ok(Scope::Forbidden);
                }
                found.extend(ids);
                let below = self.below(&named).await?;
                memo.note(&below);
                let open = |deck: &&DeckRecord| is_open(&spans_of(&deck.gate(), &person, grants, deck.id));
                found.extend(below.iter().filter(open).map(|deck| deck.id));
            }
            None => {
                let mut ids: Vec<DeckId> = grants.iter().map(|grant| grant.deck).collect();
                ids.extend(memo.studied(&*self.store, user).await?);
                let query = DeckQuery { owner: Some(user), ids, ..DeckQuery::default() };
                let decks = self.library.decks(query).await?;
                memo.note(&decks);
                let open = |deck: &&DeckRecord| is_open(&spans_of(&deck.gate(), &person, grants, deck.id));
                found.extend(decks.iter().filter(open).map(|deck| deck.id));
            }
        }
        Ok(Scope::Decks(found.into_iter().collect()))
    }

    /// The decks below these: their owners' decks are read once each, however many of them are named.
    async fn below(&self, named: &[DeckRecord]) -> Result<Vec<DeckRecord>, ReadError> {
        let mut tops: BTreeMap<UserId, BTreeSet<&str>> = BTreeMap::new();
        for deck in named {
            tops.entry(deck.owner).or_default().insert(&deck.path);
        }
        let mut below = Vec::new();
        for (owner, tops) in tops {
            let only = if tops.len() == 1 { tops.first().map(|top| (*top).to_owned()) } else { None };
            let query = DeckQuery { owner: Some(owner), below_path: only, ..DeckQuery::default() };
            let decks = self.library.decks(query).await?;
            below.extend(decks.into_iter().filter(|deck| is_below(&deck.path, &tops)));
        }
        Ok(below)
    }

    /// Who the learner is, and these decks as the learner sees them.
    async fn seen(
        &self,
        memo: &Memo,
        user: UserId,
        ids: &[DeckId],
    ) -> Result<(Person, Vec<SeenDeck>), ReadError> {
        let person = self.person(memo, user).await?;
        if ids.is_empty() {
            return Ok((person, Vec::new()));
        }
        let grants = &memo.standing(&*self.people, user).await?.grants;
        // The cache may be behind the library: who has been told of a change is shown it.
        let mut records = memo.noted(ids);
        if records.len() < ids.len() {
            let query = DeckQuery { ids: ids.to_vec(), with_deleted: true, ..DeckQuery::default() };
            records = self.library.decks(query).await?;
        }
        let newest: BTreeMap<DeckId, u64> = records.iter().map(|deck| (deck.id, deck.revision)).collect();
        let mut seen = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(revision) = newest.get(id) else { continue };
            let Some(Cached { deck, gate, .. }) = self.decks.get_since(*id, *revision).await? else {
                continue;
            };
            let spans = spans_of(&gate, &person, grants, *id);
            seen.push(SeenDeck { deck, spans });
        }
        Ok((person, seen))
    }

    async fn load_decks(
        &self,
        memo: &Memo,
        user: UserId,
        ids: &[DeckId],
    ) -> Result<Vec<DeckLoad>, ReadError> {
        let (_, seen) = self.seen(memo, user, ids).await?;
        let mut all_rows = memo.rows(&*self.store, user, ids).await?;
        let mut loads = Vec::with_capacity(seen.len());
        let mut outdated = Vec::new();
        for SeenDeck { deck, spans } in seen {
            let (rows, refolded) = fresh_of(all_rows.remove(&deck.id).unwrap_or_default(), &deck);
            let has_entries = !rows.is_empty() || !refolded.is_empty();
            if !refolded.is_empty() {
                let params = deck.settings.fold_params();
                outdated.push(ToFold { deck: deck.id, cards: refolded.clone(), params });
            }
            loads.push(DeckLoad { deck, spans, rows, has_entries, refolded });
        }
        if !outdated.is_empty() {
            let mut folded = self.store.fold_cards(user, outdated).await?;
            for load in loads.iter_mut().filter(|load| !load.refolded.is_empty()) {
                let of_deck = |card: &CardId| Some((*card, folded.remove(&(load.deck.id, *card))?));
                load.rows.extend(load.refolded.iter().filter_map(of_deck));
                load.rows.sort_unstable_by_key(|(card, _)| *card);
            }
        }
        Ok(loads)
    }

    async fn before(&self, user: UserId, id: EntryId, count: usize) -> Result<Vec<EntryId>, ReadError> {
        let mut found = Vec::new();
        let mut before = id;
        while found.len() < count {
            let range = LogRange { from: EntryId::MIN, before: Some(before), newest_first: true, limit: 256 };
            let page = self.store.log(user, range).await?;
            let Some(oldest) = page.last().map(|entry| entry.id) else { break };
            found.extend(page.iter().filter(|entry| entry.can_be_undone()).map(|entry| entry.id));
            if page.len() < 256 {
                break;
            }
            before = oldest;
        }
        found.truncate(count);
        Ok(found)
    }

    async fn figures(&self, user: UserId, sitting: SittingId) -> Result<SittingFigures, ReadError> {
        let now_ms = self.clock.now().wall_ms;
        let began_ms = EntryId(sitting.0).at_ms().min(now_ms);
        let mut from = EntryId::floor_of(began_ms.saturating_sub(SITTING_MARGIN_MS));
        // The id is the client's own choice: without an end it could ask for the whole log again and again.
        let before = EntryId::floor_of(began_ms.saturating_add(SITTING_MAX_MS));
        let mut entries: Vec<LogEntry> = Vec::new();
        loop {
            let range = LogRange { from, before: Some(before), newest_first: false, limit: LOG_PAGE };
            let page = self.store.log(user, range).await?;
            let full = page.len() == LOG_PAGE;
            let newest = page.last().map(|entry| entry.id);
            entries.extend(page.into_iter().filter(|entry| match entry.body {
                Body::Review(review) => review.sitting == Some(sitting),
                Body::Undo { .. } | Body::Regrade(_) => true,
                Body::Set { .. }
                | Body::State { .. }
                | Body::ImportCommit { .. }
                | Body::ImportRevoke { .. }
                | Body::Claim { .. } => false,
            }));
            match newest {
                Some(newest) if full => from = EntryId(uuid_after(newest)),
                Some(_) | None => break,
            }
        }
        Ok(sum_up(&entries))
    }
}

/// Whether a path is below one of these; another deck of the same path stands beside it, not below.
fn is_below(path: &str, tops: &BTreeSet<&str>) -> bool {
    path.match_indices(PATH_SEPARATOR).any(|(at, _)| tops.contains(&path[..at]))
}

/// The id right after this one.
pub(super) fn uuid_after(id: EntryId) -> domain::ids::Uuid {
    domain::ids::Uuid::from_u128(id.0.as_u128().saturating_add(1))
}

fn sum_up(entries: &[LogEntry]) -> SittingFigures {
    let live = Live::of(entries);
    let mut figures = SittingFigures::default();
    let mut cards = BTreeSet::new();
    for entry in entries.iter().filter(|entry| live.counts(entry)) {
        let entry = live.as_graded(entry);
        let Some(review) = entry.review() else { continue };
        figures.answered += 1;
        figures.correct += u32::from(review.grade.is_correct());
        figures.elapsed_ms += u64::from(review.elapsed_ms);
        cards.insert((review.deck, review.card));
    }
    figures.cards = cards.into_iter().collect();
    figures
}

fn spans_of(gate: &domain::access::DeckGate, person: &Person, grants: &[Grant], deck: DeckId) -> Vec<Span> {
    let by_class: Vec<Span> = grants.iter().filter(|g| g.deck == deck).map(|grant| grant.span).collect();
    // What is for all of an organisation is not for its guests.
    let org = person.org.filter(|_| person.role.is_member());
    deck_spans(gate, person.id, org, &by_class)
}

fn is_open(spans: &[Span]) -> bool {
    spans.iter().any(Span::is_open)
}

/// Rows that are right as they are stored, and the cards whose rows are of another fold or other parameters.
fn fresh_of(rows: Vec<Progress>, deck: &domain::deck::Deck) -> (Vec<(CardId, CardState)>, Vec<CardId>) {
    let key = deck.settings.fold_params().key();
    let (fresh, outdated): (Vec<Progress>, Vec<Progress>) =
        rows.into_iter().partition(|row| row.params_key == key);
    let outdated = outdated.into_iter().map(|row| row.card).collect();
    (fresh.into_iter().map(|row| (row.card, row.state)).collect(), outdated)
}
