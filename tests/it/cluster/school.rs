//! Learners who study by themselves on a cluster, each at one or more devices with a door of its own that leads to the
//! nodes; and the judgement of all that they were told by the store, in the end and whenever the nodes should agree.

use super::kit::{Cluster, Node};
use crate::study::book::{Book, fold_faults};
use crate::study::crowd::Student;
use crate::study::learner::somebody;
use crate::study::server::{put_deck, unlimited};
use cql::CqlStore;
use domain::entry::LogEntry;
use domain::fold::fold_learner;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use kit::TcpProxy;
use ports::{LogRange, Progress, ReviewStore as _};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use studyhall::clock::real_ms;

/// How long what must come may take: longer than it takes to declare an owner dead and to read an inbox once more.
const PATIENCE: Duration = Duration::from_secs(120);
/// Successful repetitions in a row from which on a card counts as mastered.
const MASTERED_REPS: u16 = 3;

/// The learners of one test.
pub struct School<'a> {
    cluster: &'a Cluster,
    store: CqlStore,
    pub pupils: Vec<Pupil>,
}

/// A learner, who has a deck.
pub struct Pupil {
    pub user: UserId,
    pub deck: DeckId,
    pub cards: Vec<CardId>,
    pub desks: Vec<Desk>,
    /// What devices did that do just what the test says.
    book: Book,
}

/// A device, and the door that it goes through.
pub struct Desk {
    pub student: Student,
    door: TcpProxy,
}

impl Desk {
    /// From now on its connections go to the first of these nodes that takes them.
    pub fn lead_to(&self, nodes: &[&Node]) {
        self.door.lead_to(nodes.iter().map(|node| node.address).collect());
    }

    /// It loses the connection that it has.
    pub fn cut(&self) {
        self.door.cut_once();
    }
}

impl<'a> School<'a> {
    /// So many learners with a deck each of so many cards, and no devices yet.
    pub fn open(cluster: &'a Cluster, learners: usize, cards: usize) -> School<'a> {
        let store = cluster.store();
        let pupils = cluster.runtime.block_on(async {
            let mut pupils = Vec::new();
            for _ in 0..learners {
                let user = somebody();
                let (deck, cards) = put_deck(&store, user, cards, unlimited(), real_ms()).await;
                pupils.push(Pupil { user, deck, cards, desks: Vec::new(), book: Book::default() });
            }
            pupils
        });
        School { cluster, store, pupils }
    }

    /// Everybody gets one more device, at the first of these nodes that takes it.
    pub fn seat_all(&mut self, nodes: &[&Node]) {
        for n in 0..self.pupils.len() {
            self.seat(n, nodes);
        }
    }

    /// The pupil with this number gets one more device, and is let in.
    pub fn seat(&mut self, number: usize, nodes: &[&Node]) {
        let pupil = &mut self.pupils[number];
        let (user, deck, seed) = (pupil.user, pupil.deck, pupil.desks.len() as u64 + 1);
        let desk = self.cluster.runtime.block_on(async {
            let door = TcpProxy::start(nodes[0].address).await;
            door.lead_to(nodes.iter().map(|node| node.address).collect());
            let url = format!("http://{}", door.address());
            let token = Cluster::token(user);
            let seed = user.0.as_u128() as u64 ^ seed;
            Desk { student: Student::begin(&url, token, user, &[deck], seed).await, door }
        });
        pupil.desks.push(desk);
        let desk = &self.pupils[number].desks[seed as usize - 1];
        self.eventually("a device is let in", || desk.student.welcomes() > 0);
    }

    pub fn desks(&self) -> impl Iterator<Item = &Desk> {
        self.pupils.iter().flat_map(|pupil| &pupil.desks)
    }

    /// Lets each device answer so many more cards.
    pub fn allow(&self, cards: usize) {
        self.desks().for_each(|desk| desk.student.allow(cards));
    }

    /// From now on devices take answers back now and then, as at the beginning, or none.
    pub fn take_back(&self, takes_back: bool) {
        self.desks().for_each(|desk| desk.student.take_back(takes_back));
    }

    /// Each device answers one more card and is dealt another.
    pub fn deal_on(&self, what: &str) {
        self.allow(1);
        self.eventually(what, || self.desks().all(|desk| desk.student.is_dealt_to()));
    }

    /// The pupil with this number did this, and was told that it is saved.
    pub fn note(&mut self, pupil: usize, command: &Value) {
        let mut frame = command.clone();
        frame["seq"] = json!(1);
        let book = &mut self.pupils[pupil].book;
        book.sent_frame(&frame);
        book.saved(command["id"].as_str().unwrap().parse().unwrap());
    }

    /// Waits until every device has something more acknowledged.
    pub fn everybody_saves_more(&self, what: &str) -> Duration {
        let before: Vec<usize> = self.desks().map(|desk| desk.student.count_saved()).collect();
        self.eventually(what, || {
            self.desks()
                .zip(&before)
                .all(|(desk, before)| desk.student.count_saved() > *before || desk.student.is_through())
        })
    }

    /// How often devices were let in so far.
    pub fn welcomes(&self) -> usize {
        self.desks().map(|desk| desk.student.welcomes()).sum()
    }

    /// Acknowledged commands so far.
    pub fn saved(&self) -> usize {
        self.desks().map(|desk| desk.student.count_saved()).sum()
    }

    /// Waits until something holds, while whoever lost its connection tries again without waiting long.
    pub fn eventually(&self, what: &str, mut holds: impl FnMut() -> bool) -> Duration {
        let began = Instant::now();
        let mut tries = 0_u32;
        while !holds() {
            assert!(began.elapsed() < PATIENCE, "never came: {what}");
            self.keep_promises();
            if tries.is_multiple_of(25) {
                for desk in self.desks() {
                    let _ = self.cluster.runtime.block_on(desk.student.handle.retry());
                }
            }
            tries += 1;
            std::thread::sleep(Duration::from_millis(10));
        }
        began.elapsed()
    }

    /// Waits until so many more commands are acknowledged.
    pub fn more_saved(&self, commands: usize, what: &str) -> Duration {
        let wanted = self.saved() + commands;
        self.eventually(what, || self.saved() >= wanted)
    }

    /// Waits until every device has done what it was allowed to, and everything has its verdict.
    pub fn all_through(&self, what: &str) -> Duration {
        self.eventually(what, || self.desks().all(|desk| desk.student.is_through()))
    }

    /// Nobody was told what breaks a promise.
    pub fn keep_promises(&self) {
        let broken: Vec<String> = self.desks().flat_map(|desk| desk.student.violations()).collect();
        assert_eq!(broken, Vec::<String>::new());
    }

    /// Waits until every one of these nodes shows of everybody what the log's fold says, and what was acknowledged is in
    /// the log, once, with nothing else.
    pub fn all_agree(&self, nodes: &[&Node]) -> Duration {
        self.judge_log();
        let began = Instant::now();
        loop {
            let wrong = self.wrongly_shown(nodes);
            if wrong.is_empty() {
                return began.elapsed();
            }
            assert!(began.elapsed() < PATIENCE, "the nodes never agree with the log: {wrong:#?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn wrongly_shown(&self, nodes: &[&Node]) -> Vec<String> {
        let mut wrong = Vec::new();
        for pupil in &self.pupils {
            let due = self.expected(pupil);
            for node in nodes {
                let shown = self.shown(pupil, node);
                if shown != Some(due) {
                    wrong.push(format!("{} at {}: {shown:?} is not {due:?}", pupil.user, node.address));
                }
            }
        }
        wrong
    }

    /// Everybody leaves, the nodes end in order, and what they leave behind is judged. Returns how many commands had been
    /// acknowledged.
    pub fn close<const N: usize>(mut self, nodes: [Node; N]) -> usize {
        self.all_through("everything that was done has its verdict");
        self.keep_promises();
        let acknowledged = self.judge_log();
        for pupil in &mut self.pupils {
            for desk in pupil.desks.drain(..) {
                self.cluster.runtime.block_on(desk.student.leave());
            }
        }
        for node in nodes {
            node.leave();
        }
        for pupil in &self.pupils {
            let log = self.log(pupil.user);
            let rows = self.rows(pupil, &log);
            assert_eq!(fold_faults(&log, &rows, |_| unlimited().fold_params()), Vec::<String>::new());
        }
        acknowledged
    }

    fn judge_log(&self) -> usize {
        let mut acknowledged = 0;
        for pupil in &self.pupils {
            let mut book = pupil.book.clone();
            // The log is read after the books: what is acknowledged meanwhile is in the log, but in no book.
            for desk in &pupil.desks {
                book.add(&desk.student.book());
            }
            acknowledged += book.count_saved();
            let log = self.log(pupil.user);
            let late: Vec<&Desk> = pupil.desks.iter().filter(|desk| !desk.student.is_through()).collect();
            if late.is_empty() {
                assert_eq!(book.faults(&log), Vec::<String>::new());
            } else {
                let lost = |fault: &String| fault.ends_with("is lost") || fault.ends_with("is there twice");
                let faults: Vec<String> = book.faults(&log).into_iter().filter(lost).collect();
                assert_eq!(faults, Vec::<String>::new());
            }
        }
        acknowledged
    }

    pub fn log(&self, user: UserId) -> Vec<LogEntry> {
        let range = LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: 1_000_000 };
        self.cluster.runtime.block_on(self.store.log(user, range)).unwrap()
    }

    /// The stored rows. Of cards whose rows the store itself calls doubtful (their next reader folds them from the log)
    /// the fold.
    fn rows(&self, pupil: &Pupil, log: &[LogEntry]) -> Vec<Progress> {
        let params = unlimited().fold_params();
        let folded = fold_learner(log, |_| params);
        let mut rows = self.cluster.runtime.block_on(self.store.progress(pupil.user, pupil.deck)).unwrap();
        for row in rows.iter_mut().filter(|row| row.params_key == 0) {
            row.params_key = params.key();
            row.state = folded.cards.get(&(row.deck, row.card)).copied().unwrap_or(row.state);
        }
        rows
    }

    /// What every node should show: cards that are new, cards that are mastered, and the mean ease of the rest in
    /// hundredths.
    fn expected(&self, pupil: &Pupil) -> (u64, u64, Option<f64>) {
        let folded = fold_learner(&self.log(pupil.user), |_| unlimited().fold_params());
        let states: Vec<_> = folded.cards.values().filter(|state| !state.is_new()).collect();
        let mastered = states.iter().filter(|state| state.sm2.reps >= MASTERED_REPS).count();
        let ease: f64 = states.iter().map(|state| f64::from(state.sm2.ease)).sum();
        let mean = (!states.is_empty()).then(|| (ease / states.len() as f64 * 100.0).round() / 100.0);
        ((pupil.cards.len() - states.len()) as u64, mastered as u64, mean)
    }

    fn shown(&self, pupil: &Pupil, node: &Node) -> Option<(u64, u64, Option<f64>)> {
        let request = ureq::get(format!("{}/api/v1/decks/{}/progress", node.url, pupil.deck))
            .header("authorization", format!("Bearer {}", Cluster::token(pupil.user)));
        let said: Value = request.call().ok()?.into_body().read_json().ok()?;
        Some((said["due"]["new"].as_u64()?, said["mastered"].as_u64()?, said["mean_ease"].as_f64()))
    }
}
