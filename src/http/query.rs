//! Queries that cannot be read: which part, and what it has to be. Nothing of what was sent is repeated.

use crate::http::Problem;
use actix_web::error::QueryPayloadError;
use actix_web::web::Query;
use domain::ids::Uuid;

/// A part of a query: its name, what it is, and whether a text is one.
type Part = (&'static str, &'static str, fn(&str) -> bool);

/// Every part of a query that is more than text.
const PARTS: [Part; 9] = [
    ("limit", "a whole number", is_number),
    ("page", "a whole number", is_number),
    ("page_size", "a whole number", is_number),
    ("wait", "a whole number", is_number),
    ("deck_id", "a UUID", |text| text.parse::<Uuid>().is_ok()),
    ("dry_run", "true or false", |text| text.parse::<bool>().is_ok()),
    ("header", "true or false", |text| text.parse::<bool>().is_ok()),
    ("figures", "true or false", |text| text.parse::<bool>().is_ok()),
    ("format", "a format that is offered here", |text| ["json", "csv"].contains(&text)),
];

fn is_number(text: &str) -> bool {
    text.parse::<usize>().is_ok()
}

/// Why a query is refused.
pub(super) fn bad_query(error: &QueryPayloadError, query: &str) -> Problem {
    let parts = Query::<Vec<(String, String)>>::from_query(query).map(Query::into_inner).unwrap_or_default();
    let wrong = |(name, _, is): &&Part| parts.iter().any(|(given, text)| given == name && !is(text));
    if let Some((name, kind, _)) = PARTS.iter().find(wrong) {
        return Problem::invalid(format!("`{name}` in the query is {kind}."));
    }
    let words = error.to_string();
    let words = words.rsplit_once("error: ").map_or(words.as_str(), |(_, words)| words);
    // The names in these are our own.
    if words.starts_with("missing field `") || words.starts_with("duplicate field `") {
        return Problem::invalid(format!("The query cannot be read: {words}."));
    }
    Problem::invalid("The query cannot be read: it is `name=value`, with & between.")
}
