//! What a guest did becomes a learner's own, once, and for who knows the PIN.

use super::*;

#[actix_web::test]
async fn whoever_guesses_a_pin_to_claim_learns_nothing_and_is_soon_heard_no_more() {
    let site = Site::open().await;
    let learner = site.somebody(Role::Learner, Some(1));
    let class = guest_of(&site, &learner).await;
    let wish = |name: &str, pin: &str| json!({"class_id": class, "name": name, "pin": pin});
    let strip = |problem: Value| (problem["detail"].clone(), problem["reason"].clone());
    for guess in ["1111", "1112", "1113", "1114", "1115", "1116", "1117"] {
        let known = site.post(&learner, "/me/claim", wish("Ada", guess)).await.refuses(403, "forbidden");
        let other = site.somebody(Role::Learner, Some(1));
        let unknown = site.post(&other, "/me/claim", wish("Eve", guess)).await.refuses(403, "forbidden");
        assert_eq!(strip(known), strip(unknown));
    }
    // Now even the right one is: the name is closed, and nobody is told.
    let right = site.post(&learner, "/me/claim", wish("Ada", "0000")).await.refuses(403, "forbidden");
    assert_eq!(right["reason"], "wrong_pin");
    let mut claims = 8;
    while claims < 60 && site.post(&learner, "/me/claim", wish("Eve", "0000")).await.status == 403 {
        claims += 1;
    }
    assert!(claims < 60, "one person claims without end");
}

#[actix_web::test]
async fn who_joins_under_somebodys_id_uses_up_no_claim_of_theirs() {
    let site = Site::open().await;
    let learner = site.somebody(Role::Learner, Some(1));
    let class = guest_of(&site, &learner).await;
    let cookie = format!("studyhall_device={}", learner.user);
    for _ in 0..61 {
        join(&site, json!({"code": "ACDEFG", "name": "Ada"}), Some(&cookie)).await;
    }
    join(&site, json!({"code": "ACDEFG", "name": "Ada"}), Some(&cookie)).await.refuses(429, "rate_limited");
    let wish = json!({"class_id": class, "name": "Ada", "pin": "0000"});
    awaken(&site).await;
    site.post(&learner, "/me/claim", wish).await.expect(200);
}

#[actix_web::test]
async fn what_a_guest_did_is_claimed_once_and_by_one_learner() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    let deck = site.deck(&teacher, "Biology").await;
    let card = site.card(&teacher, &deck, "front").await;
    site.put(&teacher, &format!("/classes/{class}/decks/{deck}")).await.expect(204);
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "open").await;
    let joined = join(&site, json!({"code": code, "name": "Ada"}), None).await.expect(200);
    let (ada, pin) = (guest(&joined), joined["pin"].clone());
    let answered = json!({"commands": [answer(&site, &deck, &card, 5)]});
    let verdicts = site.post(&ada, "/reviews", answered).await.expect(200);
    assert_eq!(verdicts["verdicts"][0]["verdict"], "durable");
    let learner = site.somebody(Role::Learner, Some(1));
    site.get(&learner, "/me").await.expect(200);
    let wish = |pin: &Value| json!({"class_id": class, "name": "ada", "pin": pin});
    let wrong = if pin == "0000" { json!("0001") } else { json!("0000") };
    site.post(&learner, "/me/claim", wish(&wrong)).await.refuses(403, "forbidden");
    let elsewhere = site.somebody(Role::Learner, Some(2));
    site.post(&elsewhere, "/me/claim", wish(&pin)).await.refuses(403, "forbidden");
    for _ in 0..2 {
        let claimed = site.post(&learner, "/me/claim", wish(&pin)).await.expect(200);
        assert_eq!((id(&claimed, "guest_id"), &claimed["entries"]), (ada.user.to_string(), &json!(1)));
    }
    let history = site.get(&learner, "/history").await.expect(200);
    let answers: Vec<&Value> =
        history["items"].as_array().unwrap().iter().filter(|item| item["card_id"] == card.as_str()).collect();
    assert_eq!(answers.len(), 1, "{history}");
    site.get(&learner, &format!("/decks/{deck}/progress")).await.expect(200);
    let by_guest = site.get(&ada, &format!("/decks/{deck}/progress")).await;
    assert_eq!(by_guest.status, 404, "the guest is in the class no more");
    let due = site.get(&learner, &format!("/due?deck_id={deck}")).await.expect(200);
    assert_eq!(due["counts"]["new"], 0, "what the guest learnt is new to nobody");
    let other = site.somebody(Role::Learner, Some(1));
    site.get(&other, "/me").await.expect(200);
    site.post(&other, "/me/claim", wish(&pin)).await.refuses(409, "conflict");
    let back = json!({"code": code, "name": "Ada", "pin": pin});
    assert_eq!(join(&site, back, None).await.refuses(409, "conflict")["reason"], "claimed");
}

#[actix_web::test]
async fn a_guest_who_was_claimed_is_let_in_as_whoever_claimed_it() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "lobby").await;
    awaken(&site).await;
    let joined = join(&site, json!({"code": code, "name": "Ada"}), None).await.expect(200);
    let (ada, pin) = (guest(&joined), joined["pin"].clone());
    let learner = site.somebody(Role::Learner, Some(1));
    let claim = json!({"class_id": class, "name": "Ada", "pin": pin});
    site.post(&learner, "/me/claim", claim).await.expect(200);
    // The claim found nobody in the class; the teacher lets the guest in at that moment.
    waits_for(&site, &class, ada.user, "Ada", 1).await;
    let let_in = site.put(&teacher, &format!("/classes/{class}/lobby/{}", ada.user)).await;
    assert_eq!(let_in.refuses(409, "conflict")["reason"], "claimed");
    let seen = site.get(&teacher, &format!("/classes/{class}")).await.expect(200);
    assert_eq!(seen["students"], json!([learner.user.to_string()]));
}
