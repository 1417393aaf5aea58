//! People and classes with their past, written as they are.

use super::fill::Filling;
use crate::decide::{Verdict, decide};
use crate::people::{fill_class, fill_person};
use domain::ids::Uuid;
use ports::archive::{ClassKept, PersonKept, RequestKept};
use ports::{PeopleError, StoreError};

impl Filling {
    pub(super) async fn fill_person(&self, kept: PersonKept) -> Result<(), StoreError> {
        fill_person(&self.walk.store, kept).await
    }

    pub(super) async fn fill_class(&self, kept: &ClassKept) -> Result<(), StoreError> {
        fill_class(&self.walk.store, kept).await.map_err(|error| match error {
            PeopleError::Store(error) => error,
            PeopleError::OtherOrg
            | PeopleError::NoSuchPerson
            | PeopleError::NoSuchClass
            | PeopleError::BadZone(_) => StoreError::new(ports::Cause::Invalid, error.to_string()),
        })
    }

    pub(super) async fn fill_request(&self, kept: RequestKept) -> Result<(), StoreError> {
        let client = self.walk.store.client();
        let values = (kept.key, &kept.asks[..], kept.at_ms);
        // It lives for the time that a new one does; what it promises is reckoned by `at_ms`.
        decide(client, &self.walk.statements.put_request, &values, || async move {
            let row: Option<(Vec<u8>, i64)> = self.request(kept.key).await?;
            Ok(if row.is_some() { Verdict::Done } else { Verdict::Again })
        })
        .await
        .map(drop)
    }

    async fn request(&self, key: Uuid) -> Result<Option<(Vec<u8>, i64)>, StoreError> {
        let store = &self.walk.store;
        store.client().read_one(&store.library().request, (key,)).await
    }
}
