//! When to ask something that may be away, and when to do without it. Several failures in a row open it; while it is
//! open nobody waits; after a while one at a time tries again, and only several successes in a row close it. So neither
//! one slow answer nor one lucky one changes anything.
//!
//! Pure: time (monotonic milliseconds) comes in.

/// How a breaker behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BreakerRules {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it then stays open before one may try, in milliseconds.
    pub rest_ms: u64,
    /// Successes in a row that close it again.
    pub successes: u32,
}

/// Whether to ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pass {
    /// Ask, and say how it went.
    Ask,
    /// Do without it.
    Without,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// In use; failures in a row.
    Closed { failed: u32 },
    /// Not in use before this moment.
    Open { until_ms: u64 },
    /// Being tried; successes in a row, and since when somebody tries.
    Trying { worked: u32, since_ms: Option<u64> },
}

/// A breaker.
#[derive(Clone, Copy, Debug)]
pub struct Breaker {
    rules: BreakerRules,
    state: State,
    opened: u64,
}

impl Breaker {
    /// A closed one.
    pub fn new(rules: BreakerRules) -> Breaker {
        Breaker { rules, state: State::Closed { failed: 0 }, opened: 0 }
    }

    /// Whether to ask now.
    pub fn pass(&mut self, now_ms: u64) -> Pass {
        match self.state {
            State::Closed { .. } => Pass::Ask,
            State::Open { until_ms } if now_ms < until_ms => Pass::Without,
            State::Open { .. } => {
                self.state = State::Trying { worked: 0, since_ms: Some(now_ms) };
                Pass::Ask
            }
            // One at a time; one that never came back is given up.
            State::Trying { since_ms: Some(since_ms), .. } if now_ms < since_ms + self.rules.rest_ms => {
                Pass::Without
            }
            State::Trying { worked, .. } => {
                self.state = State::Trying { worked, since_ms: Some(now_ms) };
                Pass::Ask
            }
        }
    }

    /// It answered.
    pub fn worked(&mut self) {
        self.state = match self.state {
            State::Closed { .. } => State::Closed { failed: 0 },
            State::Trying { worked, .. } if worked + 1 >= self.rules.successes => State::Closed { failed: 0 },
            State::Trying { worked, .. } => State::Trying { worked: worked + 1, since_ms: None },
            // Asked before it opened: late news.
            State::Open { until_ms } => State::Open { until_ms },
        };
    }

    /// It did not answer, or not in time.
    pub fn failed(&mut self, now_ms: u64) {
        self.state = match self.state {
            State::Closed { failed } if failed + 1 < self.rules.failures => {
                State::Closed { failed: failed + 1 }
            }
            State::Closed { .. } => {
                self.opened += 1;
                State::Open { until_ms: now_ms + self.rules.rest_ms }
            }
            State::Trying { .. } => State::Open { until_ms: now_ms + self.rules.rest_ms },
            State::Open { until_ms } => State::Open { until_ms },
        };
    }

    /// Whether it is closed: the normal state.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed { .. })
    }

    /// How often it opened.
    pub fn opened(&self) -> u64 {
        self.opened
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: BreakerRules = BreakerRules { failures: 3, rest_ms: 100, successes: 2 };

    #[test]
    fn only_failures_in_a_row_open_it() {
        let mut breaker = Breaker::new(RULES);
        for _ in 0..10 {
            breaker.failed(0);
            breaker.failed(0);
            breaker.worked();
        }
        assert!(breaker.is_closed());
        (0..3).for_each(|_| breaker.failed(5));
        assert_eq!((breaker.pass(104), breaker.opened()), (Pass::Without, 1));
    }

    #[test]
    fn one_at_a_time_tries_and_several_successes_close_it() {
        let mut breaker = Breaker::new(RULES);
        (0..3).for_each(|_| breaker.failed(0));
        assert_eq!([breaker.pass(100), breaker.pass(101)], [Pass::Ask, Pass::Without]);
        breaker.worked();
        assert!(!breaker.is_closed());
        assert_eq!([breaker.pass(102), breaker.pass(103)], [Pass::Ask, Pass::Without]);
        breaker.worked();
        assert!(breaker.is_closed());
        assert_eq!(breaker.opened(), 1);
    }

    #[test]
    fn a_failed_try_opens_it_again_and_a_lost_one_is_given_up() {
        let mut breaker = Breaker::new(RULES);
        (0..3).for_each(|_| breaker.failed(0));
        assert_eq!(breaker.pass(100), Pass::Ask);
        breaker.failed(110);
        assert_eq!([breaker.pass(209), breaker.pass(210)], [Pass::Without, Pass::Ask]);
        // Nobody says how that went.
        assert_eq!([breaker.pass(309), breaker.pass(310)], [Pass::Without, Pass::Ask]);
    }

    #[test]
    fn news_of_those_who_asked_before_it_opened_changes_nothing() {
        let mut breaker = Breaker::new(RULES);
        (0..3).for_each(|_| breaker.failed(0));
        breaker.worked();
        breaker.failed(50);
        assert_eq!([breaker.pass(99), breaker.pass(100)], [Pass::Without, Pass::Ask]);
    }
}
