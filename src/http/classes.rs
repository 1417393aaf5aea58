//! `/classes`

use crate::http::access::{Need, allowed, class_for, class_to_edit, deck_for, runs_too};
use crate::http::body::{Body, to_its_end};
use crate::http::dto::class::{ClassIn, ClassOut};
use crate::http::etag::tagged;
use crate::http::join::waits_no_more;
use crate::http::keys::Key;
use crate::http::limits::{CLASSES_PER_TEACHER_MAX, DECKS_PER_CLASS_MAX, STUDENTS_PER_CLASS_MAX};
use crate::http::paging::{ListQuery, Order, SortKey, page_of};
use crate::http::{App, Caller, Problem};
use crate::teaching::also_taught;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::Concerned;
use domain::ids::{ClassId, DeckId, UserId, Uuid};
use ports::people::ClassChange;

const SORTS: &[&str] = &["title", "created_at"];

/// `GET /classes`: those that the caller teaches, also beside their teachers, or studies in.
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let order = Order::of(query.sort.as_deref(), SORTS)?;
    let page = page_of(all_of(&app, &caller).await?, &query, order, |class| {
        let key = match order.by {
            "created_at" => SortKey::Number(class.created_at),
            _ => SortKey::Text(class.title.to_lowercase()),
        };
        (key, class.class_id.to_string())
    })?;
    Ok(HttpResponse::Ok().json(page))
}

/// The classes that the caller teaches, also beside their teachers, or studies in.
pub(super) async fn all_of(app: &App, caller: &Caller) -> Result<Vec<ClassOut>, Problem> {
    let classes = app.people.classes_of(caller.user).await?;
    let mut classes: Vec<ClassOut> = classes.into_iter().map(|class| ClassOut::of(class, caller)).collect();
    for class in also_run(app, caller).await? {
        classes.retain(|other| other.class_id != class.class_id);
        classes.push(class);
    }
    Ok(classes)
}

/// Those that the caller teaches beside their teachers.
async fn also_run(app: &App, caller: &Caller) -> Result<Vec<ClassOut>, Problem> {
    let classes = also_taught(app.people.as_ref(), app.papers.as_ref(), caller).await?;
    Ok(classes.into_iter().map(|class| ClassOut::seen(class, true)).collect())
}

/// `POST /classes`: teachers and administrators.
pub(super) async fn create(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    body: Body<ClassIn>,
) -> Result<HttpResponse, Problem> {
    allowed(&caller, Need::MakeClass)?;
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

/// `GET /classes/{class_id}`
pub(super) async fn read(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let class = class_for(&app, &caller, ClassId(*path), Need::SeeClass).await?;
    let may_edit = runs_too(&app, &caller, &class).await?;
    tagged(&request, &ClassOut::seen(class, may_edit))
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
    change(app.clone(), class.id, ClassChange::Enroll(student), student.into()).await?;
    waits_no_more(&app, class.id, student).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE /classes/{class_id}/students/{user_id}`
pub(super) async fn remove(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let (class, student) = (class_to_edit(&app, &caller, ClassId(path.0)).await?, UserId(path.1));
    change(app.clone(), class.id, ClassChange::Remove(student), student.into()).await?;
    waits_no_more(&app, class.id, student).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `PUT /classes/{class_id}/decks/{deck_id}`
pub(super) async fn give(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(path.0)).await?;
    let deck = deck_for(&app, &caller, DeckId(path.1), Need::ShareDeck).await?;
    room_for("decks", &class.decks, deck.id, DECKS_PER_CLASS_MAX)?;
    change(app, class.id, ClassChange::Give(deck.id), everybody(&class.students)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE /classes/{class_id}/decks/{deck_id}`
pub(super) async fn take(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(path.0)).await?;
    let taken = ClassChange::Take(DeckId(path.1));
    change(app, class.id, taken, everybody(&class.students)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Refuses one too many; what is there already may be put there again.
fn room_for<T: PartialEq>(what: &str, there: &[T], new: T, most: usize) -> Result<(), Problem> {
    if there.len() < most || there.contains(&new) {
        return Ok(());
    }
    Err(Problem::invalid(format!("A class has at most {most} {what}.")))
}

/// Changes a class, and tells whom it concerns.
async fn change(
    app: web::Data<App>,
    class: ClassId,
    change: ClassChange,
    whom: Concerned,
) -> Result<(), Problem> {
    to_its_end(async move {
        app.people.change_class(class, change, app.clock.wall_ms()).await?;
        app.study.access_changed(whom);
        Ok(())
    })
    .await
}

fn everybody(students: &[UserId]) -> Concerned {
    Concerned::People(students.into())
}
