//! The whole keyspace, record by record: read while it is served or not, and filled while nobody serves it.
//!
//! Lists are walked in the order of tokens, a page a request, so that no server has to sort and a list of any length is
//! read. What is filled is marked as unfinished in `migrations`, and a marked keyspace is served by nobody.

mod around;
mod classes;
mod deck;
mod fill;
mod learner;
mod walk;

pub use fill::{FillError, Filling};
pub use walk::Walk;

use crate::client::Client;
use crate::error::OpenError;
use crate::statements::statements;
use ports::StoreError;

statements! {
    /// What is asked of whole tables, and of the mark of a copy.
    ArchiveStatements {
        decks: Read = "SELECT deck FROM decks LIMIT ?";
        decks_after: Read = "SELECT deck FROM decks WHERE token(deck) > token(?) LIMIT ?";
        people: Read = "SELECT user FROM people LIMIT ?";
        people_after: Read = "SELECT user FROM people WHERE token(user) > token(?) LIMIT ?";
        classes: Read = "SELECT class FROM classes LIMIT ?";
        classes_after: Read = "SELECT class FROM classes WHERE token(class) > token(?) LIMIT ?";
        requests: Read = "SELECT key, asks, at_ms FROM requests LIMIT ?";
        requests_after: Read = "SELECT key, asks, at_ms FROM requests WHERE token(key) > token(?) LIMIT ?";
        imports: Read = "SELECT job FROM imports LIMIT ?";
        imports_after: Read = "SELECT job FROM imports WHERE token(job) > token(?) LIMIT ?";
        learners: Read = "SELECT DISTINCT user FROM log_months LIMIT ?";
        learners_after: Read = "SELECT DISTINCT user FROM log_months WHERE token(user) > token(?) LIMIT ?";
        quarantined: Read = "SELECT DISTINCT user FROM quarantine LIMIT ?";
        quarantined_after: Read = "SELECT DISTINCT user FROM quarantine WHERE token(user) > token(?) LIMIT ?";
        quarantine_of: Read = "SELECT id, at_ms, reason, raw FROM quarantine WHERE user = ?";
        feeds: Read = "SELECT feed, last FROM event_feeds LIMIT ?";
        feeds_after: Read = "SELECT feed, last FROM event_feeds WHERE token(feed) > token(?) LIMIT ?";
        webhooks: Read = "SELECT id FROM webhooks LIMIT ?";
        webhooks_after: Read = "SELECT id FROM webhooks WHERE token(id) > token(?) LIMIT ?";
        lessons: Read = "SELECT class FROM lessons LIMIT ?";
        lessons_after: Read = "SELECT class FROM lessons WHERE token(class) > token(?) LIMIT ?";
        reported: Read = "SELECT class, lesson FROM lesson_reports LIMIT ?";
        reported_after: Read = "SELECT class, lesson FROM lesson_reports
            WHERE token(class, lesson) > token(?, ?) LIMIT ?";
        papers: Read = "SELECT belongs_to, kind, id, body, revision FROM papers LIMIT ?";
        papers_after: Read = "SELECT belongs_to, kind, id, body, revision FROM papers
            WHERE token(belongs_to, kind, id) > token(?, ?, ?) LIMIT ?";
        owners: Read = "SELECT id FROM owners LIMIT ?";
        nodes: Read = "SELECT run FROM nodes LIMIT ?";

        begin_copy: Write = "INSERT INTO migrations (scope, number, name, digest, at_ms) VALUES ('copy', 1, ?, 0, ?)
            USING TIMESTAMP ?";
        end_copy: Write = "DELETE FROM migrations USING TIMESTAMP ? WHERE scope = 'copy' AND number = 1";
        drop_deck: Decide = "DELETE FROM decks WHERE deck = ? IF EXISTS";
        fill_deck: Decide = "UPDATE decks SET revision = ?, cards = ?, positions = ?, buckets = ?, stamp = ?, last = ?
            WHERE deck = ? IF revision = 1";
        put_event: Write = "INSERT INTO events (feed, bucket, number, id, mark, kind, at_ms, through, also, user, class,
            deck, job, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?";
        fill_lesson: Decide = "INSERT INTO lessons (class, run, epoch, version, record) VALUES (?, ?, ?, ?, ?)
            IF NOT EXISTS";
        refill_lesson: Decide = "UPDATE lessons SET run = ?, epoch = ?, version = ?, record = ? WHERE class = ?
            IF EXISTS";
        put_request: Decide = "INSERT INTO requests (key, asks, at_ms) VALUES (?, ?, ?) IF NOT EXISTS";
    }
}

/// A copy that was begun and not finished.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Unfinished {
    /// What is copied.
    pub(crate) from: String,
    /// The moment of its mark, Unix milliseconds by the clock of whoever began it.
    pub(crate) at_ms: i64,
}

/// What is copied into the keyspace, where a copy was begun and not finished.
pub(crate) async fn unfinished_copy(client: &Client) -> Result<Option<Unfinished>, OpenError> {
    const MARK: &str = "SELECT name, at_ms FROM migrations WHERE scope = 'copy'";
    let read = client.prepare(MARK, crate::client::Kind::Read).await?;
    let row: Result<Option<(String, i64)>, StoreError> = client.read_one(&read, ()).await;
    Ok(row.map_err(crate::migrate::MigrateError::from)?.map(|(from, at_ms)| Unfinished { from, at_ms }))
}
