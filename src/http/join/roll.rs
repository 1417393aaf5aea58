//! `/classes/{class_id}/guests`: the guests of a class, for those who run it. They give a guest who lost device and PIN
//! another PIN. Which learner a guest was says the learner alone: what a guest did becomes part of that learner's log.

use super::guests::{TRIES, claimed, key, random_pin};
use crate::clock::real_ms;
use crate::http::access::class_to_edit;
use crate::http::body::to_its_end;
use crate::http::paging::{cursor, limit, place};
use crate::http::{App, Caller, Code, Problem};
use crate::joining::Guest;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use domain::ids::{ClassId, UserId, Uuid};
use ports::{ClassRecord, Paper, PaperKind, PapersError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Which guests are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::http) struct GuestsQuery {
    /// Items of a page.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    /// Where the page begins, as the page before it said in `next`.
    cursor: Option<String>,
}

/// A guest of a class.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct GuestOut {
    /// By what the class knows the name: the guest's place here.
    name_id: Uuid,
    /// The guest. Whoever was never let in has no account yet.
    user_id: Uuid,
    name: String,
    /// When the guest joined for the first time, Unix milliseconds.
    joined_at: i64,
    /// Whether the guest is in the class now.
    enrolled: bool,
    /// Whose account has what the guest did; then the guest is no more.
    claimed_by: Option<Uuid>,
}

/// Another PIN.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct GuestPinOut {
    /// Four digits, shown this once.
    pin: String,
}

impl GuestOut {
    fn of(class: &ClassRecord, paper: &Paper) -> Option<GuestOut> {
        let guest: Guest = serde_json::from_slice(&paper.body).ok()?;
        let user = UserId(guest.user.0);
        Some(GuestOut {
            name_id: paper.key.id,
            user_id: user.0,
            joined_at: guest.joined_ms(),
            enrolled: class.students.contains(&user),
            claimed_by: guest.claimed.map(|claimed| claimed.by),
            name: guest.name,
        })
    }
}

/// `GET /classes/{class_id}/guests`
pub(in crate::http) async fn guests(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
    query: web::Query<GuestsQuery>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?;
    let limit = limit(query.limit)?;
    let after = query.cursor.as_deref().map(place::<Uuid>).transpose()?;
    let papers = app.papers.papers(class.id.0, PaperKind::Guest, after, limit + 1).await?;
    let shown = papers.get(..limit).unwrap_or(&papers);
    let last = if papers.len() > limit { shown.last() } else { None };
    let items: Vec<GuestOut> = shown.iter().filter_map(|paper| GuestOut::of(&class, paper)).collect();
    let next = last.and_then(|paper| cursor(&paper.key.id));
    let answer = json!({ "items": items, "next": next });
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}

/// Changes the record of a guest, again if somebody else changed it in between.
async fn changed(
    app: &App,
    class: ClassId,
    name: Uuid,
    change: impl Fn(&mut Guest) -> Result<(), Problem>,
) -> Result<Guest, Problem> {
    for _ in 0..TRIES {
        let paper = app.papers.paper(key(class, name)).await?.ok_or_else(Problem::not_found)?;
        let mut guest: Guest = serde_json::from_slice(&paper.body).map_err(|_| Problem::internal())?;
        change(&mut guest)?;
        let body = serde_json::to_vec(&guest).map_err(|_| Problem::internal())?;
        match app.papers.put_paper(paper.key, body, Some(paper.revision)).await {
            Ok(_) => return Ok(guest),
            Err(PapersError::Changed) => {}
            Err(error @ PapersError::Store(_)) => return Err(error.into()),
        }
    }
    Err(Problem::new(Code::Conflict, "The guest was changed at this moment; try again."))
}

/// `POST /classes/{class_id}/guests/{name_id}/pin`: the PIN before and the devices that were let in without one hold no
/// more.
pub(in crate::http) async fn renew_pin(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(path.0)).await?.id;
    let (name, pin) = (path.1, random_pin());
    to_its_end(async move {
        let renew = |guest: &mut Guest| match guest.claimed {
            Some(_) => Err(claimed()),
            None => {
                guest.begin_anew(pin, caller.user, real_ms());
                Ok(())
            }
        };
        let guest = changed(&app, class, name, renew).await?;
        // Whoever waits as this guest may have come in by the PIN before.
        super::waits_no_more(&app, class, UserId(guest.user.0)).await?;
        tracing::info!(%class, by = %caller.user, "a guest has another PIN");
        let answer = GuestPinOut { pin: pin.to_string() };
        Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
    })
    .await
}
