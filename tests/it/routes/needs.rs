//! Who you are decides what you see and change: every route of the list, asked by everybody.

use super::site::{Site, Somebody, id, request};
use bytes::Bytes;
use domain::ids::UserId;
use ports::Role;
use ports::{Media, MediaDigest, MediaRecord};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use studyhall::http::access::Need;
use studyhall::http::{Listed, Verb, routes};
use uuid::Uuid;

/// What somebody gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Gets {
    /// What was asked for.
    Answer,
    /// 401: sign in first.
    SignIn,
    /// 403: it is seen, and not theirs to change.
    Refusal,
    /// 404: as if it did not exist.
    Nothing,
}
use Gets::{Answer, Nothing, Refusal, SignIn};

/// Everybody who asks. The deck is private, and given to the class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Who {
    Nobody,
    /// A learner of the same school.
    Learner,
    /// Another teacher of the same school.
    Teacher,
    /// An administrator of another school.
    OtherSchool,
    /// A learner who is enrolled in the class.
    Student,
    /// The owner of the deck, who teaches the class.
    Owner,
    /// A teacher of the same school who edits the deck.
    Editor,
    /// An administrator of the same school.
    Admin,
    /// A guest who was let into the class.
    Guest,
    /// A teacher of the same school whom the class has beside its own.
    CoTeacher,
    /// Somebody who waits to be let in.
    Waiting,
}

const EVERYBODY: [Who; 11] = [
    Who::Nobody,
    Who::Learner,
    Who::Teacher,
    Who::OtherSchool,
    Who::Student,
    Who::Owner,
    Who::Editor,
    Who::Admin,
    Who::Guest,
    Who::CoTeacher,
    Who::Waiting,
];

/// What each of them gets, in that order.
fn promised(need: Need) -> [Gets; 11] {
    let of_accounts = match need {
        Need::Open | Need::Node => [Answer; 8],
        Need::Own | Need::Join | Need::Account | Need::MakeDeck => {
            [SignIn, Answer, Answer, Answer, Answer, Answer, Answer, Answer]
        }
        Need::SeeDeck => [SignIn, Nothing, Nothing, Nothing, Answer, Answer, Answer, Answer],
        Need::EditDeck => [SignIn, Nothing, Nothing, Nothing, Refusal, Answer, Answer, Refusal],
        Need::GovernDeck => [SignIn, Nothing, Nothing, Nothing, Refusal, Answer, Refusal, Refusal],
        Need::ShareDeck => [SignIn, Nothing, Nothing, Nothing, Refusal, Answer, Answer, Answer],
        Need::MakeClass | Need::MakeHook => {
            [SignIn, Refusal, Answer, Answer, Refusal, Answer, Answer, Answer]
        }
        Need::RunHook => [SignIn, Nothing, Nothing, Nothing, Nothing, Answer, Nothing, Answer],
        Need::SeeClass => [SignIn, Nothing, Nothing, Nothing, Answer, Answer, Nothing, Answer],
        Need::NamePeople => [SignIn, Refusal, Answer, Answer, Refusal, Answer, Answer, Answer],
        Need::RunClass | Need::GovernClass => {
            [SignIn, Nothing, Nothing, Nothing, Refusal, Answer, Nothing, Answer]
        }
    };
    // A guest is a student of the class, and no account; who waits is nobody but in front of this door.
    let [nobody, .., student, _, _, _] = of_accounts;
    let guest = if [Need::Account, Need::MakeDeck].contains(&need) { Refusal } else { student };
    let waiting = if need == Need::Join { Answer } else { nobody };
    let mut all = [Answer; 11];
    all[..8].copy_from_slice(&of_accounts);
    (all[8], all[9], all[10]) = (guest, of_co_teacher(need), waiting);
    all
}

/// Who teaches the class beside its teacher does there what its teacher does, but says not who else teaches it; of the
/// deck they see what the class does.
fn of_co_teacher(need: Need) -> Gets {
    match need {
        Need::EditDeck | Need::GovernDeck | Need::ShareDeck | Need::GovernClass => Refusal,
        Need::RunHook => Nothing,
        Need::Open
        | Need::Node
        | Need::Own
        | Need::Join
        | Need::Account
        | Need::MakeDeck
        | Need::SeeDeck
        | Need::MakeClass
        | Need::MakeHook
        | Need::SeeClass
        | Need::NamePeople
        | Need::RunClass => Answer,
    }
}

/// What somebody gets from a route: what its first need refuses is refused.
fn expected(route: &Listed, who: Who) -> Gets {
    let place = EVERYBODY.iter().position(|one| *one == who).unwrap();
    let all = route.needs.iter().map(|need| promised(*need)[place]);
    assert!(!route.needs.is_empty(), "{route:?} says nothing of who may ask it");
    all.into_iter().find(|gets| *gets != Answer).unwrap_or(Answer)
}

/// A good request of a route: its path, with `{d}`, `{c}`, `{k}` and `{u}` for deck, card, class and student, and its body.
pub fn sample(route: &Listed) -> (String, &'static str) {
    let table = "front,back\na,b\n";
    let (more, body) = match (route.verb, route.path) {
        (Verb::Post, "/dev/clock") => ("", r#"{"now":1900000000000}"#),
        (Verb::Post, "/nodes/v1/ask") => (
            "",
            r#"{"run":"00000000-0000-0000-0000-000000000001","user":"00000000-0000-0000-0000-000000000002","epoch":1}"#,
        ),
        (Verb::Post, "/nodes/v1/hot" | "/nodes/v1/about") => {
            ("", r#"{"run":"00000000-0000-0000-0000-000000000001"}"#)
        }
        (Verb::Post, "/nodes/v1/mark") => (
            "",
            r#"{"run":"00000000-0000-0000-0000-000000000001","user":"00000000-0000-0000-0000-000000000002","job":"00000000-0000-0000-0000-000000000003","revoked":false}"#,
        ),
        (Verb::Post, "/nodes/v1/regrade") => (
            "",
            r#"{"run":"00000000-0000-0000-0000-000000000001","user":"00000000-0000-0000-0000-000000000002","said":"00000000-0000-0000-0000-000000000003","by":"00000000-0000-0000-0000-000000000004","deck":"00000000-0000-0000-0000-000000000005","card":"00000000-0000-0000-0000-000000000006","text":"x","digests":[1]}"#,
        ),
        (Verb::Post, "/api/v1/codes/redeem") => ("", r#"{"code":"none"}"#),
        (Verb::Patch, "/api/v1/me") => ("", r#"{"zone":"UTC"}"#),
        (Verb::Post, "/api/v1/reviews") => ("", r#"{"commands":[]}"#),
        (Verb::Post, "/api/v1/decks") | (Verb::Patch, "/api/v1/decks/{deck_id}") => ("", r#"{"title":"x"}"#),
        (Verb::Get, "/api/v1/decks/batch") => ("?ids={d}", ""),
        (Verb::Post, "/api/v1/decks/{deck_id}/cards") => ("", r#"{"front":"x","back":"y"}"#),
        (Verb::Post, "/api/v1/decks/{deck_id}/cards/bulk") => ("", r#"{"cards":[{"front":"x","back":"y"}]}"#),
        (Verb::Patch, "/api/v1/decks/{deck_id}/cards/{card_id}") => ("", r#"{"back":"y"}"#),
        (Verb::Get, "/api/v1/cards/search") => ("?q=front", ""),
        (Verb::Post, "/api/v1/me/reports") => ("", ""),
        (Verb::Post, "/api/v1/classes/{class_id}/reports") => ("", r#"{"kind":"class_progress"}"#),
        (Verb::Post, "/api/v1/classes") => ("", r#"{"title":"8a"}"#),
        (Verb::Post, "/api/v1/decks/import") => ("?title=x", table),
        (Verb::Post, "/api/v1/decks/{deck_id}/import" | "/api/v1/imports/rejected") => ("", table),
        (Verb::Post | Verb::Put, "/api/v1/users/batch") => {
            ("", r#"{"users":[{"external_id":"s1","name":"Ada"}],"dry_run":true}"#)
        }
        (Verb::Post, "/api/v1/classes/{class_id}/homework")
        | (Verb::Put, "/api/v1/classes/{class_id}/homework/{homework_id}") => {
            ("", r#"{"deck_id":"{d}","due":"{day}","rule":{"kind":"each_card"}}"#)
        }
        // A guest who is one already of whoever asks: see `Place::ask`.
        (Verb::Post, "/api/v1/me/claim") => ("", r#"{"class_id":"{k}","name":"Ada","pin":"0000"}"#),
        (Verb::Post, "/api/v1/classes/{class_id}/guests/{name_id}/pin") => ("", ""),
        (Verb::Post, "/api/v1/join") => ("", r#"{"code":"AAAAAA","name":"Ada"}"#),
        (Verb::Post, "/api/v1/classes/{class_id}/substitutes") => ("", r#"{"name":"Kim","minutes":45}"#),
        (Verb::Put, "/api/v1/classes/{class_id}/lesson/code") => ("", r#"{"admission":"open"}"#),
        (Verb::Put, "/api/v1/classes/{class_id}/students/{user_id}/extra_time") => ("", r#"{"percent":50}"#),
        (Verb::Get, "/api/v1/rosters/export") => ("?class_id={k}", ""),
        (Verb::Post, "/api/v1/imports") => ("?dry_run=true&filename=cards.csv", table),
        (Verb::Post, "/api/v1/imports/{job_id}/commit") => ("", ""),
        (Verb::Post, "/api/v1/media/session") => ("", ""),
        (Verb::Post, "/api/v1/decks/{deck_id}/scheduler") => ("", r#"{"settings":{"scheduler":"fsrs"}}"#),
        (Verb::Post, "/api/v1/decks/{deck_id}/scheduler/fitting") => ("", ""),
        (Verb::Post, "/api/v1/webhooks") => ("", r#"{"url":"http://127.0.0.1:9/hook"}"#),
        (Verb::Patch, "/api/v1/webhooks/{hook_id}") => ("", r#"{"description":"x"}"#),
        (Verb::Post, "/api/v1/webhooks/{hook_id}/test" | "/api/v1/webhooks/{hook_id}/secret") => ("", ""),
        (Verb::Post | Verb::Patch, path) => panic!("{path} has no sample: say what a good request of it is"),
        (Verb::Get | Verb::Put | Verb::Delete, _) => ("", ""),
    };
    let names = [
        ("{deck_id}", "{d}"),
        ("{card_id}", "{c}"),
        ("{class_id}", "{k}"),
        ("{user_id}", "{u}"),
        ("{job_id}", "{j}"),
        ("{hook_id}", "{h}"),
        ("{lesson_id}", "00000000-0000-0000-0000-000000000001"),
        ("{homework_id}", "{w}"),
        ("{name_id}", "{n}"),
        ("{link_id}", "00000000-0000-0000-0000-000000000001"),
        ("{digest}", "{m}"),
        ("{file:.*}", "main.js"),
    ];
    let path = names.iter().fold(route.path.to_owned(), |path, (name, sign)| path.replace(name, sign));
    assert!(!path.contains("_id}"), "{path} has no sample: say what stands in its braces");
    (format!("{path}{more}"), body)
}

/// A deck that was given to a class, and everybody who could ask about them.
pub struct Place {
    pub deck: String,
    pub card: String,
    pub class: String,
    /// What is set in the class.
    homework: String,
    /// By what the class knows a guest.
    name: Uuid,
    /// A picture of the deck.
    picture: MediaDigest,
    people: Vec<Option<Somebody>>,
}

impl Place {
    pub async fn made(site: &Site) -> Place {
        let owner = site.somebody(Role::Teacher, Some(1));
        let deck = site.deck(&owner, "Secrets").await;
        let card = site.card(&owner, &deck, "canary").await;
        let class = id(&site.post(&owner, "/classes", json!({"title": "7b"})).await.expect(201), "class_id");
        let student = site.somebody(Role::Learner, Some(1));
        let (editor, guest) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Guest, Some(1)));
        let co_teacher = site.somebody(Role::Teacher, Some(1));
        for somebody in [&student, &editor, &guest, &co_teacher] {
            site.get(somebody, "/me").await.expect(200);
        }
        for path in [
            format!("/classes/{class}/students/{}", student.user),
            format!("/classes/{class}/students/{}", guest.user),
            format!("/classes/{class}/decks/{deck}"),
            format!("/decks/{deck}/editors/{}", editor.user),
            format!("/classes/{class}/teachers/{}", co_teacher.user),
        ] {
            site.put(&owner, &path).await.expect(204);
        }
        super::joining::awaken(site).await;
        super::lessons::opened(site, &class, 1).await;
        super::lessons::reported(site, &class, 1, &[]).await;
        let homework = id(&super::homework::set(site, &owner, &class, &deck).await, "homework_id");
        let name =
            super::joining::guest_in(site, class.parse().unwrap(), UserId(Uuid::now_v7()), "Ada").await;
        let picture = Self::picture(site, &deck).await;
        let people = EVERYBODY.iter().map(|who| match who {
            Who::Nobody => None,
            Who::Learner => Some(site.somebody(Role::Learner, Some(1))),
            Who::Teacher => Some(site.somebody(Role::Teacher, Some(1))),
            Who::OtherSchool => Some(site.somebody(Role::Admin, Some(2))),
            Who::Student => Some(student.clone()),
            Who::Owner => Some(owner.clone()),
            Who::Editor => Some(editor.clone()),
            Who::Admin => Some(site.somebody(Role::Admin, Some(1))),
            Who::Guest => Some(guest.clone()),
            Who::CoTeacher => Some(co_teacher.clone()),
            Who::Waiting => Some(site.waiting(Some(1))),
        });
        Place { deck, card, class, homework, name, picture, people: people.collect() }
    }

    fn who(&self, who: Who) -> Option<&Somebody> {
        self.people[EVERYBODY.iter().position(|one| *one == who).unwrap()].as_ref()
    }

    pub fn owner(&self) -> &Somebody {
        self.who(Who::Owner).unwrap()
    }

    pub fn student(&self) -> &Somebody {
        self.who(Who::Student).unwrap()
    }

    pub fn co_teacher(&self) -> &Somebody {
        self.who(Who::CoTeacher).unwrap()
    }

    async fn picture(site: &Site, deck: &str) -> MediaDigest {
        let bytes = Bytes::from_static(b"not looked at");
        let digest = MediaDigest([7; 32]);
        let kind = "image/png".to_owned();
        let record = MediaRecord { digest, kind, bytes: bytes.len() as u64, width: None, height: None };
        site.kept.put_media(record, bytes).await.unwrap();
        site.kept.give_media(deck.parse().unwrap(), vec![("a.png".to_owned(), digest)]).await.unwrap();
        digest
    }

    /// An import of somebody's own, which was tried.
    async fn job(site: &Site, who: Option<&Somebody>) -> String {
        let Some(who) = who else { return Uuid::nil().to_string() };
        let title = Uuid::new_v4();
        let offered = request("POST", &format!("/imports?dry_run=true&title={title}"), Some(who));
        let offered = offered.insert_header(("content-type", "text/csv")).set_payload("front,back\na,b\n");
        let offered = site.send(offered).await;
        if [401, 403].contains(&offered.status.as_u16()) {
            return Uuid::nil().to_string();
        }
        let job = id(&offered.expect(202), "job_id");
        let path = format!("/imports/{job}");
        let until = Instant::now() + super::reports::WITHIN;
        while site.get(who, &path).await.expect(200)["phase"] != "tried" {
            assert!(Instant::now() < until, "the file is never tried");
            actix_web::rt::time::sleep(Duration::from_millis(10)).await;
        }
        job
    }

    /// A webhook of the deck's owner, which leads to where nobody listens.
    async fn hook(&self, site: &Site) -> String {
        let nowhere = json!({"url": format!("http://127.0.0.1:{}/", kit::free_port()), "scope": "classes"});
        let made = site.post(self.owner(), "/webhooks", nowhere).await.expect(201);
        id(&made, "webhook_id")
    }

    /// A report of somebody's own, which is done.
    async fn report(site: &Site, who: Option<&Somebody>) -> String {
        let Some(who) = who else { return "x".to_owned() };
        let begun = site.send(request("POST", "/me/reports", Some(who))).await;
        if begun.status == 401 {
            return "x".to_owned();
        }
        super::reports::done(site, who, &id(&begun.expect(202), "report")).await
    }

    /// Sends a good request of a route.
    pub async fn ask(&self, site: &Site, route: &Listed, who: Option<&Somebody>) -> super::site::Answer {
        let (path, body) = sample(route);
        // Whom a class would get: somebody whom it may have.
        let names_a_colleague = route.path.contains("/editors/") || route.path.contains("/teachers/");
        let user = match (route.verb, names_a_colleague) {
            (_, true) => self.who(Who::Editor).unwrap().user,
            _ => self.student().user,
        };
        let path = path.replace("{d}", &self.deck).replace("{c}", &self.card);
        let mut path = path.replace("{k}", &self.class).replace("{u}", &user.to_string());
        if path.contains("{report}") {
            path = path.replace("{report}", &Self::report(site, who).await);
        }
        path = path.replace("{m}", &self.picture.to_string());
        if path.contains("{h}") {
            path = path.replace("{h}", &self.hook(site).await);
        }
        if path.contains("{j}") {
            path = path.replace("{j}", &Self::job(site, who).await);
        }
        if route.verb == Verb::Get && path.ends_with("/fitting") && who.is_some() {
            let _ = site.send(request("POST", &format!("/{path}"), who)).await;
        }
        path = path.replace("{w}", &self.homework).replace("{n}", &self.name.to_string());
        let kind = if path.contains("import") { "text/csv" } else { "application/json" };
        let asked = request(route.verb.as_str(), &format!("/{path}"), who);
        let class = match (route.path, who) {
            ("/api/v1/me/claim", Some(who)) if Some(who.user) != self.who(Who::Waiting).map(|w| w.user) => {
                super::joining::guest_of(site, who).await
            }
            _ => self.class.clone(),
        };
        let body = body.replace("{k}", &class).replace("{d}", &self.deck);
        let body = body.replace("{u}", &self.student().user.to_string());
        let body = body.replace("{day}", &super::homework::today(site));
        let asked = if body.is_empty() { asked } else { asked.insert_header(("content-type", kind)) };
        // Whoever counts what is read counts this request alone.
        site.store.take_reads();
        site.send(asked.set_payload(body)).await
    }
}

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
