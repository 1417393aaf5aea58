//! People, classes and enrollments: the cold port.

pub(crate) mod classes;
pub(crate) mod persons;

use crate::store::EmbeddedStore;
use domain::ids::{ClassId, UserId};
use ports::people::{ClassChange, PersonChange};
use ports::{Boxed, ClassRecord, Grant, People, PeopleError, Person, SignIn};

impl People for EmbeddedStore {
    fn sign_in(&self, who: SignIn, now_ms: i64) -> Boxed<'_, Result<Person, PeopleError>> {
        Box::pin(async move {
            // Nearly every sign-in finds what it says, and then nothing is written.
            let known = who.clone();
            if let Some(person) = self.read_main(move |main| persons::as_known(main, &known)).await? {
                return Ok(person);
            }
            self.write(move |main| persons::sign_in(main, &who, now_ms)).await
        })
    }

    fn person(&self, user: UserId) -> Boxed<'_, Result<Option<Person>, PeopleError>> {
        Box::pin(self.read_main(move |main| persons::person(main, user)))
    }

    fn change_person(
        &self,
        user: UserId,
        change: PersonChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<Person, PeopleError>> {
        Box::pin(self.write(move |main| persons::change_person(main, user, &change, now_ms)))
    }

    fn create_class(&self, class: ClassRecord) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(self.write(move |main| classes::create_class(main, &class)))
    }

    fn class(&self, class: ClassId) -> Boxed<'_, Result<Option<ClassRecord>, PeopleError>> {
        Box::pin(self.read_main(move |main| Ok(classes::class(main, class)?)))
    }

    fn classes_of(&self, user: UserId) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        Box::pin(self.read_main(move |main| Ok(classes::classes_of(main, user)?)))
    }

    fn change_class(
        &self,
        class: ClassId,
        change: ClassChange,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(self.write(move |main| classes::change_class(main, class, change, now_ms)))
    }

    fn grants(&self, user: UserId) -> Boxed<'_, Result<Vec<Grant>, PeopleError>> {
        Box::pin(self.read_main(move |main| Ok(classes::grants(main, user)?)))
    }
}
