//! Classes: which they are, who is in them, and which are closed.

use super::{Comparing, Rules, Scope, Target};
use crate::rosters::identity::{class_id, free};
use crate::rosters::known::Known;
use crate::rosters::limits::STUDENTS_PER_CLASS_MAX;
use crate::rosters::model::{Membership, RosterClass};
use crate::rosters::remark::{RosterReason, RosterRemark};
use crate::rosters::steps::ClassStep;
use domain::ids::{ClassId, UserId};
use ports::register::{ClassAmendment, Status};
use ports::{ClassRecord, RegisteredClass};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a roster says of one class's members.
#[derive(Default)]
struct Members {
    students: BTreeSet<UserId>,
    /// Students of whom a delta says that they leave.
    over: BTreeSet<UserId>,
    teacher: Option<(Membership, UserId)>,
    teachers: usize,
}

/// By what classes that are there are found.
struct Names<'a> {
    by_external: HashMap<&'a str, usize>,
    by_id: HashMap<ClassId, usize>,
    /// Classes that whoever imports teaches and that were made by hand, by their titles in lower case.
    by_hand: HashMap<String, usize>,
    /// Classes that they may change, by their titles in lower case; none where several are called so.
    by_title: HashMap<String, Option<usize>>,
}

impl<'a> Names<'a> {
    fn of(known: &'a Known, rules: &Rules) -> Names<'a> {
        let mut names = Names {
            by_external: HashMap::new(),
            by_id: HashMap::new(),
            by_hand: HashMap::new(),
            by_title: HashMap::new(),
        };
        for (place, class) in known.classes.iter().enumerate() {
            names.by_id.insert(class.record.id, place);
            let (is_own, title) = (rules.may_fill(class), class.record.title.to_lowercase());
            if class.record.deleted_ms.is_none() && (is_own || rules.administers) {
                let of_title = names.by_title.entry(title.clone());
                of_title.and_modify(|several| *several = None).or_insert(Some(place));
            }
            match &class.registered {
                Some(registered) => {
                    names.by_external.insert(&registered.external, place);
                }
                None if class.record.teacher == rules.by => {
                    names.by_hand.entry(title).or_insert(place);
                }
                None => {}
            }
        }
        names
    }

    /// By what the source calls it, by its id here, or by its title: a class that was made by hand and is called the same
    /// is meant, and where a source has nothing but titles, any class of that title.
    fn find(&self, class: &RosterClass) -> Option<usize> {
        let by_id = || self.by_id.get(&class.external.parse().ok()?);
        let title = class.title.to_lowercase();
        let by_title = || {
            let has_titles_alone = class.external == class.title;
            self.by_title.get(&title).filter(|_| has_titles_alone)?.as_ref()
        };
        let by_hand = || self.by_hand.get(&title);
        let by_external = self.by_external.get(class.external.as_str());
        by_external.or_else(by_id).or_else(by_hand).or_else(by_title).copied()
    }
}

impl Comparing<'_> {
    /// Finds each class of the roster.
    pub(super) fn find_classes(&mut self) {
        let roster = self.roster;
        let names = Names::of(self.known, &self.rules);
        for class in &roster.classes {
            let target = match self.find_class(class, &names) {
                Ok(target) => target,
                Err(reason) => {
                    let (file, line) = class.at;
                    self.out.rejected.push(RosterRemark { file, line, column: "".into(), reason });
                    None
                }
            };
            self.class_of.push(target);
        }
    }

    fn find_class(&self, class: &RosterClass, names: &Names) -> Result<Option<Target>, RosterReason> {
        let found = names.find(class).and_then(|place| Some((place, self.known.classes.get(place)?)));
        let Some((place, known)) = found else {
            if class.is_reference {
                return Err(RosterReason::DanglingClass);
            }
            if class.status == Status::Gone {
                return Ok(None);
            }
            let is_taken = |id| names.by_id.contains_key(&ClassId(id));
            let id = ClassId(free(class_id(self.rules.org, class).0, is_taken));
            return Ok(Some(Target { id, known: None }));
        };
        if !self.rules.administers && !self.rules.may_fill(known) {
            return Err(RosterReason::ClassNotYours);
        }
        Ok(Some(Target { id: known.record.id, known: Some(place) }))
    }

    /// What the roster says of the members of each class.
    fn members(&self) -> BTreeMap<ClassId, Members> {
        let mut members: BTreeMap<ClassId, Members> = BTreeMap::new();
        let at = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
        for enrolled in &self.roster.enrolled {
            let target = self.class_of.get(at(enrolled.class)).copied().flatten();
            let user = self.user_of.get(at(enrolled.person)).copied().flatten();
            let (Some(target), Some(user)) = (target, user) else { continue };
            let class = members.entry(target.id).or_default();
            match (enrolled.membership, enrolled.status) {
                (Membership::Student, Status::Active) => {
                    class.students.insert(user);
                }
                (Membership::Student, Status::Gone) => {
                    class.over.insert(user);
                }
                (Membership::FirstTeacher | Membership::Teacher, Status::Active) => {
                    class.teachers += 1;
                    let first = class.teacher.get_or_insert((enrolled.membership, user));
                    if enrolled.membership < first.0 {
                        *first = (enrolled.membership, user);
                    }
                }
                (Membership::FirstTeacher | Membership::Teacher, Status::Gone) => {}
            }
        }
        members
    }

    /// Finds who joins and who leaves each class.
    pub(super) fn enroll(&mut self) {
        let mut members = self.members();
        let roster = self.roster;
        for (class, target) in roster.classes.iter().zip(self.class_of.clone()) {
            let Some(target) = target else { continue };
            let Members { students, over, teacher, teachers } =
                members.remove(&target.id).unwrap_or_default();
            let remark = |reason| {
                let (file, line) = class.at;
                RosterRemark { file, line, column: "".into(), reason }
            };
            if teachers > 1 || (teachers == 1 && !self.rules.administers) {
                self.out.changed.push(remark(RosterReason::SecondTeacher));
            }
            if !self.enroll_in(target, students, over) {
                self.out.rejected.push(remark(RosterReason::TooManyStudents));
                continue;
            }
            self.change_class(class, target, teacher.map(|(_, user)| user));
        }
    }

    /// Notes who joins and leaves; whether there is room for them.
    fn enroll_in(&mut self, target: Target, students: BTreeSet<UserId>, over: BTreeSet<UserId>) -> bool {
        let known = target.known.and_then(|place| self.known.classes.get(place));
        let now: BTreeSet<UserId> =
            known.map(|class| class.record.students.iter().copied().collect()).unwrap_or_default();
        let is_there =
            |user: &UserId| self.people.get(user).is_none_or(|step| step.registered.status == Status::Active);
        let joins: BTreeSet<UserId> =
            students.difference(&now).copied().filter(|user| is_there(user)).collect();
        // Whom no roster ever named was enrolled by hand, and stays.
        let is_registered = |user: &&UserId| self.known_of.contains_key(user);
        let leaves: BTreeSet<UserId> = match (self.roster.is_delta, self.roster.has_enrollments) {
            (true, _) => over.intersection(&now).copied().filter(|user| !students.contains(user)).collect(),
            (false, true) => now.difference(&students).filter(is_registered).copied().collect(),
            (false, false) => BTreeSet::new(),
        };
        if (now.len() + joins.len()).saturating_sub(leaves.len()) > STUDENTS_PER_CLASS_MAX {
            return false;
        }
        for user in &joins {
            if let Some(step) = self.step_of(*user) {
                step.joins.push(target.id);
            }
        }
        for user in &leaves {
            if let Some(step) = self.step_of(*user) {
                step.leaves.push(target.id);
            }
        }
        self.joins.entry(target.id).or_default().extend(joins);
        self.leaves.entry(target.id).or_default().extend(leaves);
        true
    }

    /// Notes what a class of the roster is to be.
    fn change_class(&mut self, class: &RosterClass, target: Target, teacher: Option<UserId>) {
        let known = target.known.and_then(|place| self.known.classes.get(place));
        let teacher = teacher.filter(|_| self.rules.administers);
        let rules = self.rules;
        let external = RegisteredClass {
            class: target.id,
            org: rules.org,
            external: class.external.clone(),
            changed_ms: rules.now_ms,
        };
        let mut step = ClassStep {
            class: target.id,
            make: None,
            amend: None,
            register: None,
            join: Vec::new(),
            leave: Vec::new(),
        };
        match known {
            None => {
                step.make = Some(ClassRecord {
                    id: target.id,
                    org: Some(rules.org),
                    teacher: teacher.unwrap_or(rules.by),
                    title: class.title.clone(),
                    created_ms: rules.now_ms,
                    deleted_ms: None,
                    students: Vec::new(),
                    decks: Vec::new(),
                });
                step.register = Some(external);
                self.out.counts.classes_new += 1;
            }
            Some(known) => {
                let now = ClassAmendment::of(&known.record);
                let is_by_id = class.external == known.record.id.to_string();
                let to = ClassAmendment {
                    title: if class.is_reference || is_by_id {
                        now.title.clone()
                    } else {
                        class.title.clone()
                    },
                    teacher: teacher.unwrap_or(now.teacher),
                    status: if class.is_reference { now.status } else { class.status },
                };
                if rules.administers || known.record.teacher == rules.by {
                    self.count_class(&now, &to);
                    step.register = (known.registered.is_none() && !is_by_id).then_some(external);
                    step.amend = (now != to).then_some((now, to));
                } else if now != to {
                    // Who teaches it beside its teacher says who is in it, and not what it is.
                    let (file, line) = class.at;
                    let reason = RosterReason::ClassKept;
                    self.out.changed.push(RosterRemark { file, line, column: "".into(), reason });
                }
            }
        }
        self.out.classes.push(step);
    }

    fn count_class(&mut self, now: &ClassAmendment, to: &ClassAmendment) {
        let counts = &mut self.out.counts;
        match (now.status, to.status) {
            (Status::Active, Status::Gone) => counts.classes_closed += 1,
            (Status::Gone, Status::Active) => counts.classes_changed += 1,
            (Status::Active, Status::Active) | (Status::Gone, Status::Gone) => {
                counts.classes_changed += usize::from(now != to);
            }
        }
    }

    /// Puts together what changes of each class, closes those that a whole roster does not name, and leaves out those of
    /// which nothing changes.
    pub(super) fn change_classes(&mut self) {
        let is_whole =
            self.rules.scope == Scope::Organisation && !self.roster.is_delta && self.roster.has_classes;
        let named: BTreeSet<ClassId> = self.class_of.iter().flatten().map(|target| target.id).collect();
        let with_steps: BTreeSet<ClassId> = self.out.classes.iter().map(|step| step.class).collect();
        for known in &self.known.classes {
            let id = known.record.id;
            let has_steps = with_steps.contains(&id);
            let is_closed = is_whole
                && known.registered.is_some()
                && known.record.deleted_ms.is_none()
                && !named.contains(&id);
            let leaves = self.leaves.get(&id).is_some_and(|leaves| !leaves.is_empty());
            if has_steps || !(is_closed || leaves) {
                continue;
            }
            let now = ClassAmendment::of(&known.record);
            let to = ClassAmendment { status: Status::Gone, ..now.clone() };
            if is_closed {
                self.out.counts.classes_closed += 1;
            }
            self.out.classes.push(ClassStep {
                class: id,
                make: None,
                amend: is_closed.then_some((now, to)),
                register: None,
                join: Vec::new(),
                leave: Vec::new(),
            });
        }
        for step in &mut self.out.classes {
            step.join = self.joins.remove(&step.class).unwrap_or_default().into_iter().collect();
            step.leave = self.leaves.remove(&step.class).unwrap_or_default().into_iter().collect();
        }
        self.out.classes.retain(|step| {
            let enrolls = !step.join.is_empty() || !step.leave.is_empty();
            enrolls || step.make.is_some() || step.amend.is_some() || step.register.is_some()
        });
    }
}
