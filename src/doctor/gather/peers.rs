//! The other nodes, asked at the addresses that their table names.

use super::stores::Seen;
use crate::clock::real_ms;
use crate::doctor::facts::{PeerAbout, PeerFacts};
use crate::server::{ABOUT_PATH, AboutAsked, AboutSaid};
use futures_util::StreamExt;
use ports::NodeEntry;
use std::time::Duration;

/// How long a node may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Nodes that are asked at once.
const AT_ONCE: usize = 16;

/// Asks each node that beats.
pub(super) async fn peers(nodes: Seen) -> Result<Vec<PeerFacts>, String> {
    let asked = futures_util::stream::iter(nodes?).map(|(node, beats)| async move {
        let about = if beats { ask(&node).await } else { Err("it does not beat".to_owned()) };
        PeerFacts { address: node.address, beats, about }
    });
    Ok(asked.buffered(AT_ONCE).collect().await)
}

async fn ask(node: &NodeEntry) -> Result<PeerAbout, String> {
    let (url, run) = (format!("http://{}{ABOUT_PATH}", node.address), node.row.run.0);
    let asked = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(ANSWER_WITHIN)).build().into();
        let before_ms = real_ms();
        let said = agent.post(url).send_json(AboutAsked { run })?.into_body().read_json::<AboutSaid>()?;
        Ok::<_, ureq::Error>((said, (before_ms + real_ms()) / 2))
    });
    match asked.await {
        Ok(Ok((said, ours_ms))) => Ok(PeerAbout {
            version: said.version,
            clock_offset_ms: said.wall_ms - ours_ms,
            ready: said.ready,
        }),
        Ok(Err(ureq::Error::StatusCode(404))) => Err("another process answers there".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
