use super::*;
use crate::schema::{MAIN, migrate};
use std::path::Path;

const DECK: DeckId = DeckId::from_u128(7);

fn main() -> Connection {
    let mut main = Connection::open_in_memory().unwrap();
    migrate(&mut main, Path::new("main.db"), MAIN).unwrap();
    main
}

/// Ids that have no order.
fn scattered(from: u32, to: u32) -> Vec<Place> {
    let id = |n: u32| u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    (from..to).map(|n| (id(n), n)).collect()
}

fn file(of: &'static Filed, main: &Connection, places: Vec<Place>) {
    file_with(&Recent::default(), of, main, places);
}

fn file_with(recent: &Recent, of: &'static Filed, main: &Connection, places: Vec<Place>) {
    let ids = places.iter().map(|(id, _)| *id);
    let mut filing = Filing::begin(of, main, DECK, ids, recent).unwrap();
    for (id, number) in places {
        assert_eq!(filing.find(id), None);
        filing.add(id, number);
    }
    filing.end(main, recent).unwrap();
}

fn all_places(of: &Filed, main: &Connection) -> Vec<Place> {
    let mut select = main.prepare(of.of_run).unwrap();
    let mut all = Vec::new();
    for run in of.runs(main, DECK).unwrap() {
        let rows = select.query_map((&DECK.bytes()[..], run), |row| row.get::<_, Vec<u8>>(0)).unwrap();
        let places: Vec<Place> = rows
            .flat_map(|row| divided(&row.unwrap()).unwrap().iter().map(place).collect::<Vec<_>>())
            .collect();
        assert!(places.is_sorted(), "a run is sorted");
        all.extend(places);
    }
    all.sort();
    all
}

#[test]
fn what_is_filed_in_parts_is_found_and_nothing_else() {
    let main = main();
    let each = PLACES_PER_ROW as u32;
    let ends = [1, each - 1, each, each + 1, 3 * each, 3 * each + 1, 4 * each, 5 * each, 11 * each + 5];
    for of in [&CARDS, &NOTES] {
        let mut from = 0;
        for to in ends {
            file(of, &main, scattered(from, to));
            let mut all = scattered(0, to);
            for (id, number) in &all {
                assert_eq!(of.place_of(&main, DECK, *id).unwrap(), Some(*number), "{to}");
                assert_eq!(of.place_of(&main, DeckId::from_u128(8), *id).unwrap(), None);
            }
            for (id, _) in scattered(to, to + 300) {
                assert_eq!(of.place_of(&main, DECK, id).unwrap(), None, "{to}");
            }
            all.sort();
            assert_eq!(all_places(of, &main), all);
            assert!(of.count(&main, DECK).unwrap() >= all.len());
            from = to;
        }
        of.forget(&main, DECK).unwrap();
        assert_eq!((all_places(of, &main), of.count(&main, DECK).unwrap()), (Vec::new(), 0));
    }
}

#[test]
fn what_comes_after_an_id_is_read_a_page_at_a_time() {
    let main = main();
    for (from, to) in [(0, 1), (1, 450), (450, 1_000)] {
        file(&NOTES, &main, scattered(from, to));
    }
    let mut all = scattered(0, 1_000);
    all.sort();
    for limit in [1, 7, 200, 201, 5_000] {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let mut page = NOTES.after(&main, DECK, after, limit).unwrap();
            page.sort();
            page.truncate(limit);
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            read.append(&mut page);
        }
        assert_eq!(read, all, "{limit}");
    }
    // An id that is not there is a place, too.
    let (behind, before) = (scattered(2_000, 2_001)[0].0, all.iter());
    let next = before.filter(|(id, _)| *id > behind).min().copied();
    let mut page = NOTES.after(&main, DECK, Some(behind), 3).unwrap();
    page.sort();
    assert_eq!(page.first().copied(), next);
}

#[test]
fn what_was_filed_is_known_to_those_that_come_and_what_comes_twice_is_found() {
    let main = main();
    for (from, to) in [(0, 1_100), (1_100, 1_150), (1_150, 3_000)] {
        file(&CARDS, &main, scattered(from, to));
    }
    let all = scattered(0, 4_000);
    for step in [1, 3, 250] {
        let mut some: Vec<Place> = all.iter().step_by(step).copied().collect();
        some.reverse();
        let coming = some.iter().chain(some.first()).map(|(id, _)| *id);
        let mut filing = Filing::begin(&CARDS, &main, DECK, coming, &Recent::default()).unwrap();
        assert!(!filing.has_others);
        for (id, number) in &some {
            assert_eq!(filing.find(*id), (*number < 3_000).then_some(*number), "{step}");
        }
        let (twice, number) = some[0];
        filing.add(twice, number);
        assert_eq!(filing.find(twice), Some(number));
    }
}

#[test]
fn what_was_filed_a_moment_ago_is_known_without_being_read() {
    let main = main();
    let recent = Recent::default();
    let all = scattered(0, 6_000);
    // So many that runs become one, more than once.
    for some in all.chunks(100) {
        file_with(&recent, &CARDS, &main, some.to_vec());
        assert!(CARDS.runs(&main, DECK).unwrap().len() <= RUNS_MAX);
    }
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(all_places(&CARDS, &main), sorted);
    assert_eq!(recent.count(&CARDS, DECK), Some(6_000));
    for (id, number) in &all {
        assert_eq!(CARDS.place_of(&main, DECK, *id).unwrap(), Some(*number));
    }
    // Those that come again are found, and those that only look like one that is there are not.
    let alike = (all[7].0 ^ (1 << 100), 0);
    let again = [all[3], all[5_999], alike, scattered(6_000, 6_001)[0]];
    let ids = again.iter().map(|(id, _)| *id);
    let filing = Filing::begin(&CARDS, &main, DECK, ids, &recent).unwrap();
    assert_eq!(again.map(|(id, _)| filing.find(id)), [Some(3), Some(5_999), None, None]);
}

/// Files, takes it back, and leaves what is remembered of it.
fn file_and_take_back(recent: &Recent, main: &Connection, places: Vec<Place>) {
    main.execute_batch("BEGIN").unwrap();
    file_with(recent, &CARDS, main, places);
    main.execute_batch("ROLLBACK").unwrap();
}

fn assert_found(recent: &Recent, main: &Connection, wanted: &[(u32, u32, bool)]) {
    for (from, to, there) in wanted {
        let places = scattered(*from, *to);
        let filing = Filing::begin(&CARDS, main, DECK, places.iter().map(|(id, _)| *id), recent).unwrap();
        assert!(places.iter().all(|(id, number)| filing.find(*id) == there.then_some(*number)), "{from}");
    }
}

#[test]
fn what_is_remembered_of_runs_that_are_not_there_is_not_believed() {
    let main = main();
    let recent = Recent::default();
    file_with(&recent, &CARDS, &main, scattered(0, 300));
    // Nobody says that it was taken back: there is a run less than is remembered.
    file_and_take_back(&recent, &main, scattered(300, 600));
    assert_eq!(recent.count(&CARDS, DECK), Some(600));
    file_with(&recent, &CARDS, &main, scattered(600, 900));
    assert_eq!(recent.count(&CARDS, DECK), None);
    assert_found(&recent, &main, &[(0, 300, true), (300, 600, false), (600, 900, true)]);
    let mut there = [scattered(0, 300), scattered(600, 900)].concat();
    there.sort();
    assert_eq!(all_places(&CARDS, &main), there);
}

#[test]
fn what_was_taken_back_and_forgotten_is_not_believed_when_its_number_has_another_run() {
    let main = main();
    let recent = Recent::default();
    file_with(&recent, &CARDS, &main, scattered(0, 300));
    file_and_take_back(&recent, &main, scattered(300, 600));
    recent.forget();
    // Run 1, as the one that was taken back; of another thread, which remembers nothing.
    file(&CARDS, &main, scattered(600, 900));
    assert_found(&recent, &main, &[(0, 300, true), (300, 600, false), (600, 900, true)]);
}

#[test]
fn a_row_that_was_cut_off_is_an_error() {
    let main = main();
    file(&CARDS, &main, scattered(0, 5));
    main.execute("UPDATE filed_cards SET places = substr(places, 1, 50)", []).unwrap();
    let (last, _) = scattered(0, 5).into_iter().max().unwrap();
    assert!(CARDS.place_of(&main, DECK, last).is_err());
    assert!(CARDS.after(&main, DECK, None, 9).is_err());
    assert!(Filing::begin(&CARDS, &main, DECK, [last].into_iter(), &Recent::default()).is_err());
}
