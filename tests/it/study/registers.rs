//! Registers of the stores of a server under test: they pass everything on.

use super::any_store::AnyStore;
use super::people::WatchedPeople;
use domain::ids::{ClassId, OrgId, UserId};
use ports::register::{ClassAmendment, Enrolling};
use ports::{Boxed, PeopleError, Register, RegisterKey, Registered, RegisteredClass};

impl Register for AnyStore {
    fn registered(
        &self,
        org: OrgId,
        after: Option<UserId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        self.people().registered(org, after, limit)
    }

    fn find_registered(
        &self,
        org: OrgId,
        keys: Vec<RegisterKey>,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        self.people().find_registered(org, keys)
    }

    fn put_registered(
        &self,
        people: Vec<Registered>,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        self.people().put_registered(people, now_ms)
    }

    fn registered_classes(
        &self,
        org: OrgId,
        after: Option<ClassId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RegisteredClass>, PeopleError>> {
        self.people().registered_classes(org, after, limit)
    }

    fn registered_class(
        &self,
        org: OrgId,
        class: ClassId,
    ) -> Boxed<'_, Result<Option<RegisteredClass>, PeopleError>> {
        self.people().registered_class(org, class)
    }

    fn put_registered_class(&self, class: RegisteredClass) -> Boxed<'_, Result<(), PeopleError>> {
        self.people().put_registered_class(class)
    }

    fn amend_class(
        &self,
        class: ClassId,
        to: ClassAmendment,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        self.people().amend_class(class, to, now_ms)
    }

    fn enroll_many(
        &self,
        class: ClassId,
        who: Enrolling,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        self.people().enroll_many(class, who, now_ms)
    }
}

impl Register for WatchedPeople {
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
        self.inner.put_registered(people, now_ms)
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
        self.inner.amend_class(class, to, now_ms)
    }

    fn enroll_many(
        &self,
        class: ClassId,
        who: Enrolling,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        self.inner.enroll_many(class, who, now_ms)
    }
}
