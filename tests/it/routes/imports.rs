//! Files that become decks.

use super::site::{Answer, Site, Somebody, each, id, request, with_header};
use ports::{DeckQuery, DeckRecord, Library as _};
use serde_json::{Value, json};

async fn import_new(site: &Site, who: &Somebody, query: &str, file: &str) -> Answer {
    let asked = request("POST", &format!("/decks/import?{query}"), Some(who));
    site.send(asked.insert_header(("content-type", "text/csv")).set_payload(file.to_owned())).await
}

/// All decks of somebody, deleted ones included.
async fn decks_of(site: &Site, who: &Somebody) -> Vec<DeckRecord> {
    let query = DeckQuery { owner: Some(who.user), with_deleted: true, ..DeckQuery::default() };
    site.store.decks(query).await.unwrap()
}

async fn import(site: &Site, who: &Somebody, deck: &str, query: &str, file: impl Into<Vec<u8>>) -> Answer {
    let asked = request("POST", &format!("/decks/{deck}/import{query}"), Some(who));
    site.send(asked.insert_header(("content-type", "text/csv")).set_payload(file.into())).await
}

#[actix_web::test]
async fn a_file_is_tried_then_imported_and_the_same_file_again_changes_nothing() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    let by_hand = site.card(&learner, &deck, "Hund").await;
    let file = "front,back,tags\nHund,dog,animal\nKatze,cat,animal\n,nothing,\nKatze,again,\n";
    let tried = import(&site, &learner, &deck, "?dry_run=true", file).await.expect(200);
    assert_eq!((&tried["added"], &tried["updated"], &tried["dry_run"]), (&json!(1), &json!(1), &json!(true)));
    assert_eq!(site.get(&learner, &format!("/decks/{deck}")).await.expect(200)["cards"], 1);
    let done = import(&site, &learner, &deck, "", file).await.expect(200);
    assert_eq!((&done["added"], &done["updated"], &done["unchanged"]), (&json!(1), &json!(1), &json!(0)));
    let rejected: Vec<u64> =
        done["rejected"].as_array().unwrap().iter().map(|r| r["line"].as_u64().unwrap()).collect();
    assert_eq!(rejected, [4, 5]);
    assert_eq!(done["rejected"][1]["reason"], "duplicate");
    let cards = site.get(&learner, &format!("/decks/{deck}/cards")).await.expect(200);
    assert_eq!((each(&cards, "front"), each(&cards, "back")), (vec!["Hund", "Katze"], vec!["dog", "cat"]));
    assert_eq!(each(&cards, "card_id")[0], by_hand);
    let revision = site.get(&learner, &format!("/decks/{deck}")).await.expect(200)["revision"].clone();
    let again = import(&site, &learner, &deck, "", file).await.expect(200);
    assert_eq!((&again["added"], &again["updated"], &again["unchanged"]), (&json!(0), &json!(0), &json!(2)));
    assert_eq!(site.get(&learner, &format!("/decks/{deck}")).await.expect(200)["revision"], revision);
}

#[actix_web::test]
async fn a_broken_file_changes_nothing_and_names_its_line() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    let problem = import(&site, &learner, &deck, "", "front,back\na,b\nc,\"never closed\n")
        .await
        .refuses(422, "bad_file");
    assert_eq!(problem["line"], 3);
    import(&site, &learner, &deck, "", &b"PK\x03\x04 a zip"[..]).await.refuses(422, "bad_file");
    import(&site, &learner, &deck, "?delimiter=%22", "a,b").await.refuses(422, "invalid");
    assert_eq!(site.get(&learner, &format!("/decks/{deck}")).await.expect(200)["cards"], 0);
    let html = request("POST", &format!("/decks/{deck}/import"), Some(&learner))
        .insert_header(("content-type", "text/html"));
    site.send(html.set_payload("a,b")).await.refuses(415, "unsupported_type");
}

#[actix_web::test]
async fn text_of_a_file_shows_as_it_is() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    import(&site, &learner, &deck, "", "front,back\n<script>x</script>,a < b\n").await.expect(200);
    let cards = site.get(&learner, &format!("/decks/{deck}/cards")).await.expect(200);
    assert_eq!(
        (each(&cards, "front"), each(&cards, "back")),
        (vec!["&lt;script&gt;x&lt;/script&gt;"], vec!["a &lt; b"])
    );
}

#[actix_web::test]
async fn a_file_that_is_only_tried_leaves_nothing_behind() {
    let site = Site::open().await;
    let learner = site.learner();
    let tried = import_new(&site, &learner, "title=Words&dry_run=true", "a,b\nc,d\n,x\n").await.expect(200);
    assert_eq!((&tried["added"], &tried["rejected_total"]), (&json!(2), &json!(1)));
    assert_eq!((&tried["deck_id"], &tried["dry_run"]), (&Value::Null, &json!(true)));
    assert_eq!(decks_of(&site, &learner).await, []);
    let deck = site.deck(&learner, "x").await;
    let before = decks_of(&site, &learner).await;
    import(&site, &learner, &deck, "?dry_run=true", "a,b\n").await.expect(200);
    assert_eq!(decks_of(&site, &learner).await, before);
}

#[actix_web::test]
async fn a_file_becomes_a_deck_at_once_and_a_bad_one_becomes_none() {
    let site = Site::open().await;
    let learner = site.learner();
    import_new(&site, &learner, "title=Words", "a,\"b\n").await.refuses(422, "bad_file");
    import_new(&site, &learner, "title=%20", "a,b\n").await.refuses(422, "invalid");
    import_new(&site, &learner, "", "a,b\n").await.refuses(422, "invalid");
    let empty = import_new(&site, &learner, "title=Words", "front,back\n,b\n").await.expect(200);
    assert_eq!((&empty["deck_id"], &empty["rejected_total"]), (&Value::Null, &json!(1)));
    assert_eq!(decks_of(&site, &learner).await, []);
    let made = import_new(&site, &learner, "title=Words", "a,b\nc,d\n").await;
    let location = made.header("location").to_owned();
    let made = made.expect(201);
    assert_eq!(location, format!("/api/v1/decks/{}", id(&made, "deck_id")));
    assert_eq!(made["added"], 2);
    let deck = site.get(&learner, &format!("/decks/{}", id(&made, "deck_id"))).await.expect(200);
    assert_eq!((&deck["title"], &deck["cards"]), (&json!("Words"), &json!(2)));
    assert_eq!(site.get(&learner, "/due").await.expect(200)["counts"]["new"], 2);
}

#[actix_web::test]
async fn a_file_that_is_sent_again_with_its_key_makes_one_deck() {
    let site = Site::open().await;
    let learner = site.learner();
    let send = async |file: &str| {
        let asked = request("POST", "/decks/import?title=Words", Some(&learner));
        let asked = with_header(asked, "idempotency-key", "k").insert_header(("content-type", "text/csv"));
        site.send(asked.set_payload(file.to_owned())).await
    };
    let made = send("a,b\n").await.expect(201);
    let again = send("a,b\n").await.expect(200);
    assert_eq!(
        (&again["deck_id"], &again["added"], &again["unchanged"]),
        (&made["deck_id"], &json!(0), &json!(1))
    );
    send("a,b\nc,d\n").await.refuses(422, "idempotency_key_reused");
    let decks = decks_of(&site, &learner).await;
    assert_eq!(decks.iter().map(|deck| deck.cards).collect::<Vec<_>>(), [1]);
}

#[actix_web::test]
async fn rejected_rows_come_as_a_table_without_formulas_that_can_be_mended_and_imported() {
    let site = Site::open().await;
    let learner = site.learner();
    let file = "front,back,tags\nHund,dog,animal\n=cmd()|x,,t\nHund,again,\na,b,c,d\n\"Maus\"x,mouse,\n";
    let asked =
        request("POST", "/imports/rejected", Some(&learner)).insert_header(("content-type", "text/csv"));
    let answer = site.send(asked.set_payload(file)).await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"rejected.csv\"");
    let table = answer.text();
    let rows: Vec<&str> = table.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(rows[0], "line,column,reason,message,front,back,hint,explanation,tags,guid,accept");
    let begins = ["3,2,empty_back,", "4,1,duplicate,", "5,4,too_many_fields,", "6,1,text_after_quote,"];
    assert_eq!(rows.len(), 1 + begins.len(), "{table}");
    assert!(rows[1..].iter().zip(begins).all(|(row, begin)| row.starts_with(begin)), "{table}");
    assert!(rows[1].ends_with("\"'=cmd()|x\",\"\",\"\",\"\",\"t\",\"\",\"\""), "{table}");
    assert!(rows[2].ends_with("\"Hund\",\"again\",\"\",\"\",\"\",\"\",\"\""), "{table}");
    // As it is, it is a file to be imported: the row that was a double and the one with too much in it are cards.
    let deck = site.deck(&learner, "mended").await;
    assert!(import(&site, &learner, &deck, "", table).await.expect(200)["added"].as_u64() >= Some(2));
    assert_eq!(decks_of(&site, &learner).await.len(), 1);
}
