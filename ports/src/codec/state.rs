//! The bytes of a card's progress: version, by which parameters it was made, then the state. A card whose memory is not
//! known is written as version 1, which has none; with a memory it is version 2. So each state has one encoding, and rows of
//! programs that knew no memory are read: an older fold made them, and whoever loads them folds their cards again. A flag
//! that came later changes no bytes where it is not set, and an older program refuses those in which it is.

use super::cursor::{Cursor, flags, put_some, unflags};
use super::entry::day_bytes;
use super::{CodecError, VERSION, VERSION_WITH_MEMORY};
use domain::fsrs::Memory;
use domain::grade::Grade;
use domain::ids::{EntryId, SittingId};
use domain::sm2::Sm2;
use domain::state::{CardState, LastGrade, Scheduled};

/// Appends the bytes of a progress row's content.
pub fn encode_progress(state: &CardState, params_key: u32, out: &mut Vec<u8>) {
    out.push(if state.memory.is_some() { VERSION_WITH_MEMORY } else { VERSION });
    out.extend_from_slice(&params_key.to_le_bytes());
    out.extend_from_slice(&present(state).to_le_bytes());
    out.extend_from_slice(&state.sm2.reps.to_le_bytes());
    out.extend_from_slice(&state.sm2.ease.to_le_bytes());
    out.extend_from_slice(&state.sm2.interval_days.to_le_bytes());
    out.extend_from_slice(&state.lapses.to_le_bytes());
    out.extend_from_slice(&state.answers.to_le_bytes());
    out.push(state.flag);
    put_some(out, state.due.map(day_bytes));
    if let Some(scheduled) = state.scheduled {
        out.extend_from_slice(&day_bytes(scheduled.day));
        put_some(out, scheduled.sitting.map(|id| *id.bytes()));
    }
    put_some(out, state.scheduled_on.map(day_bytes));
    if let Some(last) = state.last_grade {
        out.extend_from_slice(&day_bytes(last.day));
        out.push(last.grade.number());
        out.extend_from_slice(&last.at_ms.to_le_bytes());
    }
    put_some(out, state.failed_on.map(day_bytes));
    put_some(out, state.max_day.map(day_bytes));
    put_some(out, state.buried_until.map(day_bytes));
    put_some(out, state.told_on.map(day_bytes));
    if let Some(memory) = state.memory {
        out.extend_from_slice(&memory.stability.to_le_bytes());
        out.extend_from_slice(&memory.difficulty.to_le_bytes());
        out.extend_from_slice(&day_bytes(memory.on));
    }
    put_some(out, state.last.map(|id| *id.bytes()));
}

/// Reads the content of a progress row: the state, and the key of the parameters by which it was made.
///
/// # Errors
/// [`CodecError`], for whatever is no progress row.
pub fn decode_progress(bytes: &[u8]) -> Result<(CardState, u32), CodecError> {
    let (mut c, version) = Cursor::of_versions(bytes, &[VERSION, VERSION_WITH_MEMORY])?;
    let params_key = c.u32()?;
    let [
        has_due,
        has_scheduled,
        was_new,
        only_early,
        has_sitting,
        has_on,
        has_grade,
        has_failed,
        has_max,
        suspended,
        has_buried,
        has_last,
        has_told,
    ] = unflags(c.u16()?, "progress flags")?;
    if !has_scheduled && (was_new || only_early || has_sitting) {
        return Err(CodecError::BadField("scheduled"));
    }
    let sm2 = Sm2 { reps: c.u16()?, ease: c.u16()?, interval_days: c.u32()? };
    let (lapses, answers, flag) = (c.u16()?, c.u32()?, c.u8()?);
    let due = c.when(has_due, Cursor::day)?;
    let scheduled = c.when(has_scheduled, |c| {
        let day = c.day()?;
        let sitting = c.when(has_sitting, |c| Ok(SittingId::from_bytes(c.array()?)))?;
        Ok(Scheduled { day, was_new, only_early, sitting })
    })?;
    let scheduled_on = c.when(has_on, Cursor::day)?;
    let last_grade = c.when(has_grade, |c| {
        let day = c.day()?;
        let grade = Grade::new(c.u8()?).ok_or(CodecError::BadField("grade"))?;
        Ok(LastGrade { day, grade, at_ms: i64::from_le_bytes(c.array()?) })
    })?;
    let failed_on = c.when(has_failed, Cursor::day)?;
    let max_day = c.when(has_max, Cursor::day)?;
    let buried_until = c.when(has_buried, Cursor::day)?;
    let told_on = c.when(has_told, Cursor::day)?;
    let memory = c.when(version == VERSION_WITH_MEMORY, |c| {
        let memory = Memory { stability: c.u32()?, difficulty: c.u32()?, on: c.day()? };
        if memory.is_possible() { Ok(memory) } else { Err(CodecError::BadField("memory")) }
    })?;
    let last = c.when(has_last, |c| Ok(EntryId::from_bytes(c.array()?)))?;
    c.end()?;
    let state = CardState {
        sm2,
        due,
        lapses,
        answers,
        scheduled,
        scheduled_on,
        told_on,
        last_grade,
        failed_on,
        max_day,
        suspended,
        buried_until,
        flag,
        memory,
        last,
    };
    Ok((state, params_key))
}

fn present(state: &CardState) -> u16 {
    let scheduled = state.scheduled;
    flags([
        state.due.is_some(),
        scheduled.is_some(),
        scheduled.is_some_and(|s| s.was_new),
        scheduled.is_some_and(|s| s.only_early),
        scheduled.is_some_and(|s| s.sitting.is_some()),
        state.scheduled_on.is_some(),
        state.last_grade.is_some(),
        state.failed_on.is_some(),
        state.max_day.is_some(),
        state.suspended,
        state.buried_until.is_some(),
        state.last.is_some(),
        state.told_on.is_some(),
    ])
}
