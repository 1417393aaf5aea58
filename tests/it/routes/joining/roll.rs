//! The guests of a class, for those who run it.

use super::*;

/// The first guest of a class, as whoever runs it sees them.
async fn only_guest(site: &Site, teacher: &Somebody, class: &str) -> Value {
    let found = site.get(teacher, &format!("/classes/{class}/guests")).await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    found["items"][0].clone()
}

#[actix_web::test]
async fn who_runs_a_class_sees_its_guests_page_by_page_and_nobody_else_sees_one() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "open").await;
    let began_ms = site.clock.wall_ms();
    for name in ["Ada", "Ben", "Cleo"] {
        join(&site, json!({"code": code, "name": name}), None).await.expect(200);
    }
    let path = format!("/classes/{class}/guests");
    let (mut seen, mut next) = (Vec::new(), path.clone() + "?limit=2");
    loop {
        let page = site.get(&teacher, &next).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("{path}?limit=2&cursor={cursor}");
    }
    let mut names: Vec<&str> = seen.iter().map(|guest| guest["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Ada", "Ben", "Cleo"]);
    for guest in &seen {
        assert_eq!((&guest["enrolled"], &guest["claimed_by"]), (&json!(true), &Value::Null), "{guest}");
        assert!((began_ms - 60_000..began_ms + 600_000).contains(&guest["joined_at"].as_i64().unwrap()));
        // Neither PINs nor devices, nor what they are compared by.
        assert_eq!(guest.as_object().unwrap().len(), 6, "{guest}");
    }
    let further = site.somebody(Role::Teacher, Some(1));
    site.get(&further, "/me").await.expect(200);
    site.get(&further, &path).await.refuses(404, "not_found");
    let dan = super::guest(&join(&site, json!({"code": code, "name": "Dan"}), None).await.expect(200));
    site.get(&dan, &path).await.refuses(403, "forbidden");
    let seat = format!("/classes/{class}/teachers/{}", further.user);
    site.put(&teacher, &seat).await.expect(204);
    assert_eq!(site.get(&further, &path).await.expect(200)["items"].as_array().unwrap().len(), 4);
    let ada = seen.iter().find(|guest| guest["name"] == "Ada").unwrap();
    site.delete(&teacher, &format!("/classes/{class}/students/{}", id(ada, "user_id"))).await.expect(204);
    let gone = site.get(&teacher, &path).await.expect(200);
    let ada = gone["items"].as_array().unwrap().iter().find(|guest| guest["name"] == "Ada").unwrap();
    assert_eq!(ada["enrolled"], false);
}

#[actix_web::test]
async fn a_guest_who_lost_device_and_pin_comes_back_by_the_pin_that_a_teacher_gives() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "open").await;
    let first = join(&site, json!({"code": code, "name": "Ada"}), None).await;
    let cookie = cookie_of(&first);
    let first = first.expect(200);
    let with = |pin: &Value| json!({"code": code, "name": "Ada", "pin": pin});
    // Somebody has guessed until the name was closed.
    let wrong = if first["pin"] == "0000" { json!("0001") } else { json!("0000") };
    for _ in 0..5 {
        join(&site, with(&wrong), None).await.refuses(403, "forbidden");
    }
    join(&site, with(&first["pin"]), None).await.refuses(429, "too_many");
    let guest = only_guest(&site, &teacher, &class).await;
    let path = format!("/classes/{class}/guests/{}/pin", id(&guest, "name_id"));
    let told = site.post(&teacher, &path, json!({})).await;
    assert_eq!(told.header("cache-control"), "no-store");
    let told = told.expect(200);
    assert_eq!(told["pin"].as_str().unwrap().len(), 4);
    // Who found the device is not let in by it.
    let taken = join(&site, json!({"code": code, "name": "Ada"}), Some(&cookie)).await;
    assert_eq!(taken.refuses(409, "conflict")["reason"], "name_taken");
    let back = join(&site, with(&told["pin"]), None).await;
    let (again, back) = (cookie_of(&back), back.expect(200));
    assert_eq!((id(&back, "user_id"), back.get("pin")), (id(&first, "user_id"), None));
    join(&site, json!({"code": code, "name": "Ada"}), Some(&again)).await.expect(200);
    if told["pin"] != first["pin"] {
        let old = join(&site, with(&first["pin"]), None).await.refuses(403, "forbidden");
        assert_eq!(old["reason"], "wrong_pin");
    }
    let nobody = format!("/classes/{class}/guests/{}/pin", Uuid::new_v4());
    site.post(&teacher, &nobody, json!({})).await.refuses(404, "not_found");
    // The guest of one class is none of another's.
    let (other, elsewhere, _) = class_of(&site, 0).await;
    let abroad = format!("/classes/{elsewhere}/guests/{}/pin", id(&guest, "name_id"));
    site.post(&other, &abroad, json!({})).await.refuses(404, "not_found");
}

#[actix_web::test]
async fn whoever_gave_a_guest_a_pin_does_not_claim_what_the_guest_did() {
    let site = Site::open().await;
    let (teacher, class, students) = class_of(&site, 1).await;
    let deck = site.deck(&teacher, "Biology").await;
    let card = site.card(&teacher, &deck, "front").await;
    site.put(&teacher, &format!("/classes/{class}/decks/{deck}")).await.expect(204);
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "open").await;
    let ada = guest(&join(&site, json!({"code": code, "name": "Ada"}), None).await.expect(200));
    let answered = json!({"commands": [answer(&site, &deck, &card, 5)]});
    let verdicts = site.post(&ada, "/reviews", answered).await.expect(200);
    assert_eq!(verdicts["verdicts"][0]["verdict"], "durable");
    let further = site.somebody(Role::Teacher, Some(1));
    site.get(&further, "/me").await.expect(200);
    let seat = format!("/classes/{class}/teachers/{}", further.user);
    site.put(&teacher, &seat).await.expect(204);
    let name = id(&only_guest(&site, &teacher, &class).await, "name_id");
    let path = format!("/classes/{class}/guests/{name}/pin");
    let told = site.post(&further, &path, json!({})).await.expect(200);
    site.delete(&teacher, &seat).await.expect(204);
    let wish = json!({"class_id": class, "name": "Ada", "pin": told["pin"]});
    let refused = site.post(&further, "/me/claim", wish.clone()).await.refuses(403, "forbidden");
    assert_eq!(refused["reason"], "wrong_pin");
    let students_now = site.get(&teacher, &format!("/classes/{class}")).await.expect(200);
    assert!(!students_now.to_string().contains(&further.user.to_string()), "{students_now}");
    // The guest's own account does, by the same PIN.
    site.post(&students[0], "/me/claim", wish).await.expect(200);
    let guest = only_guest(&site, &teacher, &class).await;
    assert_eq!(guest["claimed_by"], json!(students[0].user.to_string()));
    assert_eq!(guest["enrolled"], false);
    assert_eq!(site.post(&teacher, &path, json!({})).await.refuses(409, "conflict")["reason"], "claimed");
    // So is a guest who has answered nothing.
    let ben = join(&site, json!({"code": code, "name": "Ben"}), None).await.expect(200);
    let wish = json!({"class_id": class, "name": "Ben", "pin": ben["pin"]});
    assert_eq!(site.post(&students[0], "/me/claim", wish).await.expect(200)["entries"], 0);
}

#[actix_web::test]
async fn whoever_waited_by_a_pin_that_holds_no_more_is_not_let_in_as_the_guest() {
    let site = Site::open().await;
    let (teacher, class, _) = class_of(&site, 0).await;
    opened(&site, &class, 1).await;
    let code = code(&site, &teacher, &class, "lobby").await;
    let thief = join(&site, json!({"code": code, "name": "Ada"}), None).await.expect(200);
    assert_eq!(thief["state"], "waiting");
    let name = id(&only_guest(&site, &teacher, &class).await, "name_id");
    let told =
        site.post(&teacher, &format!("/classes/{class}/guests/{name}/pin"), json!({})).await.expect(200);
    let door = format!("/join/{class}");
    assert_eq!(site.get(&guest(&thief), &door).await.expect(200)["state"], "none", "nobody waits any more");
    let ada = json!({"code": code, "name": "Ada", "pin": told["pin"]});
    let ada = join(&site, ada, None).await.expect(200);
    site.put(&teacher, &format!("/classes/{class}/students/{}", id(&ada, "user_id"))).await.expect(204);
    let seen = site.get(&guest(&thief), &door).await.expect(200);
    assert_eq!(seen.get("token"), None, "{seen}");
}
