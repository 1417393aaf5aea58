//! States of many cards, folded from a long log without holding it: it is walked in the order in which a card's entries
//! act, first for the marks that decide which of them count, then for the cards themselves.

use crate::card_log::{Way, log_of_cards, waiting_of, walk, way_to};
use crate::merge::{Joined, Waiting};
use domain::entry::LogEntry;
use domain::fold::{CardFold, LiveReader, fold_deck};
use domain::ids::{CardId, DeckId, UserId};
use domain::state::{CardState, FoldParams};
use ports::StoreError;
use ports::reviews::FOLDED_AT_ONCE;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// The states of these cards; those of which the log says nothing are left out.
pub(crate) fn fold_cards(
    main: &Connection,
    waiting: &Waiting,
    user: UserId,
    (deck, cards): (DeckId, &BTreeSet<CardId>),
    params: &FoldParams,
) -> Result<BTreeMap<CardId, CardState>, StoreError> {
    let Way::LookUps(chapters, brought) = way_to(main, user, cards.len())? else {
        let waiting = Joined::of(Vec::new(), waiting_of(waiting, deck, Some(cards)));
        let waiting: Vec<LogEntry> = waiting.oldest_first().collect();
        return fold_walking(main, &waiting, user, (deck, cards), params);
    };
    let (mut states, all): (_, Vec<CardId>) = (BTreeMap::new(), cards.iter().copied().collect());
    for some in all.chunks(FOLDED_AT_ONCE) {
        let some: BTreeSet<CardId> = some.iter().copied().collect();
        let stored = log_of_cards(main, user, &some, (&chapters, &brought))?;
        let joined = Joined::of(stored, waiting_of(waiting, deck, Some(&some)));
        let log: Vec<LogEntry> = joined.oldest_first().collect();
        states.extend(fold_deck(deck, &log, params));
    }
    Ok(states)
}

/// The same by two walks over the log. `waiting` is in its order.
fn fold_walking(
    main: &Connection,
    waiting: &[LogEntry],
    user: UserId,
    (deck, cards): (DeckId, &BTreeSet<CardId>),
    params: &FoldParams,
) -> Result<BTreeMap<CardId, CardState>, StoreError> {
    let mut reader = LiveReader::default();
    waiting.iter().for_each(|entry| reader.read(entry));
    walk(main, user, deck, Some(cards), |entry| reader.read(&entry))?;
    let live = reader.live();
    let mut folds: BTreeMap<CardId, CardFold> = BTreeMap::new();
    let mut fold = |entry: &LogEntry| {
        if let Some((_, card)) = entry.card().filter(|(of, _)| *of == deck) {
            folds.entry(card).or_default().take(entry, &live, params);
        }
    };
    let key = |entry: &LogEntry| (entry.id, entry.job);
    let mut waiting = waiting.iter().peekable();
    walk(main, user, deck, Some(cards), |entry| {
        while let Some(earlier) = waiting.next_if(|next| key(next) < key(&entry)) {
            fold(earlier);
        }
        // What was stored first stays.
        let _ = waiting.next_if(|next| key(next) == key(&entry));
        fold(&entry);
    })?;
    waiting.for_each(fold);
    Ok(folds.into_iter().map(|(card, fold)| (card, *fold.state())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card_log::log_of_deck;
    use crate::card_log::tests::stored;
    use crate::schema::{MAIN, migrate};
    use kit::rng::Rng;
    use kit::rows::{card, deck, one_of_each_kind, user};
    use std::path::Path;

    #[test]
    fn walking_gives_the_states_that_folding_the_log_gives() {
        let mut moved = 0;
        for seed in 0..40 {
            let mut main = Connection::open_in_memory().unwrap();
            migrate(&mut main, Path::new("main.db"), MAIN).unwrap();
            stored(&main, seed);
            let mut rng = Rng::new(seed);
            let cards: BTreeSet<CardId> = (0..12).filter(|n| n % 4 != seed % 4).map(card).collect();
            // Before, between and behind what is stored, some of it a second time.
            let mut waiting: Vec<LogEntry> = (0..3)
                .flat_map(|_| one_of_each_kind(deck(1), card(rng.below(12)), rng.below(70) * 100 + 50))
                .collect();
            let log = log_of_deck(&main, user(1), deck(1), Some(&cards)).unwrap();
            waiting.extend(log.iter().filter(|_| rng.below(9) == 0));
            let mut waiting: Vec<LogEntry> =
                Joined::of(Vec::new(), waiting.into_iter()).oldest_first().collect();
            waiting.retain(|entry| entry.card().is_none_or(|(_, of)| cards.contains(&of)));
            let params = FoldParams::default();
            let folded = fold_walking(&main, &waiting, user(1), (deck(1), &cards), &params).unwrap();
            let all: Vec<LogEntry> = Joined::of(log, waiting.into_iter()).oldest_first().collect();
            assert_eq!(folded, fold_deck(deck(1), &all, &params), "seed {seed}");
            moved += folded.values().filter(|state| !state.is_new()).count();
        }
        assert!(moved > 100, "{moved}");
    }
}
