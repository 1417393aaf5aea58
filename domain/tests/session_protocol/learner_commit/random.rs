//! Random histories of LearnerCommit, watched from outside.

use super::user;
use crate::commit::{ids, row};
use crate::rng::Rng;
use domain::commit::{Decided, Flight, Landed, LearnerCommit, Offer};
use domain::ids::UserId;
use domain::limits::RETRY_LONGEST_MS;
use std::collections::{BTreeMap, BTreeSet};

/// Watches everything that goes in and out, and fails where a rule is broken.
#[derive(Default)]
struct Watch {
    /// Rows of each learner that are offered and not decided, oldest first.
    open: BTreeMap<UserId, Vec<Offer>>,
    out: Vec<Flight>,
    /// Turns since a learner with rows had a flight.
    waited: BTreeMap<UserId, u32>,
}

impl Watch {
    fn leaves(&mut self, flight: &Flight) {
        assert!(self.out.iter().all(|other| other.user != flight.user), "two flights of one learner");
        assert!(self.out.len() < FLIGHTS, "too many flights");
        let open = self.open.get(&flight.user).map_or(&[][..], Vec::as_slice);
        let oldest: Vec<Offer> = open.iter().copied().take(flight.offers.len()).collect();
        assert_eq!(ids(&flight.offers), ids(&oldest), "not the oldest rows");
        let cards: BTreeSet<_> = oldest.iter().map(|offer| offer.append.about).collect();
        assert_eq!(cards.len(), oldest.len(), "two rows of a card");
        self.waited.remove(&flight.user);
        self.out.push(flight.clone());
    }

    fn decides(&mut self, decided: &[Decided], returned: Option<&Flight>) {
        for decided in decided {
            let (Decided::Durable(offer) | Decided::Never(offer)) = decided else { continue };
            let flew = returned.is_some_and(|flight| ids(&flight.offers).contains(&ids(&[*offer])[0]));
            assert!(flew, "a verdict before its flight returned");
            let open = self.open.get_mut(&offer.user).expect("offered");
            let at = open.iter().position(|row| row.entry_id() == offer.entry_id()).expect("decided once");
            open.remove(at);
        }
    }

    /// In each turn everything that is out returns: who waits gets a flight soon.
    fn turn(&mut self) {
        for (user, rows) in &self.open {
            let waits = !rows.is_empty() && self.out.iter().all(|flight| flight.user != *user);
            let waited = self.waited.entry(*user).or_default();
            *waited = if waits { *waited + 1 } else { 0 };
            assert!(*waited < 60, "a learner starves");
        }
    }
}

const FLIGHTS: usize = 5;

/// What is wrong with the shell around the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wrong {
    Nothing,
    TwoFlights,
    EarlyVerdict,
    Starved,
}

/// Random learners, rows, outcomes and times; `wrong` is what the machine seems to do.
fn drive(seed: u64, wrong: Wrong) {
    let mut rng = Rng::new(seed);
    let (mut machine, mut watch) = (LearnerCommit::new(FLIGHTS, 4), Watch::default());
    let (mut tick_ms, mut next) = (0, 0);
    for turn in 0..400 {
        let calm = turn > 300;
        for _ in 0..if calm { 0 } else { rng.below(6) } {
            next += 1;
            let offer = row(user(1 + u128::from(rng.below(12))), 1 + u128::from(rng.below(5)), next);
            machine.offer(offer);
            watch.open.entry(offer.user).or_default().push(offer);
        }
        let mut decided = Vec::new();
        while let Some(flight) = machine.submit(tick_ms, &mut decided) {
            if wrong == Wrong::EarlyVerdict && rng.below(20) == 0 {
                decided.push(Decided::Durable(flight.offers[0]));
            }
            if wrong == Wrong::TwoFlights && rng.below(20) == 0 {
                watch.leaves(&flight);
            }
            watch.leaves(&flight);
            watch.decides(&std::mem::take(&mut decided), None);
        }
        watch.turn();
        let (back, out): (Vec<Flight>, Vec<Flight>) =
            std::mem::take(&mut watch.out).into_iter().partition(|_| calm || rng.below(3) > 0);
        watch.out = out;
        for flight in back {
            if wrong == Wrong::Starved && flight.user == user(3) {
                continue;
            }
            let outcome = |dice: u64| [Landed::Unknown, Landed::Never, Landed::Durable][dice.min(2) as usize];
            let landed: Vec<Landed> = flight
                .offers
                .iter()
                .map(|_| if calm { Landed::Durable } else { outcome(rng.below(8)) })
                .collect();
            machine.returned(flight.number, tick_ms, &landed, rng.below(1_001), &mut decided);
            watch.decides(&std::mem::take(&mut decided), Some(&flight));
        }
        tick_ms += if calm { RETRY_LONGEST_MS } else { rng.below(100) };
    }
    assert_eq!(machine.undecided(), 0, "something is never decided");
    assert_eq!((machine.flights(), machine.next_tick_ms()), (0, None));
}

#[test]
fn random_histories_keep_every_rule() {
    (0..200).for_each(|seed| drive(seed, Wrong::Nothing));
}

#[test]
fn every_broken_rule_is_seen() {
    for wrong in [Wrong::TwoFlights, Wrong::EarlyVerdict, Wrong::Starved] {
        let seen = (0..20).any(|seed| std::panic::catch_unwind(|| drive(seed, wrong)).is_err());
        assert!(seen, "{wrong:?} was not seen");
    }
}
