//! `verify --online`: a difference that was planted is found while the store is served, and mended.

use super::{Served, copied, keyspace, name, said, told};
use crate::study::binary::{Place, open};
use crate::study::learner::somebody;
use crate::study::server::eventually;
use domain::grade::Grade;
use domain::ids::{EntryId, UserId};
use kit::rows::{bare, card, deck, review, state};
use ports::{ProgressWrite, ReviewStore as _, Row, RowOutcome};
use serde_json::{Value, json};
use std::path::Path;
use studyhall::clock::real_ms;

/// An answer of now for each learner, with progress that is right for the first and wrong for the second.
fn plant(folder: &Path) -> (UserId, UserId) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = open(folder);
    let (right, wrong) = (somebody(), somebody());
    let at_ms = real_ms() - 1_000;
    let answer = |n: u128| review(EntryId::v7(at_ms, n), deck(1), card(1), Grade::Good);
    let folded = {
        let (state, _) = domain::state::CardState::NEW.after(&answer(1), &Default::default());
        ProgressWrite::Whole(state, kit::rows::params_key())
    };
    let planted = ProgressWrite::Whole(state(9), kit::rows::params_key());
    let rows: Vec<Row> = vec![
        Row { progress: folded, ..bare(right, answer(1), None) },
        Row { progress: planted, ..bare(wrong, answer(1), None) },
    ];
    let outcomes = runtime.block_on(store.append(rows.into()));
    assert_eq!(outcomes, [RowOutcome::Durable; 2]);
    (right, wrong)
}

fn differing(report: &Value) -> Vec<&str> {
    report["differences"].as_array().unwrap().iter().map(|d| d["user_id"].as_str().unwrap()).collect()
}

#[test]
fn a_served_folder_is_verified_beside_its_server_and_mended_by_it() {
    let place = Place::new();
    let (_, wrong) = plant(&place.data);
    let served = Served::start(&place, &[]);
    let (code, _, err) = said(&place.command("verify").output().unwrap());
    assert!(code == Some(2) && err.contains("in use"), "{err}");
    let online = |more: &[&str]| {
        told(place.command("verify").args(["--online", "--json", "--rate", "1000"]).args(more))
    };
    let (code, report) = online(&["--since", "1h"]);
    assert_eq!((code, differing(&report)), (Some(1), vec![wrong.to_string().as_str()]), "{report}");
    assert_eq!(
        (&report["learners"], &report["skipped"], &report["unsettled"]),
        (&json!(2), &json!(0), &json!(0))
    );
    let (code, report) = online(&["--since", "1s"]);
    assert!(code == Some(0) || report["skipped"] == 0, "answers of a second ago: {report}");
    let (code, _, err) = said(&place.command("verify").args(["--online", "--repair"]).output().unwrap());
    assert!(code == Some(2) && err.contains("--admin"), "{err}");
    let at = served.admin.strip_prefix("http://").unwrap();
    let (code, report) = online(&["--repair", "--admin", at]);
    assert_eq!((code, &report["marked"]), (Some(1), &json!(1)), "{report}");
    let (code, report) = online(&[]);
    assert_eq!(
        (code, &report["stale"]),
        (Some(0), &json!(1)),
        "marked, and folded at the next load: {report}"
    );
    assert_eq!(served.terminate().code(), Some(0));
    assert_eq!(place.verify().1, Some(0));
}

#[test]
fn a_folder_that_nobody_serves_is_mended_by_the_command_itself() {
    let place = Place::new();
    plant(&place.data);
    let (code, report) = told(place.command("verify").args(["--repair", "--json"]));
    assert_eq!((code, &report["marked"]), (Some(1), &json!(1)), "{report}");
    assert_eq!(place.verify().1, Some(0));
}

#[test]
fn a_cluster_is_verified_while_it_is_served_and_a_marked_card_is_folded_again() {
    let Some(store) = keyspace("verified") else { return };
    let place = Place::new();
    let (_, wrong) = plant(&place.data);
    let (code, out, err) = said(&copied(name(&place.data), &store, &[]));
    assert_eq!(code, Some(0), "{out} {err}");
    // A copy folds anew, so the fault is planted as an owner's write would be.
    plant_in_cluster(&store, wrong);
    let cluster = ["--store", &store];
    let served = Served::start(&place, &cluster);
    eventually("the node serves", || {
        let (code, _, err) = said(&place.command("verify").args(cluster).output().unwrap());
        code == Some(2) && err.contains("--online")
    });
    let online = |more: &[&str]| {
        told(place.command("verify").args(cluster).args(["--online", "--json", "--rate", "1000"]).args(more))
    };
    let (code, report) = online(&["--since", "1h"]);
    assert_eq!((code, differing(&report)), (Some(1), vec![wrong.to_string().as_str()]), "{report}");
    let (code, report) = online(&["--repair"]);
    assert_eq!((code, &report["marked"], &report["listed"]), (Some(1), &json!(1), &json!(0)), "{report}");
    let (code, report) = online(&[]);
    assert_eq!((code, &report["stale"], &report["learners"]), (Some(0), &json!(1), &json!(2)), "{report}");
    // Lists that are lost are found by nobody who only compares, and are made again.
    forget_lists(&store);
    let (code, report) = online(&["--repair"]);
    assert_eq!((code, &report["marked"], &report["listed"]), (Some(0), &json!(0), &json!(3)), "{report}");
    let (code, report) = online(&["--repair"]);
    assert_eq!((code, &report["stale"], &report["listed"]), (Some(0), &json!(2), &json!(0)), "{report}");
    assert_eq!(served.terminate().code(), Some(0));
}

/// As where the lists were restored from a moment before all answers.
fn forget_lists(store: &str) {
    let (contact, keyspace) = store.strip_prefix("cql://").unwrap().split_once('/').unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let session =
            scylla::client::session_builder::SessionBuilder::new().known_node(contact).build().await.unwrap();
        session.query_unpaged(format!("TRUNCATE {keyspace}.card_log"), ()).await.unwrap();
    });
}

/// Writes progress as this learner's owner that is not the fold of the log.
fn plant_in_cluster(store: &str, user: UserId) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let options = cql::Options::default();
        let store = cql::CqlStore::open(&store.parse().unwrap(), &options).await.unwrap();
        let run = domain::ids::RunId(uuid::Uuid::new_v4());
        let change = domain::owner::claim::Change { expected: Default::default(), run: Some(run) };
        let changed = store.owners().change(user, change).await;
        assert_eq!(changed, domain::owner::claim::Changed::Applied);
        store.adopt(user, run, 1).await.unwrap();
        // An owner with a fresh beat, and a row that claims to hold the newest answer: nothing marks it.
        store.beaten(domain::owner::Beat { run, sent_tick_ms: options.clock.tick_ms() });
        let entry = review(EntryId::v7(real_ms(), 7), deck(1), card(1), Grade::Good);
        let planted = domain::state::CardState { last: Some(entry.id), ..state(9) };
        let progress = ProgressWrite::Whole(planted, kit::rows::params_key());
        let row = Row { progress, ..bare(user, entry, None) };
        assert_eq!(store.append(vec![row].into()).await, [RowOutcome::Durable]);
        store.release(user).await.unwrap();
        let release = domain::owner::claim::Change {
            expected: domain::owner::claim::Ownership { run: Some(run), epoch: 1 },
            run: None,
        };
        assert_eq!(store.owners().change(user, release).await, domain::owner::claim::Changed::Applied);
    });
}
