//! People, classes and enrollments: the cold port.

pub(crate) mod classes;
pub(crate) mod persons;
pub(crate) mod register;

use crate::store::EmbeddedStore;
use domain::ids::{ClassId, OrgId, UserId};
use ports::people::{ClassChange, PersonChange};
use ports::register::{ClassAmendment, Enrolling};
use ports::{
    Boxed, ClassRecord, Grant, People, PeopleError, Person, Register, RegisterKey, Registered,
    RegisteredClass, SignIn, Standing,
};

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

    fn classes(&self, classes: Vec<ClassId>) -> Boxed<'_, Result<Vec<ClassRecord>, PeopleError>> {
        Box::pin(self.read_main(move |main| {
            let found = classes.into_iter().filter_map(|class| classes::class(main, class).transpose());
            Ok(found.collect::<Result<_, _>>()?)
        }))
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

    fn standing(&self, user: UserId) -> Boxed<'_, Result<Standing, PeopleError>> {
        Box::pin(self.read_main(move |main| {
            Ok(Standing { person: persons::person(main, user)?, grants: classes::grants(main, user)? })
        }))
    }

    fn persons(&self, users: Vec<UserId>) -> Boxed<'_, Result<Vec<Person>, PeopleError>> {
        Box::pin(self.read_main(move |main| {
            let known = users.into_iter().filter_map(|user| persons::person(main, user).transpose());
            known.collect()
        }))
    }

    fn enrolled_since(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, i64)>, PeopleError>> {
        Box::pin(self.read_main(move |main| Ok(classes::enrolled_since(main, class)?)))
    }

    fn set_extra_time(
        &self,
        class: ClassId,
        student: UserId,
        percent: u16,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(self.write(move |main| classes::set_extra_time(main, class, student, percent)))
    }

    fn extra_times(&self, class: ClassId) -> Boxed<'_, Result<Vec<(UserId, u16)>, PeopleError>> {
        Box::pin(self.read_main(move |main| Ok(classes::extra_times(main, class)?)))
    }
}

impl Register for EmbeddedStore {
    fn registered(
        &self,
        org: OrgId,
        after: Option<UserId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        Box::pin(self.read_main(move |main| register::page(main, org, after, limit)))
    }

    fn find_registered(
        &self,
        org: OrgId,
        keys: Vec<RegisterKey>,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        Box::pin(self.read_main(move |main| register::find(main, org, &keys)))
    }

    fn put_registered(
        &self,
        people: Vec<Registered>,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        Box::pin(self.write(move |main| register::put(main, &people, now_ms)))
    }

    fn registered_classes(
        &self,
        org: OrgId,
        after: Option<ClassId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RegisteredClass>, PeopleError>> {
        Box::pin(self.read_main(move |main| register::classes(main, org, after, limit)))
    }

    fn registered_class(
        &self,
        org: OrgId,
        class: ClassId,
    ) -> Boxed<'_, Result<Option<RegisteredClass>, PeopleError>> {
        Box::pin(self.read_main(move |main| Ok(register::one_class(main, org, class)?)))
    }

    fn put_registered_class(&self, class: RegisteredClass) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(self.write(move |main| Ok(register::write_class(main, &class)?)))
    }

    fn amend_class(
        &self,
        class: ClassId,
        to: ClassAmendment,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        Box::pin(self.write(move |main| register::amend(main, class, &to, now_ms)))
    }

    fn enroll_many(
        &self,
        class: ClassId,
        who: Enrolling,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        Box::pin(self.write(move |main| register::enroll_many(main, class, &who, now_ms)))
    }
}
