//! What is there, read before a roster is compared with it.

use super::limits::REGISTER_MAX;
use domain::ids::{ClassId, OrgId, UserId};
use ports::register::REGISTER_PAGE_MAX;
use ports::{ClassRecord, People, PeopleError, RegisterKey, Registered, RegisteredClass};
use std::collections::BTreeMap;

/// A class that is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownClass {
    /// The class.
    pub record: ClassRecord,
    /// What the register says of it, where it says something.
    pub registered: Option<RegisteredClass>,
    /// Whether whoever imports teaches it beside its teacher.
    pub is_co_taught: bool,
}

impl KnownClass {
    fn new(record: ClassRecord, registered: Option<RegisteredClass>) -> KnownClass {
        KnownClass { record, registered, is_co_taught: false }
    }

    /// A class that nobody has said more of than what it is.
    pub fn unregistered(record: ClassRecord) -> KnownClass {
        KnownClass::new(record, None)
    }
}

/// What is there of an organisation.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// Its register, those who left included.
    pub people: Vec<Registered>,
    /// The classes of its register, and those of whoever imports.
    pub classes: Vec<KnownClass>,
}

/// Why what is there could not be read.
#[derive(Debug, thiserror::Error)]
pub enum KnownError {
    /// The store.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// More people than are compared.
    #[error("the register holds more than {REGISTER_MAX} people")]
    TooMany,
}

impl Known {
    /// Reads everything that a roster of this organisation, imported by this person, may concern.
    ///
    /// # Errors
    /// [`KnownError`].
    pub async fn read(people: &dyn People, org: OrgId, by: UserId) -> Result<Known, KnownError> {
        let mut known = Known::default();
        let mut after = None;
        loop {
            let page = people.registered(org, after, REGISTER_PAGE_MAX).await?;
            let is_last = page.len() < REGISTER_PAGE_MAX;
            after = page.last().map(|last| last.user);
            known.people.extend(page);
            if known.people.len() > REGISTER_MAX {
                return Err(KnownError::TooMany);
            }
            if is_last {
                break;
            }
        }
        let mut registered: BTreeMap<ClassId, RegisteredClass> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = people.registered_classes(org, after, REGISTER_PAGE_MAX).await?;
            let is_last = page.len() < REGISTER_PAGE_MAX;
            after = page.last().map(|last| last.class);
            registered.extend(page.into_iter().map(|class| (class.class, class)));
            if is_last {
                break;
            }
        }
        known.add_own(people.classes_of(by).await?, org, by, &mut registered);
        for (id, registered) in registered {
            let record = people.class(id).await?.filter(|record| record.org == Some(org));
            known.classes.extend(record.map(|record| KnownClass::new(record, Some(registered))));
        }
        Ok(known)
    }

    /// Reads what a few people and the importer's own classes concern: two questions.
    ///
    /// # Errors
    /// The store's.
    pub async fn of_few(
        people: &dyn People,
        org: OrgId,
        by: UserId,
        keys: Vec<RegisterKey>,
    ) -> Result<Known, PeopleError> {
        let mut known = Known { people: people.find_registered(org, keys).await?, classes: Vec::new() };
        known.add_own(people.classes_of(by).await?, org, by, &mut BTreeMap::new());
        Ok(known)
    }

    fn add_own(
        &mut self,
        own: Vec<ClassRecord>,
        org: OrgId,
        by: UserId,
        registered: &mut BTreeMap<ClassId, RegisteredClass>,
    ) {
        let own = own.into_iter().filter(|class| class.teacher == by && class.org == Some(org));
        self.classes.extend(own.map(|record| {
            let registered = registered.remove(&record.id);
            KnownClass::new(record, registered)
        }));
    }

    /// Notes which classes whoever imports teaches beside their teachers. They come behind the importer's own: where both
    /// have the same title, the own one is meant.
    #[must_use]
    pub fn with_co_taught(mut self, classes: Vec<ClassRecord>, org: OrgId) -> Known {
        for record in classes.into_iter().filter(|class| class.org == Some(org)) {
            match self.classes.iter_mut().find(|known| known.record.id == record.id) {
                Some(known) => known.is_co_taught = true,
                None => {
                    self.classes.push(KnownClass { is_co_taught: true, ..KnownClass::unregistered(record) });
                }
            }
        }
        self
    }
}
