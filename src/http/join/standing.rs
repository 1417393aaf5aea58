//! How it stands with somebody who wants to join, and what they have to ask by: who is let in has a token, who waits has
//! something that opens this door alone.

use super::guests::key;
use super::lobby::wish;
use super::no_guests;
use crate::auth::{Claims, Wanted, bearer};
use crate::clock::real_ms;
use crate::http::caller::{app_of, begin};
use crate::http::limits::GUEST_TOKEN_MS;
use crate::http::{App, Caller, Problem};
use crate::joining::{Guest, key_of_name};
use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use domain::ids::{ClassId, OrgId, UserId, Uuid};
use ports::Role;
use schemars::JsonSchema;
use serde::Serialize;
use std::future::Future;
use std::pin::Pin;

/// How it stands with somebody who wants to join.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum State {
    /// Enrolled.
    Admitted,
    /// In the lobby.
    Waiting,
    /// Neither: never asked, refused, or removed.
    None,
}

/// The same as an answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct StandingOut {
    state: State,
    /// A token, for who waited and is admitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// When it ends, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

/// Who asks: somebody with a token, or who waits.
pub(in crate::http) struct Joiner {
    user: UserId,
    waits: Option<Claims>,
}

impl FromRequest for Joiner {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Joiner, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = app_of(&request)?;
            let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
            let waits = header.and_then(bearer).map(|token| app.verifier.verify_waiting(token, real_ms()));
            match waits {
                Some(Ok(claims)) => {
                    begin(&app, claims.user, &request).await?;
                    Ok(Joiner { user: claims.user, waits: Some(claims) })
                }
                Some(Err(_)) | None => {
                    let caller = Caller::extract(&request).await?;
                    Ok(Joiner { user: caller.user, waits: None })
                }
            }
        })
    }
}

/// What a guest asks by from now on, and until when (Unix milliseconds).
pub(super) fn token(
    app: &App,
    org: Option<OrgId>,
    guest: &Guest,
    state: State,
) -> Result<(String, i64), Problem> {
    let (user, name) = (UserId(guest.user.0), Some(guest.name.clone()));
    let wanted = Wanted { user, role: Role::Guest, org, name, ttl_ms: GUEST_TOKEN_MS };
    made(app, &wanted, state)
}

fn made(app: &App, wanted: &Wanted, state: State) -> Result<(String, i64), Problem> {
    let mint = app.mint.as_ref().ok_or_else(no_guests)?;
    let made = match state {
        State::Admitted => mint.token(wanted, real_ms()),
        State::Waiting | State::None => mint.waiting_token(wanted, real_ms()),
    };
    made.map_err(|error| {
        tracing::error!(%error, "a token could not be made");
        Problem::internal()
    })
}

/// Whether somebody is enrolled in a class now.
async fn admitted(app: &App, class: ClassId, user: UserId) -> Result<bool, Problem> {
    let class = app.people.class(class).await?.filter(|class| class.deleted_ms.is_none());
    Ok(class.is_some_and(|class| class.students.contains(&user)))
}

/// Whether the guest was given another PIN since this token was made.
async fn may_be_another(app: &App, class: ClassId, claims: &Claims) -> Result<bool, Problem> {
    let made_ms = claims.expires_ms.saturating_sub(GUEST_TOKEN_MS);
    let named = claims.name.as_deref().and_then(|name| key_of_name(class, name));
    let Some((_, id)) = named else { return Ok(false) };
    let paper = app.papers.paper(key(class, id)).await?;
    let guest = paper.and_then(|paper| serde_json::from_slice::<Guest>(&paper.body).ok());
    // A token says its end in whole seconds: one of the second in which the PIN was given is taken for an older one.
    Ok(guest.is_some_and(|guest| guest.was_renewed_since(made_ms)))
}

/// `GET /join/{class_id}`: how it stands with one's wish to join.
pub(in crate::http) async fn standing(
    app: web::Data<App>,
    joiner: Joiner,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let (class, user) = (ClassId(*path), joiner.user);
    let state = if admitted(&app, class, user).await? {
        State::Admitted
    } else if wish(&app, class, user).await?.is_some() {
        State::Waiting
    } else {
        State::None
    };
    let token = match (state, joiner.waits) {
        (State::Admitted, Some(claims)) if may_be_another(&app, class, &claims).await? => None,
        // It ends when what one waited with would have.
        (State::Admitted, Some(Claims { org, name, expires_ms, .. })) => {
            let ttl_ms = expires_ms.saturating_sub(real_ms());
            Some(made(&app, &Wanted { user, role: Role::Guest, org, name, ttl_ms }, state)?)
        }
        (State::Admitted | State::Waiting | State::None, _) => None,
    };
    let (token, expires_at) = token.unzip();
    let answer = StandingOut { state, token, expires_at };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}
