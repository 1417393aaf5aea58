//! `GET /imports/{job_id}/rejected`: rows that did not come in, as JSON a page at a time, or all of them as CSV.

use crate::http::paging::{cursor, limit, place};
use crate::http::{App, Caller, Problem};
use crate::import::push_cell;
use crate::jobs::{Jobs, split_reason};
use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use domain::ids::{JobId, Uuid};
use futures_util::stream;
use ports::RefusedRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io;

/// Rows of one read.
const ROWS_PER_READ: usize = 500;
/// The head of the table: by the mark at its beginning spreadsheets know that it is UTF-8.
const HEAD: &str = "\u{feff}line,column,reason,message,text\r\n";

/// Which rows, and how.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::http) struct RejectedQuery {
    format: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// A row that did not come in.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct RejectedOut {
    /// The line of the file, from 1; 0 where there are no lines.
    line: u64,
    /// The column, where it is one that is wrong.
    column: Option<String>,
    /// The stable code.
    reason: String,
    /// The same for people.
    message: String,
    /// The row as it stood in the file, or its beginning.
    text: String,
}

/// Where the next page begins.
#[derive(Serialize, Deserialize)]
struct Place {
    from: u64,
}

/// `GET /imports/{job_id}/rejected`
pub(in crate::http) async fn rejected(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
    query: web::Query<RejectedQuery>,
) -> Result<HttpResponse, Problem> {
    let jobs = super::jobs(&app, &caller)?;
    let record = jobs.look(caller.user, JobId(*path)).await?;
    let total = crate::jobs::Outcome::of(&record.outcome).rejected;
    if wants_csv(&request, query.format.as_deref())? {
        return Ok(csv(jobs.clone(), record.job, total));
    }
    let limit = limit(query.limit)?;
    let from = query.cursor.as_deref().map(place::<Place>).transpose()?.map_or(0, |place| place.from);
    let room = usize::try_from(total.saturating_sub(from)).unwrap_or(usize::MAX);
    let rows = match limit.min(room) {
        0 => Vec::new(),
        most => jobs.refused(record.job, from, most).await?,
    };
    let after = rows.last().map(|last| last.number + 1).filter(|after| *after < total && rows.len() == limit);
    let items: Vec<RejectedOut> = rows.into_iter().map(RejectedOut::from).collect();
    let next = after.and_then(|from| cursor(&Place { from }));
    Ok(HttpResponse::Ok().json(json!({ "items": items, "total": total, "next": next })))
}

impl From<RefusedRow> for RejectedOut {
    fn from(row: RefusedRow) -> RejectedOut {
        let (code, message) = split_reason(&row.reason);
        let (reason, message) = (code.to_owned(), message.to_owned());
        RejectedOut { line: row.line, column: row.column, reason, message, text: row.text }
    }
}

fn wants_csv(request: &HttpRequest, format: Option<&str>) -> Result<bool, Problem> {
    match format {
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        Some(_) => Err(Problem::invalid("`format` is json or csv.")),
        None => {
            let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
            Ok(accept.is_some_and(|accept| accept.trim_start().starts_with("text/csv")))
        }
    }
}

/// The whole table, read while it is sent.
fn csv(jobs: Jobs, job: JobId, total: u64) -> HttpResponse {
    let rows = stream::unfold(Some((jobs, 0)), move |state| async move {
        let (jobs, from) = state?;
        let head = if from == 0 { HEAD } else { "" };
        let read = match jobs.refused(job, from, ROWS_PER_READ).await {
            Ok(rows) => rows.into_iter().filter(|row| row.number < total).collect::<Vec<_>>(),
            Err(error) => return Some((Err(io::Error::other(error.to_string())), None)),
        };
        let mut text = head.to_owned();
        read.iter().for_each(|row| push_row(&mut text, row));
        let next = read.last().filter(|_| read.len() == ROWS_PER_READ).map(|last| (jobs, last.number + 1));
        Some((Ok(Bytes::from(text)), next))
    });
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"rejected.csv\""))
        .insert_header(("cache-control", "no-store"))
        .streaming(Box::pin(rows))
}

fn push_row(csv: &mut String, row: &RefusedRow) {
    let (code, message) = split_reason(&row.reason);
    csv.push_str(&if row.line > 0 { row.line.to_string() } else { String::new() });
    for cell in [row.column.as_deref().unwrap_or_default(), code, message, &row.text] {
        csv.push(',');
        push_cell(csv, cell);
    }
    csv.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_of_the_table_is_a_formula() {
        let row = RefusedRow {
            number: 0,
            line: 3,
            column: Some("=back".into()),
            reason: "empty: @nothing".into(),
            text: "+1\"x".into(),
        };
        let mut csv = String::new();
        push_row(&mut csv, &row);
        assert_eq!(csv, "3,\"'=back\",\"empty\",\"'@nothing\",\"'+1\"\"x\"\r\n");
    }
}
