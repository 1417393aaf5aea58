//! `/classes/{class_id}/analytics`, `/classes/{class_id}/dashboard`: what the students of a class did in its decks, for
//! those who run it. What a student answered before the enrollment, or in other decks, is nobody's business here.

use crate::http::access::{Need, class_for};
use crate::http::analytics::StretchQuery;
use crate::http::days::stretch;
use crate::http::dto::class::ClassOut;
use crate::http::dto::figures::{StudentOut, SumsOut};
use crate::http::home::Reasons;
use crate::http::outlook::{FiguresQuery, LearnerFigures};
use crate::http::paging::{ListQuery, Order, SortKey, page_of};
use crate::http::{App, Caller, Problem};
use actix_web::{HttpResponse, web};
use domain::day::{Day, ZoneHistory};
use domain::ids::{ClassId, DeckId, UserId, Uuid};
use ports::{ClassRecord, DeckQuery};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

const SORTS: &[&str] = &["name", "enrolled_at", "last_seen", "answers", "correct", "minutes"];

/// `GET /classes/{class_id}/analytics`: a line a student.
pub(super) async fn analytics(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
    query: web::Query<StretchQuery>,
    list: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let order = Order::of(list.sort.as_deref(), SORTS)?;
    let class = class_for(&app, &caller, ClassId(*path), Need::RunClass).await?;
    let roll = Roll::read(&app, &caller, &class).await?;
    let (from, to) = stretch(query.from.as_deref(), query.to.as_deref(), roll.today)?;
    let decks = match query.deck_id.map(DeckId) {
        Some(deck) if class.decks.contains(&deck) => BTreeSet::from([deck]),
        Some(_) => return Err(Problem::not_found()),
        None => class.decks.iter().copied().collect(),
    };
    let figures = roll.figures(&app, from, to, decks).await?;
    let page = page_of(roll.students(&figures), &list, order, |student| {
        let key = match order.by {
            "enrolled_at" => SortKey::Number(student.enrolled_at),
            "last_seen" => SortKey::Number(student.last_seen.unwrap_or(0)),
            "answers" => SortKey::Number(student.sums.answers.into()),
            "correct" => SortKey::Number(student.sums.correct.into()),
            "minutes" => SortKey::Number((student.sums.minutes * 100.0) as i64),
            _ => SortKey::Text(student.name.to_lowercase()),
        };
        (key, student.user_id.to_string())
    })?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(page))
}

/// Who is in a class, and who they are.
pub(super) struct Roll {
    /// The asker's study day.
    today: Day,
    /// Where the asker was when.
    zones: ZoneHistory,
    enrolled: BTreeMap<UserId, i64>,
    names: HashMap<UserId, String>,
}

impl Roll {
    pub(super) async fn read(app: &App, caller: &Caller, class: &ClassRecord) -> Result<Roll, Problem> {
        let enrolled: BTreeMap<UserId, i64> =
            app.people.enrolled_since(class.id).await?.into_iter().collect();
        let whom = enrolled.keys().copied().chain([caller.user]).collect();
        let people = app.people.persons(whom).await?;
        let asker = people.iter().find(|person| person.id == caller.user).ok_or_else(Problem::internal)?;
        let zones = asker.zones.clone();
        let today = zones.stamp(app.clock.wall_ms()).day;
        let names = people.into_iter().map(|person| (person.id, person.name)).collect();
        Ok(Roll { today, zones, enrolled, names })
    }

    /// What the students did in these decks since they were enrolled.
    pub(super) async fn figures(
        &self,
        app: &App,
        from: Day,
        to: Day,
        decks: BTreeSet<DeckId>,
    ) -> Result<Vec<Arc<LearnerFigures>>, Problem> {
        self.figures_of(app, self.all(), (from, to), decks, true).await
    }

    /// The same of some of them; of others nothing. Where many have changed, it may be as it was a minute ago, if that is
    /// said to be good enough.
    pub(super) async fn figures_of(
        &self,
        app: &App,
        students: Vec<UserId>,
        (from, to): (Day, Day),
        decks: BTreeSet<DeckId>,
        may_be_late: bool,
    ) -> Result<Vec<Arc<LearnerFigures>>, Problem> {
        let since = Some(Arc::new(self.enrolled.clone()));
        let query = FiguresQuery { from, to, decks: Some(Arc::new(decks)), since, may_be_late };
        Ok(app.study.figures(students, query).await?)
    }

    /// Everybody who is enrolled.
    pub(super) fn all(&self) -> Vec<UserId> {
        self.enrolled.keys().copied().collect()
    }

    /// Whether this person is enrolled.
    pub(super) fn has(&self, user: UserId) -> bool {
        self.enrolled.contains_key(&user)
    }

    /// A student's name; empty for somebody who has not signed in yet.
    pub(super) fn name(&self, user: UserId) -> &str {
        self.names.get(&user).map(String::as_str).unwrap_or_default()
    }

    /// The study day of a moment where the asker is.
    pub(super) fn day_of(&self, at_ms: i64) -> Day {
        self.zones.stamp(at_ms).day
    }

    /// A line a student, in the order of the figures.
    pub(super) fn students(&self, figures: &[Arc<LearnerFigures>]) -> Vec<StudentOut> {
        let student = |figures: &Arc<LearnerFigures>| StudentOut {
            user_id: figures.user.0,
            name: self.names.get(&figures.user).cloned().unwrap_or_default(),
            enrolled_at: self.enrolled.get(&figures.user).copied().unwrap_or_default(),
            last_seen: figures.last_ms,
            sums: (&figures.all).into(),
        };
        figures.iter().map(student).collect()
    }
}

/// A deck of a class.
#[derive(Debug, Serialize, JsonSchema)]
struct ClassDeckOut {
    deck_id: Uuid,
    title: String,
    cards: u32,
    updated_at: i64,
}

/// A class at a glance.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DashboardOut {
    /// The class.
    class: ClassOut,
    /// As of when this is, Unix milliseconds: of its figures the oldest.
    as_of: i64,
    /// The first day of the figures.
    #[schemars(with = "Option<super::dto::DayText>")]
    from: Option<String>,
    /// The last day: today where the asker is.
    #[schemars(with = "Option<super::dto::DayText>")]
    to: Option<String>,
    /// Its decks, by title.
    decks: Option<Vec<ClassDeckOut>>,
    /// Its students with their figures, by name.
    students: Option<Vec<StudentOut>>,
    /// All students together.
    total: Option<SumsOut>,
    /// Students who answered a card of the class today.
    active_today: Option<usize>,
    /// Why a part is null, by its name.
    reasons: Reasons,
}

/// `GET /classes/{class_id}/dashboard`: the last 30 days.
pub(super) async fn dashboard(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let class = class_for(&app, &caller, ClassId(*path), Need::RunClass).await?;
    let (mut reasons, mut as_of) = (Reasons::default(), app.clock.wall_ms());
    let decks = reasons.part("decks", decks_of(&app, &class).await);
    let found = reasons.part("students", glance(&app, &caller, &class).await);
    let (mut students, mut total, mut active_today, mut days) = (None, None, None, None);
    if let Some(glance) = found {
        total = Some(glance.total());
        active_today = Some(glance.active_today());
        as_of = glance.figures.iter().map(|figures| figures.as_of_ms).min().unwrap_or(as_of).min(as_of);
        days = Some((glance.from.to_string(), glance.roll.today.to_string()));
        let mut all = glance.roll.students(&glance.figures);
        all.sort_by_key(|student| (student.name.to_lowercase(), student.user_id));
        students = Some(all);
    }
    let (from, to) = days.unzip();
    let class = ClassOut::seen(class, true);
    let answer = DashboardOut { class, as_of, from, to, decks, students, total, active_today, reasons };
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(answer))
}

async fn decks_of(app: &App, class: &ClassRecord) -> Result<Vec<ClassDeckOut>, Problem> {
    let query = DeckQuery { ids: class.decks.clone(), ..DeckQuery::default() };
    let mut decks = app.library.decks(query).await?;
    decks.sort_by_key(|deck| (deck.title.to_lowercase(), deck.id));
    let out = decks.into_iter().map(|deck| ClassDeckOut {
        deck_id: deck.id.0,
        title: deck.title,
        cards: deck.cards,
        updated_at: deck.updated_ms,
    });
    Ok(out.collect())
}

/// What the students did lately.
struct Glance {
    roll: Roll,
    from: Day,
    figures: Vec<Arc<LearnerFigures>>,
    /// Different cards that any of them answered.
    cards: usize,
}

async fn glance(app: &App, caller: &Caller, class: &ClassRecord) -> Result<Glance, Problem> {
    let roll = Roll::read(app, caller, class).await?;
    let (from, to) = stretch(None, None, roll.today)?;
    let figures = roll.figures(app, from, to, class.decks.iter().copied().collect()).await?;
    let cards = app.class_cards.count(class.id, &figures);
    Ok(Glance { roll, from, figures, cards })
}

impl Glance {
    fn active_today(&self) -> usize {
        self.figures.iter().filter(|figures| figures.days.contains_key(&self.roll.today)).count()
    }

    fn total(&self) -> SumsOut {
        let mut total =
            SumsOut { answers: 0, correct: 0, accuracy: 0.0, cards: 0, sittings: 0, minutes: 0.0 };
        let mut elapsed_ms = 0;
        for sums in self.figures.iter().map(|figures| &figures.all) {
            total.answers += sums.answers;
            total.correct += sums.correct;
            total.sittings += sums.sittings as usize;
            elapsed_ms += sums.elapsed_ms;
        }
        let share = f64::from(total.correct) * 1_000.0 / f64::from(total.answers.max(1));
        total.accuracy = share.round() / 10.0;
        total.cards = self.cards;
        total.minutes = (elapsed_ms as f64 / 600.0).round() / 100.0;
        total
    }
}
