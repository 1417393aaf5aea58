//! A panic in one learner's session: its sockets come back, everything acknowledged is there, nobody else notices.

use crate::study::book::fold_faults;
use crate::study::learner::{Device, card_of, somebody};
use crate::study::server::{TestServer, Wishes, eventually, unlimited};
use actors::{Hooks, InputHook};
use domain::ids::UserId;
use domain::session::Input;
use kit::Fault;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Panics planted in one learner's session.
#[derive(Clone, Default)]
pub struct Bomb {
    victim: Arc<Mutex<Option<UserId>>>,
    left: Arc<AtomicUsize>,
}

impl Bomb {
    pub fn hooks(&self) -> Hooks {
        let bomb = self.clone();
        let hook: InputHook = Arc::new(move |user, input| {
            let is_command = matches!(input, Input::Command { .. });
            if is_command && *bomb.victim.lock().unwrap() == Some(user) && bomb.goes_off() {
                panic!("planted in one learner's session");
            }
        });
        Hooks { before_input: Some(hook), ..Hooks::default() }
    }

    /// So many of the next commands of this learner panic.
    pub fn plant(&self, victim: UserId, times: usize) {
        *self.victim.lock().unwrap() = Some(victim);
        self.left.store(times, Ordering::SeqCst);
    }

    fn goes_off(&self) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
    }
}

#[test]
fn a_panic_closes_its_learners_sockets_and_nobody_elses_and_loses_nothing() {
    let bomb = Bomb::default();
    let server = TestServer::start_with(Wishes { workers: 2, hooks: bomb.hooks(), ..Wishes::default() });
    let (victim, other) = (somebody(), somebody());
    let (deck, cards) = server.deck_with(victim, 10, unlimited());
    let (others_deck, _) = server.deck_with(other, 40, unlimited());
    let mut neighbours = [Device::join(&server, other), Device::join(&server, other)];
    neighbours[0].start(&[others_deck], 3);
    let mut devices = [Device::join(&server, victim), Device::join(&server, victim)];
    devices[0].start(&[deck], 3);
    let acknowledged = devices[0].answer_frame(deck, cards[0], 5);
    assert_eq!(devices[0].verdict(acknowledged.clone()), None);
    bomb.plant(victim, 1);
    let unknown = devices[0].answer_frame(deck, cards[1], 5);
    devices[0].command(unknown.clone());
    for device in &mut devices {
        assert_eq!(device.closed(), Some(4409));
    }
    for _ in 0..20 {
        let card = card_of(&neighbours[0].wait("card"));
        neighbours[0].answer(others_deck, card, 5);
    }
    neighbours[0].settle();
    neighbours[1].catch_up();
    let mut back = Device::join_when_ready(&server, victim);
    assert_eq!(back.verdict(acknowledged), None);
    assert_eq!(back.verdict(unknown), None);
    back.start(&[deck], 1);
    assert_eq!(back.wait("queue")["new"], 8);
    let log = server.log(victim);
    assert_eq!(log.len(), 2);
    let rows = server.rows(victim, deck);
    assert_eq!(fold_faults(&log, &rows, |_| unlimited().fold_params()), Vec::<String>::new());
}

#[test]
fn after_a_panic_nothing_is_loaded_before_the_writer_has_decided_what_it_was_handed() {
    let bomb = Bomb::default();
    let server = TestServer::start_with(Wishes { workers: 2, hooks: bomb.hooks(), ..Wishes::default() });
    let learner = somebody();
    let (deck, cards) = server.deck_with(learner, 3, unlimited());
    let mut device = Device::join(&server, learner);
    server.faults.script([Some(Fault::Held)]);
    let first = device.answer_frame(deck, cards[0], 5);
    device.command(first.clone());
    eventually("the row is with the store", || !server.faults.met().is_empty());
    bomb.plant(learner, 1);
    let second = device.answer_frame(deck, cards[0], 2);
    device.command(second.clone());
    assert_eq!(device.closed(), Some(4409));
    let loads = server.watched.loads(learner);
    for _ in 0..5 {
        assert_eq!(Device::try_join(&server, learner).err(), Some(Some(4412)));
    }
    assert_eq!(server.watched.loads(learner), loads, "the outcome of its row is not known yet");
    server.faults.release();
    let mut back = Device::join_when_ready(&server, learner);
    assert_eq!(back.verdict(first), None);
    assert_eq!(back.verdict(second), None);
    server.settled();
    let log = server.log(learner);
    assert_eq!(log.len(), 2);
    let rows = server.rows(learner, deck);
    assert_eq!(fold_faults(&log, &rows, |_| unlimited().fold_params()), Vec::<String>::new());
}

#[test]
fn a_session_that_keeps_failing_is_kept_closed_and_may_come_back_later() {
    let bomb = Bomb::default();
    let server = TestServer::start_with(Wishes { workers: 2, hooks: bomb.hooks(), ..Wishes::default() });
    let (victim, other) = (somebody(), somebody());
    let (deck, cards) = server.deck_with(victim, 3, unlimited());
    bomb.plant(victim, 5);
    for _ in 0..5 {
        let mut device = Device::join_when_ready(&server, victim);
        device.answer(deck, cards[0], 5);
        assert_eq!(device.closed(), Some(4409));
    }
    eventually("it rests", || Device::try_join(&server, victim).err() == Some(Some(4413)));
    Device::join(&server, other);
    server.clock.pass_ms(domain::limits::PANIC_REST_MS - 60_000);
    assert_eq!(Device::try_join(&server, victim).err(), Some(Some(4413)));
    server.clock.pass_ms(60_000);
    let mut back = Device::join(&server, victim);
    let answer = back.answer_frame(deck, cards[0], 5);
    assert_eq!(back.verdict(answer), None);
}

#[test]
fn a_command_that_breaks_its_session_each_time_is_put_aside_and_refused_and_the_learner_goes_on() {
    let bomb = Bomb::default();
    let server = TestServer::start_with(Wishes { workers: 2, hooks: bomb.hooks(), ..Wishes::default() });
    let victim = somebody();
    let (deck, cards) = server.deck_with(victim, 3, unlimited());
    let device = Device::join(&server, victim);
    let poison = device.answer_frame(deck, cards[0], 5);
    bomb.plant(victim, usize::MAX);
    for _ in 0..2 {
        let mut device = Device::join_when_ready(&server, victim);
        device.command(poison.clone());
        assert_eq!(device.closed(), Some(4409));
    }
    let mut device = Device::join_when_ready(&server, victim);
    assert_eq!(device.verdict(poison).as_deref(), Some("internal"));
    bomb.plant(victim, 0);
    let next = device.answer_frame(deck, cards[1], 5);
    assert_eq!(device.verdict(next), None);
    eventually("it is put aside", || server.faults.quarantined().iter().any(|what| what.user == victim));
    server.settled();
    assert_eq!(server.log(victim).len(), 1);
}

#[test]
fn panics_under_load_lose_nothing_that_was_acknowledged() {
    use crate::study::crowd::Student;
    let bomb = Bomb::default();
    let server = TestServer::start_with(Wishes { workers: 2, hooks: bomb.hooks(), ..Wishes::default() });
    let learners: Vec<_> = (0..4).map(|_| somebody()).collect();
    let decks: Vec<_> =
        learners.iter().map(|learner| server.deck_with(*learner, 300, unlimited()).0).collect();
    let students: Vec<Student> = server.run(async {
        let mut students = Vec::new();
        for (n, (learner, deck)) in (0..).zip(learners.iter().zip(&decks)) {
            let url = server.url();
            let student = Student::begin(&url, learner.to_string(), *learner, &[*deck], n).await;
            student.allow(100);
            students.push(student);
        }
        students
    });
    for round in 0..8 {
        let victim = &students[round % 4];
        let welcomes = victim.welcomes();
        bomb.plant(victim.user, 1);
        victim.allow(5);
        eventually("it fell and came back", || {
            server.run(victim.handle.retry()).unwrap();
            victim.welcomes() > welcomes
        });
    }
    eventually("everybody is through", || students.iter().all(Student::is_through));
    server.settled();
    for (student, deck) in students.into_iter().zip(decks) {
        assert_eq!(student.violations(), Vec::<String>::new());
        let learner = student.user;
        let log = server.log(learner);
        assert_eq!(server.run(student.leave()).faults(&log), Vec::<String>::new());
        let rows = server.rows(learner, deck);
        assert_eq!(fold_faults(&log, &rows, |_| unlimited().fold_params()), Vec::<String>::new());
    }
}
