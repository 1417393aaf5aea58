//! The teacher's side: the code of a lesson, and who waits to be let in.

use super::admit::enroll;
use crate::http::access::class_to_edit;
use crate::http::body::{Body, to_its_end};
use crate::http::limits::{LOBBY_MAX, STUDENTS_PER_CLASS_MAX};
use crate::http::{App, Caller, Code, Problem};
use crate::joining::JoinCode;
use actix_web::{HttpResponse, web};
use domain::ids::{ClassId, LessonId, UserId, Uuid};
use ports::{PaperKey, PaperKind, PapersError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Codes that are tried until one is free.
const TRIES: usize = 8;

/// Whether who has the code comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum Admission {
    /// At once.
    Open,
    /// When a teacher lets them in.
    #[default]
    Lobby,
    /// Nobody new.
    Locked,
}

/// A class's code, as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct CodeKept {
    pub(super) code: String,
    pub(super) lesson: Uuid,
    pub(super) admission: Admission,
}

/// Somebody who waits, as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) name: String,
    pub(super) lesson: Uuid,
    pub(super) since_ms: i64,
}

/// How the code is to be used.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::http) struct CodeChangeIn {
    /// `lobby` unless it is named.
    #[serde(default)]
    admission: Admission,
}

/// The code of a lesson.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct JoinCodeOut {
    /// Six characters; null while there is none.
    code: Option<String>,
    /// Where one joins by it, on this server.
    url: Option<String>,
    lesson_id: Option<Uuid>,
    admission: Option<Admission>,
}

/// Those who wait.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct LobbyOut {
    items: Vec<WaitingOut>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct WaitingOut {
    user_id: Uuid,
    name: String,
    /// Unix milliseconds.
    since: i64,
}

impl JoinCodeOut {
    fn of(kept: Option<CodeKept>) -> JoinCodeOut {
        match kept {
            Some(CodeKept { code, lesson, admission }) => JoinCodeOut {
                url: Some(format!("/j/{code}")),
                code: Some(code),
                lesson_id: Some(lesson),
                admission: Some(admission),
            },
            None => JoinCodeOut { code: None, url: None, lesson_id: None, admission: None },
        }
    }
}

const fn own(class: ClassId) -> PaperKey {
    PaperKey { of: class.0, kind: PaperKind::Code, id: class.0 }
}

fn place(code: JoinCode) -> PaperKey {
    let place = code.place();
    PaperKey { of: place, kind: PaperKind::CodeOf, id: place }
}

/// Under which name it is kept that somebody waits.
pub(super) const fn waiting(class: ClassId, user: UserId) -> PaperKey {
    PaperKey { of: class.0, kind: PaperKind::Waiting, id: user.0 }
}

/// Nobody waits any more who was let in, or sent away.
pub(in crate::http) async fn waits_no_more(app: &App, class: ClassId, user: UserId) -> Result<(), Problem> {
    Ok(app.papers.remove_paper(waiting(class, user)).await?)
}

/// Somebody's wish to join the lesson that is on; one for a lesson that is over is none.
pub(super) async fn wish(app: &App, class: ClassId, user: UserId) -> Result<Option<Waiting>, Problem> {
    let Some(paper) = app.papers.paper(waiting(class, user)).await? else { return Ok(None) };
    let waits: Waiting = serde_json::from_slice(&paper.body).map_err(|_| Problem::internal())?;
    let on = lesson_on(app, class).await?;
    Ok(on.is_some_and(|on| on.0 == waits.lesson).then_some(waits))
}

/// The code that a class has, and at which revision it is kept.
pub(super) async fn code_of(app: &App, class: ClassId) -> Result<Option<(CodeKept, u64)>, Problem> {
    let paper = app.papers.paper(own(class)).await?;
    Ok(paper.and_then(|paper| Some((serde_json::from_slice(&paper.body).ok()?, paper.revision))))
}

/// The class that a code was given to last.
pub(super) async fn class_of(app: &App, code: JoinCode) -> Result<Option<ClassId>, Problem> {
    let paper = app.papers.paper(place(code)).await?;
    Ok(paper.and_then(|paper| Uuid::from_slice(&paper.body).ok()).map(ClassId))
}

/// The lesson that is on.
pub(super) async fn lesson_on(app: &App, class: ClassId) -> Result<Option<LessonId>, Problem> {
    let record = app.lessons.record(class).await?.filter(domain::lesson::Record::is_on);
    Ok(record.and_then(|record| record.document.lesson))
}

/// `GET /classes/{class_id}/lesson/code`
pub(in crate::http) async fn code(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?;
    let on = lesson_on(&app, class.id).await?;
    let kept = code_of(&app, class.id).await?.map(|(kept, _)| kept);
    let kept = kept.filter(|kept| on.is_some_and(|lesson| lesson.0 == kept.lesson));
    Ok(HttpResponse::Ok().json(JoinCodeOut::of(kept)))
}

/// `PUT /classes/{class_id}/lesson/code`: a lesson keeps its code, another one gets another.
pub(in crate::http) async fn open_by_code(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
    body: Body<CodeChangeIn>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?.id;
    if app.mint.is_none() {
        return Err(super::no_guests());
    }
    let closed =
        || Problem::new(Code::Conflict, "No lesson is on: open one first.").with("reason", "no_lesson");
    let lesson = lesson_on(&app, class).await?.ok_or_else(closed)?;
    let admission = body.0.admission;
    to_its_end(async move {
        let before = code_of(&app, class).await?;
        let kept = match &before {
            Some((kept, _)) if kept.lesson == lesson.0 => CodeKept { admission, ..kept.clone() },
            Some(_) | None => {
                clear(&app, class, before.as_ref().map(|(kept, _)| kept)).await?;
                CodeKept { code: free_code(&app, class).await?.to_string(), lesson: lesson.0, admission }
            }
        };
        let bytes = serde_json::to_vec(&kept).map_err(|_| Problem::internal())?;
        app.papers.put_paper(own(class), bytes, before.map(|(_, revision)| revision)).await?;
        Ok(HttpResponse::Ok().json(JoinCodeOut::of(Some(kept))))
    })
    .await
}

/// Takes a code that no class has.
async fn free_code(app: &App, class: ClassId) -> Result<JoinCode, Problem> {
    for _ in 0..TRIES {
        let code = JoinCode::from_random(Uuid::new_v4().as_u64_pair().1);
        match app.papers.put_paper(place(code), class.0.as_bytes().to_vec(), None).await {
            Ok(_) => return Ok(code),
            Err(PapersError::Changed) => {}
            Err(error @ PapersError::Store(_)) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable("No free code was found; try again."))
}

/// Forgets the code of another lesson and who waited for it.
async fn clear(app: &App, class: ClassId, kept: Option<&CodeKept>) -> Result<(), Problem> {
    if let Some(code) = kept.and_then(|kept| JoinCode::read(&kept.code)) {
        app.papers.remove_paper(place(code)).await?;
    }
    for paper in app.papers.papers(class.0, PaperKind::Waiting, None, LOBBY_MAX).await? {
        app.papers.remove_paper(paper.key).await?;
    }
    Ok(())
}

/// `DELETE /classes/{class_id}/lesson/code`
pub(in crate::http) async fn withdraw_code(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?.id;
    to_its_end(async move {
        let kept = code_of(&app, class).await?.map(|(kept, _)| kept);
        app.papers.remove_paper(own(class)).await?;
        clear(&app, class, kept.as_ref()).await?;
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

/// `GET /classes/{class_id}/lobby`: who waits for the lesson that is on.
pub(in crate::http) async fn lobby(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?.id;
    let on = lesson_on(&app, class).await?.map(|lesson| lesson.0);
    let papers = app.papers.papers(class.0, PaperKind::Waiting, None, LOBBY_MAX).await?;
    let mut items: Vec<WaitingOut> = Vec::new();
    for paper in papers {
        let Ok(kept) = serde_json::from_slice::<Waiting>(&paper.body) else { continue };
        if Some(kept.lesson) == on {
            items.push(WaitingOut { user_id: paper.key.id, name: kept.name, since: kept.since_ms });
        }
    }
    items.sort_by_key(|item| (item.since, item.user_id));
    Ok(HttpResponse::Ok().json(LobbyOut { items }))
}

/// `PUT /classes/{class_id}/lobby/{user_id}`: lets somebody in who waits.
pub(in crate::http) async fn admit(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let (class, user) = (class_to_edit(&app, &caller, ClassId(path.0)).await?, UserId(path.1));
    if class.students.contains(&user) {
        waits_no_more(&app, class.id, user).await?;
        return Ok(HttpResponse::NoContent().finish());
    }
    let Some(waits) = wish(&app, class.id, user).await? else {
        waits_no_more(&app, class.id, user).await?;
        return Err(Problem::not_found());
    };
    if class.students.len() >= STUDENTS_PER_CLASS_MAX {
        return Err(Problem::invalid(format!("A class has at most {STUDENTS_PER_CLASS_MAX} students.")));
    }
    to_its_end(async move {
        enroll(&app, &class, user, &waits.name).await?;
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

/// `DELETE /classes/{class_id}/lobby/{user_id}`: sends somebody away who waits.
pub(in crate::http) async fn refuse(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(path.0)).await?;
    waits_no_more(&app, class.id, UserId(path.1)).await?;
    Ok(HttpResponse::NoContent().finish())
}
