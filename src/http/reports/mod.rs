//! `/me/reports`, `/classes/{class_id}/reports`, `/reports/{report}`: reports that are made in the background and kept for
//! an hour. A report's name says all that it is made of, so any node makes it again that does not have it; whoever asks
//! for it must be allowed to see what is in it, each time.

mod kept;
mod made;
mod table;

pub(super) use kept::Reports;

use crate::http::access::{Need, class_for};
use crate::http::analytics::{StretchQuery, today};
use crate::http::body::Body;
use crate::http::days::stretch;
use crate::http::limits::REPORT_KEPT_MS;
use crate::http::paging::{cursor, place};
use crate::http::{App, Caller, Code, Problem};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, LOCATION, RETRY_AFTER,
};
use actix_web::{HttpResponse, web};
use domain::day::Day;
use domain::ids::{ClassId, UserId, Uuid};
use kept::Kept;
use ports::{ClassRecord, EventKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What may load a report that is a page: its own styles, nothing else.
const REPORT_CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// What a report is about. Its name is this, encoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
struct Spec {
    kind: Kind,
    /// The class, for what is about one.
    class: Option<Uuid>,
    /// The student, for a transcript within a class; without one it is one's own.
    user: Option<Uuid>,
    from: i32,
    to: i32,
    asked_ms: i64,
}

/// Kinds of reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// A line for each student of a class.
    ClassProgress,
    /// What one learner did, deck by deck.
    Transcript,
}

/// Which report of a class is wanted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(super) struct ClassReportIn {
    kind: Kind,
    /// The student of a transcript.
    user_id: Option<Uuid>,
    /// The first study day, `YYYY-MM-DD`; 29 days before `to` unless it is named.
    #[schemars(with = "Option<super::dto::DayText>")]
    from: Option<String>,
    /// The last study day; today unless it is named.
    #[schemars(with = "Option<super::dto::DayText>")]
    to: Option<String>,
}

/// Where a report stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ReportOut {
    /// Its name in paths.
    report: String,
    kind: Kind,
    status: Status,
    /// Why it failed.
    reason: Option<String>,
    /// When it was asked for, Unix milliseconds.
    created_at: i64,
    /// Until when it is kept.
    expires_at: i64,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Running,
    Done,
    Failed,
}

/// How a report is told.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Json,
    Csv,
    Html,
}

/// How a report is wanted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub(super) struct ContentQuery {
    /// `json` unless it is named; `html` is to be printed.
    format: Option<Format>,
}

/// `POST /me/reports`: one's own transcript.
pub(super) async fn begin_own(
    app: web::Data<App>,
    caller: Caller,
    query: web::Query<StretchQuery>,
) -> Result<HttpResponse, Problem> {
    let (from, to) = stretch(query.from.as_deref(), query.to.as_deref(), today(&app, caller.user).await?)?;
    let asked_ms = app.clock.wall_ms();
    let spec = Spec { kind: Kind::Transcript, class: None, user: None, from: from.0, to: to.0, asked_ms };
    begin(&app, &caller, spec, None)
}

/// `POST /classes/{class_id}/reports`
pub(super) async fn begin_of_class(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
    body: Body<ClassReportIn>,
) -> Result<HttpResponse, Problem> {
    let class = class_for(&app, &caller, ClassId(*path), Need::RunClass).await?;
    let wanted = body.0;
    match (wanted.kind, wanted.user_id.map(UserId)) {
        (Kind::ClassProgress, None) => {}
        (Kind::Transcript, Some(student)) if class.students.contains(&student) => {}
        (Kind::Transcript, Some(_)) => return Err(Problem::not_found()),
        (Kind::Transcript, None) => return Err(Problem::invalid("A transcript needs a `user_id`.")),
        (Kind::ClassProgress, Some(_)) => {
            return Err(Problem::invalid("`user_id` belongs to a transcript."));
        }
    }
    let today = today(&app, caller.user).await?;
    let (from, to) = stretch(wanted.from.as_deref(), wanted.to.as_deref(), today)?;
    let (asked_ms, of_class) = (app.clock.wall_ms(), Some(class.id.0));
    let (kind, user) = (wanted.kind, wanted.user_id);
    let spec = Spec { kind, class: of_class, user, from: from.0, to: to.0, asked_ms };
    begin(&app, &caller, spec, Some(class))
}

/// `GET /reports/{report}`
pub(super) async fn read(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (spec, class) = allowed(&app, &caller, &path).await?;
    let kept = kept_or_begun(&app, &caller, spec, class)?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(told(spec, &kept)))
}

/// `GET /reports/{report}/content`: 202 while it is made.
pub(super) async fn content(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    query: web::Query<ContentQuery>,
) -> Result<HttpResponse, Problem> {
    let (spec, class) = allowed(&app, &caller, &path).await?;
    let report = match kept_or_begun(&app, &caller, spec, class)? {
        Kept::Done(report) => report,
        Kept::Failed(problem) => return Err(problem),
        Kept::Running => return Ok(accepted(spec, &Kept::Running)),
    };
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CACHE_CONTROL, "no-store"));
    Ok(match query.format.unwrap_or_default() {
        Format::Json => answer.json(report.json()),
        Format::Csv => answer
            .content_type("text/csv; charset=utf-8")
            .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"report.csv\""))
            .body(report.csv()),
        Format::Html => answer
            .content_type("text/html; charset=utf-8")
            .insert_header((CONTENT_SECURITY_POLICY, REPORT_CSP))
            .body(report.html()),
    })
}

/// The report of this name, if the caller may see what is in it; and its class.
async fn allowed(app: &App, caller: &Caller, name: &str) -> Result<(Spec, Option<ClassRecord>), Problem> {
    let spec: Spec = place(name).map_err(|_| Problem::not_found())?;
    let age_ms = app.clock.wall_ms().saturating_sub(spec.asked_ms);
    let (from, to) = (Day(spec.from), Day(spec.to));
    // Days beyond the calendar are written as its ends: those are others.
    let is_stretch =
        stretch(Some(&from.to_string()), Some(&to.to_string()), to).is_ok_and(|days| days == (from, to));
    if !(0..REPORT_KEPT_MS).contains(&age_ms) || !is_stretch {
        return Err(Problem::not_found());
    }
    match (spec.class, spec.kind, spec.user.map(UserId)) {
        (None, Kind::Transcript, None) => Ok((spec, None)),
        (Some(class), kind, student) => {
            let class = class_for(app, caller, ClassId(class), Need::RunClass).await?;
            let of_class = match (kind, student) {
                (Kind::ClassProgress, None) => true,
                (Kind::Transcript, Some(student)) => class.students.contains(&student),
                (Kind::ClassProgress, Some(_)) | (Kind::Transcript, None) => false,
            };
            if of_class { Ok((spec, Some(class))) } else { Err(Problem::not_found()) }
        }
        (None, Kind::Transcript | Kind::ClassProgress, _) => Err(Problem::not_found()),
    }
}

fn begin(
    app: &web::Data<App>,
    caller: &Caller,
    spec: Spec,
    class: Option<ClassRecord>,
) -> Result<HttpResponse, Problem> {
    Ok(accepted(spec, &kept_or_begun(app, caller, spec, class)?))
}

/// What is known of a report; one of which nothing is known is begun.
fn kept_or_begun(
    app: &web::Data<App>,
    caller: &Caller,
    spec: Spec,
    class: Option<ClassRecord>,
) -> Result<Kept, Problem> {
    let key = (caller.user, spec);
    if let Some(kept) = app.reports.get(&key, app.clock.wall_ms()) {
        return Ok(kept);
    }
    let turn = app.reporting.begin(caller.user)?;
    app.reports.begin(key).map_err(|()| {
        Problem::new(Code::Unavailable, "Too many reports are being made; try again.").retry_after_s(5)
    })?;
    let (app, caller) = (app.clone(), caller.clone());
    actix_web::rt::spawn(async move {
        let outcome = made::made(&app, &caller, spec, class).await;
        let data = told_of(spec, outcome.is_ok());
        app.reports.finish(key, outcome);
        app.events.done(EventKind::ReportFinished, caller.user, (spec.class.map(ClassId), None), data);
        drop(turn);
    });
    Ok(Kept::Running)
}

/// What is told of a report that is finished.
fn told_of(spec: Spec, is_done: bool) -> Value {
    let status = if is_done { Status::Done } else { Status::Failed };
    json!({ "report": cursor(&spec), "kind": spec.kind, "status": status })
}

fn accepted(spec: Spec, kept: &Kept) -> HttpResponse {
    let out = told(spec, kept);
    HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/api/v1/reports/{}", out.report)))
        .insert_header((RETRY_AFTER, "1"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(out)
}

fn told(spec: Spec, kept: &Kept) -> ReportOut {
    let (status, reason) = match kept {
        Kept::Running => (Status::Running, None),
        Kept::Done(_) => (Status::Done, None),
        Kept::Failed(problem) => (Status::Failed, Some(problem.detail().to_owned())),
    };
    ReportOut {
        report: cursor(&spec).unwrap_or_default(),
        kind: spec.kind,
        status,
        reason,
        created_at: spec.asked_ms,
        expires_at: spec.asked_ms.saturating_add(REPORT_KEPT_MS),
    }
}
