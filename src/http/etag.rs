//! Answers that know whether they changed: a tag is a digest of the answer, so that it needs no upkeep.

use crate::http::{Code, Problem};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH,
};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A JSON answer, or 304 where the client has it already.
pub(super) fn tagged(request: &HttpRequest, value: &impl Serialize) -> Result<HttpResponse, Problem> {
    let body = encoded(value)?;
    // Weak: the same answer may travel compressed or not.
    let tag = tag_of(&body);
    let known = matches(request, &tag);
    let mut response =
        if known { HttpResponse::NotModified().finish() } else { HttpResponse::Ok().body(body) };
    let headers = response.headers_mut();
    if !known {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}

/// What was changed, with its new tag.
pub(super) fn changed(value: &impl Serialize) -> Result<HttpResponse, Problem> {
    let body = encoded(value)?;
    let tag = tag_of(&body);
    Ok(HttpResponse::Ok().content_type("application/json").insert_header((ETAG, tag)).body(body))
}

/// Refuses a change that was made to what is no longer there: `If-Match` names the tag of what was read. Tags are weak
/// only because an answer may travel compressed, so they are compared as `If-None-Match` compares them.
pub(super) fn unchanged(request: &HttpRequest, value: &impl Serialize) -> Result<(), Problem> {
    if !request.headers().contains_key(IF_MATCH) || names(request, &IF_MATCH, &tag_of(&encoded(value)?)) {
        return Ok(());
    }
    let detail = "It was changed since you read it; read it again and decide anew.";
    Err(Problem::new(Code::PreconditionFailed, detail))
}

fn encoded(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "an answer could not be encoded");
        Problem::internal()
    })
}

/// The weak tag of a body.
pub(super) fn tag_of(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let short = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("W/\"{short}\"")
}

/// Whether the client names this tag in `If-None-Match`; compared weakly, as RFC 9110 §13.1.2 asks.
pub(super) fn matches(request: &HttpRequest, tag: &str) -> bool {
    names(request, &IF_NONE_MATCH, tag)
}

fn names(request: &HttpRequest, header: &HeaderName, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    request
        .headers()
        .get_all(header)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim() == "*" || opaque(known) == opaque(tag))
}
