//! What was done, summed up: a learner's first page, days, sittings, classes, trees, searches.

use super::site::{Site, Somebody, each, id, request};
use super::studying::answer;
use ports::Role;
use serde_json::{Value, json};

/// 2026-03-10, noon UTC.
const NOON_MS: i64 = 1_773_144_000_000;
const DAY_MS: i64 = 86_400_000;

async fn set_clock(site: &Site, now_ms: i64) {
    site.send(request("POST", "//dev/clock", None).set_json(json!({"now": now_ms}))).await.expect(200);
}

/// Answers a card now.
async fn answered(site: &Site, who: &Somebody, deck: &str, card: &str, grade: u8, sitting: Option<&str>) {
    let mut command = answer(site, deck, card, grade);
    if let Some(sitting) = sitting {
        command["sitting"] = sitting.into();
    }
    let verdicts = site.post(who, "/reviews", json!({"commands": [command]})).await.expect(200);
    assert_eq!(verdicts["verdicts"][0]["verdict"], "durable", "{verdicts}");
}

/// A learner with a deck of three cards, who signed in on the day before yesterday.
async fn learner_with_deck(site: &Site) -> (Somebody, String, Vec<String>) {
    set_clock(site, NOON_MS - 2 * DAY_MS).await;
    let learner = site.learner();
    let deck = site.deck(&learner, "Biology::Cell").await;
    let mut cards = Vec::new();
    for n in 0..3 {
        cards.push(site.card(&learner, &deck, &format!("front {n}")).await);
    }
    (learner, deck, cards)
}

const SITTING: &str = "019cd7b5-0000-7000-8000-000000000001";

#[actix_web::test]
async fn days_without_study_are_zeros_and_all_days_add_up() {
    let site = Site::open().await;
    let (learner, deck, cards) = learner_with_deck(&site).await;
    answered(&site, &learner, &deck, &cards[0], 5, Some(SITTING)).await;
    answered(&site, &learner, &deck, &cards[1], 1, Some(SITTING)).await;
    set_clock(&site, NOON_MS).await;
    answered(&site, &learner, &deck, &cards[2], 4, None).await;
    let days = site.get(&learner, "/analytics").await.expect(200);
    assert_eq!((days["from"].as_str(), days["to"].as_str()), (Some("2026-02-09"), Some("2026-03-10")));
    let items = days["items"].as_array().unwrap();
    assert_eq!(items.len(), 30);
    let zero = json!({"day": "2026-03-09", "answers": 0, "correct": 0, "accuracy": 0.0, "cards": 0, "sittings": 0, "minutes": 0.0});
    assert_eq!(items[28], zero);
    assert_eq!(
        items[27],
        json!({"day": "2026-03-08", "answers": 2, "correct": 1, "accuracy": 50.0, "cards": 2, "sittings": 1, "minutes": 0.05})
    );
    assert_eq!(
        days["total"],
        json!({"answers": 3, "correct": 2, "accuracy": 66.7, "cards": 3, "sittings": 2, "minutes": 0.08})
    );
    assert_eq!(
        (&days["days_studied"], &days["mean"]["answers"], &days["mean"]["accuracy"]),
        (&json!(2), &json!(1.5), &json!(66.7))
    );
    let two = site.get(&learner, "/analytics?from=2026-03-09&to=2026-03-10").await.expect(200);
    assert_eq!((two["items"].as_array().unwrap().len(), &two["total"]["answers"]), (2, &json!(1)));
    let other = uuid::Uuid::new_v4();
    let none = site.get(&learner, &format!("/analytics?deck_id={other}")).await.expect(200);
    assert_eq!(none["total"]["answers"], 0);
    for bad in ["from=x", "from=2026-03-11", "from=2020-01-01", "to=2026-02-30"] {
        site.get(&learner, &format!("/analytics?{bad}")).await.refuses(422, "invalid");
    }
}

#[actix_web::test]
async fn sittings_are_listed_newest_first() {
    let site = Site::open().await;
    let (learner, deck, cards) = learner_with_deck(&site).await;
    answered(&site, &learner, &deck, &cards[0], 5, Some(SITTING)).await;
    answered(&site, &learner, &deck, &cards[1], 1, Some(SITTING)).await;
    set_clock(&site, NOON_MS).await;
    answered(&site, &learner, &deck, &cards[2], 4, None).await;
    let list = site.get(&learner, "/sittings").await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["sitting_id"], &items[0]["day"]), (&Value::Null, &json!("2026-03-10")));
    assert_eq!((&items[1]["sitting_id"], &items[1]["answers"]), (&json!(SITTING), &json!(2)));
    assert_eq!((&items[1]["decks"], &items[1]["accuracy"]), (&json!([deck]), &json!(50.0)));
    let page = site.get(&learner, "/sittings?limit=1&fields=answers&sort=-answers").await.expect(200);
    assert_eq!(page["items"], json!([{"answers": 2}]));
    assert!(page["next"].is_string());
    let second = site.get(&learner, "/sittings?page=2&page_size=1").await.expect(200);
    assert_eq!(
        (&second["total"], &second["has_next"], &second["has_prev"]),
        (&json!(2), &json!(false), &json!(true))
    );
    site.get(&learner, "/sittings?sort=grade").await.refuses(422, "invalid");
}

#[actix_web::test]
async fn a_first_page_is_one_answer_and_a_part_that_fails_leaves_the_others() {
    let site = Site::open().await;
    let (learner, deck, cards) = learner_with_deck(&site).await;
    for day in 0..3 {
        set_clock(&site, NOON_MS - (2 - day) * DAY_MS).await;
        answered(&site, &learner, &deck, &cards[day as usize], 5, None).await;
    }
    let home = site.get(&learner, "/me/home").await.expect(200);
    assert_eq!((&home["today"], &home["reasons"]), (&json!("2026-03-10"), &json!({})));
    let due = site.get(&learner, "/due?limit=0").await.expect(200);
    assert_eq!(home["decks"]["due"], due["counts"]);
    assert_eq!(home["decks"]["items"][0]["deck_id"], deck.as_str());
    assert_eq!(home["decks"]["items"][0]["due"], due["counts"]);
    assert_eq!(home["classes"], json!([]));
    assert_eq!(
        (&home["figures"]["streak_days"], &home["figures"]["today"]["answers"]),
        (&json!(3), &json!(1))
    );
    for (reads, part) in [(["standing"], "decks"), (["classes_of"], "classes"), (["survey"], "figures")] {
        site.store.fail(reads);
        let home = site.get(&learner, "/me/home").await.expect(200);
        for name in ["decks", "classes", "figures"] {
            assert_eq!(home[name].is_null(), name == part, "{name} when {part} fails: {home}");
        }
        assert_eq!(home["reasons"][part]["code"], "unavailable");
        assert_eq!(home["reasons"].as_object().unwrap().len(), 1);
        assert_eq!(home["today"], "2026-03-10");
    }
}

/// A class with a deck and two students, of whom the first answered.
struct Class {
    teacher: Somebody,
    students: [Somebody; 2],
    class: String,
    deck: String,
    cards: Vec<String>,
}

async fn class(site: &Site) -> Class {
    set_clock(site, NOON_MS - 2 * DAY_MS).await;
    let teacher = site.somebody(Role::Teacher, Some(1));
    let students = [site.somebody(Role::Learner, Some(1)), site.somebody(Role::Learner, Some(1))];
    let deck = site.deck(&teacher, "Biology").await;
    let mut cards = Vec::new();
    for n in 0..2 {
        cards.push(site.card(&teacher, &deck, &format!("front {n}")).await);
    }
    let class = id(&site.post(&teacher, "/classes", json!({"title": "7b"})).await.expect(201), "class_id");
    site.put(&teacher, &format!("/classes/{class}/decks/{deck}")).await.expect(204);
    for student in &students {
        site.get(student, "/me").await.expect(200);
        site.put(&teacher, &format!("/classes/{class}/students/{}", student.user)).await.expect(204);
    }
    set_clock(site, NOON_MS - DAY_MS).await;
    let own = site.deck(&students[0], "Own").await;
    let private = site.card(&students[0], &own, "private").await;
    answered(site, &students[0], &own, &private, 5, None).await;
    answered(site, &students[0], &deck, &cards[0], 5, None).await;
    set_clock(site, NOON_MS).await;
    answered(site, &students[0], &deck, &cards[1], 2, None).await;
    Class { teacher, students, class, deck, cards }
}

#[actix_web::test]
async fn a_teacher_sees_what_students_did_in_the_decks_of_the_class_and_nothing_else() {
    let site = Site::open().await;
    let it = class(&site).await;
    let path = format!("/classes/{}/analytics", it.class);
    let list = site.get(&it.teacher, &format!("{path}?sort=-answers")).await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let first = &items[0];
    assert_eq!(first["user_id"], it.students[0].user.to_string());
    assert!(first["name"].as_str().is_some_and(|name| name.starts_with("Somebody")));
    assert_eq!((&first["answers"], &first["correct"], &first["cards"]), (&json!(2), &json!(1), &json!(2)));
    assert!(first["last_seen"].as_i64().is_some_and(|at| at >= NOON_MS));
    assert!(first["enrolled_at"].as_i64().is_some_and(|at| (at - NOON_MS + 2 * DAY_MS).abs() < 60_000));
    assert_eq!((&items[1]["answers"], &items[1]["last_seen"]), (&json!(0), &Value::Null));
    let today = site.get(&it.teacher, &format!("{path}?from=2026-03-10&sort=-answers")).await.expect(200);
    assert_eq!(today["items"][0]["answers"], 1);
    let of_deck = site.get(&it.teacher, &format!("{path}?deck_id={}", it.deck)).await.expect(200);
    assert_eq!(each(&of_deck, "user_id").len(), 2);
    let foreign = uuid::Uuid::new_v4();
    site.get(&it.teacher, &format!("{path}?deck_id={foreign}")).await.refuses(404, "not_found");
    site.get(&it.students[0], &path).await.refuses(403, "forbidden");
    // Who comes again is a student from then on.
    let seat = format!("/classes/{}/students/{}", it.class, it.students[0].user);
    site.delete(&it.teacher, &seat).await.expect(204);
    assert_eq!(each(&site.get(&it.teacher, &path).await.expect(200), "user_id").len(), 1);
    set_clock(&site, NOON_MS + 3_600_000).await;
    site.put(&it.teacher, &seat).await.expect(204);
    let again = site.get(&it.teacher, &format!("{path}?sort=-enrolled_at")).await.expect(200);
    assert_eq!(again["items"][0]["answers"], 0, "{again}");
    answered(&site, &it.students[0], &it.deck, &it.cards[0], 5, None).await;
    let again = site.get(&it.teacher, &format!("{path}?sort=-enrolled_at")).await.expect(200);
    assert_eq!(again["items"][0]["answers"], 1);
}

#[actix_web::test]
async fn a_dashboard_is_one_answer_and_a_part_that_fails_leaves_the_others() {
    let site = Site::open().await;
    let it = class(&site).await;
    let path = format!("/classes/{}/dashboard", it.class);
    let board = site.get(&it.teacher, &path).await.expect(200);
    assert_eq!((&board["class"]["title"], &board["reasons"]), (&json!("7b"), &json!({})));
    assert_eq!((&board["from"], &board["to"]), (&json!("2026-02-09"), &json!("2026-03-10")));
    assert_eq!((&board["decks"][0]["title"], &board["decks"][0]["cards"]), (&json!("Biology"), &json!(2)));
    assert_eq!(board["students"].as_array().unwrap().len(), 2);
    assert_eq!((&board["total"]["answers"], &board["total"]["accuracy"]), (&json!(2), &json!(50.0)));
    assert_eq!(board["active_today"], 1);
    for (read, part) in [("decks", "decks"), ("survey", "students"), ("persons", "students")] {
        site.store.fail([read]);
        let board = site.get(&it.teacher, &path).await.expect(200);
        assert_eq!(board["class"]["title"], "7b");
        for name in ["decks", "students"] {
            assert_eq!(board[name].is_null(), name == part, "{name} when {read} fails: {board}");
        }
        assert_eq!(board["reasons"][part]["code"], "unavailable");
    }
    site.store.fail(["class"]);
    site.get(&it.teacher, &path).await.refuses(503, "unavailable");
    site.store.fail([]);
    let of_student = site.get(&it.students[0], &format!("/classes/{}", it.class)).await.expect(200);
    assert!(of_student.get("students").is_none(), "students do not see who else studies");
}

#[actix_web::test]
async fn decks_are_found_read_together_and_shown_as_a_tree_with_figures() {
    let site = Site::open().await;
    let (learner, deck, cards) = learner_with_deck(&site).await;
    let other = site.deck(&learner, "Chemistry").await;
    site.patch(&learner, &format!("/decks/{other}"), json!({"tags": ["School"], "path": "Biology::Other"}))
        .await
        .expect(200);
    answered(&site, &learner, &deck, &cards[0], 5, None).await;
    for (query, titles) in [
        ("q=cell", vec!["Biology::Cell"]),
        ("q=SCHOOL", vec!["Chemistry"]),
        ("tag=school", vec!["Chemistry"]),
        ("tag=scho", vec![]),
        ("", vec!["Biology::Cell", "Chemistry"]),
    ] {
        let list = site.get(&learner, &format!("/decks?sort=title&{query}")).await.expect(200);
        assert_eq!(each(&list, "title"), titles, "{query}");
    }
    let list = site.get(&learner, "/decks?figures=true&sort=title&fields=title,figures").await.expect(200);
    let figures = &list["items"][0]["figures"];
    assert_eq!((&figures["seen"], &figures["mastered"], &figures["due"]), (&json!(1), &json!(0), &json!(0)));
    assert!(figures["as_of"].as_i64().is_some_and(|at| (at - site.clock.wall_ms()).abs() < 60_000));
    // They are those of then until they are older than they may be.
    answered(&site, &learner, &deck, &cards[1], 5, None).await;
    let seen = async || {
        let list = site.get(&learner, "/decks?figures=true&sort=title").await.expect(200);
        list["items"][0]["figures"]["seen"].clone()
    };
    assert_eq!(seen().await, 1);
    set_clock(&site, site.clock.wall_ms() + 16_000).await;
    assert_eq!(seen().await, 2);
    let tree = site.get(&learner, "/decks/tree?figures=true").await.expect(200);
    assert_eq!(
        (&tree["deck_count"], &tree["cards"], &tree["figures"]["seen"]),
        (&json!(2), &json!(3), &json!(2))
    );
    let plain = site.get(&learner, "/decks/tree").await.expect(200);
    assert_eq!((&plain["deck_count"], &plain["figures"]), (&json!(2), &Value::Null));
    let stranger = site.learner();
    let missing = uuid::Uuid::new_v4();
    let wanted = format!("/decks/batch?ids={other},{missing},{deck},{other}");
    let both = site.get(&learner, &wanted).await.expect(200);
    assert_eq!(each(&both, "deck_id"), [other.as_str(), &deck]);
    assert_eq!(both["missing"], json!([missing.to_string()]));
    let none = site.get(&stranger, &wanted).await.expect(200);
    assert_eq!((none["items"].as_array().unwrap().len(), none["missing"].as_array().unwrap().len()), (0, 3));
    site.get(&learner, "/decks/batch?ids=x").await.refuses(422, "invalid");
}

#[actix_web::test]
async fn cards_are_found_by_words_in_the_decks_that_one_has_and_nowhere_else() {
    let site = Site::open().await;
    let (learner, deck, cards) = learner_with_deck(&site).await;
    let other = site.deck(&learner, "Chemistry").await;
    let tagged = json!({"front": "mole", "back": "amount <b>of</b> substance", "tags": ["front desk"]});
    site.post(&learner, &format!("/decks/{other}/cards"), tagged).await.expect(201);
    let stranger = site.learner();
    let foreign = site.deck(&stranger, "Foreign").await;
    site.card(&stranger, &foreign, "front of somebody else").await;
    let found = async |query: &str| site.get(&learner, &format!("/cards/search?{query}")).await.expect(200);
    assert_eq!(each(&found("q=FRONT").await, "card_id").len(), 4);
    assert_eq!(each(&found("q=front+1").await, "card_id"), [cards[1].as_str()]);
    assert_eq!(each(&found(&format!("q=front&deck_id={other}")).await, "front"), ["mole"]);
    assert_eq!(found("q=nothing").await["items"], json!([]));
    let (mut seen, mut query) = (Vec::new(), "q=front&limit=3".to_owned());
    loop {
        let page = found(&query).await;
        seen.extend(each(&page, "card_id").into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("q=front&limit=3&cursor={next}");
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4);
    for bad in ["", "q=", "q=%20!", "q=x&limit=0", "q=x&cursor=y"] {
        site.get(&learner, &format!("/cards/search?{bad}")).await.refuses(422, "invalid");
    }
    site.get(&learner, &format!("/cards/search?q=front&deck_id={foreign}")).await.refuses(404, "not_found");
    let _ = deck;
}

#[actix_web::test]
async fn the_log_is_told_as_a_table_as_well_all_of_it() {
    let site = Site::open().await;
    let (learner, deck, cards) = learner_with_deck(&site).await;
    // More than are read at once.
    let commands: Vec<Value> = (0..1_200).map(|n| answer(&site, &deck, &cards[n % 3], 4)).collect();
    for some in commands.chunks(300) {
        site.post(&learner, "/reviews", json!({"commands": some})).await.expect(200);
    }
    for request in [
        request("GET", "/history?format=csv", Some(&learner)),
        request("GET", "/history", Some(&learner)).insert_header(("accept", "text/csv")),
    ] {
        let answer = site.send(request).await;
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
        let text = answer.text();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("id,kind,counted_as,undone,deck_id"), "{}", lines[0]);
        assert_eq!(lines.len(), 1_201, "one line an entry, and the head once");
        assert!(lines[1].contains(",review,new,false,") && lines[1].contains(&deck), "{}", lines[1]);
    }
    let one_day = "/history?format=csv&from=2020-01-01&to=2020-01-02";
    assert_eq!(site.get(&learner, one_day).await.text().lines().count(), 1);
    site.get(&learner, "/history?format=xml").await.refuses(422, "invalid");
}
