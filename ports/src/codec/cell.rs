//! The bytes of a cell on its way to another node: version, whose and which it is, then the figures.

use super::cursor::{Cursor, put_list, put_maybe, put_text};
use super::{CodecError, VERSION};
use domain::ids::{AskId, CardId, DeckId, LessonId, UserId};
use domain::lesson::cell::{Newest, Said, Tally, Vote, WrongAnswer};
use domain::lesson::minutes::Minute;
use domain::lesson::{Cell, CellVersion, Figures, Presence, Round};

/// Appends the cell's bytes.
pub fn encode_cell(cell: &Cell, out: &mut Vec<u8>) {
    let Cell { student, lesson, version, called_by, figures } = cell;
    out.push(VERSION);
    out.extend_from_slice(student.bytes());
    out.extend_from_slice(lesson.bytes());
    for n in [version.epoch, version.n, called_by.0, called_by.1] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    put_figures(out, figures);
}

/// Reads a cell.
///
/// # Errors
/// [`CodecError`], for whatever is no cell.
pub fn decode_cell(bytes: &[u8]) -> Result<Cell, CodecError> {
    let mut c = Cursor::versioned(bytes)?;
    let cell = Cell {
        student: UserId::from_bytes(c.array()?),
        lesson: LessonId::from_bytes(c.array()?),
        version: CellVersion { epoch: c.u64()?, n: c.u64()? },
        called_by: (c.u64()?, c.u64()?),
        figures: figures(&mut c)?,
    };
    c.end()?;
    Ok(cell)
}

fn put_figures(out: &mut Vec<u8>, of: &Figures) {
    // All fields by name: one that is added is not forgotten here.
    let Figures {
        presence,
        deck,
        answered,
        correct,
        streak,
        wrong_in_a_row,
        newest,
        sure_and_wrong,
        elapsed_ms,
        grades,
        last_seen_ms,
        recall_permille,
        unsaved,
        as_of_ms,
        cards,
        minutes,
        is_whole,
        votes,
        wrong,
    } = of;
    out.push(match presence {
        Presence::Left => 0,
        Presence::Away => 1,
        Presence::Here => 2,
    });
    put_maybe(out, deck.as_ref(), |out, deck| out.extend_from_slice(deck.bytes()));
    for count in
        [answered, correct, streak, wrong_in_a_row, sure_and_wrong, unsaved].into_iter().chain(grades)
    {
        out.extend_from_slice(&count.to_le_bytes());
    }
    out.extend_from_slice(&[newest.count, newest.correct]);
    out.extend_from_slice(&elapsed_ms.to_le_bytes());
    out.extend_from_slice(&last_seen_ms.to_le_bytes());
    put_permille(out, *recall_permille);
    out.extend_from_slice(&as_of_ms.to_le_bytes());
    put_list(out, cards.iter(), put_tally);
    put_list(out, minutes.iter(), |out, minute| {
        out.extend_from_slice(&minute.at.to_le_bytes());
        out.extend_from_slice(&minute.answered.to_le_bytes());
        out.extend_from_slice(&minute.correct.to_le_bytes());
    });
    out.push(u8::from(*is_whole));
    put_list(out, votes.iter(), put_vote);
    put_list(out, wrong.iter(), |out, wrong| {
        out.extend_from_slice(wrong.card.bytes());
        out.extend_from_slice(&wrong.digest.to_le_bytes());
        // An empty text is never one: nothing that was typed is none.
        put_text(out, wrong.text.as_deref().unwrap_or_default());
        out.extend_from_slice(&wrong.times.to_le_bytes());
    });
}

fn figures(c: &mut Cursor) -> Result<Figures, CodecError> {
    let mut figures = Figures {
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
        wrong_in_a_row: c.u32()?,
        sure_and_wrong: c.u32()?,
        unsaved: c.u32()?,
        ..Figures::default()
    };
    for grade in &mut figures.grades {
        *grade = c.u32()?;
    }
    figures.newest = Newest { count: c.u8()?, correct: c.u8()? };
    figures.elapsed_ms = c.u64()?;
    figures.last_seen_ms = c.i64()?;
    figures.recall_permille = c.maybe("recall", Cursor::u16)?;
    figures.as_of_ms = c.i64()?;
    figures.cards = c.list(tally)?;
    figures.minutes = c.list(|c| Ok(Minute { at: c.i64()?, answered: c.u32()?, correct: c.u32()? }))?;
    figures.is_whole = c.bool("whole")?;
    figures.votes = c.list(vote)?;
    figures.wrong = c.list(|c| {
        Ok(WrongAnswer {
            card: CardId::from_bytes(c.array()?),
            digest: c.u64()?,
            text: Some(c.text("wrong")?).filter(|text| !text.is_empty()).map(Into::into),
            times: c.u32()?,
        })
    })?;
    Ok(figures)
}

fn put_permille(out: &mut Vec<u8>, permille: Option<u16>) {
    put_maybe(out, permille, |out, permille| out.extend_from_slice(&permille.to_le_bytes()));
}

fn put_tally(out: &mut Vec<u8>, tally: &Tally) {
    out.extend_from_slice(tally.deck.bytes());
    out.extend_from_slice(tally.card.bytes());
    out.extend_from_slice(&tally.answers.to_le_bytes());
    out.extend_from_slice(&tally.wrong.to_le_bytes());
    put_permille(out, tally.recall_permille);
}

fn tally(c: &mut Cursor) -> Result<Tally, CodecError> {
    Ok(Tally {
        deck: DeckId::from_bytes(c.array()?),
        card: CardId::from_bytes(c.array()?),
        answers: c.u32()?,
        wrong: c.u32()?,
        recall_permille: c.maybe("recall", Cursor::u16)?,
    })
}

fn put_vote(out: &mut Vec<u8>, vote: &Vote) {
    out.extend_from_slice(vote.ask.bytes());
    out.push(match vote.round {
        Round::First => 1,
        Round::Second => 2,
    });
    match vote.said {
        Said::Grade(grade) => out.extend_from_slice(&[1, grade]),
        Said::Response(digest) => {
            out.push(2);
            out.extend_from_slice(&digest.to_le_bytes());
        }
    }
    out.push(u8::from(vote.is_correct));
    out.extend_from_slice(&vote.reached_ms.to_le_bytes());
}

fn vote(c: &mut Cursor) -> Result<Vote, CodecError> {
    Ok(Vote {
        ask: AskId::from_bytes(c.array()?),
        round: match c.u8()? {
            1 => Round::First,
            2 => Round::Second,
            _ => return Err(CodecError::BadField("round")),
        },
        said: match c.u8()? {
            1 => Said::Grade(c.u8()?),
            2 => Said::Response(c.u64()?),
            _ => return Err(CodecError::BadField("said")),
        },
        is_correct: c.bool("correct")?,
        reached_ms: c.i64()?,
    })
}
