//! A closed loop: each learner answers as soon as a card is there, always with a grade that brings the card again.

use crate::oracle::{Fault, Oracle};
use crate::target::{Learner, Target};
use client::{IdMaker, Random, RawOptions, RawSocket};
use hdrhistogram::Histogram;
use protocol::{
    Allowance, Answer, Body, ClientFrame, Command, Grade, Hello, Numbered, Reply, ServerFrame, Start,
};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The longest latency that the histograms tell apart, in microseconds.
const LONGEST_US: u64 = 60_000_000;
/// How long the last answers may take to be saved.
const LAST_WITHIN: Duration = Duration::from_secs(30);

/// What a run came to.
pub struct Outcome {
    /// Answers sent.
    pub answers: u64,
    /// Answers whose `saved` was read.
    pub saved: u64,
    /// From an answer to the next card, microseconds.
    pub to_card_us: Histogram<u64>,
    /// From an answer to its `saved`, microseconds.
    pub to_saved_us: Histogram<u64>,
    /// What must not be.
    pub faults: Vec<Fault>,
}

impl Outcome {
    fn new() -> Outcome {
        let histogram =
            || Histogram::new_with_bounds(1, LONGEST_US, 3).unwrap_or_else(|_| unreachable_bounds());
        Outcome {
            answers: 0,
            saved: 0,
            to_card_us: histogram(),
            to_saved_us: histogram(),
            faults: Vec::new(),
        }
    }

    fn add(&mut self, other: Outcome) {
        self.answers += other.answers;
        self.saved += other.saved;
        // Both have the same bounds: nothing of the other can be out of them.
        let _ = self.to_card_us.add(&other.to_card_us);
        let _ = self.to_saved_us.add(&other.to_saved_us);
        self.faults.extend(other.faults);
    }
}

/// The bounds are constants that the histogram accepts; a growing one stands in if that ever changes.
fn unreachable_bounds() -> Histogram<u64> {
    let mut histogram = Histogram::<u64>::new(3).unwrap_or_else(|_| std::process::abort());
    histogram.auto(true);
    histogram
}

/// Drives all learners for this long.
pub async fn run(target: &Target, learners: &[Learner], window: u8, length: Duration) -> Outcome {
    let until = Instant::now() + length;
    let mut tasks = Vec::new();
    for learner in learners {
        let (url, token, deck) = (target.socket(), learner.token.clone(), learner.deck);
        tasks.push(tokio::spawn(async move {
            let mut outcome = Outcome::new();
            if let Err(fault) = study(&url, token, deck, window, until, &mut outcome).await {
                outcome.faults.push(fault);
            }
            outcome
        }));
    }
    let mut total = Outcome::new();
    for task in tasks {
        match task.await {
            Ok(outcome) => total.add(outcome),
            Err(error) => total.faults.push(Fault::Ended(error.to_string())),
        }
    }
    total
}

async fn study(
    url: &str,
    token: String,
    deck: Uuid,
    window: u8,
    until: Instant,
    outcome: &mut Outcome,
) -> Result<(), Fault> {
    let ended = |error: &dyn std::fmt::Display| Fault::Ended(error.to_string());
    let mut socket = RawSocket::connect(&RawOptions::new(url)).await.map_err(|e| ended(&e))?;
    let mut oracle = Oracle::new(deck, usize::from(window));
    let mut ids = IdMaker::after(None, Random::seeded(deck.as_u128() as u64));
    let hello =
        Hello { token, instance: Uuid::new_v4(), client_time: unix_ms(), last_saved: None, zone: None };
    socket.send_frame(&ClientFrame::Hello(hello)).await.map_err(|e| ended(&e))?;
    let sitting = ids.make(u64::try_from(unix_ms()).unwrap_or(0));
    let more = Allowance::default();
    let start = Start { sitting, decks: Some(vec![deck]), window: Some(window), more, ..Start::default() };
    let mut last_answer: Option<Instant> = None;
    loop {
        if Instant::now() >= until && oracle.in_flight() == 0 {
            return Ok(());
        }
        let wait = until.saturating_duration_since(Instant::now()) + LAST_WITHIN;
        let frame = tokio::time::timeout(wait, socket.recv_frame())
            .await
            .map_err(|_| Fault::Ended("answers were not saved in time".to_owned()))?
            .map_err(|e| ended(&e))?;
        let now = Instant::now();
        let (saved, to_saved) = (&mut outcome.saved, &mut outcome.to_saved_us);
        oracle.reads(&frame, |sent_at| {
            *saved += 1;
            to_saved.saturating_record(micros(now - sent_at));
        })?;
        match frame {
            ServerFrame::Welcome(_) => {
                socket.send_frame(&ClientFrame::Start(start.clone())).await.map_err(|e| ended(&e))?;
            }
            ServerFrame::Card(card) => {
                if let Some(at) = last_answer.take() {
                    outcome.to_card_us.saturating_record(micros(now - at));
                }
                if now >= until {
                    continue;
                }
                let id = ids.make(u64::try_from(unix_ms()).unwrap_or(0));
                let seq = oracle.sends(id, card.card_id, now);
                let answer = answer(&card, sitting);
                let command = Command { id, body: Body::Answer(answer) };
                let frame = ClientFrame::Command(Numbered { seq, command });
                socket.send_frame(&frame).await.map_err(|e| ended(&e))?;
                last_answer = Some(Instant::now());
                outcome.answers += 1;
            }
            ServerFrame::Renewed(_)
            | ServerFrame::Queue(_)
            | ServerFrame::Graded(_)
            | ServerFrame::Saved(_)
            | ServerFrame::Error(_)
            | ServerFrame::Changed(_)
            | ServerFrame::Done(_)
            | ServerFrame::Class(_)
            | ServerFrame::Beat
            | ServerFrame::Goodbye(_)
            | ServerFrame::Unknown(_) => {}
        }
    }
}

/// Right with difficulty: it schedules a new card, and brings every card again on the same day.
fn answer(card: &protocol::Card, sitting: Uuid) -> Answer {
    let grade = Grade::try_from(3).unwrap_or_else(|_| std::process::abort());
    Answer {
        deck_id: card.deck_id,
        card_id: card.card_id,
        reply: Reply::Grade(grade),
        elapsed_ms: 1_000,
        sitting: Some(sitting),
        confidence: None,
        early: false,
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

fn unix_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
