//! State is a function of the *set* of a learner's entries: whatever arrives, however often and in whatever order and
//! pieces, the fold is one, and it is what the rules say.

use crate::histories::{self, arrivals, params};
use crate::invariants::in_order;
use crate::reference::{self, Card, Learner};
use domain::entry::LogEntry;
use domain::fold::{CardFold, Folded, Live, LiveReader, fold_card, fold_learner};
use domain::ids::{CardId, DeckId};
use domain::state::CardState;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The production fold in the reference's words.
pub fn production(entries: &[LogEntry]) -> Learner {
    let folded = fold_learner(entries, params);
    let mut learner = Learner::default();
    for (key, state) in &folded.cards {
        learner.cards.insert(*key, Card::of(state));
    }
    for ((day, deck), f) in &folded.days {
        learner.days.insert((day.0, *deck), (f.entries.into(), f.correct.into(), f.elapsed_ms));
    }
    let live = Live::of(entries);
    for ((deck, _), its_own) in by_card(entries) {
        fold_card(&its_own, &live, &params(deck), |entry, counted| {
            learner.kinds.extend(counted.map(|kind| (entry.id, kind)));
        });
    }
    learner.kinds.sort();
    learner
}

/// The entries of each card.
pub fn by_card(entries: &[LogEntry]) -> BTreeMap<(DeckId, CardId), Vec<LogEntry>> {
    let mut cards: BTreeMap<_, Vec<LogEntry>> = BTreeMap::new();
    for entry in entries {
        if let Some(key) = entry.card() {
            cards.entry(key).or_default().push(*entry);
        }
    }
    cards
}

fn folded(entries: &[LogEntry]) -> Folded {
    fold_learner(entries, params)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_fold_is_what_the_rules_say((history, _) in arrivals(24)) {
        prop_assert_eq!(production(&history.entries), reference::fold(&history.entries, params));
    }

    #[test]
    fn any_order_and_any_doubling_gives_one_digest((history, arrived) in arrivals(24)) {
        prop_assert_eq!(folded(&history.entries).digest(), folded(&arrived).digest());
        prop_assert_eq!(production(&history.entries), production(&arrived));
        prop_assert_eq!(reference::fold(&history.entries, params), reference::fold(&arrived, params));
    }

    #[test]
    fn a_session_that_steps_in_order_holds_what_the_fold_gives((history, _) in arrivals(24)) {
        // What a session does: one step an entry while they come in order, on states that are kept between.
        let live = Live::of(&history.entries);
        let ordered = in_order(&history.entries, &live);
        let mut held: BTreeMap<(DeckId, CardId), CardState> = BTreeMap::new();
        for entry in &ordered {
            let Some(key) = entry.card() else { continue };
            let state = held.entry(key).or_insert(CardState::NEW);
            *state = state.after(entry, &params(key.0)).0;
        }
        prop_assert_eq!(held, folded(&history.entries).cards);
    }

    #[test]
    fn cards_whose_entries_come_one_by_one_are_what_the_fold_gives((history, arrived) in arrivals(24)) {
        // As a log is read: by id and job, whatever counts, and rows of one id from several jobs beside each other.
        let mut reader = LiveReader::default();
        arrived.iter().for_each(|entry| reader.read(entry));
        let live = reader.live();
        let mut log = history.entries.clone();
        log.sort_unstable_by_key(|entry| (entry.id, entry.job));
        let mut cards: BTreeMap<(DeckId, CardId), CardFold> = BTreeMap::new();
        let mut counted = BTreeSet::new();
        for entry in &log {
            let Some(key) = entry.card() else { continue };
            let as_what = cards.entry(key).or_default().take(entry, &live, &params(key.0));
            counted.extend(as_what.map(|as_what| (entry.id, key.1, format!("{as_what:?}"))));
        }
        for (key, its_own) in by_card(&history.entries) {
            let mut of_card = BTreeSet::new();
            let state = fold_card(&its_own, &live, &params(key.0), |entry, as_what| {
                of_card.extend(as_what.map(|as_what| (entry.id, key.1, format!("{as_what:?}"))));
            });
            prop_assert_eq!(&state, cards[&key].state());
            prop_assert!(of_card.is_subset(&counted));
            counted.retain(|of| !of_card.contains(of));
        }
        prop_assert!(counted.is_empty(), "{:?}", counted);
    }

    #[test]
    fn folding_in_pieces_and_going_on_from_a_stored_state_is_folding_once(
        (history, _) in arrivals(24),
        cut in any::<prop::sample::Index>(),
    ) {
        let live = Live::of(&history.entries);
        for ((deck, _), its_own) in by_card(&history.entries) {
            // One row a key in either piece: a review that two jobs brought does not straddle the cut.
            let its_own = in_order(&its_own, &live);
            let whole = fold_card(&its_own, &live, &params(deck), |_, _| {});
            let (first, rest) = its_own.split_at(cut.index(its_own.len() + 1));
            let stored = fold_card(first, &live, &params(deck), |_, _| {});
            let state = rest.iter().fold(stored, |state, entry| state.after(entry, &params(deck)).0);
            prop_assert_eq!(state, whole);
        }
    }

    #[test]
    fn one_card_folded_from_its_keyed_read_is_that_card_of_the_whole((_, arrived) in arrivals(24)) {
        // The read by card brings the card's entries, the undos that name them and the import marks: nothing more.
        let whole = folded(&arrived);
        for (key, its_own) in by_card(&arrived) {
            let marks = arrived.iter().filter(|e| match e.body {
                domain::entry::Body::Undo { of } => its_own.iter().any(|own| own.id == of),
                domain::entry::Body::ImportCommit { .. }
                | domain::entry::Body::ImportRevoke { .. }
                | domain::entry::Body::Claim { .. } => true,
                domain::entry::Body::Review(_)
                | domain::entry::Body::Regrade(_)
                | domain::entry::Body::Set { .. }
                | domain::entry::Body::State { .. } => false,
            });
            let live = Live::of(its_own.iter().chain(marks));
            let mut any = false;
            let state = fold_card(&its_own, &live, &params(key.0), |_, _| any = true);
            prop_assert_eq!(any.then_some(&state), whole.cards.get(&key));
        }
    }

    #[test]
    fn importing_twice_changes_nothing_and_revoking_restores(
        (history, _) in arrivals(16),
        grades in prop::collection::vec(0..6_u8, 1..6),
    ) {
        use domain::entry::Body;
        let job = domain::ids::JobId::from_u128(0xfeed);
        let at = |n: i64| domain::ids::EntryId::v7(histories::START_MS + n, 7);
        let stamp = domain::day::ZoneHistory::new().stamp(histories::START_MS);
        let mark = |n, body| LogEntry { id: at(n), job: None, stamp, body };
        let rows: Vec<LogEntry> = grades.iter().enumerate().map(|(i, &g)| {
            // No history answers beside a whole minute: with card and millisecond of a live answer it would be that one.
            let at_ms = histories::START_MS - 86_400_000 * (i as i64 + 1) + 1;
            let grade = domain::grade::Grade::new(g).unwrap();
            LogEntry {
                id: histories::imported(1, at_ms),
                job: Some(job),
                stamp: domain::day::ZoneHistory::new().stamp(at_ms),
                body: histories::answer(1, grade, false, None),
            }
        }).collect();
        let before = folded(&history.entries);
        let mut log = history.entries.clone();
        log.extend(&rows);
        prop_assert_eq!(folded(&log).digest(), before.digest(), "rows of an open job are inert");
        log.push(mark(1, Body::ImportCommit { job }));
        let imported = folded(&log);
        prop_assert_ne!(imported.digest(), before.digest());
        log.extend(&rows);
        log.push(mark(2, Body::ImportCommit { job }));
        prop_assert_eq!(folded(&log).digest(), imported.digest(), "a second import changes nothing");
        log.push(mark(3, Body::ImportRevoke { job }));
        prop_assert_eq!(folded(&log).digest(), before.digest(), "a revocation restores the digest");
    }
}
