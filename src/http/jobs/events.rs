//! `GET /imports/{job_id}/events`: a job as it changes, as server-sent events. Each holds the whole job, so that none of
//! them is missed by who comes back.

use crate::http::dto::job::JobOut;
use crate::http::limits::{EVENT_STREAM_MS_MAX, KEEP_ALIVE_EVERY_MS};
use crate::http::turns::Turn;
use crate::http::{App, Caller, Problem};
use crate::jobs::{Glance, Jobs};
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, rt};
use domain::ids::{JobId, UserId, Uuid};
use futures_util::stream;
use ports::ImportRecord;
use std::convert::Infallible;
use std::time::{Duration, Instant};

/// How often a job is looked at that runs here: it costs nothing.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// And one that does not: each look is a read of the store.
const READ_EVERY: Duration = Duration::from_millis(1_000);

/// Somebody who watches a job.
struct Watching {
    jobs: Jobs,
    owner: UserId,
    job: JobId,
    told: Option<Glance>,
    until: Instant,
    told_at: Instant,
    has_ended: bool,
    _turn: Turn,
}

/// `GET /imports/{job_id}/events`
pub(in crate::http) async fn events(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let jobs = super::jobs(&app, &caller)?.clone();
    let job = JobId(*path);
    jobs.look(caller.user, job).await?;
    let turn = app.watching.begin(caller.user)?;
    let now = Instant::now();
    let watching = Watching {
        jobs,
        owner: caller.user,
        job,
        told: None,
        until: now + Duration::from_millis(EVENT_STREAM_MS_MAX),
        told_at: now,
        has_ended: false,
        _turn: turn,
    };
    let events = stream::unfold(watching, async |mut watching| {
        let event = watching.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), watching))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        // Neither a proxy nor our own compression holds events back.
        .insert_header(("x-accel-buffering", "no"))
        .insert_header((CONTENT_ENCODING, "identity"))
        .streaming(Box::pin(events)))
}

impl Watching {
    /// The next event; `None` after the last. Whoever lost the connection asks anew and gets the whole job again.
    async fn next(&mut self) -> Option<String> {
        while !self.has_ended && Instant::now() < self.until {
            let here = self.jobs.glance(self.job);
            // What was told already is not copied to be told again.
            if here.is_none() || here != self.told {
                let Ok(record) = self.jobs.look(self.owner, self.job).await else { return None };
                if let Some(event) = self.event(&record) {
                    self.told_at = Instant::now();
                    return Some(event);
                }
            }
            if self.told_at.elapsed() >= Duration::from_millis(KEEP_ALIVE_EVERY_MS) {
                self.told_at = Instant::now();
                return Some(": still here\n\n".to_owned());
            }
            rt::time::sleep(if here.is_some() { LOOK_EVERY } else { READ_EVERY }).await;
        }
        None
    }

    fn event(&mut self, record: &ImportRecord) -> Option<String> {
        let glance = Glance::of(record);
        if self.told == Some(glance) {
            return None;
        }
        let shown = JobOut::of(record, self.jobs.has_file_of(record));
        let data = serde_json::to_string(&shown).ok()?;
        self.has_ended = !record.phase.is_unfinished();
        let kind = if self.has_ended { "end" } else { "progress" };
        let event = format!("event: {kind}\nid: {}\ndata: {data}\n\n", record.revision);
        self.told = Some(glance);
        Some(event)
    }
}
