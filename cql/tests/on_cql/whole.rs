//! Copies into a keyspace, and what an examination leaves behind.

use crate::server::{contact_point, migrated, new_address, shared_address};
use cql::{CqlStore, Examiner, Filling, Options, Walk};
use domain::ids::{UserId, Uuid};
use kit::rows::START_MS;
use kit::wait::block_on;
use ports::StoreError;
use ports::archive::{Around, LessonKept, ReadAll, ReadAround, WriteAll, WriteAround};

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

/// Carries everything that stands around study, a page at a time.
async fn carry(from: &Walk, to: &Filling) {
    let (mut feeds, mut hooks, mut classes, mut lessons, mut papers) = (None, None, None, None, None);
    while let Some(last) = page(from.feeds(feeds).await, |kept| kept.feed, &mut feeds) {
        for kept in last {
            let mut after = None;
            loop {
                let page = from.events_of(kept.feed, after).await.unwrap();
                to.put_around(Around::Events(kept.feed, page.events)).await.unwrap();
                after = page.reached;
                if !page.has_more {
                    break;
                }
            }
            to.put_around(Around::Feed(kept)).await.unwrap();
        }
    }
    while let Some(all) = page(from.webhooks(hooks).await, |kept| kept.record.id, &mut hooks) {
        for kept in all {
            to.put_around(Around::Webhook(kept)).await.unwrap();
        }
    }
    while let Some(all) = page(from.taught(classes).await, |class| *class, &mut classes) {
        for class in all {
            to.put_around(Around::Lesson(from.lesson(class).await.unwrap().unwrap())).await.unwrap();
        }
    }
    while let Some(all) = page(from.reported(lessons).await, |lesson| *lesson, &mut lessons) {
        for lesson in all {
            to.put_around(Around::Report(from.report_of(lesson).await.unwrap().unwrap())).await.unwrap();
        }
    }
    while let Some(all) = page(from.all_papers(papers).await, |paper| paper.key, &mut papers) {
        to.put_around(Around::Papers(all)).await.unwrap();
    }
}

/// A page, unless it is the end; `after` is its last.
fn page<T, K>(
    read: Result<Vec<T>, StoreError>,
    key: impl Fn(&T) -> K,
    after: &mut Option<K>,
) -> Option<Vec<T>> {
    let page = read.unwrap();
    *after = page.last().map(key);
    after.is_some().then_some(page)
}

#[test]
fn what_stands_around_study_goes_on_in_another_keyspace_and_nobody_holds_it_there() {
    let Some(contact) = contact_point() else { return };
    let (from, to, options) = (new_address(&contact), new_address(&contact), Options::default());
    block_on(async {
        migrated(&from, 1).await;
        migrated(&to, 1).await;
        let from = CqlStore::open(&from, &options).await.unwrap();
        kit::around::fill(&from, START_MS, 270).await;
        let filling = Filling::open(&to, &options, "a test", START_MS).await.unwrap();
        let walk = Walk::over(&from).await.unwrap();
        // A try before, of which other things came; and again over what is there.
        let held = walk.taught(None).await.unwrap()[0];
        let other = kit::contract_lessons::record(held.0.as_u128(), 29);
        filling.put_around(Around::Lesson(LessonKept { epoch: 1, record: other })).await.unwrap();
        carry(&walk, &filling).await;
        carry(&walk, &filling).await;
        filling.finish().await.unwrap();
        kit::around::goes_on(&CqlStore::open(&to, &options).await.unwrap(), START_MS, 270).await;
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
