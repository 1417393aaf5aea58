//! What a Redis says of itself, and how long it takes: for whoever has to say what is wrong with it.

use crate::options::ANSWER_WITHIN;
use crate::redis::BadUrl;
use crate::redis::connect::Server;
use redis::{PushKind, Value};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// What a Redis says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Examined {
    /// Its version.
    pub version: String,
    /// The time of an answer.
    pub answer: Duration,
    /// From publishing until it is heard, on one connection.
    pub heard_after: Duration,
    /// Its wall clock, Unix milliseconds, and ours in the middle of asking for it.
    pub clocks_ms: (i64, i64),
}

/// Why it cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// The address can never lead to a Redis.
    #[error("the address {0}")]
    Url(#[from] BadUrl),
    /// It does not answer as it should. The driver's words never hold the address.
    #[error("it cannot be asked: {0}")]
    Redis(String),
    /// What was published was not heard.
    #[error("what is published is not heard within {} s", ANSWER_WITHIN.as_secs())]
    Deaf,
}

impl From<redis::RedisError> for ExamineError {
    fn from(error: redis::RedisError) -> ExamineError {
        ExamineError::Redis(format!("{:?}", error.kind()))
    }
}

/// Asks a Redis. `channel` is one that nobody else uses; `wall_ms` reads our clock.
///
/// # Errors
/// [`ExamineError`].
pub async fn examine(url: &str, channel: &str, wall_ms: fn() -> i64) -> Result<Examined, ExamineError> {
    let (heard, mut hears) = mpsc::channel(8);
    let server = Server::at(url)?;
    let mut redis = server
        .connect(move |info| {
            let said = matches!(info.kind, PushKind::Message).then_some(info.data);
            // More than was sent is nobody's to hear.
            drop(said.map(|said| heard.try_send(said)));
        })
        .await?;
    let began = Instant::now();
    redis::cmd("PING").query_async::<Value>(&mut redis).await?;
    let answer = began.elapsed();
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut redis).await?;
    let before_ms = wall_ms();
    let (s, us): (i64, i64) = redis::cmd("TIME").query_async(&mut redis).await?;
    let clocks_ms = (s * 1_000 + us / 1_000, (before_ms + wall_ms()) / 2);
    redis.subscribe(channel).await?;
    let began = Instant::now();
    redis::cmd("PUBLISH").arg(channel).arg("probe").query_async::<Value>(&mut redis).await?;
    match tokio::time::timeout(ANSWER_WITHIN, hears.recv()).await {
        Ok(Some(_)) => {}
        Ok(None) | Err(_) => return Err(ExamineError::Deaf),
    }
    let heard_after = began.elapsed();
    let version = fields(&info).get("redis_version").map_or("unknown", |version| *version).to_owned();
    Ok(Examined { version, answer, heard_after, clocks_ms })
}

/// The lines `name:value` of what INFO says.
fn fields(info: &str) -> BTreeMap<&str, &str> {
    info.lines().filter_map(|line| line.trim().split_once(':')).collect()
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn info_is_lines_of_names_and_values() {
        let info = "# Server\r\nredis_version:7.0.15\r\nos:Linux 6 x86_64\r\nnonsense\r\n";
        assert_eq!(fields(info).get("redis_version"), Some(&"7.0.15"));
        assert_eq!(fields(info).len(), 2);
    }
}
