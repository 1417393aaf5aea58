//! `/due`, `/reviews`, and what is known of cards and decks: the learner's own, and nobody else's.

use crate::http::access::deck_to_read;
use crate::http::body::Body;
use crate::http::cards::card_in;
use crate::http::outlook::Progress;
use crate::http::paging;
use crate::http::study::{Due, DueCounts, StudyError, Submitted, Verdict};
use crate::http::{App, Caller, Code, Problem, nodes};
use crate::ws::study::{command_input, refusal_code, refusal_message, wire_result, wire_slip};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::entry::Mode;
use domain::ids::{CardId, DeckId, EntryId, Uuid};
use domain::session::Refusal;
use protocol::limits::COMMANDS_PER_REQUEST_MAX;
use protocol::{Broken, Slip, decode_command};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

impl From<StudyError> for Problem {
    fn from(error: StudyError) -> Problem {
        match error {
            StudyError::NotVisible => Problem::not_found(),
            StudyError::TooManyDecks => Problem::invalid(format!("{error}.")),
            StudyError::NotNow(why) => Problem::unavailable(format!("{why}.")),
            StudyError::Elsewhere(_) => Problem::unavailable(format!("{error}.")),
        }
    }
}

/// Which cards.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct DueQuery {
    /// Only this deck, and those below it.
    deck_id: Option<Uuid>,
    /// Cards that are shown; 0 for the counts alone.
    #[schemars(range(min = 0, max = 100))]
    limit: Option<usize>,
    /// How cards are asked; in a checked mode they come without `back`. Absent: `flip`.
    mode: Option<DueMode>,
}

/// How cards are asked.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum DueMode {
    #[default]
    Flip,
    Type,
    Choose,
    /// As each deck says.
    Deck,
}

/// `GET /due`
pub(super) async fn due(
    app: web::Data<App>,
    caller: Caller,
    query: web::Query<DueQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = paging::limit_or_none(query.limit)?;
    // The session itself finds out whether the learner may study the deck.
    let mode = match query.mode.unwrap_or_default() {
        DueMode::Flip => Some(Mode::Flip),
        DueMode::Type => Some(Mode::Type),
        DueMode::Choose => Some(Mode::Choose),
        DueMode::Deck => None,
    };
    let mut due = app.study.due(caller.user, query.deck_id.map(DeckId), mode, limit).await?;
    due.items.truncate(paging::fitting(due.items.iter().map(String::len), limit));
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("cache-control", "no-store"))
        .body(due_json(&due)))
}

/// The items are JSON already, made of fragments that all learners share.
fn due_json(due: &Due) -> String {
    let DueCounts { new, learning, review } = due.counts;
    let items = due.items.join(",");
    format!(r#"{{"counts":{{"new":{new},"learning":{learning},"review":{review}}},"items":[{items}]}}"#)
}

/// Commands, each as it came.
#[derive(Deserialize, JsonSchema)]
pub(super) struct CommandsIn {
    /// At most 500, each as it would go over a socket.
    #[schemars(with = "Vec<AnyCommand>")]
    commands: Vec<Box<RawValue>>,
}

/// A command, as the document of the API tells it: its kinds and their fields are those of the study protocol.
pub(super) struct AnyCommand;

impl JsonSchema for AnyCommand {
    fn schema_name() -> Cow<'static, str> {
        "Command".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A command of the study protocol: review, undo or set.",
            "properties": {"type": {"type": "string"}, "id": {"type": "string", "format": "uuid"}},
            "required": ["type", "id"],
            "additionalProperties": true,
        })
    }
}

/// What is due, as the document of the API tells it.
#[derive(Serialize, JsonSchema)]
pub(super) struct DueOut {
    /// Over all decks asked for.
    counts: DueCounts,
    /// The cards that would come, first one first: each with the fields of the study protocol's `card` frame.
    items: Vec<BTreeMap<String, Value>>,
}

#[derive(Serialize, JsonSchema)]
struct VerdictOut {
    id: Uuid,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(rename = "final", skip_serializing_if = "Option::is_none")]
    is_final: Option<bool>,
    /// In what a response is near: `typing`, `case` or `accents`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    slip: Option<Slip>,
    /// Of a response: `right`, `near` or `wrong`.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'static str>,
    /// The grade that follows from a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    grade: Option<u8>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct VerdictsOut {
    verdicts: Vec<VerdictOut>,
}

/// `POST /reviews`: answers only after every command is durable or refused.
pub(super) async fn submit(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    body: Body<CommandsIn>,
) -> Result<HttpResponse, Problem> {
    let raw = body.0.commands;
    if raw.len() > COMMANDS_PER_REQUEST_MAX {
        return Err(Problem::invalid(format!("At most {COMMANDS_PER_REQUEST_MAX} commands in one request.")));
    }
    let read = |(at, raw): (usize, &RawValue)| {
        submitted(raw.get()).map_err(|why| {
            Problem::new(Code::Malformed, format!("Command {at} cannot be read: {why}.")).with("at", at)
        })
    };
    let read: Vec<Read> = raw.iter().map(AsRef::as_ref).enumerate().map(read).collect::<Result<_, _>>()?;
    let (commands, faults): (Vec<Submitted>, Vec<Option<String>>) = read.into_iter().unzip();
    let verdicts = match commands.is_empty() {
        true => Vec::new(),
        false => match app.study.submit(caller.user, commands).await {
            Err(StudyError::Elsewhere(address)) if !nodes::is_passed_on(&request) => {
                return nodes::pass_on(&address, &request, same(&raw)).await;
            }
            submitted => submitted?,
        },
    };
    let verdicts = verdicts.into_iter().zip(faults).map(|(verdict, fault)| VerdictOut::of(verdict, fault));
    Ok(HttpResponse::Ok().json(VerdictsOut { verdicts: verdicts.collect() }))
}

/// The body again, as it came.
fn same(commands: &[Box<RawValue>]) -> String {
    let commands: Vec<&str> = commands.iter().map(|command| command.get()).collect();
    format!(r#"{{"commands":[{}]}}"#, commands.join(","))
}

/// A command, and what is wrong with it if it can never be one.
type Read = (Submitted, Option<String>);

/// A command for the session. One that has an id gets a verdict whatever is wrong with it; without, the request is
/// refused as a whole.
fn submitted(text: &str) -> Result<Read, String> {
    match decode_command(text) {
        Ok(command) => Ok((command_input(&command), None)),
        Err(Broken::Malformed { id: Some(id), what, .. }) => {
            Ok(((EntryId(id), Err(Refusal::Malformed)), Some(what)))
        }
        Err(Broken::UnknownType { id: Some(id), .. }) => Ok(((EntryId(id), Err(Refusal::UnknownType)), None)),
        Err(broken) => Err(broken.to_string()),
    }
}

impl VerdictOut {
    /// The verdict, with what is wrong with the command where that is known.
    fn of(verdict: Verdict, fault: Option<String>) -> VerdictOut {
        let sentence = |refusal| match (refusal, fault) {
            (Refusal::Malformed, Some(fault)) => fault,
            (refusal, _) => refusal_message(refusal).to_owned(),
        };
        VerdictOut {
            id: verdict.id.0,
            verdict: if verdict.refusal.is_none() { "durable" } else { "refused" },
            code: verdict.refusal.map(|refusal| refusal_code(refusal).as_str()),
            message: verdict.refusal.map(sentence),
            is_final: verdict.refusal.map(Refusal::is_final),
            slip: verdict.refusal.and_then(wire_slip),
            result: verdict.graded.map(|(result, _)| wire_result(result).as_str()),
            grade: verdict.graded.map(|(_, grade)| grade.number()),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ProgressOut {
    #[serde(flatten)]
    progress: Progress,
    due: DueCounts,
}

/// `GET /decks/{deck_id}/progress`
pub(super) async fn progress(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let (progress, due) = match app.study.deck_outlook(caller.user, DeckId(*path)).await {
        // An administrator may look at a deck without studying it: then nothing is due.
        Err(StudyError::NotVisible) => {
            let deck = deck_to_read(&app, &caller, DeckId(*path)).await?;
            (app.study.deck_progress(caller.user, &deck).await?, DueCounts::default())
        }
        outlook => outlook?,
    };
    Ok(HttpResponse::Ok().json(ProgressOut { progress, due }))
}

/// `GET /decks/{deck_id}/cards/{card_id}/state`
pub(super) async fn card_state(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let deck = deck_to_read(&app, &caller, DeckId(path.0)).await?;
    let card = card_in(&app, deck.id, CardId(path.1)).await?;
    let person = app.people.person(caller.user).await?.ok_or_else(Problem::not_found)?;
    let today = person.zones.stamp(app.clock.wall_ms()).day;
    let state = app.study.card_state(caller.user, &deck, card.id, today).await?;
    Ok(HttpResponse::Ok().json(state))
}
