//! What the port asks, answered from both files. Each function reads `main` within the caller's transaction,
//! which began after the waiting rows were read.

use crate::error::During;
use crate::merge::{Joined, Waiting, join_progress};
use crate::rows::{NumberedProgress, id, read_entries, read_progress};
use domain::entry::LogEntry;
use domain::ids::{DeckId, EntryId, UserId};
use ports::reviews::NEWEST_IDS;
use ports::{LearnerLog, LogRange, Progress, StoreError};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;

/// What a session starts from.
pub(crate) fn load(main: &Connection, waiting: &Waiting, user: UserId) -> Result<LearnerLog, StoreError> {
    let mut stored = Vec::new();
    read_entries(
        main,
        "SELECT body FROM review_log WHERE user = ?1 ORDER BY id DESC, job DESC LIMIT ?2",
        (&user.bytes()[..], NEWEST_IDS as i64 + 1),
        &mut stored,
    )?;
    let joined = Joined::of(stored, waiting.entries().map(|(entry, _)| entry));
    let more = joined.len() > NEWEST_IDS;
    let newest = joined.oldest_first().rev().take(NEWEST_IDS);
    let newest = newest.map(|entry| (entry.id, entry.content_digest())).collect();
    let mut decks = decks_of(main, user)?;
    decks.extend(waiting.progress(main, None)?.keys().map(|(deck, _)| *deck));
    Ok(LearnerLog { newest, more, decks: decks.into_iter().collect() })
}

/// Decks in which `main.db` has progress of the learner: one key look-up a deck, whatever the number of cards.
pub(crate) fn decks_of(main: &Connection, user: UserId) -> Result<BTreeSet<DeckId>, StoreError> {
    let mut next = main
        .prepare_cached("SELECT deck FROM progress WHERE user = ?1 AND deck > ?2 ORDER BY deck LIMIT 1")
        .during("read the decks")?;
    let mut decks = BTreeSet::new();
    let mut after: Vec<u8> = Vec::new();
    while let Some(deck) =
        next.query_row((&user.bytes()[..], &after), |row| id(row, 0)).optional().during("read the decks")?
    {
        decks.insert(DeckId::from_bytes(deck));
        after = deck.to_vec();
    }
    Ok(decks)
}

/// All progress rows of a learner in a deck.
pub(crate) fn progress(
    main: &Connection,
    waiting: &Waiting,
    user: UserId,
    deck: DeckId,
) -> Result<Vec<Progress>, StoreError> {
    let stored = read_progress(
        main,
        "SELECT deck, card, row, state FROM progress WHERE user = ?1 AND deck = ?2",
        (&user.bytes()[..], &deck.bytes()[..]),
    )?;
    Ok(join_progress(stored, waiting.progress(main, Some(deck))?))
}

/// All progress rows of a learner.
pub(crate) fn all_progress(
    main: &Connection,
    waiting: &Waiting,
    user: UserId,
) -> Result<Vec<Progress>, StoreError> {
    let stored: Vec<NumberedProgress> = read_progress(
        main,
        "SELECT deck, card, row, state FROM progress WHERE user = ?1",
        [&user.bytes()[..]],
    )?;
    Ok(join_progress(stored, waiting.progress(main, None)?))
}

/// The stored entries with these ids.
pub(crate) fn entries(
    main: &Connection,
    waiting: &Waiting,
    user: UserId,
    ids: &BTreeSet<EntryId>,
) -> Result<Vec<LogEntry>, StoreError> {
    let mut stored = Vec::new();
    for id in ids {
        read_entries(
            main,
            "SELECT body FROM review_log WHERE user = ?1 AND id = ?2",
            (&user.bytes()[..], &id.bytes()[..]),
            &mut stored,
        )?;
    }
    let wanted = waiting.entries().map(|(entry, _)| entry).filter(|entry| ids.contains(&entry.id));
    Ok(Joined::of(stored, wanted).oldest_first().collect())
}

// The end is a bound that a page begins at, and no condition: "or there is none" would walk all that lies beyond it.
const OLDEST_FIRST: &str =
    "SELECT body FROM review_log WHERE user = ?1 AND id >= ?2 AND id < ?3 ORDER BY id, job LIMIT ?4";
const NEWEST_FIRST: &str = "SELECT body FROM review_log WHERE user = ?1 AND id >= ?2 AND id < ?3 ORDER BY id DESC, job DESC LIMIT ?4";
/// Behind every id, since it is longer.
pub(crate) const BEYOND_ALL: [u8; 17] = [0xff; 17];

/// A stretch of the log.
pub(crate) fn log(
    main: &Connection,
    waiting: &Waiting,
    user: UserId,
    range: &LogRange,
) -> Result<Vec<LogEntry>, StoreError> {
    let mut stored = Vec::new();
    let before = range.before.as_ref().map_or(&BEYOND_ALL[..], |id| &id.bytes()[..]);
    let limit = i64::try_from(range.limit).unwrap_or(i64::MAX);
    read_entries(
        main,
        if range.newest_first { NEWEST_FIRST } else { OLDEST_FIRST },
        (&user.bytes()[..], &range.from.bytes()[..], before, limit),
        &mut stored,
    )?;
    // The keys are different, and in the order that was asked for.
    if waiting.is_empty() {
        return Ok(stored);
    }
    let within = |entry: &LogEntry| entry.id >= range.from && range.before.is_none_or(|b| entry.id < b);
    let joined = Joined::of(stored, waiting.entries().map(|(entry, _)| entry).filter(within));
    let ordered = joined.oldest_first();
    Ok(match range.newest_first {
        true => ordered.rev().take(range.limit).collect(),
        false => ordered.take(range.limit).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::steps_of;
    use crate::schema::{MAIN, migrate};
    use std::path::Path;

    #[test]
    fn a_stretch_of_the_log_is_walked_between_its_bounds_alone() {
        let mut main = Connection::open_in_memory().unwrap();
        migrate(&mut main, Path::new("main.db"), MAIN).unwrap();
        for sql in [OLDEST_FIRST, NEWEST_FIRST] {
            let steps = steps_of(&main, sql);
            assert_eq!(steps.len(), 1, "sorted: {steps:?}");
            assert!(steps[0].contains("(user=? AND id>? AND id<?)"), "{steps:?}");
        }
        assert!(BEYOND_ALL[..] > [0xff; 16][..]);
    }
}
