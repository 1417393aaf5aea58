//! People and classes that say who came and went, which classes were made, changed and closed, and whom registers name.

use crate::events::{Events, Happened};
use domain::ids::{ClassId, OrgId, UserId};
use ports::people::{ClassChange, PersonChange};
use ports::register::{ClassAmendment, Enrolling};
use ports::{
    Boxed, ClassRecord, Grant, People, PeopleError, Person, Register, RegisterKey, Registered,
    RegisteredClass, SignIn, Standing,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// People and classes that say what was changed in them.
pub struct TellingPeople {
    /// Where people lie.
    pub inner: Arc<dyn People>,
    /// Who is told.
    pub events: Events,
}

impl People for TellingPeople {
    fn sign_in(&self, who: SignIn, now_ms: i64) -> Boxed<'_, Result<Person, PeopleError>> {
        self.inner.sign_in(who, now_ms)
    }

    fn person(&self, user: UserId) -> Boxed<'_, Result<Option<Person>, PeopleError>> {
        self.inner.person(user)
    }

    fn change_person(
        &self,
        user: UserId,
        change: PersonChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<Person, PeopleError>> {
        self.inner.change_person(user, change, now_ms)
    }

    fn create_class(&self, class: ClassRecord) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(async move {
            self.inner.create_class(class.clone()).await?;
            self.events.happened(Happened::ClassMade(Box::new(class)));
            Ok(())
        })
    }

    fn class(&self, class: ClassId) -> Boxed<'_, Result<Option<ClassRecord>, PeopleError>> {
        self.inner.class(class)
    }

    fn classes(&self, classes: Vec<ClassId>) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        self.inner.classes(classes)
    }

    fn classes_of(&self, user: UserId) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        self.inner.classes_of(user)
    }

    fn change_class(
        &self,
        class: ClassId,
        change: ClassChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(async move {
            self.inner.change_class(class, change, now_ms).await?;
            self.events.happened(Happened::ClassChanged(class, change, now_ms));
            Ok(())
        })
    }

    fn grants(&self, user: UserId) -> Boxed<'_, Result<Vec<Grant>, PeopleError>> {
        self.inner.grants(user)
    }

    fn standing(&self, user: UserId) -> Boxed<'_, Result<Standing, PeopleError>> {
        self.inner.standing(user)
    }

    fn persons(&self, users: Vec<UserId>) -> Boxed<'_, Result<Vec<Person>, PeopleError>> {
        self.inner.persons(users)
    }

    fn enrolled_since(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, i64)>, PeopleError>> {
        self.inner.enrolled_since(class)
    }

    fn set_extra_time(
        &self,
        class: ClassId,
        student: UserId,
        percent: u16,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        self.inner.set_extra_time(class, student, percent)
    }

    fn extra_times(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, u16)>, PeopleError>> {
        self.inner.extra_times(class)
    }
}

impl Register for TellingPeople {
    fn registered(
        &self,
        org: OrgId,
        after: Option<UserId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        self.inner.registered(org, after, limit)
    }

    fn find_registered(
        &self,
        org: OrgId,
        keys: Vec<RegisterKey>,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        self.inner.find_registered(org, keys)
    }

    fn put_registered(
        &self,
        people: Vec<Registered>,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        Box::pin(async move {
            let mut named: BTreeMap<OrgId, Vec<UserId>> = BTreeMap::new();
            for who in &people {
                named.entry(who.org).or_default().push(who.user);
            }
            let left_out = self.inner.put_registered(people, now_ms).await?;
            for (org, mut users) in named {
                users.retain(|user| !left_out.contains(user));
                self.events.happened(Happened::Named(org, users));
            }
            Ok(left_out)
        })
    }

    fn registered_classes(
        &self,
        org: OrgId,
        after: Option<ClassId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RegisteredClass>, PeopleError>> {
        self.inner.registered_classes(org, after, limit)
    }

    fn registered_class(
        &self,
        org: OrgId,
        class: ClassId,
    ) -> Boxed<'_, Result<Option<RegisteredClass>, PeopleError>> {
        self.inner.registered_class(org, class)
    }

    fn put_registered_class(&self, class: RegisteredClass) -> Boxed<'_, Result<(), PeopleError>> {
        self.inner.put_registered_class(class)
    }

    fn amend_class(
        &self,
        class: ClassId,
        to: ClassAmendment,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(async move {
            self.inner.amend_class(class, to, now_ms).await?;
            self.events.happened(Happened::ClassAmended(class));
            Ok(())
        })
    }

    fn enroll_many(
        &self,
        class: ClassId,
        who: Enrolling,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        Box::pin(async move {
            let mut enrolled = who.clone();
            let left_out = self.inner.enroll_many(class, who, now_ms).await?;
            enrolled.join.retain(|user| !left_out.contains(user));
            self.events.happened(Happened::Enrolled(class, enrolled));
            Ok(left_out)
        })
    }
}
