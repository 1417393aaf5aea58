//! Requests with a key: what each asked for, so that the same key is not taken for two.

use crate::CqlStore;
use crate::decide::{Verdict, decide};
use domain::ids::Uuid;
use ports::library::{REQUEST_KEPT_MS, RequestDigest};
use ports::{Cause, StoreError};

/// How often it is tried when rows vanish and come back meanwhile.
const TRIES: u32 = 8;

/// Notes what is asked for under a key that is not known; returns what was noted first.
pub(super) async fn note(
    store: &CqlStore,
    key: Uuid,
    asks: RequestDigest,
    now_ms: i64,
) -> Result<RequestDigest, StoreError> {
    for _ in 0..TRIES {
        let values = (key, &asks[..], now_ms);
        if decide(store.client(), &store.library().note_request, &values, || judge(store, key, asks)).await? {
            return Ok(asks);
        }
        let Some((first, at_ms)) = read(store, key).await? else { continue };
        if at_ms >= now_ms.saturating_sub(REQUEST_KEPT_MS) {
            return Ok(first);
        }
        let values = (&asks[..], now_ms, key, at_ms);
        if decide(store.client(), &store.library().renew_request, &values, || judge(store, key, asks)).await?
        {
            return Ok(asks);
        }
    }
    Err(StoreError::new(Cause::Overloaded, "a key of a request is used by too many at once"))
}

/// Two who ask for the same under the same key need not be told apart.
async fn judge(store: &CqlStore, key: Uuid, asks: RequestDigest) -> Result<Verdict, StoreError> {
    Ok(match read(store, key).await? {
        None => Verdict::Again,
        Some((first, _)) if first == asks => Verdict::Done,
        Some(_) => Verdict::Refused,
    })
}

async fn read(store: &CqlStore, key: Uuid) -> Result<Option<(RequestDigest, i64)>, StoreError> {
    let row = store.client().read_one::<(Vec<u8>, i64)>(&store.library().request, (key,)).await?;
    row.map(|(asks, at_ms)| {
        let asks = RequestDigest::try_from(asks);
        Ok((
            asks.map_err(|_| StoreError::new(Cause::Invalid, "a request's digest has another length"))?,
            at_ms,
        ))
    })
    .transpose()
}
