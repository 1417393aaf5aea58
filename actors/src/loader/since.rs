//! The end of a learner's log: all since some moment, such as the beginning of a lesson.

use super::reader::{LOG_PAGE, ReadError, Reader, uuid_after};
use crate::limits::SINCE_ENTRIES_MAX;
use domain::entry::LogEntry;
use domain::ids::{EntryId, UserId};
use ports::{LogRange, ReviewStore};

impl<S: ReviewStore> Reader<S> {
    /// All entries from this moment on; of more than [`SINCE_ENTRIES_MAX`] the first.
    pub(super) async fn since(&self, user: UserId, from_ms: i64) -> Result<Vec<LogEntry>, ReadError> {
        let mut from = EntryId::floor_of(from_ms);
        let mut entries: Vec<LogEntry> = Vec::new();
        while entries.len() < SINCE_ENTRIES_MAX {
            let range = LogRange { from, before: None, newest_first: false, limit: LOG_PAGE };
            let page = self.store.log(user, range).await?;
            let newest = page.last().map(|entry| entry.id).filter(|_| page.len() == LOG_PAGE);
            entries.extend(page);
            match newest {
                Some(newest) => from = EntryId(uuid_after(newest)),
                None => break,
            }
        }
        Ok(entries)
    }
}
