//! The registers of a view.

use super::Apart;
use domain::ids::{ClassId, OrgId, UserId};
use ports::register::{ClassAmendment, Enrolling};
use ports::{Boxed, PeopleError, Register, RegisterKey, Registered, RegisteredClass};

impl<S> Apart<S> {
    fn registered(&self, who: Registered) -> Registered {
        Registered { user: self.user(who.user), org: self.org(who.org), ..who }
    }

    fn users(&self, users: Vec<UserId>) -> Vec<UserId> {
        users.into_iter().map(|user| self.user(user)).collect()
    }

    fn registered_class(&self, class: RegisteredClass) -> RegisteredClass {
        RegisteredClass { class: self.class(class.class), org: self.org(class.org), ..class }
    }
}

impl<S: Register> Register for Apart<S> {
    fn registered(
        &self,
        org: OrgId,
        after: Option<UserId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        Box::pin(async move {
            let after = after.map(|after| self.user(after));
            let found = self.store.registered(self.org(org), after, limit).await?;
            Ok(found.into_iter().map(|who| Apart::registered(self, who)).collect())
        })
    }

    fn find_registered(
        &self,
        org: OrgId,
        keys: Vec<RegisterKey>,
    ) -> Boxed<'_, Result<Vec<Registered>, PeopleError>> {
        let renamed = |key| match key {
            RegisterKey::User(user) => RegisterKey::User(self.user(user)),
            other @ (RegisterKey::External(_) | RegisterKey::Login(_) | RegisterKey::Email(_)) => other,
        };
        let keys = keys.into_iter().map(renamed).collect();
        Box::pin(async move {
            let found = self.store.find_registered(self.org(org), keys).await?;
            Ok(found.into_iter().map(|who| Apart::registered(self, who)).collect())
        })
    }

    fn put_registered(
        &self,
        people: Vec<Registered>,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        let people = people.into_iter().map(|who| Apart::registered(self, who)).collect();
        Box::pin(async move { Ok(self.users(self.store.put_registered(people, now_ms).await?)) })
    }

    fn registered_classes(
        &self,
        org: OrgId,
        after: Option<ClassId>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<RegisteredClass>, PeopleError>> {
        Box::pin(async move {
            let after = after.map(|after| self.class(after));
            let found = self.store.registered_classes(self.org(org), after, limit).await?;
            Ok(found.into_iter().map(|class| Apart::registered_class(self, class)).collect())
        })
    }

    fn registered_class(
        &self,
        org: OrgId,
        class: ClassId,
    ) -> Boxed<'_, Result<Option<RegisteredClass>, PeopleError>> {
        Box::pin(async move {
            let found = self.store.registered_class(self.org(org), Apart::class(self, class)).await?;
            Ok(found.map(|class| Apart::registered_class(self, class)))
        })
    }

    fn put_registered_class(&self, class: RegisteredClass) -> Boxed<'_, Result<(), PeopleError>> {
        self.store.put_registered_class(Apart::registered_class(self, class))
    }

    fn amend_class(
        &self,
        class: ClassId,
        to: ClassAmendment,
        now_ms: i64,
    ) -> Boxed<'_, Result<(), PeopleError>> {
        let to = ClassAmendment { teacher: self.user(to.teacher), ..to };
        self.store.amend_class(Apart::class(self, class), to, now_ms)
    }

    fn enroll_many(
        &self,
        class: ClassId,
        who: Enrolling,
        now_ms: i64,
    ) -> Boxed<'_, Result<Vec<UserId>, PeopleError>> {
        let who = Enrolling { join: self.users(who.join), leave: self.users(who.leave) };
        Box::pin(async move {
            Ok(self.users(self.store.enroll_many(Apart::class(self, class), who, now_ms).await?))
        })
    }
}
