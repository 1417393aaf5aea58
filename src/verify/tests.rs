use super::*;
use domain::day::{Day, ZoneHistory};
use domain::entry::{Body, GivenState, Mode, Review, SetChange};
use domain::fold::fold_learner;
use domain::grade::Grade;
use domain::ids::{CardId, EntryId, JobId};
use domain::sm2::Sm2;
use domain::state::CardState;
use ports::{Cause, StoreError};
use serde_json::{Value, json};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const DAY_MS: i64 = 86_400_000;
const START_MS: i64 = 1_772_366_400_000;
const DECK: DeckId = DeckId::from_u128(0xd);

/// Records in memory, as a server that made no mistake would have stored them.
#[derive(Default)]
struct InMemory {
    learners: BTreeMap<UserId, (Vec<LogEntry>, Vec<Progress>)>,
    fails: bool,
    misfiled: u64,
}

impl InMemory {
    fn with(mut self, learner: u128, log: Vec<LogEntry>) -> Self {
        let folded = fold_learner(&log, |_| FoldParams::default());
        let rows = folded.cards.iter().map(|(&(deck, card), &state)| row(deck, card, state)).collect();
        self.learners.insert(UserId::from_u128(learner), (log, rows));
        self
    }

    fn rows(&mut self, learner: u128) -> &mut Vec<Progress> {
        &mut self.learners.get_mut(&UserId::from_u128(learner)).unwrap().1
    }
}

impl Records for InMemory {
    type Error = StoreError;

    async fn next_learner(&self, after: Option<UserId>) -> Result<Option<UserId>, StoreError> {
        Ok(self.learners.keys().find(|&&user| after.is_none_or(|after| user > after)).copied())
    }

    async fn log(&self, user: UserId) -> Result<Vec<LogEntry>, StoreError> {
        if self.fails {
            return Err(StoreError::new(Cause::Unavailable, "the file is torn"));
        }
        Ok(self.learners[&user].0.clone())
    }

    async fn misfiled(&self, _user: UserId) -> Result<u64, StoreError> {
        Ok(self.misfiled)
    }

    async fn progress(&self, user: UserId) -> Result<Vec<Progress>, StoreError> {
        Ok(self.learners[&user].1.clone())
    }

    async fn params(&self, deck: DeckId) -> Result<Option<FoldParams>, StoreError> {
        Ok((deck == DECK).then(FoldParams::default))
    }
}

fn row(deck: DeckId, card: CardId, state: CardState) -> Progress {
    Progress { deck, card, params_key: FoldParams::default().key(), state }
}

fn entry(at_ms: i64, body: Body) -> LogEntry {
    LogEntry {
        id: EntryId::v7(at_ms, at_ms as u128),
        job: None,
        stamp: ZoneHistory::new().stamp(at_ms),
        body,
    }
}

fn card(n: u128) -> CardId {
    CardId::from_u128(0xc0 + n)
}

fn answer(at_ms: i64, n: u128, grade: Grade) -> LogEntry {
    let review = Review {
        deck: DECK,
        card: card(n),
        grade,
        mode: Mode::Flip,
        elapsed_ms: 900,
        early: false,
        confidence: None,
        sitting: None,
        class: None,
        response: None,
        revision: 1,
        told: false,
    };
    entry(at_ms, Body::Review(review))
}

/// Two cards, an undone answer, an import that was never committed.
fn a_log() -> Vec<LogEntry> {
    let wrong = answer(START_MS + DAY_MS, 0, Grade::Wrong);
    let imported = LogEntry { job: Some(JobId::from_u128(1)), ..answer(START_MS - DAY_MS, 2, Grade::Good) };
    vec![
        answer(START_MS, 0, Grade::Good),
        wrong,
        entry(START_MS + DAY_MS + 1, Body::Undo { of: wrong.id }),
        answer(START_MS + DAY_MS + 2, 0, Grade::Perfect),
        answer(START_MS, 1, Grade::Hard),
        imported,
    ]
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("records in memory never wait"),
    }
}

fn run(records: &InMemory) -> (Result<Totals, VerifyError<StoreError>>, Value) {
    let mut out = Vec::new();
    let result = now(verify(records, Report::new(Format::Json, &mut out)));
    (result, serde_json::from_slice(&out).unwrap_or(Value::Null))
}

#[test]
fn what_the_logs_say_is_equal_and_counted() {
    let records = InMemory::default().with(1, a_log()).with(2, vec![answer(START_MS, 5, Grade::Good)]);
    let (result, report) = run(&records);
    assert_eq!(exit_code(&result), 0);
    assert_eq!(
        (&report["learners"], &report["entries"], &report["cards"]),
        (&json!(2), &json!(7), &json!(3))
    );
    assert_eq!(report["differences"], json!([]));
    assert_eq!(report["broken"]["due_before_last_review"], json!(0));
}

#[test]
fn nothing_stored_is_equal() {
    let (result, report) = run(&InMemory::default());
    assert_eq!(exit_code(&result), 0);
    assert_eq!(report["learners"], json!(0));
}

#[test]
fn a_row_that_is_not_the_fold_is_named_with_both_states() {
    let mut records = InMemory::default().with(1, a_log()).with(2, a_log());
    records.rows(2)[0].state.sm2.reps = 9;
    records.rows(2)[1].state.due = None;
    let (result, report) = run(&records);
    assert_eq!(exit_code(&result), 1);
    assert_eq!(report["differences"].as_array().map(Vec::len), Some(2));
    let first = &report["differences"][0];
    assert_eq!(first["user_id"], json!(UserId::from_u128(2).to_string()));
    assert_eq!(first["deck_id"], json!(DECK.to_string()));
    assert_eq!(first["card_id"], json!(card(0).to_string()));
    assert_eq!((&first["stored"]["reps"], &first["folded"]["reps"]), (&json!(9), &json!(2)));
    let second = &report["differences"][1];
    assert_eq!((&second["stored"]["due"], &second["folded"]["due"]), (&Value::Null, &json!("2026-03-02")));
}

#[test]
fn a_lost_row_and_an_invented_one_are_differences() {
    let mut records = InMemory::default().with(1, a_log());
    let state = records.rows(1).remove(0).state;
    records.rows(1).push(row(DECK, card(7), state));
    let (result, report) = run(&records);
    assert_eq!(result.as_ref().map(|totals| totals.differences).ok(), Some(2));
    assert_eq!(report["differences"][0]["stored"], Value::Null);
    assert_eq!(report["differences"][1]["folded"], Value::Null);
    assert_eq!(exit_code(&result), 1);
}

#[test]
fn entries_that_are_not_found_by_their_card_are_a_fault_of_the_store() {
    let records = InMemory { misfiled: 3, ..InMemory::default().with(1, a_log()).with(2, a_log()) };
    let (result, report) = run(&records);
    assert_eq!((exit_code(&result), &report["misfiled"]), (1, &json!(6)));
    assert_eq!(report["differences"], json!([]));
}

#[test]
fn rows_of_another_fold_or_other_parameters_and_stale_ones_are_no_differences() {
    let mut records = InMemory::default().with(1, a_log());
    let other = FoldParams { drill_until: 3, ..FoldParams::default() };
    for (row, key) in records.rows(1).iter_mut().zip([0, other.key()]) {
        row.state.sm2.reps = 9;
        row.params_key = key;
    }
    let (result, report) = run(&records);
    assert_eq!(exit_code(&result), 0);
    assert_eq!(report["stale"], json!(2));
}

#[test]
fn a_row_of_a_card_whose_answers_were_all_taken_back_is_that_of_a_new_card() {
    let only = answer(START_MS, 0, Grade::Good);
    let log = vec![only, entry(START_MS + 1, Body::Undo { of: only.id })];
    let mut records = InMemory::default().with(1, log);
    assert!(records.rows(1).is_empty());
    assert_eq!(exit_code(&run(&records).0), 0);
    records.rows(1).push(row(DECK, card(0), CardState::NEW));
    assert_eq!(exit_code(&run(&records).0), 0);
    records.rows(1)[0].state.answers = 1;
    assert_eq!(exit_code(&run(&records).0), 1);
}

#[test]
fn what_cannot_be_read_or_written_could_not_run() {
    let records = InMemory { fails: true, ..InMemory::default().with(1, a_log()) };
    assert_eq!(exit_code(&run(&records).0), 2);

    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut records = InMemory::default().with(1, a_log());
    records.rows(1).clear();
    let result = now(verify(&records, Report::new(Format::Json, Full)));
    assert!(matches!(result, Err(VerifyError::Report(_))));
    assert_eq!(exit_code(&result), 2);
}

#[test]
fn a_person_reads_lines() {
    let mut records = InMemory::default().with(1, a_log());
    records.rows(1)[0].state.flag = 3;
    let mut out = Vec::new();
    now(verify(&records, Report::new(Format::Text, &mut out))).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("learner 00000000-0000-0000-0000-000000000001, deck"), "{text}");
    assert!(text.contains("1 learners, 6 entries, 2 cards, 0 rows to be folded again: DIFFERENT"), "{text}");
}

#[test]
fn each_state_that_no_history_may_lead_to_is_counted() {
    let sound = fold_learner(&a_log(), |_| FoldParams::default()).cards[&(DECK, card(0))];
    let count = |state: CardState, due_was_set| {
        let mut broken = Broken::default();
        broken.add(&state, due_was_set);
        broken
    };
    let none = Broken::default();
    assert_eq!(count(sound, false), none);
    assert_eq!(count(CardState::NEW, false), none);
    let reset = CardState { scheduled_on: sound.scheduled_on, scheduled: sound.scheduled, ..CardState::NEW };
    assert_eq!(count(reset, false), none, "a reset keeps the place of its day");
    let early = CardState { due: Some(Day(0)), ..sound };
    assert_eq!(count(early, false), Broken { due_before_last_review: 1, ..none });
    assert_eq!(count(early, true), none, "somebody set the day");
    let both = CardState { due: None, ..sound };
    assert_eq!(count(both, false), Broken { new_and_reviewed: 1, ..none });
    let low = CardState { sm2: Sm2 { ease: 129, ..sound.sm2 }, ..sound };
    assert_eq!(count(low, false), Broken { ease_below_floor: 1, ..none });
    let long = CardState { sm2: Sm2 { interval_days: 36_501, ..sound.sm2 }, ..sound };
    assert_eq!(count(long, false), Broken { interval_too_long: 1, ..none });
}

#[test]
fn a_due_day_that_was_set_or_given_breaks_nothing() {
    let past = Day(20_000);
    let set = Body::Set { deck: DECK, card: card(0), change: SetChange::Due(past) };
    let given = GivenState {
        reps: 3,
        ease: 250,
        interval_days: 9,
        due: Some(past),
        lapses: 0,
        last_scheduled: Some(past.plus(9)),
    };
    let given = Body::State { deck: DECK, card: card(0), state: given };
    for body in [set, given] {
        let log = vec![answer(START_MS, 0, Grade::Good), entry(START_MS + 1, body)];
        assert_eq!(exit_code(&run(&InMemory::default().with(1, log)).0), 0);
    }
}
