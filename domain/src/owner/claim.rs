//! Claim: how a node that needs a learner gets it, or learns who has it. The row of owners changes by comparison alone,
//! and a live owner is never robbed: it lets go itself, since only it knows whether it has begun something.
//!
//! An outcome that is not known is no outcome. A claim then looks again; a release is tried again until somebody's epoch
//! shows how it ended, and nothing is started for the learner meanwhile.

use super::{Epoch, Timing};
use crate::ids::{RunId, UserId};
use crate::limits::{RELEASES_AT_ONCE, TAKEN_REMEMBERED};
use std::collections::{BTreeMap, BTreeSet};

/// Who has a learner, as it is stored. A learner without a row is nobody's, with epoch 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ownership {
    /// The owner's run; `None` for nobody.
    pub run: Option<RunId>,
    /// Rises by one with each change.
    pub epoch: Epoch,
}

/// A change by comparison: it is applied if the row is still as expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// What must be stored for it to be applied.
    pub expected: Ownership,
    /// What is stored then; its epoch is one higher.
    pub run: Option<RunId>,
}

impl Change {
    /// The row after it.
    pub fn after(&self) -> Ownership {
        Ownership { run: self.run, epoch: self.expected.epoch + 1 }
    }
}

/// What became of a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Changed {
    /// It is applied.
    Applied,
    /// It is not, and this is the row.
    NotApplied(Ownership),
    /// It may be applied, or be later, or never.
    Unknown,
}

/// What a live owner says to a node that needs one of its learners.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It has the learner: relay to it.
    Here,
    /// It has let go, or it never was the owner: look again.
    NotMine,
    /// It cannot tell yet: ask again.
    NotNow,
    /// It could not be asked, or said nothing in time.
    Unreachable,
}

/// What a claim wants done next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Read the learner's row of owners, in the order of its changes (serially): then [`Claim::row`].
    ReadOwner,
    /// Say whether this run is alive, by a read that is younger than this step: then [`Claim::alive`].
    ReadAlive(RunId),
    /// Ask this run for the learner: then [`Claim::answered`].
    Ask {
        /// The owner.
        run: RunId,
        /// Under which epoch it is believed to be.
        epoch: Epoch,
    },
    /// Change the row: then [`Claim::changed`].
    Change(Change),
    /// Wait so long: then [`Claim::waited`].
    Wait {
        /// Milliseconds.
        wait_ms: u64,
    },
    /// The learner is this run's.
    Mine {
        /// Under which epoch.
        epoch: Epoch,
        /// It was taken from a run that had been declared dead, which may still acknowledge something: its inbox is to be
        /// read once more later.
        from_dead: bool,
    },
    /// Another node has it: relay to this run.
    Relay(RunId),
}

/// One node's way to one learner.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    me: RunId,
    timing: Timing,
    at: Ownership,
    /// The row after whose reading the run that it names said that it is not the owner.
    denied: Option<Ownership>,
    from_dead: bool,
}

impl Claim {
    /// Begins. It must not begin while this node is releasing the learner: [`Releases::may_start`].
    pub fn begin(me: RunId, timing: Timing) -> (Claim, Step) {
        (Claim { me, timing, at: Ownership::default(), denied: None, from_dead: false }, Step::ReadOwner)
    }

    /// Begins anew after one of this run came to no end that is known: whether that one had set out to take the learner from
    /// a dead run ([`Taken`]).
    pub fn resume(me: RunId, timing: Timing, from_dead: bool) -> (Claim, Step) {
        let (claim, step) = Claim::begin(me, timing);
        (Claim { from_dead, ..claim }, step)
    }

    /// Whether it takes the learner from a dead run: to be noted before the change is sent, since nothing else may be known
    /// of it later ([`Taken::tried`]).
    pub fn is_from_dead(&self) -> bool {
        self.from_dead
    }

    /// The row was read. One that is still as it was when its owner denied it is no news: at that run's address is another
    /// one now, and the row stays until the old one is declared dead.
    pub fn row(&mut self, row: Ownership) -> Step {
        self.at = row;
        if self.denied.take() == Some(row) {
            return self.wait();
        }
        match row.run {
            Some(run) if run == self.me => Step::Mine { epoch: row.epoch, from_dead: self.from_dead },
            Some(run) => Step::ReadAlive(run),
            None => self.take(false),
        }
    }

    /// Whether the owner is alive. A run that is not in the list of nodes is not.
    pub fn alive(&mut self, alive: bool) -> Step {
        match self.at.run {
            Some(run) if alive => Step::Ask { run, epoch: self.at.epoch },
            Some(_) => self.take(true),
            None => Step::ReadOwner,
        }
    }

    /// What the live owner said.
    pub fn answered(&mut self, answer: Answer) -> Step {
        match (answer, self.at.run) {
            (Answer::Here, Some(run)) => Step::Relay(run),
            (Answer::NotMine, _) => {
                // Who has let go has changed the row before it says so.
                self.denied = Some(self.at);
                Step::ReadOwner
            }
            (Answer::Here, None) => Step::ReadOwner,
            (Answer::NotNow | Answer::Unreachable, _) => self.wait(),
        }
    }

    /// What became of the change.
    pub fn changed(&mut self, changed: Changed) -> Step {
        match changed {
            Changed::Applied => {
                let epoch = self.at.epoch + 1;
                Step::Mine { epoch, from_dead: self.from_dead }
            }
            Changed::NotApplied(row) => self.row(row),
            Changed::Unknown => Step::ReadOwner,
        }
    }

    /// It has waited, or something could not be read.
    pub fn waited(&mut self) -> Step {
        Step::ReadOwner
    }

    /// A read failed.
    pub fn wait(&mut self) -> Step {
        Step::Wait { wait_ms: self.timing.ask_again_ms }
    }

    fn take(&mut self, from_dead: bool) -> Step {
        self.from_dead |= from_dead;
        Step::Change(Change { expected: self.at, run: Some(self.me) })
    }
}

/// Learners that this run has set out to take from dead ones, and that it has not loaded since. Whoever comes next finds
/// the row to be this run's own, and could not know that the old owner may still acknowledge something.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    unread: BTreeSet<UserId>,
}

impl Taken {
    /// A change that takes the learner from a dead run is about to be sent.
    pub fn tried(&mut self, user: UserId) {
        if self.unread.len() >= TAKEN_REMEMBERED {
            // A learner who is forgotten here sees what the old owner still acknowledged at the next load.
            self.unread.pop_first();
        }
        self.unread.insert(user);
    }

    /// Whether the learner's inbox is still to be read once more after a load: for [`Claim::resume`].
    pub fn is_unread(&self, user: UserId) -> bool {
        self.unread.contains(&user)
    }

    /// The learner is loaded and the inbox will be read once more, or another node has the learner.
    pub fn done(&mut self, user: UserId) {
        self.unread.remove(&user);
    }
}

/// What of a learner there is at an owner that is asked to let go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// The registry has an entry, in whichever state: somebody claims, loads, lives or stops here.
    pub entry: bool,
    /// A write of the learner's caches is under way.
    pub writing: bool,
}

/// What an owner that is asked does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// Answer at once.
    Say(Answer),
    /// Change the row first: then [`Releases::changed`], again and again while that says so.
    Release(Change),
}

/// What follows on a release's outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Released {
    /// It is known: the learner is no longer this run's. Who asked is told [`Answer::NotMine`].
    Gone,
    /// Try the same again after this many milliseconds.
    Again {
        /// The change.
        change: Change,
        /// Milliseconds.
        wait_ms: u64,
    },
}

/// The learners that this run is letting go.
#[derive(Clone, Debug)]
pub struct Releases {
    me: RunId,
    timing: Timing,
    under_way: BTreeMap<UserId, Change>,
}

impl Releases {
    /// None yet.
    pub fn new(me: RunId, timing: Timing) -> Releases {
        Releases { me, timing, under_way: BTreeMap::new() }
    }

    /// Whether something may be started for the learner. While its release is under way, nothing may.
    pub fn may_start(&self, user: UserId) -> bool {
        !self.under_way.contains_key(&user)
    }

    /// Somebody needs a learner that this run is believed to have under this epoch. The registry's entry and
    /// [`Releases::may_start`] must be looked at in one step: nothing is entered between them.
    pub fn asked(&mut self, user: UserId, epoch: Epoch, held: Held) -> Asked {
        if held.entry {
            return Asked::Say(Answer::Here);
        }
        if held.writing || !self.may_start(user) || self.under_way.len() >= RELEASES_AT_ONCE {
            return Asked::Say(Answer::NotNow);
        }
        let change = Change { expected: Ownership { run: Some(self.me), epoch }, run: None };
        self.under_way.insert(user, change);
        Asked::Release(change)
    }

    /// What became of a release.
    pub fn changed(&mut self, user: UserId, changed: Changed) -> Released {
        match (changed, self.under_way.get(&user)) {
            (Changed::Unknown, Some(&change)) => {
                Released::Again { change, wait_ms: self.timing.ask_again_ms }
            }
            // The epoch has moved, so no earlier try can be applied any more.
            (Changed::Applied | Changed::NotApplied(_), _) | (Changed::Unknown, None) => {
                self.under_way.remove(&user);
                Released::Gone
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: RunId = RunId::from_u128(1);
    const OTHER: RunId = RunId::from_u128(2);
    const USER: UserId = UserId::from_u128(9);

    fn owned(run: RunId, epoch: Epoch) -> Ownership {
        Ownership { run: Some(run), epoch }
    }

    #[test]
    fn a_live_owner_is_asked_and_never_robbed() {
        let (mut claim, _) = Claim::begin(ME, Timing::STANDARD);
        assert_eq!(claim.row(owned(OTHER, 4)), Step::ReadAlive(OTHER));
        assert_eq!(claim.alive(true), Step::Ask { run: OTHER, epoch: 4 });
        assert_eq!(claim.answered(Answer::Here), Step::Relay(OTHER));
        assert!(matches!(claim.answered(Answer::Unreachable), Step::Wait { .. }));
        assert_eq!(claim.answered(Answer::NotMine), Step::ReadOwner);
        let free = Ownership { run: None, epoch: 5 };
        assert_eq!(claim.row(free), Step::Change(Change { expected: free, run: Some(ME) }));
        assert_eq!(claim.changed(Changed::Applied), Step::Mine { epoch: 6, from_dead: false });
    }

    #[test]
    fn a_row_that_its_owner_denies_is_looked_at_at_once_and_then_from_time_to_time_until_the_run_is_dead() {
        let (mut claim, _) = Claim::begin(ME, Timing::STANDARD);
        for _ in 0..3 {
            assert_eq!(claim.row(owned(OTHER, 4)), Step::ReadAlive(OTHER));
            assert_eq!(claim.alive(true), Step::Ask { run: OTHER, epoch: 4 });
            assert_eq!(claim.answered(Answer::NotMine), Step::ReadOwner);
            assert!(matches!(claim.row(owned(OTHER, 4)), Step::Wait { wait_ms: 1.. }));
            assert_eq!(claim.waited(), Step::ReadOwner);
        }
        assert_eq!(claim.row(owned(OTHER, 4)), Step::ReadAlive(OTHER));
        assert_eq!(claim.alive(false), Step::Change(Change { expected: owned(OTHER, 4), run: Some(ME) }));
        assert_eq!(claim.changed(Changed::Applied), Step::Mine { epoch: 5, from_dead: true });
    }

    #[test]
    fn a_claim_whose_outcome_is_unknown_looks_again_and_knows_itself() {
        let (mut claim, _) = Claim::begin(ME, Timing::STANDARD);
        claim.row(owned(OTHER, 4));
        assert_eq!(claim.alive(false), Step::Change(Change { expected: owned(OTHER, 4), run: Some(ME) }));
        assert_eq!(claim.changed(Changed::Unknown), Step::ReadOwner);
        assert_eq!(claim.row(owned(ME, 5)), Step::Mine { epoch: 5, from_dead: true });
    }

    #[test]
    fn a_claim_that_takes_two_tries_still_knows_that_the_owner_before_was_dead() {
        let mut taken = Taken::default();
        let (mut claim, _) = Claim::begin(ME, Timing::STANDARD);
        claim.row(owned(OTHER, 4));
        assert!(!claim.is_from_dead());
        assert!(matches!(claim.alive(false), Step::Change(_)) && claim.is_from_dead());
        taken.tried(USER);
        // The change is applied, and nothing more comes of the claim.
        let mine = |taken: &Taken| {
            let (mut claim, step) = Claim::resume(ME, Timing::STANDARD, taken.is_unread(USER));
            assert_eq!(step, Step::ReadOwner);
            claim.row(owned(ME, 5))
        };
        assert_eq!(mine(&taken), Step::Mine { epoch: 5, from_dead: true });
        taken.done(USER);
        assert_eq!(mine(&taken), Step::Mine { epoch: 5, from_dead: false });
    }

    #[test]
    fn nothing_starts_while_a_release_has_no_known_outcome() {
        let mut releases = Releases::new(ME, Timing::STANDARD);
        let held = Held { entry: false, writing: false };
        assert_eq!(releases.asked(USER, 4, Held { entry: true, writing: false }), Asked::Say(Answer::Here));
        assert_eq!(releases.asked(USER, 4, Held { entry: false, writing: true }), Asked::Say(Answer::NotNow));
        let Asked::Release(change) = releases.asked(USER, 4, held) else { panic!("it has nothing of him") };
        assert_eq!(change.after(), Ownership { run: None, epoch: 5 });
        assert!(matches!(releases.changed(USER, Changed::Unknown), Released::Again { .. }));
        assert!(!releases.may_start(USER));
        assert_eq!(releases.asked(USER, 4, held), Asked::Say(Answer::NotNow));
        assert_eq!(releases.changed(USER, Changed::NotApplied(owned(OTHER, 6))), Released::Gone);
        assert!(releases.may_start(USER));
    }
}
