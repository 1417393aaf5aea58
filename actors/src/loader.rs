//! The loader: everything that a session needs to know and has not in memory. Bounded, so that a thousand learners
//! arriving at once are a queue.

use crate::Clock;
use crate::cluster::Place;
use crate::decks::{Cached, DeckCache};
use crate::engine::{AnyReader, Shared};
use crate::messages::{Job, NotLoaded, ToShard};
use domain::access::{Span, deck_spans};
use domain::entry::{Body, LogEntry};
use domain::fold::{Live, fold_deck};
use domain::ids::{CardId, DeckId, EntryId, SittingId, UserId};
use domain::limits::DECKS_PER_SESSION;
use domain::session::{
    Access, DeckLoad, Facts, FetchFailed, Scope, SeenDeck, SessionSeed, SittingFigures, Want,
};
use domain::state::{CardState, FoldParams};
use ports::library::{DeckQuery, PATH_SEPARATOR};
use ports::{
    Boxed, DeckRecord, Grant, Library, LibraryError, LogRange, People, PeopleError, Person, Progress,
    ReviewStore, StoreError,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

/// How often a read is tried, and how long the first wait between two tries is.
const READ_TRIES: u32 = 4;
const READ_RETRY_MS: u64 = 40;
/// After which a read has failed, its tries included.
const READ_MAX: Duration = Duration::from_secs(30);
/// Entries of one page when a stretch of the log is read.
const LOG_PAGE: usize = 4_096;
/// How far before a sitting's own moment its entries are looked for: clocks are corrected in between.
const SITTING_MARGIN_MS: i64 = 86_400_000;
/// How far after it: what is answered later in the same sitting is not in its figures.
const SITTING_MAX_MS: i64 = 7 * 86_400_000;

pub(crate) async fn run(shared: Arc<Shared>, mut jobs: mpsc::Receiver<Job>) {
    let permits = Arc::new(Semaphore::new(shared.limits.loads_at_once));
    let claims = Arc::new(Semaphore::new(shared.limits.claims_at_once));
    while let Some(job) = jobs.recv().await {
        if let (Some(cluster), &Job::Activate { user, incarnation, shard }) = (&shared.cluster, &job) {
            let (shared, cluster) = (shared.clone(), cluster.clone());
            let (claims, permits) = (claims.clone(), permits.clone());
            // Who waits for a place among the claims, or until an owner is declared dead, must not keep others from
            // reading. There is one such task a learner who is being loaded, as the registry has it.
            tokio::spawn(async move {
                let Ok(claim) = claims.acquire_owned().await else { return };
                let place = cluster.acquire(&shared, user).await;
                drop(claim);
                let seed = match place {
                    Place::Here => {
                        let Ok(_permit) = permits.acquire_owned().await else { return };
                        return carry_out(&shared, job).await;
                    }
                    Place::Elsewhere(address) => Err(NotLoaded::Elsewhere(address)),
                    Place::Unknown => Err(NotLoaded::NotNow),
                };
                shared.tell(shard, ToShard::Activated { user, incarnation, seed }).await;
            });
            continue;
        }
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        let shared = shared.clone();
        tokio::spawn(async move {
            carry_out(&shared, job).await;
            drop(permit);
        });
    }
}

async fn carry_out(shared: &Arc<Shared>, job: Job) {
    match job {
        Job::Activate { user, incarnation, shard } => {
            let reader = shared.reader.clone();
            let seed = contained(async move { reader.seed(user).await }).await;
            let seed = seed.map(Box::new).map_err(|FetchFailed| NotLoaded::NotNow);
            shared.tell(shard, ToShard::Activated { user, incarnation, seed }).await;
        }
        Job::Fetch { user, token, want, shard } => {
            let notices = shared.notices.load(Ordering::Acquire);
            let (reader, asked) = (shared.reader.clone(), want.clone());
            let mut facts = contained(async move { reader.answer(user, asked).await }).await;
            let again = facts.as_ref().map_or(Vec::new(), |facts| came_again(&want, facts));
            if found_again(shared, user, again).await.is_err() {
                facts = Err(FetchFailed);
            }
            shared.tell(shard, ToShard::Fetched { user, token, facts, notices }).await;
        }
        Job::DeckChanged(deck) => match shared.decks.reload(deck).await {
            Ok(Some(cached)) => {
                let number = shared.next_notice();
                for shard in shared.all_shards() {
                    let _ = shard.send(ToShard::Deck(cached.deck.clone(), number)).await;
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "a changed deck could not be read"),
        },
    }
}

/// Commands that came again: what was looked up by their own ids, and found. What an undo names is none of them.
fn came_again(want: &Want, facts: &Facts) -> Vec<EntryId> {
    match (want, facts) {
        (Want::Entries(_), Facts::Entries(found)) => found.iter().map(|entry| entry.id).collect(),
        (
            Want::Scope(_)
            | Want::Decks(_)
            | Want::Access(_)
            | Want::Entries(_)
            | Want::Named(_)
            | Want::CardLog(..)
            | Want::Before(..)
            | Want::Sitting(_),
            _,
        ) => Vec::new(),
    }
}

/// Commands that came again and are in the log may be writes of an owner that died, which landed after this one had
/// loaded: before their verdict the caches must not be able to lack them.
async fn found_again(shared: &Shared, user: UserId, entries: Vec<EntryId>) -> Result<(), FetchFailed> {
    let Some(cluster) = &shared.cluster else { return Ok(()) };
    if entries.is_empty() {
        return Ok(());
    }
    cluster.found_again(shared, user, entries).await.map_err(|error| {
        tracing::warn!(%error, %user, "commands that came again could not be noted");
        FetchFailed
    })
}

/// A read on a task of its own: one that panics, or never ends, has failed, and whoever waits for it hears so.
async fn contained<T: Send + 'static>(
    read: impl Future<Output = Result<T, FetchFailed>> + Send + 'static,
) -> Result<T, FetchFailed> {
    let task = tokio::spawn(read);
    let stop = task.abort_handle();
    match tokio::time::timeout(READ_MAX, task).await {
        Ok(Ok(read)) => read,
        Ok(Err(error)) => {
            tracing::error!(%error, "a read for a session panicked");
            Err(FetchFailed)
        }
        Err(_) => {
            tracing::error!(after_s = READ_MAX.as_secs(), "a read for a session took too long");
            stop.abort();
            Err(FetchFailed)
        }
    }
}

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
enum ReadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error(transparent)]
    People(#[from] PeopleError),
}

impl<S: ReviewStore> AnyReader for Reader<S> {
    fn answer(&self, user: UserId, want: Want) -> Boxed<'_, Result<Facts, FetchFailed>> {
        Box::pin(async move {
            let mut tries = 0;
            loop {
                match self.read(user, &want).await {
                    Ok(facts) => return Ok(facts),
                    Err(error) => self.wait_after(&error, &mut tries).await?,
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
                    Err(error) => self.wait_after(&error, &mut tries).await?,
                }
            }
        })
    }
}

impl<S: ReviewStore> Reader<S> {
    async fn wait_after(&self, error: &ReadError, tries: &mut u32) -> Result<(), FetchFailed> {
        *tries += 1;
        tracing::warn!(%error, tries, "a read for a session failed");
        if *tries >= READ_TRIES {
            return Err(FetchFailed);
        }
        tokio::time::sleep(Duration::from_millis(READ_RETRY_MS << (*tries * 2))).await;
        Ok(())
    }

    async fn read_seed(&self, user: UserId) -> Result<SessionSeed, ReadError> {
        let person = self.person(user).await?;
        // Last, and so once: what a store keeps of the moment at which the learner was adopted is given once.
        let log = self.store.load(user).await?;
        Ok(SessionSeed {
            user,
            zones: person.zones,
            began_ms: person.began_ms,
            dev_clock: self.dev_clock,
            newest: log.newest,
            more: log.more,
        })
    }

    async fn person(&self, user: UserId) -> Result<Person, ReadError> {
        Ok(self.people.person(user).await?.ok_or(PeopleError::NoSuchPerson)?)
    }

    async fn read(&self, user: UserId, want: &Want) -> Result<Facts, ReadError> {
        Ok(match want {
            Want::Scope(asked) => Facts::Scope(self.scope(user, asked.as_deref()).await?),
            Want::Decks(ids) => Facts::Decks(self.load_decks(user, ids).await?),
            Want::Access(ids) => {
                let (person, decks) = self.seen(user, ids).await?;
                Facts::Access(Access { zones: person.zones, decks })
            }
            Want::Entries(ids) => Facts::Entries(self.store.entries(user, ids.clone()).await?),
            Want::Named(id) => Facts::Entries(self.store.entries(user, vec![*id]).await?),
            Want::CardLog(deck, card) => {
                Facts::CardLog(self.store.card_log(user, *deck, Some(vec![*card])).await?)
            }
            Want::Before(id, count) => Facts::Before(self.before(user, *id, *count).await?),
            Want::Sitting(sitting) => Facts::Sitting(self.figures(user, *sitting).await?),
        })
    }

    async fn scope(&self, user: UserId, asked: Option<&[DeckId]>) -> Result<Scope, ReadError> {
        let person = self.person(user).await?;
        let grants = self.people.grants(user).await?;
        let mut found = BTreeSet::new();
        match asked {
            Some(ids) => {
                let ids: BTreeSet<DeckId> = ids.iter().copied().collect();
                if ids.len() > DECKS_PER_SESSION {
                    return Ok(Scope::Decks(ids.into_iter().collect()));
                }
                let query = DeckQuery { ids: ids.iter().copied().collect(), ..DeckQuery::default() };
                let named = self.library.decks(query).await?;
                let all_open =
                    named.iter().all(|deck| is_open(&spans_of(&deck.gate(), &person, &grants, deck.id)));
                if named.len() < ids.len() || !all_open {
                    return Ok(Scope::Forbidden);
                }
                found.extend(ids);
                for deck in self.below(&named).await? {
                    if is_open(&spans_of(&deck.gate(), &person, &grants, deck.id)) {
                        found.insert(deck.id);
                    }
                }
            }
            None => {
                let mut ids: Vec<DeckId> = grants.iter().map(|grant| grant.deck).collect();
                ids.extend(self.store.load(user).await?.decks);
                let query = DeckQuery { owner: Some(user), ids, ..DeckQuery::default() };
                for deck in self.library.decks(query).await? {
                    if is_open(&spans_of(&deck.gate(), &person, &grants, deck.id)) {
                        found.insert(deck.id);
                    }
                }
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
    async fn seen(&self, user: UserId, ids: &[DeckId]) -> Result<(Person, Vec<SeenDeck>), ReadError> {
        let person = self.person(user).await?;
        if ids.is_empty() {
            return Ok((person, Vec::new()));
        }
        let grants = self.people.grants(user).await?;
        // The cache may be behind the library: who has been told of a change is shown it.
        let query = DeckQuery { ids: ids.to_vec(), with_deleted: true, ..DeckQuery::default() };
        let records = self.library.decks(query).await?;
        let newest: BTreeMap<DeckId, u64> = records.iter().map(|deck| (deck.id, deck.revision)).collect();
        let mut seen = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(revision) = newest.get(id) else { continue };
            let Some(Cached { deck, gate, .. }) = self.decks.get_since(*id, *revision).await? else {
                continue;
            };
            let spans = spans_of(&gate, &person, &grants, *id);
            seen.push(SeenDeck { deck, spans });
        }
        Ok((person, seen))
    }

    async fn load_decks(&self, user: UserId, ids: &[DeckId]) -> Result<Vec<DeckLoad>, ReadError> {
        let (_, seen) = self.seen(user, ids).await?;
        let mut loads = Vec::with_capacity(seen.len());
        for SeenDeck { deck, spans } in seen {
            let rows = self.store.progress(user, deck.id).await?;
            let has_entries = !rows.is_empty();
            let (rows, refolded) = self.fresh(user, deck.id, rows, &deck.settings.fold_params()).await?;
            loads.push(DeckLoad { deck, spans, rows, has_entries, refolded });
        }
        Ok(loads)
    }

    /// Rows of another fold or other parameters are folded again from the log; with all rows the cards of those.
    async fn fresh(
        &self,
        user: UserId,
        deck: DeckId,
        rows: Vec<Progress>,
        params: &FoldParams,
    ) -> Result<(Vec<(CardId, CardState)>, Vec<CardId>), ReadError> {
        let key = params.key();
        let outdated: Vec<CardId> =
            rows.iter().filter(|row| row.params_key != key).map(|row| row.card).collect();
        let mut states: BTreeMap<CardId, CardState> =
            rows.into_iter().filter(|row| row.params_key == key).map(|row| (row.card, row.state)).collect();
        if !outdated.is_empty() {
            let log = self.store.card_log(user, deck, Some(outdated.clone())).await?;
            states.extend(fold_deck(deck, &log, params));
        }
        Ok((states.into_iter().collect(), outdated))
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
                Body::Undo { .. } => true,
                Body::Set { .. }
                | Body::State { .. }
                | Body::ImportCommit { .. }
                | Body::ImportRevoke { .. } => false,
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
fn uuid_after(id: EntryId) -> domain::ids::Uuid {
    domain::ids::Uuid::from_u128(id.0.as_u128().saturating_add(1))
}

fn sum_up(entries: &[LogEntry]) -> SittingFigures {
    let live = Live::of(entries);
    let mut figures = SittingFigures::default();
    let mut cards = BTreeSet::new();
    for entry in entries.iter().filter(|entry| live.counts(entry)) {
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
    deck_spans(gate, person.id, person.org, &by_class)
}

fn is_open(spans: &[Span]) -> bool {
    spans.iter().any(Span::is_open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_came_again_is_named_whatever_it_does_and_what_an_undo_names_is_not() {
        let [id, of] = [2, 1].map(kit::rows::id);
        let undo = kit::rows::entry(id, Body::Undo { of });
        let answer =
            kit::rows::review(of, kit::rows::deck(1), kit::rows::card(1), domain::grade::Grade::Good);
        let found = Facts::Entries(vec![undo]);
        assert_eq!(came_again(&Want::Entries(vec![id]), &found), [id]);
        assert_eq!(came_again(&Want::Named(of), &Facts::Entries(vec![answer])), []);
    }
}
