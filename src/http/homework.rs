//! `/classes/{class_id}/homework`, `/me/homework`: what was set to be done until a day, and how each student stands with
//! it, from what is remembered of their answers.

mod standing;

use crate::homework::DoneRule;
use crate::http::access::class_to_edit;
use crate::http::analytics::today;
use crate::http::body::{Body, to_its_end};
use crate::http::days::day;
use crate::http::limits::{CHANGE_TRIES, DAYS_MAX, HOMEWORK_PER_CLASS_MAX};
use crate::http::{App, Caller, Problem};
use actix_web::{HttpResponse, web};
use domain::day::Day;
use domain::ids::{CardId, ClassId, DeckId, UserId, Uuid};
use domain::limits::{ASSIGNED_CARDS_MAX, ASSIGNED_TO_MAX};
use ports::{ClassRecord, Paper, PaperKey, PaperKind, PapersError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub(super) use standing::{HomeworkStandingOut, OwnHomeworkOut, own, read};

/// What is set.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(super) struct HomeworkIn {
    /// A deck of the class.
    deck_id: Uuid,
    /// These cards of it, 200 at most; empty for all.
    #[serde(default)]
    cards: Vec<Uuid>,
    /// The last study day on which it is in time, `YYYY-MM-DD`.
    #[schemars(with = "super::dto::DayText")]
    due: String,
    rule: DoneRule,
    /// These students, 200 at most; empty for everybody who is enrolled.
    #[serde(default)]
    to: Vec<Uuid>,
}

/// Homework as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Kept {
    deck: Uuid,
    cards: Vec<Uuid>,
    /// From this study day on answers count.
    from: i32,
    due: i32,
    rule: DoneRule,
    to: Vec<Uuid>,
    created_ms: i64,
}

/// Homework.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct HomeworkOut {
    homework_id: Uuid,
    class_id: Uuid,
    deck_id: Uuid,
    cards: Vec<Uuid>,
    /// The study day from which on answers count.
    #[schemars(with = "super::dto::DayText")]
    from: String,
    #[schemars(with = "super::dto::DayText")]
    due: String,
    rule: DoneRule,
    to: Vec<Uuid>,
    /// Unix milliseconds.
    created_at: i64,
}

/// The homework of a class.
#[derive(Serialize, JsonSchema)]
pub(super) struct HomeworksOut {
    items: Vec<HomeworkOut>,
}

impl Kept {
    fn of(paper: &Paper) -> Option<Kept> {
        serde_json::from_slice(&paper.body).ok()
    }

    fn out(&self, class: ClassId, id: Uuid) -> HomeworkOut {
        HomeworkOut {
            homework_id: id,
            class_id: class.0,
            deck_id: self.deck,
            cards: self.cards.clone(),
            from: Day(self.from).to_string(),
            due: Day(self.due).to_string(),
            rule: self.rule,
            to: self.to.clone(),
            created_at: self.created_ms,
        }
    }

    fn is_for(&self, user: UserId) -> bool {
        self.to.is_empty() || self.to.contains(&user.0)
    }
}

const fn key(class: ClassId, id: Uuid) -> PaperKey {
    PaperKey { of: class.0, kind: PaperKind::Homework, id }
}

/// Checks what is set; answers count from `from` on.
async fn checked(
    app: &App,
    class: &ClassRecord,
    wanted: HomeworkIn,
    (from, created_ms): (Day, i64),
) -> Result<Kept, Problem> {
    let deck = DeckId(wanted.deck_id);
    if !class.decks.contains(&deck) {
        return Err(Problem::invalid("`deck_id` is a deck that the class has."));
    }
    let cards: BTreeSet<Uuid> = wanted.cards.iter().copied().collect();
    if cards.len() > ASSIGNED_CARDS_MAX {
        return Err(Problem::invalid(format!("`cards` has at most {ASSIGNED_CARDS_MAX} cards.")));
    }
    let to: BTreeSet<Uuid> = wanted.to.iter().copied().collect();
    if to.len() > ASSIGNED_TO_MAX || to.iter().any(|user| !class.students.contains(&UserId(*user))) {
        return Err(Problem::invalid(format!("`to` has at most {ASSIGNED_TO_MAX} students of the class.")));
    }
    let due = day("due", Some(&wanted.due))?.ok_or_else(Problem::internal)?;
    if due < from || due.since(from) >= DAYS_MAX {
        return Err(Problem::invalid(format!("`due` is one of the {DAYS_MAX} days from {from} on.")));
    }
    let days = due.since(from).saturating_add(1);
    if let DoneRule::Days { days: asked } = wanted.rule
        && !(1..=days).contains(&i32::from(asked))
    {
        return Err(Problem::invalid(format!("`days` is 1 to {days}: so many there are until then.")));
    }
    if !cards.is_empty() {
        let (_, there) = app.library.content(deck).await?.ok_or_else(Problem::not_found)?;
        let there: BTreeSet<CardId> =
            there.iter().filter(|card| card.deleted_ms.is_none()).map(|card| card.id).collect();
        if cards.iter().any(|card| !there.contains(&CardId(*card))) {
            return Err(Problem::invalid("`cards` are cards of the deck."));
        }
    }
    Ok(Kept {
        deck: wanted.deck_id,
        cards: cards.into_iter().collect(),
        from: from.0,
        due: due.0,
        rule: wanted.rule,
        to: to.into_iter().collect(),
        created_ms,
    })
}

/// `GET /classes/{class_id}/homework`: what is due last first.
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?.id;
    let papers = app.papers.papers(class.0, PaperKind::Homework, None, HOMEWORK_PER_CLASS_MAX).await?;
    let mut all: Vec<(Kept, Uuid)> =
        papers.iter().filter_map(|paper| Some((Kept::of(paper)?, paper.key.id))).collect();
    all.sort_by_key(|(kept, id)| std::cmp::Reverse((kept.due, kept.created_ms, *id)));
    let items = all.iter().map(|(kept, id)| kept.out(class, *id)).collect();
    Ok(HttpResponse::Ok().json(HomeworksOut { items }))
}

/// `POST /classes/{class_id}/homework`
pub(super) async fn set(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
    body: Body<HomeworkIn>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(*path)).await?;
    let from = (today(&app, caller.user).await?, app.clock.wall_ms());
    let kept = checked(&app, &class, body.0, from).await?;
    let there = app.papers.papers(class.id.0, PaperKind::Homework, None, HOMEWORK_PER_CLASS_MAX).await?;
    if there.len() >= HOMEWORK_PER_CLASS_MAX {
        let detail =
            format!("A class has at most {HOMEWORK_PER_CLASS_MAX} of these; remove an old one first.");
        return Err(Problem::invalid(detail));
    }
    to_its_end(async move {
        let id = Uuid::now_v7();
        let body = serde_json::to_vec(&kept).map_err(|_| Problem::internal())?;
        app.papers.put_paper(key(class.id, id), body, None).await?;
        Ok(HttpResponse::Created().json(kept.out(class.id, id)))
    })
    .await
}

/// `PUT /classes/{class_id}/homework/{homework_id}`: all of it anew; answers count from the same day on.
pub(super) async fn change(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
    body: Body<HomeworkIn>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(path.0)).await?;
    let key = key(class.id, path.1);
    for _ in 0..CHANGE_TRIES {
        let paper = app.papers.paper(key).await?.ok_or_else(Problem::not_found)?;
        let before = Kept::of(&paper).ok_or_else(Problem::internal)?;
        let kept = checked(&app, &class, body.0.clone(), (Day(before.from), before.created_ms)).await?;
        let bytes = serde_json::to_vec(&kept).map_err(|_| Problem::internal())?;
        match app.papers.put_paper(key, bytes, Some(paper.revision)).await {
            Ok(_) => return Ok(HttpResponse::Ok().json(kept.out(class.id, key.id))),
            Err(PapersError::Changed) => {}
            Err(error @ PapersError::Store(_)) => return Err(error.into()),
        }
    }
    Err(PapersError::Changed.into())
}

/// `DELETE /classes/{class_id}/homework/{homework_id}`
pub(super) async fn remove(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let class = class_to_edit(&app, &caller, ClassId(path.0)).await?;
    app.papers.remove_paper(key(class.id, path.1)).await?;
    Ok(HttpResponse::NoContent().finish())
}
