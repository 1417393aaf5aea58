//! JSON bodies: bounded, and every fault a problem.

use crate::http::keys::note_body;
use crate::http::limits::{BODY_APART_FROM_BYTES, BODY_WITHIN_MS, JSON_BYTES_MAX};
use crate::http::strict::Object;
use crate::http::{Code, Problem};
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt;
use protocol::{JsonFault, from_json};
use serde::de::DeserializeOwned;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Characters of a media type that a refusal repeats.
const MEDIA_CHARS_SHOWN: usize = 80;

/// A JSON body of at most `BYTES_MAX` bytes.
#[derive(Debug)]
pub(super) struct Body<T, const BYTES_MAX: usize = JSON_BYTES_MAX>(pub(super) T);

impl<T: DeserializeOwned + Send + 'static, const BYTES_MAX: usize> FromRequest for Body<T, BYTES_MAX> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let checked =
            check_type(request, is_json, "application/json").and_then(|()| check_length(request, BYTES_MAX));
        let (payload, request) = (payload.take(), request.clone());
        Box::pin(async move {
            checked?;
            let bytes = read(payload, BYTES_MAX).await?;
            note_body(&request, &bytes);
            let bytes_read = bytes.len();
            let parse = move || from_json::<Object<T>>(&bytes).map_err(|fault| not_readable(&fault));
            let value = if bytes_read < BODY_APART_FROM_BYTES { parse() } else { apart(parse).await? };
            Ok(Body(value?.0))
        })
    }
}

/// Does what takes long on a thread of its own: sockets are served on this one.
pub(super) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    web::block(work).await.map_err(|error| {
        tracing::error!(%error, "work on a thread of its own failed");
        Problem::internal()
    })
}

/// Does something to its end, also when whoever asked for it goes away half-way: what was stored has to be told.
pub(super) async fn to_its_end<T: 'static>(
    work: impl Future<Output = Result<T, Problem>> + 'static,
) -> Result<T, Problem> {
    actix_web::rt::spawn(work).await.unwrap_or_else(|_| Err(Problem::internal()))
}

/// Refuses a body whose media type is not accepted, or that is compressed. `wanted` names a type that is.
pub(super) fn check_type(
    request: &HttpRequest,
    accepts: fn(&str) -> bool,
    wanted: &str,
) -> Result<(), Problem> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = header(CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !accepts(&media) {
        let given: String = media.chars().take(MEDIA_CHARS_SHOWN).collect();
        let given = if given.is_empty() { "without a type".to_owned() } else { format!("as `{given}`") };
        let detail = format!("Send the body as `{wanted}`: {given} it is not read here.");
        return Err(Problem::new(Code::UnsupportedType, detail));
    }
    let encoding = header(CONTENT_ENCODING);
    if encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedType, "Compressed bodies are not read; send it as it is."))
}

/// Refuses a body that says itself that it is too long.
pub(super) fn check_length(request: &HttpRequest, bytes_max: usize) -> Result<(), Problem> {
    let said =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|said| said > bytes_max as u64) { Err(too_large(bytes_max)) } else { Ok(()) }
}

pub(super) fn too_large(bytes_max: usize) -> Problem {
    Problem::new(Code::TooLarge, format!("At most {bytes_max} bytes are taken here."))
        .with("bytes_max", bytes_max)
}

fn is_json(media: &str) -> bool {
    media == "application/json" || media.ends_with("+json")
}

async fn read(mut payload: Payload, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let whole = async {
        let mut bytes = Vec::new();
        while let Some(piece) = payload.next().await {
            let piece = piece.map_err(|_| Problem::new(Code::Malformed, "The body broke off."))?;
            if bytes.len() + piece.len() > bytes_max {
                return Err(too_large(bytes_max));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    };
    let late = |_| Problem::new(Code::TooSlow, "The body did not arrive in time.");
    actix_web::rt::time::timeout(Duration::from_millis(BODY_WITHIN_MS), whole).await.map_err(late)?
}

/// A body that is no JSON is malformed; one that is, with a field that is missing or of a wrong type, is invalid.
fn not_readable(fault: &JsonFault) -> Problem {
    let code = if fault.is_data { Code::Invalid } else { Code::Malformed };
    Problem::new(code, format!("The body cannot be read: {fault}."))
}
