//! Changes of several steps run to their end, whatever becomes of whoever asked for them.

use ports::{Cause, StoreError};

/// Runs a change in a task of its own.
pub(crate) async fn owned<T, E>(change: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match tokio::spawn(change).await {
        Ok(outcome) => outcome,
        Err(_) => Err(StoreError::new(Cause::Invalid, "a change of the store panicked").into()),
    }
}
