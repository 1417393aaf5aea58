//! Whether nodes serve a keyspace, and how a driver's errors are told.

use cql::CqlStore;
use std::time::Duration;

/// How long it is looked whether a node still beats: a node beats once a second.
const BEATS_WITHIN: Duration = Duration::from_millis(3_500);

/// Nodes that beat still write: what they write is missing in what is read now, or half of it.
///
/// # Errors
/// A sentence: somebody serves it, or the nodes cannot be read.
pub(super) async fn refuse_served(store: &CqlStore) -> Result<(), String> {
    let alive = async || {
        let nodes = store.owners().nodes().await.map_err(whole)?;
        Ok::<_, String>(nodes.into_iter().filter(|node| node.row.alive).collect::<Vec<_>>())
    };
    let before = alive().await?;
    if before.is_empty() {
        return Ok(());
    }
    tokio::time::sleep(BEATS_WITHIN).await;
    let after = alive().await?;
    match after.iter().find(|node| !before.iter().any(|known| known.row == node.row)) {
        Some(node) => Err(format!(
            "the node at {} serves this keyspace: stop all nodes first, or say --while-served",
            node.address
        )),
        None => Ok(()),
    }
}

/// An error with all that lies beneath it: a driver's own words say which host did not answer.
pub(crate) fn whole(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text
}
