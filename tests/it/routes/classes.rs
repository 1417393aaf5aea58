use super::site::{Site, each, id};
use ports::Role;
use serde_json::json;

#[actix_web::test]
async fn teachers_make_classes_and_learners_do_not() {
    let site = Site::open().await;
    for role in [Role::Teacher, Role::Admin, Role::Owner] {
        site.post(&site.somebody(role, Some(1)), "/classes", json!({"title": "7b"})).await.expect(201);
    }
    for role in [Role::Learner, Role::Service] {
        site.post(&site.somebody(role, Some(1)), "/classes", json!({"title": "7b"}))
            .await
            .refuses(403, "forbidden");
    }
}

#[actix_web::test]
async fn a_student_sees_the_decks_of_the_class_while_enrolled() {
    let site = Site::open().await;
    let (teacher, student) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Learner, Some(1)));
    let deck = site.deck(&teacher, "Biology").await;
    let class = id(&site.post(&teacher, "/classes", json!({"title": "7b"})).await.expect(201), "class_id");
    let (seat, given) =
        (format!("/classes/{class}/students/{}", student.user), format!("/classes/{class}/decks/{deck}"));
    for _ in 0..2 {
        site.put(&teacher, &seat).await.expect(204);
        site.put(&teacher, &given).await.expect(204);
    }
    let seen = site.get(&student, &format!("/decks/{deck}")).await.expect(200);
    assert_eq!(seen["may_edit"], false);
    assert_eq!(each(&site.get(&student, "/decks").await.expect(200), "title"), ["Biology"]);
    site.put(&student, &format!("/classes/{class}/students/{}", teacher.user))
        .await
        .refuses(403, "forbidden");
    let classes = site.get(&student, "/classes").await.expect(200);
    assert_eq!(each(&classes, "title"), ["7b"]);
    assert!(classes["items"][0].get("students").is_none(), "students do not see who else studies");
    let own = site.get(&teacher, "/classes").await.expect(200);
    assert_eq!(own["items"][0]["students"], json!([student.user.to_string()]));
    site.delete(&teacher, &given).await.expect(204);
    site.get(&student, &format!("/decks/{deck}")).await.refuses(404, "not_found");
    site.put(&teacher, &given).await.expect(204);
    site.get(&student, &format!("/decks/{deck}")).await.expect(200);
    site.delete(&teacher, &seat).await.expect(204);
    site.get(&student, &format!("/decks/{deck}")).await.refuses(404, "not_found");
}

#[actix_web::test]
async fn nobody_of_another_organisation_is_enrolled_and_no_private_deck_is_passed_on() {
    let site = Site::open().await;
    let teacher = site.somebody(Role::Teacher, Some(1));
    let class = id(&site.post(&teacher, "/classes", json!({"title": "7b"})).await.expect(201), "class_id");
    let stranger = site.somebody(Role::Learner, Some(2));
    site.get(&stranger, "/me").await.expect(200);
    site.put(&teacher, &format!("/classes/{class}/students/{}", stranger.user))
        .await
        .refuses(404, "not_found");

    let (colleague, other_class) = (site.somebody(Role::Teacher, Some(1)), "/classes");
    let deck = site.deck(&colleague, "Mine").await;
    site.put(&teacher, &format!("/classes/{class}/decks/{deck}")).await.refuses(404, "not_found");
    // Seen through a colleague's class, it is still not the student teacher's to give away.
    let second =
        id(&site.post(&colleague, other_class, json!({"title": "8a"})).await.expect(201), "class_id");
    site.put(&colleague, &format!("/classes/{second}/students/{}", teacher.user)).await.expect(204);
    site.put(&colleague, &format!("/classes/{second}/decks/{deck}")).await.expect(204);
    site.get(&teacher, &format!("/decks/{deck}")).await.expect(200);
    site.put(&teacher, &format!("/classes/{class}/decks/{deck}")).await.refuses(403, "forbidden");
    let admin = site.somebody(Role::Admin, Some(1));
    site.put(&admin, &format!("/classes/{class}/decks/{deck}")).await.expect(204);
}

#[actix_web::test]
async fn who_was_enrolled_before_the_first_sign_in_sees_nothing_of_another_organisation() {
    let site = Site::open().await;
    let teacher = site.somebody(Role::Teacher, None);
    let deck = site.deck(&teacher, "Biology").await;
    let card = site.card(&teacher, &deck, "a cell").await;
    let class = id(&site.post(&teacher, "/classes", json!({"title": "7b"})).await.expect(201), "class_id");
    site.put(&teacher, &format!("/classes/{class}/decks/{deck}")).await.expect(204);
    for (org, sees) in [(None, true), (Some(2), false)] {
        let student = site.somebody(Role::Learner, org);
        let seat = format!("/classes/{class}/students/{}", student.user);
        site.put(&teacher, &seat).await.expect(204);
        for path in [format!("/decks/{deck}"), format!("/decks/{deck}/cards/{card}")] {
            let answer = site.get(&student, &path).await;
            assert_eq!(answer.status.as_u16(), if sees { 200 } else { 404 }, "{path} {org:?}");
        }
        let classes = site.get(&student, "/classes").await.expect(200);
        assert_eq!(classes["items"].as_array().unwrap().len(), usize::from(sees));
        let due = site.get(&student, &format!("/due?deck_id={deck}")).await;
        assert_eq!(due.status.as_u16(), if sees { 200 } else { 404 });
        // Once it is known whose person it is, it is refused at once.
        let again = site.put(&teacher, &seat).await;
        assert_eq!(again.status.as_u16(), if sees { 204 } else { 404 });
    }
}
