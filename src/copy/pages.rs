//! Lists of a store, page by page.

use futures_util::stream::{Stream, try_unfold};
use ports::StoreError;

/// The pages of a list, as [`ports::archive`] tells them: each begins after the last record of the one before, and an empty
/// one is the end.
pub(super) fn pages<Record, Key, Read>(
    read: impl Fn(Option<Key>) -> Read,
    key: impl Fn(&Record) -> Key + Copy,
) -> impl Stream<Item = Result<Vec<Record>, StoreError>>
where
    Read: Future<Output = Result<Vec<Record>, StoreError>>,
{
    try_unfold(None, move |after| {
        let page = read(after);
        async move {
            let page = page.await?;
            let next = page.last().map(key);
            Ok(next.map(|next| (page, Some(next))))
        }
    })
}
