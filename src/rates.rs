//! How much somebody may ask for: by person, and by address only for those who fail to sign in. A school behind one
//! address is many people. Nodes that share a Redis count together; a node that cannot ask it counts alone, and nobody
//! waits for it longer than [`bus::options::QUOTA_WITHIN`].

use crate::http::address::counted;
use crate::http::limits::{
    CLAIMS, CLAIMS_PER_CLASS, FAILURES_BURST, FAILURES_PER_SECOND, JOINING, JOINING_DEVICE, JOINS_PER_CLASS,
};
use domain::ids::{ClassId, UserId, Uuid};
use ports::QuotaTaken;
use ports::quota::{Buckets, Quota, QuotaKey, Whose};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// Under which name requests over HTTP are counted.
const WHAT_REQUESTS: &str = "requests";
/// Under which name sign-ins over sockets are counted.
const WHAT_HELLOS: &str = "hellos";
/// Under which name failed sign-ins are counted, over HTTP and over sockets together.
const WHAT_SIGN_INS: &str = "sign-ins";

/// Under which names tries to join are counted: all, a device's, a class's.
const WHAT_JOINING: &str = "joining";
const WHAT_JOINING_DEVICE: &str = "joining-device";
const WHAT_JOINS: &str = "joins";

/// Under which names claims are counted: a person's, a class's. A device's cookie is what its owner wants it to be; by
/// names of their own nobody's claims are used up by who joins under their id.
const WHAT_CLAIMS: &str = "claims";
const WHAT_CLASS_CLAIMS: &str = "class-claims";

/// Sign-ins of one person over sockets, at once, in a minute, in an hour; more: the socket is closed with 4429. Each one
/// reads the store; a client that comes back as it should needs a handful in a bad minute.
pub const HELLOS: Buckets = Buckets::new(120, 1_200, 20_000);
/// Failed sign-ins of one address, over all nodes that share a Redis; more: 429, on a socket 4429.
pub const STRANGERS: Buckets =
    Buckets::new(FAILURES_BURST, 60 * FAILURES_PER_SECOND, 3_600 * FAILURES_PER_SECOND);

/// The limits of a server, and who counts. Clones count together.
#[derive(Clone)]
pub struct Rates {
    quota: Arc<dyn Quota>,
    person: Option<Buckets>,
    began: Instant,
}

/// Too much was asked for; in so many seconds there is enough again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("too much was asked for: wait {wait_s} s")]
pub struct TooOften {
    /// Whole seconds, at least one.
    pub wait_s: u64,
}

impl Rates {
    /// Requests of one person are counted against `person`; without it neither they nor the person's sign-ins over
    /// sockets are counted.
    pub fn new(quota: Arc<dyn Quota>, person: Option<Buckets>) -> Rates {
        Rates { quota, person, began: Instant::now() }
    }

    /// Counts a request of a person; `None` where requests are not counted.
    pub async fn request(&self, who: UserId) -> Option<QuotaTaken> {
        let key = QuotaKey { what: WHAT_REQUESTS, whose: Whose::Person(who) };
        Some(self.quota.take(key, self.person?, 1, self.now_ms()).await)
    }

    /// Counts a sign-in of a person over a socket.
    ///
    /// # Errors
    /// The person came too often.
    pub async fn hello(&self, who: UserId) -> Result<(), TooOften> {
        if self.person.is_none() {
            return Ok(());
        }
        self.take(QuotaKey { what: WHAT_HELLOS, whose: Whose::Person(who) }, HELLOS).await
    }

    /// Counts a failed sign-in from an address.
    ///
    /// # Errors
    /// Too many failed there.
    pub async fn failed(&self, address: IpAddr) -> Result<(), TooOften> {
        self.take(QuotaKey { what: WHAT_SIGN_INS, whose: Whose::Address(counted(address)) }, STRANGERS).await
    }

    /// Counts a try to join by a code: of the device, if it is one that was here before, and of all.
    ///
    /// # Errors
    /// There were too many.
    pub async fn joining(&self, device: Option<Uuid>) -> Result<(), TooOften> {
        if let Some(device) = device {
            let whose = Whose::Person(UserId(device));
            self.take(QuotaKey { what: WHAT_JOINING_DEVICE, whose }, JOINING_DEVICE).await?;
        }
        let whose = Whose::Person(UserId(Uuid::nil()));
        self.take(QuotaKey { what: WHAT_JOINING, whose }, JOINING).await
    }

    /// Counts somebody who has the code of a class.
    ///
    /// # Errors
    /// There were too many.
    pub async fn joins(&self, class: ClassId) -> Result<(), TooOften> {
        self.take(QuotaKey { what: WHAT_JOINS, whose: Whose::Person(UserId(class.0)) }, JOINS_PER_CLASS).await
    }

    /// Counts somebody who claims what a guest did, whether they know the PIN or not.
    ///
    /// # Errors
    /// There were too many.
    pub async fn claims(&self, who: UserId) -> Result<(), TooOften> {
        self.take(QuotaKey { what: WHAT_CLAIMS, whose: Whose::Person(who) }, CLAIMS).await
    }

    /// Counts somebody who claims what a guest of this class did.
    ///
    /// # Errors
    /// There were too many.
    pub async fn class_claims(&self, class: ClassId) -> Result<(), TooOften> {
        let whose = Whose::Person(UserId(class.0));
        self.take(QuotaKey { what: WHAT_CLASS_CLAIMS, whose }, CLAIMS_PER_CLASS).await
    }

    async fn take(&self, key: QuotaKey, buckets: Buckets) -> Result<(), TooOften> {
        match self.quota.take(key, buckets, 1, self.now_ms()).await {
            QuotaTaken::Granted(_) => Ok(()),
            QuotaTaken::Denied { retry_after_ms, .. } => Err(TooOften { wait_s: seconds(retry_after_ms) }),
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
pub(crate) fn seconds(ms: u64) -> u64 {
    ms.div_ceil(1_000).max(1)
}

const _: () = assert!(FAILURES_BURST <= 60 * FAILURES_PER_SECOND, "the minute's bucket must hold the burst");
