//! `/users`, `/users/batch`, `/classes/{class_id}/students`, `/rosters/export`: whom the register of an organisation
//! names, for those who teach them or administer it.

use crate::http::access::{Need, allowed, class_to_edit};
use crate::http::body::{Body, apart, to_its_end};
use crate::http::dto::user::{BatchIn, BatchOut, UserOut};
use crate::http::limits::{BATCH_CLASSES_MAX, BATCH_USERS_MAX, BULK_BYTES_MAX};
use crate::http::paging::{Fields, Page, cursor, limit, place};
use crate::http::{App, Caller, Code, Problem};
use crate::rosters::{Diff, Known, KnownClass, KnownError, Rules, Scope, apply, diff, one_roster, plain_csv};
use crate::teaching::also_taught;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpResponse, web};
use actors::Concerned;
use domain::day::ZoneHistory;
use domain::ids::{ClassId, OrgId, UserId, Uuid};
use ports::{ClassRecord, Person, RegisterKey, Registered};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Which people are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct UsersQuery {
    external_id: Option<String>,
    login: Option<String>,
    email: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
    fields: Option<String>,
}

/// `GET /users`: people of the organisation, for administrators; of the classes that one teaches, for teachers.
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    query: web::Query<UsersQuery>,
) -> Result<HttpResponse, Problem> {
    let org = org_of(&caller)?;
    let limit = limit(query.limit)?;
    let after = query.cursor.as_deref().map(place::<Uuid>).transpose()?.map(UserId);
    let own = if caller.administers(Some(org)) { None } else { Some(own_students(&app, &caller).await?) };
    let found = match (keys(&query), &own) {
        (keys, _) if !keys.is_empty() => {
            let named = app.people.find_registered(org, keys.clone()).await?;
            let mut named: Vec<Registered> =
                named.into_iter().filter(|who| keys.iter().all(|key| key.names(who))).collect();
            named.sort_by_key(|who| who.user);
            named.retain(|who| after.is_none_or(|after| who.user > after));
            named
        }
        (_, None) => app.people.registered(org, after, limit + 1).await?,
        (_, Some(own)) => {
            let wanted = own.iter().filter(|user| after.is_none_or(|after| **user > after));
            let wanted: Vec<UserId> = wanted.take(limit + 1).copied().collect();
            students(&app, org, &wanted).await?
        }
    };
    let seen: Vec<Registered> =
        found.into_iter().filter(|who| own.as_ref().is_none_or(|own| own.contains(&who.user))).collect();
    Ok(HttpResponse::Ok().json(page(&seen, limit, query.fields.as_deref())?))
}

/// `GET /classes/{class_id}/students`, for those who run the class.
pub(super) async fn of_class(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
    query: web::Query<UsersQuery>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?;
    let limit = limit(query.limit)?;
    let after = query.cursor.as_deref().map(place::<Uuid>).transpose()?.map(UserId);
    let everybody: BTreeSet<UserId> = class.students.iter().copied().collect();
    let wanted = everybody.into_iter().filter(|user| after.is_none_or(|after| *user > after));
    let wanted: Vec<UserId> = wanted.take(limit + 1).collect();
    let found = match class.org {
        Some(org) => students(&app, org, &wanted).await?,
        None => unregistered(&app, OrgId::from_bytes([0; 16]), &wanted).await?,
    };
    Ok(HttpResponse::Ok().json(page(&found, limit, query.fields.as_deref())?))
}

/// `POST /users/batch`, `PUT /users/batch`: people are named, changed, and put into classes; whoever is not named stays.
pub(super) async fn batch(
    app: web::Data<App>,
    caller: Caller,
    body: Body<BatchIn, BULK_BYTES_MAX>,
) -> Result<HttpResponse, Problem> {
    let org = org_of(&caller)?;
    let BatchIn { users, dry_run } = body.0;
    if users.len() > BATCH_USERS_MAX {
        return Err(Problem::invalid(format!("`users` has at most {BATCH_USERS_MAX} people.")));
    }
    let asked = BatchIn::read(users)?;
    let also = also_taught(app.people.as_ref(), app.papers.as_ref(), &caller).await?;
    let known = Known::of_few(&*app.people, org, caller.user, asked.keys.clone()).await?;
    let mut known = known.with_co_taught(also, org);
    let administers = caller.administers(Some(org));
    if asked.classes.len() > BATCH_CLASSES_MAX {
        let detail = format!("A batch names at most {BATCH_CLASSES_MAX} classes.");
        return Err(Problem::invalid(detail));
    }
    if administers {
        add_classes(&app, org, &asked.classes, &mut known).await?;
    }
    let now_ms = app.clock.wall_ms();
    let rules = Rules { org, by: caller.user, administers, scope: Scope::Classes, now_ms };
    let (asked, diff) = apart(move || {
        let diff = diff(&asked.roster, &known, rules);
        (asked, diff)
    })
    .await?;
    to_its_end(async move {
        let left_out = if dry_run { Vec::new() } else { carry_out(&app, &diff, now_ms).await? };
        Ok(HttpResponse::Ok().json(BatchOut::of(&asked, &diff, &left_out, dry_run)))
    })
    .await
}

/// Carries out what a batch says, and tells whom it concerns; returns who was left out.
async fn carry_out(app: &App, diff: &Diff, now_ms: i64) -> Result<Vec<UserId>, Problem> {
    let applied = apply(&*app.people, diff, now_ms, |_, _| true).await;
    let applied = applied.map_err(|error| match error {
        crate::rosters::ApplyError::People(error) => Problem::from(error),
        crate::rosters::ApplyError::Stopped => Problem::internal(),
    })?;
    app.study.access_changed(Concerned::People(applied.concerned.into()));
    Ok(applied.left_out)
}

/// What is to be exported.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ExportQuery {
    format: Option<String>,
    class_id: Option<Uuid>,
}

/// `GET /rosters/export?format=oneroster|csv&class_id=…`: the organisation, for administrators; a class, for those who
/// run it.
pub(super) async fn export(
    app: web::Data<App>,
    caller: Caller,
    query: web::Query<ExportQuery>,
) -> Result<HttpResponse, Problem> {
    let org = org_of(&caller)?;
    let turn = app.exporting.begin(caller.user)?;
    let busy = |_| Problem::unavailable("Other files are being made; try again in a moment.");
    let place = app.exports.clone().try_acquire_owned().map_err(busy)?;
    let known = match query.class_id {
        Some(id) => of_one_class(&app, org, class_to_edit(&app, &caller, ClassId(id)).await?).await?,
        None if caller.administers(Some(org)) => {
            Known::read(&*app.people, org, caller.user).await.map_err(Problem::from)?
        }
        None => {
            let detail =
                "Only administrators export the whole organisation; name a class of yours: `class_id`.";
            return Err(Problem::new(Code::Forbidden, detail));
        }
    };
    let today = ZoneHistory::new().stamp(app.clock.wall_ms()).day.to_string();
    // The turn and the place go with the work: it goes on when nobody waits for the answer any more.
    let held = (turn, place);
    let (bytes, media, name) = match query.format.as_deref() {
        None | Some("csv") => {
            let table = move || {
                let table = format!("\u{feff}{}", plain_csv(&known.people, &known.classes));
                drop(held);
                table
            };
            (apart(table).await?.into_bytes(), "text/csv; charset=utf-8", "roster.csv")
        }
        Some("oneroster") => {
            let zip = move || {
                let zip = one_roster(&known.people, &known.classes, &org.to_string(), &today);
                drop(held);
                zip
            };
            let zip = apart(zip).await?;
            let zip = zip.map_err(|error| {
                tracing::error!(%error, "a roster could not be written");
                Problem::internal()
            })?;
            (zip, "application/zip", "oneroster.zip")
        }
        Some(_) => return Err(Problem::invalid("`format` is csv or oneroster.")),
    };
    Ok(HttpResponse::Ok()
        .content_type(media)
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(bytes))
}

impl From<KnownError> for Problem {
    fn from(error: KnownError) -> Problem {
        match error {
            KnownError::People(error) => error.into(),
            KnownError::TooMany => Problem::invalid(format!("{error}.")),
        }
    }
}

/// The caller's organisation, for whoever names people in it.
fn org_of(caller: &Caller) -> Result<OrgId, Problem> {
    allowed(caller, Need::NamePeople)?;
    caller.org.ok_or_else(Problem::not_found)
}

fn keys(query: &UsersQuery) -> Vec<RegisterKey> {
    let external = query.external_id.clone().map(RegisterKey::External);
    let login = query.login.as_ref().map(|login| RegisterKey::Login(login.to_lowercase()));
    let email = query.email.as_ref().map(|email| RegisterKey::Email(email.to_lowercase()));
    [external, login, email].into_iter().flatten().collect()
}

/// The students of the classes that the caller teaches, also beside their teachers.
async fn own_students(app: &App, caller: &Caller) -> Result<BTreeSet<UserId>, Problem> {
    let classes = app.people.classes_of(caller.user).await?;
    let own = classes.into_iter().filter(|class| class.teacher == caller.user);
    let also = also_taught(app.people.as_ref(), app.papers.as_ref(), caller).await?;
    Ok(own.chain(also).flat_map(|class| class.students).collect())
}

/// What the register says of these people, in their order; of whom it says nothing, what the account does.
async fn students(app: &App, org: OrgId, users: &[UserId]) -> Result<Vec<Registered>, Problem> {
    let keys = users.iter().map(|user| RegisterKey::User(*user)).collect();
    let found = app.people.find_registered(org, keys).await?;
    let mut known: BTreeMap<UserId, Registered> = found.into_iter().map(|who| (who.user, who)).collect();
    let missing: Vec<UserId> = users.iter().filter(|user| !known.contains_key(user)).copied().collect();
    for who in unregistered(app, org, &missing).await? {
        known.insert(who.user, who);
    }
    Ok(users.iter().filter_map(|user| known.remove(user)).collect())
}

/// People whom no register names, as their accounts have them.
async fn unregistered(app: &App, org: OrgId, users: &[UserId]) -> Result<Vec<Registered>, Problem> {
    let known = app.people.persons(users.to_vec()).await?;
    let mut accounts: BTreeMap<UserId, Person> =
        known.into_iter().map(|person| (person.id, person)).collect();
    Ok(users.iter().map(|user| UserOut::of_account(org, *user, accounts.remove(user))).collect())
}

/// One page of people, who come in the order of their accounts; one more than the page holds says that there is another.
fn page(people: &[Registered], limit: usize, fields: Option<&str>) -> Result<Page, Problem> {
    let shown = people.get(..limit).unwrap_or(people);
    let next = if people.len() > limit { shown.last().and_then(|last| cursor(&last.user.0)) } else { None };
    let fields = Fields::of(fields);
    let items = shown.iter().map(|who| fields.select(&UserOut::of(who)));
    Ok(Page { items: items.collect::<Result<_, _>>()?, next, numbered: None })
}

/// Classes that an administrator names, and that are another's.
async fn add_classes(
    app: &App,
    org: OrgId,
    named: &BTreeSet<ClassId>,
    known: &mut Known,
) -> Result<(), Problem> {
    let there: BTreeSet<ClassId> = known.classes.iter().map(|class| class.record.id).collect();
    for id in named.difference(&there) {
        let record = app.people.class(*id).await?;
        let record = record.filter(|record| record.org == Some(org) && record.deleted_ms.is_none());
        known.classes.extend(record.map(KnownClass::unregistered));
    }
    Ok(())
}

/// One class, its students and its teacher.
async fn of_one_class(app: &App, org: OrgId, class: ClassRecord) -> Result<Known, Problem> {
    let mut users = class.students.clone();
    users.push(class.teacher);
    let mut people = Vec::new();
    for few in users.chunks(ports::register::REGISTER_PAGE_MAX) {
        people.extend(students(app, org, few).await?);
    }
    let registered = app.people.registered_class(org, class.id).await?;
    let class = KnownClass { registered, ..KnownClass::unregistered(class) };
    Ok(Known { people, classes: vec![class] })
}
