//! `/classes/{class_id}/teachers`, `/classes/{class_id}/substitutes`: who runs a class beside its teacher, and who stands
//! in for one lesson.

use crate::events::Happened;
use crate::http::access::{Need, class_for, class_to_edit};
use crate::http::body::{Body, to_its_end};
use crate::http::dto::line;
use crate::http::limits::{
    CLASSES_PER_TEACHER_MAX, NAME_BYTES_MAX, SUBSTITUTE_MINUTES_MAX, SUBSTITUTES_PER_CLASS_MAX,
    TEACHERS_PER_CLASS_MAX,
};
use crate::http::{App, Caller, Problem};
use crate::teaching::{Substitute, further_teachers, link_of};
use actix_web::{HttpResponse, web};
use domain::ids::{ClassId, UserId, Uuid};
use ports::{PaperKey, PaperKind, PapersError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Those who teach a class.
#[derive(Serialize, JsonSchema)]
pub(super) struct TeachersOut {
    /// Whose class it is.
    teacher_id: Uuid,
    /// Who teaches it, too.
    items: Vec<TeacherOut>,
}

#[derive(Serialize, JsonSchema)]
struct TeacherOut {
    user_id: Uuid,
    name: Option<String>,
}

const fn key(class: ClassId, teacher: UserId) -> [PaperKey; 2] {
    [
        PaperKey { of: class.0, kind: PaperKind::Teacher, id: teacher.0 },
        PaperKey { of: teacher.0, kind: PaperKind::Teaches, id: class.0 },
    ]
}

/// `GET /classes/{class_id}/teachers`
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?;
    let users = further_teachers(app.papers.as_ref(), class.id).await?;
    let known = app.people.persons(users.clone()).await?;
    let name = |user: UserId| known.iter().find(|person| person.id == user).map(|person| person.name.clone());
    let items = users.into_iter().map(|user| TeacherOut { user_id: user.0, name: name(user) }).collect();
    Ok(HttpResponse::Ok().json(TeachersOut { teacher_id: class.teacher.0, items }))
}

/// `PUT /classes/{class_id}/teachers/{user_id}`: somebody with an account, of the class's organisation, whose role may
/// teach.
pub(super) async fn name(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let class = class_for(&app, &caller, ClassId(path.0), Need::GovernClass).await?;
    let teacher = UserId(path.1);
    let person = app.people.person(teacher).await?;
    let fits = person.is_some_and(|person| person.org == class.org && person.role.may_teach());
    if !fits || teacher == class.teacher {
        return Err(Problem::invalid(
            "Another teacher of a class is another person with an account that may teach, of its organisation.",
        ));
    }
    let [of_class, of_teacher] = key(class.id, teacher);
    let there = app.papers.papers(class.id.0, PaperKind::Teacher, None, TEACHERS_PER_CLASS_MAX).await?;
    if there.iter().any(|paper| paper.key == of_class) {
        return Ok(HttpResponse::NoContent().finish());
    }
    if there.len() >= TEACHERS_PER_CLASS_MAX {
        return Err(Problem::invalid(format!("A class has at most {TEACHERS_PER_CLASS_MAX} more teachers.")));
    }
    let theirs = app.papers.papers(teacher.0, PaperKind::Teaches, None, CLASSES_PER_TEACHER_MAX).await?.len();
    if theirs >= CLASSES_PER_TEACHER_MAX {
        return Err(Problem::invalid("This person teaches as many classes as one may."));
    }
    to_its_end(async move {
        // What leads to the class comes first; the class's own record decides.
        for key in [of_teacher, of_class] {
            match app.papers.put_paper(key, Vec::new(), None).await {
                Ok(_) | Err(PapersError::Changed) => {}
                Err(error @ PapersError::Store(_)) => return Err(error.into()),
            }
        }
        app.events.happened(Happened::ClassAmended(class.id));
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

/// `DELETE /classes/{class_id}/teachers/{user_id}`
pub(super) async fn dismiss(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let class = class_for(&app, &caller, ClassId(path.0), Need::GovernClass).await?;
    let [of_class, of_teacher] = key(class.id, UserId(path.1));
    to_its_end(async move {
        let was_there = app.papers.paper(of_class).await?.is_some();
        app.papers.remove_paper(of_class).await?;
        app.papers.remove_paper(of_teacher).await?;
        if was_there {
            app.events.happened(Happened::ClassAmended(class.id));
        }
        // Their links hold no more without it; away they leave room for others.
        let theirs = |(_, who): &(PaperKey, Substitute)| who.by == of_class.id;
        for (key, _) in standing_in(&app, class.id).await?.into_iter().filter(theirs) {
            app.papers.remove_paper(key).await?;
        }
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

/// Who is to stand in.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SubstituteIn {
    /// Who it is, for people.
    name: String,
    /// For how long at most; the end of the lesson that is on ends it before.
    #[schemars(range(min = 1, max = 1440))]
    minutes: u32,
}

/// Somebody who stands in.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SubstituteOut {
    link_id: Uuid,
    name: String,
    /// The lesson; null for whichever is held until then.
    lesson_id: Option<Uuid>,
    /// Until when at the latest, Unix milliseconds.
    until: i64,
    /// What lets its bearer watch and steer the class: shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// Those who stand in.
#[derive(Serialize, JsonSchema)]
pub(super) struct SubstitutesOut {
    items: Vec<SubstituteOut>,
}

async fn standing_in(app: &App, class: ClassId) -> Result<Vec<(PaperKey, Substitute)>, Problem> {
    let papers =
        app.papers.papers(class.0, PaperKind::Substitute, None, 4 * SUBSTITUTES_PER_CLASS_MAX).await?;
    let read = |paper: &ports::Paper| Some((paper.key, serde_json::from_slice(&paper.body).ok()?));
    Ok(papers.iter().filter_map(read).collect())
}

fn told(key: PaperKey, who: Substitute, link: Option<String>) -> SubstituteOut {
    let Substitute { name, lesson, until_ms, .. } = who;
    SubstituteOut { link_id: key.id, name, lesson_id: lesson, until: until_ms, link }
}

/// `GET /classes/{class_id}/substitutes`
pub(super) async fn substitutes(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?;
    let now_ms = app.clock.wall_ms();
    let all = standing_in(&app, class.id).await?;
    let now = all.into_iter().filter(|(_, who)| who.until_ms > now_ms);
    let items = now.map(|(key, who)| told(key, who, None)).collect();
    Ok(HttpResponse::Ok().json(SubstitutesOut { items }))
}

/// `POST /classes/{class_id}/substitutes`
pub(super) async fn stand_in(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
    body: Body<SubstituteIn>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?;
    let name = line("name", &body.0.name, NAME_BYTES_MAX)?;
    if !(1..=SUBSTITUTE_MINUTES_MAX).contains(&body.0.minutes) {
        return Err(Problem::invalid(format!("`minutes` is 1 to {SUBSTITUTE_MINUTES_MAX}.")));
    }
    let now_ms = app.clock.wall_ms();
    let record = app.lessons.record(class.id).await?;
    let lesson = record.filter(|record| record.is_on()).and_then(|record| record.document.lesson);
    let until_ms = now_ms.saturating_add(i64::from(body.0.minutes) * 60_000);
    to_its_end(async move {
        let (over, on): (Vec<_>, Vec<_>) =
            standing_in(&app, class.id).await?.into_iter().partition(|(_, who)| who.until_ms <= now_ms);
        for (key, _) in over {
            app.papers.remove_paper(key).await?;
        }
        if on.len() >= SUBSTITUTES_PER_CLASS_MAX {
            let detail =
                format!("At most {SUBSTITUTES_PER_CLASS_MAX} stand in at once; take a link back first.");
            return Err(Problem::invalid(detail));
        }
        let (id, secret) = (Uuid::new_v4(), Uuid::new_v4());
        let who = Substitute::new(name, caller.user, lesson, until_ms, secret);
        let key = PaperKey { of: class.id.0, kind: PaperKind::Substitute, id };
        let body = serde_json::to_vec(&who).map_err(|_| Problem::internal())?;
        app.papers.put_paper(key, body, None).await?;
        let link = link_of(class.id, id, secret);
        Ok(HttpResponse::Created().insert_header(("cache-control", "no-store")).json(told(
            key,
            who,
            Some(link),
        )))
    })
    .await
}

/// `DELETE /classes/{class_id}/substitutes/{link_id}`
pub(super) async fn take_back(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(path.0)).await?;
    let key = PaperKey { of: class.id.0, kind: PaperKind::Substitute, id: path.1 };
    app.papers.remove_paper(key).await?;
    Ok(HttpResponse::NoContent().finish())
}
