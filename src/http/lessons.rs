//! `/classes/{class_id}/lesson`, `/classes/{class_id}/lessons`: a class's live lesson as it stands, and the reports of
//! those that are over. Lessons are opened and closed on the monitor socket.

use crate::http::access::class_to_edit;
use crate::http::body::{Body, apart, to_its_end};
use crate::http::dto::lesson::{LessonHeadOut, LessonOut, LessonReportOut};
use crate::http::etag::tagged;
use crate::http::paging::{cursor, limit, place};
use crate::http::{App, Caller, Problem};
use crate::import::push_cell;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::ids::{ClassId, LessonId, UserId, Uuid};
use domain::limits::EXTRA_PERCENT_MAX;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// Which lessons.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct LessonsQuery {
    /// Items of a page.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    /// Where the page begins, as the page before it said in `next`.
    cursor: Option<String>,
}

/// Where the next page begins.
#[derive(Serialize, Deserialize)]
struct Place {
    before: Uuid,
}

/// In which form.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    Json,
    Csv,
}

/// How a report is to be told.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct LessonReportQuery {
    /// `csv` for a line a student; so does `Accept: text/csv`.
    format: Option<Format>,
}

/// `GET /classes/{class_id}/lesson`
pub(super) async fn now(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?;
    let record = app.lessons.record(class.id).await?;
    tagged(&request, &LessonOut::of(class.id.0, record.as_ref(), app.clock.wall_ms()))
}

/// `GET /classes/{class_id}/lessons`: the one that began last first.
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
    query: web::Query<LessonsQuery>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?;
    let limit = limit(query.limit)?;
    let before = query.cursor.as_deref().map(place::<Place>).transpose()?.map(|place| LessonId(place.before));
    let heads = app.lessons.reports(class.id, before, limit).await?;
    let last = if heads.len() < limit { None } else { heads.last() };
    let next = last.and_then(|last| cursor(&Place { before: last.lesson.0 }));
    let items: Vec<LessonHeadOut> = heads.iter().map(LessonHeadOut::from).collect();
    tagged(&request, &json!({ "items": items, "next": next }))
}

/// `GET /classes/{class_id}/lessons/{lesson_id}`: of students those who are enrolled still.
pub(super) async fn report(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<(Uuid, Uuid)>,
    query: web::Query<LessonReportQuery>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(path.0)).await?;
    let report = app.lessons.report(class.id, LessonId(path.1)).await?.ok_or_else(Problem::not_found)?;
    let enrolled: BTreeSet<UserId> = class.students.into_iter().collect();
    let is_table = match query.format {
        Some(Format::Csv) => true,
        Some(Format::Json) => false,
        None => {
            let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
            accepts.is_some_and(|types| types.trim_start().to_ascii_lowercase().starts_with("text/csv"))
        }
    };
    if !is_table {
        let told = apart(move || LessonReportOut::of(&report, &enrolled)).await?;
        return tagged(&request, &told);
    }
    let table = apart(move || table(&LessonReportOut::of(&report, &enrolled))).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"lesson.csv\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(table))
}

const COLUMNS: [&str; 10] = [
    "user_id",
    "name",
    "answered",
    "correct",
    "mean_ms",
    "sure_and_wrong",
    "struggling",
    "recall_permille",
    "extra_percent",
    "last_seen_at",
];

/// A line a student, in a way that spreadsheets take for text.
fn table(report: &LessonReportOut) -> String {
    let mut csv = String::from("\u{feff}");
    csv.push_str(&COLUMNS.join(","));
    csv.push_str("\r\n");
    for row in &report.students {
        let cells = [
            row.user_id.to_string(),
            row.name.clone().unwrap_or_default(),
            row.answered.to_string(),
            row.correct.to_string(),
            row.mean_ms.to_string(),
            row.sure_and_wrong.to_string(),
            row.struggling.unwrap_or_default().to_owned(),
            row.recall_permille.map(|permille| permille.to_string()).unwrap_or_default(),
            row.extra_percent.to_string(),
            row.last_seen_at.to_string(),
        ];
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                csv.push(',');
            }
            push_cell(&mut csv, cell);
        }
        csv.push_str("\r\n");
    }
    csv
}

/// Extra time.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ExtraTimeIn {
    /// In percent of the ordinary; 0 takes it away.
    #[schemars(range(min = 0, max = 300))]
    percent: u16,
}

/// `PUT /classes/{class_id}/students/{user_id}/extra_time`
pub(super) async fn extra_time(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
    body: Body<ExtraTimeIn>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(path.0)).await?;
    let (student, percent) = (UserId(path.1), body.0.percent);
    if percent > EXTRA_PERCENT_MAX {
        return Err(Problem::invalid(format!("`percent` is 0 to {EXTRA_PERCENT_MAX}.")));
    }
    to_its_end(async move {
        app.people.set_extra_time(class.id, student, percent).await?;
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}
