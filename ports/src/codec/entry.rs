//! The bytes of a log entry: version, kind, id, day, UTC offset, whether a job brought it and which, then the body.

use super::cursor::{Cursor, flags, put_some, unflags};
use super::{CodecError, VERSION};
use domain::day::{Day, Stamp};
use domain::entry::{Body, Confidence, GivenState, LogEntry, Mode, Regrade, Review, SetChange};
use domain::grade::Grade;
use domain::ids::{CardId, ClassId, DeckId, EntryId, JobId, SittingId, UserId};

const REVIEW: u8 = 1;
const UNDO: u8 = 2;
const SET: u8 = 3;
const STATE: u8 = 4;
const IMPORT_COMMIT: u8 = 5;
const IMPORT_REVOKE: u8 = 6;
const REGRADE: u8 = 7;
const CLAIM: u8 = 8;

/// Appends the entry's bytes.
pub fn encode_entry(entry: &LogEntry, out: &mut Vec<u8>) {
    out.extend_from_slice(&[VERSION, kind(&entry.body)]);
    out.extend_from_slice(entry.id.bytes());
    out.extend_from_slice(&entry.stamp.day.0.to_le_bytes());
    out.extend_from_slice(&entry.stamp.utc_offset_min.to_le_bytes());
    out.push(u8::from(entry.job.is_some()));
    put_some(out, entry.job.map(|job| *job.bytes()));
    match &entry.body {
        Body::Review(review) => put_review(out, review),
        Body::Undo { of } => out.extend_from_slice(of.bytes()),
        Body::Set { deck, card, change } => {
            put_card(out, *deck, *card);
            put_change(out, *change);
        }
        Body::State { deck, card, state } => {
            put_card(out, *deck, *card);
            put_given(out, state);
        }
        Body::ImportCommit { job } | Body::ImportRevoke { job } => out.extend_from_slice(job.bytes()),
        Body::Regrade(regrade) => put_regrade(out, regrade),
        Body::Claim { guest, job } => {
            out.extend_from_slice(guest.bytes());
            out.extend_from_slice(job.bytes());
        }
    }
}

/// Reads an entry.
///
/// # Errors
/// [`CodecError`], for whatever is no entry.
pub fn decode_entry(bytes: &[u8]) -> Result<LogEntry, CodecError> {
    let mut c = Cursor::versioned(bytes)?;
    let kind = c.u8()?;
    let id = EntryId::from_bytes(c.array()?);
    let day = c.day()?;
    let stamp = Stamp { day, utc_offset_min: i16::from_le_bytes(c.array()?) };
    let has_job = bool_of(c.u8()?, "job")?;
    let job = c.when(has_job, |c| Ok(JobId::from_bytes(c.array()?)))?;
    let body = match kind {
        REVIEW => Body::Review(review(&mut c)?),
        UNDO => Body::Undo { of: EntryId::from_bytes(c.array()?) },
        SET => {
            let (deck, card) = card(&mut c)?;
            Body::Set { deck, card, change: change(&mut c)? }
        }
        STATE => {
            let (deck, card) = card(&mut c)?;
            Body::State { deck, card, state: given(&mut c)? }
        }
        IMPORT_COMMIT => Body::ImportCommit { job: JobId::from_bytes(c.array()?) },
        IMPORT_REVOKE => Body::ImportRevoke { job: JobId::from_bytes(c.array()?) },
        REGRADE => Body::Regrade(regrade(&mut c)?),
        CLAIM => Body::Claim { guest: UserId::from_bytes(c.array()?), job: JobId::from_bytes(c.array()?) },
        _ => return Err(CodecError::BadField("kind")),
    };
    c.end()?;
    Ok(LogEntry { id, job, stamp, body })
}

const fn kind(body: &Body) -> u8 {
    match body {
        Body::Review(_) => REVIEW,
        Body::Undo { .. } => UNDO,
        Body::Set { .. } => SET,
        Body::State { .. } => STATE,
        Body::ImportCommit { .. } => IMPORT_COMMIT,
        Body::ImportRevoke { .. } => IMPORT_REVOKE,
        Body::Regrade(_) => REGRADE,
        Body::Claim { .. } => CLAIM,
    }
}

fn bool_of(byte: u8, field: &'static str) -> Result<bool, CodecError> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(CodecError::BadField(field)),
    }
}

fn put_card(out: &mut Vec<u8>, deck: DeckId, card: CardId) {
    out.extend_from_slice(deck.bytes());
    out.extend_from_slice(card.bytes());
}

fn card(c: &mut Cursor) -> Result<(DeckId, CardId), CodecError> {
    Ok((DeckId::from_bytes(c.array()?), CardId::from_bytes(c.array()?)))
}

fn put_review(out: &mut Vec<u8>, r: &Review) {
    put_card(out, r.deck, r.card);
    out.push(r.grade.number());
    out.push(match r.mode {
        Mode::Flip => 0,
        Mode::Type => 1,
        Mode::Choose => 2,
    });
    out.extend_from_slice(&r.elapsed_ms.to_le_bytes());
    out.extend_from_slice(&r.revision.to_le_bytes());
    let (sure, unsure) = (r.confidence == Some(Confidence::Sure), r.confidence == Some(Confidence::Unsure));
    let there =
        flags([r.early, sure, unsure, r.sitting.is_some(), r.class.is_some(), r.response.is_some(), r.told]);
    out.extend_from_slice(&there.to_le_bytes());
    put_some(out, r.sitting.map(|id| *id.bytes()));
    put_some(out, r.class.map(|id| *id.bytes()));
    put_some(out, r.response.map(u64::to_le_bytes));
}

fn review(c: &mut Cursor) -> Result<Review, CodecError> {
    let (deck, card) = card(c)?;
    let grade = Grade::new(c.u8()?).ok_or(CodecError::BadField("grade"))?;
    let mode = match c.u8()? {
        0 => Mode::Flip,
        1 => Mode::Type,
        2 => Mode::Choose,
        _ => return Err(CodecError::BadField("mode")),
    };
    let elapsed_ms = c.u32()?;
    let revision = c.u32()?;
    let [early, sure, unsure, has_sitting, has_class, has_response, told] =
        unflags(c.u16()?, "review flags")?;
    let confidence = match (sure, unsure) {
        (false, false) => None,
        (true, false) => Some(Confidence::Sure),
        (false, true) => Some(Confidence::Unsure),
        (true, true) => return Err(CodecError::BadField("confidence")),
    };
    let sitting = c.when(has_sitting, |c| Ok(SittingId::from_bytes(c.array()?)))?;
    let class = c.when(has_class, |c| Ok(ClassId::from_bytes(c.array()?)))?;
    let response = c.when(has_response, |c| Ok(u64::from_le_bytes(c.array()?)))?;
    let asked = Review {
        deck,
        card,
        grade,
        mode,
        elapsed_ms,
        early,
        confidence,
        sitting,
        class,
        response,
        revision,
        told,
    };
    Ok(asked)
}

fn put_regrade(out: &mut Vec<u8>, r: &Regrade) {
    out.extend_from_slice(r.of.bytes());
    put_card(out, r.deck, r.card);
    out.push(r.grade.number());
    out.extend_from_slice(r.by.bytes());
}

fn regrade(c: &mut Cursor) -> Result<Regrade, CodecError> {
    let of = EntryId::from_bytes(c.array()?);
    let (deck, card) = card(c)?;
    let grade = Grade::new(c.u8()?).ok_or(CodecError::BadField("grade"))?;
    Ok(Regrade { of, deck, card, grade, by: UserId::from_bytes(c.array()?) })
}

fn put_change(out: &mut Vec<u8>, change: SetChange) {
    match change {
        SetChange::Suspended(on) => out.extend_from_slice(&[1, u8::from(on)]),
        SetChange::BuriedUntil(None) => out.push(2),
        SetChange::BuriedUntil(Some(day)) => {
            out.push(3);
            out.extend_from_slice(&day.0.to_le_bytes());
        }
        SetChange::Flag(n) => out.extend_from_slice(&[4, n]),
        SetChange::Reset => out.push(5),
        SetChange::Due(day) => {
            out.push(6);
            out.extend_from_slice(&day.0.to_le_bytes());
        }
    }
}

fn change(c: &mut Cursor) -> Result<SetChange, CodecError> {
    Ok(match c.u8()? {
        1 => SetChange::Suspended(bool_of(c.u8()?, "suspended")?),
        2 => SetChange::BuriedUntil(None),
        3 => SetChange::BuriedUntil(Some(c.day()?)),
        4 => SetChange::Flag(c.u8()?),
        5 => SetChange::Reset,
        6 => SetChange::Due(c.day()?),
        _ => return Err(CodecError::BadField("change")),
    })
}

fn put_given(out: &mut Vec<u8>, state: &GivenState) {
    out.extend_from_slice(&state.reps.to_le_bytes());
    out.extend_from_slice(&state.ease.to_le_bytes());
    out.extend_from_slice(&state.interval_days.to_le_bytes());
    out.extend_from_slice(&state.lapses.to_le_bytes());
    out.extend_from_slice(&flags([state.due.is_some(), state.last_scheduled.is_some()]).to_le_bytes());
    put_some(out, state.due.map(day_bytes));
    put_some(out, state.last_scheduled.map(day_bytes));
}

fn given(c: &mut Cursor) -> Result<GivenState, CodecError> {
    let (reps, ease, interval_days, lapses) = (c.u16()?, c.u16()?, c.u32()?, c.u16()?);
    let [has_due, has_last] = unflags(c.u16()?, "state flags")?;
    let due = c.when(has_due, Cursor::day)?;
    let last_scheduled = c.when(has_last, Cursor::day)?;
    Ok(GivenState { reps, ease, interval_days, due, lapses, last_scheduled })
}

pub(super) fn day_bytes(day: Day) -> [u8; 4] {
    day.0.to_le_bytes()
}
