//! Who you are decides what you see and change: every route of the list, asked by everybody.

mod place;
mod promised;
mod sample;

pub use place::Place;

use super::site::{Site, Somebody, id};
use promised::{Answer, EVERYBODY, Nothing, Refusal, SignIn, Who, expected};
use serde_json::{Value, json};
use studyhall::http::access::Need;
use studyhall::http::{Verb, routes};

#[actix_web::test]
async fn every_route_gives_everybody_what_the_table_promises_and_nothing_more() {
    let site = Site::open().await;
    for route in routes() {
        let mut place = Place::made(&site).await;
        for who in EVERYBODY {
            let answer = place.ask(&site, &route, place.who(who)).await;
            let (status, text) = (answer.status.as_u16(), answer.text());
            let expected = expected(&route, who);
            let code =
                answer.header("content-type").contains("problem").then(|| answer.json()["code"].clone());
            let got = match (status, code.as_ref().and_then(Value::as_str)) {
                (401, Some("unauthorized")) => SignIn,
                (401, Some("token_invalid")) if who == Who::Waiting => SignIn,
                (403, Some("forbidden")) => Refusal,
                (404, Some("not_found")) if route.needs != [Need::Node] => Nothing,
                (500.., _) => panic!("{who:?}: {route:?} {status} {text}"),
                _ => Answer,
            };
            assert_eq!(got, expected, "{who:?}: {route:?} {status} {text}");
            if got != Answer {
                assert!(!text.contains("canary") && !text.contains("Secrets"), "{who:?}: {route:?} {text}");
            } else if !matches!(route.needs, [Need::Open] | [Need::Node]) {
                assert!((200..300).contains(&status), "{who:?}: {route:?} {status} {text}");
            }
            // What was changed is not what the next one asks about.
            if got == Answer
                && route.verb != Verb::Get
                && !matches!(route.needs, [Need::Own | Need::Open | Need::Node])
            {
                place = Place::made(&site).await;
            }
        }
    }
}

#[actix_web::test]
async fn whom_a_deck_is_for_decides_who_sees_it_and_never_who_changes_it() {
    let site = Site::open().await;
    let by_class = [Who::Student, Who::Owner, Who::Editor, Who::Admin, Who::Guest, Who::CoTeacher];
    let of_school = [&by_class[..], &[Who::Learner, Who::Teacher]].concat();
    for (visibility, seen_by) in [
        ("private", &by_class[..]),
        ("class", &by_class),
        ("org", &of_school),
        ("link", &EVERYBODY[1..10]),
        ("public", &EVERYBODY[1..10]),
    ] {
        let place = Place::made(&site).await;
        let path = format!("/decks/{}", place.deck);
        site.patch(place.owner(), &path, json!({"visibility": visibility})).await.expect(200);
        for who in &EVERYBODY[1..10] {
            let somebody = place.who(*who).unwrap();
            let sees = seen_by.contains(who);
            let changes = [Who::Owner, Who::Editor].contains(who);
            let status = |answer: super::site::Answer| answer.status.as_u16();
            let read = status(site.get(somebody, &path).await);
            assert_eq!(read, if sees { 200 } else { 404 }, "{who:?} reads a {visibility} deck");
            let cards = status(site.get(somebody, &format!("{path}/cards")).await);
            assert_eq!(cards, read, "{who:?} reads the cards of a {visibility} deck");
            let changed = status(site.patch(somebody, &path, json!({"description": "x"})).await);
            let expected = if changes {
                200
            } else if sees {
                403
            } else {
                404
            };
            assert_eq!(changed, expected, "{who:?} changes a {visibility} deck");
        }
    }
}

#[actix_web::test]
async fn a_student_sees_a_deck_as_long_as_the_class_has_it_and_the_student() {
    let site = Site::open().await;
    let place = Place::made(&site).await;
    let deck = format!("/decks/{}", place.deck);
    let seat = format!("/classes/{}/students/{}", place.class, place.student().user);
    let given = format!("/classes/{}/decks/{}", place.class, place.deck);
    for taken in [&seat, &given] {
        site.get(place.student(), &deck).await.expect(200);
        site.delete(place.owner(), taken).await.expect(204);
        site.get(place.student(), &deck).await.refuses(404, "not_found");
        site.put(place.owner(), taken).await.expect(204);
    }
    site.get(place.student(), &deck).await.expect(200);
}

#[actix_web::test]
async fn who_teaches_a_class_sees_a_deck_as_long_as_the_class_has_it_and_them() {
    let site = Site::open().await;
    let place = Place::made(&site).await;
    let (deck, class) = (&place.deck, &place.class);
    let seat = format!("/classes/{class}/teachers/{}", place.co_teacher().user);
    let given = format!("/classes/{class}/decks/{deck}");
    let sees = async |who: &Somebody| {
        let status = async |path: &str| site.get(who, path).await.status.as_u16();
        let batch = site.get(who, &format!("/decks/batch?ids={deck}")).await.expect(200);
        let listed = batch["items"].as_array().unwrap().len();
        (status(&format!("/decks/{deck}")).await, status(&format!("/decks/{deck}/cards")).await, listed)
    };
    let (seen, unseen) = ((200, 200, 1), (404, 404, 0));
    for taken in [&seat, &given] {
        assert_eq!(sees(place.co_teacher()).await, seen);
        site.delete(place.owner(), taken).await.expect(204);
        assert_eq!(sees(place.co_teacher()).await, unseen, "without {taken}");
        site.put(place.owner(), taken).await.expect(204);
    }
    // What another teacher gives the class its own teacher sees, too, and neither changes or gives it on.
    let theirs = site.deck(place.co_teacher(), "Theirs").await;
    let path = format!("/decks/{theirs}");
    site.get(place.owner(), &path).await.refuses(404, "not_found");
    site.put(place.co_teacher(), &format!("/classes/{class}/decks/{theirs}")).await.expect(204);
    assert_eq!(site.get(place.owner(), &path).await.expect(200)["may_edit"], json!(false));
    site.patch(place.owner(), &path, json!({"title": "x"})).await.refuses(403, "forbidden");
    let other =
        id(&site.post(place.owner(), "/classes", json!({"title": "8c"})).await.expect(201), "class_id");
    site.put(place.owner(), &format!("/classes/{other}/decks/{theirs}")).await.refuses(403, "forbidden");
    // It is no deck of their own: lists of what one studies hold it not.
    assert!(!site.get(place.owner(), "/decks").await.expect(200).to_string().contains(&theirs));
}
