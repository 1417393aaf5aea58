//! The server that tests talk to, and keyspaces on it.

use cql::{Address, CqlStore, Options, Plan, migrate};
use kit::apart::Apart;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use tokio::sync::OnceCell;

/// Where the server is, or `None` where the test is to be skipped.
///
/// # Panics
/// Without a server when the environment says `CI=true`.
pub fn contact_point() -> Option<String> {
    match std::env::var("STUDYHALL_TEST_CQL") {
        Ok(contact) if !contact.is_empty() => Some(contact),
        _ => skipped(
            "STUDYHALL_TEST_CQL names no server; `scripts/cassandra.sh with -- cargo test` starts one",
        ),
    }
}

/// Says that a test was skipped, and why.
///
/// # Panics
/// When the environment says `CI=true`.
pub fn skipped<T>(reason: &str) -> Option<T> {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "cannot be skipped here: {reason}");
    eprintln!("skipped: {reason}");
    None
}

/// The address of a keyspace that nobody else uses.
pub fn new_address(contact: &str) -> Address {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("cql://{contact}/t{}_{n}", std::process::id()).parse().unwrap()
}

/// Makes the keyspace, with so many copies of each row.
pub async fn migrated(address: &Address, replication_factor: u32) {
    let plan = Plan { replication_factor, check_only: false };
    migrate(address, &Options::default(), &plan, 0).await.unwrap();
}

/// The keyspace that all tests of this process share, each with learners of its own ([`kit::apart::Apart`]): schema
/// changes are what takes time.
pub async fn shared_address() -> Option<&'static Address> {
    static SHARED: OnceCell<Address> = OnceCell::const_new();
    let contact = contact_point()?;
    let made = SHARED.get_or_init(|| async move {
        let address = new_address(&contact);
        migrated(&address, 1).await;
        address
    });
    Some(made.await)
}

/// A store on the shared keyspace.
pub async fn shared_store(options: &Options) -> Option<CqlStore> {
    Some(CqlStore::open(shared_address().await?, options).await.unwrap())
}

/// A view of the shared store that no other test has.
pub async fn shared_view(options: &Options) -> Option<Apart<CqlStore>> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let store = shared_store(options).await?;
    Some(Apart { store, view: NEXT.fetch_add(1, Ordering::Relaxed) })
}
