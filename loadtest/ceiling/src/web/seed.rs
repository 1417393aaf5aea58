//! `POST /seed`: learners who all study one new deck.

use super::database::Database;
use super::problem::Problem;
use domain::sm2::Sm2;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Progress rows that one request may make: a minute's work.
const ROWS_MAX: u64 = 10_000_000;

/// The body of a request.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Seed {
    users: u32,
    cards: u32,
}

/// The body of a response.
#[derive(Debug, Serialize)]
pub struct Seeded {
    deck_id: Uuid,
    users: Vec<Uuid>,
    /// In the order in which they are due.
    cards: Vec<Uuid>,
}

/// Makes learners and a deck; every card is due for everybody.
///
/// # Errors
/// [`Problem`]; then nothing was made.
pub fn fill(database: &Database, seed: &Seed) -> Result<Seeded, Problem> {
    if !(1..=ROWS_MAX).contains(&(u64::from(seed.users) * u64::from(seed.cards))) {
        return Err(Problem::OutOfRange("users times cards must be 1 to 10,000,000"));
    }
    let ids = |count| (0..count).map(|_| Uuid::new_v4()).collect();
    let seeded = Seeded { deck_id: Uuid::new_v4(), users: ids(seed.users), cards: ids(seed.cards) };
    database.write(|tx| insert(tx, &seeded))?;
    Ok(seeded)
}

fn insert(tx: &Connection, seeded: &Seeded) -> Result<(), Problem> {
    let deck = seeded.deck_id.as_bytes();
    let mut card =
        tx.prepare_cached("INSERT INTO cards (id, deck_id, front, back) VALUES (?1, ?2, ?3, ?4)")?;
    for (n, id) in seeded.cards.iter().enumerate() {
        let front = format!("What is the capital of country {n}?");
        card.execute(params![id.as_bytes(), deck, front, format!("Capital {n}")])?;
    }
    let mut row = tx.prepare_cached(
        "INSERT INTO progress (user_id, deck_id, card_id, reps, ease, interval_days, due_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let new = Sm2::NEW;
    for user in &seeded.users {
        for (due_ms, id) in (0_i64..).zip(&seeded.cards) {
            let user = user.as_bytes();
            row.execute(params![user, deck, id.as_bytes(), new.reps, new.ease, new.interval_days, due_ms])?;
        }
    }
    Ok(())
}
