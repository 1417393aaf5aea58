//! The schema, from nothing to the newest.

use crate::server::{contact_point, new_address, shared_address};
use cql::{Address, CqlStore, DatacenterError, OpenError, Options, Plan, migrate};
use kit::wait::block_on;

const CHECK: Plan = Plan { replication_factor: 1, check_only: true };
const CARRY_OUT: Plan = Plan { replication_factor: 1, check_only: false };

#[test]
fn a_keyspace_is_made_once_and_made_again_it_stays_as_it_is() {
    let Some(contact) = contact_point() else { return };
    let (address, options) = (new_address(&contact), Options::default());
    block_on(async {
        let before = migrate(&address, &options, &CHECK, 0).await.unwrap();
        assert!(before.applied.is_empty());
        assert_eq!(before.missing.first().map(String::as_str), Some("0001_reviews"));

        let first = migrate(&address, &options, &CARRY_OUT, 0).await.unwrap();
        assert_eq!((first.applied, first.missing), (before.missing, vec![]));

        for plan in [CARRY_OUT, CHECK] {
            let again = migrate(&address, &options, &plan, 0).await.unwrap();
            assert_eq!(again, cql::Report::default());
        }
        assert!(CqlStore::open(&address, &options).await.is_ok());
    });
}

#[test]
fn a_data_center_is_named_rightly_or_nothing_is_opened() {
    block_on(async {
        let Some(shared) = shared_address().await else { return };
        let options = Options::default();
        let mut named = Address { datacenter: Some("nowhere".to_owned()), ..shared.clone() };
        let Err(OpenError::Datacenter(DatacenterError::NoServers { found, .. })) =
            CqlStore::open(&named, &options).await
        else {
            panic!("it was opened in a data center that there is not")
        };
        named.datacenter = Some(found);
        let store = CqlStore::open(&named, &options).await.unwrap();
        assert!(store.owners().nodes().await.is_ok(), "servers of the one that is named are asked");
    });
}

#[test]
fn a_store_does_not_open_on_a_keyspace_without_tables() {
    let Some(contact) = contact_point() else { return };
    let (address, options) = (new_address(&contact), Options::default());
    block_on(async {
        let opened = CqlStore::open(&address, &options).await;
        assert!(matches!(opened, Err(OpenError::Connect(_) | OpenError::SchemaBehind { .. })));
    });
}
