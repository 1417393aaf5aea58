//! What a roster would change, person by person. Pure: the same roster and the same register give the same diff, and
//! after it was carried out, an empty one.

mod classes;
mod matching;
mod people;

use super::known::{Known, KnownClass};
use super::model::Roster;
use super::steps::{Diff, PersonStep, Step};
use domain::ids::{ClassId, OrgId, UserId};
use ports::Registered;
use ports::register::Status;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Whom a bulk roster that does not name somebody says to be gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Everybody of the organisation.
    Organisation,
    /// The students of its classes, and from these alone.
    Classes,
}

/// By whom, where and when a roster is imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// The organisation.
    pub org: OrgId,
    /// Who imports: the teacher of classes that have no other.
    pub by: UserId,
    /// Whether they administer the organisation. Who does not changes own classes, says who is in those that they teach
    /// too, changes the learners in all of these, and names new learners.
    pub administers: bool,
    /// Of whom the roster speaks; without [`Rules::administers`] of classes alone.
    pub scope: Scope,
    /// Now, Unix milliseconds.
    pub now_ms: i64,
}

impl Rules {
    /// Whether whoever imports teaches this class, so that the roster says who is in it.
    fn may_fill(&self, class: &KnownClass) -> bool {
        class.record.teacher == self.by || class.is_co_taught
    }
}

/// What the parts of a diff share.
struct Comparing<'a> {
    roster: &'a Roster,
    known: &'a Known,
    rules: Rules,
    out: Diff,
    /// The class of each class of the roster, where it is one that may be changed.
    class_of: Vec<Option<Target>>,
    /// The account of each person of the roster, where they come in.
    user_of: Vec<Option<UserId>>,
    /// The place in the register of each account.
    known_of: HashMap<UserId, usize>,
    /// What each person becomes, by account.
    people: BTreeMap<UserId, PersonStep>,
    /// Who joins and leaves, by class.
    joins: BTreeMap<ClassId, BTreeSet<UserId>>,
    leaves: BTreeMap<ClassId, BTreeSet<UserId>>,
}

/// A class of the roster here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Target {
    id: ClassId,
    /// Its place among the classes that are there.
    known: Option<usize>,
}

/// Compares a roster with what is there.
pub fn diff(roster: &Roster, known: &Known, rules: Rules) -> Diff {
    let scope = if rules.administers { rules.scope } else { Scope::Classes };
    let known_of = known.people.iter().enumerate().map(|(place, who)| (who.user, place)).collect();
    let mut comparing = Comparing {
        roster,
        known,
        rules: Rules { scope, ..rules },
        out: Diff { rejected: roster.rejected.clone(), changed: roster.changed.clone(), ..Diff::default() },
        class_of: Vec::new(),
        user_of: Vec::new(),
        known_of,
        people: BTreeMap::new(),
        joins: BTreeMap::new(),
        leaves: BTreeMap::new(),
    };
    comparing.find_classes();
    comparing.find_people();
    comparing.enroll();
    comparing.find_gone();
    comparing.change_classes();
    comparing.finish()
}

impl Comparing<'_> {
    /// The register's entry of an account.
    fn registered(&self, user: UserId) -> Option<&Registered> {
        self.known.people.get(*self.known_of.get(&user)?)
    }

    /// The person's step; of whom the roster does not name it begins with what the register says.
    fn step_of(&mut self, user: UserId) -> Option<&mut PersonStep> {
        if !self.people.contains_key(&user) {
            let before = self.registered(user)?.clone();
            let step = PersonStep {
                step: Step::Same,
                registered: before.clone(),
                before: Some(before),
                joins: Vec::new(),
                leaves: Vec::new(),
                at: None,
            };
            self.people.insert(user, step);
        }
        self.people.get_mut(&user)
    }

    fn finish(mut self) -> Diff {
        let mut counts = std::mem::take(&mut self.out.counts);
        for step in self.people.values_mut() {
            step.step = kind_of(step);
            let count = match step.step {
                Step::New => &mut counts.new,
                Step::Moved => &mut counts.moved,
                Step::Changed => &mut counts.changed,
                Step::Gone => &mut counts.gone,
                Step::Same => &mut counts.unchanged,
            };
            *count += 1;
        }
        self.out.counts = counts;
        self.out.people = self.people.into_values().collect();
        self.out
    }
}

/// What becomes of a person. Who is gone was marked so.
fn kind_of(step: &PersonStep) -> Step {
    let was_there = step.before.as_ref().is_some_and(|before| before.status == Status::Active);
    let is_there = step.registered.status == Status::Active;
    match (was_there, is_there) {
        (true, false) => Step::Gone,
        (false, true) => Step::New,
        (false, false) => Step::Same,
        (true, true) if step.step == Step::Gone => Step::Gone,
        (true, true) if !step.joins.is_empty() || !step.leaves.is_empty() => Step::Moved,
        (true, true) if step.is_written() => Step::Changed,
        (true, true) => Step::Same,
    }
}
