//! Copies into a keyspace, and what an examination leaves behind.

use crate::server::{contact_point, migrated, new_address, shared_address};
use cql::{CqlStore, Examiner, Filling, Options, Walk};
use domain::ids::{UserId, Uuid};
use kit::rows::START_MS;
use kit::wait::block_on;
use ports::archive::{ReadAll, WriteAll};

#[test]
fn a_copy_that_another_clock_began_later_is_finished_all_the_same() {
    let Some(contact) = contact_point() else { return };
    let (address, options) = (new_address(&contact), Options::default());
    block_on(async {
        migrated(&address, 1).await;
        let ahead = Filling::open(&address, &options, "a test", START_MS + 3_600_000).await.unwrap();
        drop(ahead);
        let filling = Filling::open(&address, &options, "a test", START_MS).await.unwrap();
        filling.finish().await.unwrap();
        CqlStore::open(&address, &options).await.unwrap();
    });
}

#[test]
fn an_examination_leaves_no_row_behind() {
    block_on(async {
        let Some(address) = shared_address().await else { return };
        let examiner = Examiner::connect(address, &Options::default()).await.unwrap();
        let (written, claimed) = (Uuid::new_v4(), Uuid::new_v4());
        examiner.probe(written).await.unwrap();
        examiner.probe_claim(claimed).await.unwrap();
        let store = CqlStore::open(address, &Options::default()).await.unwrap();
        let walk = Walk::over(&store).await.unwrap();
        let kept = walk.quarantined(None).await.unwrap();
        assert!(kept.iter().all(|what| what.user != UserId(written) && what.user != UserId(claimed)));
    });
}
