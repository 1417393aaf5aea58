//! `/me`

use crate::http::body::Body;
use crate::http::dto::person::{MeIn, MeOut};
use crate::http::{App, Caller, Problem};
use actix_web::{HttpResponse, web};

/// `GET /me`
pub(super) async fn read(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let person = app.people.person(caller.user).await?.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().json(MeOut::of(&person, &caller, app.clock.wall_ms())))
}

/// `PATCH /me`: a change of zone or rollover hour holds from now on.
pub(super) async fn change(
    app: web::Data<App>,
    caller: Caller,
    body: Body<MeIn>,
) -> Result<HttpResponse, Problem> {
    let now_ms = app.clock.wall_ms();
    let person = app.people.change_person(caller.user, body.0.change()?, now_ms).await?;
    app.study.zones_changed(caller.user, &person.zones);
    Ok(HttpResponse::Ok().json(MeOut::of(&person, &caller, now_ms)))
}
