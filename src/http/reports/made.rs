//! How reports are made.

use super::table::{Cell, Report};
use super::{Kind, Spec};
use crate::http::class_figures::Roll;
use crate::http::dto::figures::SumsOut;
use crate::http::outlook::{FiguresQuery, LearnerFigures};
use crate::http::{App, Caller, Problem};
use domain::day::Day;
use domain::ids::UserId;
use ports::{ClassRecord, DeckQuery};
use std::collections::BTreeMap;

/// Makes a report; `class` is the one that it is about, which the caller runs.
pub(super) async fn made(
    app: &App,
    caller: &Caller,
    spec: Spec,
    class: Option<ClassRecord>,
) -> Result<Report, Problem> {
    let (from, to) = (Day(spec.from), Day(spec.to));
    match (spec.kind, class, spec.user.map(UserId)) {
        (Kind::ClassProgress, Some(class), None) => class_progress(app, caller, &class, from, to).await,
        (Kind::Transcript, Some(class), Some(student)) => {
            let roll = Roll::read(app, caller, &class).await?;
            if !roll.has(student) {
                return Err(Problem::not_found());
            }
            let decks = class.decks.iter().copied().collect();
            let figures = roll.figures_of(app, vec![student], (from, to), decks, false).await?.pop();
            transcript(app, roll.name(student), &*figures.ok_or_else(Problem::internal)?, from, to).await
        }
        (Kind::Transcript, None, None) => {
            let person = app.people.person(caller.user).await?.ok_or_else(Problem::not_found)?;
            let query = FiguresQuery { from, to, decks: None, since: None, may_be_late: false };
            let figures = app.study.figures(vec![caller.user], query).await?.pop();
            transcript(app, &person.name, &*figures.ok_or_else(Problem::internal)?, from, to).await
        }
        (Kind::ClassProgress, None, _) | (Kind::ClassProgress, Some(_), Some(_)) => Err(Problem::not_found()),
        (Kind::Transcript, None, Some(_)) | (Kind::Transcript, Some(_), None) => Err(Problem::not_found()),
    }
}

async fn class_progress(
    app: &App,
    caller: &Caller,
    class: &ClassRecord,
    from: Day,
    to: Day,
) -> Result<Report, Problem> {
    let roll = Roll::read(app, caller, class).await?;
    let decks = class.decks.iter().copied().collect();
    let figures = roll.figures_of(app, roll.all(), (from, to), decks, false).await?;
    let mut students = roll.students(&figures);
    students.sort_by_key(|student| (student.name.to_lowercase(), student.user_id));
    let rows = students.into_iter().map(|student| {
        let at = |at_ms: i64| Cell::Text(roll.day_of(at_ms).to_string());
        let head = [
            Cell::Text(student.name),
            Cell::Text(student.user_id.to_string()),
            at(student.enrolled_at),
            student.last_seen.map_or(Cell::Nothing, at),
        ];
        head.into_iter().chain(cells(&student.sums)).collect()
    });
    let head = ["name", "user_id", "enrolled", "last_seen"];
    Ok(Report {
        title: format!("Progress of {}", class.title),
        about: vec![("from", day(from)), ("to", day(to)), ("students", whole(figures.len()))],
        rows: rows.collect(),
        columns: head.into_iter().chain(SUMS).collect(),
    })
}

async fn transcript(
    app: &App,
    name: &str,
    figures: &LearnerFigures,
    from: Day,
    to: Day,
) -> Result<Report, Problem> {
    let ids = figures.decks.keys().copied().collect();
    let query = DeckQuery { ids, with_deleted: true, ..DeckQuery::default() };
    let titles: BTreeMap<_, _> =
        app.library.decks(query).await?.into_iter().map(|deck| (deck.id, deck.title)).collect();
    let rows = figures.decks.iter().map(|(deck, sums)| {
        let title = titles.get(deck).cloned().unwrap_or_default();
        let head = [Cell::Text(title), Cell::Text(deck.to_string())];
        head.into_iter().chain(cells(&sums.into())).collect()
    });
    let all = SumsOut::from(&figures.all);
    let head = [("name", Cell::Text(name.to_owned())), ("from", day(from)), ("to", day(to))];
    let about = head.into_iter().chain([("days_studied", whole(figures.days.len()))]);
    Ok(Report {
        title: "Transcript".to_owned(),
        about: about.chain(SUMS.into_iter().zip(cells(&all))).collect(),
        rows: rows.collect(),
        columns: ["deck", "deck_id"].into_iter().chain(SUMS).collect(),
    })
}

/// The columns of sums.
const SUMS: [&str; 6] = ["sittings", "answers", "correct", "accuracy", "cards", "minutes"];

fn cells(sums: &SumsOut) -> [Cell; 6] {
    [
        whole(sums.sittings),
        Cell::Whole(sums.answers.into()),
        Cell::Whole(sums.correct.into()),
        Cell::Real(sums.accuracy),
        whole(sums.cards),
        Cell::Real(sums.minutes),
    ]
}

fn day(day: Day) -> Cell {
    Cell::Text(day.to_string())
}

fn whole(number: usize) -> Cell {
    Cell::Whole(i64::try_from(number).unwrap_or(i64::MAX))
}
