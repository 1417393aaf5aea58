//! What is said of answers later: another grade, and that they were somebody's who has a name now.

use crate::histories::{GUESTS, answer, card, imported, job};
use crate::rules::{DAY_MS, NOON_MS, entry, grade, import, set, state, undo};
use domain::entry::{Body, LogEntry, Regrade, SetChange};
use domain::fold::Live;
use domain::grade::Grade;
use domain::ids::{CardId, EntryId, UserId};
use domain::state::CardState;

fn regrade(at_ms: i64, of: &LogEntry, grade: Grade) -> LogEntry {
    let (deck, card) = card(0);
    let by = UserId::from_u128(0x7eac);
    entry(at_ms, Body::Regrade(Regrade { of: of.id, deck, card, grade, by }))
}

/// All but the newest entry's name: what a regrade may differ in from the grade given at once.
fn schedule(log: &[LogEntry]) -> CardState {
    CardState { last: None, ..state(log) }
}

#[test]
fn an_answer_that_was_accepted_later_leads_where_it_would_have_led_at_once() {
    let days = [Grade::Good, Grade::Wrong, Grade::Good, Grade::Good];
    let answers: Vec<LogEntry> =
        days.into_iter().enumerate().map(|(day, g)| grade(NOON_MS + day as i64 * DAY_MS, g)).collect();
    let mut at_once = answers.clone();
    at_once[1] = grade(NOON_MS + DAY_MS, Grade::Good);
    let mut later = answers.clone();
    later.push(regrade(NOON_MS + 30 * DAY_MS, &answers[1], Grade::Good));
    assert_ne!(state(&answers), state(&at_once));
    assert_eq!(state(&later), state(&at_once), "nor is the card's newest entry another");
}

#[test]
fn the_newest_regrade_is_heard_whatever_arrives_last() {
    let wrong = grade(NOON_MS, Grade::Wrong);
    let (first, second) =
        (regrade(NOON_MS + 5, &wrong, Grade::Good), regrade(NOON_MS + 9, &wrong, Grade::Hard));
    let hard = [grade(NOON_MS, Grade::Hard)];
    assert_eq!(schedule(&[wrong, first, second]), schedule(&hard));
    assert_eq!(schedule(&[second, first, wrong, second]), schedule(&hard));
    // Said again as it was given: the past is as it was.
    let back = regrade(NOON_MS + 11, &wrong, Grade::Wrong);
    assert_eq!(schedule(&[wrong, first, second, back]), schedule(&[wrong]));
}

#[test]
fn an_undone_answer_stays_undone_whatever_grade_it_has() {
    let wrong = grade(NOON_MS, Grade::Wrong);
    let log = [wrong, undo(NOON_MS + 1, &wrong), regrade(NOON_MS + 2, &wrong, Grade::Good)];
    assert_eq!(state(&log), CardState::NEW);
    let regraded_first = [wrong, regrade(NOON_MS + 1, &wrong, Grade::Good), undo(NOON_MS + 2, &wrong)];
    assert_eq!(state(&regraded_first), CardState::NEW);
}

#[test]
fn a_regrade_of_an_unknown_answer_waits_until_it_is_there() {
    let wrong = grade(NOON_MS, Grade::Wrong);
    let said = regrade(NOON_MS - 5 * DAY_MS, &wrong, Grade::Good);
    assert_eq!(state(&[said]), CardState::NEW, "alone it says nothing");
    assert_eq!(schedule(&[said, wrong]), schedule(&[grade(NOON_MS, Grade::Good)]));
}

#[test]
fn a_regrade_that_names_another_card_than_its_answers_changes_nothing() {
    let wrong = grade(NOON_MS, Grade::Wrong);
    let right = regrade(NOON_MS + 1, &wrong, Grade::Hard);
    let mut elsewhere = regrade(NOON_MS + 2, &wrong, Grade::Perfect);
    if let Body::Regrade(regrade) = &mut elsewhere.body {
        regrade.card = CardId::from_u128(regrade.card.0.as_u128() + 3);
    }
    assert_eq!(state(&[wrong, elsewhere]), state(&[wrong]));
    assert_eq!(
        state(&[wrong, right, elsewhere]),
        state(&[wrong, right]),
        "nor does it hide one that is right"
    );
}

#[test]
fn a_regrade_moves_no_day_and_no_register() {
    let wrong = grade(NOON_MS, Grade::Wrong);
    let flagged = set(NOON_MS + 1, SetChange::Flag(3));
    let later = regrade(NOON_MS + 9 * DAY_MS, &wrong, Grade::Wrong);
    assert_eq!(state(&[wrong, flagged, later]), state(&[wrong, flagged]));
}

#[test]
fn the_figures_of_a_day_follow_the_grade_that_an_answer_has_now() {
    let wrong = grade(NOON_MS, Grade::Wrong);
    let said = regrade(NOON_MS + DAY_MS, &wrong, Grade::Good);
    let days = crate::order::production(&[wrong, said]).days;
    assert_eq!(days.into_values().collect::<Vec<_>>(), [(1, 1, 1500)]);
    let live = Live::of(&[wrong, said]);
    assert_eq!(live.grade_of(&wrong), Some(Grade::Good));
    assert_eq!(live.as_graded(&wrong), LogEntry { body: answer(0, Grade::Good, false, None), ..wrong });
    assert_eq!(live.as_graded(&said), said);
}

#[test]
fn a_regrade_concerns_an_imported_answer_as_well() {
    let commit = entry(NOON_MS + 1, Body::ImportCommit { job: job(0) });
    let brought = import(NOON_MS, Grade::Wrong, 0);
    let said = regrade(NOON_MS + 2, &brought, Grade::Good);
    assert_eq!(state(&[brought, commit, said]), state(&[import(NOON_MS, Grade::Good, 0), commit]));
}

/// What a guest answered, copied under the claim's job.
fn guests(at_ms: i64, n: Grade) -> LogEntry {
    let live = grade(at_ms, n);
    LogEntry { id: EntryId::v7(at_ms, 0x9e57), job: Some(job(GUESTS)), ..live }
}

fn claim(at_ms: i64) -> LogEntry {
    entry(at_ms, Body::Claim { guest: UserId::from_u128(0x9e57), job: job(GUESTS) })
}

#[test]
fn what_a_guest_did_counts_from_the_claim_on_as_if_the_learner_had_done_it() {
    let own = grade(NOON_MS + 3 * DAY_MS, Grade::Good);
    let copied = [guests(NOON_MS, Grade::Good), guests(NOON_MS + DAY_MS, Grade::Wrong)];
    assert_eq!(state(&[own, copied[0], copied[1]]), state(&[own]), "a copy without a claim is nothing");
    let as_own = copied.map(|entry| LogEntry { job: None, ..entry });
    let claimed = [own, copied[0], copied[1], claim(NOON_MS + 9 * DAY_MS)];
    assert_eq!(state(&claimed), state(&[own, as_own[0], as_own[1]]));
    assert_eq!(
        state(&[&claimed[..], &claimed[..]].concat()),
        state(&claimed),
        "claiming twice is claiming once"
    );
}

#[test]
fn what_a_guest_took_back_or_was_accepted_later_comes_along() {
    let (kept, undone) = (guests(NOON_MS, Grade::Wrong), guests(NOON_MS + DAY_MS, Grade::Good));
    let of_guest = |entry: LogEntry| LogEntry { job: Some(job(GUESTS)), ..entry };
    let log = [
        kept,
        undone,
        of_guest(undo(NOON_MS + DAY_MS + 5, &undone)),
        of_guest(regrade(NOON_MS + 2 * DAY_MS, &kept, Grade::Good)),
        claim(NOON_MS + 9 * DAY_MS),
    ];
    assert_eq!(schedule(&log), schedule(&[grade(NOON_MS, Grade::Good)]));
    let unclaimed = LogEntry { job: None, ..kept };
    assert_eq!(
        state(&[unclaimed, log[3]]),
        state(&[unclaimed]),
        "a regrade counts with the job that brought it"
    );
}

#[test]
fn a_guests_answer_stands_beside_the_learners_own_of_the_same_millisecond_and_an_import_of_it_does_not() {
    let (own, of_guest) = (grade(NOON_MS, Grade::Good), guests(NOON_MS, Grade::Good));
    let claimed = claim(NOON_MS + 1);
    assert_eq!(state(&[own, of_guest, claimed]).answers, 2, "two answers under two names");
    let again = LogEntry { id: imported(0, NOON_MS), ..import(NOON_MS, Grade::Good, 0) };
    let commit = entry(NOON_MS + 2, Body::ImportCommit { job: job(0) });
    assert_eq!(
        state(&[of_guest, claimed, again, commit]).answers,
        1,
        "what was exported and comes back is known"
    );
    let same = LogEntry { job: Some(job(GUESTS)), ..own };
    assert_eq!(state(&[own, same, claimed]).answers, 1, "one id counts once");
}

#[test]
fn a_claim_is_taken_back_as_an_import_is() {
    let own = grade(NOON_MS + DAY_MS, Grade::Good);
    let revoke = entry(NOON_MS + 2 * DAY_MS, Body::ImportRevoke { job: job(GUESTS) });
    let log = [own, guests(NOON_MS, Grade::Good), claim(NOON_MS + DAY_MS + 1), revoke];
    assert_eq!(state(&log), state(&[own]));
}
