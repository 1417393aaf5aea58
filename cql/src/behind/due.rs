//! Whose progress is written next. Pure: it is told the time and what came of each write.
//!
//! So many learners are written at once, each once at a time, whoever has waited longest first. A learner whose write
//! failed comes again after a pause that grows, and all of those together have half of the places: however many of them
//! there are, the others are written beside them.

use domain::ids::UserId;
use std::collections::{BTreeSet, HashMap};

/// How many at once, and how long whoever failed waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Learners that are written at once.
    pub(crate) at_once: usize,
    /// The pause after the first failure, in milliseconds; each further one is twice as long.
    pub(crate) again_first_ms: u64,
    /// The longest pause, in milliseconds.
    pub(crate) again_longest_ms: u64,
}

impl Pace {
    /// Places for learners whose last write failed.
    fn at_once_in_trouble(&self) -> usize {
        (self.at_once / 2).max(1)
    }
}

/// Who waits, and who is being written.
#[derive(Debug)]
pub(crate) struct Due {
    pace: Pace,
    /// From which tick on each is due.
    waits: HashMap<UserId, u64>,
    /// The same in that order: those who are well, and those in trouble.
    queues: [BTreeSet<(u64, UserId)>; 2],
    writing: HashMap<UserId, Writing>,
    /// How many of those being written are in trouble.
    writing_in_trouble: usize,
    /// Whose last write failed.
    trouble: HashMap<UserId, Trouble>,
}

/// A learner who is being written.
#[derive(Debug)]
struct Writing {
    in_trouble: bool,
    /// From which tick on the learner is due again, by what came meanwhile.
    again: Option<u64>,
}

#[derive(Debug)]
struct Trouble {
    pause_ms: u64,
    /// Not before this tick.
    until: u64,
}

impl Due {
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            pace,
            waits: HashMap::new(),
            queues: Default::default(),
            writing: HashMap::new(),
            writing_in_trouble: 0,
            trouble: HashMap::new(),
        }
    }

    /// Something of this learner waits, and is due from this tick on, or from an earlier one if that was said before.
    pub(crate) fn wait(&mut self, user: UserId, at: u64) {
        if let Some(writing) = self.writing.get_mut(&user) {
            writing.again = Some(writing.again.map_or(at, |again| again.min(at)));
            return;
        }
        let trouble = self.trouble.get(&user);
        let at = trouble.map_or(at, |trouble| at.max(trouble.until));
        let queue = &mut self.queues[usize::from(trouble.is_some())];
        match self.waits.get_mut(&user) {
            Some(earlier) if *earlier <= at => {}
            Some(later) => {
                queue.remove(&(*later, user));
                queue.insert((at, user));
                *later = at;
            }
            None => {
                self.waits.insert(user, at);
                queue.insert((at, user));
            }
        }
    }

    /// Who is to be written now: then [`Due::ended`].
    pub(crate) fn next(&mut self, tick_ms: u64) -> Option<UserId> {
        if self.writing.len() >= self.pace.at_once.max(1) {
            return None;
        }
        let has_place = [true, self.writing_in_trouble < self.pace.at_once_in_trouble()];
        let heads = self.queues.iter().zip(has_place).enumerate();
        let due = heads.filter_map(|(queue, (waits, has_place))| {
            let head = waits.first().filter(|(at, _)| has_place && *at <= tick_ms)?;
            Some((*head, queue))
        });
        let ((at, user), queue) = due.min()?;
        self.queues[queue].remove(&(at, user));
        self.waits.remove(&user);
        let in_trouble = self.trouble.contains_key(&user);
        self.writing_in_trouble += usize::from(in_trouble);
        self.writing.insert(user, Writing { in_trouble, again: None });
        Some(user)
    }

    /// A learner has been written, or that has failed; then the learner is due again by itself.
    pub(crate) fn ended(&mut self, user: UserId, tick_ms: u64, failed: bool) {
        let Some(writing) = self.writing.remove(&user) else { return };
        self.writing_in_trouble -= usize::from(writing.in_trouble);
        let mut again = writing.again;
        if failed {
            let before = self.trouble.get(&user).map(|trouble| trouble.pause_ms);
            let pause_ms = before.map_or(self.pace.again_first_ms, |ms| ms.saturating_mul(2));
            let pause_ms = pause_ms.min(self.pace.again_longest_ms);
            let until = tick_ms.saturating_add(pause_ms);
            self.trouble.insert(user, Trouble { pause_ms, until });
            again = Some(until);
        } else {
            self.trouble.remove(&user);
        }
        if let Some(at) = again {
            self.wait(user, at);
        }
    }

    /// Whether the learner's last write failed.
    pub(crate) fn is_in_trouble(&self, user: UserId) -> bool {
        self.trouble.contains_key(&user)
    }

    /// Learners whose last write failed.
    pub(crate) fn in_trouble(&self) -> usize {
        self.trouble.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { at_once: 4, again_first_ms: 100, again_longest_ms: 350 };

    fn user(n: u128) -> UserId {
        UserId::from_u128(n)
    }

    fn all_next(due: &mut Due, tick_ms: u64) -> Vec<UserId> {
        std::iter::from_fn(|| due.next(tick_ms)).collect()
    }

    #[test]
    fn who_has_waited_longest_is_next_and_so_many_are_written_at_once() {
        let mut due = Due::new(PACE);
        for n in 1..=6 {
            due.wait(user(n), 10 - n as u64);
        }
        assert_eq!(all_next(&mut due, 3), []);
        assert_eq!(all_next(&mut due, 5), [user(6), user(5)]);
        assert_eq!(all_next(&mut due, 99), [user(4), user(3)]);
        due.ended(user(6), 99, false);
        assert_eq!(all_next(&mut due, 99), [user(2)]);
    }

    #[test]
    fn a_learner_is_written_once_at_a_time_and_what_came_meanwhile_afterwards() {
        let mut due = Due::new(PACE);
        due.wait(user(1), 5);
        due.wait(user(1), 9);
        assert_eq!(all_next(&mut due, 5), [user(1)]);
        due.wait(user(1), 20);
        due.wait(user(1), 0);
        assert_eq!(all_next(&mut due, 50), []);
        due.ended(user(1), 50, false);
        assert_eq!(all_next(&mut due, 50), [user(1)]);
        due.ended(user(1), 51, false);
        assert_eq!(all_next(&mut due, u64::MAX), [], "nothing waits");
    }

    #[test]
    fn after_a_failure_a_learner_waits_longer_each_time_whatever_comes_and_not_after_a_success() {
        let mut due = Due::new(PACE);
        let mut tick_ms = 1_000;
        due.wait(user(1), tick_ms);
        for pause_ms in [100, 200, 350, 350] {
            assert_eq!(due.next(tick_ms), Some(user(1)));
            due.ended(user(1), tick_ms, true);
            due.wait(user(1), 0);
            assert_eq!(due.next(tick_ms + pause_ms - 1), None);
            tick_ms += pause_ms;
        }
        assert_eq!((due.next(tick_ms), due.in_trouble()), (Some(user(1)), 1));
        due.ended(user(1), tick_ms, false);
        due.wait(user(1), tick_ms);
        assert_eq!((due.next(tick_ms), due.in_trouble()), (Some(user(1)), 0));
    }

    #[test]
    fn learners_whose_writes_failed_have_half_of_the_places_however_many_they_are() {
        let mut due = Due::new(PACE);
        for n in 1..=50 {
            due.wait(user(n), 0);
            assert_eq!(due.next(0), Some(user(n)));
            due.ended(user(n), 0, true);
        }
        assert_eq!(all_next(&mut due, 1_000).len(), 2);
        due.wait(user(99), 1_000);
        due.wait(user(98), 1_000);
        due.wait(user(97), 1_000);
        assert_eq!(all_next(&mut due, 1_000), [user(97), user(98)]);
        due.ended(user(97), 1_000, false);
        assert_eq!(all_next(&mut due, 1_000), [user(99)]);
    }

    /// How long learners who are well wait at most, when a fifth of a crowd fails, each time after three seconds: when
    /// that has begun a while ago.
    #[test]
    fn who_is_well_waits_for_nobody_whose_writes_fail_slowly() {
        let mut due = Due::new(Pace { at_once: 16, again_first_ms: 1_000, again_longest_ms: 15_000 });
        let fails = |of: UserId| of.0.as_u128().is_multiple_of(5);
        let mut since: HashMap<UserId, u64> = (0..1_000).map(|n| (user(n), 0)).collect();
        since.keys().for_each(|user| due.wait(*user, 0));
        let mut ends: BTreeSet<(u64, UserId)> = BTreeSet::new();
        let (mut tick_ms, mut written, mut longest_ms) = (0, 0, 0);
        while tick_ms < 120_000 {
            while let Some(next) = due.next(tick_ms) {
                ends.insert((tick_ms + if fails(next) { 3_000 } else { 5 }, next));
            }
            // Whoever is well answers again, and is due two seconds later.
            tick_ms += 1;
            while let Some((at, ended)) = ends.pop_first() {
                if at > tick_ms {
                    ends.insert((at, ended));
                    break;
                }
                due.ended(ended, tick_ms, fails(ended));
                if !fails(ended) {
                    let waited_ms = tick_ms - since[&ended];
                    longest_ms = if tick_ms > 60_000 { longest_ms.max(waited_ms) } else { 0 };
                    written += 1;
                    since.insert(ended, tick_ms + 2_000);
                    due.wait(ended, tick_ms + 2_000);
                }
            }
        }
        assert!(longest_ms < 1_000 && written > 20_000, "{longest_ms} ms, {written} written");
        assert_eq!(due.in_trouble(), 200);
    }
}
