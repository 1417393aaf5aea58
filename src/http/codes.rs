//! `/codes/redeem`: a code that signs somebody in once.

use crate::auth::role_name;
use crate::clock::real_ms;
use crate::http::body::Body;
use crate::http::caller::{address_of, refuse_or, too_many};
use crate::http::{App, Code, Problem};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::ids::Uuid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A code.
#[derive(Deserialize, JsonSchema)]
pub(super) struct CodeIn {
    code: String,
}

/// A token, and whose it is.
#[derive(Serialize, JsonSchema)]
pub(super) struct TokenOut {
    token: String,
    user_id: Uuid,
    name: Option<String>,
    role: &'static str,
    /// When the token ends, Unix milliseconds.
    expires_at: i64,
}

/// `POST /codes/redeem`
pub(super) async fn redeem(
    app: web::Data<App>,
    request: HttpRequest,
    body: Body<CodeIn>,
) -> Result<HttpResponse, Problem> {
    let (address, now_ms) = (address_of(&request, &app), real_ms());
    app.doors.may_try(address, now_ms).map_err(too_many)?;
    let used = || Problem::new(Code::CodeUsed, "This code was used already, or is not one of this server's.");
    let Some(mint) = &app.mint else { return Err(used()) };
    let redeemed = app.codes.redeem(&body.0.code);
    let Some(redeemed) = redeemed else {
        return Err(refuse_or(&app, address, now_ms, used()).await);
    };
    let wanted = redeemed.wanted;
    let (token, expires_ms) = mint.token(&wanted, now_ms).map_err(|error| {
        tracing::error!(%error, "a token could not be made");
        Problem::internal()
    })?;
    let answer = TokenOut {
        token,
        user_id: wanted.user.0,
        name: wanted.name,
        role: role_name(wanted.role),
        expires_at: expires_ms,
    };
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(answer))
}
