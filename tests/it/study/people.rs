//! The people of a server under test, behind a gate at which a test can hold every sign-in.

use super::any_store::AnyStore;
use domain::ids::{ClassId, UserId};
use ports::people::{ClassChange, ClassRecord, Grant, Person, PersonChange};
use ports::{Boxed, People, PeopleError, SignIn};
use std::sync::Arc;
use tokio::sync::watch;

/// What a study socket asks who somebody is. Clones are the same people.
#[derive(Clone)]
pub struct WatchedPeople {
    pub(super) inner: AnyStore,
    open: Arc<watch::Sender<bool>>,
}

impl WatchedPeople {
    pub fn new(inner: AnyStore) -> WatchedPeople {
        WatchedPeople { inner, open: Arc::new(watch::Sender::new(true)) }
    }

    /// Lets nobody sign in until [`WatchedPeople::release`].
    pub fn hold(&self) {
        self.open.send_replace(false);
    }

    pub fn release(&self) {
        self.open.send_replace(true);
    }
}

impl People for WatchedPeople {
    fn sign_in(&self, who: SignIn, now_ms: i64) -> Boxed<'_, Result<Person, PeopleError>> {
        Box::pin(async move {
            let mut open = self.open.subscribe();
            let _ = open.wait_for(|open| *open).await;
            self.inner.sign_in(who, now_ms).await
        })
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
        self.inner.create_class(class)
    }

    fn class(&self, class: ClassId) -> Boxed<'_, Result<Option<ClassRecord>, PeopleError>> {
        self.inner.class(class)
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
        self.inner.change_class(class, change, now_ms)
    }

    fn grants(&self, user: UserId) -> Boxed<'_, Result<Vec<Grant>, PeopleError>> {
        self.inner.grants(user)
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
