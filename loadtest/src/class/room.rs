//! The classes of a run: made over HTTP, with everybody enrolled.

use crate::api::{Api, ApiError};
use crate::args::ClassArgs;
use crate::identity::Identities;
use crate::setup::SetupError;
use hyper::Method;
use serde_json::json;
use std::net::SocketAddr;
use uuid::Uuid;

/// Makes the classes, which study this deck. Each has its share of the learners; the probes are in the first.
///
/// # Errors
/// When the server does not take them.
pub async fn classes(
    server: SocketAddr,
    people: &Identities,
    deck: Uuid,
    args: &ClassArgs,
) -> Result<Vec<Uuid>, SetupError> {
    let mut api = Api::new(server, None, people.token(people.teacher(), "teacher")?);
    let mut classes = Vec::new();
    for number in 0..args.classes {
        let title = format!("Load {number}");
        let made = api.expect(Method::POST, "/api/v1/classes", Some(&json!({"title": title}))).await?;
        let class: Uuid =
            made["class_id"].as_str().and_then(|id| id.parse().ok()).ok_or(ApiError::Lacks("class_id"))?;
        api.expect(Method::PUT, &format!("/api/v1/classes/{class}/decks/{deck}"), None).await?;
        let students = number * args.students..(number + 1) * args.students;
        let probes = args.students_in_all()..args.students_in_all() + args.probes;
        for student in students.chain(probes.filter(|_| number == 0)) {
            let path = format!("/api/v1/classes/{class}/students/{}", people.learner(student));
            api.expect(Method::PUT, &path, None).await?;
        }
        classes.push(class);
    }
    Ok(classes)
}
