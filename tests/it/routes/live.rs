//! What is done over HTTP is seen on the sockets at once: the real binary, a learner on a socket, and somebody who
//! imports.

use crate::study::binary::Place;
use crate::study::learner::somebody;
use crate::study::raw::{join, next, until};
use crate::study::server::{PATIENCE, random_uuid};
use client::RawSocket;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use tokio::runtime::Runtime;

/// A running server, somebody's token, and a socket of the same person.
struct Live {
    url: String,
    token: String,
    runtime: Runtime,
    socket: RawSocket,
    seq: u64,
}

impl Live {
    fn join(place: &Place) -> Live {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let token = place.token(somebody());
        let socket = runtime.block_on(join(&place.url(), &token));
        Live { url: format!("{}/api/v1", place.url()), token, runtime, socket, seq: 0 }
    }

    fn make(&self, path: &str, body: &Value, id: &str) -> String {
        let asked = ureq::post(format!("{}{path}", self.url)).header("authorization", self.bearer());
        let made: Value = asked.send_json(body).unwrap().body_mut().read_json().unwrap();
        made[id].as_str().unwrap().to_owned()
    }

    fn import(&self, deck: &str, file: &str) -> Value {
        let asked = ureq::post(format!("{}/decks/{deck}/import", self.url));
        let asked = asked.header("authorization", self.bearer()).header("content-type", "text/csv");
        asked.send(file).unwrap().body_mut().read_json().unwrap()
    }

    fn delete(&self, path: &str) {
        ureq::delete(format!("{}{path}", self.url)).header("authorization", self.bearer()).call().unwrap();
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn send(&mut self, frame: &Value) {
        self.runtime.block_on(self.socket.send_text(frame.to_string())).unwrap();
    }

    fn answer(&mut self, card: &Value) {
        self.seq += 1;
        let frame = json!({
            "type": "answer", "seq": self.seq, "id": random_uuid(), "deck_id": card["deck_id"],
            "card_id": card["card_id"], "grade": 5, "elapsed_ms": 1,
        });
        self.send(&frame);
    }

    fn until(&mut self, kind: &str) -> Value {
        self.runtime.block_on(until(&mut self.socket, kind))
    }

    fn changed(&mut self, reason: &str) -> Value {
        self.runtime.block_on(async {
            loop {
                let frame = next(&mut self.socket).await.unwrap();
                if frame["type"] == "changed" && frame["reason"] == reason {
                    return frame;
                }
            }
        })
    }

    /// A deck with one card, studied to its end: `done` was said.
    fn done_with(&mut self, front: &str) -> String {
        let deck = self.make("/decks", &json!({"title": front}), "deck_id");
        self.make(&format!("/decks/{deck}/cards"), &json!({"front": front, "back": "b"}), "card_id");
        self.send(&json!({"type": "start", "sitting": random_uuid()}));
        let card = self.until("card");
        self.answer(&card);
        self.until("done");
        deck
    }
}

#[test]
fn who_is_done_gets_the_cards_of_an_import_without_coming_back() {
    let place = Place::new();
    let _life = place.start();
    let mut learner = Live::join(&place);
    let deck = learner.done_with("one");
    assert_eq!(learner.import(&deck, "front,back\none,b\ntwo,b\nthree,b\n")["added"], 2);
    assert_eq!(learner.changed("imported")["left"]["new"], 2);
    let (first, second) = (learner.until("card"), learner.until("card"));
    assert_eq!((&first["front"], &second["front"]), (&json!("two"), &json!("three")));
    // The next import changes a card that is on screen.
    assert_eq!(learner.import(&deck, "front,back\ntwo,another\n")["updated"], 1);
    let edited = learner.changed("edited");
    assert_eq!((&edited["card"]["card_id"], &edited["card"]["back"]), (&first["card_id"], &json!("another")));
}

#[test]
fn who_is_done_with_everything_gets_the_cards_of_a_new_deck_and_of_one_that_comes_back() {
    let place = Place::new();
    let _life = place.start();
    let mut learner = Live::join(&place);
    learner.done_with("one");
    let deck = learner.make("/decks", &json!({"title": "new"}), "deck_id");
    assert_eq!(learner.import(&deck, "front,back\ntwo,b\n")["added"], 1);
    let card = learner.until("card");
    assert_eq!((&card["front"], &card["deck_id"]), (&json!("two"), &json!(deck)));
    let held = card["card_id"].as_str().unwrap();
    learner.delete(&format!("/decks/{deck}/cards/{held}"));
    assert_eq!(learner.changed("deleted")["drop"], json!([held]));
    assert_eq!(learner.import(&deck, "front,back\ntwo,b\n")["added"], 1);
    assert_eq!(learner.until("card")["card_id"], held);
}

#[test]
fn the_command_line_tries_a_file_on_a_server_without_leaving_anything_there() {
    let place = Place::new();
    let _life = place.start();
    let learner = Live::join(&place);
    let file = place.data.with_file_name("words.csv");
    std::fs::write(&file, "front,back\none,b\ntwo,b\n,b\n").unwrap();
    let run = |deck: &str, more: &[&str]| {
        let mut command = place.command("import");
        command
            .arg(&file)
            .args(["--deck", deck, "--server", &place.url(), "--token", &learner.token])
            .args(more);
        command.output().unwrap()
    };
    let import = |deck: &str, more: &[&str]| {
        let output = run(deck, more);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let decks = || -> Value {
        let asked = ureq::get(format!("{}/decks", learner.url)).header("authorization", learner.bearer());
        asked.call().unwrap().body_mut().read_json().unwrap()
    };
    assert!(
        import("Größe & more", &["--dry-run"])
            .contains("would be added 2, updated 0, unchanged 0, rejected 1")
    );
    assert_eq!(decks()["items"], json!([]));
    assert!(import("Größe & more", &[]).contains("added 2, updated 0, unchanged 0, rejected 1"));
    assert!(import("Größe & more", &["--dry-run"]).contains("would be added 0, updated 0, unchanged 2"));
    assert!(import("Größe & more", &[]).contains("added 0, updated 0, unchanged 2"));
    std::fs::write(&file, "a,\"b\n").unwrap();
    let broken = run("x", &[]);
    let said = String::from_utf8_lossy(&broken.stderr).into_owned();
    assert!(broken.status.code() == Some(2) && said.contains("Nothing was imported: line 1"), "{said}");
    let decks = decks();
    let decks = decks["items"].as_array().unwrap();
    assert_eq!((decks.len(), &decks[0]["title"], &decks[0]["cards"]), (1, &json!("Größe & more"), &json!(2)));
}

#[test]
fn head_tells_what_get_would_without_its_body() {
    let place = Place::new();
    let _life = place.start();
    let ask = |method: &str, path: &str| {
        let address = place.url().trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let varies = |line: &&str| !line.starts_with("date:") && !line.starts_with("x-request-id:");
        let mut head: Vec<String> = head.lines().filter(varies).map(str::to_owned).collect();
        head.sort_unstable();
        (head, body.len())
    };
    for path in ["/readyz", "/", "/api/v1/me", "/nonsense"] {
        let (get, head) = (ask("GET", path), ask("HEAD", path));
        assert_eq!(head.0, get.0, "{path}");
        assert!(head.1 == 0 && get.1 > 0, "{path}");
    }
}
