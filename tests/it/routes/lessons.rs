//! Live lessons over HTTP: how one stands, reports, who teaches a class and who stands in.

use super::site::{Answer, Site, Somebody, each, id, request};
use domain::ids::{ClassId, LessonId, RunId, UserId};
use domain::lesson::report::Report;
use domain::lesson::{LessonState, Record};
use kit::contract_lessons::report;
use kit::rows::START_MS;
use ports::{Holder, Lessons, Role};
use serde_json::{Value, json};
use std::sync::Arc;
use studyhall::http::Caller;
use studyhall::teaching::Teaching;

/// Stores how a class's lesson stands, as its owner does.
pub async fn stands(site: &Site, class: &str, change: impl FnOnce(&mut Record)) {
    let class: ClassId = class.parse().unwrap();
    let run = RunId::from_u128(1);
    let holder = match site.kept.holder(class).await.unwrap() {
        Some(holder) => holder,
        None => site.kept.take(class, None, run).await.unwrap().unwrap().holder,
    };
    assert_eq!(holder, Holder { run, epoch: 1 });
    let mut record = site.kept.record(class).await.unwrap().unwrap();
    record.document.version += 1;
    change(&mut record);
    site.kept.store(Arc::new(record), holder).await.unwrap();
}

/// The n-th lesson of a class begins.
pub async fn opened(site: &Site, class: &str, n: u128) {
    let now_ms = site.clock.wall_ms();
    stands(site, class, |record| {
        record.document.lesson = Some(LessonId::from_u128(n));
        record.document.state = LessonState::Open;
        (record.opened_ms, record.closed_ms, record.reported) = (now_ms, None, false);
    })
    .await;
}

/// The lesson that is on ends.
pub async fn closed(site: &Site, class: &str) {
    let now_ms = site.clock.wall_ms();
    stands(site, class, |record| {
        record.document.state = LessonState::Closed;
        (record.closed_ms, record.reported) = (Some(now_ms), true);
    })
    .await;
}

/// The report of the n-th lesson of a class, about these students.
pub async fn reported(site: &Site, class: &str, n: u128, students: &[UserId]) {
    let kept = report(1, n, START_MS + n as i64);
    let row = |(student, row): (&UserId, &_)| domain::lesson::output::StudentRow {
        student: *student,
        ..Clone::clone(row)
    };
    let kept = Report {
        class: class.parse().unwrap(),
        students: students.iter().zip(&kept.students).map(row).collect(),
        talk_to: students.to_vec(),
        ..kept
    };
    site.kept.keep_report(Arc::new(kept)).await.unwrap();
}

/// A class of a teacher of school 1, with so many students who have accounts.
pub async fn class_of(site: &Site, students: usize) -> (Somebody, String, Vec<Somebody>) {
    let teacher = site.somebody(Role::Teacher, Some(1));
    let class = id(&site.post(&teacher, "/classes", json!({"title": "7b"})).await.expect(201), "class_id");
    let mut all = Vec::new();
    for _ in 0..students {
        let student = site.somebody(Role::Learner, Some(1));
        site.get(&student, "/me").await.expect(200);
        site.put(&teacher, &format!("/classes/{class}/students/{}", student.user)).await.expect(204);
        all.push(student);
    }
    (teacher, class, all)
}

pub async fn put_json(site: &Site, who: &Somebody, path: &str, body: Value) -> Answer {
    let asked = request("PUT", path, Some(who)).insert_header(("content-type", "application/json"));
    site.send(asked.set_payload(body.to_string())).await
}

fn teaching(site: &Site) -> Teaching {
    let (papers, lessons) = (Arc::new(site.kept.clone()), Arc::new(site.kept.clone()));
    Teaching { people: Arc::new(site.store.clone()), papers, lessons }
}

#[actix_web::test]
async fn a_teacher_sees_how_a_lesson_stands() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    let path = format!("/classes/{class}/lesson");
    let none = site.get(&teacher, &path).await.expect(200);
    assert_eq!(
        (&none["state"], &none["lesson_id"], &none["document"]),
        (&json!("closed"), &json!(null), &json!(null))
    );
    opened(&site, &class, 7).await;
    stands(&site, &class, |record| record.document.message = Some("page 7".into())).await;
    let on = site.get(&teacher, &path).await.expect(200);
    assert_eq!((&on["state"], &on["lesson_id"]), (&json!("open"), &json!(LessonId::from_u128(7).0)));
    assert_eq!(on["document"]["message"], "page 7");
    closed(&site, &class).await;
    let over = site.get(&teacher, &path).await.expect(200);
    assert_eq!(over["state"], "closed");
    assert!(over["closed_at"].is_i64());
}

#[actix_web::test]
async fn lessons_that_are_over_are_listed_newest_first_in_pages() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    for n in [2, 1, 3] {
        reported(&site, &class, n, &[]).await;
    }
    let path = format!("/classes/{class}/lessons");
    let first = site.get(&teacher, &format!("{path}?limit=2")).await.expect(200);
    let name = |n| LessonId::from_u128(n).to_string();
    assert_eq!(each(&first, "lesson_id"), [name(3), name(2)]);
    let next = first["next"].as_str().unwrap();
    let rest = site.get(&teacher, &format!("{path}?limit=2&cursor={next}")).await.expect(200);
    assert_eq!((each(&rest, "lesson_id"), &rest["next"]), (vec![name(1).as_str()], &json!(null)));
    site.get(&teacher, &format!("{path}?cursor=x")).await.refuses(422, "invalid");
}

#[actix_web::test]
async fn a_report_names_those_who_are_enrolled_still_and_nobody_else() {
    let site = Site::open().await;
    let (teacher, class, students) = class_of(&site, 2).await;
    let users: Vec<UserId> = students.iter().map(|student| student.user).collect();
    reported(&site, &class, 1, &users).await;
    let path = format!("/classes/{class}/lessons/{}", LessonId::from_u128(1));
    let told = site.get(&teacher, &path).await.expect(200);
    let seen = |told: &Value, field: &str| told[field].as_array().unwrap().len();
    assert_eq!((seen(&told, "students"), seen(&told, "talk_to")), (2, 2));
    assert_eq!(told["students"][0]["name"], "Öde 1");
    site.delete(&teacher, &format!("/classes/{class}/students/{}", users[0])).await.expect(204);
    let told = site.get(&teacher, &path).await.expect(200);
    assert_eq!((seen(&told, "students"), seen(&told, "talk_to")), (1, 1));
    assert!(!told.to_string().contains(&users[0].to_string()));
    let table = site.get(&teacher, &format!("{path}?format=csv")).await;
    assert!(table.header("content-type").starts_with("text/csv"));
    let text = table.text();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains(&users[1].to_string()) && !text.contains(&users[0].to_string()));
    let accepted = request("GET", &path, Some(&teacher)).insert_header(("accept", "text/csv"));
    assert_eq!(site.send(accepted).await.text(), text);
    let unknown = format!("/classes/{class}/lessons/{}", LessonId::from_u128(9));
    site.get(&teacher, &unknown).await.refuses(404, "not_found");
    let (other, elsewhere, _) = class_of(&site, 0).await;
    let stolen = format!("/classes/{elsewhere}/lessons/{}", LessonId::from_u128(1));
    site.get(&other, &stolen).await.refuses(404, "not_found");
    site.get(&other, &path).await.refuses(404, "not_found");
}

#[actix_web::test]
async fn extra_time_is_kept_with_the_enrollment() {
    let site = Site::open().await;
    let (teacher, class, students) = class_of(&site, 1).await;
    let path = |user: UserId| format!("/classes/{class}/students/{user}/extra_time");
    let user = students[0].user;
    put_json(&site, &teacher, &path(user), json!({"percent": 50})).await.expect(204);
    let kept = ports::People::extra_times(&site.store, class.parse().unwrap()).await.unwrap();
    assert_eq!(kept, [(user, 50)]);
    put_json(&site, &teacher, &path(user), json!({"percent": 301})).await.refuses(422, "invalid");
    put_json(&site, &teacher, &path(teacher.user), json!({"percent": 5})).await.refuses(404, "not_found");
    put_json(&site, &students[0], &path(user), json!({"percent": 5})).await.refuses(403, "forbidden");
}

#[actix_web::test]
async fn another_teacher_runs_a_class_until_dismissed() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 1).await;
    let colleague = site.somebody(Role::Teacher, Some(1));
    let seat = format!("/classes/{class}/teachers/{}", colleague.user);
    let path = format!("/classes/{class}");
    site.put(&teacher, &seat).await.refuses(422, "invalid");
    site.get(&colleague, "/me").await.expect(200);
    site.get(&colleague, &path).await.refuses(404, "not_found");
    for _ in 0..2 {
        site.put(&teacher, &seat).await.expect(204);
    }
    let seen = site.get(&colleague, &path).await.expect(200);
    assert_eq!((&seen["may_edit"], seen["students"].as_array().unwrap().len()), (&json!(true), 1));
    assert_eq!(
        each(&site.get(&colleague, "/classes").await.expect(200), "class_id"),
        std::slice::from_ref(&class)
    );
    site.get(&colleague, &format!("{path}/lesson")).await.expect(200);
    let teachers = site.get(&colleague, &format!("{path}/teachers")).await.expect(200);
    assert_eq!(each(&teachers, "user_id"), [colleague.user.to_string()]);
    site.delete(&colleague, &seat).await.refuses(403, "forbidden");
    let who = Caller { user: colleague.user, role: Role::Teacher, org: None };
    let asked = teaching(&site);
    let of_class = class.parse().unwrap();
    assert!(asked.may_teach(of_class, &who).await.unwrap().is_some());
    let demoted = Caller { role: Role::Learner, ..who.clone() };
    assert!(asked.may_teach(of_class, &demoted).await.unwrap().is_none());
    site.delete(&teacher, &seat).await.expect(204);
    site.get(&colleague, &path).await.refuses(404, "not_found");
    assert_eq!(site.get(&colleague, "/classes").await.expect(200)["items"], json!([]));
    assert!(asked.may_teach(of_class, &who).await.unwrap().is_none());
}

#[actix_web::test]
async fn nobody_of_another_school_and_no_learner_teaches_a_class() {
    let site = Site::open().await;
    let (teacher, class, students) = class_of(&site, 1).await;
    let stranger = site.somebody(Role::Teacher, Some(2));
    site.get(&stranger, "/me").await.expect(200);
    for who in [stranger.user, students[0].user, teacher.user] {
        site.put(&teacher, &format!("/classes/{class}/teachers/{who}")).await.refuses(422, "invalid");
    }
}

#[actix_web::test]
async fn a_substitutes_link_holds_for_its_lesson_and_no_longer() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    let path = format!("/classes/{class}/substitutes");
    let wanted = json!({"name": " Kim ", "minutes": 45});
    opened(&site, &class, 1).await;
    let made = site.post(&teacher, &path, wanted.clone()).await.expect(201);
    assert_eq!((&made["name"], &made["lesson_id"]), (&json!("Kim"), &json!(LessonId::from_u128(1).0)));
    let link = made["link"].as_str().unwrap().to_owned();
    let listed = site.get(&teacher, &path).await.expect(200);
    assert_eq!(each(&listed, "link_id"), [id(&made, "link_id")]);
    assert!(!listed.to_string().contains(&link));
    let asked = teaching(&site);
    let now_ms = site.clock.wall_ms();
    let stands_in = asked.by_link(&link, now_ms).await.unwrap().unwrap();
    assert_eq!((stands_in.class, stands_in.name.as_str()), (class.parse().unwrap(), "Kim"));
    assert_eq!(asked.by_link(&link, now_ms + 46 * 60_000).await.unwrap(), None);
    let forged = link.replace(link.rsplit('.').next().unwrap(), &uuid::Uuid::new_v4().simple().to_string());
    assert_eq!(asked.by_link(&forged, now_ms).await.unwrap(), None);
    // It is no token.
    let bearer = Somebody { token: link.clone(), user: teacher.user };
    site.get(&bearer, "/me").await.refuses(401, "token_invalid");
    closed(&site, &class).await;
    assert_eq!(asked.by_link(&link, now_ms).await.unwrap(), None);
    opened(&site, &class, 2).await;
    assert_eq!(asked.by_link(&link, now_ms).await.unwrap(), None);
    let second = site.post(&teacher, &path, wanted.clone()).await.expect(201);
    let second_link = second["link"].as_str().unwrap();
    assert!(asked.by_link(second_link, now_ms).await.unwrap().is_some());
    site.delete(&teacher, &format!("{path}/{}", id(&second, "link_id"))).await.expect(204);
    assert_eq!(asked.by_link(second_link, now_ms).await.unwrap(), None);
    for minutes in [0, 1_441] {
        site.post(&teacher, &path, json!({"name": "Kim", "minutes": minutes})).await.refuses(422, "invalid");
    }
    for _ in 1..10 {
        site.post(&teacher, &path, wanted.clone()).await.expect(201);
    }
    site.post(&teacher, &path, wanted).await.refuses(422, "invalid");
}

#[actix_web::test]
async fn who_is_dismissed_leaves_no_links_behind() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    let colleague = site.somebody(Role::Teacher, Some(1));
    site.get(&colleague, "/me").await.expect(200);
    let seat = format!("/classes/{class}/teachers/{}", colleague.user);
    site.put(&teacher, &seat).await.expect(204);
    let path = format!("/classes/{class}/substitutes");
    let wanted = json!({"name": "Kim", "minutes": 45});
    let theirs = site.post(&colleague, &path, wanted.clone()).await.expect(201);
    let own = site.post(&teacher, &path, wanted).await.expect(201);
    let link = theirs["link"].as_str().unwrap();
    let (asked, now_ms) = (teaching(&site), site.clock.wall_ms());
    assert!(asked.by_link(link, now_ms).await.unwrap().is_some());
    site.delete(&teacher, &seat).await.expect(204);
    assert_eq!(asked.by_link(link, now_ms).await.unwrap(), None);
    let listed = site.get(&teacher, &path).await.expect(200);
    assert_eq!(each(&listed, "link_id"), [id(&own, "link_id")]);
    // Named again they make links anew; what they had is gone.
    site.put(&teacher, &seat).await.expect(204);
    assert_eq!(asked.by_link(link, now_ms).await.unwrap(), None);
}
