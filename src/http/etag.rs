//! Answers that know whether they changed: a tag is a digest of the answer, so that it needs no upkeep.

use crate::http::Problem;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A JSON answer, or 304 where the client has it already.
pub(super) fn tagged(request: &HttpRequest, value: &impl Serialize) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "an answer could not be encoded");
        Problem::internal()
    })?;
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

/// The weak tag of a body.
pub(super) fn tag_of(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let short = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("W/\"{short}\"")
}

/// Whether the client names this tag in `If-None-Match`; compared weakly, as RFC 9110 §13.1.2 asks.
pub(super) fn matches(request: &HttpRequest, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    request
        .headers()
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim() == "*" || opaque(known) == opaque(tag))
}
