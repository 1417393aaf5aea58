//! Registers in memory.

use super::{MemoryStore, State};
use domain::ids::{ClassId, OrgId, UserId};
use ports::people::ClassChange;
use ports::register::{ClassAmendment, Enrolling, Status};
use ports::{Account, Boxed, PeopleError, Register, RegisterKey, Registered, RegisteredClass};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Registers {
    people: BTreeMap<(OrgId, UserId), Registered>,
    classes: BTreeMap<(OrgId, ClassId), RegisteredClass>,
}

impl State {
    fn put_registered(&mut self, people: Vec<Registered>, now_ms: i64) -> Result<Vec<UserId>, PeopleError> {
        let mut left_out = Vec::new();
        for who in people {
            let before = self.registers.people.get(&(who.org, who.user));
            let account = match self.people.persons.get(&who.user) {
                None => {
                    let account = Account::of_roster(&who, now_ms);
                    self.people.leave_other_orgs(&account.person, now_ms);
                    account
                }
                Some((person, name_chosen)) => {
                    let known = Account { person: person.clone(), name_chosen: *name_chosen };
                    match known.after_roster(before, &who) {
                        Ok(next) => next,
                        Err(_) => {
                            left_out.push(who.user);
                            continue;
                        }
                    }
                }
            };
            self.people.persons.insert(who.user, (account.person, account.name_chosen));
            self.registers.people.insert((who.org, who.user), who);
        }
        Ok(left_out)
    }

    fn amend_class(&mut self, id: ClassId, to: ClassAmendment, now_ms: i64) -> Result<(), PeopleError> {
        let class = self.people.classes.get_mut(&id).ok_or(PeopleError::NoSuchClass)?;
        class.title = to.title;
        class.teacher = to.teacher;
        class.deleted_ms = match to.status {
            Status::Active => None,
            Status::Gone => class.deleted_ms.or(Some(now_ms.max(class.created_ms))),
        };
        Ok(())
    }

    fn enroll_many(
        &mut self,
        class: ClassId,
        who: Enrolling,
        now_ms: i64,
    ) -> Result<Vec<UserId>, PeopleError> {
        self.people.classes.get(&class).ok_or(PeopleError::NoSuchClass)?;
        let mut left_out = Vec::new();
        for user in who.join {
            match self.people.change_class(class, ClassChange::Enroll(user), now_ms) {
                Err(PeopleError::NoSuchPerson) => left_out.push(user),
                other => other?,
            }
        }
        for user in who.leave {
            self.people.change_class(class, ClassChange::Remove(user), now_ms)?;
        }
        Ok(left_out)
    }
}

impl Register for MemoryStore {
    fn registered(
        &self,
        org: OrgId,
        after: Option<UserId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        Box::pin(async move {
            let state = self.state();
            let of_org = state.registers.people.values().filter(|who| who.org == org);
            let after = of_org.filter(|who| after.is_none_or(|after| who.user > after));
            Ok(after.take(limit).cloned().collect())
        })
    }

    fn find_registered(
        &self,
        org: OrgId,
        keys: Vec<RegisterKey>,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        Box::pin(async move {
            let state = self.state();
            let of_org = state.registers.people.values().filter(|who| who.org == org);
            Ok(of_org.filter(|who| keys.iter().any(|key| key.names(who))).cloned().collect())
        })
    }

    fn put_registered(
        &self,
        people: Vec<Registered>,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        Box::pin(async move { self.state().put_registered(people, now_ms) })
    }

    fn registered_classes(
        &self,
        org: OrgId,
        after: Option<ClassId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RegisteredClass>, PeopleError>> {
        Box::pin(async move {
            let state = self.state();
            let of_org = state.registers.classes.values().filter(|class| class.org == org);
            let after = of_org.filter(|class| after.is_none_or(|after| class.class > after));
            Ok(after.take(limit).cloned().collect())
        })
    }

    fn registered_class(
        &self,
        org: OrgId,
        class: ClassId,
    ) -> Boxed<'_, Result<Option<RegisteredClass>, PeopleError>> {
        Box::pin(async move { Ok(self.state().registers.classes.get(&(org, class)).cloned()) })
    }

    fn put_registered_class(&self, class: RegisteredClass) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(async move {
            self.state().registers.classes.insert((class.org, class.class), class);
            Ok(())
        })
    }

    fn amend_class(
        &self,
        class: ClassId,
        to: ClassAmendment,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(async move { self.state().amend_class(class, to, now_ms) })
    }

    fn enroll_many(
        &self,
        class: ClassId,
        who: Enrolling,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        Box::pin(async move { self.state().enroll_many(class, who, now_ms) })
    }
}
