//! Guests: learners without an account come to a lesson by its code.

mod claims;
mod roll;

use super::lessons::{class_of, closed, opened, put_json};
use super::site::{Answer, Site, Somebody, each, id, request};
use super::studying::answer;
use domain::ids::{ClassId, LessonId, UserId, Uuid};
use ports::{ClassRecord, PaperKey, PaperKind, Papers, People, Role};
use serde_json::{Value, json};
use studyhall::joining::{Guest, Pin, key_of_name};

async fn code(site: &Site, teacher: &Somebody, class: &str, admission: &str) -> String {
    let path = format!("/classes/{class}/lesson/code");
    let given = put_json(site, teacher, &path, json!({"admission": admission})).await.expect(200);
    assert_eq!(given["url"], format!("/j/{}", given["code"].as_str().unwrap()));
    given["code"].as_str().unwrap().to_owned()
}

async fn join(site: &Site, body: Value, cookie: Option<&str>) -> Answer {
    let asked = request("POST", "/join", None).insert_header(("content-type", "application/json"));
    let asked = match cookie {
        Some(cookie) => asked.insert_header(("cookie", cookie.to_owned())),
        None => asked,
    };
    site.send(asked.set_payload(body.to_string())).await
}

fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("Path=/api/v1/join"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// A worker has its shard with the first command of anybody: of somebody who sees nothing here.
pub async fn awaken(site: &Site) {
    let nobody = site.somebody(Role::Learner, None);
    let nil = Uuid::nil().to_string();
    let asked = json!({"commands": [answer(site, &nil, &nil, 5)]});
    site.post(&nobody, "/reviews", asked).await.expect(200);
}

/// A class of somebody's school, in which they were the guest Ada, with the PIN 0000.
pub async fn guest_of(site: &Site, who: &Somebody) -> String {
    site.get(who, "/me").await.expect(200);
    let org = site.store.inner().person(who.user).await.unwrap().unwrap().org;
    let (class, user) = (ClassId(Uuid::new_v4()), UserId(Uuid::now_v7()));
    let record = ClassRecord {
        id: class,
        org,
        teacher: UserId(Uuid::new_v4()),
        title: "7b".to_owned(),
        created_ms: site.clock.wall_ms(),
        deleted_ms: None,
        students: Vec::new(),
        decks: Vec::new(),
    };
    site.store.create_class(record).await.unwrap();
    guest_in(site, class, user, "Ada").await;
    class.to_string()
}

/// Has a class know a guest by a name, with the PIN 0000; the id of the name.
pub async fn guest_in(site: &Site, class: ClassId, user: UserId, name: &str) -> Uuid {
    let (name, id) = key_of_name(class, name).unwrap();
    let guest = Guest::new(user, name, Pin::read("0000").unwrap(), Uuid::new_v4(), Uuid::new_v4());
    let key = PaperKey { of: class.0, kind: PaperKind::Guest, id };
    site.kept.put_paper(key, serde_json::to_vec(&guest).unwrap(), None).await.unwrap();
    id
}

fn guest(joined: &Value) -> Somebody {
    let user: UserId = id(joined, "user_id").parse().unwrap();
    Somebody { token: joined["token"].as_str().unwrap().to_owned(), user }
}

#[actix_web::test]
async fn who_has_the_code_of_an_open_lesson_is_in_the_class_at_once() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    let path = format!("/classes/{class}/lesson/code");
    put_json(&site, &teacher, &path, json!({})).await.refuses(409, "conflict");
    opened(&site, &class, 1).await;
    assert_eq!(site.get(&teacher, &path).await.expect(200)["code"], Value::Null);
    let code = code(&site, &teacher, &class, "open").await;
    assert_eq!(site.get(&teacher, &path).await.expect(200)["code"], code);
    let answer = join(&site, json!({"code": code.to_lowercase(), "name": "  Zoë "}), None).await;
    let joined = answer.expect(200);
    assert_eq!((&joined["state"], &joined["name"]), (&json!("admitted"), &json!("Zoë")));
    assert_eq!(joined["pin"].as_str().unwrap().len(), 4);
    let zoe = guest(&joined);
    let me = site.get(&zoe, "/me").await.expect(200);
    assert_eq!((&me["name"], &me["role"]), (&json!("Zoë"), &json!("guest")));
    assert_eq!(each(&site.get(&zoe, "/classes").await.expect(200), "class_id"), std::slice::from_ref(&class));
    let seen = site.get(&teacher, &format!("/classes/{class}")).await.expect(200);
    assert_eq!(seen["students"], json!([zoe.user.to_string()]));
}

#[actix_web::test]
async fn a_code_dies_with_its_lesson_and_another_lesson_has_another() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let first = code(&site, &teacher, &class, "open").await;
    assert_eq!(code(&site, &teacher, &class, "open").await, first, "a lesson keeps its code");
    closed(&site, &class).await;
    join(&site, json!({"code": first, "name": "Ada"}), None).await.refuses(401, "code_used");
    opened(&site, &class, 2).await;
    join(&site, json!({"code": first, "name": "Ada"}), None).await.refuses(401, "code_used");
    let second = code(&site, &teacher, &class, "open").await;
    assert_ne!(second, first);
    join(&site, json!({"code": first, "name": "Ada"}), None).await.refuses(401, "code_used");
    join(&site, json!({"code": second, "name": "Ada"}), None).await.expect(200);
    site.delete(&teacher, &format!("/classes/{class}/lesson/code")).await.expect(204);
    join(&site, json!({"code": second, "name": "Ben"}), None).await.refuses(401, "code_used");
    for wrong in ["", "AAAAAA", "not a code"] {
        join(&site, json!({"code": wrong, "name": "Ada"}), None).await.refuses(401, "code_used");
    }
}

#[actix_web::test]
async fn a_guest_comes_back_by_device_or_pin_and_nobody_else_does() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "open").await;
    let first = join(&site, json!({"code": code, "name": "Ada"}), None).await;
    let cookie = cookie_of(&first);
    let first = first.expect(200);
    let pin = first["pin"].as_str().unwrap().to_owned();
    let again = join(&site, json!({"code": code, "name": " ADA"}), Some(&cookie)).await.expect(200);
    assert_eq!((id(&again, "user_id"), again.get("pin")), (id(&first, "user_id"), None));
    let taken = join(&site, json!({"code": code, "name": "ada"}), None).await.refuses(409, "conflict");
    assert_eq!(taken["reason"], "name_taken");
    let elsewhere = json!({"code": code, "name": "ada", "pin": pin});
    let back = join(&site, elsewhere.clone(), None).await;
    let second_device = cookie_of(&back);
    let back = back.expect(200);
    assert_eq!(id(&back, "user_id"), id(&first, "user_id"));
    let known = join(&site, json!({"code": code, "name": "Ada"}), Some(&second_device)).await.expect(200);
    assert_eq!(id(&known, "user_id"), id(&first, "user_id"));
    let wrong = if pin == "0000" { "0001" } else { "0000" };
    for _ in 0..5 {
        let guess = json!({"code": code, "name": "ada", "pin": wrong});
        assert_eq!(join(&site, guess, None).await.refuses(403, "forbidden")["reason"], "wrong_pin");
    }
    let closed = join(&site, elsewhere, None).await;
    assert!(!closed.header("retry-after").is_empty());
    closed.refuses(429, "too_many");
    let nobody = json!({"code": code, "name": "Eve", "pin": pin});
    assert_eq!(join(&site, nobody, None).await.refuses(403, "forbidden")["reason"], "wrong_pin");
    for bad in ["", "  ", &"x".repeat(61)] {
        join(&site, json!({"code": code, "name": bad}), None).await.refuses(422, "invalid");
    }
}

#[actix_web::test]
async fn who_waits_in_the_lobby_is_let_in_or_sent_away_by_a_teacher() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "lobby").await;
    let mut guests = Vec::new();
    for name in ["Ada", "Ben"] {
        let joined = join(&site, json!({"code": code, "name": name}), None).await.expect(200);
        assert_eq!(joined["state"], "waiting");
        guests.push(guest(&joined));
    }
    let (standing, lobby) = (format!("/join/{class}"), format!("/classes/{class}/lobby"));
    let asked = site.get(&guests[0], &standing).await.expect(200);
    assert_eq!((&asked["state"], asked.get("token")), (&json!("waiting"), None));
    let waiting = site.get(&teacher, &lobby).await.expect(200);
    let mut names = each(&waiting, "name");
    names.sort();
    assert_eq!(names, ["Ada", "Ben"]);
    for _ in 0..2 {
        site.put(&teacher, &format!("{lobby}/{}", guests[0].user)).await.expect(204);
        site.delete(&teacher, &format!("{lobby}/{}", guests[1].user)).await.expect(204);
    }
    let admitted = site.get(&guests[0], &standing).await.expect(200);
    assert_eq!(admitted["state"], "admitted");
    let ada = Somebody { token: admitted["token"].as_str().unwrap().to_owned(), user: guests[0].user };
    assert_eq!(site.get(&ada, &standing).await.expect(200), json!({"state": "admitted"}));
    let turned_away = site.get(&guests[1], &standing).await.expect(200);
    assert_eq!((&turned_away["state"], turned_away.get("token")), (&json!("none"), None));
    site.get(&ada, &format!("/classes/{class}")).await.expect(200);
    assert_eq!(site.get(&ada, "/me").await.expect(200)["name"], "Ada");
    site.put(&teacher, &format!("{lobby}/{}", guests[1].user)).await.refuses(404, "not_found");
    assert_eq!(site.get(&teacher, &lobby).await.expect(200)["items"], json!([]));
}

#[actix_web::test]
async fn who_waits_is_nobody_and_who_is_let_in_studies_with_the_class_and_makes_nothing() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    let (deck, of_school) = (site.deck(&teacher, "Biology").await, site.deck(&teacher, "School").await);
    let card = site.card(&teacher, &deck, "front").await;
    let hidden = site.card(&teacher, &of_school, "front").await;
    let for_all = json!({"visibility": "org"});
    site.patch(&teacher, &format!("/decks/{of_school}"), for_all).await.expect(200);
    site.put(&teacher, &format!("/classes/{class}/decks/{deck}")).await.expect(204);
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "lobby").await;
    let waits = guest(&join(&site, json!({"code": code, "name": "Ada"}), None).await.expect(200));
    for path in ["/me", "/decks", &format!("/decks/{deck}"), &format!("/decks/{of_school}")] {
        site.get(&waits, path).await.refuses(401, "token_invalid");
    }
    site.post(&waits, "/decks", json!({"title": "x"})).await.refuses(401, "token_invalid");
    assert!(site.store.person(waits.user).await.unwrap().is_none(), "who waits has no account");
    site.put(&teacher, &format!("/classes/{class}/lobby/{}", waits.user)).await.expect(204);
    let standing = site.get(&waits, &format!("/join/{class}")).await.expect(200);
    let ada = Somebody { token: standing["token"].as_str().unwrap().to_owned(), user: waits.user };
    site.get(&ada, &format!("/decks/{deck}")).await.expect(200);
    let verdict = async |deck: &str, card: &str| {
        let said = json!({"commands": [answer(&site, deck, card, 5)]});
        site.post(&ada, "/reviews", said).await.expect(200)["verdicts"][0].clone()
    };
    assert_eq!(verdict(&deck, &card).await["verdict"], "durable");
    site.get(&ada, &format!("/decks/{of_school}")).await.refuses(404, "not_found");
    assert_ne!(verdict(&of_school, &hidden).await["verdict"], "durable");
    site.post(&ada, "/decks", json!({"title": "x"})).await.refuses(403, "forbidden");
    let upload = request("POST", "/imports?title=x", Some(&ada)).insert_header(("content-type", "text/csv"));
    site.send(upload.set_payload("front,back\na,b\n")).await.refuses(403, "forbidden");
    let claim = json!({"class_id": class, "name": "Ben", "pin": "0000"});
    site.post(&ada, "/me/claim", claim).await.refuses(403, "forbidden");
    let named = format!("/decks/{of_school}/editors/{}", ada.user);
    site.put(&teacher, &named).await.refuses(422, "invalid");
}

#[actix_web::test]
async fn a_locked_class_takes_nobody_new() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "open").await;
    let first = join(&site, json!({"code": code, "name": "Ada"}), None).await;
    let cookie = cookie_of(&first);
    self::code(&site, &teacher, &class, "locked").await;
    let refused = join(&site, json!({"code": code, "name": "Ben"}), None).await.refuses(403, "forbidden");
    assert_eq!(refused["reason"], "locked");
    let back = join(&site, json!({"code": code, "name": "Ada"}), Some(&cookie)).await.expect(200);
    assert_eq!(back["state"], "admitted");
    // Whom the teacher removed is somebody new.
    let ada = id(&back, "user_id");
    site.delete(&teacher, &format!("/classes/{class}/students/{ada}")).await.expect(204);
    join(&site, json!({"code": code, "name": "Ada"}), Some(&cookie)).await.refuses(403, "forbidden");
}

#[actix_web::test]
async fn a_device_that_guesses_is_slowed_down_and_nobody_beside_it_is() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "open").await;
    let cookie = cookie_of(&join(&site, json!({"code": code, "name": "Ada"}), None).await);
    let guess = json!({"code": "ACDEFG", "name": "Ada"});
    let mut refused = 0;
    while refused < 60 && join(&site, guess.clone(), Some(&cookie)).await.status == 401 {
        refused += 1;
    }
    assert!((10..60).contains(&refused), "{refused}");
    join(&site, guess, Some(&cookie)).await.refuses(429, "rate_limited");
    join(&site, json!({"code": code, "name": "Ben"}), None).await.expect(200);
}

#[actix_web::test]
async fn a_guest_belongs_to_the_school_of_the_class_and_to_no_other() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "open").await;
    let joined = join(&site, json!({"code": code, "name": "Ada"}), None).await.expect(200);
    let ada = guest(&joined);
    let other = site.somebody(Role::Teacher, Some(2));
    let elsewhere = id(&site.post(&other, "/classes", json!({"title": "x"})).await.expect(201), "class_id");
    let seat = format!("/classes/{elsewhere}/students/{}", ada.user);
    site.put(&other, &seat).await.refuses(404, "not_found");
    site.post(&ada, "/classes", json!({"title": "x"})).await.refuses(403, "forbidden");
}

/// Somebody who has waited for the n-th lesson of a class since its beginning.
async fn waits_for(site: &Site, class: &str, user: UserId, name: &str, n: u128) {
    let class: ClassId = class.parse().unwrap();
    let key = PaperKey { of: class.0, kind: PaperKind::Waiting, id: user.0 };
    let waits = json!({"name": name, "lesson": LessonId::from_u128(n).0, "since_ms": 1});
    site.kept.put_paper(key, serde_json::to_vec(&waits).unwrap(), None).await.unwrap();
}

#[actix_web::test]
async fn who_finds_the_lobby_full_comes_under_the_same_name_when_it_is_not() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "lobby").await;
    for n in 0..200 {
        waits_for(&site, &class, UserId::from_u128(n), "Somebody", 1).await;
    }
    let ada = json!({"code": code, "name": "Ada"});
    join(&site, ada.clone(), None).await.refuses(503, "unavailable");
    site.delete(&teacher, &format!("/classes/{class}/lobby/{}", UserId::from_u128(7))).await.expect(204);
    let joined = join(&site, ada, None).await.expect(200);
    assert_eq!((&joined["state"], joined["pin"].as_str().map(str::len)), (&json!("waiting"), Some(4)));
}

#[actix_web::test]
async fn who_lost_the_answer_asks_again_by_the_same_key_and_is_told_another_pin() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "open").await;
    let ada = json!({"code": code, "name": "Ada"});
    let by = async |key: &str| {
        let asked = request("POST", "/join", None).insert_header(("content-type", "application/json"));
        let asked = asked.insert_header(("idempotency-key", key.to_owned()));
        site.send(asked.set_payload(ada.to_string())).await
    };
    by("too short").await.refuses(422, "invalid");
    let key = Uuid::new_v4().to_string();
    let lost = by(&key).await.expect(200);
    by(&Uuid::new_v4().to_string()).await.refuses(409, "conflict");
    let told = by(&key).await.expect(200);
    assert_eq!(id(&told, "user_id"), id(&lost, "user_id"));
    let pin = told["pin"].as_str().unwrap();
    let back = join(&site, json!({"code": code, "name": "Ada", "pin": pin}), None).await.expect(200);
    assert_eq!((id(&back, "user_id"), back.get("pin")), (id(&lost, "user_id"), None));
}

#[actix_web::test]
async fn nobody_waits_any_more_who_came_in_another_way_was_removed_or_whose_lesson_is_over() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "lobby").await;
    let first = join(&site, json!({"code": code, "name": "Ada"}), None).await;
    let cookie = cookie_of(&first);
    let ada = guest(&first.expect(200));
    let (standing, lobby) = (format!("/join/{class}"), format!("/classes/{class}/lobby"));
    let stands = async |who: &Somebody| site.get(who, &standing).await.expect(200)["state"].clone();
    self::code(&site, &teacher, &class, "open").await;
    let back = join(&site, json!({"code": code, "name": "Ada"}), Some(&cookie)).await.expect(200);
    assert_eq!(back["state"], "admitted");
    assert_eq!(site.get(&teacher, &lobby).await.expect(200)["items"], json!([]));
    site.delete(&teacher, &format!("/classes/{class}/students/{}", ada.user)).await.expect(204);
    assert_eq!(stands(&ada).await, "none");
    site.put(&teacher, &format!("{lobby}/{}", ada.user)).await.refuses(404, "not_found");

    self::code(&site, &teacher, &class, "lobby").await;
    let ben = guest(&join(&site, json!({"code": code, "name": "Ben"}), None).await.expect(200));
    assert_eq!(stands(&ben).await, "waiting");
    closed(&site, &class).await;
    assert_eq!(stands(&ben).await, "none");
    site.put(&teacher, &format!("{lobby}/{}", ben.user)).await.refuses(404, "not_found");
    // A wish that was left behind is none for the next lesson, and whoever comes again has one for it.
    opened(&site, &class, 2).await;
    waits_for(&site, &class, ben.user, "Ben", 1).await;
    assert_eq!(stands(&ben).await, "none");
    site.put(&teacher, &format!("{lobby}/{}", ben.user)).await.refuses(404, "not_found");
}
