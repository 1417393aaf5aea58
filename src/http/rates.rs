//! How much somebody may ask for: by person, and by address only for those who fail to sign in. A school behind one
//! address is many people. What is no request to the API (pages, files, health, metrics) is not counted, and neither is
//! what goes over a socket.

use crate::http::address::counted;
use crate::http::limits::{FAILURES_BURST, FAILURES_PER_SECOND, STRANGERS, WHAT_REQUESTS, WHAT_SIGN_INS};
use crate::http::{Code, Problem};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use domain::ids::UserId;
use ports::QuotaTaken;
use ports::quota::{Allowance, Buckets, Quota, QuotaKey, Whose};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

static LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The limits of a server, and who counts. Clones count together.
#[derive(Clone)]
pub struct Rates {
    quota: Arc<dyn Quota>,
    person: Option<Buckets>,
    began: Instant,
}

impl Rates {
    /// Requests of one person are counted against `person`; without it they are not counted.
    pub fn new(quota: Arc<dyn Quota>, person: Option<Buckets>) -> Rates {
        Rates { quota, person, began: Instant::now() }
    }

    /// Counts a request of a person, and remembers what is left for the answer's headers.
    ///
    /// # Errors
    /// 429 when the person asked too much.
    pub(super) async fn asked(&self, who: UserId, request: &HttpRequest) -> Result<(), Problem> {
        let Some(buckets) = self.person else { return Ok(()) };
        let key = QuotaKey { what: WHAT_REQUESTS, whose: Whose::Person(who) };
        match self.quota.take(key, buckets, 1, self.now_ms()).await {
            QuotaTaken::Granted(allowance) => {
                request.extensions_mut().insert(allowance);
                Ok(())
            }
            QuotaTaken::Denied { allowance, retry_after_ms } => {
                request.extensions_mut().insert(allowance);
                let detail = "You have asked for more than your share; wait as long as `Retry-After` says.";
                Err(Problem::new(Code::RateLimited, detail).retry_after_s(seconds(retry_after_ms)))
            }
        }
    }

    /// Counts a failed sign-in from an address.
    ///
    /// # Errors
    /// So many failed there that it must wait for these seconds.
    pub(super) async fn failed(&self, address: IpAddr) -> Result<(), u64> {
        let key = QuotaKey { what: WHAT_SIGN_INS, whose: Whose::Address(counted(address)) };
        match self.quota.take(key, STRANGERS, 1, self.now_ms()).await {
            QuotaTaken::Granted(_) => Ok(()),
            QuotaTaken::Denied { retry_after_ms, .. } => Err(seconds(retry_after_ms)),
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rates").field("person", &self.person).finish_non_exhaustive()
    }
}

/// Whole seconds, rounded up.
fn seconds(ms: u64) -> u64 {
    ms.div_ceil(1_000).max(1)
}

/// Tells what is left of the person's share, where it was counted.
pub(super) fn tell(request: &HttpRequest, headers: &mut HeaderMap) {
    let Some(allowance) = request.extensions().get::<Allowance>().copied() else { return };
    headers.insert(LIMIT.clone(), HeaderValue::from(allowance.limit));
    headers.insert(REMAINING.clone(), HeaderValue::from(allowance.remaining));
    headers.insert(RESET.clone(), HeaderValue::from(allowance.full_in_ms.div_ceil(1_000)));
}

const _: () = assert!(FAILURES_BURST <= 60 * FAILURES_PER_SECOND, "the minute's bucket must hold the burst");
