//! Questions that tests put.

use crate::desk::*;
use domain::ids::AskId;
use domain::lesson::cell::{Said, Vote};
use domain::lesson::{Command, LessonState, Round};

pub const FIRST: AskId = AskId::from_u128(0xa51);

pub fn ask(desk: &Desk, id: AskId, round: Round, for_ms: i64) -> Command {
    Command::Ask { ask: id, deck: deck(), card: card(1), round, closes_ms: desk.now.wall_ms + for_ms }
}

pub fn vote(desk: &Desk, round: Round, said: u8, late_ms: i64) -> Vote {
    let reached_ms = desk.now.wall_ms + late_ms;
    Vote { ask: FIRST, round, said: Said::Grade(said), is_correct: said >= 3, reached_ms }
}

pub fn state(desk: &Desk) -> LessonState {
    desk.published.last().unwrap().state
}
