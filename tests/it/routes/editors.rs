//! Decks that several people edit.

use super::site::{Site, each, id};
use super::studying::answer;
use ports::Role;
use serde_json::json;

#[actix_web::test]
async fn an_editor_changes_cards_and_texts_and_not_who_the_deck_is_for() {
    let site = Site::open().await;
    let (owner, editor) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Teacher, Some(1)));
    let deck = site.deck(&owner, "Biology").await;
    let (path, seat) = (format!("/decks/{deck}"), format!("/decks/{deck}/editors/{}", editor.user));
    site.put(&owner, &seat).await.refuses(422, "invalid");
    site.get(&editor, "/me").await.expect(200);
    site.get(&editor, &path).await.refuses(404, "not_found");
    for _ in 0..2 {
        site.put(&owner, &seat).await.expect(204);
    }
    let seen = site.get(&editor, &path).await.expect(200);
    assert_eq!((&seen["may_edit"], &seen["may_govern"]), (&json!(true), &json!(false)));
    assert_eq!(seen["editors"], json!([editor.user.to_string()]));
    assert_eq!(each(&site.get(&editor, "/decks").await.expect(200), "title"), ["Biology"]);
    let card = site.card(&editor, &deck, "front").await;
    site.patch(&editor, &format!("{path}/cards/{card}"), json!({"back": "new"})).await.expect(200);
    site.patch(&editor, &path, json!({"title": "Botany", "tags": ["a"]})).await.expect(200);
    site.patch(&editor, &path, json!({"visibility": "public"})).await.refuses(403, "forbidden");
    site.delete(&editor, &path).await.refuses(403, "forbidden");
    site.put(&editor, &format!("{path}/editors/{}", owner.user)).await.refuses(403, "forbidden");
    // An editor studies it, too.
    let due = site.get(&editor, &format!("/due?deck_id={deck}")).await.expect(200);
    assert_eq!(due["counts"]["new"], 1);
    let verdicts =
        site.post(&editor, "/reviews", json!({"commands": [answer(&site, &deck, &card, 5)]})).await;
    assert_eq!(verdicts.expect(200)["verdicts"][0]["verdict"], "durable");
    site.delete(&owner, &seat).await.expect(204);
    site.get(&editor, &path).await.refuses(404, "not_found");
    assert_eq!(site.get(&editor, "/decks").await.expect(200)["items"], json!([]));
}

#[actix_web::test]
async fn editors_are_others_of_the_same_organisation_and_not_without_end() {
    let site = Site::open().await;
    let owner = site.somebody(Role::Teacher, Some(1));
    let deck = site.deck(&owner, "Biology").await;
    let seat = |who: &super::site::Somebody| format!("/decks/{deck}/editors/{}", who.user);
    let stranger = site.somebody(Role::Teacher, Some(2));
    site.get(&stranger, "/me").await.expect(200);
    site.put(&owner, &seat(&stranger)).await.refuses(422, "invalid");
    site.put(&owner, &seat(&owner)).await.refuses(422, "invalid");
    let mut refused = None;
    for _ in 0..=50 {
        let editor = site.somebody(Role::Learner, Some(1));
        site.get(&editor, "/me").await.expect(200);
        let answer = site.put(&owner, &seat(&editor)).await;
        if answer.status != 204 {
            refused = Some(answer);
        }
    }
    refused.expect("one too many").refuses(422, "invalid");
    let kept = site.get(&owner, &format!("/decks/{deck}")).await.expect(200);
    assert_eq!(kept["editors"].as_array().unwrap().len(), 50);
}

#[actix_web::test]
async fn an_editor_gives_the_deck_to_an_own_class() {
    let site = Site::open().await;
    let (owner, editor) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Teacher, Some(1)));
    let deck = site.deck(&owner, "Biology").await;
    site.get(&editor, "/me").await.expect(200);
    let class = id(&site.post(&editor, "/classes", json!({"title": "8a"})).await.expect(201), "class_id");
    let given = format!("/classes/{class}/decks/{deck}");
    site.put(&editor, &given).await.refuses(404, "not_found");
    site.put(&owner, &format!("/decks/{deck}/editors/{}", editor.user)).await.expect(204);
    site.put(&editor, &given).await.expect(204);
}
