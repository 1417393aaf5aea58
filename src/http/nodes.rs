//! What nodes ask each other. Not for clients: who asks for a learner must know the run of this node, which is told to
//! nothing but the store; what is passed on carries its sender's own token.

use crate::http::body::apart;
use crate::http::{App, Problem};
use crate::server::{AboutAsked, AboutSaid, Asked, AskedHot, AskedMark, AskedRegrade, Said};
use crate::ws::study::RELAY_HEADER;
use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use actors::ImportMark;
use domain::ids::{JobId, RunId, UserId};
use std::time::Duration;
use uuid::Uuid;

/// How long a node may take with what is passed on to it: longer than verdicts may.
const PASSED_ON_WITHIN: Duration = Duration::from_secs(25);

/// `POST /nodes/v1/ask`: whether a learner is here, and if not, to let go.
pub(super) async fn ask(app: Data<App>, asked: Json<Asked>) -> Json<Said> {
    let Asked { run, user, epoch } = asked.into_inner();
    Json(Said::of(app.engine.asked(RunId(run), UserId(user), epoch).await))
}

/// `POST /nodes/v1/hot`: the decks that are most in use here.
pub(super) async fn hot(app: Data<App>, asked: Json<AskedHot>) -> Json<Vec<Uuid>> {
    Json(app.engine.hot_decks(RunId(asked.run)).into_iter().map(|deck| deck.0).collect())
}

/// `POST /nodes/v1/mark`: makes an import count for a learner who is here, or takes it back. For whoever knows the run of
/// this node; for all others there is nothing here.
pub(super) async fn mark(app: Data<App>, asked: Json<AskedMark>) -> Result<HttpResponse, Problem> {
    let AskedMark { run, user, job, revoked, guest } = asked.into_inner();
    let is_me = app.engine.nodes().is_some_and(|nodes| nodes.run.0 == run);
    if !is_me {
        return Err(Problem::not_found());
    }
    let mark = match (revoked, guest) {
        (true, _) => ImportMark::Revoke,
        (false, None) => ImportMark::Commit,
        (false, Some(guest)) => ImportMark::Claim(UserId(guest)),
    };
    match app.engine.mark_import(UserId(user), JobId(job), mark).await {
        Ok(()) => Ok(HttpResponse::NoContent().finish()),
        Err(error) => Err(Problem::unavailable(format!("{error}."))),
    }
}

/// `POST /nodes/v1/regrade`: grades answers anew of a learner who is here, since a text was accepted. For whoever knows the run
/// of this node; for all others there is nothing here.
pub(super) async fn regrade(app: Data<App>, asked: Json<AskedRegrade>) -> Result<HttpResponse, Problem> {
    let asked = asked.into_inner();
    if app.engine.nodes().is_none_or(|nodes| nodes.run.0 != asked.run) {
        return Err(Problem::not_found());
    }
    match app.engine.regrade(asked.regrading()).await {
        Ok(()) => Ok(HttpResponse::NoContent().finish()),
        Err(error) => Err(Problem::unavailable(format!("{error}."))),
    }
}

/// `POST /nodes/v1/about`: what this node is, for whoever knows its run; for all others there is nothing here.
pub(super) async fn about(app: Data<App>, asked: Json<AboutAsked>) -> Result<Json<AboutSaid>, Problem> {
    let is_me = app.engine.nodes().is_some_and(|nodes| nodes.run.0 == asked.run);
    if !is_me {
        return Err(Problem::not_found());
    }
    let ready = app.health.readiness().not_ready.is_none();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Json(AboutSaid { version, wall_ms: crate::clock::real_ms(), ready }))
}

/// Whether another node has passed this request on: it is not passed on once more.
pub(super) fn is_passed_on(request: &HttpRequest) -> bool {
    request.headers().contains_key(RELAY_HEADER)
}

/// Passes a request on to the node that has the learner, and its answer back.
pub(super) async fn pass_on(
    address: &str,
    request: &HttpRequest,
    body: String,
) -> Result<HttpResponse, Problem> {
    let url = format!("http://{address}{}", request.path());
    let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.unwrap_or_default().to_owned();
    let passed = apart(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(PASSED_ON_WITHIN))
            .http_status_as_error(false)
            .build()
            .into();
        let sent = agent
            .post(url)
            .header("authorization", token)
            .header("content-type", "application/json")
            .header(RELAY_HEADER, "1")
            .send(body)?;
        let status = sent.status().as_u16();
        Ok::<_, ureq::Error>((status, sent.into_body().read_to_string()?))
    });
    match passed.await? {
        Ok((status, answer)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
            Ok(HttpResponse::build(status).content_type(kind).body(answer))
        }
        Err(error) => {
            tracing::warn!(%error, "a request could not be passed on to another node");
            Err(Problem::unavailable("The node that has this learner cannot be reached; send it again."))
        }
    }
}
