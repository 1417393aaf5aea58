//! The store's handle.

use crate::address::Address;
use crate::client::Client;
use crate::error::OpenError;
use crate::library::LibraryStatements;
use crate::migrate;
use crate::options::Options;
use crate::people::PeopleStatements;
use std::sync::Arc;

/// The CQL store. Clones are handles of one store.
#[derive(Clone)]
pub struct CqlStore {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    library: LibraryStatements,
    people: PeopleStatements,
}

impl CqlStore {
    /// Connects and prepares all statements.
    ///
    /// # Errors
    /// [`OpenError`]: no connection, or the schema is not the one that this program needs.
    pub async fn open(address: &Address, options: &Options) -> Result<Self, OpenError> {
        let client = Client::connect(address, options, true).await?;
        let found = migrate::check(&client, &address.keyspace).await?;
        if !found.missing.is_empty() {
            let keyspace = address.keyspace.clone();
            return Err(OpenError::SchemaBehind { keyspace, missing: found.missing });
        }
        let library = LibraryStatements::prepare(&client).await?;
        let people = PeopleStatements::prepare(&client).await?;
        Ok(Self { inner: Arc::new(Inner { client, library, people }) })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) fn library(&self) -> &LibraryStatements {
        &self.inner.library
    }

    pub(crate) fn people(&self) -> &PeopleStatements {
        &self.inner.people
    }
}
