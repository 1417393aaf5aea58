//! People, classes and enrollments: the cold port.

mod classes;
mod enrollments;
mod extra;
mod fill;
mod grants;
mod person;
mod persons;
mod register;
mod spans;
mod statements;
#[cfg(test)]
mod tests;

use crate::CqlStore;
use crate::task::owned;
use domain::ids::{ClassId, OrgId, UserId};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::people::{ClassChange, PersonChange};
use ports::register::{ClassAmendment, Enrolling};
use ports::{
    Boxed, ClassRecord, Grant, People, PeopleError, Person, Register, RegisterKey, Registered,
    RegisteredClass, SignIn, Standing,
};

pub(crate) use fill::{fill_class, fill_person, kept_class, kept_person};
pub(crate) use statements::PeopleStatements;

impl People for CqlStore {
    fn sign_in(&self, who: SignIn, now_ms: i64) -> Boxed<'_, Result<Person, PeopleError>> {
        let store = self.clone();
        Box::pin(owned(async move { persons::sign_in(&store, &who, now_ms).await }))
    }

    fn person(&self, user: UserId) -> Boxed<'_, Result<Option<Person>, PeopleError>> {
        Box::pin(async move { Ok(persons::read(self, user).await?.map(|stored| stored.account.person)) })
    }

    fn change_person(
        &self,
        user: UserId,
        change: PersonChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<Person, PeopleError>> {
        let store = self.clone();
        Box::pin(owned(async move { persons::change(&store, user, &change, now_ms).await }))
    }

    fn create_class(&self, class: ClassRecord) -> Boxed<'_, Result<(), PeopleError>> {
        let store = self.clone();
        Box::pin(owned(async move { classes::create(&store, &class).await }))
    }

    fn class(&self, class: ClassId) -> Boxed<'_, Result<Option<ClassRecord>, PeopleError>> {
        Box::pin(async move { Ok(classes::class(self, class).await?) })
    }

    fn classes(&self, classes: Vec<ClassId>) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        Box::pin(async move {
            let reads = stream::iter(classes).map(|class| classes::class(self, class));
            let at_once = self.client().options().reads_at_once;
            let found: Vec<_> = reads.buffer_unordered(at_once).try_collect().await?;
            Ok(found.into_iter().flatten().collect())
        })
    }

    fn classes_of(&self, user: UserId) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        Box::pin(async move { Ok(classes::classes_of(self, user).await?) })
    }

    fn change_class(
        &self,
        class: ClassId,
        change: ClassChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        let store = self.clone();
        Box::pin(owned(async move {
            let header = classes::Header::read(&store, class).await?.ok_or(PeopleError::NoSuchClass)?;
            enrollments::change(&store, &header, change, now_ms).await
        }))
    }

    fn grants(&self, user: UserId) -> Boxed<'_, Result<Vec<Grant>, PeopleError>> {
        Box::pin(async move { Ok(grants::grants(self, user).await?) })
    }

    fn standing(&self, user: UserId) -> Boxed<'_, Result<Standing, PeopleError>> {
        Box::pin(async move {
            let (person, grants) = tokio::try_join!(persons::read(self, user), grants::grants(self, user))?;
            Ok(Standing { person: person.map(|stored| stored.account.person), grants })
        })
    }

    fn persons(&self, users: Vec<UserId>) -> Boxed<'_, Result<Vec<Person>, PeopleError>> {
        Box::pin(async move {
            let reads = stream::iter(users).map(|user| persons::read(self, user));
            let at_once = self.client().options().reads_at_once;
            let found: Vec<_> = reads.buffer_unordered(at_once).try_collect().await?;
            Ok(found.into_iter().flatten().map(|stored| stored.account.person).collect())
        })
    }

    fn enrolled_since(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, i64)>, PeopleError>> {
        Box::pin(async move { Ok(classes::enrolled_since(self, class).await?) })
    }

    fn set_extra_time(
        &self,
        class: ClassId,
        student: UserId,
        percent: u16,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        let store = self.clone();
        Box::pin(owned(async move { extra::set(&store, class, student, percent).await }))
    }

    fn extra_times(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, u16)>, PeopleError>> {
        Box::pin(async move { Ok(extra::read(self, class).await?) })
    }
}

impl Register for CqlStore {
    fn registered(
        &self,
        org: OrgId,
        after: Option<UserId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        Box::pin(async move { Ok(register::page(self, org, after, limit).await?) })
    }

    fn find_registered(
        &self,
        org: OrgId,
        keys: Vec<RegisterKey>,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        Box::pin(async move { Ok(register::find(self, org, keys).await?) })
    }

    fn put_registered(
        &self,
        people: Vec<Registered>,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        let store = self.clone();
        Box::pin(owned(async move { register::put(&store, people, now_ms).await }))
    }

    fn registered_classes(
        &self,
        org: OrgId,
        after: Option<ClassId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RegisteredClass>, PeopleError>> {
        Box::pin(async move { Ok(register::classes(self, org, after, limit).await?) })
    }

    fn registered_class(
        &self,
        org: OrgId,
        class: ClassId,
    ) -> Boxed<'_, Result<Option<RegisteredClass>, PeopleError>> {
        Box::pin(async move { Ok(register::one_class(self, org, class).await?) })
    }

    fn put_registered_class(&self, class: RegisteredClass) -> Boxed<'_, Result<(), PeopleError>> {
        let store = self.clone();
        Box::pin(owned(async move { Ok(register::put_class(&store, &class).await?) }))
    }

    fn amend_class(
        &self,
        class: ClassId,
        to: ClassAmendment,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        let store = self.clone();
        Box::pin(owned(async move { register::amend(&store, class, &to, now_ms).await }))
    }

    fn enroll_many(
        &self,
        class: ClassId,
        who: Enrolling,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        let store = self.clone();
        Box::pin(owned(async move { register::enroll_many(&store, class, who, now_ms).await }))
    }
}
