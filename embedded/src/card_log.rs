//! What the log says of cards: found card by card in the chapters that it is filed in, or by one walk over all of it.

use crate::error::{During, unreadable};
use crate::import_index::{JobChapter, brought_of_cards, import_chapters_of};
use crate::merge::{Joined, Waiting};
use crate::rows::read_entries;
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, UserId};
use ports::StoreError;
use ports::codec::decode_entry;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;

/// As many look-ups are made whatever the log's length.
const LOOKUPS_ALWAYS: usize = 4_096;
/// Rows of a log that are walked over in the time of one look-up, measured.
const WALKED_PER_LOOKUP: usize = 8;

/// How the logs of some cards are found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// Card by card, in these chapters.
    LookUps(Vec<i64>, Vec<JobChapter>),
    /// By a walk over all of the learner's log.
    Walk,
}

/// The shorter way to the logs of so many cards.
pub(crate) fn way_to(main: &Connection, user: UserId, cards: usize) -> Result<Way, StoreError> {
    let (chapters, brought) = (chapters_of(main, user)?, import_chapters_of(main, user)?);
    let lookups = (cards + 1) * (chapters.len() + brought.len());
    Ok(match is_walked_sooner(main, user, lookups)? {
        true => Way::Walk,
        false => Way::LookUps(chapters, brought),
    })
}

/// The log of some cards, or of a whole deck, with the marks of imports.
pub(crate) fn card_log(
    main: &Connection,
    waiting: &Waiting,
    user: UserId,
    deck: DeckId,
    cards: Option<&BTreeSet<CardId>>,
) -> Result<Vec<LogEntry>, StoreError> {
    let stored = match cards {
        None => log_of_deck(main, user, deck, None)?,
        Some(cards) => match way_to(main, user, cards.len())? {
            Way::Walk => log_of_deck(main, user, deck, Some(cards))?,
            Way::LookUps(chapters, brought) => log_of_cards(main, user, cards, (&chapters, &brought))?,
        },
    };
    Ok(Joined::of(stored, waiting_of(waiting, deck, cards)).oldest_first().collect())
}

/// What waits in the journal of some cards, or of a whole deck, and what concerns all.
pub(crate) fn waiting_of<'w>(
    waiting: &'w Waiting,
    deck: DeckId,
    cards: Option<&'w BTreeSet<CardId>>,
) -> impl Iterator<Item = LogEntry> + 'w {
    let concerned = waiting.entries().filter(move |(_, under)| match (under, cards) {
        (None, _) => true,
        (Some((of, _)), None) => *of == deck,
        (Some((_, card)), Some(cards)) => cards.contains(card),
    });
    concerned.map(|(entry, _)| entry)
}

/// Whether the learner's whole log is walked over before so many look-ups are made. A short part of the walk tells.
fn is_walked_sooner(main: &Connection, user: UserId, lookups: usize) -> Result<bool, StoreError> {
    if lookups <= LOOKUPS_ALWAYS {
        return Ok(false);
    }
    let rows = i64::try_from(lookups.saturating_mul(WALKED_PER_LOOKUP)).unwrap_or(i64::MAX);
    let longer = "SELECT 1 FROM review_log NOT INDEXED WHERE user = ?1 LIMIT 1 OFFSET ?2";
    let doing = "measure a log";
    let mut longer = main.prepare_cached(longer).during(doing)?;
    Ok(!longer.exists((&user.bytes()[..], rows)).during(doing)?)
}

/// The chapters that hold something of this learner: one key look-up each.
fn chapters_of(main: &Connection, user: UserId) -> Result<Vec<i64>, StoreError> {
    let mut next = main
        .prepare_cached(
            "SELECT chapter FROM review_log INDEXED BY review_log_by_chapter
             WHERE user = ?1 AND chapter > ?2 AND chapter < 2199023255552 ORDER BY chapter LIMIT 1",
        )
        .during("read the chapters")?;
    let (mut chapters, mut after) = (Vec::new(), -1);
    while let Some(chapter) =
        next.query_row((&user.bytes()[..], after), |row| row.get(0)).optional().during("read the chapters")?
    {
        chapters.push(chapter);
        after = chapter;
    }
    Ok(chapters)
}

/// What the log holds of these cards, and what concerns all.
pub(crate) fn log_of_cards(
    main: &Connection,
    user: UserId,
    cards: &BTreeSet<CardId>,
    (chapters, brought): (&[i64], &[JobChapter]),
) -> Result<Vec<LogEntry>, StoreError> {
    let (mut stored, marks): (_, &[u8]) = (Vec::new(), &[]);
    for chapter in chapters {
        for card in cards.iter().map(|card| &card.bytes()[..]).chain([marks]) {
            read_entries(
                main,
                "SELECT body FROM review_log INDEXED BY review_log_by_chapter
                 WHERE user = ?1 AND chapter = ?2 AND chapter < 2199023255552 AND card = ?3",
                (&user.bytes()[..], chapter, card),
                &mut stored,
            )?;
        }
    }
    brought_of_cards(main, user, cards, brought, &mut stored)?;
    Ok(stored)
}

/// What the log holds of a deck, or of these cards in it, and what concerns all.
pub(crate) fn log_of_deck(
    main: &Connection,
    user: UserId,
    deck: DeckId,
    cards: Option<&BTreeSet<CardId>>,
) -> Result<Vec<LogEntry>, StoreError> {
    let mut stored = Vec::new();
    walk(main, user, deck, cards, |entry| stored.push(entry))?;
    Ok(stored)
}

/// One walk over the learner's log, by id and job.
pub(crate) fn walk(
    main: &Connection,
    user: UserId,
    deck: DeckId,
    cards: Option<&BTreeSet<CardId>>,
    mut each: impl FnMut(LogEntry),
) -> Result<(), StoreError> {
    let doing = "read the log of a deck";
    let of_deck =
        "SELECT card, body FROM review_log NOT INDEXED WHERE user = ?1 AND (deck = ?2 OR card = x'')
         ORDER BY id, job";
    let mut select = main.prepare_cached(of_deck).during(doing)?;
    let mut rows = select.query((&user.bytes()[..], &deck.bytes()[..])).during(doing)?;
    while let Some(row) = rows.next().during(doing)? {
        let blob = |column| row.get_ref(column).and_then(|blob| Ok(blob.as_blob()?)).during(doing);
        let is_wanted = match (cards, <[u8; 16]>::try_from(blob(0)?)) {
            (Some(cards), Ok(card)) => cards.contains(&CardId::from_bytes(card)),
            (None, _) | (_, Err(_)) => true,
        };
        // Most of a long log is about other cards: that much is not decoded, nor held.
        if is_wanted {
            each(decode_entry(blob(1)?).map_err(|error| unreadable("read an entry", error))?);
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::import_index::Filing;
    use crate::rows::{INSERT_LOG, LogPlace, insert_log};
    use crate::schema::{MAIN, migrate};
    use domain::entry::Body;
    use domain::grade::Grade;
    use kit::rng::Rng;
    use kit::rows::{card, deck, entry, id, job, one_of_each_kind, review, user};
    use std::path::Path;

    /// Entries of each kind, answers, undos with and without the card that they are about, and what imports brought, filed
    /// in several chapters.
    pub(crate) fn stored(main: &Connection, seed: u64) {
        let mut rng = Rng::new(seed);
        let mut scratch = Vec::new();
        let mut insert = main.prepare(INSERT_LOG).unwrap();
        for nth in 0..60 {
            let of = card(rng.below(12));
            let at = nth * 100;
            let mut entries = match rng.below(4) {
                0 => one_of_each_kind(deck(1), of, at),
                1 => vec![entry(id(at), Body::Undo { of: id(rng.below(60) * 100) })],
                _ => vec![review(id(at), deck(rng.below(2)), of, Grade::Good)],
            };
            let is_imported = rng.below(2) == 0;
            let mut filing = Filing::default();
            for entry in &mut entries {
                let number = i64::try_from(nth << 15).unwrap();
                let about = Some((deck(1), of)).filter(|_| rng.below(2) == 0);
                let place = if is_imported && entry.card().is_some() {
                    entry.job = Some(job(rng.below(3)));
                    LogPlace::of_import(number, true)
                } else {
                    LogPlace::of_row(number)
                };
                if insert_log(&mut insert, user(1), (place, entry), about, &mut scratch).unwrap()
                    && is_imported
                {
                    filing.note(place.chapter(), entry);
                }
            }
            filing.write(main, user(1), i64::try_from(at).unwrap()).unwrap();
        }
    }

    fn in_order(entries: Vec<LogEntry>) -> Vec<LogEntry> {
        Joined::of(entries, std::iter::empty()).oldest_first().collect()
    }

    #[test]
    fn a_walk_finds_of_some_cards_what_look_ups_find() {
        for seed in 0..20 {
            let mut main = Connection::open_in_memory().unwrap();
            migrate(&mut main, Path::new("main.db"), MAIN).unwrap();
            stored(&main, seed);
            let chapters = chapters_of(&main, user(1)).unwrap();
            let brought = import_chapters_of(&main, user(1)).unwrap();
            assert!(chapters.len() > 2 && brought.len() > 2, "{chapters:?} {brought:?}");
            let cards: BTreeSet<CardId> = (0..12).filter(|n| n % 3 != seed % 3).map(card).collect();
            let found = in_order(log_of_cards(&main, user(1), &cards, (&chapters, &brought)).unwrap());
            // Cards are of one deck; here some answers name another, which look-ups do not ask for.
            let found: Vec<LogEntry> =
                found.into_iter().filter(|entry| entry.card().is_none_or(|(of, _)| of == deck(1))).collect();
            let walked = in_order(log_of_deck(&main, user(1), deck(1), Some(&cards)).unwrap());
            assert!(walked.len() > 10);
            assert_eq!(walked, found, "seed {seed}");
        }
    }

    #[test]
    fn a_log_is_walked_over_when_it_is_short_for_so_many_look_ups() {
        let mut main = Connection::open_in_memory().unwrap();
        migrate(&mut main, Path::new("main.db"), MAIN).unwrap();
        let lookups = LOOKUPS_ALWAYS + 1;
        let (mut insert, mut scratch) = (main.prepare(INSERT_LOG).unwrap(), Vec::new());
        let rows = (lookups * WALKED_PER_LOOKUP) as u64;
        for nth in 0..rows {
            let answer = review(id(nth), deck(1), card(1), Grade::Good);
            let place = (LogPlace::of_row(1), &answer);
            insert_log(&mut insert, user(1), place, answer.card(), &mut scratch).unwrap();
        }
        assert!(!is_walked_sooner(&main, user(1), LOOKUPS_ALWAYS).unwrap());
        assert!(is_walked_sooner(&main, user(1), lookups).unwrap());
        let last = review(id(rows), deck(1), card(1), Grade::Good);
        insert_log(&mut insert, user(1), (LogPlace::of_row(1), &last), last.card(), &mut scratch).unwrap();
        assert!(!is_walked_sooner(&main, user(1), lookups).unwrap());
    }
}
