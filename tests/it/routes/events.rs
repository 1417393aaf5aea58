//! What happened, as those see it whom it concerns.

use super::site::{Answer, Site, Somebody, id, request};
use super::studying::answer;
use crate::study::binary::Place;
use crate::study::learner::somebody;
use crate::study::server::PATIENCE;
use domain::ids::{ClassId, UserId};
use ports::register::{ClassAmendment, Status};
use ports::{Register as _, Role};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// All events of somebody, by kind.
async fn kinds(site: &Site, who: &Somebody) -> Vec<String> {
    let page = site.get(who, "/events?limit=100").await.expect(200);
    assert_eq!(page["has_more"], false);
    page["items"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

/// Waits until somebody has been told so many times of this kind; the events of it.
async fn told(site: &Site, who: &Somebody, kind: &str, count: usize) -> Vec<Value> {
    let until = Instant::now() + PATIENCE;
    loop {
        let page = site.get(who, &format!("/events?limit=100&kind={kind}")).await.expect(200);
        let items = page["items"].as_array().unwrap().clone();
        if items.len() >= count {
            assert_eq!(items.len(), count, "{page}");
            return items;
        }
        assert!(Instant::now() < until, "nobody tells of {kind}: {page}");
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until the newest event of a kind that somebody is told of says so.
async fn newest(site: &Site, who: &Somebody, kind: &str, says: impl Fn(&Value) -> bool) {
    let until = Instant::now() + PATIENCE;
    loop {
        let page = site.get(who, &format!("/events?limit=100&kind={kind}")).await.expect(200);
        if page["items"].as_array().unwrap().last().is_some_and(&says) {
            return;
        }
        assert!(Instant::now() < until, "the newest {kind} is another: {page}");
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix_web::test]
async fn who_teaches_beside_the_teacher_hears_of_the_class_as_long_as_they_do_and_finds_it_at_home() {
    let site = Site::open().await;
    let (teacher, colleague) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Teacher, Some(1)));
    for who in [&teacher, &colleague] {
        site.get(who, "/me").await.expect(200);
    }
    let class = id(&site.post(&teacher, "/classes", json!({"title": "7b"})).await.expect(201), "class_id");
    let seat = format!("/classes/{class}/teachers/{}", colleague.user);
    let student = |n: u128| format!("/classes/{class}/students/{}", UserId::from_u128(n));
    let at_home = async || {
        let home = site.get(&colleague, "/me/home").await.expect(200);
        home["classes"].as_array().unwrap().iter().any(|of| of["class_id"] == class.as_str())
    };
    site.put(&teacher, &student(1)).await.expect(204);
    told(&site, &teacher, "enrollment.begun", 1).await;
    assert!(!at_home().await);
    site.put(&teacher, &seat).await.expect(204);
    // That they teach it now is the first they hear.
    told(&site, &colleague, "class.changed", 1).await;
    site.put(&teacher, &student(2)).await.expect(204);
    let heard = told(&site, &colleague, "enrollment.begun", 1).await;
    assert_eq!(heard[0]["class_id"], class.as_str());
    assert!(at_home().await);
    let seen = site.get(&colleague, "/users").await.expect(200);
    assert_eq!(seen["items"].as_array().unwrap().len(), 2, "the students, too");
    site.delete(&teacher, &seat).await.expect(204);
    site.put(&teacher, &student(3)).await.expect(204);
    told(&site, &teacher, "enrollment.begun", 3).await;
    assert_eq!(
        kinds(&site, &colleague).await,
        Vec::<String>::new(),
        "what came through the class went with it"
    );
    assert!(!at_home().await);
}

#[actix_web::test]
async fn what_becomes_of_a_deck_is_told_to_its_owner_and_to_administrators_alone() {
    let site = Site::open().await;
    let (owner, admin) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Admin, Some(1)));
    let (other, outside) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Admin, Some(2)));
    let deck = site.deck(&owner, "Secrets").await;
    told(&site, &owner, "deck.created", 1).await;
    site.card(&owner, &deck, "canary").await;
    site.card(&owner, &deck, "canary too").await;
    newest(&site, &owner, "deck.changed", |event| event["data"]["cards"] == 2).await;
    site.delete(&owner, &format!("/decks/{deck}")).await.expect(204);
    for who in [&owner, &admin] {
        told(&site, who, "deck.deleted", 1).await;
        let page = site.get(who, "/events").await.expect(200);
        let text = page.to_string();
        assert!(!text.contains("Secrets") && !text.contains("canary"), "neither titles nor texts: {text}");
        let items = page["items"].as_array().unwrap();
        assert!(items.iter().all(|event| event["deck_id"] == deck.as_str()), "{text}");
    }
    // Two changes in a moment are one event; on a slow machine they are two moments.
    let mut kinds_of_owner = kinds(&site, &owner).await;
    kinds_of_owner.dedup();
    assert_eq!(kinds_of_owner, ["deck.created", "deck.changed", "deck.deleted"]);
    for who in [&other, &outside] {
        assert_eq!(kinds(&site, who).await, [""; 0]);
    }
}

struct Class {
    teacher: Somebody,
    student: Somebody,
    admin: Somebody,
    class: String,
}

async fn class(site: &Site) -> Class {
    let (teacher, student) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Learner, Some(1)));
    let admin = site.somebody(Role::Admin, Some(1));
    let class = id(&site.post(&teacher, "/classes", json!({"title": "7b"})).await.expect(201), "class_id");
    site.get(&student, "/me").await.expect(200);
    let deck = site.deck(&teacher, "Biology").await;
    for path in [format!("students/{}", student.user), format!("decks/{deck}")] {
        let path = format!("/classes/{class}/{path}");
        site.put(&teacher, &path).await.expect(204);
        // Again nothing happens.
        site.put(&teacher, &path).await.expect(204);
    }
    // What was said before it is told, too: whether somebody came is looked at when that is told.
    let until = Instant::now() + PATIENCE;
    while !kinds(site, &teacher).await.contains(&"deck.given".to_owned()) {
        assert!(Instant::now() < until, "nobody tells of the deck");
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
    Class { teacher, student, admin, class }
}

#[actix_web::test]
async fn what_happens_in_a_class_is_told_to_who_runs_it_and_each_student_hears_of_themselves() {
    let site = Site::open().await;
    let it = class(&site).await;
    let seat = format!("/classes/{}/students/{}", it.class, it.student.user);
    site.delete(&it.teacher, &seat).await.expect(204);
    for who in [&it.teacher, &it.admin, &it.student] {
        let [left] = &told(&site, who, "enrollment.ended", 1).await[..] else { panic!() };
        assert_eq!((&left["class_id"], &left["user_id"]), (&json!(it.class), &json!(it.student.user.0)));
        told(&site, who, "enrollment.begun", 1).await;
    }
    for who in [&it.teacher, &it.admin] {
        told(&site, who, "class.created", 1).await;
        assert!(kinds(&site, who).await.contains(&"deck.given".to_owned()));
    }
    assert_eq!(kinds(&site, &it.student).await, ["enrollment.begun", "enrollment.ended"]);
}

#[actix_web::test]
async fn what_is_revoked_is_not_seen_afterwards() {
    let site = Site::open().await;
    let it = class(&site).await;
    told(&site, &it.teacher, "enrollment.begun", 1).await;
    let successor = site.somebody(Role::Teacher, Some(1));
    site.get(&successor, "/me").await.expect(200);
    let class: ClassId = it.class.parse().unwrap();
    let to = ClassAmendment { title: "7b".into(), teacher: successor.user, status: Status::Active };
    site.store.amend_class(class, to, 9).await.unwrap();
    let left = kinds(&site, &it.teacher).await;
    assert!(!left.iter().any(|kind| kind.starts_with("enrollment") || kind.starts_with("class")), "{left:?}");
    told(&site, &it.admin, "enrollment.begun", 1).await;
    let dismissed = site.with_token(it.admin.user, Role::Teacher, Some(1));
    assert_eq!(kinds(&site, &dismissed).await, [""; 0]);
    // Who teaches no longer runs no class, whatever it says of its teacher.
    let learner = site.with_token(successor.user, Role::Learner, Some(1));
    site.put(&successor, &format!("/classes/{}/students/{}", it.class, it.teacher.user)).await.expect(204);
    told(&site, &successor, "enrollment.begun", 1).await;
    assert_eq!(kinds(&site, &learner).await, [""; 0]);
}

#[actix_web::test]
async fn a_feed_is_read_on_page_by_page_from_where_one_was() {
    let site = Site::open().await;
    let admin = site.somebody(Role::Admin, Some(1));
    for n in 0..7 {
        site.deck(&admin, &format!("deck {n}")).await;
        site.post(&admin, "/classes", json!({"title": n.to_string()})).await.expect(201);
    }
    told(&site, &admin, "deck.created", 7).await;
    told(&site, &admin, "class.created", 7).await;
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = site.get(&admin, &format!("/events?limit=3{after}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        seen.extend(items.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        after = format!("&after={}", id(&page, "next"));
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(seen.len(), 14, "what both of their feeds have is there once");
    assert!(seen.is_sorted(), "{seen:?}");
    // The last page's cursor goes on where nothing is yet; `now` begins there.
    for after in [after, "&after=now".to_owned()] {
        let page = site.get(&admin, &format!("/events?limit=3{after}")).await.expect(200);
        assert_eq!(page["items"], json!([]));
        site.deck(&admin, "one more").await;
        let next = id(&page, "next");
        let page =
            site.get(&admin, &format!("/events?wait=30&kind=deck.created&after={next}")).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
    }
    for query in [
        "after=x",
        "after=eyJwIjoiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIn0",
        "kind=deck.eaten",
        "wait=31",
        "wait=x",
        "limit=0",
    ] {
        site.get(&admin, &format!("/events?{query}")).await.refuses(422, "invalid");
    }
}

#[actix_web::test]
async fn an_import_a_report_and_a_sitting_are_told_when_they_are_done() {
    let site = Site::open().await;
    let learner = site.somebody(Role::Learner, Some(1));
    let admin = site.somebody(Role::Admin, Some(1));
    let offered = request("POST", "/imports?title=Words&filename=Ada.csv", Some(&learner));
    let offered = offered.insert_header(("content-type", "text/csv")).set_payload("front,back\na,b\n,c\n");
    let job = id(&site.send(offered).await.expect(202), "job_id");
    let [done] = &told(&site, &learner, "import.finished", 1).await[..] else { panic!() };
    assert_eq!((&done["job_id"], &done["data"]["rejected"]), (&json!(job), &json!(1)));
    let deck = done["data"]["deck_ids"][0].as_str().unwrap().to_owned();
    // It was hidden until all was in it.
    told(&site, &learner, "deck.created", 1).await;
    let begun: Answer = site.send(request("POST", "/me/reports", Some(&learner))).await;
    let report = id(&begun.expect(202), "report");
    let [done] = &told(&site, &learner, "report.finished", 1).await[..] else { panic!() };
    assert_eq!((&done["data"]["report"], &done["data"]["status"]), (&json!(report), &json!("done")));
    let card = site.get(&learner, &format!("/decks/{deck}/cards")).await.expect(200)["items"][0].clone();
    let command = answer(&site, &deck, card["card_id"].as_str().unwrap(), 4);
    site.post(&learner, "/reviews", json!({"commands": [command]})).await.expect(200);
    site.delete(&learner, &format!("/imports/{job}?force=true")).await.expect(200);
    told(&site, &learner, "import.revoked", 1).await;
    assert!(
        !kinds(&site, &admin).await.iter().any(|kind| kind.starts_with("import")),
        "it is the learner's own"
    );
    let all = kinds(&site, &learner).await;
    assert!(!all.iter().any(|kind| kind.starts_with("sitting")), "no event for an answer: {all:?}");
}

#[actix_web::test]
async fn whom_an_organisation_names_is_told_to_its_administrators() {
    let site = Site::open().await;
    let (admin, teacher) = (site.somebody(Role::Admin, Some(1)), site.somebody(Role::Teacher, Some(1)));
    let users =
        json!({"users": [{"external_id": "s1", "name": "Ada"}, {"external_id": "s2", "name": "Grace"}]});
    site.post(&admin, "/users/batch", users).await.expect(200);
    let [named] = &told(&site, &admin, "users.named", 1).await[..] else { panic!() };
    assert_eq!(named["data"]["user_ids"].as_array().unwrap().len(), 2);
    assert!(!named.to_string().contains("Ada"));
    assert_eq!(kinds(&site, &teacher).await, [""; 0]);
}

/// A stream of events over a real socket.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(place: &Place, token: &str, query: &str, last: Option<&str>) -> Stream {
        let address = place.url().trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let last = last.map_or(String::new(), |last| format!("Last-Event-ID: {last}\r\n"));
        write!(
            stream,
            "GET /api/v1/events{query} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\
             Authorization: Bearer {token}\r\n{last}\r\n"
        )
        .unwrap();
        Stream(BufReader::new(stream))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
        line.trim_end().to_owned()
    }

    fn status(&mut self) -> String {
        self.line()
    }

    /// The next event: what it is called, its id, and what it says.
    fn next(&mut self) -> (String, String, Value) {
        let (mut kind, mut at) = (String::new(), String::new());
        loop {
            let line = self.line();
            match line.split_once(": ") {
                Some(("event", name)) => kind = name.to_owned(),
                Some(("id", id)) => at = id.to_owned(),
                Some(("data", data)) => return (kind, at, serde_json::from_str(data).unwrap()),
                _ => {}
            }
        }
    }

    /// Where it begins.
    fn first_id(&mut self) -> String {
        loop {
            if let Some(id) = self.line().strip_prefix("id: ") {
                return id.to_owned();
            }
        }
    }
}

#[test]
fn a_stream_goes_on_where_it_broke_off_and_one_person_has_only_so_many() {
    let place = Place::new();
    let _life = place.start();
    let user: UserId = somebody();
    let token = place.token(user);
    let deck = |title: &str| {
        let asked = ureq::post(format!("{}/api/v1/decks", place.url()));
        let asked = asked.header("authorization", format!("Bearer {token}"));
        let made: Value = asked.send_json(json!({"title": title})).unwrap().body_mut().read_json().unwrap();
        made["deck_id"].as_str().unwrap().to_owned()
    };
    let mut stream = Stream::open(&place, &token, "?after=now&kind=deck.created", None);
    assert_eq!(stream.status(), "HTTP/1.1 200 OK");
    let begun = stream.first_id();
    let first = deck("one");
    let (kind, at, data) = stream.next();
    assert_eq!((kind.as_str(), &data["deck_id"]), ("deck.created", &json!(first)));
    drop(stream);
    let second = deck("two");
    for (last, expected) in [(&at, vec![&second]), (&begun, vec![&first, &second])] {
        let mut stream = Stream::open(&place, &token, "?after=now&kind=deck.created", Some(last));
        for deck in expected {
            assert_eq!(stream.next().2["deck_id"], json!(deck));
        }
    }
    let open = |_| {
        let mut stream = Stream::open(&place, &token, "?after=now", None);
        (stream.status(), stream)
    };
    let streams: Vec<_> = (0..20).map(open).collect();
    let refused = streams.iter().filter(|(status, _)| status.starts_with("HTTP/1.1 429")).count();
    assert!((1..20).contains(&refused), "{refused} of 20 are refused");
}
