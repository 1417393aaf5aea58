//! `kill -9` in the middle of a job: the next life takes it up, and what comes out is what one life would have made.

use super::kit::{Person, package};
use crate::study::any_store::on_cql;
use crate::study::binary::Place;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Cards of the package, and kills in each phase: on a cluster each card is written to several tables, and a node that was
/// killed has its learners until it is declared dead.
fn sizes() -> (i64, u32) {
    if on_cql() { (400, 1) } else { (3_000, 2) }
}

#[test]
fn a_job_that_is_killed_again_and_again_ends_as_one_that_was_left_alone() {
    let (place, (cards, kills)) = (Place::new(), sizes());
    let file = package(cards);
    let (person, alone) = (Person::new(&place), Person::new(&place));
    let mut life = place.start();
    let taken = person.post("/imports?filename=x.apkg", &file).expect(202);
    let job = taken["job_id"].as_str().unwrap().to_owned();
    // Killed in each phase that is seen, once, and then left to its end.
    let mut killed: BTreeMap<String, u32> = BTreeMap::new();
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        assert!(Instant::now() < until, "the job never ended: {killed:?}");
        let seen = person.get(&format!("/imports/{job}")).expect(200);
        let phase = seen["phase"].as_str().unwrap().to_owned();
        if seen["finished"] == true {
            assert_eq!(phase, "done", "{seen}");
            break;
        }
        let times = killed.entry(phase).or_default();
        if *times < kills {
            *times += 1;
            life.kill();
            life = place.start();
        }
    }
    assert!(killed.values().sum::<u32>() >= 3, "too fast to be killed: {killed:?}");
    let done = person.ended(&job);
    let undisturbed = alone.import("filename=x.apkg", &file);
    let figures = |job: &Value| -> BTreeMap<String, u64> {
        let counts = job["report"]["counts"].as_object().unwrap();
        counts.iter().map(|(name, count)| (name.clone(), count.as_u64().unwrap())).collect()
    };
    assert_eq!(figures(&done), figures(&undisturbed), "{killed:?}");
    assert_eq!(person.all(), alone.all());
    let due = |person: &Person| person.get("/due").expect(200)["counts"].clone();
    assert_eq!(due(&person), due(&alone));
    // Killed while it is taken back, too.
    drop(person.delete(&format!("/imports/{job}?force=true")));
    life.kill();
    let life = place.start();
    assert_eq!(person.ended(&job)["phase"], "revoked");
    assert!(person.decks().is_empty());
    let left = || std::fs::read_dir(place.data.join("imports")).unwrap().count();
    crate::study::server::eventually("files of finished jobs go", || left() == 2);
    life.kill();
    if !on_cql() {
        assert_eq!(place.verify().1, Some(0));
    }
}
