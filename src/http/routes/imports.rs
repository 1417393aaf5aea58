//! Routes of files that come in: tables at once, everything else as jobs.

use crate::http::access::Need;
use crate::http::dto::job::JobOut;
use crate::http::endpoint::Endpoint;
use crate::http::endpoint::Verb::{Delete, Get, Post};
use crate::http::paging::PageOf;
use crate::http::{imports, jobs};

/// Imports.
pub(super) fn list() -> Vec<Endpoint> {
    [of_tables(), of_jobs()].into_iter().flatten().collect()
}

fn of_tables() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Post,
            "/api/v1/decks/import",
            &[Need::MakeDeck],
            imports::import_new,
            "Makes a deck of a table",
        )
        .keyed()
        .query::<imports::NewDeckQuery>()
        .takes_media("text/csv")
        .takes_media("text/tab-separated-values")
        .answers::<imports::ImportOut>(200)
        .answers::<imports::ImportOut>(201),
        Endpoint::new(
            Post,
            "/api/v1/decks/{deck_id}/import",
            &[Need::EditDeck],
            imports::import,
            "Imports a table into a deck",
        )
        .query::<imports::ImportQuery>()
        .takes_media("text/csv")
        .takes_media("text/tab-separated-values")
        .answers::<imports::ImportOut>(200),
        Endpoint::new(
            Post,
            "/api/v1/imports/rejected",
            &[Need::Account],
            imports::rejected,
            "The rows of a table that would make no card",
        )
        .query::<imports::ImportQuery>()
        .takes_media("text/csv")
        .takes_media("text/tab-separated-values")
        .answers_media(200, "text/csv"),
    ]
}

fn of_jobs() -> Vec<Endpoint> {
    const ACCOUNT: &[Need] = &[Need::Account];
    let job = "/api/v1/imports/{job_id}";
    vec![
        Endpoint::new(Get, "/api/v1/imports", ACCOUNT, jobs::list, "One's own imports, newest first")
            .query::<jobs::ListQuery>()
            .answers::<PageOf<JobOut>>(200),
        Endpoint::new(
            Post,
            "/api/v1/imports",
            ACCOUNT,
            jobs::upload,
            "Takes a file to be imported; formats have parameters of their own",
        )
        .query::<jobs::UploadQuery>()
        .takes_media("application/octet-stream")
        .takes_media("application/zip")
        .takes_media("text/csv")
        .takes_media("text/tab-separated-values")
        .takes_media("application/x-ndjson")
        .answers::<JobOut>(200)
        .answers::<JobOut>(202),
        Endpoint::new(Get, job, ACCOUNT, jobs::read, "An import").answers::<JobOut>(200),
        Endpoint::new(Delete, job, ACCOUNT, jobs::withdraw, "Takes an import back, as a whole")
            .query::<jobs::WithdrawQuery>()
            .answers::<JobOut>(200)
            .answers::<JobOut>(202),
        Endpoint::new(
            Post,
            "/api/v1/imports/{job_id}/commit",
            ACCOUNT,
            jobs::commit,
            "Makes an import that was tried a real one",
        )
        .query::<jobs::CommitQuery>()
        .answers::<JobOut>(200)
        .answers::<JobOut>(202),
        Endpoint::new(
            Get,
            "/api/v1/imports/{job_id}/events",
            ACCOUNT,
            jobs::events,
            "An import as it changes, as server-sent events",
        )
        .answers_media(200, "text/event-stream"),
        Endpoint::new(
            Get,
            "/api/v1/imports/{job_id}/rejected",
            ACCOUNT,
            jobs::rejected,
            "The rows of an import that did not come in",
        )
        .query::<jobs::RejectedQuery>()
        .answers::<PageOf<jobs::RejectedOut>>(200)
        .answers_media(200, "text/csv"),
    ]
}
