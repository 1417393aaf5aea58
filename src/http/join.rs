//! `/join`, `/classes/{class_id}/lesson/code`, `/classes/{class_id}/lobby`, `/classes/{class_id}/guests`: learners without
//! an account come to a lesson by its code. A code is good while its lesson is on. Nothing here is counted by address: a
//! school is one.

mod admit;
mod claim;
mod guests;
mod lobby;
mod roll;
mod standing;

use crate::http::body::{Body, to_its_end};
use crate::http::keys::text_of;
use crate::http::{App, Code, Problem};
use crate::joining::JoinCode;
use crate::rates::TooOften;
use actix_web::http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use admit::let_in;
use domain::ids::{LessonId, UserId, Uuid};
use guests::{Came, Says, forget, guest};
use ports::ClassRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use standing::State;

pub(super) use claim::{ClaimIn, ClaimOut, claim};
pub(super) use lobby::waits_no_more;
pub(super) use lobby::{
    Admission, CodeChangeIn, JoinCodeOut, LobbyOut, admit, code, lobby, open_by_code, refuse, withdraw_code,
};
pub(super) use roll::{GuestOut, GuestPinOut, GuestsQuery, guests, renew_pin};
pub(super) use standing::{StandingOut, standing};

/// The cookie by which a device is known again.
const DEVICE: &str = "studyhall_device";
/// How long it is kept, in seconds: half a year.
const DEVICE_AGE_S: u64 = 180 * 86_400;
/// Shortest `Idempotency-Key`.
const ATTEMPT_BYTES_MIN: usize = 16;

/// Somebody who wants to join.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct JoinIn {
    /// The lesson's code, in either case.
    code: String,
    /// What to be called.
    name: String,
    /// Four digits, for who has been here before on another device.
    pin: Option<String>,
}

/// Who joined.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct JoinOut {
    class_id: Uuid,
    lesson_id: Uuid,
    user_id: Uuid,
    name: String,
    /// `admitted`, or `waiting` in the lobby.
    state: State,
    /// A token of who is admitted. Of who waits it is none: `GET /join/{class_id}` alone knows it, and gives a token for
    /// it once they are in.
    token: String,
    /// When the token ends, Unix milliseconds; whoever joins again gets another one.
    expires_at: i64,
    /// Four digits by which the same guest comes back on another device: shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<String>,
}

impl From<TooOften> for Problem {
    fn from(too_often: TooOften) -> Problem {
        let detail = "Too many try to join; wait a moment.";
        Problem::new(Code::RateLimited, detail).retry_after_s(too_often.wait_s)
    }
}

/// What a code is good for.
struct Opened {
    class: ClassRecord,
    lesson: LessonId,
    admission: Admission,
}

/// `POST /join`
pub(super) async fn join(
    app: web::Data<App>,
    request: HttpRequest,
    body: Body<JoinIn>,
) -> Result<HttpResponse, Problem> {
    let attempt = attempt_of(&request)?;
    let known_device = device_of(&request);
    app.rates.joining(known_device).await?;
    let device = known_device.unwrap_or_else(Uuid::new_v4);
    let opened = opened(&app, &body.0.code).await?;
    app.rates.joins(opened.class.id).await?;
    let is_secure = request.connection_info().scheme() == "https";
    to_its_end(async move {
        let JoinIn { name, pin, .. } = &body.0;
        let says = Says { name, pin: pin.as_deref(), device, attempt: attempt.as_deref() };
        let Came { guest, pin, is_new } = guest(&app, &opened, &says).await?;
        let user = UserId(guest.user.0);
        let state = match let_in(&app, &opened, user, &guest.name).await {
            Ok(state) => state,
            Err(problem) => {
                if is_new {
                    forget(&app, opened.class.id, &guest).await;
                }
                return Err(problem);
            }
        };
        let (token, expires_at) = standing::token(&app, opened.class.org, &guest, state)?;
        let answer = JoinOut {
            class_id: opened.class.id.0,
            lesson_id: opened.lesson.0,
            user_id: user.0,
            name: guest.name,
            state,
            token,
            expires_at,
            pin: pin.map(|pin| pin.to_string()),
        };
        let secure = if is_secure { "; Secure" } else { "" };
        let cookie = format!(
            "{DEVICE}={}; Path=/api/v1/join; Max-Age={DEVICE_AGE_S}; HttpOnly; SameSite=Strict{secure}",
            device.simple()
        );
        Ok(HttpResponse::Ok()
            .insert_header((SET_COOKIE, cookie))
            .insert_header((CACHE_CONTROL, "no-store"))
            .json(answer))
    })
    .await
}

fn no_guests() -> Problem {
    Problem::new(Code::NotOffered, "This server makes no tokens, so nobody joins without an account.")
}

/// By what the request is known when it comes again: `Idempotency-Key`. It lets in, so it has to be hard to guess.
fn attempt_of(request: &HttpRequest) -> Result<Option<String>, Problem> {
    match text_of(request)? {
        Some(text) if text.len() < ATTEMPT_BYTES_MIN => {
            let detail =
                format!("`Idempotency-Key` is random here, and has at least {ATTEMPT_BYTES_MIN} characters.");
            Err(Problem::invalid(detail))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// The device's cookie, if it has one.
fn device_of(request: &HttpRequest) -> Option<Uuid> {
    let header = request.headers().get(COOKIE).and_then(|value| value.to_str().ok())?;
    let mut pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == DEVICE)?;
    Uuid::parse_str(value).ok()
}

/// The lesson that has this code now.
async fn opened(app: &App, typed: &str) -> Result<Opened, Problem> {
    let unknown =
        || Problem::new(Code::CodeUsed, "No lesson has this code now; ask the teacher for the code.");
    if app.mint.is_none() {
        return Err(no_guests());
    }
    let code = JoinCode::read(typed).ok_or_else(unknown)?;
    let class = lobby::class_of(app, code).await?.ok_or_else(unknown)?;
    let kept =
        lobby::code_of(app, class).await?.map(|(kept, _)| kept).filter(|kept| kept.code == code.to_string());
    let kept = kept.ok_or_else(unknown)?;
    let lesson = lobby::lesson_on(app, class).await?.filter(|lesson| lesson.0 == kept.lesson);
    let lesson = lesson.ok_or_else(unknown)?;
    let class = app.people.class(class).await?.filter(|class| class.deleted_ms.is_none());
    Ok(Opened { class: class.ok_or_else(unknown)?, lesson, admission: kept.admission })
}
