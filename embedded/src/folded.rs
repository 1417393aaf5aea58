//! States of many cards, folded from a long log without holding it: it is walked in the order in which a card's entries
//! act, first for the marks that decide which of them count, then for the cards themselves.

use crate::card_log::{Cards, Of, Way, log_of_cards, waiting_of, walk, way_to};
use crate::merge::{Joined, Waiting};
use domain::entry::LogEntry;
use domain::fold::{CardFold, LiveReader, fold_deck};
use domain::ids::{CardId, DeckId, UserId};
use domain::state::FoldParams;
use ports::portions::Portions;
use ports::{CardStates, StoreError, ToFold};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// How often a log is walked over to fold some of its cards.
const WALKS: usize = 2;

/// The states of these cards; those of which the log says nothing are left out.
pub(crate) fn fold_cards(
    main: &Connection,
    waiting: &Waiting,
    user: UserId,
    wanted: &[ToFold],
) -> Result<CardStates, StoreError> {
    let all: Vec<CardId> = wanted.iter().flat_map(|wanted| wanted.cards.iter().copied()).collect();
    let Way::LookUps(chapters, brought) = way_to(main, user, &all, WALKS)? else {
        return fold_walking(main, waiting, user, wanted);
    };
    let (mut states, mut portions) = (CardStates::new(), Portions::default());
    for ToFold { deck, cards, params } in wanted {
        let mut left = &cards[..];
        while !left.is_empty() {
            let (some, behind) = portions.split(left);
            left = behind;
            let stored = log_of_cards(main, user, some, (&chapters, &brought))?;
            let of = Cards::from([(*deck, some.iter().copied().collect())]);
            let joined = Joined::of(stored, waiting_of(waiting, Of::Cards(&of)));
            let log: Vec<LogEntry> = joined.oldest_first().collect();
            portions.held(some.len(), log.len());
            states.extend(fold_deck(*deck, &log, params).into_iter().map(|(card, s)| ((*deck, card), s)));
        }
    }
    Ok(states)
}

/// The same by two walks over the log.
fn fold_walking(
    main: &Connection,
    waiting: &Waiting,
    user: UserId,
    wanted: &[ToFold],
) -> Result<CardStates, StoreError> {
    let mut of = Cards::new();
    for wanted in wanted {
        of.entry(wanted.deck).or_default().extend(&wanted.cards);
    }
    let params: BTreeMap<DeckId, FoldParams> =
        wanted.iter().map(|wanted| (wanted.deck, wanted.params)).collect();
    let joined = Joined::of(Vec::new(), waiting_of(waiting, Of::Cards(&of)));
    let waiting: Vec<LogEntry> = joined.oldest_first().collect();
    let mut reader = LiveReader::default();
    waiting.iter().for_each(|entry| reader.read(entry));
    walk(main, user, Of::Cards(&of), |entry| reader.read(&entry))?;
    let live = reader.live();
    let mut folds: BTreeMap<(DeckId, CardId), CardFold> = BTreeMap::new();
    let mut fold = |entry: &LogEntry| {
        if let Some((about, params)) = entry.card().and_then(|about| Some((about, params.get(&about.0)?))) {
            folds.entry(about).or_default().take(entry, &live, params);
        }
    };
    let key = |entry: &LogEntry| (entry.id, entry.job);
    let mut waiting = waiting.iter().peekable();
    walk(main, user, Of::Cards(&of), |entry| {
        while let Some(earlier) = waiting.next_if(|next| key(next) < key(&entry)) {
            fold(earlier);
        }
        // What was stored first stays.
        let _ = waiting.next_if(|next| key(next) == key(&entry));
        fold(&entry);
    })?;
    waiting.for_each(fold);
    Ok(folds.into_iter().map(|(about, fold)| (about, *fold.state())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card_log::log_of;
    use crate::card_log::tests::stored;
    use crate::schema::{MAIN, migrate};
    use kit::rng::Rng;
    use kit::rows::{bare, card, deck, one_of_each_kind, user};
    use ports::Row;
    use std::path::Path;

    /// Before, between and behind what is stored, some of it a second time.
    fn waiting(rng: &mut Rng, stored: &[LogEntry]) -> Waiting {
        let mut rows: Vec<Row> = Vec::new();
        for _ in 0..3 {
            let of = card(rng.below(12));
            let kinds = one_of_each_kind(deck(1), of, rng.below(70) * 100 + 50);
            rows.extend(kinds.into_iter().map(|entry| bare(user(1), entry, Some((deck(1), of)))));
        }
        let again = stored.iter().filter(|entry| entry.card().is_some() && rng.below(9) == 0);
        rows.extend(again.map(|entry| bare(user(1), *entry, None)));
        Waiting::of((1..).zip(rows).collect())
    }

    #[test]
    fn both_ways_give_the_states_that_folding_the_log_gives() {
        let mut moved = 0;
        for seed in 0..40 {
            let mut main = Connection::open_in_memory().unwrap();
            migrate(&mut main, Path::new("main.db"), MAIN).unwrap();
            stored(&main, seed);
            let mut rng = Rng::new(seed);
            let cards: Vec<CardId> = (0..12).filter(|n| n % 4 != seed % 4).map(card).collect();
            let lax = FoldParams { drill_until: 3, ..FoldParams::default() };
            let wanted = [(deck(0), lax), (deck(1), FoldParams::default())];
            let of: Cards = wanted.iter().map(|(deck, _)| (*deck, cards.iter().copied().collect())).collect();
            let log = log_of(&main, user(1), Of::Cards(&of)).unwrap();
            let waiting = waiting(&mut rng, &log);
            let joined = Joined::of(log, waiting_of(&waiting, Of::Cards(&of)));
            let log: Vec<LogEntry> = joined.oldest_first().collect();
            let expected: CardStates = wanted
                .iter()
                .flat_map(|(deck, params)| {
                    fold_deck(*deck, &log, params).into_iter().map(|(card, state)| ((*deck, card), state))
                })
                .collect();
            moved += expected.values().filter(|state| !state.is_new()).count();
            // With thousands of cards of which the log says nothing it is walked over.
            let unknown: Vec<CardId> = (100..3_000).map(card).collect();
            for (others, is_walk) in [(&[][..], false), (&unknown[..], true)] {
                let all: Vec<CardId> = cards.iter().chain(others).copied().collect();
                let twice: Vec<CardId> = all.iter().chain(&all).copied().collect();
                let way = way_to(&main, user(1), &twice, WALKS).unwrap();
                assert_eq!(way == Way::Walk, is_walk, "{way:?}");
                let wanted = wanted.map(|(deck, params)| ToFold { deck, cards: all.clone(), params });
                let folded = fold_cards(&main, &waiting, user(1), &wanted).unwrap();
                assert_eq!(folded, expected, "seed {seed}");
            }
        }
        assert!(moved > 100, "{moved}");
    }
}
