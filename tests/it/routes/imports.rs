use super::site::{Answer, Site, Somebody, each, request};
use serde_json::json;

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
