//! Somebody who imports through a running server, and packages made for it.

use crate::study::binary::Place;
use crate::study::learner::somebody;
use crate::study::server::eventually;
use anki::{
    Card, CardRow, Deck, Definitions, Due, Header, Kind, Note, Notetype, Place as CardPlace, Review,
    ReviewKind, Stage, Template, Writer,
};
use domain::ids::{EntryId, OrgId, UserId};
use ports::Role;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use studyhall::clock::real_ms;

/// Somebody with a token.
pub struct Person {
    pub user: UserId,
    pub token: String,
    pub api: String,
    agent: ureq::Agent,
}

/// An answer of the server.
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    pub fn refuses(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{problem}");
        problem
    }
}

impl Person {
    pub fn new(place: &Place) -> Person {
        Person::known(place, somebody())
    }

    pub fn known(place: &Place, user: UserId) -> Person {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Person { user, token: place.token(user), api: format!("{}/api/v1", place.url()), agent }
    }

    /// The same person, whose newest token says this.
    pub fn who_is_now(&self, place: &Place, role: Role, org: OrgId) -> Person {
        Person { token: place.token_of(self.user, role, Some(org)), ..Person::known(place, self.user) }
    }

    /// Somebody with this role in an organisation.
    pub fn of_org(place: &Place, role: Role, org: OrgId) -> Person {
        let person = Person::new(place);
        Person { token: place.token_of(person.user, role, Some(org)), ..person }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_with(&format!("{}{path}", self.api), &[("authorization", &format!("Bearer {}", self.token))])
    }

    pub fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.call())
    }

    pub fn post(&self, path: &str, body: &[u8]) -> Answer {
        let request = self.agent.post(format!("{}{path}", self.api));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        answer(request.header("content-type", "application/octet-stream").send(body))
    }

    pub fn put(&self, path: &str) -> Answer {
        let request = self.agent.put(format!("{}{path}", self.api));
        answer(request.header("authorization", format!("Bearer {}", self.token)).send_empty())
    }

    pub fn patch(&self, path: &str, change: &Value) -> Answer {
        let request = self.agent.patch(format!("{}{path}", self.api));
        answer(request.header("authorization", format!("Bearer {}", self.token)).send_json(change))
    }

    /// Answers a card here and now, by the question that a device without a socket asks; returns the id.
    pub fn answers(&self, deck: &str, card: &str, at_ms: i64, grade: u8) -> String {
        self.answers_as(EntryId::v7(at_ms, at_ms.unsigned_abs().into()), deck, card, grade)
    }

    /// The same with an id, which holds the moment.
    pub fn answers_as(&self, id: EntryId, deck: &str, card: &str, grade: u8) -> String {
        let command =
            json!({"type": "answer", "deck_id": deck, "card_id": card, "grade": grade, "elapsed_ms": 900});
        self.commands(id, command)
    }

    /// Sends a command as a device without a socket does; returns its id.
    pub fn commands(&self, id: EntryId, mut command: Value) -> String {
        let id = id.to_string();
        command["id"] = json!(id);
        let request = self.agent.post(format!("{}/reviews", self.api));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let told = answer(request.send_json(json!({"commands": [command]}))).expect(200);
        assert_eq!(told["verdicts"][0]["verdict"], "durable", "{told}");
        id
    }

    pub fn delete(&self, path: &str) -> Answer {
        let request = self.agent.delete(format!("{}{path}", self.api));
        answer(request.header("authorization", format!("Bearer {}", self.token)).call())
    }

    /// Uploads a file, and waits for the end of its job.
    pub fn import(&self, query: &str, file: &[u8]) -> Value {
        let taken = self.post(&format!("/imports?{query}"), file).expect(202);
        self.ended(taken["job_id"].as_str().unwrap())
    }

    /// The job once it has ended.
    pub fn ended(&self, job: &str) -> Value {
        let mut seen = Value::Null;
        eventually("the job ends", || {
            seen = self.get(&format!("/imports/{job}")).expect(200);
            seen["finished"] == true
        });
        seen
    }

    pub fn decks(&self) -> Vec<Value> {
        self.get("/decks?limit=100").expect(200)["items"].as_array().unwrap().clone()
    }

    /// Front and back of every card of a deck.
    pub fn cards(&self, deck: &str) -> Vec<(String, String)> {
        let (mut cards, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/decks/{deck}/cards?limit=100{cursor}")).expect(200);
            let text = |card: &Value, name: &str| card[name].as_str().unwrap_or_default().to_owned();
            cards.extend(
                page["items"].as_array().unwrap().iter().map(|c| (text(c, "front"), text(c, "back"))),
            );
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return cards,
            }
        }
    }

    /// Everything that one sees of decks: paths and cards.
    pub fn all(&self) -> Vec<(String, Vec<(String, String)>)> {
        let of = |deck: &Value| {
            (deck["path"].as_str().unwrap().to_owned(), self.cards(deck["deck_id"].as_str().unwrap()))
        };
        self.decks().iter().map(of).collect()
    }
}

fn answer(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut answer = answer.unwrap();
    let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(256 * 1024 * 1024).read_to_vec().unwrap();
    Answer { status, headers, body }
}

/// A package that Anki made.
pub fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("anki/tests/fixtures").join(name)).unwrap()
}

/// A package of so many cards in two decks, each but the newest fifty answered twice.
pub fn package(cards: i64) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.apkg");
    let now_s = real_ms() / 1_000;
    let notetype = Notetype {
        id: 5,
        name: "Basic".to_owned(),
        kind: Kind::Standard,
        fields: vec!["Front".into(), "Back".into()],
        templates: vec![Template {
            name: "Card 1".into(),
            front: "{{Front}}".into(),
            back: "{{FrontSide}}<hr>{{Back}}".into(),
        }],
        css: String::new(),
        latex_head: String::new(),
        latex_tail: String::new(),
    };
    let definitions = Definitions {
        header: Header {
            schema: 11,
            created_s: now_s - 100 * 86_400,
            rollover_hour: Some(4),
            creation_west_min: Some(0),
            local_west_min: Some(0),
            scheduler: 2,
            fsrs: false,
            learn_ahead_s: 1_200,
        },
        notetypes: BTreeMap::from([(5, notetype)]),
        decks: BTreeMap::from([(10, Deck::new(10, "Big::One")), (11, Deck::new(11, "Big::Two"))]),
        options: BTreeMap::new(),
    };
    let mut writer = Writer::create(&path, folder.path(), &definitions).unwrap();
    for n in 1..=cards {
        let fields = format!("front {n}\u{1f}back <b>{n}</b>");
        let is_new = n > cards - 50;
        let card = Card {
            id: n,
            note: n,
            deck: 10 + n % 2,
            is_borrowed: false,
            ord: 0,
            modified_s: now_s - 86_400,
            stage: if is_new { Stage::New } else { Stage::Review },
            place: CardPlace::Active,
            due: if is_new { Due::Position(n) } else { Due::Day(90 + n % 20) },
            interval_days: if is_new { 0 } else { 10 },
            ease_permille: if is_new { 0 } else { 2_500 },
            answers: 2,
            lapses: 0,
            steps_left: 0,
            flag: 0,
            memory: None,
            has_custom_data: false,
            last_logged_ms: None,
        };
        let guid = format!("guid-{n}");
        let note = Note { id: n, guid: &guid, notetype: 5, modified_s: now_s, tags: "", fields: &fields };
        writer.card(&CardRow { card, note }).unwrap();
        for again in 0..if is_new { 0 } else { 2 } {
            let review = Review {
                at_ms: (now_s - (20 - again * 5) * 86_400) * 1_000 + n,
                card: n,
                of: None,
                usn: -1,
                button: 3,
                interval: 10,
                last_interval: 4,
                factor: 2_500,
                taken_ms: 3_000,
                kind: ReviewKind::Review,
            };
            writer.review(&review).unwrap();
        }
    }
    writer.finish().unwrap();
    std::fs::read(path).unwrap()
}
