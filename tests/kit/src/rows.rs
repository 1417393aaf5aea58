//! Rows, entries and states that tests are made of.

use crate::rng::Rng;
use domain::day::{Day, Stamp};
use domain::entry::{Body, GivenState, LogEntry, Mode, Regrade, Review, SetChange};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, JobId, UserId};
use domain::state::{CardState, FoldParams};
use ports::{ProgressWrite, Row};

/// The moment at which the histories of tests begin, Unix milliseconds.
pub const START_MS: i64 = 1_760_000_000_000;

/// The n-th learner.
pub fn user(n: u64) -> UserId {
    UserId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(n))
}

/// The n-th deck.
pub fn deck(n: u64) -> DeckId {
    DeckId::from_u128(0x0190_0000_0000_7000_8100_0000_0000_0000 + u128::from(n))
}

/// The n-th card.
pub fn card(n: u64) -> CardId {
    CardId::from_u128(0x0190_0000_0000_7000_8200_0000_0000_0000 + u128::from(n))
}

/// The n-th job.
pub fn job(n: u64) -> JobId {
    JobId::from_u128(0x0190_0000_0000_7000_8300_0000_0000_0000 + u128::from(n))
}

/// The n-th id, n milliseconds after the start: ids rise with n.
pub fn id(n: u64) -> EntryId {
    EntryId::v7(START_MS + n as i64, u128::from(Rng::new(n).next()))
}

/// An entry with this id.
pub fn entry(id: EntryId, body: Body) -> LogEntry {
    let day = Day(i32::try_from(id.at_ms() / 86_400_000).unwrap());
    LogEntry { id, job: None, stamp: Stamp { day, utc_offset_min: 0 }, body }
}

/// An answer to a card.
pub fn review(id: EntryId, deck: DeckId, card: CardId, grade: Grade) -> LogEntry {
    let review = Review {
        deck,
        card,
        grade,
        mode: Mode::Flip,
        elapsed_ms: 1_234,
        early: false,
        confidence: None,
        sitting: None,
        class: None,
        response: None,
        revision: 1,
        told: false,
    };
    entry(id, Body::Review(review))
}

/// One entry of each kind about this card (an undo and a regrade of the first one among them), then the marks of a job and
/// a claim.
pub fn one_of_each_kind(deck: DeckId, card: CardId, first: u64) -> Vec<LogEntry> {
    let state = GivenState {
        reps: 3,
        ease: 230,
        interval_days: 12,
        due: Some(Day(20_400)),
        lapses: 1,
        last_scheduled: None,
    };
    let mut imported = review(id(first + 6), deck, card, Grade::Hard);
    imported.job = Some(job(1));
    if let Body::Review(review) = &mut imported.body {
        review.told = true;
    }
    let regrade = Regrade { of: id(first), deck, card, grade: Grade::Perfect, by: user(9) };
    vec![
        review(id(first), deck, card, Grade::Good),
        entry(id(first + 1), Body::Undo { of: id(first) }),
        entry(id(first + 2), Body::Set { deck, card, change: SetChange::Suspended(true) }),
        entry(id(first + 3), Body::Set { deck, card, change: SetChange::BuriedUntil(Some(Day(20_401))) }),
        entry(id(first + 4), Body::Set { deck, card, change: SetChange::Reset }),
        entry(id(first + 5), Body::State { deck, card, state }),
        imported,
        entry(id(first + 7), Body::Regrade(regrade)),
        entry(id(first + 8), Body::ImportCommit { job: job(1) }),
        entry(id(first + 9), Body::ImportRevoke { job: job(1) }),
        entry(id(first + 10), Body::Claim { guest: user(8), job: job(2) }),
    ]
}

/// A state after so many good answers: different for each `n`.
pub fn state(n: u64) -> CardState {
    let mut state = CardState::NEW;
    let params = FoldParams::default();
    for i in 0..n.min(12) {
        let answer = review(id(i * 86_400_000 * 40), deck(0), card(0), Grade::Good);
        state = state.after(&answer, &params).0;
    }
    CardState { answers: n as u32, ..state }
}

/// The key of the parameters that tests fold by.
pub fn params_key() -> u32 {
    FoldParams::default().key()
}

/// A row with an entry and its card's progress, which [`state`] makes of `n`.
pub fn row(user: UserId, entry: LogEntry, n: u64) -> Row {
    let progress = ProgressWrite::Whole(state(n), params_key());
    Row { user, entry: Some(entry), about: entry.card(), progress }
}

/// A row with an entry that says nothing of progress; `about` names the card of an undo.
pub fn bare(user: UserId, entry: LogEntry, about: Option<(DeckId, CardId)>) -> Row {
    Row { user, entry: Some(entry), about: about.or(entry.card()), progress: ProgressWrite::None }
}

/// A row with progress alone.
pub fn write_behind(user: UserId, deck: DeckId, card: CardId, progress: ProgressWrite) -> Row {
    Row { user, entry: None, about: Some((deck, card)), progress }
}
