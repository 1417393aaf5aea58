//! `/classes`

use crate::http::access::{class_to_edit, deck_to_read, may_share};
use crate::http::body::Body;
use crate::http::dto::class::{ClassIn, ClassOut};
use crate::http::keys::Key;
use crate::http::limits::{CLASSES_PER_TEACHER_MAX, DECKS_PER_CLASS_MAX, STUDENTS_PER_CLASS_MAX};
use crate::http::paging::{ListQuery, Order, SortKey, page_of};
use crate::http::{App, Caller, Code, Problem};
use actix_web::{HttpRequest, HttpResponse, web};
use actors::Concerned;
use domain::ids::{ClassId, DeckId, UserId, Uuid};
use ports::people::ClassChange;

const SORTS: &[&str] = &["title", "created_at"];

/// `GET /classes`: those that the caller teaches or studies in.
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let order = Order::of(query.sort.as_deref(), SORTS)?;
    let classes = app.people.classes_of(caller.user).await?;
    let classes: Vec<ClassOut> = classes.into_iter().map(|class| ClassOut::of(class, &caller)).collect();
    let page = page_of(classes, &query, order, |class| {
        let key = match order.by {
            "created_at" => SortKey::Number(class.created_at),
            _ => SortKey::Text(class.title.to_lowercase()),
        };
        (key, class.class_id.to_string())
    })?;
    Ok(HttpResponse::Ok().json(page))
}

/// `POST /classes`: teachers and administrators.
pub(super) async fn create(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    body: Body<ClassIn>,
) -> Result<HttpResponse, Problem> {
    if !caller.may_teach() {
        return Err(Problem::new(Code::Forbidden, "Only teachers and administrators make classes."));
    }
    let own = app.people.classes_of(caller.user).await?;
    if own.iter().filter(|class| class.teacher == caller.user).count() >= CLASSES_PER_TEACHER_MAX {
        return Err(Problem::invalid(format!(
            "You have {CLASSES_PER_TEACHER_MAX} classes, as many as there may be."
        )));
    }
    let key = Key::of(&request, &caller)?;
    let id = ClassId(key.id("class", 0));
    let record = body.0.record(id, &caller, app.clock.wall_ms())?;
    key.take(&app).await?;
    // A class that a request with the same key made stays as it is.
    app.people.create_class(record).await?;
    let stored = app.people.class(id).await?.ok_or_else(Problem::internal)?;
    Ok(HttpResponse::Created().json(ClassOut::of(stored, &caller)))
}

/// `PUT /classes/{class_id}/students/{user_id}`
pub(super) async fn enroll(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let (class, student) = (class_to_edit(&app, &caller, ClassId(path.0)).await?, UserId(path.1));
    room_for("students", &class.students, student, STUDENTS_PER_CLASS_MAX)?;
    // Somebody who has not signed in yet may be enrolled; somebody of another organisation is refused by the register.
    change(&app, class.id, ClassChange::Enroll(student)).await?;
    app.study.access_changed(student.into());
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE /classes/{class_id}/students/{user_id}`
pub(super) async fn remove(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let (class, student) = (class_to_edit(&app, &caller, ClassId(path.0)).await?, UserId(path.1));
    change(&app, class.id, ClassChange::Remove(student)).await?;
    app.study.access_changed(student.into());
    Ok(HttpResponse::NoContent().finish())
}

/// `PUT /classes/{class_id}/decks/{deck_id}`
pub(super) async fn give(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(path.0)).await?;
    let deck = deck_to_read(&app, &caller, DeckId(path.1)).await?;
    if !may_share(&caller, &deck) {
        return Err(Problem::new(Code::Forbidden, "Only the owner gives a private deck to a class."));
    }
    room_for("decks", &class.decks, deck.id, DECKS_PER_CLASS_MAX)?;
    change(&app, class.id, ClassChange::Give(deck.id)).await?;
    tell_students(&app, &class.students);
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE /classes/{class_id}/decks/{deck_id}`
pub(super) async fn take(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(path.0)).await?;
    change(&app, class.id, ClassChange::Take(DeckId(path.1))).await?;
    tell_students(&app, &class.students);
    Ok(HttpResponse::NoContent().finish())
}

/// Refuses one too many; what is there already may be put there again.
fn room_for<T: PartialEq>(what: &str, there: &[T], new: T, most: usize) -> Result<(), Problem> {
    if there.len() < most || there.contains(&new) {
        return Ok(());
    }
    Err(Problem::invalid(format!("A class has at most {most} {what}.")))
}

async fn change(app: &App, class: ClassId, change: ClassChange) -> Result<(), Problem> {
    Ok(app.people.change_class(class, change, app.clock.wall_ms()).await?)
}

fn tell_students(app: &App, students: &[UserId]) {
    app.study.access_changed(Concerned::People(students.into()));
}
