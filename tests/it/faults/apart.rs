//! A store with a partition a learner: what one partition does, its learner alone notices.

use crate::study::book::fold_faults;
use crate::study::learner::{Device, card_of, somebody};
use crate::study::server::{TestServer, Wishes, eventually, unlimited};
use kit::Fault;
use ports::{Cause, ReviewStore as _, Shape};

fn apart() -> Wishes {
    Wishes { shape: Some(Shape::PerLearner { lanes: 4, rows_max: 8 }), ..Wishes::workers(2) }
}

#[test]
fn a_learner_whose_rows_stand_still_holds_up_nobody_else() {
    let server = TestServer::start_with(apart());
    let (slow, other) = (somebody(), somebody());
    let (deck, cards) = server.deck_with(slow, 40, unlimited());
    let (others_deck, _) = server.deck_with(other, 40, unlimited());
    let mut stuck = Device::join(&server, slow);
    stuck.start(&[deck], 3);
    server.faults.script([Some(Fault::Held)]);
    for card in cards.iter().take(20) {
        let answer = stuck.answer_frame(deck, *card, 5);
        stuck.command(answer);
    }
    eventually("the first row is held", || server.faults.met() == [Fault::Held]);
    let mut device = Device::join(&server, other);
    device.start(&[others_deck], 3);
    for _ in 0..20 {
        let card = card_of(&device.wait("card"));
        device.answer(others_deck, card, 5);
        device.settle();
    }
    assert_eq!((server.log(other).len(), server.log(slow).len()), (20, 0));
    server.faults.release();
    stuck.settle();
    let (log, rows) = (server.log(slow), server.run(server.store.progress(slow, deck)).unwrap());
    assert_eq!(log.len(), 20);
    assert_eq!(fold_faults(&log, &rows, |_| unlimited().fold_params()), Vec::<String>::new());
}

#[test]
fn rows_that_fail_are_tried_again_until_they_are_durable_and_none_is_doubled() {
    let server = TestServer::start_with(apart());
    server.faults.seeded(7, 30, 0);
    let learners: Vec<_> = (0..6).map(|_| somebody()).collect();
    let decks: Vec<_> = learners.iter().map(|learner| server.deck_with(*learner, 30, unlimited())).collect();
    let mut devices: Vec<Device<'_>> =
        learners.iter().map(|learner| Device::join(&server, *learner)).collect();
    for n in 0..30 {
        for (device, (deck, cards)) in devices.iter_mut().zip(&decks) {
            let answer = device.answer_frame(*deck, cards[n], 5);
            device.command(answer);
        }
    }
    devices.iter_mut().for_each(Device::settle);
    let met = server.faults.met();
    assert!(met.iter().any(|fault| matches!(fault, Fault::Torn(_) | Fault::After(_))), "{met:?}");
    assert!(met.iter().any(|fault| matches!(fault, Fault::Before(cause) if *cause != Cause::Poisoned)));
    for (learner, (deck, _)) in learners.iter().zip(&decks) {
        let (log, rows) = (server.log(*learner), server.run(server.store.progress(*learner, *deck)).unwrap());
        assert_eq!(log.len(), 30);
        assert_eq!(fold_faults(&log, &rows, |_| unlimited().fold_params()), Vec::<String>::new());
    }
}
