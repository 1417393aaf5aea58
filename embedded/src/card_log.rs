//! What the log says of cards: found card by card in the chapters that it is filed in, or by one walk over all of it.

use crate::error::{During, unreadable};
use crate::import_index::{JobChapter, brought_of_cards, count_brought, import_chapters_of};
use crate::merge::{Joined, Waiting};
use crate::rows::read_entries;
use domain::entry::LogEntry;
use domain::ids::{CardId, DeckId, UserId};
use ports::StoreError;
use ports::codec::decode_entry;
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, BTreeSet};

/// As many look-ups are made whatever the log's length.
const LOOKUPS_ALWAYS: usize = 4_096;
/// Rows of a log that are walked over in the time of one look-up, measured.
const WALKED_PER_LOOKUP: usize = 8;
/// The logs of so few cards are found soon, however long the log is that they are part of.
const FEW_CARDS: usize = 4;
/// Cards whose entries are counted to know about how many there are of all.
const CARDS_COUNTED: usize = 16;

/// Cards by their decks.
pub(crate) type Cards = BTreeMap<DeckId, BTreeSet<CardId>>;

/// Whose log is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Of<'c> {
    Deck(DeckId),
    Cards(&'c Cards),
}

impl Of<'_> {
    fn has(self, deck: DeckId, card: CardId) -> bool {
        match self {
            Of::Deck(wanted) => deck == wanted,
            Of::Cards(cards) => cards.get(&deck).is_some_and(|of_deck| of_deck.contains(&card)),
        }
    }

    /// The deck, where it is one.
    fn deck(self) -> Option<DeckId> {
        match self {
            Of::Deck(deck) => Some(deck),
            Of::Cards(cards) => cards.keys().next().copied().filter(|_| cards.len() == 1),
        }
    }
}

/// How the logs of some cards are found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// Card by card, in these chapters.
    LookUps(Vec<i64>, Vec<JobChapter>),
    /// By a walk over all of the learner's log.
    Walk,
}

/// The shorter way to the logs of these cards, where a log would be walked over so many times.
pub(crate) fn way_to(
    main: &Connection,
    user: UserId,
    cards: &[CardId],
    walks: usize,
) -> Result<Way, StoreError> {
    let (chapters, brought) = (chapters_of(main, user)?, import_chapters_of(main, user)?);
    // Each card is looked up in each chapter, and each entry that is found there by its id.
    let cards_in_chapters = (cards.len() + 1) * (chapters.len() + brought.len());
    let lookups = cards_in_chapters.saturating_add(entries_of(main, user, cards, (&chapters, &brought))?);
    Ok(match is_walked_sooner(main, user, lookups / walks.max(1))? {
        true => Way::Walk,
        false => Way::LookUps(chapters, brought),
    })
}

/// About how many entries of these cards there are: those of some cards are counted for all.
fn entries_of(
    main: &Connection,
    user: UserId,
    cards: &[CardId],
    (chapters, brought): (&[i64], &[JobChapter]),
) -> Result<usize, StoreError> {
    let doing = "count the entries of some cards";
    let step = cards.len().div_ceil(CARDS_COUNTED).max(1);
    let mut live = main
        .prepare_cached(
            "SELECT count(*) FROM review_log INDEXED BY review_log_by_chapter
             WHERE user = ?1 AND chapter = ?2 AND chapter < 2199023255552 AND card = ?3",
        )
        .during(doing)?;
    let (mut counted, mut entries) = (0, 0);
    for card in cards.iter().step_by(step) {
        for chapter in chapters {
            let of_card = (&user.bytes()[..], chapter, &card.bytes()[..]);
            let found: u32 = live.query_row(of_card, |row| row.get(0)).during(doing)?;
            entries += found as usize;
        }
        entries += count_brought(main, user, *card, brought)?;
        counted += 1;
    }
    Ok(entries.saturating_mul(cards.len()) / counted.max(1))
}

/// The log of some cards, or of a whole deck, with the marks of imports.
pub(crate) fn card_log(
    main: &Connection,
    waiting: &Waiting,
    user: UserId,
    deck: DeckId,
    cards: Option<Vec<CardId>>,
) -> Result<Vec<LogEntry>, StoreError> {
    let Some(cards) = cards else {
        let stored = log_of(main, user, Of::Deck(deck))?;
        return Ok(Joined::of(stored, waiting_of(waiting, Of::Deck(deck))).oldest_first().collect());
    };
    card_logs(main, waiting, user, &Cards::from([(deck, cards.into_iter().collect())]))
}

/// The log of cards of several decks, with the marks of imports.
pub(crate) fn card_logs(
    main: &Connection,
    waiting: &Waiting,
    user: UserId,
    of: &Cards,
) -> Result<Vec<LogEntry>, StoreError> {
    let cards: Vec<CardId> = of.values().flatten().copied().collect();
    let stored = match way_to(main, user, &cards, 1)? {
        Way::Walk => log_of(main, user, Of::Cards(of))?,
        Way::LookUps(chapters, brought) => log_of_cards(main, user, &cards, (&chapters, &brought))?,
    };
    Ok(Joined::of(stored, waiting_of(waiting, Of::Cards(of))).oldest_first().collect())
}

/// What waits in the journal of these, and what concerns all.
pub(crate) fn waiting_of<'w>(waiting: &'w Waiting, of: Of<'w>) -> impl Iterator<Item = LogEntry> + 'w {
    let concerned =
        waiting.entries().filter(move |(_, under)| under.is_none_or(|(deck, card)| of.has(deck, card)));
    concerned.map(|(entry, _)| entry)
}

/// Whether the learner's whole log is walked over before so many look-ups are made. To tell it takes as many steps as the
/// look-ups would at most, and no more than the log has.
fn is_walked_sooner(main: &Connection, user: UserId, lookups: usize) -> Result<bool, StoreError> {
    if lookups <= LOOKUPS_ALWAYS {
        return Ok(false);
    }
    let rows = i64::try_from(lookups.saturating_mul(WALKED_PER_LOOKUP)).unwrap_or(i64::MAX);
    Ok(!is_longer(main, user, rows)?)
}

/// Whether a learner's log has more rows than this.
fn is_longer(main: &Connection, user: UserId, rows: i64) -> Result<bool, StoreError> {
    let longer = "SELECT 1 FROM review_log NOT INDEXED WHERE user = ?1 LIMIT 1 OFFSET ?2";
    let doing = "measure a log";
    let mut longer = main.prepare_cached(longer).during(doing)?;
    longer.exists((&user.bytes()[..], rows)).during(doing)
}

/// Whether to find what the log says of so many cards, `None` for all, may take long, where a log of more than
/// `long_rows` does.
pub(crate) fn is_long(
    main: &Connection,
    user: UserId,
    cards: Option<usize>,
    long_rows: u32,
) -> Result<bool, StoreError> {
    if cards.is_some_and(|cards| cards <= FEW_CARDS) {
        return Ok(false);
    }
    is_longer(main, user, i64::from(long_rows))
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
    cards: &[CardId],
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

/// What the log holds of these, and what concerns all.
pub(crate) fn log_of(main: &Connection, user: UserId, of: Of<'_>) -> Result<Vec<LogEntry>, StoreError> {
    let mut stored = Vec::new();
    walk(main, user, of, |entry| stored.push(entry))?;
    Ok(stored)
}

const WALK_OF_DECK: &str = "SELECT deck, card, body FROM review_log NOT INDEXED
     WHERE user = ?1 AND (deck = ?2 OR card = x'') ORDER BY id, job";
const WALK: &str = "SELECT deck, card, body FROM review_log NOT INDEXED WHERE user = ?1 ORDER BY id, job";

/// One walk over the learner's log, by id and job.
pub(crate) fn walk(
    main: &Connection,
    user: UserId,
    of: Of<'_>,
    mut each: impl FnMut(LogEntry),
) -> Result<(), StoreError> {
    let doing = "read a whole log";
    let user = &user.bytes()[..];
    let deck = of.deck();
    let mut select = main.prepare_cached(if deck.is_some() { WALK_OF_DECK } else { WALK }).during(doing)?;
    let mut rows = match deck {
        Some(deck) => select.query((user, &deck.bytes()[..])),
        None => select.query((user,)),
    }
    .during(doing)?;
    while let Some(row) = rows.next().during(doing)? {
        let blob = |column| row.get_ref(column).and_then(|blob| Ok(blob.as_blob()?)).during(doing);
        let is_wanted = match (<[u8; 16]>::try_from(blob(0)?), <[u8; 16]>::try_from(blob(1)?)) {
            (Ok(deck), Ok(card)) => of.has(DeckId::from_bytes(deck), CardId::from_bytes(card)),
            // It concerns all.
            (_, Err(_)) | (Err(_), _) => true,
        };
        // Most of a long log is about other cards: that much is not decoded, nor held.
        if is_wanted {
            each(decode_entry(blob(2)?).map_err(|error| unreadable("read an entry", error))?);
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::import_index::Filing;
    use crate::rows::{INSERT_LOG, LogPlace, insert_log, steps_of};
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
            let cards: Vec<CardId> = (0..12).filter(|n| n % 3 != seed % 3).map(card).collect();
            let found = in_order(log_of_cards(&main, user(1), &cards, (&chapters, &brought)).unwrap());
            // Cards are of one deck; here some answers name another, which look-ups do not ask for.
            let found: Vec<LogEntry> =
                found.into_iter().filter(|entry| entry.card().is_none_or(|(of, _)| of == deck(1))).collect();
            let of = Cards::from([(deck(1), cards.iter().copied().collect())]);
            let walked = in_order(log_of(&main, user(1), Of::Cards(&of)).unwrap());
            assert!(walked.len() > 10);
            assert_eq!(walked, found, "seed {seed}");
        }
    }

    #[test]
    fn a_walk_neither_sorts_nor_looks_for_another_index() {
        let mut main = Connection::open_in_memory().unwrap();
        migrate(&mut main, Path::new("main.db"), MAIN).unwrap();
        for sql in [WALK, WALK_OF_DECK] {
            let steps = steps_of(&main, sql);
            assert!(steps.len() == 1 && steps[0].contains("PRIMARY KEY (user=?)"), "{steps:?}");
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
