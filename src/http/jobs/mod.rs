//! `/imports`: files that come in as jobs.
//!
//! | route | what |
//! |---|---|
//! | `POST /imports` | takes the file; 202 with the job, 200 if it is one that was taken before |
//! | `GET /imports`, `/imports/{job_id}` | own jobs, one job |
//! | `GET /imports/{job_id}/events` | the same as it changes (`events`) |
//! | `GET /imports/{job_id}/rejected` | rows that did not come in (`rejected`) |
//! | `POST /imports/{job_id}/commit` | makes a tried job a real one |
//! | `DELETE /imports/{job_id}` | takes it back as a whole |

mod events;
mod problems;
mod rejected;

pub(super) use events::events;
pub(super) use rejected::{RejectedOut, RejectedQuery, rejected};

use crate::http::access::{Need, allowed, deck_to_edit};
use crate::http::body::{check_length, check_type};
use crate::http::dto::job::JobOut;
use crate::http::etag::tagged;
use crate::http::imports::Upload;
use crate::http::limits::{JOB_NAME_BYTES_MAX, OPTION_BYTES_MAX, WITHDRAWN_WITHIN_MS};
use crate::http::paging::{cursor, limit, place};
use crate::http::{App, Caller, Code, Problem};
use crate::jobs::limits::UPLOAD_BYTES_MAX;
use crate::jobs::{Importer, Jobs, JobsError, Offer, Options, Outcome, Probe, Received, receive};
use crate::teaching::all_run;
use actix_web::http::header::{CONTENT_DISPOSITION, LOCATION};
use actix_web::web::{self, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use domain::ids::{ClassId, DeckId, JobId, Uuid};
use ports::{DeckRecord, ImportPhase, ImportRecord};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often it is looked whether a job has been taken back.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What every format takes in a query, as the document of the API tells it; formats take more, each its own.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "it is read as a map, since each format has its own parameters")]
pub(super) struct UploadQuery {
    /// The format of the file; without it the file is looked at.
    format: Option<String>,
    /// Whether the file is only tried: nothing comes in before `POST /imports/{job_id}/commit`.
    #[serde(default)]
    dry_run: bool,
    /// The name of the file, for people.
    filename: Option<String>,
}

/// What may be said when an import that was tried is made a real one, as the document of the API tells it.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "it is read as a map, since each format has its own parameters")]
pub(super) struct CommitQuery {
    /// Of a roster: how many people may be gone.
    confirm_gone: Option<u64>,
}

/// What a request for an import says besides its file.
struct Asked {
    format: Option<String>,
    dry_run: bool,
    name: String,
    options: Options,
}

impl Asked {
    fn of(request: &HttpRequest, mut query: BTreeMap<String, String>) -> Result<Asked, Problem> {
        let format = query.remove("format");
        let dry_run = flag("dry_run", query.remove("dry_run").as_deref())?;
        let name = query.remove("filename").or_else(|| disposition_name(request)).unwrap_or_default();
        if let Some((name, _)) = query.iter().find(|(_, value)| value.len() > OPTION_BYTES_MAX) {
            let detail = format!("`{name}` has at most {OPTION_BYTES_MAX} bytes.");
            return Err(Problem::invalid(detail));
        }
        Ok(Asked { format, dry_run, name: file_name(&name), options: query })
    }
}

fn flag(name: &str, text: Option<&str>) -> Result<bool, Problem> {
    match text {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::invalid(format!("`{name}` is true or false."))),
    }
}

/// The name in `Content-Disposition: attachment; filename="…"`.
fn disposition_name(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(CONTENT_DISPOSITION)?;
    let parsed = actix_web::http::header::ContentDisposition::from_raw(header).ok()?;
    parsed.get_filename().map(str::to_owned)
}

/// A name for people: the last part of a path, without what cannot be shown.
fn file_name(text: &str) -> String {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name: String = last.chars().filter(|letter| !letter.is_control()).collect();
    let end = (0..=JOB_NAME_BYTES_MAX.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    name.truncate(end.unwrap_or(0));
    name.trim().to_owned()
}

/// The jobs, where this server takes any, for somebody who may have them.
fn jobs<'a>(app: &'a App, caller: &Caller) -> Result<&'a Jobs, Problem> {
    allowed(caller, Need::Account)?;
    let not_here = || Problem::new(Code::NotOffered, "This server has no folder to keep uploads in.");
    app.jobs.as_ref().ok_or_else(not_here)
}

/// `POST /imports?format&dry_run&filename&…`: the body is the file.
pub(super) async fn upload(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: web::Query<BTreeMap<String, String>>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let jobs = jobs(&app, &caller)?;
    let asked = Asked::of(&request, query.into_inner())?;
    check_type(&request, |media| !media.starts_with("multipart/"), "the file itself")?;
    check_length(&request, usize::try_from(UPLOAD_BYTES_MAX).unwrap_or(usize::MAX))?;
    // What can be refused is refused before the file is taken.
    let named = asked.format.as_deref().map(|format| named(jobs, format)).transpose()?;
    if let Some(importer) = &named {
        may_import(&app, &caller, &**importer, &asked.options).await?;
    }
    let received = {
        let _turn = app.uploading.begin(caller.user)?;
        let busy = |_| Problem::unavailable("Many files arrive at once; try again in a moment.");
        let _place = app.uploads.clone().try_acquire_owned().map_err(busy)?;
        let upload = Upload::of_a_job();
        let received = receive(jobs.folder(), upload.pieces(payload)).await;
        received.map_err(|error| upload.late().unwrap_or_else(|| error.into()))?
    };
    let importer = match named {
        Some(importer) => importer,
        None => {
            let importer = recognised(jobs, &request, &asked, &received)?;
            fits(&*importer, &asked.options)?;
            may_import(&app, &caller, &*importer, &asked.options).await?;
            importer
        }
    };
    let Asked { dry_run, name, options, .. } = asked;
    let administers = caller.administers(caller.org);
    let offer = Offer { owner: caller.user, org: caller.org, name, dry_run, options, administers };
    let (record, is_new) = jobs.take(received, &*importer, offer).await?;
    Ok(answer(jobs, &record, is_new))
}

fn answer(jobs: &Jobs, record: &ImportRecord, is_accepted: bool) -> HttpResponse {
    let mut response = if is_accepted { HttpResponse::Accepted() } else { HttpResponse::Ok() };
    response
        .insert_header((LOCATION, format!("/api/v1/imports/{}", record.job)))
        .json(JobOut::of(record, jobs.has_file_of(record)))
}

fn named(jobs: &Jobs, format: &str) -> Result<Arc<dyn Importer>, Problem> {
    jobs.importer(format).ok_or_else(|| {
        let known: Vec<&str> = jobs.formats().collect();
        Problem::invalid(format!("`format` is one of {}.", known.join(", ")))
    })
}

fn recognised(
    jobs: &Jobs,
    request: &HttpRequest,
    asked: &Asked,
    received: &Received,
) -> Result<Arc<dyn Importer>, Problem> {
    let (name, media_type) = (asked.name.to_lowercase(), request.content_type().to_lowercase());
    let probe = Probe { name: &name, media_type: &media_type, head: &received.head, tail: &received.tail };
    jobs.recognise(&probe).ok_or_else(|| JobsError::UnknownFormat.into())
}

/// Whether what was asked fits a file of this format, which nobody had named.
fn fits(importer: &dyn Importer, options: &Options) -> Result<(), Problem> {
    check_known(importer.parameters(), options).map_err(|_| {
        let (known, format) = (importer.parameters().join(", "), importer.format());
        Problem::invalid(format!(
            "The file seems to be {}. Import it with no other parameters than {known}, or say with `format` what else than \
             `{format}` it is.",
            importer.called()
        ))
    })
}

/// Checks who asks for what, as far as it can be told without the file.
async fn may_import(
    app: &App,
    caller: &Caller,
    importer: &dyn Importer,
    options: &Options,
) -> Result<(), Problem> {
    if !importer.may_import(caller.role) {
        let detail = format!("Your role does not import files of the format `{}`.", importer.format());
        return Err(Problem::new(Code::Forbidden, detail));
    }
    check_known(importer.parameters(), options)?;
    importer.check(options).map_err(Problem::invalid)?;
    if let Some(deck) = options.get("deck_id") {
        let deck: Uuid = deck.parse().map_err(|_| Problem::invalid("`deck_id` is a UUID."))?;
        deck_to_edit(app, caller, DeckId(deck)).await?;
    }
    Ok(())
}

fn check_known(known: &[&str], options: &Options) -> Result<(), Problem> {
    match options.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Err(Problem::invalid(format!("`{name}` is not known here; the parameters are: {known}.")))
        }
    }
}

/// Which jobs.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ListQuery {
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

/// `GET /imports`: own jobs, newest first.
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let jobs = jobs(&app, &caller)?;
    let limit = limit(query.limit)?;
    let before = query.cursor.as_deref().map(place::<Place>).transpose()?.map(|place| JobId(place.before));
    let shown = |record: &ImportRecord| (record.job, JobOut::of(record, jobs.has_file_of(record)).short());
    let records = jobs.list(caller.user, before, limit, shown).await?;
    let next = if records.len() < limit { None } else { records.last() };
    let next = next.and_then(|(last, _)| cursor(&Place { before: last.0 }));
    let items: Vec<JobOut> = records.into_iter().map(|(_, shown)| shown).collect();
    tagged(&request, &json!({ "items": items, "next": next }))
}

/// `GET /imports/{job_id}`
pub(super) async fn read(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let jobs = jobs(&app, &caller)?;
    let record = jobs.look(caller.user, JobId(*path)).await?;
    tagged(&request, &JobOut::of(&record, jobs.has_file_of(&record)))
}

/// `POST /imports/{job_id}/commit`
pub(super) async fn commit(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
    query: web::Query<BTreeMap<String, String>>,
) -> Result<HttpResponse, Problem> {
    let jobs = jobs(&app, &caller)?;
    let (job, options) = (JobId(*path), query.into_inner());
    let record = jobs.look(caller.user, job).await?;
    let importer = named(jobs, &record.format)?;
    check_known(importer.parameters_of_commit(), &options)?;
    importer.check(&options).map_err(Problem::invalid)?;
    // Since it was tried, the person may have lost the deck.
    if let Some(deck) = deck_of(&record) {
        deck_to_edit(&app, &caller, deck).await?;
    }
    let record = jobs.commit(caller.user, job, &options, caller.administers(caller.org)).await?;
    let is_going_on = record.phase.is_unfinished();
    Ok(answer(jobs, &record, is_going_on))
}

/// The deck that a job was told to import into.
fn deck_of(record: &ImportRecord) -> Option<DeckId> {
    crate::jobs::Asked::of(&record.options).options.get("deck_id")?.parse().ok()
}

/// Checks that the caller may still change what a job changed: by the role, and the deck that it imported into. Who has
/// deleted that has not lost it.
async fn may_withdraw(app: &App, caller: &Caller, jobs: &Jobs, record: &ImportRecord) -> Result<(), Problem> {
    let kept = Outcome::of(&record.outcome).kept;
    if jobs.importer(&record.format).is_some_and(|importer| !importer.may_withdraw(caller.role, &kept)) {
        let detail = "Your role does not take back what this import changed.";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    still_runs(app, caller, &kept).await?;
    // Before it wrote there is nothing to change back.
    let Some(deck) = deck_of(record).filter(|_| !record.decks.is_empty()) else { return Ok(()) };
    let Err(problem) = deck_to_edit(app, caller, deck).await else { return Ok(()) };
    let is_own = |deck: &DeckRecord| deck.deleted_ms.is_some() && deck.owner == caller.user;
    match app.library.deck(deck).await? {
        Some(known) if !is_own(&known) => Err(problem),
        Some(_) | None => Ok(()),
    }
}

/// Checks that the caller still runs the classes that a roster has changed. One that is no more is nobody's.
async fn still_runs(app: &App, caller: &Caller, kept: &Value) -> Result<(), Problem> {
    let classes: Vec<ClassId> = kept
        .get("classes")
        .and_then(|classes| serde_json::from_value::<Vec<Uuid>>(classes.clone()).ok())
        .map(|classes| classes.into_iter().map(ClassId).collect())
        .unwrap_or_default();
    if classes.is_empty() || caller.administers(caller.org) {
        return Ok(());
    }
    let run = all_run(app.people.as_ref(), app.papers.as_ref(), caller).await?;
    let others: Vec<ClassId> = classes.into_iter().filter(|class| !run.contains(class)).collect();
    let there = app.people.classes(others).await?;
    if there.iter().any(|class| class.deleted_ms.is_none()) {
        let detail = "You do not teach every class that this roster has changed any more.";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    Ok(())
}

/// Whether to take it back although its cards were studied since.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct WithdrawQuery {
    #[serde(default)]
    force: bool,
}

/// `DELETE /imports/{job_id}`: 200 when it has been taken back, 202 when that takes longer.
pub(super) async fn withdraw(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
    query: web::Query<WithdrawQuery>,
) -> Result<HttpResponse, Problem> {
    let jobs = jobs(&app, &caller)?;
    may_withdraw(&app, &caller, jobs, &jobs.look(caller.user, JobId(*path)).await?).await?;
    let mut record = jobs.withdraw(caller.user, JobId(*path), query.force).await?;
    let until = Instant::now() + Duration::from_millis(WITHDRAWN_WITHIN_MS);
    while record.phase == ImportPhase::Revoking && Instant::now() < until {
        actix_web::rt::time::sleep(LOOK_EVERY).await;
        record = jobs.look(caller.user, record.job).await?;
    }
    Ok(answer(jobs, &record, record.phase == ImportPhase::Revoking))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_a_line_for_people_and_never_a_path() {
        assert_eq!(file_name("../../etc/passwd"), "passwd");
        assert_eq!(file_name("C:\\decks\\a b.apkg"), "a b.apkg");
        assert_eq!(file_name("x\u{0}\n.csv"), "x.csv");
        assert_eq!(file_name(&"ä".repeat(400)).len(), JOB_NAME_BYTES_MAX);
        assert_eq!(file_name(""), "");
    }
}
