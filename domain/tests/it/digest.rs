//! Digests tell apart what is different. The patterns below name each field without a rest, so that a new field does not
//! compile until it is thought of here.

use crate::histories::{answer, card};
use domain::day::{Day, Stamp};
use domain::entry::{Body, Confidence, GivenState, LogEntry, Mode, Regrade, Review, SetChange};
use domain::fold::{DayFigures, Folded};
use domain::fsrs::{Memory, Parameters};
use domain::grade::Grade;
use domain::ids::{CardId, ClassId, DeckId, EntryId, JobId, SittingId, UserId};
use domain::schedule::{EasyDays, Scheduler};
use domain::sm2::Sm2;
use domain::state::{CardState, FoldParams, LastGrade, Scheduled};

fn digest(state: CardState) -> u64 {
    let mut folded = Folded::default();
    folded.cards.insert(card(0), state);
    folded.digest()
}

/// All different from each other: names the first two that are not.
fn all_differ(digests: &[(&str, u64)]) {
    for (i, (name, digest)) in digests.iter().enumerate() {
        for (other, same) in &digests[..i] {
            assert_ne!(digest, same, "{name} and {other} have one digest");
        }
    }
}

#[test]
fn each_field_of_a_state_changes_its_digest() {
    let scheduled = Scheduled { day: Day(5), was_new: false, only_early: false, sitting: None };
    let graded = LastGrade { day: Day(5), grade: Grade::Good, at_ms: 7 };
    let base = CardState { scheduled: Some(scheduled), last_grade: Some(graded), ..CardState::NEW };
    let CardState {
        sm2: Sm2 { reps, ease, interval_days },
        due: _,
        lapses,
        answers,
        scheduled: _,
        scheduled_on: _,
        told_on: _,
        last_grade: _,
        failed_on: _,
        max_day: _,
        suspended,
        buried_until: _,
        flag,
        memory: _,
        last: _,
    } = base;
    let day = Some(Day(9));
    let with_scheduled = |scheduled| CardState { scheduled, ..base };
    let remembered = Memory { stability: 10_000, difficulty: 50_000, on: Day(5) };
    let with_memory = |memory| digest(CardState { memory: Some(memory), ..base });
    let with_grade = |last_grade| CardState { last_grade, ..base };
    all_differ(&[
        ("base", digest(base)),
        ("reps", digest(CardState { sm2: Sm2 { reps: reps + 1, ..base.sm2 }, ..base })),
        ("ease", digest(CardState { sm2: Sm2 { ease: ease + 1, ..base.sm2 }, ..base })),
        ("interval", digest(CardState { sm2: Sm2 { interval_days: interval_days + 1, ..base.sm2 }, ..base })),
        ("due", digest(CardState { due: day, ..base })),
        ("lapses", digest(CardState { lapses: lapses + 1, ..base })),
        ("answers", digest(CardState { answers: answers + 1, ..base })),
        ("scheduled: none", digest(with_scheduled(None))),
        ("scheduled: day", digest(with_scheduled(Some(Scheduled { day: Day(9), ..scheduled })))),
        ("scheduled: new", digest(with_scheduled(Some(Scheduled { was_new: true, ..scheduled })))),
        ("scheduled: early", digest(with_scheduled(Some(Scheduled { only_early: true, ..scheduled })))),
        (
            "scheduled: sitting",
            digest(with_scheduled(Some(Scheduled { sitting: Some(SittingId::from_u128(1)), ..scheduled }))),
        ),
        ("scheduled on", digest(CardState { scheduled_on: day, ..base })),
        ("told on", digest(CardState { told_on: day, ..base })),
        ("told on another", digest(CardState { told_on: Some(Day(8)), ..base })),
        ("last grade: none", digest(with_grade(None))),
        ("last grade: day", digest(with_grade(Some(LastGrade { day: Day(9), ..graded })))),
        ("last grade: grade", digest(with_grade(Some(LastGrade { grade: Grade::Hard, ..graded })))),
        ("last grade: moment", digest(with_grade(Some(LastGrade { at_ms: 8, ..graded })))),
        ("failed on", digest(CardState { failed_on: day, ..base })),
        ("largest day", digest(CardState { max_day: day, ..base })),
        ("suspended", digest(CardState { suspended: !suspended, ..base })),
        ("buried", digest(CardState { buried_until: day, ..base })),
        ("flag", digest(CardState { flag: flag + 1, ..base })),
        ("memory", with_memory(remembered)),
        ("memory: stability", with_memory(Memory { stability: 10_001, ..remembered })),
        ("memory: difficulty", with_memory(Memory { difficulty: 50_001, ..remembered })),
        ("memory: day", with_memory(Memory { on: Day(6), ..remembered })),
        ("last entry", digest(CardState { last: Some(EntryId::from_u128(1)), ..base })),
    ]);
}

#[test]
fn cards_days_and_figures_change_a_learners_digest() {
    let with_card = |key: (DeckId, CardId)| {
        let mut folded = Folded::default();
        folded.cards.insert(key, CardState::NEW);
        folded.digest()
    };
    let DayFigures { entries, correct, elapsed_ms } = DayFigures { entries: 3, correct: 2, elapsed_ms: 1 };
    let base = DayFigures { entries, correct, elapsed_ms };
    let with_day = |day, deck, figures| {
        let mut folded = Folded::default();
        folded.days.insert((Day(day), deck), figures);
        folded.digest()
    };
    all_differ(&[
        ("nothing", Folded::default().digest()),
        ("a card", with_card(card(0))),
        ("another card", with_card((card(0).0, card(1).1))),
        ("another deck", with_card((card(1).0, card(0).1))),
        ("a day", with_day(1, card(0).0, base)),
        ("another day", with_day(2, card(0).0, base)),
        ("a day of another deck", with_day(1, card(1).0, base)),
        ("entries", with_day(1, card(0).0, DayFigures { entries: 4, ..base })),
        ("correct", with_day(1, card(0).0, DayFigures { correct: 3, ..base })),
        ("time", with_day(1, card(0).0, DayFigures { elapsed_ms: 9, ..base })),
    ]);
}

fn review() -> Review {
    let entry = LogEntry {
        id: EntryId::MIN,
        job: None,
        stamp: Stamp { day: Day(1), utc_offset_min: 0 },
        body: answer(0, Grade::Good, false, None),
    };
    *entry.review().unwrap()
}

fn content(body: Body) -> u64 {
    let stamp = Stamp { day: Day(1), utc_offset_min: 0 };
    LogEntry { id: EntryId::from_u128(1), job: None, stamp, body }.content_digest()
}

#[test]
fn each_thing_that_a_client_sends_changes_the_content() {
    let base = review();
    let of = |review| content(Body::Review(review));
    let (deck, card) = card(0);
    let (other_deck, other_card) = (DeckId::from_u128(1), CardId::from_u128(2));
    let set = |change| content(Body::Set { deck, card, change });
    let state = GivenState {
        reps: 1,
        ease: 250,
        interval_days: 1,
        due: Some(Day(1)),
        lapses: 0,
        last_scheduled: None,
    };
    let GivenState { reps, ease, interval_days, due: _, lapses, last_scheduled: _ } = state;
    let given = |state| content(Body::State { deck, card, state });
    let by = UserId::from_u128(1);
    let regrade = Regrade { of: EntryId::from_u128(9), deck, card, grade: Grade::Good, by };
    let regraded = |regrade| content(Body::Regrade(regrade));
    let claim =
        |guest, job| content(Body::Claim { guest: UserId::from_u128(guest), job: JobId::from_u128(job) });
    all_differ(&[
        ("review", of(base)),
        ("deck", of(Review { deck: other_deck, ..base })),
        ("card", of(Review { card: other_card, ..base })),
        ("grade", of(Review { grade: Grade::Hard, ..base })),
        ("time", of(Review { elapsed_ms: 1, ..base })),
        ("early", of(Review { early: true, ..base })),
        ("sure", of(Review { confidence: Some(Confidence::Sure), ..base })),
        ("unsure", of(Review { confidence: Some(Confidence::Unsure), ..base })),
        ("sitting", of(Review { sitting: Some(SittingId::from_u128(1)), ..base })),
        ("response", of(Review { response: Some(1), ..base })),
        ("undo", content(Body::Undo { of: EntryId::from_u128(9) })),
        ("undo of another", content(Body::Undo { of: EntryId::from_u128(8) })),
        ("suspended", set(SetChange::Suspended(true))),
        ("unsuspended", set(SetChange::Suspended(false))),
        ("buried", set(SetChange::BuriedUntil(Some(Day(1))))),
        ("buried longer", set(SetChange::BuriedUntil(Some(Day(2))))),
        ("unburied", set(SetChange::BuriedUntil(None))),
        ("flag", set(SetChange::Flag(1))),
        ("no flag", set(SetChange::Flag(0))),
        ("reset", set(SetChange::Reset)),
        ("due", set(SetChange::Due(Day(1)))),
        ("due later", set(SetChange::Due(Day(2)))),
        ("flag of another", content(Body::Set { deck, card: other_card, change: SetChange::Flag(1) })),
        ("state", given(state)),
        ("state: reps", given(GivenState { reps: reps + 1, ..state })),
        ("state: ease", given(GivenState { ease: ease + 1, ..state })),
        ("state: interval", given(GivenState { interval_days: interval_days + 1, ..state })),
        ("state: due", given(GivenState { due: None, ..state })),
        ("state: lapses", given(GivenState { lapses: lapses + 1, ..state })),
        ("state: last", given(GivenState { last_scheduled: Some(Day(1)), ..state })),
        ("commit", content(Body::ImportCommit { job: JobId::from_u128(1) })),
        ("commit of another", content(Body::ImportCommit { job: JobId::from_u128(2) })),
        ("revoke", content(Body::ImportRevoke { job: JobId::from_u128(1) })),
        ("regrade", regraded(regrade)),
        ("regrade of another", regraded(Regrade { of: EntryId::from_u128(8), ..regrade })),
        ("regrade: deck", regraded(Regrade { deck: DeckId::from_u128(0), ..regrade })),
        ("regrade: card", regraded(Regrade { card: other_card, ..regrade })),
        ("regrade: grade", regraded(Regrade { grade: Grade::Hard, ..regrade })),
        ("regrade: by", regraded(Regrade { by: UserId::from_u128(2), ..regrade })),
        ("claim", claim(1, 1)),
        ("claim of another", claim(2, 1)),
        ("claim by another job", claim(1, 2)),
    ]);
}

#[test]
fn what_the_server_stamps_is_no_content() {
    let base = review();
    let of = |review| content(Body::Review(review));
    let same = of(base);
    assert_eq!(of(Review { revision: 9, ..base }), same);
    assert_eq!(of(Review { class: Some(ClassId::from_u128(1)), ..base }), same);
    assert_eq!(of(Review { mode: Mode::Type, ..base }), same);
    assert_eq!(of(Review { told: true, ..base }), same);
    let stamped = LogEntry {
        id: EntryId::from_u128(1),
        job: None,
        stamp: Stamp { day: Day(2), utc_offset_min: 60 },
        body: Body::Review(base),
    };
    assert_eq!(stamped.content_digest(), same);
    // In a checked mode the grade follows from the response.
    let checked = Review { response: Some(1), ..base };
    assert_eq!(of(checked), of(Review { grade: Grade::Wrong, ..checked }));
}

#[test]
fn another_drill_maximum_scheduler_or_fuzz_makes_a_stored_row_one_to_fold_again() {
    let base = FoldParams::default();
    let FoldParams { drill_until: _, maximum_interval_days: _, scheduler: _, fuzz: _ } = base;
    let mut weights = Parameters::DEFAULT.decimals();
    weights[12] += 0.0001;
    let fsrs = |permille, parameters| FoldParams {
        scheduler: Scheduler::Fsrs { parameters, desired_retention_permille: permille },
        ..base
    };
    let default = fsrs(900, Parameters::DEFAULT);
    assert_ne!(base.key(), 0, "0 marks a stale row");
    all_differ(&[
        ("base", base.key().into()),
        ("drill", FoldParams { drill_until: 3, ..base }.key().into()),
        ("maximum", FoldParams { maximum_interval_days: 365, ..base }.key().into()),
        ("fuzz", FoldParams { fuzz: Some(EasyDays::NONE), ..base }.key().into()),
        (
            "easy days",
            FoldParams { fuzz: Some(EasyDays([100, 100, 100, 100, 100, 100, 0])), ..base }.key().into(),
        ),
        ("fsrs", default.key().into()),
        ("its drill", FoldParams { drill_until: 3, ..default }.key().into()),
        ("its maximum", FoldParams { maximum_interval_days: 365, ..default }.key().into()),
        ("its fuzz", FoldParams { fuzz: Some(EasyDays::NONE), ..default }.key().into()),
        ("wanted recall", fsrs(901, Parameters::DEFAULT).key().into()),
        ("weights", fsrs(900, Parameters::new(&weights).unwrap()).key().into()),
    ]);
}
