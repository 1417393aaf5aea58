//! Whom a school names: batches, lists, and what is exported.

use super::site::{Answer, Site, Somebody, id};
use ports::Role;
use serde_json::{Value, json};

fn outcomes(told: &Value) -> Vec<&str> {
    told["users"].as_array().unwrap().iter().map(|user| user["outcome"].as_str().unwrap()).collect()
}

async fn class(site: &Site, teacher: &Somebody, title: &str) -> String {
    id(&site.post(teacher, "/classes", json!({"title": title})).await.expect(201), "class_id")
}

async fn batch(site: &Site, who: &Somebody, users: Value) -> Value {
    site.post(who, "/users/batch", json!({"users": users})).await.expect(200)
}

fn names(told: &Value) -> Vec<&str> {
    told["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_teacher_names_learners_into_own_classes_and_doing_it_again_changes_nothing() {
    let site = Site::open().await;
    let teacher = site.somebody(Role::Teacher, Some(1));
    let class = class(&site, &teacher, "7b").await;
    let users = json!([
        {"external_id": "1", "name": "Ada", "email": "ADA@s.example", "class_ids": [class]},
        {"login": "ben", "name": "Ben", "class_ids": [class]},
    ]);
    let tried =
        site.post(&teacher, "/users/batch", json!({"users": users, "dry_run": true})).await.expect(200);
    assert_eq!(outcomes(&tried), ["new", "new"]);
    let first = batch(&site, &teacher, users.clone()).await;
    assert_eq!(outcomes(&first), ["new", "new"]);
    assert_eq!(first["users"][0]["joined"], json!([class]));
    let put = site
        .send(super::site::request("PUT", "/users/batch", Some(&teacher)).set_json(json!({"users": users})));
    assert_eq!(outcomes(&put.await.expect(200)), ["unchanged", "unchanged"]);
    let students = site.get(&teacher, &format!("/classes/{class}/students")).await.expect(200);
    let mut found = names(&students);
    found.sort_unstable();
    assert_eq!(found, ["Ada", "Ben"]);
    // The account is theirs when they sign in.
    let ada: domain::ids::UserId = first["users"][0]["user_id"].as_str().unwrap().parse().unwrap();
    let ada = site.with_nameless_token(ada, Role::Learner, Some(1));
    let classes = site.get(&ada, "/classes").await.expect(200);
    assert_eq!(classes["items"][0]["class_id"], class);
    assert_eq!(site.get(&ada, "/me").await.expect(200)["name"], "Ada");
}

#[actix_web::test]
async fn nobody_names_people_into_a_class_that_is_not_theirs() {
    let site = Site::open().await;
    let (teacher, other) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Teacher, Some(1)));
    let theirs = class(&site, &other, "8a").await;
    let abroad = site.somebody(Role::Teacher, Some(2));
    let foreign = class(&site, &abroad, "9c").await;
    for class in [&theirs, &foreign] {
        for who in [&teacher, &site.somebody(Role::Teacher, Some(1))] {
            let users = json!([{"external_id": "1", "name": "Ada", "class_ids": [class]}]);
            let told = batch(&site, who, users).await;
            assert_eq!(told["users"][0]["joined"], json!([]));
            assert_eq!(told["users"][0]["reasons"][0], "dangling_class");
        }
    }
    let admin = site.somebody(Role::Admin, Some(1));
    let users = json!([{"external_id": "1", "name": "Ada", "class_ids": [theirs, foreign]}]);
    assert_eq!(batch(&site, &admin, users).await["users"][0]["joined"], json!([theirs]));
    for who in [site.somebody(Role::Learner, Some(1)), site.somebody(Role::Teacher, None)] {
        let users = json!({"users": [{"external_id": "1", "name": "Ada"}]});
        site.post(&who, "/users/batch", users).await.refuses(403, "forbidden");
        site.get(&who, "/users").await.refuses(403, "forbidden");
        site.get(&who, "/rosters/export").await.refuses(403, "forbidden");
    }
    let body = json!({"users": [{"external_id": "x", "name": "Ada", "role": "owner"}]});
    site.post(&admin, "/users/batch", body).await.refuses(422, "invalid");
    site.post(&admin, "/users/batch", json!({"users": [{"name": "Nobody"}]})).await.refuses(422, "invalid");
}

#[actix_web::test]
async fn a_teacher_enrolls_whom_others_named_and_changes_nothing_of_them() {
    let site = Site::open().await;
    let (teacher, admin) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Admin, Some(1)));
    let own = class(&site, &teacher, "7b").await;
    let named = json!([{"external_id": "2", "login": "v2", "name": "Vera", "email": "v@s.example"}]);
    batch(&site, &admin, named).await;
    let as_known = async || {
        let mut known = site.get(&admin, "/users?login=v2").await.expect(200)["items"][0].clone();
        known.as_object_mut().unwrap().remove("class_ids");
        known
    };
    let before = as_known().await;
    let evil = json!([{"login": "v2", "name": "Evil", "email": "e@s.example", "class_ids": [own]}]);
    let told = batch(&site, &teacher, evil.clone()).await;
    assert_eq!(outcomes(&told), ["moved"]);
    assert_eq!(told["users"][0]["reasons"], json!(["person_not_yours"]));
    assert_eq!(told["users"][0]["joined"], json!([own]));
    assert_eq!(as_known().await, before);
    // From then on it is the teacher's student: what others know them by stays.
    let told = batch(&site, &teacher, evil).await;
    assert_eq!((outcomes(&told), &told["users"][0]["reasons"]), (vec!["changed"], &json!(["key_kept"])));
    assert_eq!(as_known().await["email"], "v@s.example");
}

#[actix_web::test]
async fn a_further_teacher_names_learners_into_the_class_as_its_teacher_does() {
    let site = Site::open().await;
    let (teacher, further) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Teacher, Some(1)));
    site.get(&further, "/me").await.expect(200);
    let theirs = class(&site, &teacher, "8a").await;
    let unrelated = class(&site, &teacher, "8b").await;
    let seat = format!("/classes/{theirs}/teachers/{}", further.user);
    site.put(&teacher, &seat).await.expect(204);
    let users = json!([{"external_id": "1", "name": "Ada", "class_ids": [theirs, unrelated]}]);
    let told = batch(&site, &further, users).await;
    assert_eq!(told["users"][0]["joined"], json!([theirs]));
    assert_eq!(told["users"][0]["reasons"][0], "dangling_class");
    // Whom they teach they name, also without a class.
    let renamed = batch(&site, &further, json!([{"external_id": "1", "name": "Ada L."}])).await;
    assert_eq!(outcomes(&renamed), ["changed"]);
    let students = site.get(&teacher, &format!("/classes/{theirs}/students")).await.expect(200);
    assert_eq!(names(&students), ["Ada L."]);
    let seen = site.get(&teacher, &format!("/classes/{theirs}")).await.expect(200);
    assert_eq!((&seen["teacher_id"], &seen["title"]), (&json!(teacher.user.to_string()), &json!("8a")));
    // Who teaches it no more says no more.
    site.delete(&teacher, &seat).await.expect(204);
    let users = json!([{"external_id": "1", "name": "Eve", "class_ids": [theirs]},
        {"external_id": "2", "name": "Ben", "class_ids": [theirs]}]);
    let told = batch(&site, &further, users).await;
    assert_eq!(told["users"][1]["joined"], json!([]));
    let students = site.get(&teacher, &format!("/classes/{theirs}/students")).await.expect(200);
    assert_eq!(names(&students), ["Ada L."]);
}

#[actix_web::test]
async fn a_teacher_sees_own_students_an_administrator_the_organisation_and_nobody_another_one() {
    let site = Site::open().await;
    let (teacher, admin) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Admin, Some(1)));
    let own = class(&site, &teacher, "7b").await;
    let users = json!([{"external_id": "1", "name": "Ada", "login": "ada", "class_ids": [own]}]);
    batch(&site, &teacher, users).await;
    let others: Vec<Value> =
        (2..8).map(|n| json!({"external_id": n.to_string(), "name": format!("P{n}")})).collect();
    batch(&site, &admin, json!(others)).await;
    assert_eq!(names(&site.get(&teacher, "/users").await.expect(200)), ["Ada"]);
    assert!(names(&site.get(&teacher, "/users?external_id=2").await.expect(200)).is_empty());
    assert_eq!(names(&site.get(&admin, "/users?external_id=2").await.expect(200)), ["P2"]);
    assert_eq!(names(&site.get(&admin, "/users?login=ADA").await.expect(200)), ["Ada"]);
    let (mut seen, mut path) = (Vec::new(), "/users?limit=3".to_owned());
    loop {
        let page = site.get(&admin, &path).await.expect(200);
        seen.extend(names(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/users?limit=3&cursor={next}");
    }
    seen.sort_unstable();
    assert_eq!(seen, ["Ada", "P2", "P3", "P4", "P5", "P6", "P7"]);
    let abroad = site.somebody(Role::Admin, Some(2));
    assert!(names(&site.get(&abroad, "/users").await.expect(200)).is_empty());
    site.get(&abroad, &format!("/classes/{own}/students")).await.refuses(404, "not_found");
    site.get(&abroad, &format!("/rosters/export?class_id={own}")).await.refuses(404, "not_found");
    // Somebody enrolled by hand is no more than an account.
    let by_hand = site.somebody(Role::Learner, Some(1));
    site.put(&teacher, &format!("/classes/{own}/students/{}", by_hand.user)).await.expect(204);
    let students = site.get(&teacher, &format!("/classes/{own}/students")).await.expect(200);
    assert_eq!(students["items"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn what_is_exported_is_a_table_or_a_one_roster_file() {
    let site = Site::open().await;
    let (teacher, admin) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Admin, Some(1)));
    let own = class(&site, &teacher, "=7b").await;
    batch(&site, &teacher, json!([{"external_id": "1", "name": "Ada", "class_ids": [own]}])).await;
    let table: Answer = site.get(&teacher, &format!("/rosters/export?class_id={own}")).await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    assert!(table.text().contains("\"Ada\",,,\"1\",\"'=7b\",\"student\""), "{}", table.text());
    let zip = site.get(&admin, "/rosters/export?format=oneroster").await;
    assert_eq!((zip.header("content-type"), zip.body.get(..2)), ("application/zip", Some(&b"PK"[..])));
    site.get(&admin, "/rosters/export?format=pdf").await.refuses(422, "invalid");
}
