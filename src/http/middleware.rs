//! What stands around every request: a name for the log, measures, security headers, and a net for panics.

use crate::http::limits::COMPRESS_FROM_BYTES;
use crate::http::rates::tell;
use crate::http::{App, Problem};
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Instant;
use uuid::Uuid;

/// What pages may load: only what this server gives them, and pictures over https.
pub(super) const PAGE_CSP: &str = "default-src 'self'; img-src 'self' data: https:; \
    style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'; object-src 'none'";
/// Answers that are no pages load nothing.
const DATA_CSP: &str = "default-src 'none'; frame-ancestors 'none'";
/// Longest request id that is taken over, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 64;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Sets the headers that every answer has.
pub(super) fn harden(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // What may be kept, and asked about again, says so itself.
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(DATA_CSP));
    }
}

/// The outermost layer.
pub(super) async fn around<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let began = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().as_str().to_owned();
    let app = request.app_data::<web::Data<App>>().cloned();
    // The request is dropped with the future that panicked; what it shares with others is behind its own locks.
    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(%id, method, "a request panicked");
        if let Some(app) = &app {
            app.measures.panicked();
        }
        Err(Problem::internal().into())
    });
    let status = match &outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    if let Some(app) = &app {
        app.measures.answered(&method, status.as_u16(), began.elapsed());
    }
    let mut response = outcome?;
    let path = response.request().match_pattern().unwrap_or_default();
    tracing::debug!(%id, method, path, status = status.as_u16(), took_us = began.elapsed().as_micros() as u64);
    let request = response.request().clone();
    let headers = response.headers_mut();
    harden(headers);
    tell(&request, headers);
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "identity") {
        headers.remove(CONTENT_ENCODING);
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID.clone(), id);
    }
    Ok(response)
}

/// Keeps small answers as they are: compressing them costs more than it saves. The mark is taken off again outside.
pub(super) async fn small_as_it_is<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    let small = match response.response().body().size() {
        BodySize::None => true,
        BodySize::Sized(bytes) => bytes < COMPRESS_FROM_BYTES,
        BodySize::Stream => false,
    };
    if small && !response.headers().contains_key(CONTENT_ENCODING) {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
    }
    Ok(response)
}

/// The client's own id for the request, where it is harmless to print, or a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        !id.is_empty()
            && id.len() <= REQUEST_ID_BYTES_MAX
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
    };
    given.filter(harmless).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}
