//! Changes of several steps run to their end, whatever becomes of whoever asked for them.

use ports::{Cause, StoreError};

/// Runs a change in a task of its own. One that panics may have taken effect in part.
pub(crate) async fn owned<T, E>(change: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match tokio::spawn(change).await {
        Ok(outcome) => outcome,
        Err(_) => Err(StoreError::new(Cause::Unavailable, "a change of the store panicked").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_change_that_panics_nobody_says_that_it_can_never_be_stored() {
        kit::wait::block_on(async {
            let ended: Result<(), StoreError> = owned(async { panic!("planted") }).await;
            assert_eq!(ended.unwrap_err().cause, Cause::Unavailable);
        });
    }
}
