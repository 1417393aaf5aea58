//! People, classes and enrollments: the cold port.

mod classes;
mod enrollments;
mod fill;
mod grants;
mod person;
mod persons;
mod spans;
mod statements;
#[cfg(test)]
mod tests;

use crate::CqlStore;
use crate::task::owned;
use domain::ids::{ClassId, UserId};
use ports::people::{ClassChange, PersonChange};
use ports::{Boxed, ClassRecord, Grant, People, PeopleError, Person, SignIn};

pub(crate) use fill::{fill_class, fill_person, kept_class, kept_person};
pub(crate) use statements::PeopleStatements;

impl People for CqlStore {
    fn sign_in(&self, who: SignIn, now_ms: i64) -> Boxed<'_, Result<Person, PeopleError>> {
        let store = self.clone();
        Box::pin(owned(async move { persons::sign_in(&store, &who, now_ms).await }))
    }

    fn person(&self, user: UserId) -> Boxed<'_, Result<Option<Person>, PeopleError>> {
        Box::pin(async move { Ok(persons::read(self, user).await?.map(|stored| stored.person)) })
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
}
