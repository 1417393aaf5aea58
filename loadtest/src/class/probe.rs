//! A few learners in this process, who know when their answers left: a teacher's lag is the time from then on.

use super::Nodes;
use super::monitor::Seen;
use crate::args::ClassArgs;
use crate::identity::{Identities, unix_ms};
use crate::learner::now_ms;
use client::{IdMaker, Random, RawOptions, RawSocket};
use protocol::{
    Answer, Body, ClassDocument, ClientFrame, Command, Grade, Hello, LessonState, Numbered, Reply,
    ServerFrame, Start,
};
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// How long the last verdicts may take.
const LAST_WITHIN: Duration = Duration::from_secs(10);
/// How often a probe without anything to do looks whether the run is over.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Running probes.
pub struct Probes(Vec<JoinHandle<Result<u64, String>>>);

/// What they came to.
pub struct ByProbes {
    /// Answers that were saved.
    pub saved: u64,
    /// Probes that broke off.
    pub faults: u64,
}

impl Probes {
    /// Lets them study.
    pub fn begin(
        nodes: &Nodes,
        people: &Identities,
        deck: Uuid,
        (args, in_lesson): (&ClassArgs, bool),
        seen: &Rc<RefCell<Seen>>,
        ends: &Rc<Cell<bool>>,
    ) -> Probes {
        let numbers = args.students_in_all()..args.students_in_all() + args.probes;
        let begin = |number: usize| {
            let probe = Probe {
                server: nodes.address(number),
                people: people.clone(),
                number,
                deck,
                every: Duration::from_millis(args.every_ms),
                in_lesson,
                seen: seen.clone(),
                ends: ends.clone(),
            };
            tokio::task::spawn_local(probe.live())
        };
        Probes(numbers.map(begin).collect())
    }

    /// Waits for them; they end when the run does.
    pub async fn end(self) -> ByProbes {
        let mut all = ByProbes { saved: 0, faults: 0 };
        for task in self.0 {
            match task.await.map_err(|error| error.to_string()).flatten() {
                Ok(saved) => all.saved += saved,
                Err(fault) => {
                    eprintln!("  a probe: {fault}");
                    all.faults += 1;
                }
            }
        }
        all
    }
}

struct Probe {
    server: SocketAddr,
    people: Identities,
    number: usize,
    deck: Uuid,
    every: Duration,
    /// A lesson is on, and is waited for.
    in_lesson: bool,
    seen: Rc<RefCell<Seen>>,
    ends: Rc<Cell<bool>>,
}

/// One connection of a probe.
struct Link {
    socket: RawSocket,
    cards: Vec<Uuid>,
    seq: u64,
    saved: u64,
    /// It was told of a lesson that is on.
    is_in_lesson: bool,
}

fn is_open(class: &ClassDocument) -> bool {
    class.lesson.is_some() && class.state == LessonState::Open
}

impl Probe {
    /// Studies until the run is over; how many answers were saved.
    async fn live(self) -> Result<u64, String> {
        let user = self.people.learner(self.number);
        let token = self.people.token(user, "learner").map_err(|error| error.to_string())?;
        let options = RawOptions::new(format!("ws://{}", self.server));
        let socket = RawSocket::connect(&options).await.map_err(|error| error.to_string())?;
        let mut link = Link { socket, cards: Vec::new(), seq: 0, saved: 0, is_in_lesson: false };
        let hello =
            Hello { token, instance: Uuid::new_v4(), client_time: unix_ms(), last_saved: None, zone: None };
        link.send(&ClientFrame::Hello(hello)).await?;
        let start = Start { sitting: Uuid::now_v7(), decks: Some(vec![self.deck]), ..Start::default() };
        let sitting = start.sitting;
        link.send(&ClientFrame::Start(start)).await?;
        let seed = user.as_u64_pair().1;
        let (mut ids, mut random) = (IdMaker::after(None, Random::seeded(seed)), Random::seeded(!seed));
        // What is answered before is no answer of the lesson.
        while self.in_lesson && !link.is_in_lesson && !self.ends.get() {
            link.hear_until(Instant::now() + LOOK_EVERY).await?;
        }
        let mut due = Instant::now() + self.every.mul_f64(random.between(0, 999) as f64 / 1_000.0);
        while !self.ends.get() {
            let wake = due.min(Instant::now() + LOOK_EVERY);
            if link.hear_until(wake).await? || Instant::now() < due {
                continue;
            }
            if let Some(card_id) = link.cards.pop() {
                link.seq += 1;
                let answer = answer(self.deck, card_id, sitting);
                let command = Command { id: ids.make(now_ms()), body: Body::Answer(answer) };
                let nth = u32::try_from(link.seq).unwrap_or(u32::MAX);
                self.seen.borrow_mut().awaited.entry(user).or_default().push_back((nth, Instant::now()));
                link.send(&ClientFrame::Command(Numbered { seq: link.seq, command })).await?;
            }
            due += self.every.mul_f64(0.8 + 0.4 * random.between(0, 999) as f64 / 1_000.0);
        }
        let until = Instant::now() + LAST_WITHIN;
        while link.saved < link.seq && Instant::now() < until {
            link.hear_until(until).await?;
        }
        if link.saved < link.seq {
            return Err(format!("{} of {} answers were saved", link.saved, link.seq));
        }
        Ok(link.saved)
    }
}

impl Link {
    async fn send(&mut self, frame: &ClientFrame) -> Result<(), String> {
        self.socket.send_frame(frame).await.map_err(|error| error.to_string())
    }

    /// Takes the next frame; `false` when none came by then.
    async fn hear_until(&mut self, until: Instant) -> Result<bool, String> {
        let Ok(frame) = tokio::time::timeout_at(until.into(), self.socket.recv_frame()).await else {
            return Ok(false);
        };
        match frame.map_err(|error| error.to_string())? {
            ServerFrame::Card(card) => {
                self.cards.insert(0, card.card_id);
                self.saved = card.saved.map_or(self.saved, |saved| saved.max(self.saved));
            }
            ServerFrame::Saved(saved) => self.saved = self.saved.max(saved.seq),
            ServerFrame::Changed(changed) => self.cards.retain(|card| !changed.drop.contains(card)),
            ServerFrame::Beat => self.send(&ClientFrame::Beat).await?,
            ServerFrame::Error(error) => return Err(format!("{error:?}")),
            ServerFrame::Welcome(welcome) => self.is_in_lesson = welcome.class.as_ref().is_some_and(is_open),
            ServerFrame::Class(class) => self.is_in_lesson = is_open(&class),
            ServerFrame::Renewed(_)
            | ServerFrame::Queue(_)
            | ServerFrame::Graded(_)
            | ServerFrame::Done(_)
            | ServerFrame::Goodbye(_)
            | ServerFrame::Unknown(_) => {}
        }
        Ok(true)
    }
}

/// Right with difficulty, as the learners of the other processes answer.
fn answer(deck_id: Uuid, card_id: Uuid, sitting: Uuid) -> Answer {
    Answer {
        deck_id,
        card_id,
        reply: Reply::Grade(Grade::try_from(3).unwrap_or_else(|_| std::process::abort())),
        elapsed_ms: 1_000,
        sitting: Some(sitting),
        confidence: None,
        early: false,
    }
}
