use super::*;

const MINE: RunId = RunId::from_u128(1);
const OTHER: RunId = RunId::from_u128(2);

fn row(beat: u64, wall_ms: i64) -> NodeRow {
    NodeRow { run: OTHER, alive: true, beat, wall_ms }
}

fn read(tick_ms: u64, wall_ms: i64) -> ReadAt {
    ReadAt { sent_tick_ms: tick_ms, done_tick_ms: tick_ms, wall_ms }
}

fn beat(node: &mut Node, tick_ms: u64, outcome: BeatOutcome) -> Life {
    assert!(node.beat(tick_ms).is_some());
    node.beaten(outcome, tick_ms)
}

#[test]
fn who_stands_still_is_declared_dead_at_the_beat_that_was_seen() {
    let mut node = Node::registered(MINE, 0, Timing::STANDARD);
    for second in 1..=5 {
        assert_eq!(node.saw(read(second * 1_000, 0), &[row(7, 0)]), []);
        beat(&mut node, second * 1_000, BeatOutcome::Applied);
    }
    assert_eq!(node.saw(read(6_000, 0), &[row(7, 0)]), [Declare { run: OTHER, beat: 7 }]);
    assert_eq!(node.saw(read(6_000, 0), &[row(8, 0)]), []);
}

#[test]
fn nobody_is_declared_dead_while_own_beats_fail_too() {
    let mut node = Node::registered(MINE, 0, Timing::STANDARD);
    for second in 1..=60 {
        beat(&mut node, second * 1_000, BeatOutcome::Unknown);
        assert_eq!(node.saw(read(second * 1_000, 0), &[row(7, 0)]), []);
    }
}

#[test]
fn a_read_that_was_sent_before_a_pause_declares_nobody_dead() {
    let mut node = Node::registered(MINE, 0, Timing::STANDARD);
    node.saw(read(0, 0), &[row(7, 0)]);
    for second in 1..=4 {
        beat(&mut node, second * 1_000, BeatOutcome::Applied);
    }
    let over_a_pause = ReadAt { sent_tick_ms: 4_000, done_tick_ms: 60_000, wall_ms: 0 };
    assert_eq!(node.saw(over_a_pause, &[row(7, 0)]), []);
}

#[test]
fn a_beat_that_is_not_applied_ends_the_run_and_an_unknown_one_does_not_count() {
    let mut node = Node::registered(MINE, 0, Timing::STANDARD);
    assert_eq!(beat(&mut node, 1_000, BeatOutcome::Unknown), Life::On);
    assert_eq!(node.last_beat(), Some(Beat { run: MINE, sent_tick_ms: 0 }));
    assert_eq!(beat(&mut node, 2_000, BeatOutcome::NotApplied), Life::Over);
    assert_eq!(node.beat(9_000), None);
}

#[test]
fn a_run_ends_before_its_ticks_reach_the_next_epoch() {
    let mut node = Node::registered(MINE, 0, Timing::STANDARD);
    assert_eq!(beat(&mut node, Timing::STANDARD.run_longest_ms, BeatOutcome::Applied), Life::Over);
}

#[test]
fn a_clock_that_is_apart_or_went_back_makes_a_node_not_ready() {
    let mut node = Node::registered(MINE, 0, Timing::STANDARD);
    assert_eq!(node.ready(10_000), Ok(()));
    assert_eq!(node.ready(9_000), Err(NotReady::ClockWentBack { by_ms: 1_000 }));
    node.saw(read(0, 10_000), &[row(1, 9_500)]);
    assert_eq!(node.ready(10_000), Ok(()));
    node.saw(read(1_000, 11_000), &[row(2, 5_500)]);
    assert_eq!(node.ready(11_000), Err(NotReady::ClockApart { apart_ms: 5_000 }));
}

#[test]
fn a_beat_that_may_be_old_says_nothing_of_the_clocks() {
    let mut node = Node::registered(MINE, 0, Timing::STANDARD);
    node.saw(read(1_000, 181_000), &[row(1, 1_000)]);
    assert_eq!(node.apart_ms(), None, "it stood there already");
    node.saw(read(2_000, 182_000), &[row(2, 181_500)]);
    assert_eq!(node.apart_ms(), Some(0));
    // The store was away: this beat was sent just before, and is seen only now.
    node.saw(read(182_000, 362_000), &[row(3, 182_500)]);
    assert_eq!(node.ready(362_000), Ok(()));
    node.saw(read(183_000, 363_000), &[row(4, 362_500)]);
    assert_eq!(node.apart_ms(), Some(0));
}

#[test]
fn a_beat_that_hung_on_its_way_says_nothing_of_the_clocks() {
    let mut node = Node::registered(MINE, 0, Timing::STANDARD);
    node.saw(read(1_000, 1_000), &[row(1, 500)]);
    node.saw(read(2_000, 2_000), &[row(2, 1_500)]);
    assert_eq!(node.apart_ms(), Some(0));
    // Sent at 2.5 s, and applied after it had waited in the driver.
    for second in 3..=6_u64 {
        node.saw(read(second * 1_000, second as i64 * 1_000), &[row(2, 1_500)]);
    }
    node.saw(read(7_000, 7_000), &[row(3, 2_500)]);
    assert_eq!(node.ready(7_000), Ok(()));
    node.saw(read(8_000, 8_000), &[row(4, 7_500)]);
    assert_eq!((node.apart_ms(), node.ready(8_000)), (Some(0), Ok(())));
}

/// Beats and reads each second of this range, which the other node spends at beat 7. When it is first declared dead.
fn declared(node: &mut Node, seconds: std::ops::RangeInclusive<u64>) -> Option<u64> {
    seconds.map(|second| second * 1_000).find(|tick_ms| {
        beat(node, *tick_ms, BeatOutcome::Applied);
        !node.saw(read(*tick_ms, 0), &[row(7, 0)]).is_empty()
    })
}

#[test]
fn who_is_back_at_the_store_first_gives_the_others_time_and_then_declares_the_dead() {
    let mut node = Node::registered(MINE, 0, Timing::STANDARD);
    assert_eq!(declared(&mut node, 1..=3), None);
    let back_s = 183;
    assert_eq!(declared(&mut node, back_s..=240), Some((back_s + PATIENCE_S) * 1_000));
}

/// How long nobody is declared dead once the store is back, in seconds.
const PATIENCE_S: u64 = (Timing::STANDARD.dead_after_ms + Timing::STANDARD.back_within_ms) / 1_000;

#[test]
fn who_registers_when_the_store_is_back_gives_the_others_time_too() {
    let mut plain = Node::registered(MINE, 60_000, Timing::STANDARD);
    assert_eq!(declared(&mut plain, 61..=120), Some(66_000));
    let mut node = Node::registered(MINE, 60_000, Timing::STANDARD).patient(60_000);
    assert_eq!(declared(&mut node, 61..=120), Some((60 + PATIENCE_S) * 1_000));
}

#[test]
fn a_run_is_as_patient_as_the_one_before_it_in_the_same_process() {
    let next = RunId::from_u128(3);
    let mut node = Node::registered(MINE, 0, Timing::STANDARD);
    assert_eq!(declared(&mut node, 1..=3), None);
    // The store is back, and the run was declared dead meanwhile.
    assert_eq!(declared(&mut node, 183..=184), None);
    let mut following = Node::registered(next, 185_000, Timing::STANDARD).following(&node);
    assert_eq!(declared(&mut following, 186..=240), Some((183 + PATIENCE_S) * 1_000));
    // It was away until the next run had registered, of whom nobody knows how long that took.
    let mut late = Node::registered(next, 300_000, Timing::STANDARD).following(&node);
    assert_eq!(declared(&mut late, 301..=360), Some((301 + PATIENCE_S) * 1_000));
}

#[test]
fn a_read_or_two_that_fail_make_nobody_wait_longer_for_the_learners_of_the_dead() {
    let mut node = Node::registered(MINE, 0, Timing::STANDARD);
    assert_eq!(declared(&mut node, 1..=1), None);
    assert_eq!(declared(&mut node, 4..=20), Some(7_000));
}
