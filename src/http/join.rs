//! `/join`, `/classes/{class_id}/lesson/code`, `/classes/{class_id}/lobby`: learners without an account come to a lesson by
//! its code. A code is good while its lesson is on. Nothing here is counted by address: a school is one.

mod admit;
mod claim;
mod lobby;

use crate::auth::Wanted;
use crate::clock::real_ms;
use crate::http::body::{Body, to_its_end};
use crate::http::limits::GUEST_TOKEN_MS;
use crate::http::{App, Caller, Code, Problem};
use crate::joining::{Guest, JoinCode, Pin, PinTried, key_of_name};
use crate::rates::TooOften;
use actix_web::http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use admit::{State, admitted, let_in};
use domain::ids::{ClassId, LessonId, UserId, Uuid};
use ports::{ClassRecord, PaperKey, PaperKind, PapersError, Role, SignIn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use admit::StandingOut;
use admit::state;
pub(super) use claim::{ClaimIn, ClaimOut, claim};
pub(super) use lobby::{
    Admission, CodeChangeIn, JoinCodeOut, LobbyOut, admit, code, lobby, open_by_code, refuse, withdraw_code,
};

/// The cookie by which a device is known again.
const DEVICE: &str = "studyhall_device";
/// How long it is kept, in seconds: half a year.
const DEVICE_AGE_S: u64 = 180 * 86_400;
/// Tries of a change of a guest's record when two come at once.
const TRIES: usize = 4;

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
    let known_device = device_of(&request);
    app.rates.joining(known_device).await?;
    let device = known_device.unwrap_or_else(Uuid::new_v4);
    let opened = opened(&app, &body.0.code).await?;
    app.rates.joins(opened.class.id).await?;
    let is_secure = request.connection_info().scheme() == "https";
    to_its_end(async move {
        let (guest, pin) = guest(&app, &opened, &body.0, device).await?;
        let user = UserId(guest.user.0);
        let state = let_in(&app, &opened, user, &guest.name).await?;
        let mint = app.mint.as_ref().ok_or_else(no_guests)?;
        let (role, org, name) = (Role::Learner, opened.class.org, Some(guest.name.clone()));
        let wanted = Wanted { user, role, org, name, ttl_ms: GUEST_TOKEN_MS };
        let (token, expires_at) = mint.token(&wanted, real_ms()).map_err(|error| {
            tracing::error!(%error, "a token could not be made");
            Problem::internal()
        })?;
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

fn key(class: ClassId, name: Uuid) -> PaperKey {
    PaperKey { of: class.0, kind: PaperKind::Guest, id: name }
}

/// The guest of this name: who is here for the first time is made, with a PIN; anybody else shows the device or the PIN.
async fn guest(
    app: &App,
    opened: &Opened,
    who: &JoinIn,
    device: Uuid,
) -> Result<(Guest, Option<Pin>), Problem> {
    let bad_name = || {
        let most = crate::joining::NAME_BYTES_MAX;
        Problem::invalid(format!("`name` is one line of 1 to {most} bytes."))
    };
    let (name, id) = key_of_name(opened.class.id, &who.name).ok_or_else(bad_name)?;
    let key = key(opened.class.id, id);
    for _ in 0..TRIES {
        let Some(paper) = app.papers.paper(key).await? else {
            if who.pin.is_some() {
                return Err(wrong_pin());
            }
            match made(app, opened, (key, &name), device).await {
                Err(Made::Taken) => continue,
                Err(Made::Refused(problem)) => return Err(problem),
                Ok((guest, pin)) => return Ok((guest, Some(pin))),
            }
        };
        let mut guest: Guest = serde_json::from_slice(&paper.body).map_err(|_| Problem::internal())?;
        if guest.claimed.is_some() {
            let detail =
                "What this guest did belongs to an account now; sign in, or join under another name.";
            return Err(Problem::new(Code::Conflict, detail).with("reason", "claimed"));
        }
        if guest.knows(device) {
            return Ok((guest, None));
        }
        let Some(pin) = &who.pin else {
            let detail = "Somebody of this class has this name; give your PIN, or choose another name.";
            return Err(Problem::new(Code::Conflict, detail).with("reason", "name_taken"));
        };
        let now_ms = app.clock.wall_ms();
        let tried = guest.try_pin(Pin::read(pin), now_ms);
        if tried == PinTried::Right {
            guest.let_in(device);
        }
        let body = serde_json::to_vec(&guest).map_err(|_| Problem::internal())?;
        // A wrong PIN is told only once it is counted.
        match app.papers.put_paper(key, body, Some(paper.revision)).await {
            Ok(_) => {}
            Err(PapersError::Changed) => continue,
            Err(error @ PapersError::Store(_)) => return Err(error.into()),
        }
        return told(tried, now_ms).map(|()| (guest, None));
    }
    Err(Problem::new(Code::Conflict, "Others join under this name at this moment; try again."))
}

fn wrong_pin() -> Problem {
    Problem::new(Code::Forbidden, "The name and the PIN do not belong together.").with("reason", "wrong_pin")
}

/// Whether a PIN lets somebody in.
fn told(tried: PinTried, now_ms: i64) -> Result<(), Problem> {
    match tried {
        PinTried::Right => Ok(()),
        PinTried::Wrong => Err(wrong_pin()),
        PinTried::Closed(until_ms) => {
            let wait_ms = u64::try_from(until_ms.saturating_sub(now_ms)).unwrap_or(0);
            let detail = "Too many wrong PINs; wait, or ask the teacher.";
            Err(Problem::new(Code::TooMany, detail).retry_after_s(wait_ms.div_ceil(1_000).max(1)))
        }
    }
}

/// Why a guest was not made.
enum Made {
    Taken,
    Refused(Problem),
}

impl<E: Into<Problem>> From<E> for Made {
    fn from(error: E) -> Made {
        Made::Refused(error.into())
    }
}

async fn made(
    app: &App,
    opened: &Opened,
    (key, name): (PaperKey, &str),
    device: Uuid,
) -> Result<(Guest, Pin), Made> {
    admit::room(opened)?;
    let user = UserId(Uuid::now_v7());
    let pin = Pin::from_random(Uuid::new_v4().as_u64_pair().1);
    let guest = Guest::new(user, name.to_owned(), pin, Uuid::new_v4(), device);
    // The account comes first: one that nobody has is harmless, a name without an account is not.
    let who = SignIn { user, org: opened.class.org, role: Role::Learner, name: Some(name.to_owned()) };
    app.people.sign_in(who, app.clock.wall_ms()).await?;
    let body = serde_json::to_vec(&guest).map_err(|_| Problem::internal())?;
    match app.papers.put_paper(key, body, None).await {
        Ok(_) => Ok((guest, pin)),
        Err(PapersError::Changed) => Err(Made::Taken),
        Err(error @ PapersError::Store(_)) => Err(error.into()),
    }
}

/// `GET /join/{class_id}`: how it stands with one's wish to join.
pub(super) async fn standing(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let class = ClassId(*path);
    let state = if admitted(&app, class, caller.user).await? {
        state(State::Admitted)
    } else if app.papers.paper(lobby::waiting(class, caller.user)).await?.is_some() {
        state(State::Waiting)
    } else {
        state(State::None)
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(state))
}
