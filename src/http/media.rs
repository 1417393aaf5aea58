//! `/media/{deck_id}/{digest}`: a deck's pictures and sounds, for whoever may see the deck. `POST /media/session` gives a
//! page the cookie by which its pictures are let through.

use crate::auth::{Claims, Wanted, bearer};
use crate::clock::real_ms;
use crate::http::access::deck_to_read;
use crate::http::caller::{Caller, address_of, refuse_or};
use crate::http::etag::matches;
use crate::http::limits::{MEDIA_COOKIES_MAX as COOKIES_MAX, MEDIA_PIECE_BYTES};
use crate::http::range::{Wanted as Part, wanted};
use crate::http::{App, Code, Problem};
use crate::media::{COOKIE, PATH, TTL_MS};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE as COOKIES, ETAG, RANGE, SET_COOKIE,
};
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use domain::ids::{DeckId, UserId, Uuid};
use futures_util::stream;
use ports::{Media, MediaDigest, MediaError, MediaRecord};
use schemars::JsonSchema;
use serde::Serialize;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// A file never changes: its name is its content.
const FOR_EVER: &str = "private, max-age=31536000, immutable";
/// A picture may hold styles and pictures of its own, and may do nothing: no script, no form, no frame, no address.
const CSP: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox";

impl From<MediaError> for Problem {
    fn from(error: MediaError) -> Problem {
        match error {
            MediaError::Store(error) => error.into(),
            MediaError::TooLarge | MediaError::OtherLength => {
                tracing::error!(%error, "media of a length that cannot be");
                Problem::internal()
            }
        }
    }
}

/// Until when a cookie for pictures is good.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SessionOut {
    /// Unix milliseconds.
    expires_at: i64,
}

/// `POST /media/session`: a cookie for the pictures of this person's page.
pub(super) async fn session(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let not_here = || Problem::new(Code::NotOffered, "This server makes no sessions for media.");
    let sessions = app.media_sessions.as_ref().ok_or_else(not_here)?;
    let wanted = Wanted { user: caller.user, role: caller.role, org: caller.org, name: None, ttl_ms: TTL_MS };
    let (value, ends_ms) = sessions.begin(&wanted, real_ms()).ok_or_else(Problem::internal)?;
    let is_secure = request.connection_info().scheme() == "https";
    let secure = if is_secure { "; Secure" } else { "" };
    let age_s = TTL_MS / 1_000;
    let name = cookie_name(caller.user);
    let cookie = format!("{name}={value}; Path={PATH}; Max-Age={age_s}; HttpOnly; SameSite=Strict{secure}");
    Ok(HttpResponse::Ok()
        .insert_header((SET_COOKIE, cookie))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(SessionOut { expires_at: ends_ms }))
}

/// Who asks for a file: by the cookies of a browser, whose tabs may be several people's, or by a token in the header, as a
/// program does.
async fn callers_of(app: &App, request: &HttpRequest) -> Result<Vec<Caller>, Problem> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if header.and_then(bearer).is_some() {
        return Ok(vec![Caller::extract(request).await?]);
    }
    let now_ms = real_ms();
    // The account says which organisation; a token that has another one was refused when the session began.
    let caller = |Claims { user, role, org, .. }| Caller { user, role, org };
    let believed = match &app.media_sessions {
        Some(sessions) => {
            let told: Vec<_> = cookies(request).map(|cookie| sessions.believe(cookie, now_ms)).collect();
            let mut refused = None;
            let mut callers = Vec::new();
            for told in told {
                match told {
                    Ok(claims) => callers.push(caller(claims)),
                    Err(error) => refused = Some(error),
                }
            }
            match refused {
                Some(error) if callers.is_empty() => Err(error),
                Some(_) | None => Ok(callers),
            }
        }
        None => Ok(Vec::new()),
    };
    let problem = match believed {
        Ok(callers) if !callers.is_empty() => return Ok(callers),
        Ok(_) => Problem::new(Code::Unauthorized, "Begin a session first: POST /api/v1/media/session."),
        Err(error) => error.into(),
    };
    Err(refuse_or(app, address_of(request, app), now_ms, problem).await)
}

/// The cookie of this person: a browser may have one for each who is signed in.
fn cookie_name(user: UserId) -> String {
    let name = user.to_string();
    format!("{COOKIE}_{}", name.rsplit('-').next().unwrap_or_default())
}

/// The values of our cookies.
fn cookies(request: &HttpRequest) -> impl Iterator<Item = &str> {
    let cookies = request.headers().get_all(COOKIES).filter_map(|cookies| cookies.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| name.starts_with(COOKIE)).map(|(_, value)| value).take(COOKIES_MAX)
}

/// The file's deck, if one of them sees it.
async fn visible(app: &App, callers: &[Caller], deck: DeckId) -> Result<DeckId, Problem> {
    let mut refused = Problem::not_found();
    for caller in callers {
        match deck_to_read(app, caller, deck).await {
            Ok(deck) => return Ok(deck.id),
            Err(problem) => refused = problem,
        }
    }
    Err(refused)
}

/// `GET /media/{deck_id}/{digest}`
pub(super) async fn read(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<(Uuid, String)>,
) -> Result<HttpResponse, Problem> {
    let callers = callers_of(&app, &request).await?;
    let (deck, digest) = path.into_inner();
    let digest: MediaDigest = digest.parse().map_err(|_| Problem::not_found())?;
    let deck = visible(&app, &callers, DeckId(deck)).await?;
    if !app.media.deck_has(deck, digest).await? {
        return Err(Problem::not_found());
    }
    let tag = format!("\"{digest}\"");
    if matches(&request, &tag) {
        let mut response = HttpResponse::NotModified();
        return Ok(response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, FOR_EVER)).finish());
    }
    let record = app.media.media(digest).await?.ok_or_else(Problem::not_found)?;
    let range = request.headers().get(RANGE).and_then(|range| range.to_str().ok());
    Ok(match wanted(range, record.bytes) {
        Part::All => file(StatusCode::OK, &record, &tag, 0..record.bytes, app.media.clone()),
        Part::Range(range) => file(StatusCode::PARTIAL_CONTENT, &record, &tag, range, app.media.clone()),
        Part::Nowhere => HttpResponse::RangeNotSatisfiable()
            .insert_header((CONTENT_RANGE, format!("bytes */{}", record.bytes)))
            .finish(),
    })
}

/// What a page may show where it stands. Everything else is only to be saved.
fn is_shown(kind: &str) -> bool {
    ["image/", "audio/", "video/"].iter().any(|class| kind.starts_with(class))
}

fn file(
    status: StatusCode,
    record: &MediaRecord,
    tag: &str,
    range: Range<u64>,
    media: Arc<dyn Media>,
) -> HttpResponse {
    let mut response = HttpResponseBuilder::new(status);
    let kind = if is_shown(&record.kind) { record.kind.as_str() } else { "application/octet-stream" };
    response
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, FOR_EVER))
        .insert_header((CONTENT_SECURITY_POLICY, CSP))
        .insert_header((ACCEPT_RANGES, "bytes"))
        // Packed already, and a part of it is counted in its own bytes.
        .insert_header((CONTENT_ENCODING, "identity"))
        .no_chunking(range.end - range.start);
    if status == StatusCode::PARTIAL_CONTENT {
        let said = format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), record.bytes);
        response.insert_header((CONTENT_RANGE, said));
    }
    if !is_shown(&record.kind) {
        response.insert_header((CONTENT_DISPOSITION, "attachment"));
    }
    response.streaming(Box::pin(pieces(media, record.digest, range)))
}

/// The bytes, read as fast as they are taken.
fn pieces(
    media: Arc<dyn Media>,
    digest: MediaDigest,
    range: Range<u64>,
) -> impl futures_util::Stream<Item = Result<Bytes, io::Error>> {
    stream::unfold(Some((media, range)), move |state| async move {
        let (media, range) = state.filter(|(_, range)| !range.is_empty())?;
        let most = usize::try_from(range.end - range.start).unwrap_or(usize::MAX).min(MEDIA_PIECE_BYTES);
        match media.read_media(digest, range.start, most).await {
            // The length was said: a file that ends before it breaks the answer off.
            Ok(piece) if piece.is_empty() => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
            Ok(piece) => {
                let rest = range.start + piece.len() as u64..range.end;
                Some((Ok(piece), Some((media, rest))))
            }
            Err(error) => Some((Err(io::Error::other(error.to_string())), None)),
        }
    })
}
