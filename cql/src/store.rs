//! The store's handle.

use crate::address::Address;
use crate::client::Client;
use crate::error::OpenError;
use crate::migrate;
use crate::options::Options;
use std::sync::Arc;

/// The CQL store. Clones are handles of one store.
#[derive(Clone)]
pub struct CqlStore {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
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
        Ok(Self { inner: Arc::new(Inner { client }) })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }
}
