//! Appending: rows grouped by learner, each learner's in order, one partition a batch, learners side by side.
//!
//! What happens to a row, and in which order, is [`Caches`](domain::owner::caches::Caches)' to say: inbox row, log row,
//! inbox row, progress. A batch goes through these steps as a whole.

use crate::caches::{Noted, Whole};
use crate::keys::{filed_under, month_of};
use crate::lanes::Lane;
use crate::log::{ENTRY_BYTES, Filed};
use crate::store::Inner;
use crate::tenure::Tenure;
use domain::entry::LogEntry;
use domain::ids::{EntryId, UserId};
use domain::owner::Subject;
use domain::owner::caches::{Cached, Place};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ports::{Cause, ProgressWrite, Row, RowOutcome, StoreError};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Appends rows; answers in their order. Rows of one learner are waited for until their outcome is known or the store
/// has given up on them: nobody else waits. Of several learners, what the slowest ones' rows came to is unknown when
/// the patience ends, and their tasks go on.
pub(crate) async fn append(inner: &Arc<Inner>, rows: &Arc<[Row]>) -> Vec<RowOutcome> {
    let until = Instant::now() + Duration::from_millis(inner.options.append_patience_ms);
    match rows.first() {
        Some(first) if rows.iter().all(|row| row.user == first.user) => {
            append_one(inner, first.user, rows, until).await
        }
        Some(_) => append_several(inner, rows, until).await,
        None => Vec::new(),
    }
}

/// Rows of one learner.
async fn append_one(inner: &Arc<Inner>, user: UserId, rows: &Arc<[Row]>, until: Instant) -> Vec<RowOutcome> {
    let unknown = |cause| vec![RowOutcome::Unknown(cause); rows.len()];
    let Some(mut lane) = Lane::awaited(inner, user, until).await else { return unknown(Cause::Timeout) };
    if !lane.enter(until).await {
        return unknown(Cause::Overloaded);
    }
    let of_learner = Arc::clone(rows);
    // A task of its own: whoever waits may go away, a request may not be dropped half-way.
    let task = tokio::spawn(async move { append_of(lane.inner(), user, &of_learner).await });
    task.await.unwrap_or_else(|_| unknown(Cause::Unavailable))
}

async fn append_several(inner: &Arc<Inner>, rows: &Arc<[Row]>, until: Instant) -> Vec<RowOutcome> {
    let mut outcomes = vec![RowOutcome::Unknown(Cause::Timeout); rows.len()];
    let mut tasks = FuturesUnordered::new();
    for (user, places) in by_learner(rows) {
        // A learner whose rows of an earlier call are still on the way waits for their outcome.
        let Some(mut lane) = Lane::free(inner, user) else { continue };
        if !lane.enter(until).await {
            places
                .iter()
                .for_each(|place| set(&mut outcomes, *place, RowOutcome::Unknown(Cause::Overloaded)));
            continue;
        }
        let rows = Arc::clone(rows);
        tasks.push(tokio::spawn(async move {
            let of_learner: Vec<Row> = places.iter().filter_map(|place| rows.get(*place).copied()).collect();
            let outcomes = append_of(lane.inner(), user, &of_learner).await;
            (places, outcomes)
        }));
    }
    while let Ok(Some(joined)) = tokio::time::timeout_at(until, tasks.next()).await {
        let Ok((places, landed)) = joined else { continue };
        places.into_iter().zip(landed).for_each(|(place, outcome)| set(&mut outcomes, place, outcome));
    }
    outcomes
}

fn set(outcomes: &mut [RowOutcome], place: usize, outcome: RowOutcome) {
    if let Some(slot) = outcomes.get_mut(place) {
        *slot = outcome;
    }
}

/// The places of each learner's rows, in their order; learners in the order of their first row.
fn by_learner(rows: &[Row]) -> Vec<(UserId, Vec<usize>)> {
    let mut groups: Vec<(UserId, Vec<usize>)> = Vec::new();
    let mut group_of: HashMap<UserId, usize> = HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        let group = *group_of.entry(row.user).or_insert_with(|| {
            groups.push((row.user, Vec::new()));
            groups.len() - 1
        });
        if let Some((_, places)) = groups.get_mut(group) {
            places.push(place);
        }
    }
    groups
}

/// Appends one learner's rows. After a row whose outcome is unknown nothing more is tried.
async fn append_of(inner: &Inner, user: UserId, rows: &[Row]) -> Vec<RowOutcome> {
    let tenure = inner.tenures.get(user);
    if tenure.is_some() && inner.behind.is_full(user, &inner.options) {
        return vec![RowOutcome::Unknown(Cause::Overloaded); rows.len()];
    }
    let mut outcomes = Vec::with_capacity(rows.len());
    let mut rest = rows;
    while !rest.is_empty() {
        let (run, later) = rest.split_at(run_length(inner, rest));
        let landed = append_run(inner, tenure.as_deref(), user, run).await;
        let unknown = landed.iter().find(|outcome| matches!(outcome, RowOutcome::Unknown(_))).copied();
        outcomes.extend(landed);
        if let Some(unknown) = unknown {
            outcomes.extend(later.iter().map(|_| unknown));
            break;
        }
        rest = later;
    }
    outcomes
}

/// How many rows from the first on go together: one month, within the bounds of a batch. Rows without an entry go with
/// those before them.
fn run_length(inner: &Inner, rows: &[Row]) -> usize {
    let most = inner.options.batch_rows_max.min(inner.options.batch_bytes_max / ENTRY_BYTES).max(1);
    let (mut entries, mut month) = (0, None);
    for (at, row) in rows.iter().enumerate() {
        let Some(entry) = row.entry else { continue };
        let of = month_of(entry.id);
        if entries == most || *month.get_or_insert(of) != of {
            return at;
        }
        entries += 1;
    }
    rows.len()
}

/// Appends a run; halves it when the store can never take it as a whole, so that the row at fault is found.
async fn append_run(inner: &Inner, tenure: Option<&Tenure>, user: UserId, run: &[Row]) -> Vec<RowOutcome> {
    match write_run(inner, tenure, user, run).await {
        Ok(()) => vec![RowOutcome::Durable; run.len()],
        Err(Cause::Invalid) if run.len() > 1 => {
            let (first, second) = run.split_at(run.len() / 2);
            let mut landed = Box::pin(append_run(inner, tenure, user, first)).await;
            match landed.iter().find(|outcome| matches!(outcome, RowOutcome::Unknown(_))).copied() {
                Some(unknown) => landed.extend(second.iter().map(|_| unknown)),
                None => landed.extend(Box::pin(append_run(inner, tenure, user, second)).await),
            }
            landed
        }
        Err(Cause::Invalid) => {
            if let (Some(tenure), Some(entry)) = (tenure, run.first().and_then(|row| row.entry)) {
                tenure.held().caches.refused(entry.id);
            }
            vec![RowOutcome::Never(Cause::Invalid); run.len()]
        }
        Err(cause) => vec![RowOutcome::Unknown(cause); run.len()],
    }
}

/// The steps of an append, for a run of one month.
async fn write_run(inner: &Inner, tenure: Option<&Tenure>, user: UserId, run: &[Row]) -> Result<(), Cause> {
    let entries: Vec<Filed> = run
        .iter()
        .filter_map(|row| row.entry.map(|entry| Filed { entry, about: filed_under(&entry, row.about) }))
        .collect();
    let mut marked = Marked::default();
    if let Some(first) = entries.first() {
        let month = month_of(first.entry.id);
        note_inbox(inner, tenure, user, &before_log(inner, tenure, run)).await?;
        note_month(inner, tenure, user, month).await?;
        if entries.iter().any(|row| row.entry.job.is_some()) {
            inner.log.note_job_cards(user, &entries).await.map_err(|error| told(&error))?;
        }
        marked = cards_of_marks(inner, user, &entries).await?;
        let epoch = tenure.map_or(0, |tenure| tenure.epoch);
        inner.log.write(user, month, &entries, epoch).await.map_err(|error| told(&error))?;
        note_inbox(inner, tenure, user, &before_ack(inner, tenure, &entries)).await?;
    }
    if let Some(tenure) = tenure {
        keep_progress(inner, tenure, run, &marked);
    }
    Ok(())
}

/// The cards that marks of imports concern, by the mark's id.
type Marked = HashMap<EntryId, Vec<Subject>>;

/// Which cards the marks among these entries concern. An owner keeps them as stale from the moment at which the mark is
/// in the log; the inbox names it until that is stored.
async fn cards_of_marks(inner: &Inner, user: UserId, entries: &[Filed]) -> Result<Marked, Cause> {
    let mut marked = Marked::new();
    for entry in entries.iter().map(|row| row.entry) {
        if let Some(job) = entry.mark_of() {
            let cards = inner.log.cards_of_job(user, job).await.map_err(|error| told(&error))?;
            marked.insert(entry.id, cards);
        }
    }
    Ok(marked)
}

/// Writes what an import brings, a month after another, a few batches at a time so that learners go before it. Nobody's
/// progress is touched: the entries do not count yet. The caller's task must not be dropped half-way.
pub(crate) async fn append_import(
    inner: &Inner,
    user: UserId,
    entries: Vec<LogEntry>,
) -> Result<(), StoreError> {
    let mut months: BTreeMap<i32, Vec<Filed>> = BTreeMap::new();
    for entry in entries {
        let about = filed_under(&entry, entry.card());
        months.entry(month_of(entry.id)).or_default().push(Filed { entry, about });
    }
    for (month, mut rows) in months {
        rows.sort_unstable_by_key(|row| (row.entry.id, row.entry.job));
        inner.log.note_job_cards(user, &rows).await?;
        inner.log.note_month(user, month).await?;
        inner.log.write_all(user, month, &rows, inner.options.import_writes_at_once).await?;
    }
    Ok(())
}

/// The entries that must be in the inbox before they are in the log: whoever does not own the learner names them all.
fn before_log(inner: &Inner, tenure: Option<&Tenure>, run: &[Row]) -> Vec<EntryId> {
    let mut held = tenure.map(Tenure::held);
    let wall_ms = inner.options.clock.wall_ms();
    run.iter()
        .filter_map(|row| Some((row, row.entry?)))
        .filter(|(row, entry)| match held.as_mut() {
            Some(held) => held.caches.before_log(entry.id, place_of(row, entry.id), wall_ms),
            None => true,
        })
        .map(|(_, entry)| entry.id)
        .collect()
}

/// Progress names the newest entry in it.
fn place_of(row: &Row, id: EntryId) -> Place {
    match row.progress {
        ProgressWrite::Whole(state, _) if state.last == Some(id) => Place::Last,
        ProgressWrite::Whole(..) | ProgressWrite::Stale | ProgressWrite::None => Place::Earlier,
    }
}

fn before_ack(inner: &Inner, tenure: Option<&Tenure>, entries: &[Filed]) -> Vec<EntryId> {
    let Some(tenure) = tenure else { return Vec::new() };
    let (tick_ms, beat) = (inner.options.clock.tick_ms(), inner.last_beat());
    let held = tenure.held();
    let ids = entries.iter().map(|row| row.entry.id);
    ids.filter(|id| held.caches.before_ack(*id, tick_ms, beat)).collect()
}

async fn note_inbox(
    inner: &Inner,
    tenure: Option<&Tenure>,
    user: UserId,
    ids: &[EntryId],
) -> Result<(), Cause> {
    if ids.is_empty() {
        return Ok(());
    }
    let noted_us = inner.options.clock.wall_ms().saturating_mul(1_000);
    let rows: Vec<Noted> = ids.iter().map(|id| Noted { id: *id, noted_us }).collect();
    inner.caches.put_inbox(user, &rows).await.map_err(|error| told(&error))?;
    inner.client.figures().inbox_noted(rows.len());
    if let Some(tenure) = tenure {
        let mut held = tenure.held();
        for row in rows {
            held.caches.marked(row.id);
            held.note(row);
        }
    }
    Ok(())
}

async fn note_month(inner: &Inner, tenure: Option<&Tenure>, user: UserId, month: i32) -> Result<(), Cause> {
    if tenure.is_some_and(|tenure| tenure.held().months.contains(&month)) {
        return Ok(());
    }
    inner.log.note_month(user, month).await.map_err(|error| told(&error))?;
    if let Some(tenure) = tenure {
        tenure.held().months.insert(month);
    }
    Ok(())
}

/// What is durable now may go into the caches.
fn keep_progress(inner: &Inner, tenure: &Tenure, run: &[Row], marked: &Marked) {
    let mut held = tenure.held();
    // Whoever loads from here on is to know these.
    held.newest = None;
    for (id, cards) in marked {
        for card in cards {
            held.touched.insert(card.0);
            held.caches.appended(*id, *card, Cached::Stale);
        }
    }
    for row in run {
        let cached: Option<Cached<Whole>> = match row.progress {
            ProgressWrite::Whole(state, key) => Some(Cached::Whole((state, key))),
            ProgressWrite::Stale => Some(Cached::Stale),
            ProgressWrite::None => None,
        };
        let subject = row.about.zip(cached);
        if let Some(((deck, _), _)) = &subject {
            held.touched.insert(*deck);
        }
        match (row.entry, subject) {
            (Some(entry), Some((subject, cached))) => held.caches.appended(entry.id, subject, cached),
            (Some(entry), None) => held.caches.appended_alone(entry.id),
            (None, Some((subject, cached))) => held.caches.joined(subject, cached),
            (None, None) => {}
        }
    }
    let dirty = held.count();
    drop(held);
    inner.behind.wait(tenure.user, dirty, &inner.options);
}

/// What is known of a failed step, logged once.
fn told(error: &ports::StoreError) -> Cause {
    tracing::debug!(%error, "an append did not go through");
    error.cause
}
