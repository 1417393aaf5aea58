//! Reports: made in the background, told in three ways, and kept for an hour.

use super::site::{Site, Somebody, id, request};
use super::studying::answer;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ports::Role;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a report may take, on a loaded machine.
pub const WITHIN: Duration = Duration::from_secs(30);

/// Waits until a report is made; its name.
pub async fn done(site: &Site, who: &Somebody, report: &str) -> String {
    let until = Instant::now() + WITHIN;
    loop {
        let stands = site.get(who, &format!("/reports/{report}")).await.expect(200);
        match stands["status"].as_str() {
            Some("done") => return report.to_owned(),
            Some("running") => assert!(Instant::now() < until, "a report takes too long"),
            _ => panic!("{stands}"),
        }
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn begun(site: &Site, who: &Somebody, path: &str, body: Value) -> String {
    let answer = site.post(who, path, body).await;
    assert!(answer.header("location").starts_with("/api/v1/reports/"), "{}", answer.text());
    id(&answer.expect(202), "report")
}

struct Class {
    teacher: Somebody,
    student: Somebody,
    class: String,
}

async fn class(site: &Site) -> Class {
    let (teacher, student) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Learner, Some(1)));
    let deck = site.deck(&teacher, "Biology").await;
    let card = site.card(&teacher, &deck, "front").await;
    let class = id(&site.post(&teacher, "/classes", json!({"title": "=7b"})).await.expect(201), "class_id");
    site.put(&teacher, &format!("/classes/{class}/decks/{deck}")).await.expect(204);
    site.get(&student, "/me").await.expect(200);
    site.patch(&student, "/me", json!({"name": "=SUM(A1) <b>"})).await.expect(200);
    site.put(&teacher, &format!("/classes/{class}/students/{}", student.user)).await.expect(204);
    let commands = json!({"commands": [answer(site, &deck, &card, 5)]});
    site.post(&student, "/reviews", commands).await.expect(200);
    Class { teacher, student, class }
}

#[actix_web::test]
async fn a_report_of_a_class_is_a_line_a_student_in_three_ways() {
    let site = Site::open().await;
    let it = class(&site).await;
    let path = format!("/classes/{}/reports", it.class);
    let report = begun(&site, &it.teacher, &path, json!({"kind": "class_progress"})).await;
    done(&site, &it.teacher, &report).await;
    let content = format!("/reports/{report}/content");
    let told = site.get(&it.teacher, &content).await.expect(200);
    assert_eq!(told["title"], "Progress of =7b");
    assert_eq!(
        (&told["rows"][0]["name"], &told["rows"][0]["answers"], &told["rows"][0]["accuracy"]),
        (&json!("=SUM(A1) <b>"), &json!(1), &json!(100.0))
    );
    let table = site.get(&it.teacher, &format!("{content}?format=csv")).await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    assert!(table.text().contains("\"'=SUM(A1) <b>\","), "{}", table.text());
    let page = site.get(&it.teacher, &format!("{content}?format=html")).await;
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    assert!(page.text().contains("=SUM(A1) &lt;b&gt;"), "{}", page.text());
    // Nobody else, and not for long.
    for stranger in [&it.student, &site.somebody(Role::Teacher, Some(1))] {
        for path in [format!("/reports/{report}"), content.clone()] {
            let refused = site.get(stranger, &path).await;
            assert!(matches!(refused.status.as_u16(), 403 | 404), "{}", refused.text());
        }
    }
    let now_ms = site.clock.wall_ms() + 3_600_000;
    site.send(request("POST", "//dev/clock", None).set_json(json!({"now": now_ms}))).await.expect(200);
    site.get(&it.teacher, &content).await.refuses(404, "not_found");
}

#[actix_web::test]
async fn a_transcript_is_ones_own_or_that_of_a_student_within_a_class() {
    let site = Site::open().await;
    let it = class(&site).await;
    let own = begun(&site, &it.student, "/me/reports", json!({})).await;
    done(&site, &it.student, &own).await;
    let told = site.get(&it.student, &format!("/reports/{own}/content")).await.expect(200);
    assert_eq!((&told["about"]["answers"], &told["rows"][0]["deck"]), (&json!(1), &json!("Biology")));
    // The same name is somebody else's own transcript.
    done(&site, &it.teacher, &own).await;
    let others = site.get(&it.teacher, &format!("/reports/{own}/content")).await.expect(200);
    assert_eq!(others["about"]["answers"], 0);
    let path = format!("/classes/{}/reports", it.class);
    let wanted = json!({"kind": "transcript", "user_id": it.student.user.to_string()});
    let report = begun(&site, &it.teacher, &path, wanted).await;
    done(&site, &it.teacher, &report).await;
    let told = site.get(&it.teacher, &format!("/reports/{report}/content")).await.expect(200);
    assert_eq!((&told["about"]["name"], &told["about"]["answers"]), (&json!("=SUM(A1) <b>"), &json!(1)));
    let stranger = json!({"kind": "transcript", "user_id": it.teacher.user.to_string()});
    site.post(&it.teacher, &path, stranger).await.refuses(404, "not_found");
    site.post(&it.teacher, &path, json!({"kind": "transcript"})).await.refuses(422, "invalid");
    site.post(&it.student, &path, json!({"kind": "class_progress"})).await.refuses(403, "forbidden");
    // Who has left is no student any more.
    let seat = format!("/classes/{}/students/{}", it.class, it.student.user);
    site.delete(&it.teacher, &seat).await.expect(204);
    site.get(&it.teacher, &format!("/reports/{report}/content")).await.refuses(404, "not_found");
    site.get(&it.teacher, "/reports/nonsense").await.refuses(404, "not_found");
}

#[actix_web::test]
async fn a_name_of_days_that_no_calendar_has_is_nobodys_report() {
    let site = Site::open().await;
    let learner = site.somebody(Role::Learner, None);
    let named = |from: i32, to: i32| {
        let asked_ms = site.clock.wall_ms();
        let spec = json!({"kind": "transcript", "class": null, "user": null, "from": from, "to": to,
            "asked_ms": asked_ms});
        URL_SAFE_NO_PAD.encode(spec.to_string())
    };
    done(&site, &learner, &named(20_000, 20_000)).await;
    let beyond = [(7_304_485, 7_304_485), (-7_304_485, 0), (2_932_897, 2_932_897), (i32::MIN, i32::MAX)];
    for (from, to) in beyond.into_iter().chain([(i32::MAX, i32::MAX), (i32::MIN, i32::MIN)]) {
        let path = format!("/reports/{}", named(from, to));
        site.get(&learner, &path).await.refuses(404, "not_found");
        site.get(&learner, &format!("{path}/content")).await.refuses(404, "not_found");
    }
}
