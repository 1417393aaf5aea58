//! Compare-and-set until the outcome is known: an attempt without an answer is settled by a serial read, which also
//! finishes what was under way.

use crate::client::Client;
use crate::error::Failure;
use crate::retry::Tries;
use ports::{Cause, StoreError};
use scylla::serialize::row::SerializeRow;
use scylla::statement::prepared::PreparedStatement;

/// What a serial read says of a change whose answer was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It was carried out.
    Done,
    /// It was not and cannot be any more: what it was based on has changed.
    Refused,
    /// It was not and still can be.
    Again,
    /// Others have changed the row since: it cannot be told.
    Unknown,
}

/// Compares and sets: whether it was applied. `judge` tells from a serial read whether a change without an answer was.
///
/// # Errors
/// The store's; [`Cause::Timeout`] when the outcome stayed unknown.
pub(crate) async fn decide<F>(
    client: &Client,
    statement: &PreparedStatement,
    values: &(impl SerializeRow + Sync),
    judge: impl Fn() -> F,
) -> Result<bool, StoreError>
where
    F: Future<Output = Result<Verdict, StoreError>>,
{
    let mut tries = Tries::within(client.options(), client.options().write_within_ms);
    loop {
        let answer = client.decide(statement, values).await;
        #[cfg(test)]
        let answer = lost(client, answer);
        let error = match answer {
            Ok(applied) => return Ok(applied),
            Err(error) if error.cause == Cause::Invalid => return Err(error),
            Err(error) => error,
        };
        match judge().await? {
            Verdict::Done => return Ok(true),
            Verdict::Refused => return Ok(false),
            Verdict::Unknown => return Err(StoreError::new(Cause::Timeout, error.detail)),
            Verdict::Again => {
                let failure = Failure { cause: error.cause, again: true, detail: error.detail };
                tries.after(failure).await.map_err(|failure| failure.into_store_error("give up"))?;
            }
        }
    }
}

/// The answer, unless a test wants it lost.
#[cfg(test)]
fn lost(client: &Client, answer: Result<bool, StoreError>) -> Result<bool, StoreError> {
    if client.options().loses_answers {
        return Err(StoreError::new(Cause::Timeout, "the answer was lost"));
    }
    answer
}
