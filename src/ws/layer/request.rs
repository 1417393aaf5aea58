//! A handshake request, as those above the layer see it.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use actix_http::RequestHead;
use actix_web::dev::{Path, Url};

/// A request's and its socket's name in logs and in the header `x-request-id`; unique in a process, and unlikely to
/// come again in another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketId(u64);

impl SocketId {
    /// The next one.
    pub(super) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        static START: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
        let start = *START.get_or_init(|| {
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64)
        });
        // An odd factor maps different numbers to different numbers.
        let number = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(start);
        Self(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A handshake that the layer found in order.
pub struct SocketRequest<'a> {
    pub(super) head: &'a RequestHead,
    pub(super) path: &'a Path<Url>,
    pub(super) address: IpAddr,
    pub(super) id: SocketId,
}

impl SocketRequest<'_> {
    /// The value of a header, when it is readable text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers().get(name)?.to_str().ok()
    }

    /// The part of the path that stands for `{name}` in the route's pattern.
    #[must_use]
    pub fn segment(&self, name: &str) -> Option<&str> {
        self.path.get(name)
    }

    /// The query, without its question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.head.uri.query()
    }

    /// Where it comes from.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// Its name in logs.
    #[must_use]
    pub const fn id(&self) -> SocketId {
        self.id
    }
}
