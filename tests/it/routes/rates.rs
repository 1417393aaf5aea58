//! How much one person may ask for, and whom that concerns.

use super::site::{Site, request};
use bus::LocalQuota;
use ports::quota::Buckets;
use serde_json::json;
use std::sync::Arc;

/// Five at once; nothing comes back while a test runs.
const FEW: Buckets = Buckets::new(1_000, 1_000, 5);

async fn site() -> Site {
    Site::open_counted(Arc::new(LocalQuota::default()), FEW).await
}

#[actix_web::test]
async fn who_asks_for_more_than_a_share_is_told_when_to_come_back() {
    let site = site().await;
    let learner = site.learner();
    for left in (0..5).rev() {
        let answer = site.get(&learner, "/me").await;
        assert_eq!(answer.status.as_u16(), 200);
        assert_eq!(answer.header("x-ratelimit-limit"), "5");
        assert_eq!(answer.header("x-ratelimit-remaining"), left.to_string());
    }
    let refused = site.get(&learner, "/me").await;
    let wait_s: u64 = refused.header("retry-after").parse().unwrap();
    assert!((700..=720).contains(&wait_s), "one of five comes back each 720 s: {wait_s}");
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    let full_s: u64 = refused.header("x-ratelimit-reset").parse().unwrap();
    assert!((3_580..=3_600).contains(&full_s), "{full_s}");
    refused.refuses(429, "rate_limited");
}

#[actix_web::test]
async fn a_school_behind_one_address_is_many_people() {
    let site = site().await;
    for _ in 0..100 {
        let pupil = site.learner();
        for _ in 0..5 {
            site.get(&pupil, "/me").await.expect(200);
        }
    }
}

#[actix_web::test]
async fn a_token_of_the_same_person_is_no_new_share() {
    let site = site().await;
    let learner = site.learner();
    for _ in 0..5 {
        let again = site.with_token(learner.user, ports::Role::Learner, None);
        site.get(&again, "/me").await.expect(200);
    }
    site.get(&learner, "/me").await.refuses(429, "rate_limited");
}

#[actix_web::test]
async fn nodes_that_count_together_share_one_limit() {
    let quota = Arc::new(LocalQuota::default());
    let nodes = [Site::open_counted(quota.clone(), FEW).await, Site::open_counted(quota.clone(), FEW).await];
    let learner = nodes[0].learner();
    for n in 0..5 {
        nodes[n % 2].get(&learner, "/me").await.expect(200);
    }
    for node in &nodes {
        node.get(&learner, "/me").await.refuses(429, "rate_limited");
    }
    // Failed sign-ins at one of them count at the other.
    let guess = |site| {
        let code = json!({"code": "guess"});
        Site::send(site, request("POST", "/codes/redeem", None).set_json(code))
    };
    let mut tries = 0;
    while guess(&nodes[0]).await.status.as_u16() == 401 {
        tries += 1;
        assert!(tries < 100_000, "guessing is never slowed down");
    }
    guess(&nodes[1]).await.refuses(429, "too_many");
}

#[actix_web::test]
async fn pages_files_and_health_are_not_counted() {
    let site = site().await;
    for path in ["//", "//livez", "//readyz", "//metrics"] {
        for _ in 0..20 {
            let answer = site.send(request("GET", path, None)).await;
            assert_eq!(answer.status.as_u16(), 200, "{path}");
            assert!(answer.headers.get("x-ratelimit-limit").is_none(), "{path}");
        }
    }
}
