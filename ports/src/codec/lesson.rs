//! The bytes of a lesson's record: version, the document, its times, then what it remembers. A record without texts of
//! wrong answers is written as every version of the program has written it.

use super::cursor::{Cursor, put_list, put_maybe, put_text};
use super::{CodecError, VERSION, VERSION_WITH_TEXTS};
use domain::ids::{AskId, CardId, ClassId, DeckId, EntryId, LessonId, UserId};
use domain::lesson::cell::Said;
use domain::lesson::document::Assigned;
use domain::lesson::output::{AskOutcome, RoundOutcome};
use domain::lesson::record::{Accepting, WrongText};
use domain::lesson::{Ask, Document, LessonState, Record, Round};

/// Appends the record's bytes.
pub fn encode_record(record: &Record, out: &mut Vec<u8>) {
    let has_texts = !record.texts.is_empty();
    out.push(if has_texts { VERSION_WITH_TEXTS } else { VERSION });
    put_document(out, &record.document);
    put_ms(out, record.opened_ms);
    put_maybe(out, record.closed_ms, put_ms);
    put_ms(out, record.paused_ms);
    put_maybe(out, record.paused_since_ms, put_ms);
    put_list(out, record.removed.iter(), |out, user| out.extend_from_slice(user.bytes()));
    put_list(out, record.accepting.iter(), put_accepting);
    put_maybe(out, record.first_round.as_ref(), put_ask);
    put_list(out, record.asked.iter(), put_outcome);
    put_list(out, record.said.iter(), |out, (id, digest)| {
        out.extend_from_slice(id.bytes());
        out.extend_from_slice(&digest.to_le_bytes());
    });
    out.push(u8::from(record.reported));
    if has_texts {
        put_list(out, record.texts.iter(), |out, known| {
            out.extend_from_slice(known.card.bytes());
            out.extend_from_slice(&known.digest.to_le_bytes());
            put_text(out, &known.text);
        });
    }
}

/// Reads a record.
///
/// # Errors
/// [`CodecError`], for whatever is no record.
pub fn decode_record(bytes: &[u8]) -> Result<Record, CodecError> {
    let (mut c, version) = Cursor::of_versions(bytes, &[VERSION, VERSION_WITH_TEXTS])?;
    let record = Record {
        document: document(&mut c)?,
        opened_ms: c.i64()?,
        closed_ms: c.maybe("closed", Cursor::i64)?,
        paused_ms: c.i64()?,
        paused_since_ms: c.maybe("paused since", Cursor::i64)?,
        removed: c.list(|c| Ok(UserId::from_bytes(c.array()?)))?.into_iter().collect(),
        accepting: c.list(accepting)?,
        first_round: c.maybe("first round", ask)?,
        asked: c.list(outcome)?,
        said: c.list(|c| Ok((EntryId::from_bytes(c.array()?), c.u64()?)))?.into(),
        reported: c.bool("reported")?,
        texts: if version == VERSION_WITH_TEXTS { c.list(wrong_text)? } else { Vec::new() },
    };
    c.end()?;
    Ok(record)
}

fn put_ms(out: &mut Vec<u8>, ms: i64) {
    out.extend_from_slice(&ms.to_le_bytes());
}

fn put_document(out: &mut Vec<u8>, document: &Document) {
    out.extend_from_slice(document.class.bytes());
    out.extend_from_slice(&document.version.to_le_bytes());
    put_maybe(out, document.lesson, |out, lesson| out.extend_from_slice(lesson.bytes()));
    out.push(match document.state {
        LessonState::Open => 0,
        LessonState::Paused => 1,
        LessonState::Closed => 2,
    });
    put_maybe(out, document.message.as_deref(), put_text);
    put_maybe(out, document.ask.as_ref(), put_ask);
    put_list(out, document.assigned.iter(), |out, assigned| {
        out.extend_from_slice(assigned.deck.bytes());
        put_list(out, assigned.cards.iter(), |out, card| out.extend_from_slice(card.bytes()));
        put_list(out, assigned.to.iter(), |out, user| out.extend_from_slice(user.bytes()));
    });
    out.push(u8::from(document.hide_names));
}

fn document(c: &mut Cursor) -> Result<Document, CodecError> {
    Ok(Document {
        class: ClassId::from_bytes(c.array()?),
        version: c.u64()?,
        lesson: c.maybe("lesson", |c| Ok(LessonId::from_bytes(c.array()?)))?,
        state: match c.u8()? {
            0 => LessonState::Open,
            1 => LessonState::Paused,
            2 => LessonState::Closed,
            _ => return Err(CodecError::BadField("state")),
        },
        message: c.maybe("message", |c| Ok(c.text("message")?.into()))?,
        ask: c.maybe("ask", ask)?,
        assigned: c.list(|c| {
            Ok(Assigned {
                deck: DeckId::from_bytes(c.array()?),
                cards: c.list(|c| Ok(CardId::from_bytes(c.array()?)))?.into(),
                to: c.list(|c| Ok(UserId::from_bytes(c.array()?)))?.into(),
            })
        })?,
        hide_names: c.bool("hide names")?,
    })
}

fn wrong_text(c: &mut Cursor) -> Result<WrongText, CodecError> {
    Ok(WrongText {
        card: CardId::from_bytes(c.array()?),
        digest: c.u64()?,
        text: c.text("wrong text")?.into(),
    })
}

fn put_accepting(out: &mut Vec<u8>, accepting: &Accepting) {
    out.extend_from_slice(accepting.said.bytes());
    out.extend_from_slice(accepting.by.bytes());
    out.extend_from_slice(accepting.deck.bytes());
    out.extend_from_slice(accepting.card.bytes());
    put_text(out, &accepting.text);
}

fn accepting(c: &mut Cursor) -> Result<Accepting, CodecError> {
    Ok(Accepting {
        said: EntryId::from_bytes(c.array()?),
        by: UserId::from_bytes(c.array()?),
        deck: DeckId::from_bytes(c.array()?),
        card: CardId::from_bytes(c.array()?),
        text: c.text("accepted")?.into(),
    })
}

fn put_ask(out: &mut Vec<u8>, ask: &Ask) {
    out.extend_from_slice(ask.id.bytes());
    out.extend_from_slice(ask.deck.bytes());
    out.extend_from_slice(ask.card.bytes());
    put_round(out, ask.round);
    put_ms(out, ask.opened_ms);
    put_ms(out, ask.closes_ms);
}

fn ask(c: &mut Cursor) -> Result<Ask, CodecError> {
    Ok(Ask {
        id: AskId::from_bytes(c.array()?),
        deck: DeckId::from_bytes(c.array()?),
        card: CardId::from_bytes(c.array()?),
        round: round(c)?,
        opened_ms: c.i64()?,
        closes_ms: c.i64()?,
    })
}

fn put_round(out: &mut Vec<u8>, round: Round) {
    out.push(match round {
        Round::First => 1,
        Round::Second => 2,
    });
}

fn round(c: &mut Cursor) -> Result<Round, CodecError> {
    match c.u8()? {
        1 => Ok(Round::First),
        2 => Ok(Round::Second),
        _ => Err(CodecError::BadField("round")),
    }
}

/// Appends how a question came out.
pub(super) fn put_outcome(out: &mut Vec<u8>, outcome: &AskOutcome) {
    put_ask(out, &outcome.ask);
    put_list(out, outcome.rounds.iter(), |out, round| {
        put_round(out, round.round);
        out.extend_from_slice(&round.votes.to_le_bytes());
        out.extend_from_slice(&round.correct.to_le_bytes());
        put_list(out, round.said.iter(), |out, (said, times)| {
            match said {
                Said::Grade(grade) => out.extend_from_slice(&[1, *grade]),
                Said::Response(digest) => {
                    out.push(2);
                    out.extend_from_slice(&digest.to_le_bytes());
                }
            }
            out.extend_from_slice(&times.to_le_bytes());
        });
    });
}

/// Reads how a question came out.
pub(super) fn outcome(c: &mut Cursor) -> Result<AskOutcome, CodecError> {
    let ask = ask(c)?;
    let rounds = c.list(|c| {
        Ok(RoundOutcome {
            round: round(c)?,
            votes: c.u32()?,
            correct: c.u32()?,
            said: c.list(|c| {
                let said = match c.u8()? {
                    1 => Said::Grade(c.u8()?),
                    2 => Said::Response(c.u64()?),
                    _ => return Err(CodecError::BadField("said")),
                };
                Ok((said, c.u32()?))
            })?,
        })
    })?;
    Ok(AskOutcome { ask, rounds })
}
