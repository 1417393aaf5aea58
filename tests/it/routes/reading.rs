//! How much of the store one request reads.

use super::needs::Place;
use super::site::Site;
use super::studying::answer;
use serde_json::json;
use std::time::{Duration, Instant};
use studyhall::http::access::Need;
use studyhall::http::{Verb, routes};

/// Reads of the store that one request makes at most, when what a node keeps in memory is there.
const READS_MAX: usize = 5;
/// Besides so many of small records, and of the classes that these name: who teaches a class beside its teacher, homework,
/// guests.
const SMALL_READS_MAX: usize = 4;
/// The names of these.
const SMALL_READS: [&str; 4] = ["paper", "papers", "papers_named", "classes"];
/// So often it is looked, 10 ms apart, whether something is still read.
const QUIET_LOOKS: u32 = 20;

/// Waits until nothing has been read for a moment.
async fn quiet(site: &Site) {
    let until = Instant::now() + super::reports::WITHIN;
    let mut looks_without = 0;
    while looks_without < QUIET_LOOKS && Instant::now() < until {
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
        looks_without = if site.store.take_reads().is_empty() { looks_without + 1 } else { 0 };
    }
}

fn are_few(reads: &[&str]) -> bool {
    let small = reads.iter().filter(|read| SMALL_READS.contains(read)).count();
    small <= SMALL_READS_MAX && reads.len() - small <= READS_MAX
}

#[actix_web::test]
async fn no_route_reads_the_store_more_than_five_times() {
    let site = Site::open().await;
    let mut too_many = Vec::new();
    for route in routes() {
        let place = Place::made(&site).await;
        // Sessions read on their own when a deck changes under them: where something is changed nobody studies.
        let studied = route.verb == Verb::Get || route.path.ends_with("/reviews");
        // Several decks with a past: whatever is read deck by deck shows.
        for n in 0..4 {
            let deck = site.deck(place.owner(), &format!("deck {n}")).await;
            let card = site.card(place.owner(), &deck, "front").await;
            let given = format!("/classes/{}/decks/{deck}", place.class);
            site.put(place.owner(), &given).await.expect(204);
            for who in [place.owner(), place.student()].into_iter().filter(|_| studied) {
                let command = answer(&site, &deck, &card, 4);
                site.post(who, "/reviews", json!({"commands": [command]})).await.expect(200);
            }
        }
        // Lists of one's own name each class that one teaches beside its teacher: here is asked about deck and class.
        let is_own = route.needs == [Need::Own];
        let co_teacher = (!is_own).then(|| place.co_teacher());
        for who in [place.owner(), place.student()].into_iter().chain(co_teacher) {
            // The first one fills the caches of decks; those that follow are all the same, but for what a learner's
            // session reads meanwhile because of an earlier one: where there is too much, it is asked again in quiet.
            let mut fewest: Option<Vec<&str>> = None;
            for turn in 0..4 {
                if fewest.as_deref().is_some_and(are_few) {
                    break;
                }
                if turn > 1 {
                    quiet(&site).await;
                }
                site.store.take_reads();
                let answered = place.ask(&site, &route, Some(who)).await;
                let reads = site.store.take_reads();
                if let (202, Some(report)) = (answered.status.as_u16(), answered.report()) {
                    super::reports::done(&site, who, &report).await;
                }
                if turn > 0 && fewest.as_ref().is_none_or(|fewest| reads.len() < fewest.len()) {
                    fewest = Some(reads);
                }
            }
            let reads = fewest.unwrap_or_default();
            if !are_few(&reads) {
                too_many.push(format!("{route:?}: {reads:?}"));
            }
        }
    }
    assert!(too_many.is_empty(), "{too_many:#?}");
}
