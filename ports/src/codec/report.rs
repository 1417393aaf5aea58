//! The bytes of a lesson's report: version, when it was, the whole class, then students, cards and what is told of them.

use super::cursor::{Cursor, put_list, put_maybe, put_text};
use super::lesson::{outcome, put_outcome};
use super::{CodecError, VERSION};
use domain::ids::{CardId, ClassId, DeckId, LessonId, UserId};
use domain::lesson::Presence;
use domain::lesson::output::{CardRow, StudentRow, Totals};
use domain::lesson::report::Report;
use domain::lesson::standing::WrongGroup;
use domain::lesson::struggle::Struggle;

/// Appends the report's bytes.
pub fn encode_report(report: &Report, out: &mut Vec<u8>) {
    out.push(VERSION);
    out.extend_from_slice(report.class.bytes());
    put_maybe(out, report.lesson, |out, lesson| out.extend_from_slice(lesson.bytes()));
    for ms in [report.opened_ms, report.closed_ms, report.active_ms] {
        out.extend_from_slice(&ms.to_le_bytes());
    }
    put_totals(out, &report.totals);
    put_list(out, report.students.iter(), put_student);
    put_list(out, report.cards.iter(), put_card);
    put_list(out, report.hardest.iter(), put_card);
    put_list(out, report.wrong.iter(), put_wrong);
    put_list(out, report.talk_to.iter(), |out, user| out.extend_from_slice(user.bytes()));
    put_list(out, report.asked.iter(), put_outcome);
}

/// Reads a report.
///
/// # Errors
/// [`CodecError`], for whatever is no report.
pub fn decode_report(bytes: &[u8]) -> Result<Report, CodecError> {
    let mut c = Cursor::versioned(bytes)?;
    let report = Report {
        class: ClassId::from_bytes(c.array()?),
        lesson: c.maybe("lesson", |c| Ok(LessonId::from_bytes(c.array()?)))?,
        opened_ms: c.i64()?,
        closed_ms: c.i64()?,
        active_ms: c.i64()?,
        totals: totals(&mut c)?,
        students: c.list(student)?,
        cards: c.list(card)?,
        hardest: c.list(card)?,
        wrong: c.list(wrong)?,
        talk_to: c.list(|c| Ok(UserId::from_bytes(c.array()?)))?,
        asked: c.list(outcome)?,
    };
    c.end()?;
    Ok(report)
}

fn put_totals(out: &mut Vec<u8>, totals: &Totals) {
    out.extend_from_slice(&totals.students.to_le_bytes());
    out.extend_from_slice(&totals.here.to_le_bytes());
    let counts = [totals.answered, totals.correct, totals.sure_and_wrong, totals.elapsed_ms, totals.unsaved];
    for count in counts.iter().chain(&totals.grades) {
        out.extend_from_slice(&count.to_le_bytes());
    }
}

fn totals(c: &mut Cursor) -> Result<Totals, CodecError> {
    let mut totals = Totals {
        students: c.u32()?,
        here: c.u32()?,
        answered: c.u64()?,
        correct: c.u64()?,
        sure_and_wrong: c.u64()?,
        elapsed_ms: c.u64()?,
        unsaved: c.u64()?,
        ..Totals::default()
    };
    for grade in &mut totals.grades {
        *grade = c.u64()?;
    }
    Ok(totals)
}

fn put_student(out: &mut Vec<u8>, row: &StudentRow) {
    out.extend_from_slice(row.student.bytes());
    put_maybe(out, row.name.as_deref(), put_text);
    out.push(match row.presence {
        Presence::Left => 0,
        Presence::Away => 1,
        Presence::Here => 2,
    });
    put_maybe(out, row.deck, |out, deck| out.extend_from_slice(deck.bytes()));
    for count in [row.answered, row.correct, row.streak, row.mean_ms, row.sure_and_wrong] {
        out.extend_from_slice(&count.to_le_bytes());
    }
    put_maybe(out, row.struggling, |out, why| match why {
        Struggle::WrongInARow(times) => {
            out.push(1);
            out.extend_from_slice(&times.to_le_bytes());
        }
        Struggle::MostlyWrong { wrong, of } => out.extend_from_slice(&[2, wrong, of]),
        Struggle::SureAndWrong(times) => {
            out.push(3);
            out.extend_from_slice(&times.to_le_bytes());
        }
    });
    put_permille(out, row.recall_permille);
    out.extend_from_slice(&row.extra_percent.to_le_bytes());
    out.extend_from_slice(&row.last_seen_ms.to_le_bytes());
    out.extend_from_slice(&row.as_of_ms.to_le_bytes());
}

fn student(c: &mut Cursor) -> Result<StudentRow, CodecError> {
    Ok(StudentRow {
        student: UserId::from_bytes(c.array()?),
        name: c.maybe("name", |c| Ok(c.text("name")?.into()))?,
        presence: match c.u8()? {
            0 => Presence::Left,
            1 => Presence::Away,
            2 => Presence::Here,
            _ => return Err(CodecError::BadField("presence")),
        },
        deck: c.maybe("deck", |c| Ok(DeckId::from_bytes(c.array()?)))?,
        answered: c.u32()?,
        correct: c.u32()?,
        streak: c.u32()?,
        mean_ms: c.u32()?,
        sure_and_wrong: c.u32()?,
        struggling: c.maybe("struggling", |c| match c.u8()? {
            1 => Ok(Struggle::WrongInARow(c.u32()?)),
            2 => Ok(Struggle::MostlyWrong { wrong: c.u8()?, of: c.u8()? }),
            3 => Ok(Struggle::SureAndWrong(c.u32()?)),
            _ => Err(CodecError::BadField("struggling")),
        })?,
        recall_permille: permille(c)?,
        extra_percent: c.u16()?,
        last_seen_ms: c.i64()?,
        as_of_ms: c.i64()?,
    })
}

fn put_card(out: &mut Vec<u8>, row: &CardRow) {
    out.extend_from_slice(row.deck.bytes());
    out.extend_from_slice(row.card.bytes());
    out.extend_from_slice(&row.answers.to_le_bytes());
    out.extend_from_slice(&row.wrong.to_le_bytes());
    put_permille(out, row.recall_permille);
    put_list(out, row.missed_by.iter(), |out, user| out.extend_from_slice(user.bytes()));
    out.extend_from_slice(&row.as_of_ms.to_le_bytes());
}

fn card(c: &mut Cursor) -> Result<CardRow, CodecError> {
    Ok(CardRow {
        deck: DeckId::from_bytes(c.array()?),
        card: CardId::from_bytes(c.array()?),
        answers: c.u32()?,
        wrong: c.u32()?,
        recall_permille: permille(c)?,
        missed_by: c.list(|c| Ok(UserId::from_bytes(c.array()?)))?,
        as_of_ms: c.i64()?,
    })
}

fn put_wrong(out: &mut Vec<u8>, group: &WrongGroup) {
    out.extend_from_slice(group.card.bytes());
    out.extend_from_slice(&group.digest.to_le_bytes());
    put_text(out, &group.text);
    out.extend_from_slice(&group.times.to_le_bytes());
    out.extend_from_slice(&group.students.to_le_bytes());
}

fn wrong(c: &mut Cursor) -> Result<WrongGroup, CodecError> {
    Ok(WrongGroup {
        card: CardId::from_bytes(c.array()?),
        digest: c.u64()?,
        text: c.text("wrong answer")?.into(),
        times: c.u32()?,
        students: c.u32()?,
    })
}

fn put_permille(out: &mut Vec<u8>, permille: Option<u16>) {
    put_maybe(out, permille, |out, permille| out.extend_from_slice(&permille.to_le_bytes()));
}

fn permille(c: &mut Cursor) -> Result<Option<u16>, CodecError> {
    c.maybe("recall", Cursor::u16)
}
