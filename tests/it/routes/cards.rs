use super::site::{Site, each, id};
use serde_json::json;

#[actix_web::test]
async fn a_card_lives_from_its_making_to_its_deletion() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    let note = "00000000-0000-4000-8000-000000000001";
    let new =
        json!({"front": "a", "back": "b", "hint": "h", "explanation": "e", "tags": ["t"], "note_id": note});
    let made = site.post(&learner, &format!("/decks/{deck}/cards"), new).await.expect(201);
    assert_eq!((&made["position"], &made["hint"], &made["note_id"]), (&json!(0), &json!("h"), &json!(note)));
    let path = format!("/decks/{deck}/cards/{}", id(&made, "card_id"));
    let changed = site.patch(&learner, &path, json!({"back": "c", "hint": null})).await.expect(200);
    assert_eq!(
        (&changed["front"], &changed["back"], &changed["hint"], &changed["explanation"]),
        (&json!("a"), &json!("c"), &json!(null), &json!("e"))
    );
    assert!(changed["revision"].as_u64() > made["revision"].as_u64());
    assert_eq!(site.get(&learner, &path).await.expect(200), changed);
    assert_eq!(site.get(&learner, &format!("/decks/{deck}")).await.expect(200)["cards"], 1);
    site.delete(&learner, &path).await.expect(204);
    site.get(&learner, &path).await.refuses(404, "not_found");
    site.patch(&learner, &path, json!({"back": "d"})).await.refuses(404, "not_found");
    assert_eq!(site.get(&learner, &format!("/decks/{deck}/cards")).await.expect(200)["items"], json!([]));
}

#[actix_web::test]
async fn a_card_is_found_in_its_own_deck_only() {
    let site = Site::open().await;
    let learner = site.learner();
    let (deck, other) = (site.deck(&learner, "x").await, site.deck(&learner, "y").await);
    let card = site.card(&learner, &deck, "front").await;
    site.get(&learner, &format!("/decks/{other}/cards/{card}")).await.refuses(404, "not_found");
    site.get(&learner, &format!("/decks/{other}/cards/{card}/state")).await.refuses(404, "not_found");
}

#[actix_web::test]
async fn texts_are_made_harmless_and_an_empty_front_is_none() {
    let site = Site::open().await;
    let learner = site.learner();
    let path = format!("/decks/{}/cards", site.deck(&learner, "x").await);
    let risky =
        json!({"front": "<b>x</b><script>alert(1)</script>", "back": "<img src=x onerror=alert(1)>y"});
    let made = site.post(&learner, &path, risky).await.expect(201);
    assert_eq!(made["front"], "<b>x</b>");
    assert!(!made["back"].as_str().unwrap().contains("onerror"));
    for bad in [
        json!({"front": "", "back": "b"}),
        json!({"front": "<script>x</script>", "back": "b"}),
        json!({"front": "a"}),
        json!({"front": "x".repeat(40_000), "back": "b"}),
        json!({"front": "<div>".repeat(2_000), "back": "b"}),
    ] {
        site.post(&learner, &path, bad).await.refuses(422, "invalid");
    }
}

#[actix_web::test]
async fn many_cards_are_added_together_in_the_order_given_or_not_at_all() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    let path = format!("/decks/{deck}/cards/bulk");
    let cards: Vec<_> = (0..250).map(|n| json!({"front": format!("front {n}"), "back": "b"})).collect();
    let made = site.post(&learner, &path, json!({"cards": cards})).await.expect(201);
    let fronts: Vec<&str> =
        made["cards"].as_array().unwrap().iter().map(|card| card["front"].as_str().unwrap()).collect();
    assert!(fronts.iter().enumerate().all(|(n, front)| *front == format!("front {n}")));
    let one_bad = json!({"cards": [{"front": "good", "back": "b"}, {"front": "", "back": "b"}]});
    assert_eq!(site.post(&learner, &path, one_bad).await.refuses(422, "invalid")["at"], 1);
    assert_eq!(site.get(&learner, &format!("/decks/{deck}")).await.expect(200)["cards"], 250);
    let too_many = vec![json!({"front": "a", "back": "b"}); 5_001];
    site.post(&learner, &path, json!({"cards": too_many})).await.refuses(422, "invalid");
}

#[actix_web::test]
async fn cards_are_walked_in_the_order_of_adding_and_searched() {
    let site = Site::open().await;
    let learner = site.learner();
    let deck = site.deck(&learner, "x").await;
    let cards: Vec<_> = (0..25).map(|n| json!({"front": format!("Größe {n}"), "back": "b"})).collect();
    let made =
        site.post(&learner, &format!("/decks/{deck}/cards/bulk"), json!({"cards": cards})).await.expect(201);
    let gone = id(&made["cards"][10], "card_id");
    site.delete(&learner, &format!("/decks/{deck}/cards/{gone}")).await.expect(204);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = site.get(&learner, &format!("/decks/{deck}/cards?limit=7{cursor}")).await.expect(200);
        seen.extend(each(&page, "front").iter().map(|front| (*front).to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let expected: Vec<String> = (0..25).filter(|n| *n != 10).map(|n| format!("Größe {n}")).collect();
    assert_eq!(seen, expected);
    let found = site
        .get(&learner, &format!("/decks/{deck}/cards?q=gr%C3%B6%C3%9Fe%201&fields=front"))
        .await
        .expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 10);
    site.get(&learner, &format!("/decks/{deck}/cards?q={}", "x".repeat(300))).await.refuses(422, "invalid");
}
