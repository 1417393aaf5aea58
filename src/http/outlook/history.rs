//! The learner's log, page by page: what was done, and what it counted as.

use super::{OutlookError, counted_as_name, maybe_day};
use domain::day::Day;
use domain::entry::{Body, Confidence, LogEntry, Mode, SetChange};
use domain::fold::{Live, fold_card};
use domain::ids::{CardId, DeckId, EntryId, UserId, Uuid};
use domain::state::{CountedAs, FoldParams};
use ports::{DeckQuery, Library, LogRange, ReviewStore};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Entries that one page may look through; then the page is given as it is, with a cursor to go on.
const STRETCH: usize = 4_096;
/// Entries that are read beyond a page's own, for those that are not shown.
const MARGIN: usize = 100;
const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// Which part of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HistoryQuery {
    /// Only entries about cards of this deck.
    pub deck: Option<DeckId>,
    /// From this study day on.
    pub from: Option<Day>,
    /// Up to this study day, itself included.
    pub to: Option<Day>,
    /// After this entry.
    pub after: Option<EntryId>,
    /// At most so many items.
    pub limit: usize,
}

/// A page of the log, oldest entry first.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryPage {
    /// The entries.
    pub items: Vec<HistoryItem>,
    /// After which entry the next page begins; `None` at the end.
    pub next: Option<EntryId>,
}

/// What an entry is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// An answer.
    Review,
    /// An answer or a set taken back.
    Undo,
    /// Something set by hand.
    Set,
    /// A state that came with an import.
    State,
}

/// One entry.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct HistoryItem {
    /// The entry.
    pub id: Uuid,
    /// What it is.
    pub kind: ItemKind,
    /// What the answer counted as; null for all else, and for what was undone.
    pub counted_as: Option<&'static str>,
    /// Whether it was taken back.
    pub undone: bool,
    /// The deck; null for the undo of something unknown.
    pub deck_id: Option<Uuid>,
    /// The card.
    pub card_id: Option<Uuid>,
    /// The grade of an answer.
    pub grade: Option<u8>,
    /// The moment, Unix milliseconds.
    pub at: i64,
    /// The study day at the learner's place.
    #[serde(serialize_with = "maybe_day")]
    #[schemars(with = "Option<crate::http::dto::DayText>")]
    pub day: Option<Day>,
    /// The offset from UTC at the learner's place, minutes.
    pub utc_offset_min: i16,
    /// What else an answer says.
    #[serde(flatten)]
    pub answer: Option<AnswerFields>,
    /// What an undo takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<Uuid>,
    /// What was set.
    #[serde(flatten)]
    pub set: BTreeMap<&'static str, serde_json::Value>,
}

/// What an answer says beside its grade.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct AnswerFields {
    /// How long it took, milliseconds.
    pub elapsed_ms: u32,
    /// `flip`, `type` or `choose`.
    pub mode: &'static str,
    /// It was given ahead of the card's day, to count.
    pub early: bool,
    /// The class had talked about the card: it did not schedule.
    pub told: bool,
    /// `sure` or `unsure`, where it was said.
    pub confidence: Option<&'static str>,
    /// The sitting it was given in.
    pub sitting: Option<Uuid>,
}

/// One page of a learner's log.
///
/// # Errors
/// The log or the decks could not be read.
pub async fn history<S: ReviewStore>(
    store: &S,
    library: &dyn Library,
    user: UserId,
    query: HistoryQuery,
) -> Result<HistoryPage, OutlookError> {
    let (found, next) = find(store, user, query).await?;
    let facts = facts(store, library, user, &found).await?;
    let mut items: Vec<HistoryItem> = found.iter().filter_map(|found| item(found, &facts)).collect();
    // What several imports brought is one entry.
    items.dedup_by_key(|item| item.id);
    Ok(HistoryPage { items, next })
}

/// An entry and the card that it is about.
pub(super) struct Found {
    pub(super) entry: LogEntry,
    pub(super) about: Option<(DeckId, CardId)>,
}

async fn find<S: ReviewStore>(
    store: &S,
    user: UserId,
    query: HistoryQuery,
) -> Result<(Vec<Found>, Option<EntryId>), OutlookError> {
    let from = first_wanted(query);
    let before = query.to.map(first_id_later_than);
    let mut page = Vec::new();
    let mut last_seen = None;
    // Without a deck most of what is read is wanted.
    let limit = if query.deck.is_some() { STRETCH } else { (query.limit + MARGIN).min(STRETCH) };
    let mut entries = store.log(user, LogRange { from, before, newest_first: false, limit }).await?;
    let more = entries.len() == limit;
    if let Some(last) = entries.last().map(|entry| entry.id).filter(|_| more) {
        // Entries of one id come together: a page must not end among them.
        let whole = entries.partition_point(|entry| entry.id < last);
        entries.truncate(if whole > 0 { whole } else { entries.len() });
    }
    let about = about(store, user, &entries).await?;
    for entry in entries {
        let about = about.get(&entry.id).copied();
        if is_wanted(&entry, about, query) {
            if page.len() >= query.limit && last_seen != Some(entry.id) {
                return Ok((page, last_seen));
            }
            page.push(Found { entry, about });
        }
        last_seen = Some(entry.id);
    }
    Ok((page, if more { last_seen } else { None }))
}

/// The card of each entry; an undo is about the card of what it takes back.
pub(super) async fn about<S: ReviewStore>(
    store: &S,
    user: UserId,
    entries: &[LogEntry],
) -> Result<HashMap<EntryId, (DeckId, CardId)>, OutlookError> {
    let undos: Vec<(EntryId, EntryId)> =
        entries.iter().filter_map(|entry| Some((entry.id, undo_of(entry)?))).collect();
    let mut about: HashMap<EntryId, (DeckId, CardId)> =
        entries.iter().filter_map(|entry| Some((entry.id, entry.card()?))).collect();
    if undos.is_empty() {
        return Ok(about);
    }
    let named = store.entries(user, undos.iter().map(|(_, of)| *of).collect()).await?;
    let named: HashMap<EntryId, _> =
        named.iter().filter_map(|entry| Some((entry.id, entry.card()?))).collect();
    about.extend(undos.iter().filter_map(|(undo, of)| Some((*undo, *named.get(of)?))));
    Ok(about)
}

pub(super) fn is_wanted(entry: &LogEntry, about: Option<(DeckId, CardId)>, query: HistoryQuery) -> bool {
    let day = entry.stamp.day;
    let of_a_kind = match entry.body {
        Body::Review(_) | Body::Undo { .. } | Body::Set { .. } | Body::State { .. } => true,
        Body::ImportCommit { .. } | Body::ImportRevoke { .. } | Body::Regrade(_) | Body::Claim { .. } => {
            false
        }
    };
    of_a_kind
        && query.from.is_none_or(|from| day >= from)
        && query.to.is_none_or(|to| day <= to)
        && query.deck.is_none_or(|deck| about.is_some_and(|(of, _)| of == deck))
}

/// What the fold says about the entries of a page.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) live: Live,
    pub(super) counted: HashMap<EntryId, CountedAs>,
}

async fn facts<S: ReviewStore>(
    store: &S,
    library: &dyn Library,
    user: UserId,
    found: &[Found],
) -> Result<Facts, OutlookError> {
    let mut cards: BTreeMap<DeckId, BTreeSet<CardId>> = BTreeMap::new();
    for (deck, card) in found.iter().filter_map(|found| found.about) {
        cards.entry(deck).or_default().insert(card);
    }
    let wanted =
        DeckQuery { ids: cards.keys().copied().collect(), with_deleted: true, ..DeckQuery::default() };
    let params: HashMap<DeckId, FoldParams> =
        library.decks(wanted).await?.iter().map(|deck| (deck.id, deck.settings.fold_params())).collect();
    let cards = cards.into_iter().map(|(deck, cards)| (deck, cards.into_iter().collect())).collect();
    let log = store.card_logs(user, cards).await?;
    let live = Live::of(&log);
    let mut by_card: BTreeMap<(DeckId, CardId), Vec<LogEntry>> = BTreeMap::new();
    for entry in &log {
        if let Some(about) = entry.card() {
            by_card.entry(about).or_default().push(*entry);
        }
    }
    let mut counted = HashMap::new();
    for ((deck, _), entries) in by_card {
        let params = params.get(&deck).copied().unwrap_or_default();
        fold_card(&entries, &live, &params, |entry, as_what| {
            counted.extend(as_what.map(|as_what| (entry.id, as_what)));
        });
    }
    Ok(Facts { live, counted })
}

/// `None` for rows of an import that does not count.
pub(super) fn item(found: &Found, facts: &Facts) -> Option<HistoryItem> {
    let Found { entry, about } = found;
    let undone = facts.live.is_undone(entry.id);
    if entry.job.is_some() && !undone && !facts.live.counts(entry) {
        return None;
    }
    let mut item = HistoryItem {
        id: entry.id.0,
        kind: ItemKind::Review,
        counted_as: facts.counted.get(&entry.id).filter(|_| !undone).map(|counted| counted_as_name(*counted)),
        undone,
        deck_id: about.map(|(deck, _)| deck.0),
        card_id: about.map(|(_, card)| card.0),
        grade: None,
        at: entry.id.at_ms(),
        day: Some(entry.stamp.day),
        utc_offset_min: entry.stamp.utc_offset_min,
        answer: None,
        of: None,
        set: BTreeMap::new(),
    };
    match entry.body {
        Body::Review(review) => {
            let grade = facts.live.grade_of(entry).unwrap_or(review.grade);
            item.grade = Some(grade.number());
            item.answer = Some(AnswerFields {
                elapsed_ms: review.elapsed_ms,
                mode: mode_name(review.mode),
                early: review.early,
                told: review.told,
                confidence: review.confidence.map(confidence_name),
                sitting: review.sitting.map(|sitting| sitting.0),
            });
        }
        Body::Undo { of } => {
            item.kind = ItemKind::Undo;
            item.of = Some(of.0);
        }
        Body::Set { change, .. } => {
            item.kind = ItemKind::Set;
            item.set.extend([set_field(change)]);
        }
        Body::State { .. } => item.kind = ItemKind::State,
        Body::ImportCommit { .. } | Body::ImportRevoke { .. } | Body::Regrade(_) | Body::Claim { .. } => {
            return None;
        }
    }
    Some(item)
}

fn undo_of(entry: &LogEntry) -> Option<EntryId> {
    match entry.body {
        Body::Undo { of } => Some(of),
        Body::Review(_)
        | Body::Set { .. }
        | Body::State { .. }
        | Body::ImportCommit { .. }
        | Body::ImportRevoke { .. }
        | Body::Regrade(_)
        | Body::Claim { .. } => None,
    }
}

fn set_field(change: SetChange) -> (&'static str, serde_json::Value) {
    match change {
        SetChange::Suspended(on) => ("suspended", on.into()),
        SetChange::BuriedUntil(day) => ("buried_until", day.map(|day| day.to_string()).into()),
        SetChange::Flag(flag) => ("flag", flag.into()),
        SetChange::Reset => ("reset", true.into()),
        SetChange::Due(day) => ("due", day.to_string().into()),
    }
}

const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Flip => "flip",
        Mode::Type => "type",
        Mode::Choose => "choose",
    }
}

const fn confidence_name(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Sure => "sure",
        Confidence::Unsure => "unsure",
    }
}

/// No entry that is wanted has a smaller id.
pub(super) fn first_wanted(query: HistoryQuery) -> EntryId {
    query.after.map_or(first_id(query.from), id_after)
}

/// No entry of this study day has a smaller id: the day begins at the earliest place on earth (UTC+14) at midnight.
pub(super) fn first_id(day: Option<Day>) -> EntryId {
    day.map_or(EntryId::MIN, |day| EntryId::floor_of(i64::from(day.0) * DAY_MS - 14 * HOUR_MS))
}

/// No entry of this study day has this id or a larger one: the day ends at the latest place (UTC-12) at the latest
/// rollover hour of the next day, 23; one hour more is for clocks that go back in between.
pub(super) fn first_id_later_than(day: Day) -> EntryId {
    EntryId::floor_of((i64::from(day.0) + 1) * DAY_MS + (12 + 24) * HOUR_MS)
}

/// The first id behind this one.
pub(super) fn id_after(id: EntryId) -> EntryId {
    EntryId(Uuid::from_u128(id.0.as_u128().saturating_add(1)))
}
