//! The local bus keeps what every bus has to keep, and a lost message is noticed.

use bus::{Fate, LocalBus, LocalNet};
use kit::FaultBus;
use kit::contract_bus::{self as contract, Net, changed, run, told, unknown, watch};
use ports::bus::Run;
use ports::{Bus as _, Heard, Topic};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

struct Local(LocalNet);

impl Net for Local {
    type Bus = LocalBus;

    fn join(&self, run: Run) -> LocalBus {
        self.0.join(run)
    }
}

kit::bus_contract!(Some((Local(LocalNet::default()), ())));

/// A net of nodes that forget to tell of changes.
struct Forgetful(LocalNet);

impl Net for Forgetful {
    type Bus = FaultBus<LocalBus>;

    fn join(&self, run: Run) -> FaultBus<LocalBus> {
        FaultBus::that_drops_invalidations(self.0.join(run))
    }
}

/// The control of the contract: `bug-drop-invalidation`.
#[tokio::test(start_paused = true)]
#[should_panic(expected = "nothing is heard")]
async fn the_contract_finds_a_node_that_drops_invalidations() {
    contract::a_note_reaches_every_other_node_that_watches_its_topic(&Forgetful(LocalNet::default())).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_last_message_is_noticed_at_the_next_beat() {
    let is_down = Arc::new(AtomicBool::new(false));
    let down = is_down.clone();
    let net = LocalNet::with_faults(
        move |_, _| {
            if down.load(Ordering::Relaxed) { Fate::Lost } else { Fate::Twice }
        },
    );
    let (from, to) = (net.join(run(1)), net.join(run(2)));
    watch(&to, Topic::Inv).await;
    told(&from, &to, Topic::Inv, changed(1, 1)).await;
    unknown(&to, Topic::Inv).await;
    is_down.store(true, Ordering::Relaxed);
    from.publish(Topic::Inv, changed(1, 2));
    is_down.store(false, Ordering::Relaxed);
    net.beat();
    assert_eq!(contract::next(&to).await, Heard::Unknown(Topic::Inv));
}

#[tokio::test]
async fn a_message_that_arrives_twice_is_heard_once() {
    let net = LocalNet::with_faults(|_, _| Fate::Twice);
    let (from, to) = (net.join(run(1)), net.join(run(2)));
    watch(&to, Topic::Inv).await;
    for revision in 1..=3 {
        from.publish(Topic::Inv, changed(revision, 1));
    }
    assert_eq!(to.stats().received, 3);
}
