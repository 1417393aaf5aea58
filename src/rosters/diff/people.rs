//! People: who they are, what the register says of them afterwards, and who is gone.

use super::matching::matched;
use super::{Comparing, Scope};
use crate::rosters::identity::{free, user_id};
use crate::rosters::model::RosterPerson;
use crate::rosters::remark::{RosterReason, RosterRemark};
use crate::rosters::steps::{PersonStep, Step};
use domain::ids::UserId;
use ports::register::Status;
use ports::{Registered, Role};
use std::collections::BTreeSet;

impl Comparing<'_> {
    /// Finds the account of each person of the roster.
    pub(super) fn find_people(&mut self) {
        let (roster, known) = (self.roster, self.known);
        let own = self.own_students();
        let places = matched(&roster.people, &known.people);
        for (person, place) in roster.people.iter().zip(places) {
            let before = place.and_then(|place| known.people.get(place));
            let user = match self.objection(person, before) {
                Some(reason) => {
                    self.reject(person, reason);
                    None
                }
                None => {
                    // Before this roster: putting somebody into a class is no leave to say who they are.
                    let is_own = before.is_some_and(|before| own.contains(&before.user));
                    self.person(person, before, self.rules.administers || is_own)
                }
            };
            self.user_of.push(user);
        }
    }

    /// The students of the classes that the importer teaches.
    fn own_students(&self) -> BTreeSet<UserId> {
        let own = self.known.classes.iter().filter(|class| self.rules.may_fill(class));
        own.flat_map(|class| class.record.students.iter().copied()).collect()
    }

    fn objection(&self, person: &RosterPerson, before: Option<&Registered>) -> Option<RosterReason> {
        if person.is_reference {
            return before.is_none().then_some(RosterReason::DanglingPerson);
        }
        let is_learner = person.role == Role::Learner && before.is_none_or(|who| who.role == Role::Learner);
        (!self.rules.administers && !is_learner).then_some(RosterReason::RoleNotYours)
    }

    fn reject(&mut self, person: &RosterPerson, reason: RosterReason) {
        let (file, line) = person.at;
        self.out.rejected.push(RosterRemark { file, line, column: "".into(), reason });
    }

    /// Notes what becomes of a person; the account.
    fn person(&mut self, person: &RosterPerson, before: Option<&Registered>, is_own: bool) -> Option<UserId> {
        if before.is_none() && person.status == Status::Gone {
            // Who was never here is not missed.
            return None;
        }
        let mut registered = self.registered_as(person, before);
        if let Some(before) = before {
            let same = Registered { changed_ms: before.changed_ms, ..registered.clone() } == *before;
            if !same && !is_own {
                let (file, line) = person.at;
                let reason = RosterReason::PersonNotYours;
                self.out.changed.push(RosterRemark { file, line, column: "".into(), reason });
            }
            if same || !is_own {
                registered = before.clone();
            }
            if !self.rules.administers && self.keeps_keys(&mut registered, before) {
                let (file, line) = person.at;
                let reason = RosterReason::KeyKept;
                self.out.changed.push(RosterRemark { file, line, column: "".into(), reason });
            }
        }
        let user = registered.user;
        let step = PersonStep {
            step: Step::Same,
            registered,
            before: before.cloned(),
            joins: Vec::new(),
            leaves: Vec::new(),
            at: Some(person.at),
        };
        self.people.insert(user, step);
        Some(user)
    }

    /// Gives a person back the id, login and address that the register has: by these others are told who it is. Whether
    /// one was another.
    fn keeps_keys(&self, registered: &mut Registered, before: &Registered) -> bool {
        let keys = [
            (&mut registered.external, &before.external),
            (&mut registered.login, &before.login),
            (&mut registered.email, &before.email),
        ];
        let mut kept = false;
        for (key, before) in keys {
            if !before.is_empty() && key != before {
                key.clone_from(before);
                kept = true;
            }
        }
        let is_same = Registered { changed_ms: before.changed_ms, ..registered.clone() } == *before;
        if is_same {
            registered.changed_ms = before.changed_ms;
        }
        kept
    }

    /// What the register says of a person after the roster; what the roster does not say stays.
    fn registered_as(&self, person: &RosterPerson, before: Option<&Registered>) -> Registered {
        let or = |said: &String, of: fn(&Registered) -> &String| match before {
            Some(before) if said.is_empty() => of(before).clone(),
            Some(_) | None => said.clone(),
        };
        let user = before.map_or_else(|| self.new_user(person), |before| before.user);
        let is_account = before.is_some_and(|before| person.external == before.user.to_string());
        let external = if is_account { &String::new() } else { &person.external };
        let role = match before {
            Some(before) if person.is_reference => before.role,
            Some(_) | None => person.role,
        };
        Registered {
            user,
            org: self.rules.org,
            external: or(external, |who| &who.external),
            login: or(&person.login, |who| &who.login),
            email: or(&person.email, |who| &who.email),
            name: or(&person.name, |who| &who.name),
            role,
            status: match before {
                Some(before) if person.is_reference || !self.rules.administers => before.status,
                None if person.is_reference => Status::Active,
                Some(_) | None => person.status,
            },
            changed_ms: self.rules.now_ms,
        }
    }

    fn new_user(&self, person: &RosterPerson) -> UserId {
        let is_taken = |id| self.known_of.contains_key(&UserId(id)) || self.people.contains_key(&UserId(id));
        UserId(free(user_id(self.rules.org, person).0, is_taken))
    }

    /// Finds who is gone, and how many there were.
    pub(super) fn find_gone(&mut self) {
        let is_whole = self.rules.scope == Scope::Organisation && !self.roster.is_delta;
        if is_whole {
            let named: BTreeSet<UserId> = self.user_of.iter().copied().flatten().collect();
            let is_missing = |who: &&Registered| who.status == Status::Active && !named.contains(&who.user);
            let missing: Vec<UserId> =
                self.known.people.iter().filter(is_missing).map(|who| who.user).collect();
            let now_ms = self.rules.now_ms;
            for user in missing {
                if let Some(step) = self.step_of(user) {
                    (step.registered.status, step.registered.changed_ms) = (Status::Gone, now_ms);
                }
            }
        }
        self.leave_all();
        self.out.before = match (self.rules.scope, self.roster.is_delta) {
            (Scope::Organisation, _) | (Scope::Classes, true) => {
                self.known.people.iter().filter(|who| who.status == Status::Active).count()
            }
            (Scope::Classes, false) => self.students_of_roster().len(),
        };
        if self.rules.scope == Scope::Classes && !self.roster.is_delta {
            for step in self.people.values_mut().filter(|step| step.at.is_none() && !step.leaves.is_empty()) {
                step.step = Step::Gone;
            }
        }
    }

    /// Who is gone from the organisation leaves all classes; of whom somebody says so who only teaches, the classes that they
    /// teach.
    fn leave_all(&mut self) {
        let administers = self.rules.administers;
        let said = self.roster.people.iter().zip(&self.user_of);
        let said = said.filter(|(person, _)| !person.is_reference && person.status == Status::Gone);
        let said: BTreeSet<UserId> = said.filter_map(|(_, user)| *user).filter(|_| !administers).collect();
        let gone = self.people.values().filter(|step| {
            let was_there = step.before.as_ref().is_some_and(|before| before.status == Status::Active);
            let is_gone = step.registered.status == Status::Gone || said.contains(&step.registered.user);
            was_there && is_gone
        });
        let gone: BTreeSet<UserId> = gone.map(|step| step.registered.user).collect();
        for class in self.known.classes.iter().filter(|class| administers || self.rules.may_fill(class)) {
            for user in class.record.students.iter().filter(|user| gone.contains(user)) {
                if self.leaves.entry(class.record.id).or_default().insert(*user)
                    && let Some(step) = self.people.get_mut(user)
                {
                    step.leaves.push(class.record.id);
                }
            }
        }
    }

    /// The people of the register who are in one of the roster's classes now.
    fn students_of_roster(&self) -> BTreeSet<UserId> {
        let known = self.class_of.iter().flatten().filter_map(|target| self.known.classes.get(target.known?));
        let students = known.flat_map(|class| class.record.students.iter().copied());
        students.filter(|user| self.known_of.contains_key(user)).collect()
    }
}
