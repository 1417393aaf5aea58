//! What a lesson costs its owner: `cargo run --release -p domain --example lesson_cells [students] [monitors]`.
//!
//! Every student answers every 2 s, each answer is a cell that names one card, every 10 s one names all; all monitors read
//! at once. Told are the cells a second that one thread works off, what is sent, and the time of the slowest turn.

#![allow(clippy::disallowed_methods, reason = "a measurement needs a clock")]

use domain::ids::{CardId, ClassId, DeckId, EntryId, LessonId, UserId};
use domain::lesson::cell::Tally;
use domain::lesson::{
    Cell, CellVersion, Command, Effect, Figures, Input, Lesson, MonitorId, Presence, Record, Student,
};
use domain::session::Now;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CARDS: u32 = 30;
const ROUNDS: u32 = 30;

fn main() {
    let number =
        |n: usize, default| std::env::args().nth(n).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (students, monitors) = (number(1, 10_000_u32), number(2, 1_u32));
    let mut now = Now { tick_ms: 1, wall_ms: 1_780_000_000_000 };
    let mut lesson = Lesson::load(Record::new(ClassId::from_u128(1)), 1, now);
    let mut fx = Vec::new();
    let seat = |n| Student { id: UserId::from_u128(n), name: "A student".into(), extra_percent: 0 };
    lesson.handle(now, Input::Roster((0..students.into()).map(seat).collect()), &mut fx);
    for n in 0..monitors.max(1) {
        lesson.handle(now, Input::Watch { monitor: MonitorId(n.into()) }, &mut fx);
    }
    let id = EntryId::v7(now.wall_ms, 1);
    let command = Command::Open { lesson: LessonId::from_u128(7) };
    let (monitor, by) = (MonitorId(0), UserId::from_u128(1 << 70));
    lesson.handle(now, Input::Command { monitor, seq: 1, id, by, command }, &mut fx);
    lesson.handle(now, Input::Stored { version: 1 }, &mut fx);
    let (mut cells, mut rows, mut frames, mut spent, mut slowest) =
        (0_u64, 0_usize, 0_usize, Duration::ZERO, Duration::ZERO);
    for round in 1..=ROUNDS {
        for n in 0..students {
            now.tick_ms = u64::from(round) * 2_000 + u64::from(n) * 2_000 / u64::from(students);
            let cell = Arc::new(cell(n, round));
            let began = Instant::now();
            lesson.handle(now, Input::Cells(vec![cell]), &mut fx);
            let mut took = began.elapsed();
            while let Some(effect) = fx.pop() {
                let (to, view) = match effect {
                    Effect::Snapshot { monitor, view } => (vec![monitor], view),
                    Effect::Delta { monitors, view, .. } => (monitors, view),
                    Effect::Store(_)
                    | Effect::Publish(_)
                    | Effect::Verdict { .. }
                    | Effect::Close { .. }
                    | Effect::CallCells
                    | Effect::Recount(_)
                    | Effect::CarryOut(_)
                    | Effect::KeepExtraTime { .. }
                    | Effect::ChooseWarmUp { .. }
                    | Effect::Report(_)
                    | Effect::Retire => continue,
                };
                (frames, rows) = (frames + to.len(), rows + view.students.len() + view.cards.len());
                let began = Instant::now();
                for monitor in to {
                    lesson.handle(now, Input::Ready { monitor }, &mut fx);
                }
                took += began.elapsed();
            }
            (spent, slowest, cells) = (spent + took, slowest.max(took), cells + 1);
        }
    }
    let a_second = f64::from(students) / 2.0;
    println!(
        "{students} students, {monitors} monitors: {:.0} cells/s worked off, {a_second:.0} wanted; \
         {frames} frames, {rows} rows made; slowest turn {:.1} ms",
        cells as f64 / spent.as_secs_f64(),
        slowest.as_secs_f64() * 1e3,
    );
}

fn cell(n: u32, round: u32) -> Cell {
    let is_whole = round.is_multiple_of(5);
    let seen = round.min(CARDS);
    let cards = if is_whole { 0..seen } else { round % seen..round % seen + 1 };
    let (deck, answers) = (DeckId::from_u128(1), round.div_ceil(CARDS));
    let tally = |card: u32| Tally {
        deck,
        card: CardId::from_u128(card.into()),
        answers,
        wrong: 0,
        recall_permille: Some(900),
    };
    let figures = Figures {
        presence: Presence::Here,
        answered: round,
        correct: round,
        elapsed_ms: u64::from(round) * 1_500,
        cards: cards.map(tally).collect(),
        is_whole,
        ..Figures::default()
    };
    let version = CellVersion { epoch: 1, n: round.into() };
    let (student, lesson) = (UserId::from_u128(n.into()), LessonId::from_u128(7));
    Cell { student, lesson, version, called_by: (1, 0), figures }
}
