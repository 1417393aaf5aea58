//! `/me/home`: all that a learner's first page shows, in one answer. A part that fails is null, with the reason; the rest
//! stands.

use crate::http::analytics::today;
use crate::http::classes::all_of;
use crate::http::dto::class::ClassOut;
use crate::http::dto::figures::SumsOut;
use crate::http::limits::{DAYS_MAX, STREAK_DAYS_FIRST};
use crate::http::outlook::{FiguresQuery, Sums, streak};
use crate::http::study::{Agenda, DueCounts};
use crate::http::{App, Caller, Problem};
use actix_web::{HttpResponse, web};
use domain::day::Day;
use domain::ids::Uuid;
use futures_util::future::join;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Why a part of an answer is null.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ReasonOut {
    /// The code of the refusal.
    code: &'static str,
    /// What happened, for people.
    detail: String,
}

/// The reasons of the parts that are null, by their names.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct Reasons(BTreeMap<&'static str, ReasonOut>);

impl Reasons {
    /// The part, or `None` with the reason noted.
    pub(super) fn part<T>(&mut self, name: &'static str, outcome: Result<T, Problem>) -> Option<T> {
        match outcome {
            Ok(part) => Some(part),
            Err(problem) => {
                let reason = ReasonOut { code: problem.code().as_str(), detail: problem.detail().to_owned() };
                self.0.insert(name, reason);
                None
            }
        }
    }
}

/// A deck that the learner studies, and what is due in it.
#[derive(Debug, Serialize, JsonSchema)]
struct HomeDeck {
    deck_id: Uuid,
    title: String,
    path: String,
    /// Cards in it.
    cards: u32,
    /// What is due today.
    due: DueCounts,
}

/// What is due.
#[derive(Debug, Serialize, JsonSchema)]
struct HomeDecks {
    /// Over all decks.
    due: DueCounts,
    /// By path.
    items: Vec<HomeDeck>,
}

/// What was done today, and for how many days in a row.
#[derive(Debug, Serialize, JsonSchema)]
struct HomeFigures {
    /// Study days in a row on which something was answered, up to today or yesterday.
    streak_days: u32,
    /// What was answered today.
    today: SumsOut,
}

/// A learner's first page.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct HomeOut {
    /// The study day; null where it could not be read.
    #[schemars(with = "Option<super::dto::DayText>")]
    today: Option<String>,
    /// When this was read, Unix milliseconds.
    as_of: i64,
    /// What is due.
    decks: Option<HomeDecks>,
    /// Classes that the person teaches, also beside their teachers, or studies in.
    classes: Option<Vec<ClassOut>>,
    /// What was done.
    figures: Option<HomeFigures>,
    /// Why a part is null, by its name.
    reasons: Reasons,
}

/// `GET /me/home`
pub(super) async fn home(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let mut reasons = Reasons::default();
    let (agenda, classes) = join(agenda(&app, &caller), all_of(&app, &caller)).await;
    let agenda = reasons.part("decks", agenda);
    let day = match &agenda {
        Some(agenda) => Ok(agenda.today),
        None => today(&app, caller.user).await,
    };
    let figures = match &day {
        Ok(day) => figures(&app, &caller, *day).await,
        Err(problem) => Err(problem.clone()),
    };
    let answer = HomeOut {
        today: day.ok().map(|day| day.to_string()),
        as_of: app.clock.wall_ms(),
        decks: agenda.map(HomeDecks::from),
        classes: reasons.part("classes", classes),
        figures: reasons.part("figures", figures),
        reasons,
    };
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(answer))
}

async fn agenda(app: &App, caller: &Caller) -> Result<Agenda, Problem> {
    Ok(app.study.agenda(caller.user).await?)
}

async fn figures(app: &App, caller: &Caller, today: Day) -> Result<HomeFigures, Problem> {
    let days = async |count: i32| {
        let query = FiguresQuery {
            from: today.plus(1 - count),
            to: today,
            decks: None,
            since: None,
            may_be_late: false,
        };
        let figures = app.study.figures(vec![caller.user], query).await?.pop();
        figures.ok_or_else(Problem::internal)
    };
    let mut all = days(STREAK_DAYS_FIRST).await?;
    if streak(&all.days, today) as i32 >= STREAK_DAYS_FIRST - 1 {
        all = days(DAYS_MAX).await?;
    }
    let none = Sums::default();
    let of_today = all.days.get(&today).unwrap_or(&none).into();
    Ok(HomeFigures { streak_days: streak(&all.days, today), today: of_today })
}

impl From<Agenda> for HomeDecks {
    fn from(agenda: Agenda) -> HomeDecks {
        let mut items: Vec<HomeDeck> = agenda
            .decks
            .into_iter()
            .map(|(deck, due)| HomeDeck {
                deck_id: deck.id.0,
                title: deck.title,
                path: deck.path,
                cards: deck.cards,
                due,
            })
            .collect();
        items.sort_by(|a, b| (&a.path, &a.title, a.deck_id).cmp(&(&b.path, &b.title, b.deck_id)));
        HomeDecks { due: agenda.counts, items }
    }
}
