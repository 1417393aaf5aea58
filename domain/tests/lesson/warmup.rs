//! Warm-ups: which cards are chosen, and how a lesson assigns them.

use crate::desk::*;
use domain::access::Span;
use domain::day::Day;
use domain::deck::{CardMeta, Deck, DeckSettings};
use domain::fsrs::{Memory, Model, ONE, STABILITY_MAX, STABILITY_MIN};
use domain::ids::{CardId, EntryId, NoteId, UserId};
use domain::lesson::warmup::{HORIZON_DAYS, Worth, gain, known};
use domain::lesson::{Command, Effect, Figures, Input, MonitorId, Presence, Refusal};
use domain::limits::*;
use domain::session::DeckLoad;
use domain::state::CardState;
use proptest::prelude::*;
use std::sync::Arc;

const TODAY: Day = Day(20_600);

fn memory(stability_days: u32, days_ago: i32) -> Memory {
    Memory { stability: stability_days * ONE, difficulty: 5 * ONE, on: TODAY.plus(-days_ago) }
}

/// Somebody who knows these cards so well.
fn knows(cards: &[(u128, Memory)]) -> Vec<(CardId, CardState)> {
    let state =
        |memory: Memory| CardState { memory: Some(memory), max_day: Some(memory.on), ..CardState::NEW };
    cards.iter().map(|(n, memory)| (card(*n), state(*memory))).collect()
}

/// A deck of cards with their notes.
fn deck_of(notes: &[Option<u128>]) -> Deck {
    let cards = notes.iter().enumerate().map(|(n, note)| CardMeta {
        id: card(n as u128),
        note: note.map(NoteId::from_u128),
        tags: Arc::default(),
        revision: 1,
        created_ms: 0,
        deleted_ms: None,
        fragment: "{}".into(),
        texts: Arc::default(),
    });
    Deck::new(deck(), teacher(), 1, DeckSettings::default(), cards.collect())
}

/// The cards that are chosen for a class of these.
fn chosen(deck: &Deck, class: &[Vec<(CardId, CardState)>], count: usize) -> Vec<CardId> {
    let mut worth = Worth::default();
    class.iter().for_each(|rows| worth.add(deck, Model::everybodys(), rows, TODAY));
    worth.choose(count).into_iter().map(|chosen| chosen.card).collect()
}

#[test]
fn a_warm_up_takes_what_fades_for_many_before_what_is_safe_or_fades_for_one() {
    let deck = deck_of(&[None; 5]);
    let (fading, safe) = (memory(4, 4), memory(400, 1));
    let mut class = vec![knows(&[(1, safe), (3, fading)]); 20];
    class.push(knows(&[(2, fading)]));
    assert_eq!(chosen(&deck, &class, 1), [card(3)]);
    let three = chosen(&deck, &class, 3);
    assert!(three[0] == card(3) && !three.contains(&card(4)), "nobody has seen it: {three:?}");
    assert!(chosen(&deck, &class, 0).is_empty());
}

#[test]
fn a_warm_up_takes_one_card_of_a_note_and_an_end_comes_to_it() {
    let siblings = deck_of(&[Some(1), Some(1), Some(1), Some(2)]);
    let all = |fading| knows(&(0..200).map(|n| (n, fading)).collect::<Vec<_>>());
    assert_eq!(chosen(&siblings, &[all(memory(4, 4))], 4), [card(0), card(3)]);
    assert_eq!(chosen(&deck_of(&[None; 200]), &[all(memory(4, 4))], 200).len(), WARM_UP_CARDS_MAX);
}

#[test]
fn nobody_gains_by_a_card_that_rests_or_was_reviewed_or_talked_about_today_or_is_gone() {
    let mut rows = knows(&(0..6).map(|n| (n, memory(4, 4))).collect::<Vec<_>>());
    rows[0].1.suspended = true;
    rows[1].1.buried_until = Some(TODAY.plus(1));
    rows[2].1.memory = Some(memory(4, 0));
    rows[5].1.told_on = Some(TODAY);
    let mut deck = deck_of(&[None; 6]);
    let mut cards = deck.cards().to_vec();
    cards[3].deleted_ms = Some(1);
    deck = Deck::new(deck.id, deck.owner, 2, deck.settings, cards);
    assert_eq!(chosen(&deck, &[rows.clone()], 5), [card(4)]);
    // Nor by a deck that is closed to them.
    let load = |until_ms| DeckLoad {
        deck: Arc::new(deck.clone()),
        spans: vec![Span { from_ms: 0, until_ms }],
        rows: rows.clone(),
        has_entries: true,
        refolded: Vec::new(),
    };
    assert_eq!((known(&load(None)).len(), known(&load(Some(5))).len()), (6, 0));
}

#[test]
fn what_is_known_best_gains_least() {
    let model = Model::everybodys();
    assert!(gain(&memory(3, 3), model, TODAY) > gain(&memory(300, 3), model, TODAY));
    let best = Memory { stability: STABILITY_MAX, difficulty: ONE, on: TODAY };
    assert!(gain(&best, model, TODAY) < 0.001);
}

fn memories() -> impl Strategy<Value = Memory> {
    (STABILITY_MIN..400 * ONE, ONE..=10 * ONE, 1..200_i32).prop_map(|(stability, difficulty, ago)| Memory {
        stability,
        difficulty,
        on: TODAY.plus(-ago),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_other_choice_of_as_many_cards_keeps_more_alive(
        class in prop::collection::vec(prop::collection::vec((0..8_u128, memories()), 0..6), 1..6),
        count in 0..5_usize,
    ) {
        let deck = deck_of(&[None; 8]);
        let mut of = [0.0; 8];
        for (n, memory) in class.iter().flatten() {
            of[*n as usize] += gain(memory, Model::everybodys(), TODAY);
        }
        let students: Vec<_> = class.iter().map(|known| knows(known)).collect();
        let chosen = chosen(&deck, &students, count);
        let place = |id: &CardId| (0..8).find(|n| card(*n) == *id).unwrap() as usize;
        let worth: f64 = chosen.iter().map(|id| of[place(id)]).sum();
        for choice in 0..1_u32 << of.len() {
            if choice.count_ones() as usize <= count {
                let some = of.iter().enumerate().filter(|(n, _)| choice & (1 << n) != 0);
                prop_assert!(some.map(|(_, gain)| gain).sum::<f64>() <= worth + 1e-9);
            }
        }
        prop_assert!(chosen.windows(2).all(|two| of[place(&two[0])] >= of[place(&two[1])] - 1e-9));
    }

    #[test]
    fn a_gain_is_a_part_of_one_recall(memory in memories()) {
        let gain = gain(&memory, Model::everybodys(), TODAY);
        prop_assert!((0.0..=1.0).contains(&gain));
        let then = Model::everybodys().recall(&memory, TODAY.plus(HORIZON_DAYS));
        prop_assert!(gain <= 1.0 - then + 1e-9);
    }
}

fn warm_up(count: u16) -> Command {
    Command::WarmUp { deck: deck(), count }
}

fn comes(desk: &mut Desk, n: u128, version: u64, presence: Presence) {
    desk.cell(n, (1, version), Figures { presence, is_whole: true, ..Figures::default() });
}

/// The warm-up that is to be chosen: its command, and whose memory counts.
fn wanted(desk: &Desk) -> (EntryId, Vec<UserId>) {
    match desk.others.last() {
        Some(Effect::ChooseWarmUp { said, students, .. }) => (*said, students.clone()),
        other => panic!("no warm-up is to be chosen: {other:?}"),
    }
}

fn assigned(desk: &Desk) -> Vec<(Vec<CardId>, Vec<UserId>)> {
    let assigned = desk.published.last().unwrap().assigned.iter();
    assigned.map(|assigned| (assigned.cards.to_vec(), assigned.to.to_vec())).collect()
}

fn class_of_three() -> (Desk, MonitorId) {
    let (mut desk, monitor) = Desk::open(4);
    comes(&mut desk, 0, 1, Presence::Here);
    comes(&mut desk, 1, 1, Presence::Left);
    comes(&mut desk, 2, 1, Presence::Away);
    (desk, monitor)
}

#[test]
fn a_warm_up_is_chosen_by_and_assigned_to_those_who_are_there_and_durable_before_its_verdict() {
    let (mut desk, monitor) = class_of_three();
    desk.stores = false;
    desk.says(monitor, warm_up(3));
    let (said, students) = wanted(&desk);
    assert_eq!(students, [student(0), student(2)], "who left, or never came, does not count");
    // Who leaves the class meanwhile is not named.
    desk.input(Input::Roster(roster(2)));
    desk.input(Input::WarmedUp { said, cards: Some(vec![card(7), card(2)]) });
    assert!(!desk.has_verdict(), "it is not durable");
    desk.land(None);
    assert_eq!(desk.verdicts.last().unwrap().1, None);
    assert!(desk.has_verdict());
    assert_eq!(assigned(&desk), [(vec![card(7), card(2)], vec![student(0)])]);
}

#[test]
fn whoever_has_fallen_silent_is_not_there_and_where_all_are_there_nobody_is_named() {
    let (mut desk, monitor) = Desk::open(2);
    comes(&mut desk, 0, 1, Presence::Away);
    desk.pass(SILENT_AFTER_MS + 1_000);
    assert_eq!(desk.says(monitor, warm_up(3)), Some(Refusal::NothingToReview), "nobody is there");
    comes(&mut desk, 0, 2, Presence::Away);
    comes(&mut desk, 1, 1, Presence::Here);
    desk.says(monitor, warm_up(3));
    let (said, students) = wanted(&desk);
    assert_eq!(students.len(), 2);
    desk.input(Input::WarmedUp { said, cards: Some(vec![card(7)]) });
    assert_eq!(assigned(&desk), [(vec![card(7)], vec![])]);
}

#[test]
fn a_warm_up_that_comes_again_is_chosen_and_assigned_once() {
    let (mut desk, monitor) = class_of_three();
    let id = EntryId::v7(START_MS, 77);
    desk.says_as(monitor, id, warm_up(3));
    let asked = desk.others.len();
    desk.says_as(monitor, id, warm_up(3));
    assert_eq!(desk.others.len(), asked, "its cards are being chosen");
    assert_eq!(desk.says_as(monitor, id, warm_up(4)), Some(Refusal::IdReused));
    assert_eq!(desk.says_as(monitor, id, Command::Pause), Some(Refusal::IdReused));
    let before = desk.verdicts.len();
    desk.input(Input::WarmedUp { said: id, cards: Some(vec![card(7)]) });
    assert_eq!(desk.verdicts.len(), before + 2, "both sayings have their verdict");
    desk.input(Input::WarmedUp { said: id, cards: Some(vec![card(8)]) });
    assert_eq!(desk.says_as(monitor, id, warm_up(3)), None);
    assert_eq!(assigned(&desk).len(), 1);
    // Another owner knows it too, and says of a new one that it does not know yet who is there.
    let mut later = Desk::from(desk.record.clone(), 2, 4);
    let monitor = later.watch(5);
    assert_eq!(later.says_as(monitor, id, warm_up(3)), None);
    assert_eq!(assigned(&later).len(), 1);
    let new = EntryId::v7(START_MS, 78);
    assert_eq!(later.says_as(monitor, new, warm_up(3)), Some(Refusal::Busy));
    later.pass(GATHER_LONGEST_MS + 1_000);
    assert_eq!(later.says_as(monitor, new, warm_up(3)), Some(Refusal::NothingToReview), "nobody came back");
}

#[test]
fn a_warm_up_without_cards_a_reading_or_its_lesson_is_refused() {
    let (mut desk, monitor) = class_of_three();
    let outcome = |desk: &mut Desk, cards: Option<Vec<CardId>>| {
        desk.says(monitor, warm_up(3));
        let (said, _) = wanted(desk);
        desk.input(Input::WarmedUp { said, cards });
        desk.verdicts.last().unwrap().1
    };
    assert_eq!(outcome(&mut desk, None), Some(Refusal::Busy));
    assert_eq!(outcome(&mut desk, Some(vec![])), Some(Refusal::NothingToReview));
    for count in [0, WARM_UP_CARDS_MAX as u16 + 1] {
        assert_eq!(desk.says(monitor, warm_up(count)), Some(Refusal::Malformed));
    }
    desk.says(monitor, warm_up(3));
    let (said, _) = wanted(&desk);
    desk.says(monitor, Command::Close);
    desk.input(Input::Reported);
    desk.says(monitor, Command::Open { lesson: lesson_id(2) });
    desk.input(Input::WarmedUp { said, cards: Some(vec![card(7)]) });
    assert_eq!(desk.verdicts.last().unwrap().1, Some(Refusal::NoLesson), "another lesson is on");
    assert!(assigned(&desk).is_empty());
}

#[test]
fn warm_ups_at_once_and_students_whose_memory_counts_are_bounded() {
    let (mut desk, monitor) = Desk::open(1_201);
    (0..1_201).for_each(|n| comes(&mut desk, n, 1, Presence::Here));
    for _ in 0..WARM_UPS_AT_ONCE {
        desk.says(monitor, warm_up(3));
    }
    let (said, students) = wanted(&desk);
    assert_eq!(students.len(), 401, "every third");
    assert!(students.len() <= WARM_UP_STUDENTS_MAX && students.contains(&student(1_200)));
    assert_eq!(desk.says(monitor, warm_up(3)), Some(Refusal::Busy));
    desk.input(Input::Roster(roster(1_200)));
    desk.input(Input::WarmedUp { said, cards: Some(vec![card(7)]) });
    assert_eq!(assigned(&desk), [(vec![card(7)], vec![])], "of more than can be named everybody gets them");
}
