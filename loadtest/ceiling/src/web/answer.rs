//! `POST /answers`: one answer, durable before it is answered, and the next card.

use super::database::Database;
use super::problem::Problem;
use domain::grade::Grade;
use domain::sm2::{INTERVAL_MAX_DAYS, Sm2};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// A day, in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// After how long a card with a low grade comes again on the same day, milliseconds.
const AGAIN_MS: i64 = 60_000;

/// The body of a request.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Answer {
    user: Uuid,
    deck_id: Uuid,
    card_id: Uuid,
    /// Made by the client: the same answer may come twice.
    id: Uuid,
    grade: u8,
}

/// The body of a response.
#[derive(Debug, Serialize)]
pub struct NextCard {
    /// None when nothing is due today.
    card: Option<Card>,
}

#[derive(Debug, Serialize)]
struct Card {
    card_id: Uuid,
    deck_id: Uuid,
    front: String,
    back: String,
    state: State,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct State {
    reps: u16,
    ease: u16,
    interval_days: u32,
    due_ms: i64,
}

/// Logs the answer, moves its card's schedule, and finds the next card.
///
/// # Errors
/// [`Problem`]; then nothing was logged.
pub fn take(database: &Database, answer: &Answer) -> Result<NextCard, Problem> {
    let grade = Grade::new(answer.grade).ok_or(Problem::OutOfRange("a grade is 0 to 5"))?;
    let now_ms = unix_ms();
    database.write(|tx| schedule(tx, answer, grade, now_ms))?;
    let card = database.read(|db| next(db, answer, now_ms))?;
    Ok(NextCard { card })
}

fn schedule(tx: &Connection, answer: &Answer, grade: Grade, now_ms: i64) -> Result<(), Problem> {
    let row = tx
        .prepare_cached(
            "SELECT reps, ease, interval_days FROM progress WHERE user_id = ?1 AND deck_id = ?2 AND card_id = ?3",
        )?
        .query_row(params![answer.user.as_bytes(), answer.deck_id.as_bytes(), answer.card_id.as_bytes()], |row| {
            Ok(Sm2 { reps: row.get(0)?, ease: row.get(1)?, interval_days: row.get(2)? })
        })
        .optional()?
        .ok_or(Problem::UnknownCard)?;
    let logged = tx
        .prepare_cached(
            "INSERT INTO review_log (user_id, id, deck_id, card_id, grade, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            answer.user.as_bytes(),
            answer.id.as_bytes(),
            answer.deck_id.as_bytes(),
            answer.card_id.as_bytes(),
            grade.number(),
            now_ms
        ])?;
    if logged == 0 {
        return Ok(());
    }
    let next = row.after(grade, INTERVAL_MAX_DAYS);
    let today_ms = day_start_ms(now_ms);
    let due_ms = match grade {
        Grade::Blackout | Grade::Wrong | Grade::WrongButEasy | Grade::Hard => {
            (now_ms + AGAIN_MS).min(today_ms + DAY_MS - 1)
        }
        Grade::Good | Grade::Perfect => today_ms + i64::from(next.interval_days) * DAY_MS,
    };
    tx.prepare_cached(
        "UPDATE progress SET reps = ?4, ease = ?5, interval_days = ?6, due_ms = ?7
         WHERE user_id = ?1 AND deck_id = ?2 AND card_id = ?3",
    )?
    .execute(params![
        answer.user.as_bytes(),
        answer.deck_id.as_bytes(),
        answer.card_id.as_bytes(),
        next.reps,
        next.ease,
        next.interval_days,
        due_ms
    ])?;
    Ok(())
}

/// The card that has been due for the longest, of those that are due today.
fn next(db: &Connection, answer: &Answer, now_ms: i64) -> Result<Option<Card>, Problem> {
    let tomorrow_ms = day_start_ms(now_ms) + DAY_MS;
    let card = db
        .prepare_cached(
            "SELECT card_id, front, back, reps, ease, interval_days, due_ms
             FROM progress JOIN cards ON cards.id = progress.card_id
             WHERE user_id = ?1 AND progress.deck_id = ?2 AND due_ms < ?3 ORDER BY due_ms LIMIT 1",
        )?
        .query_row(params![answer.user.as_bytes(), answer.deck_id.as_bytes(), tomorrow_ms], |row| {
            Ok(Card {
                card_id: Uuid::from_bytes(row.get(0)?),
                deck_id: answer.deck_id,
                front: row.get(1)?,
                back: row.get(2)?,
                state: State {
                    reps: row.get(3)?,
                    ease: row.get(4)?,
                    interval_days: row.get(5)?,
                    due_ms: row.get(6)?,
                },
            })
        })
        .optional()?;
    Ok(card)
}

const fn day_start_ms(now_ms: i64) -> i64 {
    now_ms - now_ms.rem_euclid(DAY_MS)
}

fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
