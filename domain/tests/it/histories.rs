//! Random histories of one learner: every kind of entry, wrong clocks, travel, imports; and the orders in which their
//! entries may arrive.

use domain::day::{Day, ZoneHistory};
use domain::deck::{DeckSettings, SchedulerKind};
use domain::entry::{Body, GivenState, LogEntry, Mode, Regrade, Review, SetChange};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, JobId, SittingId, UserId};
use domain::schedule::EasyDays;
use domain::state::FoldParams;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use uuid::Uuid;

/// 2026-03-01T00:00:00Z: two changes to summer time lie ahead within a history's usual length.
pub const START_MS: i64 = 1_772_323_200_000;
const MINUTE_MS: i64 = 60_000;
/// Jobs from here on are guests.
pub const GUESTS: u8 = 2;
const ZONES: [(&str, u8); 5] = [
    ("Europe/Berlin", 4),
    ("Pacific/Kiritimati", 0),
    ("Pacific/Pago_Pago", 23),
    ("America/New_York", 2),
    ("Europe/Berlin", 2),
];

/// The decks of a history and what they are folded with: one drills to 4, one to 3, spreads its intervals and knows no long
/// ones, and one goes by FSRS.
pub fn deck(n: u8) -> DeckId {
    DeckId::from_u128(0xdec0 + u128::from(n % 3))
}

/// The fold's parameters of each deck.
pub fn params(of: DeckId) -> FoldParams {
    let settings = DeckSettings::default();
    if of == deck(0) {
        settings.fold_params()
    } else if of == deck(1) {
        let easy_days = EasyDays([100, 0, 30, 100, 100, 1, 0]);
        DeckSettings { drill_until: 3, maximum_interval_days: 20, fuzz: Some(true), easy_days, ..settings }
            .fold_params()
    } else {
        let easy_days = EasyDays([100, 100, 50, 100, 100, 0, 20]);
        DeckSettings {
            scheduler: SchedulerKind::Fsrs,
            desired_retention_permille: 830,
            maximum_interval_days: 700,
            easy_days,
            ..settings
        }
        .fold_params()
    }
}

/// A card; the n-th lies in the deck of the remainder by three.
pub fn card(n: u8) -> (DeckId, CardId) {
    (deck(n), CardId::from_u128(0xca2d_0000 + u128::from(n)))
}

/// What a learner, a teacher, an administrator or an import does next.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Answers a card.
    Answer { card: u8, grade: Grade, early: bool, sitting: Option<u8> },
    /// Answers a card after the class has talked about it.
    AnswerTold { card: u8, grade: Grade, early: bool },
    /// Sets something about a card.
    Set { card: u8, change: SetChange },
    /// Takes back an earlier entry, by a clock that is this many minutes off.
    Undo { of: Index, skew_min: i64 },
    /// Takes back an entry that was made later: its device was ahead.
    UndoLater { of: Index },
    /// An import brings an answer of this moment.
    ImportAnswer { card: u8, grade: Grade, job: u8 },
    /// An import brings an answer that is known already: live or from another job.
    ImportAgain { of: Index, grade: Grade, job: u8 },
    /// An import brings a scheduling state; days count from today.
    ImportState { card: u8, state: GivenState, job: Option<u8> },
    /// An import is done, or taken back.
    Mark { job: u8, revoke: bool },
    /// An earlier answer has another grade, by a clock that is this many minutes off; said of the wrong card, or copied
    /// from a guest's log.
    Regrade { of: Index, grade: Grade, skew_min: i64, elsewhere: bool, guest: Option<u8> },
    /// A guest answers a card.
    GuestAnswer { card: u8, grade: Grade, guest: u8 },
    /// A guest answers the same card in the same millisecond as somebody did, or it is that very answer.
    GuestBeside { of: Index, grade: Grade, guest: u8, same: bool },
    /// What a guest did is the learner's, or no longer.
    Claim { guest: u8, revoke: bool },
    /// The learner is somewhere else from now on.
    Travel { zone: usize },
}

/// A deed, so many minutes after the one before (before it, when a clock goes back).
#[derive(Clone, Debug)]
pub struct Step {
    after_min: i64,
    deed: Deed,
    random: u64,
}

/// A learner's entries in the order in which they were made, each stamped by its id's time.
#[derive(Clone, Debug)]
pub struct History {
    /// The entries.
    pub entries: Vec<LogEntry>,
}

/// Histories of up to this many deeds.
pub fn histories(deeds_max: usize) -> impl Strategy<Value = History> {
    vec(step(), 1..=deeds_max).prop_map(|steps| history(&steps))
}

/// A history and one order of arrival of its entries, most of them once, some twice or three times.
pub fn arrivals(deeds_max: usize) -> impl Strategy<Value = (History, Vec<LogEntry>)> {
    histories(deeds_max).prop_flat_map(|history| {
        let made = history.entries.clone();
        let copies = vec(prop_oneof![4 => Just(1_usize), 1 => Just(2), 1 => Just(3)], made.len());
        let arrived = copies.prop_flat_map(move |copies| {
            let all: Vec<LogEntry> =
                made.iter().zip(copies).flat_map(|(entry, n)| std::iter::repeat_n(*entry, n)).collect();
            // As it was made (with stragglers), or in any order at all.
            prop_oneof![Just(all.clone()).prop_shuffle(), straggling(all)]
        });
        (Just(history), arrived)
    })
}

/// All in order but for one entry that comes at another time: a phone that was offline.
fn straggling(all: Vec<LogEntry>) -> impl Strategy<Value = Vec<LogEntry>> {
    (any::<Index>(), any::<Index>()).prop_map(move |(from, to)| {
        let mut all = all.clone();
        if !all.is_empty() {
            let late = all.remove(from.index(all.len()));
            all.insert(to.index(all.len() + 1), late);
        }
        all
    })
}

fn step() -> impl Strategy<Value = Step> {
    let pause = prop_oneof![
        4 => 0..10_i64,
        3 => 60..(30 * 60_i64),
        4 => (1..8_i64).prop_map(|days| days * 1440),
        1 => (8..60_i64).prop_map(|days| days * 1440),
        2 => -1500..0_i64,
    ];
    (pause, deed(), any::<u64>()).prop_map(|(after_min, deed, random)| Step { after_min, deed, random })
}

fn deed() -> impl Strategy<Value = Deed> {
    // Mostly one card: rules meet each other only in long histories of one.
    let cards = prop_oneof![9 => Just(0_u8), 1 => Just(1), 3 => Just(2), 1 => Just(3)];
    let jobs = 0..2_u8;
    prop_oneof![
        16 => (cards.clone(), grades(), prop::bool::weighted(0.15), prop::option::of(0..2_u8))
            .prop_map(|(card, grade, early, sitting)| Deed::Answer { card, grade, early, sitting }),
        3 => (cards.clone(), grades(), prop::bool::weighted(0.15))
            .prop_map(|(card, grade, early)| Deed::AnswerTold { card, grade, early }),
        5 => (cards.clone(), changes()).prop_map(|(card, change)| Deed::Set { card, change }),
        3 => (any::<Index>(), -5..30_i64).prop_map(|(of, skew_min)| Deed::Undo { of, skew_min }),
        1 => any::<Index>().prop_map(|of| Deed::UndoLater { of }),
        3 => (cards.clone(), grades(), jobs.clone())
            .prop_map(|(card, grade, job)| Deed::ImportAnswer { card, grade, job }),
        3 => (any::<Index>(), grades(), jobs.clone())
            .prop_map(|(of, grade, job)| Deed::ImportAgain { of, grade, job }),
        2 => (cards, states(), prop::option::weighted(0.7, jobs.clone()))
            .prop_map(|(card, state, job)| Deed::ImportState { card, state, job }),
        3 => (jobs, prop::bool::weighted(0.3)).prop_map(|(job, revoke)| Deed::Mark { job, revoke }),
        6 => (0..ZONES.len()).prop_map(|zone| Deed::Travel { zone }),
        5 => regrades(),
        4 => guests(),
    ]
}

fn regrades() -> impl Strategy<Value = Deed> {
    let guest = prop::option::weighted(0.15, 0..2_u8);
    (any::<Index>(), grades(), -40..30_i64, prop::bool::weighted(0.1), guest).prop_map(
        |(of, grade, skew_min, elsewhere, guest)| Deed::Regrade { of, grade, skew_min, elsewhere, guest },
    )
}

fn guests() -> impl Strategy<Value = Deed> {
    let guest = 0..2_u8;
    prop_oneof![
        3 => (0..2_u8, grades(), guest.clone())
            .prop_map(|(card, grade, guest)| Deed::GuestAnswer { card, grade, guest }),
        2 => (any::<Index>(), grades(), guest.clone(), prop::bool::weighted(0.3))
            .prop_map(|(of, grade, guest, same)| Deed::GuestBeside { of, grade, guest, same }),
        3 => (guest, prop::bool::weighted(0.2)).prop_map(|(guest, revoke)| Deed::Claim { guest, revoke }),
    ]
}

fn grades() -> impl Strategy<Value = Grade> {
    prop_oneof![
        1 => Just(Grade::Blackout),
        1 => Just(Grade::Wrong),
        1 => Just(Grade::WrongButEasy),
        3 => Just(Grade::Hard),
        4 => Just(Grade::Good),
        3 => Just(Grade::Perfect),
    ]
}

/// Days in these are offsets from today.
fn changes() -> impl Strategy<Value = SetChange> {
    prop_oneof![
        1 => any::<bool>().prop_map(SetChange::Suspended),
        1 => prop::option::of(-2..5_i32).prop_map(|d| SetChange::BuriedUntil(d.map(Day))),
        1 => (0..=7_u8).prop_map(SetChange::Flag),
        2 => Just(SetChange::Reset),
        1 => (-10..20_i32).prop_map(|d| SetChange::Due(Day(d))),
    ]
}

fn states() -> impl Strategy<Value = GivenState> {
    (
        0..5_u16,
        prop_oneof![Just(250_u16), 0..400_u16],
        0..200_u32,
        prop::option::weighted(0.8, -5..10_i32),
        0..9_u16,
        prop::option::of(-9..=1_i32),
    )
        .prop_map(|(reps, ease, interval_days, due, lapses, last)| GivenState {
            reps,
            ease,
            interval_days,
            due: due.map(Day),
            lapses,
            last_scheduled: last.map(Day),
        })
}

/// Makes the entries of these steps.
fn history(steps: &[Step]) -> History {
    let mut zones = ZoneHistory::new();
    let mut entries: Vec<LogEntry> = Vec::new();
    let mut at_ms = START_MS;
    for step in steps {
        at_ms += step.after_min * MINUTE_MS;
        let id = EntryId::v7(at_ms, u128::from(step.random));
        let today = zones.stamp(at_ms).day;
        let made = match &step.deed {
            Deed::Answer { card, grade, early, sitting } => {
                Some((id, None, answer(*card, *grade, *early, *sitting)))
            }
            Deed::AnswerTold { card, grade, early } => {
                Some((id, None, told(answer(*card, *grade, *early, None))))
            }
            Deed::Set { card: n, change } => {
                let (deck, card) = card(*n);
                Some((id, None, Body::Set { deck, card, change: from_today(*change, today) }))
            }
            Deed::Undo { of, skew_min } => pick(&entries, of, |_| true).map(|of| {
                let id = EntryId::v7(at_ms + skew_min * MINUTE_MS, u128::from(step.random));
                (id, None, Body::Undo { of: of.id })
            }),
            Deed::UndoLater { of } => pick(&entries, of, |_| true).map(|of| {
                let id = EntryId::v7(of.id.at_ms() - 2 * MINUTE_MS, u128::from(step.random));
                (id, None, Body::Undo { of: of.id })
            }),
            Deed::ImportAnswer { card, grade, job } => {
                Some((imported(*card, at_ms), Some(*job), answer(*card, *grade, false, None)))
            }
            Deed::ImportAgain { of, grade, job } => pick(&entries, of, |e| e.review().is_some())
                .and_then(|known| known.review().map(|review| (known.id.at_ms(), *review)))
                .map(|(at_ms, review)| {
                    let n = (review.card.0.as_u128() & 0xff) as u8;
                    (imported(n, at_ms), Some(*job), answer(n, *grade, false, None))
                }),
            Deed::ImportState { card: n, state, job } => {
                let (deck, card) = card(*n);
                Some((id, *job, Body::State { deck, card, state: state_from(*state, today) }))
            }
            Deed::Mark { job: n, revoke: false } => Some((id, None, Body::ImportCommit { job: job(*n) })),
            Deed::Mark { job: n, revoke: true } => Some((id, None, Body::ImportRevoke { job: job(*n) })),
            Deed::Regrade { of, grade, skew_min, elsewhere, guest } => pick(&entries, of, |e| {
                e.review().is_some()
            })
            .and_then(|named| {
                let ((deck, card), of) = (named.card()?, named.id);
                let card = if *elsewhere { other_card(deck, card) } else { card };
                let (grade, by) = (*grade, UserId::from_u128(0x7eac));
                let id = EntryId::v7(at_ms + skew_min * MINUTE_MS, u128::from(step.random));
                Some((id, guest.map(|n| n + GUESTS), Body::Regrade(Regrade { of, deck, card, grade, by })))
            }),
            Deed::GuestAnswer { card, grade, guest } => {
                Some((id, Some(*guest + GUESTS), answer(*card, *grade, false, None)))
            }
            Deed::GuestBeside { of, grade, guest, same } => pick(&entries, of, |e| e.review().is_some())
                .and_then(|named| {
                    let review = *named.review()?;
                    let beside = EntryId::v7(named.id.at_ms(), u128::from(step.random));
                    let (id, grade) = if *same { (named.id, review.grade) } else { (beside, *grade) };
                    Some((id, Some(*guest + GUESTS), Body::Review(Review { grade, ..review })))
                }),
            Deed::Claim { guest: n, revoke: false } => {
                let guest = UserId::from_u128(0x9e57 + u128::from(*n));
                Some((id, None, Body::Claim { guest, job: job(n + GUESTS) }))
            }
            Deed::Claim { guest: n, revoke: true } => {
                Some((id, None, Body::ImportRevoke { job: job(n + GUESTS) }))
            }
            Deed::Travel { zone } => {
                let (name, hour) = ZONES[*zone];
                zones.change(at_ms, name, hour).unwrap();
                None
            }
        };
        if let Some((id, n, body)) = made {
            let entry = LogEntry { id, job: n.map(job), stamp: zones.stamp(id.at_ms()), body };
            // The store's key is (id, job): what it has under a key stays.
            if !entries.iter().any(|e| (e.id, e.job) == (entry.id, entry.job)) {
                entries.push(entry);
            }
        }
    }
    History { entries }
}

/// The next card of the same deck.
fn other_card(deck: DeckId, card: CardId) -> CardId {
    let next = CardId::from_u128(card.0.as_u128() + 3);
    debug_assert_eq!(deck, self::deck((next.0.as_u128() & 0xff) as u8));
    next
}

fn pick<'a>(
    entries: &'a [LogEntry],
    which: &Index,
    wanted: impl Fn(&LogEntry) -> bool,
) -> Option<&'a LogEntry> {
    let candidates: Vec<&LogEntry> = entries.iter().filter(|e| wanted(e)).collect();
    // The newest few, as a learner or a second export would name them.
    let newest = candidates.get(candidates.len().saturating_sub(6)..)?;
    (!newest.is_empty()).then(|| *which.get(newest))
}

/// An import job.
pub fn job(n: u8) -> JobId {
    JobId::from_u128(0x10b0 + u128::from(n))
}

/// The id of an imported review: a function of card and millisecond, so that the key itself merges.
pub fn imported(card_number: u8, at_ms: i64) -> EntryId {
    let time = (at_ms as u128) << 80;
    EntryId(Uuid::from_u128(time | (0x8 << 76) | (0b10 << 62) | (0x5a5a_0000 + u128::from(card_number))))
}

/// An answer to a card.
pub fn answer(n: u8, grade: Grade, early: bool, sitting: Option<u8>) -> Body {
    let (deck, card) = card(n);
    Body::Review(Review {
        deck,
        card,
        grade,
        mode: Mode::Flip,
        elapsed_ms: 1500,
        early,
        confidence: None,
        sitting: sitting.map(|s| SittingId::from_u128(0x5177 + u128::from(s))),
        class: None,
        response: None,
        revision: 1,
        told: false,
    })
}

/// The same answer after the class has talked about the card.
pub fn told(mut answer: Body) -> Body {
    if let Body::Review(review) = &mut answer {
        review.told = true;
    }
    answer
}

fn from_today(change: SetChange, today: Day) -> SetChange {
    match change {
        SetChange::BuriedUntil(Some(d)) => SetChange::BuriedUntil(Some(today.plus(d.0))),
        SetChange::Due(d) => SetChange::Due(today.plus(d.0)),
        SetChange::Suspended(_) | SetChange::BuriedUntil(None) | SetChange::Flag(_) | SetChange::Reset => {
            change
        }
    }
}

fn state_from(state: GivenState, today: Day) -> GivenState {
    let from_today = |d: Option<Day>| d.map(|d| today.plus(d.0));
    GivenState { due: from_today(state.due), last_scheduled: from_today(state.last_scheduled), ..state }
}
