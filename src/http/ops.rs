//! What operators and tests ask: health, metrics, the developer's clock. No token needed.

use crate::http::body::Body;
use crate::http::{App, Problem};
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The process answers.
#[derive(Serialize, JsonSchema)]
pub(super) struct Alive {
    status: &'static str,
}

/// Whether the server can be sent work.
#[derive(Serialize, JsonSchema)]
pub(super) struct Ready {
    /// `ok`, or why not.
    status: &'static str,
    /// What else does not work.
    degraded: Vec<&'static str>,
}

/// The wall clock, Unix milliseconds.
#[derive(Serialize, JsonSchema)]
pub(super) struct MomentOut {
    now: i64,
}

/// `GET /livez`: the process answers.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Alive { status: "ok" })
}

/// `GET /readyz`: 503 only for start, drain and own faults. What else does not work is named, and the node stays.
pub(super) async fn ready(app: web::Data<App>) -> HttpResponse {
    let readiness = app.health.readiness();
    let body = Ready { status: readiness.not_ready.unwrap_or("ok"), degraded: readiness.degraded };
    let mut answer = match readiness.not_ready {
        Some(_) => HttpResponse::ServiceUnavailable(),
        None => HttpResponse::Ok(),
    };
    answer.insert_header(("cache-control", "no-store")).json(body)
}

/// `GET /metrics`. Where there is an operator's port they are told there alone.
pub(super) async fn metrics(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    if !app.public_metrics {
        return Err(Problem::not_found());
    }
    let text = (app.scrape)().map_err(|error| {
        tracing::error!(error, "metrics could not be read");
        Problem::internal()
    })?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

/// A moment.
#[derive(Deserialize, JsonSchema)]
pub(super) struct MomentIn {
    now: i64,
}

/// Latest moment that the clock can be set to, Unix milliseconds: the end of the year 9998.
const LATEST_MS: i64 = 253_370_764_799_000;

/// `POST /dev/clock`: sets the wall clock, also backwards; it runs on from there.
pub(super) async fn set_clock(app: web::Data<App>, body: Body<MomentIn>) -> Result<HttpResponse, Problem> {
    if !app.dev_clock {
        return Err(Problem::not_found());
    }
    if !(0..=LATEST_MS).contains(&body.0.now) {
        return Err(Problem::invalid("`now` is a moment after 1970, in milliseconds."));
    }
    app.clock.set_wall_ms(body.0.now);
    Ok(HttpResponse::Ok().json(MomentOut { now: app.clock.wall_ms() }))
}
