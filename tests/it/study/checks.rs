//! Something may have been missed, so everybody looks again: some at a time, at no more than is needed, and nobody is
//! forgotten.

use super::learner::{Device, somebody};
use super::server::{TestServer, Wishes, eventually};
use super::zones::changed_elsewhere;
use actors::{Hooks, Limits};
use domain::ids::UserId;
use domain::session::Input;
use ports::{People as _, Role, SignIn};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// More learners than may look again while reads wait.
const LEARNERS: usize = 600;

#[test]
fn a_check_of_everybody_waits_while_reads_wait_and_forgets_nobody_who_moves_meanwhile() {
    let looked: Arc<Mutex<BTreeSet<UserId>>> = Arc::default();
    let looks = looked.clone();
    let hooks = Hooks {
        before_input: Some(Arc::new(move |user, input| {
            if matches!(input, Input::AccessChanged) {
                looks.lock().unwrap().insert(user);
            }
        })),
        ..Hooks::default()
    };
    let limits = Limits { loads_at_once: 1, ..Limits::default() };
    let server = TestServer::start_with(Wishes { limits: Some(limits), hooks, ..Wishes::workers(2) });
    let learners: Vec<UserId> = (0..LEARNERS).map(|_| somebody()).collect();
    for user in &learners {
        let who = SignIn { user: *user, org: None, role: Role::Learner, name: None };
        server.run(server.store.sign_in(who, server.now_ms())).unwrap();
        server.visit(*user);
    }
    let sessions = || server.view().shards.iter().map(|shard| shard.sessions).sum::<usize>();
    eventually("everybody is here", || sessions() == LEARNERS);
    // One load keeps the only place, and every read waits behind it.
    server.watched.hold_loads();
    server.visit(somebody());
    server.engine.check_all();
    let count = || looked.lock().unwrap().len();
    eventually("some have looked", || count() >= 256);
    server.view();
    assert!(count() < LEARNERS, "all looked in one moment");
    // Whoever comes to another worker takes the look that is owed along.
    learners.iter().for_each(|user| server.visit(*user));
    server.watched.let_load();
    eventually("everybody has looked", || count() == LEARNERS);
}

#[test]
fn a_check_reads_no_rows() {
    let server = TestServer::at_noon(Wishes::workers(1));
    let learner = somebody();
    let (deck, cards) = server.deck(learner, 2);
    let mut device = Device::join(&server, learner);
    device.start(&[deck], 1);
    device.wait("card");
    device.answer(deck, cards[0], 5);
    device.settle();
    let (reads, today) = (server.watched.progress_reads(), server.learner(learner).unwrap().today);
    assert!(reads > 0, "a start reads them");
    changed_elsewhere(&server, learner, "Pacific/Kiritimati", 0);
    server.engine.check_all();
    eventually("it has looked", || server.learner(learner).unwrap().today != today);
    assert_eq!(server.watched.progress_reads(), reads);
}
