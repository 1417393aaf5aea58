//! How students stand with their homework.

use super::{HomeworkOut, Kept, key};
use crate::homework::{Did, Progress};
use crate::http::access::class_to_edit;
use crate::http::analytics::today;
use crate::http::limits::{DAYS_MAX, HOMEWORK_PER_CLASS_MAX, HOMEWORK_SHOWN_DAYS, HOMEWORK_SHOWN_MAX};
use crate::http::outlook::{FiguresQuery, LearnerFigures};
use crate::http::{App, Caller, Problem};
use actix_web::{HttpResponse, web};
use domain::day::Day;
use domain::ids::{CardId, ClassId, DeckId, UserId, Uuid};
use ports::{DeckQuery, PaperKind};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Homework, and how each student stands with it.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct HomeworkStandingOut {
    #[serde(flatten)]
    homework: HomeworkOut,
    /// How many cards it has.
    of_cards: usize,
    students: Vec<StudentStandingOut>,
}

#[derive(Serialize, JsonSchema)]
struct StudentStandingOut {
    user_id: Uuid,
    name: String,
    status: Progress,
    /// Study days on which something of it was answered.
    days: usize,
    /// Cards of it that were answered.
    cards: usize,
}

/// One's own homework.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct OwnHomeworkOut {
    items: Vec<OwnOut>,
}

#[derive(Serialize, JsonSchema)]
struct OwnOut {
    homework_id: Uuid,
    class_id: Uuid,
    deck_id: Uuid,
    /// Empty for all of the deck.
    cards: Vec<Uuid>,
    #[schemars(with = "crate::http::dto::DayText")]
    due: String,
    rule: crate::homework::DoneRule,
    status: Progress,
    days: usize,
    cards_answered: usize,
    of_cards: usize,
}

/// What is to be done of a deck.
enum Wanted {
    /// All of its cards: so many.
    All(usize),
    /// Those of the cards that were named which are there still: one that was deleted can be done by nobody.
    Named(BTreeSet<CardId>),
}

impl Wanted {
    fn cards(&self) -> usize {
        match self {
            Wanted::All(cards) => *cards,
            Wanted::Named(cards) => cards.len(),
        }
    }
}

/// What somebody did of it, in time and until now.
struct Stands {
    in_time: Did,
    until_now: Did,
}

fn did(wanted: &Wanted, figures: &LearnerFigures) -> Did {
    let named = match wanted {
        Wanted::All(_) => return Did { days: figures.days.len(), cards: figures.cards.len() },
        Wanted::Named(named) => named,
    };
    let cards = figures.cards.iter().filter(|card| named.contains(*card)).count();
    // Which card was answered on which day is not remembered: a day counts once something of the cards was answered.
    Did { days: if cards > 0 { figures.days.len() } else { 0 }, cards }
}

/// How these students stand, who are enrolled since then.
async fn stands(
    app: &App,
    (kept, wanted): (&Kept, &Wanted),
    enrolled: BTreeMap<UserId, i64>,
    today: Day,
) -> Result<BTreeMap<UserId, Stands>, Problem> {
    let (from, due) = (Day(kept.from), Day(kept.due));
    let last = from.plus(DAYS_MAX - 1);
    let whom: Vec<UserId> = enrolled.keys().copied().collect();
    let since = Some(Arc::new(enrolled));
    let decks = Some(Arc::new(BTreeSet::from([DeckId(kept.deck)])));
    let query = |to: Day| FiguresQuery {
        from,
        to: to.max(from),
        decks: decks.clone(),
        since: since.clone(),
        may_be_late: true,
    };
    let in_time = app.study.figures(whom.clone(), query(due)).await?;
    let until_now = match today > due {
        true => app.study.figures(whom, query(today.min(last))).await?,
        false => in_time.clone(),
    };
    let mut all: BTreeMap<UserId, Stands> = BTreeMap::new();
    for (in_time, until_now) in in_time.iter().zip(&until_now) {
        let stands = Stands { in_time: did(wanted, in_time), until_now: did(wanted, until_now) };
        all.insert(in_time.user, stands);
    }
    Ok(all)
}

async fn wanted(app: &App, kept: &Kept) -> Result<Wanted, Problem> {
    if !kept.cards.is_empty() {
        let deck = app.engine.decks().deck(DeckId(kept.deck)).await?;
        let is_there = |card: &CardId| {
            let index = deck.as_ref().and_then(|deck| Some((deck, deck.index_of(*card)?)));
            index.and_then(|(deck, at)| deck.card(at)).is_some_and(|card| card.deleted_ms.is_none())
        };
        let named = kept.cards.iter().copied().map(CardId);
        return Ok(Wanted::Named(named.filter(is_there).collect()));
    }
    let query = DeckQuery { ids: vec![DeckId(kept.deck)], ..DeckQuery::default() };
    let decks = app.library.decks(query).await?;
    let cards = decks.first().map_or(0, |deck| usize::try_from(deck.cards).unwrap_or(0));
    Ok(Wanted::All(cards))
}

/// `GET /classes/{class_id}/homework/{homework_id}`: how each student stands who is enrolled; nobody does with a deck that
/// the class has no more.
pub(in crate::http) async fn read(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let record = class_to_edit(&app, &caller, ClassId(path.0)).await?;
    let class = record.id;
    let paper = app.papers.paper(key(class, path.1)).await?.ok_or_else(Problem::not_found)?;
    let kept = Kept::of(&paper).ok_or_else(Problem::internal)?;
    let has_it = record.decks.contains(&DeckId(kept.deck));
    let mut enrolled: BTreeMap<UserId, i64> = app.people.enrolled_since(class).await?.into_iter().collect();
    enrolled.retain(|user, _| has_it && kept.is_for(*user));
    let whom: Vec<UserId> = enrolled.keys().copied().chain([caller.user]).collect();
    let known = app.people.persons(whom).await?;
    let asker = known.iter().find(|person| person.id == caller.user).ok_or_else(Problem::internal)?;
    let now = asker.zones.stamp(app.clock.wall_ms()).day;
    let names: BTreeMap<UserId, String> = known.into_iter().map(|person| (person.id, person.name)).collect();
    let wanted = wanted(&app, &kept).await?;
    let of_cards = wanted.cards();
    let all = stands(&app, (&kept, &wanted), enrolled, now).await?;
    let mut students: Vec<StudentStandingOut> = Vec::with_capacity(all.len());
    for (user, Stands { in_time, until_now }) in all {
        students.push(StudentStandingOut {
            user_id: user.0,
            name: names.get(&user).cloned().unwrap_or_default(),
            status: kept.rule.progress(in_time, until_now, of_cards),
            days: until_now.days,
            cards: until_now.cards,
        });
    }
    students.sort_by_cached_key(|student| (student.name.to_lowercase(), student.user_id));
    let homework = kept.out(class, path.1);
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(HomeworkStandingOut {
        homework,
        of_cards,
        students,
    }))
}

/// `GET /me/homework`: what is set to oneself in the classes that one is in, what is due next first; what was due more than
/// a month ago is left out.
pub(in crate::http) async fn own(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let now = today(&app, caller.user).await?;
    let mut found: Vec<(Kept, ClassId, Uuid)> = Vec::new();
    for class in app.people.classes_of(caller.user).await? {
        if !class.students.contains(&caller.user) {
            continue;
        }
        let papers = app.papers.papers(class.id.0, PaperKind::Homework, None, HOMEWORK_PER_CLASS_MAX).await?;
        let kept = papers.iter().filter_map(|paper| Some((Kept::of(paper)?, class.id, paper.key.id)));
        let kept = kept.filter(|(kept, ..)| class.decks.contains(&DeckId(kept.deck)));
        let recent = kept.filter(|(kept, ..)| Day(kept.due) >= now.plus(-HOMEWORK_SHOWN_DAYS));
        found.extend(recent.filter(|(kept, ..)| kept.is_for(caller.user)));
    }
    found.sort_by_key(|(kept, _, id)| (Day(kept.due) < now, kept.due, *id));
    found.truncate(HOMEWORK_SHOWN_MAX);
    let mut items = Vec::with_capacity(found.len());
    for (kept, class, id) in found {
        let mut enrolled: BTreeMap<UserId, i64> =
            app.people.enrolled_since(class).await?.into_iter().collect();
        enrolled.retain(|user, _| *user == caller.user);
        let wanted = wanted(&app, &kept).await?;
        let of_cards = wanted.cards();
        let all = stands(&app, (&kept, &wanted), enrolled, now).await?;
        let Some(Stands { in_time, until_now }) = all.get(&caller.user) else { continue };
        items.push(OwnOut {
            homework_id: id,
            class_id: class.0,
            deck_id: kept.deck,
            due: Day(kept.due).to_string(),
            rule: kept.rule,
            status: kept.rule.progress(*in_time, *until_now, of_cards),
            days: until_now.days,
            cards_answered: until_now.cards,
            of_cards,
            cards: kept.cards,
        });
    }
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(OwnHomeworkOut { items }))
}
