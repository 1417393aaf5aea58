//! `/decks/{deck_id}/scheduler`: what other settings would lead to, and weights of FSRS fitted to a learner's own answers.

mod outlook;
mod weights;

pub(super) use weights::{FittingOut, Fittings, begin_fitting, fitting};

use crate::http::access::{Need, deck_for};
use crate::http::body::{Body, apart};
use crate::http::decks::change_deck;
use crate::http::dto::settings::{SettingsIn, SettingsOut};
use crate::http::limits::{FORECAST_DAYS_DEFAULT, FORECAST_DAYS_MAX};
use crate::http::strict::object;
use crate::http::{App, Caller, Problem};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::ids::{DeckId, Uuid};
use outlook::{Question, TrialOut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings to try.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrialIn {
    #[serde(deserialize_with = "object")]
    settings: SettingsIn,
    /// How many days ahead it is looked.
    days: Option<u32>,
    /// Whether the settings are only tried; they are unless this is false.
    dry_run: Option<bool>,
}

/// What was tried, and whether it holds now.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TriedOut {
    dry_run: bool,
    settings: SettingsOut,
    #[serde(flatten)]
    trial: TrialOut,
}

/// `POST /decks/{deck_id}/scheduler`: what a change of settings would lead to for the caller's own cards, day by day; with
/// `dry_run: false` it is made.
pub(super) async fn try_settings(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
    body: Body<TrialIn>,
) -> Result<HttpResponse, Problem> {
    let TrialIn { settings, days, dry_run } = body.0;
    let id = DeckId(*path);
    let dry_run = dry_run.unwrap_or(true);
    let days = days.unwrap_or(FORECAST_DAYS_DEFAULT);
    if !(1..=FORECAST_DAYS_MAX).contains(&days) {
        return Err(Problem::invalid(format!("`days` is 1 to {FORECAST_DAYS_MAX}.")));
    }
    let need = if dry_run { Need::SeeDeck } else { Need::EditDeck };
    let deck = deck_for(&app, &caller, id, need).await?;
    let wanted = settings.clone().applied_to(deck.settings)?;
    let person = app.people.person(caller.user).await?.ok_or_else(Problem::not_found)?;
    let today = person.zones.stamp(app.clock.wall_ms()).day;
    let (content, log) = app.study.deck_log(caller.user, &deck).await?;
    let question = Question { content, log, now: deck.settings, then: wanted, today, days };
    let trial = apart(move || question.answer()).await?;
    let settings = if dry_run {
        wanted
    } else {
        let changed = change_deck(&app, &caller, &request, id, Need::EditDeck, |deck| {
            deck.settings = settings.clone().applied_to(deck.settings)?;
            Ok(())
        });
        changed.await?.settings
    };
    Ok(HttpResponse::Ok().json(TriedOut { dry_run, settings: settings.into(), trial }))
}
