//! How Redis is reached: everything that decides how soon a dead connection is noticed.

use super::BadUrl;
use crate::options::{ANSWER_WITHIN, CONNECT_WITHIN, KEEPALIVE, RETRY_FIRST, RETRY_MOST, USER_TIMEOUT};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo as _, ProtocolVersion, PushInfo, RedisResult};
use std::time::Duration;

/// A Redis, by its address.
#[derive(Clone, Debug)]
pub(crate) struct Server(Client);

impl Server {
    pub(crate) fn at(url: &str) -> Result<Server, BadUrl> {
        // What the driver says may hold the address, and the address a password.
        let bad = |error: redis::RedisError| BadUrl::Address(format!("{:?}", error.kind()));
        let info = url.into_connection_info().map_err(bad)?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
        let tcp =
            TcpSettings::default().set_nodelay(true).set_keepalive(keepalive).set_user_timeout(USER_TIMEOUT);
        Client::open(info.set_redis_settings(settings).set_tcp_settings(tcp)).map(Server).map_err(bad)
    }

    /// Connects; what Redis says unasked is given to `pushed`, which must not wait.
    pub(crate) async fn connect(
        &self,
        pushed: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> RedisResult<MultiplexedConnection> {
        let pushed = move |info| -> Result<(), std::convert::Infallible> {
            pushed(info);
            Ok(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN))
            .set_push_sender(pushed);
        self.0.get_multiplexed_async_connection_with_config(&config).await
    }
}

/// How long to wait before the next try: longer and longer, and not the same for nodes that lost it together.
#[derive(Debug)]
pub(crate) struct Backoff {
    tries: u32,
    noise: u64,
}

impl Backoff {
    /// With a number that differs from node to node.
    pub(crate) fn new(seed: u64) -> Backoff {
        Backoff { tries: 0, noise: seed | 1 }
    }

    /// Whether nothing failed since it worked last.
    pub(crate) fn is_fresh(&self) -> bool {
        self.tries == 0
    }

    /// It worked.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }

    /// The next wait: between half and all of what is due.
    pub(crate) fn next(&mut self) -> Duration {
        let due = RETRY_FIRST.saturating_mul(1 << self.tries.min(10)).min(RETRY_MOST);
        self.tries = self.tries.saturating_add(1);
        // xorshift64 (Marsaglia 2003): spread is all that is needed.
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 7;
        self.noise ^= self.noise << 17;
        let half_ms = u64::try_from(due.as_millis() / 2).unwrap_or(0);
        due / 2 + Duration::from_millis(self.noise % (half_ms + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_bound_and_begin_anew_after_success() {
        let mut backoff = Backoff::new(9);
        let waits: Vec<Duration> = (0..50).map(|_| backoff.next()).collect();
        assert!(waits[0] <= RETRY_FIRST && waits[0] >= RETRY_FIRST / 2);
        assert!(waits[10..].iter().all(|wait| *wait >= RETRY_MOST / 2 && *wait <= RETRY_MOST));
        backoff.reset();
        assert!(backoff.next() <= RETRY_FIRST);
    }
}
