//! What every bus has to keep, whatever it is made of. Each promise is a function; a bus's tests call
//! [`bus_contract!`](crate::bus_contract), which makes a test of each.
//!
//! A bus may say *unknown* at any time, and it stands for every note before it. So where a promise is about a note as
//! such, it is told again until it is heard.

#![allow(missing_docs, reason = "the name of a function is the promise")]

use crate::rows::{deck, user};
use crate::wait::DEADLINE;
use domain::ids::{ClassId, DeckId, UserId, Uuid};
use ports::bus::{Cell, CellKey, CellVersion, NOTES_MAX, Run, WATCHED_MAX, Whom};
use ports::{Bus, Heard, Note, Topic};
use std::collections::BTreeSet;

/// Makes a test of each promise about a bus. The expression makes a [`Net`](crate::contract_bus::Net) without nodes, and
/// whatever has to live as long as it does: `Some((net, keep))`, or `None` where it cannot be made here.
#[macro_export]
macro_rules! bus_contract {
    ($make:expr) => {
        $crate::bus_contract!($make;
            a_topic_is_unknown_when_it_begins_to_be_heard,
            a_note_reaches_every_other_node_that_watches_its_topic,
            every_kind_of_note_is_heard_as_it_was_told,
            nobody_hears_itself,
            only_what_is_watched_is_heard,
            what_is_not_watched_any_more_is_not_heard,
            a_topic_that_is_watched_again_is_unknown_again,
            of_notes_about_the_same_the_newest_is_heard_last,
            of_cells_the_newest_version_wins,
            a_listener_that_does_not_listen_costs_a_bounded_amount_and_is_told,
            a_note_that_was_not_heard_is_followed_by_unknown,
            watching_too_much_is_refused_and_what_is_watched_goes_on,
        );
    };
    ($make:expr; $($promise:ident),* $(,)?) => {
        $(
            #[test]
            fn $promise() {
                $crate::wait::block_on(async {
                    let Some((net, _keep)) = $make else { return };
                    $crate::contract_bus::$promise(&net).await;
                });
            }
        )*
    };
}

/// Where buses of several nodes come from.
pub trait Net {
    /// A bus.
    type Bus: Bus;

    /// One more node.
    fn join(&self, run: Run) -> Self::Bus;
}

/// The n-th class.
pub fn class(n: u64) -> Topic {
    Topic::Class(ClassId::from_u128(0x0190_0000_0000_7000_8400_0000_0000_0000 + u128::from(n)))
}

/// The n-th run.
pub fn run(n: u64) -> Run {
    Run(Uuid::from_u128(0x0190_0000_0000_7000_8500_0000_0000_0000 + u128::from(n)))
}

/// A deck's revision.
pub fn changed(of: u64, revision: u64) -> Note {
    Note::Deck { deck: deck(of), revision }
}

/// A student's cell.
pub fn cell(student: u64, epoch: u64, n: u64) -> Note {
    let key = CellKey { student: user(student), lesson: Uuid::from_u128(1) };
    Note::Cell(Cell { key, version: CellVersion { epoch, n }, bytes: n.to_be_bytes().into() })
}

fn people(of: &[u64]) -> Note {
    Note::Access(Whom::People(of.iter().map(|n| user(*n)).collect::<Vec<UserId>>().into()))
}

/// What is heard next.
///
/// # Panics
/// When nothing is heard.
pub async fn next(bus: &impl Bus) -> Heard {
    let heard = tokio::time::timeout(DEADLINE, bus.next()).await;
    heard.unwrap_or_else(|_| panic!("nothing is heard: {:?}", bus.stats()))
}

/// Listens until this topic is unknown.
///
/// # Panics
/// When it never is.
pub async fn unknown(bus: &impl Bus, topic: Topic) {
    until(bus, |heard| *heard == Heard::Unknown(topic)).await;
}

/// Listens until something holds of what is heard.
///
/// # Panics
/// When it never does.
pub async fn until(bus: &impl Bus, mut holds: impl FnMut(&Heard) -> bool) {
    let listening = async { while !holds(&bus.next().await) {} };
    let heard = tokio::time::timeout(DEADLINE, listening).await;
    heard.unwrap_or_else(|_| panic!("waited in vain for what was to be heard: {:?}", bus.stats()));
}

/// Watches a topic and listens until it is really heard.
pub async fn watch(bus: &impl Bus, topic: Topic) {
    bus.watch(topic).unwrap();
    unknown(bus, topic).await;
}

/// Tells a note, again whenever the listener is told to check everything, until the note itself is heard. All else that
/// was heard meanwhile is returned.
///
/// # Panics
/// When it is not heard.
pub async fn told(from: &impl Bus, to: &impl Bus, topic: Topic, note: Note) -> Vec<Heard> {
    let expected = Heard::Note { topic, note: note.clone() };
    let mut others = Vec::new();
    from.publish(topic, note.clone());
    loop {
        let heard = next(to).await;
        if heard == expected {
            return others;
        }
        if heard == Heard::Unknown(topic) {
            from.publish(topic, note.clone());
        }
        others.push(heard);
    }
}

pub async fn a_topic_is_unknown_when_it_begins_to_be_heard(net: &impl Net) {
    let bus = net.join(run(1));
    for topic in [Topic::Inv, class(1), class(2)] {
        bus.watch(topic).unwrap();
        assert_eq!(next(&bus).await, Heard::Unknown(topic));
    }
}

pub async fn a_note_reaches_every_other_node_that_watches_its_topic(net: &impl Net) {
    let [one, two, three] = [1, 2, 3].map(|n| net.join(run(n)));
    for bus in [&one, &two, &three] {
        watch(bus, Topic::Inv).await;
    }
    told(&one, &two, Topic::Inv, changed(1, 7)).await;
    told(&one, &three, Topic::Inv, changed(1, 8)).await;
    told(&three, &one, Topic::Inv, changed(2, 9)).await;
}

pub async fn every_kind_of_note_is_heard_as_it_was_told(net: &impl Net) {
    let (from, to) = (net.join(run(1)), net.join(run(2)));
    watch(&to, class(1)).await;
    watch(&to, Topic::Inv).await;
    for note in [
        changed(1, u64::MAX),
        people(&[1, 2, 3]),
        Note::Access(Whom::Deck(deck(4))),
        Note::Person(user(5)),
        Note::Revoked(user(6)),
        Note::Inbox(user(7)),
    ] {
        told(&from, &to, Topic::Inv, note).await;
    }
    told(&from, &to, class(1), cell(8, 9, 10)).await;
}

pub async fn nobody_hears_itself(net: &impl Net) {
    let (one, two) = (net.join(run(1)), net.join(run(2)));
    watch(&one, Topic::Inv).await;
    watch(&two, Topic::Inv).await;
    told(&one, &two, Topic::Inv, changed(1, 1)).await;
    let others = told(&two, &one, Topic::Inv, changed(2, 2)).await;
    assert!(others.iter().all(|heard| *heard == Heard::Unknown(Topic::Inv)), "{others:?}");
}

pub async fn only_what_is_watched_is_heard(net: &impl Net) {
    let (from, to) = (net.join(run(1)), net.join(run(2)));
    watch(&to, class(2)).await;
    from.publish(class(1), cell(1, 1, 1));
    from.publish(Topic::Inv, changed(1, 1));
    let others = told(&from, &to, class(2), cell(2, 2, 2)).await;
    assert!(others.iter().all(|heard| *heard == Heard::Unknown(class(2))), "{others:?}");
}

pub async fn what_is_not_watched_any_more_is_not_heard(net: &impl Net) {
    let (from, to) = (net.join(run(1)), net.join(run(2)));
    watch(&to, class(1)).await;
    watch(&to, Topic::Inv).await;
    told(&from, &to, class(1), cell(1, 1, 1)).await;
    to.unwatch(class(1));
    from.publish(class(1), cell(1, 1, 2));
    let others = told(&from, &to, Topic::Inv, changed(1, 1)).await;
    assert!(others.iter().all(|heard| *heard == Heard::Unknown(Topic::Inv)), "{others:?}");
}

pub async fn a_topic_that_is_watched_again_is_unknown_again(net: &impl Net) {
    let bus = net.join(run(1));
    watch(&bus, class(1)).await;
    bus.unwatch(class(1));
    watch(&bus, class(1)).await;
    // Twice without an end between them is once.
    bus.watch(class(1)).unwrap();
    bus.watch(class(2)).unwrap();
    assert_eq!(next(&bus).await, Heard::Unknown(class(2)));
}

pub async fn of_notes_about_the_same_the_newest_is_heard_last(net: &impl Net) {
    const LAST: u64 = 5_000;
    let (from, to) = (net.join(run(1)), net.join(run(2)));
    watch(&to, Topic::Inv).await;
    for revision in 1..LAST {
        from.publish(Topic::Inv, changed(1, revision));
    }
    let others = told(&from, &to, Topic::Inv, changed(1, LAST)).await;
    let revisions: Vec<u64> = others.iter().filter_map(revision).collect();
    assert!(revisions.is_sorted() && revisions.iter().all(|revision| *revision < LAST), "{revisions:?}");
}

fn revision(heard: &Heard) -> Option<u64> {
    match heard {
        Heard::Note { note: Note::Deck { revision, .. }, .. } => Some(*revision),
        Heard::Note { .. } | Heard::Unknown(_) => None,
    }
}

pub async fn of_cells_the_newest_version_wins(net: &impl Net) {
    let (from, to) = (net.join(run(1)), net.join(run(2)));
    watch(&to, class(1)).await;
    // A later owner's cell, then a stale one's, while nobody takes them.
    let newest = cell(1, 2, 1);
    for note in [cell(1, 1, 8), newest.clone(), cell(1, 1, 9)] {
        from.publish(class(1), note);
    }
    told(&from, &to, class(1), cell(2, 1, 1)).await;
    told(&from, &to, class(1), newest).await;
}

pub async fn a_listener_that_does_not_listen_costs_a_bounded_amount_and_is_told(net: &impl Net) {
    let (from, to) = (net.join(run(1)), net.join(run(2)));
    watch(&to, Topic::Inv).await;
    told(&from, &to, Topic::Inv, changed(0, 1)).await;
    for n in 0..50_000 {
        from.publish(Topic::Inv, changed(n, 2));
    }
    crate::wait::eventually("everything was given up or arrived", || from.stats().waiting_out == 0).await;
    assert!(to.stats().waiting_in <= NOTES_MAX, "{:?}", to.stats());
    assert!(from.stats().dropped + to.stats().dropped > 0);
    unknown(&to, Topic::Inv).await;
    told(&from, &to, Topic::Inv, changed(1, 3)).await;
}

pub async fn a_note_that_was_not_heard_is_followed_by_unknown(net: &impl Net) {
    let (from, to) = (net.join(run(1)), net.join(run(2)));
    watch(&to, Topic::Inv).await;
    for n in 0..20_000 {
        from.publish(Topic::Inv, changed(n, 1));
    }
    from.publish(Topic::Inv, changed(99_999, 1));
    // All of them, or unknown: what is heard now is heard after the last of them was told.
    let mut heard = BTreeSet::new();
    until(&to, |what| {
        heard.extend(deck_of(what));
        *what == Heard::Unknown(Topic::Inv) || heard.len() == 20_001
    })
    .await;
}

fn deck_of(heard: &Heard) -> Option<DeckId> {
    match heard {
        Heard::Note { note: Note::Deck { deck, .. }, .. } => Some(*deck),
        Heard::Note { .. } | Heard::Unknown(_) => None,
    }
}

pub async fn watching_too_much_is_refused_and_what_is_watched_goes_on(net: &impl Net) {
    let (from, to) = (net.join(run(1)), net.join(run(2)));
    for n in 0..WATCHED_MAX as u64 {
        to.watch(class(n)).unwrap();
    }
    assert!(to.watch(Topic::Inv).is_err());
    assert!(to.watch(class(1)).is_ok(), "it is watched already");
    for _ in 0..WATCHED_MAX {
        assert!(matches!(next(&to).await, Heard::Unknown(_)));
    }
    told(&from, &to, class(3), cell(1, 1, 1)).await;
    to.unwatch(class(0));
    watch(&to, Topic::Inv).await;
}
