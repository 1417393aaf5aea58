//! Asks an operator's port.

use crate::admin::status::Status;
use std::time::Duration;

/// How long an answer may take: a shard that is busy answers when it has its turn.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Where the port is.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `http://host:port`, without a slash at the end.
    pub base: String,
}

impl Asked {
    /// From `host:port` or a URL.
    pub fn at(text: &str) -> Asked {
        let text = text.trim_end_matches('/');
        let base = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        Asked { base }
    }
}

/// The port could not be asked.
#[derive(Debug, thiserror::Error)]
#[error(
    "the operator's port at {at} does not answer: {why}; start the server with --admin-listen, and name that \
         address with --admin"
)]
pub struct FetchError {
    at: String,
    why: String,
}

/// How the process is.
///
/// # Errors
/// [`FetchError`].
pub async fn status(asked: &Asked) -> Result<Status, FetchError> {
    let url = format!("{}/status.json", asked.base);
    let got = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(ANSWER_WITHIN)).build().into();
        agent.get(url).call()?.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_json::<Status>()
    });
    let failed = |why: String| FetchError { at: asked.base.clone(), why };
    got.await.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))
}
