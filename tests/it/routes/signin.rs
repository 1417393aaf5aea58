use super::site::{Site, Somebody, request, with_header};
use domain::ids::UserId;
use ports::Role;
use serde_json::json;
use uuid::Uuid;

#[actix_web::test]
async fn a_token_that_is_missing_late_forged_or_rubbish_is_told_apart() {
    let site = Site::open().await;
    let learner = site.learner();
    site.send(request("GET", "/me", None)).await.refuses(401, "unauthorized");
    let of = |token: &str| Somebody { user: learner.user, token: token.to_owned() };
    site.get(&of(&site.late_token()), "/me").await.refuses(401, "token_expired");
    site.get(&of("rubbish"), "/me").await.refuses(401, "token_invalid");
    let at = learner.token.len() - 9;
    let mut forged = learner.token.clone();
    forged.replace_range(at..=at, if learner.token[at..].starts_with('A') { "B" } else { "A" });
    site.get(&of(&forged), "/me").await.refuses(401, "token_invalid");
    let basic = with_header(request("GET", "/me", None), "authorization", "Basic YTpi");
    site.send(basic).await.refuses(401, "unauthorized");
    assert_eq!(site.get(&learner, "/me").await.expect(200)["user_id"], learner.user.to_string());
}

#[actix_web::test]
async fn no_refusal_repeats_the_token() {
    let site = Site::open().await;
    let canary = "canary.canary.canary";
    let answer = site.get(&Somebody { user: UserId(Uuid::new_v4()), token: canary.into() }, "/me").await;
    assert!(!answer.text().contains("canary"));
}

#[actix_web::test]
async fn a_person_of_one_organisation_is_refused_with_a_token_of_another() {
    let site = Site::open().await;
    let teacher = site.somebody(Role::Teacher, Some(1));
    site.get(&teacher, "/me").await.expect(200);
    let moved = site.with_token(teacher.user, Role::Teacher, Some(2));
    site.get(&moved, "/me").await.refuses(403, "other_org");
    site.get(&teacher, "/me").await.expect(200);
}

#[actix_web::test]
async fn a_code_signs_in_once() {
    let site = Site::open().await;
    let user = UserId(Uuid::new_v4());
    let code = site.codes.give(site.wanted(user, Role::Teacher, None));
    let redeem =
        |code: &str| site.send(request("POST", "/codes/redeem", None).set_json(json!({"code": code})));
    let signed_in = redeem(&code).await.expect(200);
    assert_eq!(
        (signed_in["user_id"].as_str(), signed_in["role"].as_str()),
        (Some(&*user.to_string()), Some("teacher"))
    );
    let token = signed_in["token"].as_str().unwrap().to_owned();
    assert_eq!(site.get(&Somebody { user, token }, "/me").await.expect(200)["user_id"], user.to_string());
    redeem(&code).await.refuses(401, "code_used");
    redeem("never given").await.refuses(401, "code_used");
}

#[actix_web::test]
async fn an_address_that_keeps_failing_waits_while_those_signed_in_behind_it_go_on() {
    let site = Site::open().await;
    let learner = site.learner();
    let guess = || site.send(request("POST", "/codes/redeem", None).set_json(json!({"code": "guess"})));
    let mut tries = 0;
    let refused = loop {
        let answer = guess().await;
        tries += 1;
        if answer.status.as_u16() == 429 {
            break answer;
        }
        assert!(tries < 100_000, "guessing is never slowed down");
    };
    assert!(tries > 100, "a class that mistypes is not an attack");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    refused.refuses(429, "too_many");
    site.get(&learner, "/me").await.expect(200);
    // A proxy that is trusted speaks for others: they are counted by their own address.
    let elsewhere = request("POST", "/codes/redeem", None).peer_addr(([10, 0, 0, 1], 4_000).into());
    let elsewhere =
        with_header(elsewhere, "x-forwarded-for", "198.51.100.7").set_json(json!({"code": "guess"}));
    site.send(elsewhere).await.refuses(401, "code_used");
}

#[actix_web::test]
async fn people_change_their_zone_their_day_and_their_name() {
    let site = Site::open().await;
    let learner = site.learner();
    let me = site.get(&learner, "/me").await.expect(200);
    assert_eq!((me["zone"].as_str(), me["rollover_hour"].as_u64()), (Some("UTC"), Some(4)));
    let noon_ms = 1_767_960_000_000_i64; // 2026-01-09T12:00:00Z
    site.send(request("POST", "//dev/clock", None).set_json(json!({"now": noon_ms}))).await.expect(200);
    let change = json!({"zone": "Pacific/Kiritimati", "rollover_hour": 0, "name": "Ada"});
    let me = site.patch(&learner, "/me", change).await.expect(200);
    assert_eq!((me["zone"].as_str(), me["today"].as_str()), (Some("Pacific/Kiritimati"), Some("2026-01-10")));
    assert_eq!(site.get(&learner, "/me").await.expect(200)["name"], "Ada");
    for bad in [json!({"zone": "Mars/Olympus"}), json!({"rollover_hour": 24}), json!({"name": " "})] {
        site.patch(&learner, "/me", bad).await.refuses(422, "invalid");
    }
}
