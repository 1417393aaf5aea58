//! What is to be done with a webhook next: whose turn it is, when an attempt is due, what follows from its outcome, and
//! when to give up. Pure: moments and dice come in.

use super::limits::{JITTER_PERCENT, RETRY_AFTER_MS_MAX};
use domain::ids::RunId;
use ports::{HookState, WebhookRecord};

/// How long a webhook rests after failed attempts, in milliseconds; after as many failures as there are rests, and one
/// more, it is disabled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// The rests.
    pub rests_ms: Vec<u64>,
}

/// What came of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The receiver has it.
    Delivered,
    /// The receiver wants nothing any more (410).
    Gone,
    /// It failed; the receiver may have said how long it wants to rest, in milliseconds.
    Failed(Option<u64>),
}

/// Why a webhook is disabled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// The receiver said so.
    Gone,
    /// Too many attempts failed.
    Failing,
    /// Who made it may no longer see what it is about.
    NotAllowed,
}

impl Reason {
    const ALL: [Reason; 3] = [Reason::Gone, Reason::Failing, Reason::NotAllowed];

    /// As it is kept and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Reason::Gone => "gone",
            Reason::Failing => "failing",
            Reason::NotAllowed => "not_allowed",
        }
    }

    /// Reads [`word`](Self::word).
    pub fn of_word(word: &str) -> Option<Reason> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    /// For people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Reason::Gone => "The receiver answered 410: it wants nothing any more.",
            Reason::Failing => {
                "Too many attempts failed over days; what happened since is sent when it is active again."
            }
            Reason::NotAllowed => "Who made it may no longer see what it is about.",
        }
    }
}

/// Whose turn it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Nobody's: it is sent nothing.
    Rests,
    /// Another node delivers it.
    Elsewhere,
    /// Ours, once it is noted that we have it.
    Claim,
    /// Ours, in so many milliseconds; 0 is now.
    Ours(u64),
}

/// What follows from an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// The next event.
    GoOn,
    /// The same event again: so many attempts have failed, and the next is due then (Unix milliseconds).
    Again {
        /// Failed attempts of the event.
        failures: u32,
        /// When the next attempt is due.
        at_ms: i64,
    },
    /// Nothing more.
    Disable(Reason),
}

impl Policy {
    /// The rest after so many failures; `None` when that were too many. `dice` is any number.
    fn rest_ms(&self, failures: u32, dice: u64) -> Option<u64> {
        let place = usize::try_from(failures.checked_sub(1)?).ok()?;
        let rest = *self.rests_ms.get(place)?;
        let (part, range) = (rest / 100 * JITTER_PERCENT, (rest / 100 * JITTER_PERCENT * 2).max(1));
        Some(rest - part + dice % range)
    }

    /// The longest rest that can be.
    fn longest_ms(&self) -> u64 {
        let longest = self.rests_ms.iter().max().copied().unwrap_or(0);
        (longest + longest / 100 * JITTER_PERCENT).max(RETRY_AFTER_MS_MAX)
    }

    /// Whose turn it is with a webhook. `me` is the run of this process among others, `is_alive` says whether another
    /// run is.
    pub fn turn(
        &self,
        hook: &WebhookRecord,
        me: Option<RunId>,
        is_alive: impl Fn(RunId) -> bool,
        now_ms: i64,
    ) -> Turn {
        match hook.state {
            HookState::Active => {}
            HookState::Paused | HookState::Disabled => return Turn::Rests,
        }
        match (hook.holder, me) {
            (holder, me) if holder == me => {}
            (Some(other), Some(_)) if is_alive(other) => return Turn::Elsewhere,
            // Who has a store alone has every webhook in it.
            (_, None) => {}
            (Some(_) | None, Some(_)) => return Turn::Claim,
        }
        let rest = u64::try_from(hook.next_try_ms.saturating_sub(now_ms)).unwrap_or(0);
        // A clock that was set back makes nobody wait for longer than any rest.
        Turn::Ours(rest.min(self.longest_ms()))
    }

    /// What follows from an attempt, after so many failures of the same event before.
    pub fn after(&self, failures: u32, outcome: Outcome, now_ms: i64, dice: u64) -> Next {
        match outcome {
            Outcome::Delivered => Next::GoOn,
            Outcome::Gone => Next::Disable(Reason::Gone),
            Outcome::Failed(wanted_ms) => {
                let failures = failures.saturating_add(1);
                let Some(rest) = self.rest_ms(failures, dice) else { return Next::Disable(Reason::Failing) };
                let rest = rest.max(wanted_ms.unwrap_or(0).min(RETRY_AFTER_MS_MAX));
                Next::Again { failures, at_ms: now_ms.saturating_add_unsigned(rest) }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::webhooks::limits::RESTS_MS;
    use domain::ids::{UserId, Uuid};
    use ports::{Feed, HookId};
    use proptest::prelude::*;

    fn policy() -> Policy {
        Policy { rests_ms: RESTS_MS.to_vec() }
    }

    pub(in crate::webhooks) fn hook(holder: Option<u128>, next_try_ms: i64) -> WebhookRecord {
        let owner = UserId::from_u128(1);
        WebhookRecord {
            id: HookId(Uuid::from_u128(1)),
            owner,
            org: None,
            feed: Feed::Person(owner),
            class: None,
            url: String::new(),
            description: String::new(),
            kinds: vec![],
            secret: vec![],
            old_secrets: vec![],
            state: HookState::Active,
            reason: String::new(),
            position: None,
            failures: 0,
            next_try_ms,
            holder: holder.map(RunId::from_u128),
            created_ms: 0,
            updated_ms: 0,
            revision: 1,
        }
    }

    #[test]
    fn one_node_has_a_webhook_until_it_is_dead_and_nobody_compares_clocks() {
        let (me, other) = (Some(RunId::from_u128(1)), 2);
        let turn = |hook: &WebhookRecord, is_alive: bool| policy().turn(hook, me, |_| is_alive, 100);
        assert_eq!(turn(&hook(Some(1), 0), false), Turn::Ours(0));
        assert_eq!(turn(&hook(Some(other), 0), true), Turn::Elsewhere);
        assert_eq!(turn(&hook(Some(other), 0), false), Turn::Claim);
        assert_eq!(turn(&hook(None, 0), true), Turn::Claim);
        assert_eq!(policy().turn(&hook(None, 0), None, |_| true, 100), Turn::Ours(0));
        assert_eq!(policy().turn(&hook(Some(other), 0), None, |_| true, 100), Turn::Ours(0));
        for state in [HookState::Paused, HookState::Disabled] {
            assert_eq!(turn(&WebhookRecord { state, ..hook(Some(1), 0) }, true), Turn::Rests);
        }
    }

    #[test]
    fn an_attempt_is_due_when_its_rest_is_over_whatever_became_of_the_clock() {
        let due = |next_try_ms, now_ms| policy().turn(&hook(None, next_try_ms), None, |_| true, now_ms);
        assert_eq!(due(150, 100), Turn::Ours(50));
        assert_eq!(due(150, 150), Turn::Ours(0));
        assert_eq!(due(150, i64::MAX), Turn::Ours(0));
        let Turn::Ours(rest) = due(i64::MAX, 0) else { panic!("it is ours") };
        assert!(rest <= 2 * RESTS_MS[12], "{rest}");
    }

    #[test]
    fn what_fails_again_and_again_is_given_up_after_days_and_not_before() {
        let (mut now_ms, mut failures, mut attempts) = (0, 0, 0);
        let reason = loop {
            attempts += 1;
            match policy().after(failures, Outcome::Failed(None), now_ms, 7) {
                Next::Again { failures: so_far, at_ms } => {
                    assert!(at_ms > now_ms);
                    (failures, now_ms) = (so_far, at_ms);
                }
                Next::Disable(reason) => break reason,
                Next::GoOn => panic!("it failed"),
            }
        };
        assert_eq!((reason, attempts), (Reason::Failing, RESTS_MS.len() + 1));
        let days = now_ms / 86_400_000;
        assert!((2..=5).contains(&days), "{days}");
    }

    #[test]
    fn a_receiver_that_wants_nothing_any_more_is_left_alone_and_one_that_has_it_gets_the_next() {
        assert_eq!(policy().after(0, Outcome::Gone, 5, 0), Next::Disable(Reason::Gone));
        assert_eq!(policy().after(9, Outcome::Delivered, 5, 0), Next::GoOn);
        for reason in Reason::ALL {
            assert_eq!(Reason::of_word(reason.word()), Some(reason));
            assert!(!reason.sentence().is_empty());
        }
    }

    proptest! {
        #[test]
        fn a_rest_is_near_its_length_and_as_long_as_the_receiver_wants_within_an_hour(
            failures in 0_u32..12, dice: u64, wanted_ms in prop::option::of(any::<u64>()),
        ) {
            let Next::Again { at_ms, .. } = policy().after(failures, Outcome::Failed(wanted_ms), 0, dice) else {
                return Err(TestCaseError::fail("there are more attempts"));
            };
            let (rest, at) = (RESTS_MS[failures as usize], u64::try_from(at_ms).unwrap());
            let wanted = wanted_ms.unwrap_or(0).min(RETRY_AFTER_MS_MAX);
            prop_assert!(at >= (rest / 100 * 80).max(wanted) && at <= (rest / 100 * 120).max(wanted), "{at}");
        }
    }
}
