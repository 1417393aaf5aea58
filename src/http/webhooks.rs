//! `/webhooks`: events are sent to addresses. Administrators have those of their organisation, teachers those of their own
//! classes.

use crate::http::access::{Need, allowed, class_for, hook_for};
use crate::http::body::Body;
use crate::http::dto::hook::{self, Scope};
use crate::http::etag::tagged;
use crate::http::limits::CHANGE_TRIES;
use crate::http::paging::{cursor, limit, place};
use crate::http::{App, Caller, Code, Problem};
use crate::webhooks::limits::HOOKS_PER_OWNER_MAX;
use crate::webhooks::{Undelivered, new_secret, replace};
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::ids::{ClassId, Uuid};
use ports::{Feed, HookId, HookState, WebhookRecord, WebhooksError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) use hook::{AttemptOut, HookChangeIn, HookIn, HookOut, NewHookOut};

/// Which webhooks.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ListQuery {
    /// Items of a page.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    /// Where the page begins, as the page before it said in `next`.
    cursor: Option<String>,
}

/// Where the next page begins.
#[derive(Serialize, Deserialize)]
struct Place {
    after: Uuid,
}

/// `GET /webhooks`: one's own, and for administrators all of the organisation.
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    allowed(&caller, Need::MakeHook)?;
    let limit = limit(query.limit)?;
    let after = query.cursor.as_deref().map(place::<Place>).transpose()?.map(|place| HookId(place.after));
    let whose = match caller.org.filter(|org| caller.administers(Some(*org))) {
        Some(org) => Feed::Org(org),
        None => Feed::Person(caller.user),
    };
    let hooks = app.webhooks.store().webhooks_of(whose, after, limit).await?;
    let next = if hooks.len() < limit { None } else { hooks.last() };
    let next = next.and_then(|last| cursor(&Place { after: last.id.0 }));
    let items: Vec<HookOut> = hooks.into_iter().map(HookOut::from).collect();
    tagged(&request, &json!({ "items": items, "next": next }))
}

/// `POST /webhooks`: it is sent what happens from now on.
pub(super) async fn create(
    app: web::Data<App>,
    caller: Caller,
    body: Body<HookIn>,
) -> Result<HttpResponse, Problem> {
    allowed(&caller, Need::MakeHook)?;
    let wanted = body.0;
    let url = hook::address(&wanted.url, app.webhooks.allows_loopback())?;
    let description = hook::description(&wanted.description)?;
    let kinds = hook::kinds(&wanted.kinds)?;
    let feed = feed_of(&caller, &wanted)?;
    if let Some(class) = wanted.class_id {
        class_for(&app, &caller, ClassId(class), Need::RunClass).await?;
    }
    let own = app.webhooks.store().webhooks_of(Feed::Person(caller.user), None, HOOKS_PER_OWNER_MAX).await?;
    if own.len() >= HOOKS_PER_OWNER_MAX {
        let detail =
            format!("You have {HOOKS_PER_OWNER_MAX} webhooks, as many as there may be; remove one first.");
        return Err(Problem::invalid(detail));
    }
    let now_ms = app.clock.wall_ms();
    let record = WebhookRecord {
        id: HookId(Uuid::now_v7()),
        owner: caller.user,
        org: caller.org,
        feed,
        class: wanted.class_id.map(ClassId),
        url,
        description,
        kinds,
        secret: new_secret(),
        old_secrets: Vec::new(),
        state: HookState::Active,
        reason: String::new(),
        position: app.events.end_of(feed).await?,
        failures: 0,
        next_try_ms: 0,
        holder: None,
        created_ms: now_ms,
        updated_ms: now_ms,
        revision: 0,
    };
    app.webhooks.store().put_webhook(record.clone(), None).await?;
    app.webhooks.changed();
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/webhooks/{}", record.id.0)))
        .json(NewHookOut::from(record)))
}

/// The feed that a new webhook is sent.
fn feed_of(caller: &Caller, wanted: &HookIn) -> Result<Feed, Problem> {
    let administered = caller.org.filter(|org| caller.administers(Some(*org)));
    match (wanted.scope, administered, wanted.class_id) {
        (Some(Scope::Organisation), _, Some(_)) => {
            Err(Problem::invalid("`class_id` belongs to the scope `classes`."))
        }
        (Some(Scope::Organisation) | None, Some(org), None) => Ok(Feed::Org(org)),
        (Some(Scope::Organisation), None, None) => {
            let detail = "Only administrators of an organisation have what happens in it sent to them.";
            Err(Problem::new(Code::Forbidden, detail))
        }
        (Some(Scope::Classes), _, _) | (None, None, _) | (None, Some(_), Some(_)) => {
            Ok(Feed::Person(caller.user))
        }
    }
}

/// `GET /webhooks/{hook_id}`
pub(super) async fn read(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let hook = hook_for(&app, &caller, HookId(*path)).await?;
    tagged(&request, &HookOut::from(hook))
}

/// `PATCH /webhooks/{hook_id}`
pub(super) async fn change(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
    body: Body<HookChangeIn>,
) -> Result<HttpResponse, Problem> {
    let allow_loopback = app.webhooks.allows_loopback();
    let hook = changed(&app, &caller, *path, |hook| body.0.apply(hook, allow_loopback)).await?;
    Ok(HttpResponse::Ok().json(HookOut::from(hook)))
}

/// `POST /webhooks/{hook_id}/secret`: another secret, shown this once.
pub(super) async fn replace_secret(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let (secret, now_ms) = (new_secret(), app.clock.wall_ms());
    let change = |hook: &mut WebhookRecord| {
        replace(hook, secret.clone(), now_ms);
        Ok(())
    };
    let hook = changed(&app, &caller, *path, change).await?;
    Ok(HttpResponse::Ok().json(NewHookOut::from(hook)))
}

/// Changes a webhook, whatever deliveries change of it meanwhile.
async fn changed(
    app: &App,
    caller: &Caller,
    id: Uuid,
    change: impl Fn(&mut WebhookRecord) -> Result<(), Problem>,
) -> Result<WebhookRecord, Problem> {
    for _ in 0..CHANGE_TRIES {
        let mut hook = hook_for(app, caller, HookId(id)).await?;
        let revision = hook.revision;
        change(&mut hook)?;
        hook.updated_ms = app.clock.wall_ms();
        match app.webhooks.store().put_webhook(hook.clone(), Some(revision)).await {
            Ok(_) => {
                app.webhooks.changed();
                return Ok(hook);
            }
            Err(WebhooksError::Changed) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(WebhooksError::Changed.into())
}

/// `DELETE /webhooks/{hook_id}`
pub(super) async fn remove(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let hook = hook_for(&app, &caller, HookId(*path)).await?;
    app.webhooks.store().remove_webhook(hook.id).await?;
    app.webhooks.changed();
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /webhooks/{hook_id}/deliveries`: newest first.
pub(super) async fn attempts(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let hook = hook_for(&app, &caller, HookId(*path)).await?;
    let attempts = app.webhooks.store().attempts(hook.id, ports::webhooks::ATTEMPTS_KEPT).await?;
    let items: Vec<AttemptOut> = attempts.into_iter().map(AttemptOut::from).collect();
    Ok(HttpResponse::Ok().json(json!({ "items": items, "next": null })))
}

/// `POST /webhooks/{hook_id}/test`
pub(super) async fn test(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let hook = hook_for(&app, &caller, HookId(*path)).await?;
    let attempt = app.webhooks.test(&hook).await?;
    Ok(HttpResponse::Ok().json(AttemptOut::from(attempt)))
}

impl From<Undelivered> for Problem {
    fn from(error: Undelivered) -> Problem {
        match error {
            Undelivered::Webhooks(error) => error.into(),
            Undelivered::Events(error) => error.into(),
            Undelivered::Teaching(error) => error.into(),
            Undelivered::People(error) => error.into(),
            Undelivered::Busy => Problem::unavailable("Too many tests run; try again in a moment."),
        }
    }
}
