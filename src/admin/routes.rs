//! The paths of the operator's port.

use super::gather::Admin;
use super::page;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use actix_web::{HttpResponse, HttpResponseBuilder};
use domain::ids::{CardId, DeckId, UserId};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

/// Nothing is loaded, and the style lies in the page.
const PAGE_CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
/// Cards that one request may mark.
pub const CARDS_MAX: usize = 1_000;

pub(super) fn routes(app: &mut ServiceConfig) {
    app.route("/", web::get().to(status_page))
        .route("/status.json", web::get().to(status))
        .route("/metrics", web::get().to(metrics))
        .route("/healthz", web::get().to(alive))
        .route("/readyz", web::get().to(ready))
        .route("/learners/{user_id}", web::get().to(learner))
        .route("/learners/{user_id}/refold", web::post().to(refold))
        .route("/drain", web::post().to(drain))
        .default_service(web::to(nothing_here));
}

async fn status_page(admin: Data<Admin>) -> HttpResponse {
    let page = page::page(&admin.status().await);
    fresh(HttpResponse::Ok())
        .insert_header((CONTENT_SECURITY_POLICY, PAGE_CSP))
        .content_type("text/html; charset=utf-8")
        .body(page)
}

async fn status(admin: Data<Admin>) -> HttpResponse {
    fresh(HttpResponse::Ok()).json(admin.status().await)
}

async fn metrics(admin: Data<Admin>) -> HttpResponse {
    match admin.scrape() {
        Ok(text) => {
            fresh(HttpResponse::Ok()).content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
        }
        Err(error) => refused(HttpResponse::InternalServerError(), "internal", &error.to_string()),
    }
}

async fn alive() -> HttpResponse {
    fresh(HttpResponse::Ok()).json(json!({"status": "ok"}))
}

async fn ready(admin: Data<Admin>) -> HttpResponse {
    let readiness = admin.health.readiness();
    let body = json!({"status": readiness.not_ready.unwrap_or("ok"), "degraded": readiness.degraded});
    let answer = match readiness.not_ready {
        Some(_) => HttpResponse::ServiceUnavailable(),
        None => HttpResponse::Ok(),
    };
    fresh(answer).json(body)
}

async fn learner(admin: Data<Admin>, user: Path<String>) -> HttpResponse {
    let Ok(user) = user.parse::<UserId>() else { return not_an_id() };
    match admin.learner(user).await {
        Some(status) => fresh(HttpResponse::Ok()).json(status),
        None => {
            let why = "This process has no session of this learner in memory now.";
            refused(HttpResponse::NotFound(), "not_found", why)
        }
    }
}

/// Which cards are to be folded again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefoldIn {
    deck_id: Uuid,
    card_ids: Vec<Uuid>,
}

async fn refold(admin: Data<Admin>, user: Path<String>, asked: Json<RefoldIn>) -> HttpResponse {
    let Ok(user) = user.parse::<UserId>() else { return not_an_id() };
    let RefoldIn { deck_id, card_ids } = asked.into_inner();
    if card_ids.is_empty() || card_ids.len() > CARDS_MAX {
        let why = format!("`card_ids` names 1 to {CARDS_MAX} cards.");
        return refused(HttpResponse::UnprocessableEntity(), "invalid", &why);
    }
    let cards = card_ids.into_iter().map(CardId).collect();
    match admin.refold(user, DeckId(deck_id), cards).await {
        Ok(marked) => {
            tracing::info!(%user, deck = %deck_id, marked, "an operator had cards marked to be folded again");
            fresh(HttpResponse::Ok()).json(json!({"marked": marked}))
        }
        Err(error) => refused(HttpResponse::ServiceUnavailable(), "unavailable", &error.to_string()),
    }
}

async fn drain(admin: Data<Admin>) -> HttpResponse {
    tracing::info!("an operator had this process go down");
    admin.stop.notify_one();
    fresh(HttpResponse::Accepted()).json(json!({"status": "draining"}))
}

async fn nothing_here() -> HttpResponse {
    let why = "There are /, /status.json, /metrics, /healthz, /readyz, /learners/{user_id}, \
               POST /learners/{user_id}/refold and POST /drain.";
    refused(HttpResponse::NotFound(), "not_found", why)
}

fn not_an_id() -> HttpResponse {
    refused(HttpResponse::UnprocessableEntity(), "invalid", "The path names a learner by a UUID.")
}

fn refused(answer: HttpResponseBuilder, code: &str, why: &str) -> HttpResponse {
    fresh(answer).json(json!({"code": code, "detail": why}))
}

fn fresh(mut answer: HttpResponseBuilder) -> HttpResponseBuilder {
    answer.insert_header((CACHE_CONTROL, "no-store"));
    answer.insert_header(("x-content-type-options", "nosniff"));
    answer.insert_header(("x-frame-options", "DENY"));
    answer
}
