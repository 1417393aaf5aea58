//! Where a request comes from, and how often somebody there may fail to sign in.
//!
//! A school behind one address is not an attack: what is signed in is never counted by address.

use crate::config::AddressRange;
use crate::http::limits::{ADDRESSES_COUNTED, FAILURES_BURST, FAILURES_PER_SECOND};
use crate::ws::layer::AddressOf;
use actix_web::http::header::HeaderMap;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Entries of `X-Forwarded-For` that are looked at.
const HOPS_MAX: usize = 32;

/// The address of the client: the peer's, or, where the peer is a trusted proxy, the last one in `X-Forwarded-For`
/// that is no trusted proxy itself.
pub fn client_address(headers: &HeaderMap, peer: IpAddr, trusted: &[AddressRange]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.holds(address));
    let peer = peer.to_canonical();
    if !is_trusted(peer) {
        return peer;
    }
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let mut client = peer;
    for hop in hops.iter().rev().take(HOPS_MAX) {
        // What cannot be read was not written by a trusted proxy: what came after it stands.
        let Ok(address) = hop.parse::<IpAddr>() else { break };
        client = address.to_canonical();
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// The same for the handshakes of sockets: a school behind a proxy is not one address there either.
pub fn behind(trusted: Vec<AddressRange>) -> AddressOf {
    Arc::new(move |headers, peer| client_address(headers, peer, &trusted))
}

/// Counts failed sign-ins by address: a bucket of tokens each, refilled as time goes on.
#[derive(Debug, Default)]
pub struct Doors {
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Thousandths of a failure that are still allowed.
    left_milli: u64,
    /// When that was so, Unix milliseconds of the real clock.
    at_ms: i64,
}

const FULL_MILLI: u64 = FAILURES_BURST as u64 * 1_000;

impl Bucket {
    fn at(self, now_ms: i64) -> Bucket {
        let passed_ms = u64::try_from(now_ms.saturating_sub(self.at_ms)).unwrap_or(0);
        let refill_milli = passed_ms.saturating_mul(u64::from(FAILURES_PER_SECOND));
        Bucket { left_milli: self.left_milli.saturating_add(refill_milli).min(FULL_MILLI), at_ms: now_ms }
    }
}

impl Doors {
    /// Whether an address may try to sign in; if not, after how many seconds it may.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn may_try(&self, address: IpAddr, now_ms: i64) -> Result<(), u64> {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bucket) = buckets.get(&counted(address)).map(|bucket| bucket.at(now_ms)) else {
            return Ok(());
        };
        if bucket.left_milli >= 1_000 {
            return Ok(());
        }
        let missing = 1_000 - bucket.left_milli;
        Err(missing.div_ceil(u64::from(FAILURES_PER_SECOND) * 1_000).max(1))
    }

    /// Counts a failure.
    pub fn failed(&self, address: IpAddr, now_ms: i64) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= ADDRESSES_COUNTED {
            buckets.retain(|_, bucket| bucket.at(now_ms).left_milli < FULL_MILLI);
            // More addresses at once than can be counted: whoever is next begins anew, and memory stays bounded.
            if buckets.len() >= ADDRESSES_COUNTED {
                buckets.clear();
            }
        }
        let bucket =
            buckets.entry(counted(address)).or_insert(Bucket { left_milli: FULL_MILLI, at_ms: now_ms });
        let now = bucket.at(now_ms);
        *bucket = Bucket { left_milli: now.left_milli.saturating_sub(1_000), at_ms: now_ms };
    }
}

/// An IPv6 customer has a network of 64 bits: its addresses count together.
pub(crate) fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn via(forwarded: &[&str], peer: &str) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            let name = HeaderName::from_static("x-forwarded-for");
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        client_address(&headers, peer.parse().unwrap(), &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_for_the_nearest_stranger() {
        assert_eq!(via(&["1.1.1.1"], "9.9.9.9"), "9.9.9.9");
        assert_eq!(via(&["1.1.1.1"], "10.0.0.1"), "1.1.1.1");
        assert_eq!(via(&["6.6.6.6, 1.1.1.1, 10.0.0.2"], "::ffff:10.0.0.1"), "1.1.1.1");
        assert_eq!(via(&["6.6.6.6", "1.1.1.1"], "::1"), "1.1.1.1");
        assert_eq!(via(&["6.6.6.6, rubbish, 10.0.0.2"], "10.0.0.1"), "10.0.0.2");
        assert_eq!(via(&[], "10.0.0.1"), "10.0.0.1");
    }

    #[test]
    fn an_address_that_keeps_failing_waits_and_another_does_not() {
        let doors = Doors::default();
        let (one, other) = ("1.1.1.1".parse().unwrap(), "1.1.1.2".parse().unwrap());
        for _ in 0..FAILURES_BURST {
            assert_eq!(doors.may_try(one, 0), Ok(()));
            doors.failed(one, 0);
        }
        assert_eq!(doors.may_try(one, 0), Err(1));
        assert_eq!(doors.may_try(other, 0), Ok(()));
        assert_eq!(doors.may_try(one, 1_000), Ok(()));
        // A clock that goes back gives nothing and takes nothing.
        assert_eq!(doors.may_try(one, -5_000), Err(1));
    }

    #[test]
    fn the_table_of_addresses_is_bounded() {
        let doors = Doors::default();
        for n in 0..(ADDRESSES_COUNTED as u32 + 100) {
            doors.failed(IpAddr::from(n.to_be_bytes()), 0);
        }
        assert!(doors.buckets.lock().unwrap().len() <= ADDRESSES_COUNTED);
        let (a, b) = ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
        assert_eq!(counted(a), counted(b));
    }
}
