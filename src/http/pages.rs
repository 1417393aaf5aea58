//! The page: files that lie in the binary.

use crate::http::Problem;
use crate::http::etag::matches;
use crate::http::middleware::PAGE_CSP;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG};
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::RustEmbed;

/// The folder `web/`, as it was when the binary was built.
#[derive(RustEmbed)]
#[folder = "web/"]
struct Files;

/// `GET /`
pub(super) async fn index(request: HttpRequest) -> Result<HttpResponse, Problem> {
    file(&request, "index.html")
}

/// `GET /api/docs`
pub(super) async fn docs(request: HttpRequest) -> Result<HttpResponse, Problem> {
    file(&request, "docs.html")
}

/// `GET /web/{file}`
pub(super) async fn asset(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    file(&request, &path)
}

fn file(request: &HttpRequest, name: &str) -> Result<HttpResponse, Problem> {
    let found = Files::get(name).ok_or_else(Problem::not_found)?;
    let digest = found.metadata.sha256_hash();
    let tag = format!("\"{}\"", digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect::<String>());
    let mut answer = if matches(request, &tag) { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // Asked about each time, answered with 304: a new version shows at the next load, without names that change.
    answer.insert_header((CACHE_CONTROL, "no-cache")).insert_header((ETAG, tag.clone()));
    answer.insert_header((CONTENT_SECURITY_POLICY, PAGE_CSP));
    if matches(request, &tag) {
        return Ok(answer.finish());
    }
    Ok(answer.content_type(media_type(name)).body(found.data.into_owned()))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json" | "webmanifest") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        Some(_) | None => "application/octet-stream",
    }
}
