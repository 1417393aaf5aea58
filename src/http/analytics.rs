//! `/analytics`, `/sittings`: what the learner did, day by day and sitting by sitting. One's own, and nobody else's.

use crate::http::days::stretch;
use crate::http::dto::figures::{AnalyticsOut, SittingOut};
use crate::http::outlook::{FiguresQuery, LearnerFigures};
use crate::http::paging::{ListQuery, Order, SortKey, page_of};
use crate::http::{App, Caller, Problem};
use actix_web::{HttpResponse, web};
use domain::day::Day;
use domain::ids::{DeckId, UserId, Uuid};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

const SORTS: &[&str] = &["started_at", "answers"];

/// Which study days, and of which deck.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct StretchQuery {
    /// The first study day, `YYYY-MM-DD`; 29 days before `to` unless it is named.
    #[schemars(with = "Option<super::dto::DayText>")]
    pub(super) from: Option<String>,
    /// The last study day; today unless it is named.
    #[schemars(with = "Option<super::dto::DayText>")]
    pub(super) to: Option<String>,
    /// Only cards of this deck.
    pub(super) deck_id: Option<Uuid>,
}

/// `GET /analytics`: every study day of a stretch, days without an answer as zeros.
pub(super) async fn days(
    app: web::Data<App>,
    caller: Caller,
    query: web::Query<StretchQuery>,
) -> Result<HttpResponse, Problem> {
    let (from, to, figures) = own_figures(&app, &caller, &query).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(AnalyticsOut::of(from, to, &figures)))
}

/// `GET /sittings`: the sittings of a stretch of study days, newest first.
pub(super) async fn sittings(
    app: web::Data<App>,
    caller: Caller,
    query: web::Query<StretchQuery>,
    list: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let order = Order::of(Some(list.sort.as_deref().unwrap_or("-started_at")), SORTS)?;
    let (_, _, figures) = own_figures(&app, &caller, &query).await?;
    let items: Vec<SittingOut> = figures.sittings.iter().map(SittingOut::from).collect();
    let page = page_of(items, &list, order, |sitting| {
        let key = match order.by {
            "answers" => SortKey::Number(sitting.answers.into()),
            _ => SortKey::Number(sitting.started_at),
        };
        (key, sitting.sitting_id.map_or_else(|| sitting.day.clone(), |id| id.to_string()))
    })?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(page))
}

async fn own_figures(
    app: &App,
    caller: &Caller,
    query: &StretchQuery,
) -> Result<(Day, Day, Arc<LearnerFigures>), Problem> {
    let today = today(app, caller.user).await?;
    let (from, to) = stretch(query.from.as_deref(), query.to.as_deref(), today)?;
    let decks = query.deck_id.map(|deck| Arc::new(BTreeSet::from([DeckId(deck)])));
    let wanted = FiguresQuery { from, to, decks, since: None, may_be_late: false };
    let figures = app.study.figures(vec![caller.user], wanted).await?.pop();
    Ok((from, to, figures.ok_or_else(Problem::internal)?))
}

/// A person's study day.
pub(super) async fn today(app: &App, user: UserId) -> Result<Day, Problem> {
    let person = app.people.person(user).await?.ok_or_else(Problem::not_found)?;
    Ok(person.zones.stamp(app.clock.wall_ms()).day)
}
