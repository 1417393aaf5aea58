//! What comes next of what nobody waits for: pure, so that its order can be tested. Moments are durations since the thread
//! began.

use domain::ids::{DeckId, UserId};
use std::time::Duration;

/// How often in a row a step is put off because others write, at most: so it never stands still.
const PUT_OFF_MAX: u32 = 4;

/// A step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// Words of the first deck behind this one whose cards have changed.
    Words { after: Option<DeckId> },
    /// The log of the first learner behind this one.
    Log { after: Option<UserId> },
    /// Nothing is to be done yet.
    Nothing,
}

/// Where it stands: all decks and then all learners, one after the other, and again after a while; decks also when somebody
/// says that cards have changed.
#[derive(Debug)]
pub(super) struct Round {
    calm: Duration,
    every: Duration,
    /// When decks are looked at next, and behind which one.
    words: Option<(Duration, Option<DeckId>)>,
    /// Cards have changed while decks were looked at.
    again: bool,
    /// When learners are looked at next, and behind which one.
    logs: (Duration, Option<UserId>),
    put_off: u32,
}

impl Round {
    /// The first round begins when others have had the time of `calm`; the next ones `every` so often.
    pub(super) fn begin(calm: Duration, every: Duration) -> Self {
        Self { calm, every, words: Some((calm, None)), again: false, logs: (calm, None), put_off: 0 }
    }

    fn due(&self) -> Duration {
        self.words.map_or(self.logs.0, |(at, _)| at.min(self.logs.0))
    }

    /// How long there is nothing to do.
    pub(super) fn wait(&self, now: Duration) -> Duration {
        self.due().saturating_sub(now)
    }

    /// What to do now.
    pub(super) fn next(&self, now: Duration) -> Next {
        match (self.words, self.logs) {
            (Some((at, after)), _) if at <= now => Next::Words { after },
            (_, (at, after)) if at <= now => Next::Log { after },
            _ => Next::Nothing,
        }
    }

    /// Cards have changed.
    pub(super) fn words_changed(&mut self, now: Duration) {
        let soon = now + self.calm;
        match &mut self.words {
            None => self.words = Some((soon, None)),
            Some((at, None)) => *at = soon.min(*at),
            Some((_, Some(_))) => self.again = true,
        }
    }

    /// Others have written since: the step is put off. `false`: it was often enough.
    pub(super) fn put_off(&mut self, now: Duration) -> bool {
        if self.put_off >= PUT_OFF_MAX {
            self.put_off = 0;
            return false;
        }
        self.put_off += 1;
        self.rest(now, self.calm);
        true
    }

    /// Nobody else has written since.
    pub(super) fn calm(&mut self) {
        self.put_off = 0;
    }

    /// A step is done: the next one comes after a rest.
    pub(super) fn rest(&mut self, now: Duration, rest: Duration) {
        if let Some((at, _)) = &mut self.words {
            *at = (*at).max(now + rest);
        }
        self.logs.0 = self.logs.0.max(now + rest);
    }

    /// Decks up to this one are done; `None`: all are.
    pub(super) fn decks_done(&mut self, now: Duration, upto: Option<DeckId>) {
        self.words = match upto {
            Some(upto) => self.words.map(|(at, _)| (at, Some(upto))),
            None if self.again => Some((now + self.calm, None)),
            None => None,
        };
        self.again &= upto.is_some();
    }

    /// Learners up to this one are done; `None`: all are, and the next round is far.
    pub(super) fn logs_done(&mut self, now: Duration, upto: Option<UserId>) {
        if upto.is_none() {
            self.words_changed(now + self.every);
            self.logs.0 = now + self.every;
        }
        self.logs.1 = upto;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_secs(3_600);

    fn deck(n: u128) -> Option<DeckId> {
        Some(DeckId::from_u128(n))
    }

    fn user(n: u128) -> Option<UserId> {
        Some(UserId::from_u128(n))
    }

    /// A round that has been through everything at this moment.
    fn through(now: Duration) -> Round {
        let mut round = Round::begin(S, HOUR);
        round.decks_done(now, None);
        round.logs_done(now, None);
        round
    }

    #[test]
    fn decks_come_first_then_learners_then_nothing_for_long() {
        let mut round = Round::begin(S, HOUR);
        assert_eq!((round.wait(Duration::ZERO), round.next(Duration::ZERO)), (S, Next::Nothing));
        assert_eq!(round.next(S), Next::Words { after: None });
        round.decks_done(S, deck(1));
        assert_eq!(round.next(S), Next::Words { after: deck(1) });
        round.decks_done(S, None);
        assert_eq!(round.next(S), Next::Log { after: None });
        round.logs_done(S, user(7));
        assert_eq!(round.next(S), Next::Log { after: user(7) });
        round.logs_done(S, None);
        assert_eq!((round.wait(S), round.next(S)), (HOUR, Next::Nothing));
        assert_eq!(round.next(S + HOUR), Next::Log { after: None });
        assert_eq!(round.next(S + HOUR + S), Next::Words { after: None });
    }

    #[test]
    fn changed_cards_are_looked_at_soon_and_once_more_if_they_changed_meanwhile() {
        let mut round = through(S);
        assert_eq!(round.wait(2 * S), HOUR - S);
        round.words_changed(2 * S);
        round.words_changed(2 * S);
        assert_eq!((round.wait(2 * S), round.next(3 * S)), (S, Next::Words { after: None }));
        round.decks_done(3 * S, deck(1));
        round.words_changed(3 * S);
        round.decks_done(3 * S, None);
        assert_eq!(round.next(4 * S), Next::Words { after: None });
        round.decks_done(4 * S, None);
        assert_eq!(round.next(4 * S), Next::Nothing);
    }

    #[test]
    fn who_writes_goes_first_and_not_for_ever() {
        let mut round = Round::begin(S, HOUR);
        let mut now = S;
        for _ in 0..PUT_OFF_MAX {
            assert!(round.put_off(now));
            assert_eq!(round.next(now), Next::Nothing);
            now += S;
        }
        assert!(!round.put_off(now));
        assert_eq!(round.next(now), Next::Words { after: None });
    }

    #[test]
    fn a_calm_step_is_followed_by_as_much_patience_as_the_first() {
        let mut round = Round::begin(S, HOUR);
        for _ in 1..PUT_OFF_MAX {
            assert!(round.put_off(S));
        }
        round.calm();
        for _ in 0..PUT_OFF_MAX {
            assert!(round.put_off(S));
        }
        assert!(!round.put_off(S));
    }

    #[test]
    fn a_step_is_followed_by_a_rest() {
        let mut round = Round::begin(S, HOUR);
        round.decks_done(S, deck(1));
        round.rest(S, S);
        assert_eq!((round.next(S), round.wait(S)), (Next::Nothing, S));
        assert_eq!(round.next(2 * S), Next::Words { after: deck(1) });
    }
}
