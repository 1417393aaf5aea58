//! Routes of classes, of the people in them, and reports about them.

use crate::http::access::Need;
use crate::http::analytics::StretchQuery;
use crate::http::dto::class::{ClassIn, ClassOut};
use crate::http::dto::figures::StudentOut;
use crate::http::dto::user::{BatchIn, BatchOut, UserOut};
use crate::http::endpoint::Endpoint;
use crate::http::endpoint::Verb::{Delete, Get, Post, Put};
use crate::http::paging::{ListQuery, PageOf};
use crate::http::{class_figures, classes, reports, users};

/// Classes, people and reports.
pub(super) fn list() -> Vec<Endpoint> {
    [of_classes(), of_users(), of_reports()].into_iter().flatten().collect()
}

fn of_classes() -> Vec<Endpoint> {
    const RUN: &[Need] = &[Need::RunClass];
    const SHARE: &[Need] = &[Need::RunClass, Need::ShareDeck];
    let student = "/api/v1/classes/{class_id}/students/{user_id}";
    let deck = "/api/v1/classes/{class_id}/decks/{deck_id}";
    vec![
        Endpoint::new(
            Get,
            "/api/v1/classes",
            &[Need::Own],
            classes::list,
            "Classes that one teaches or is in",
        )
        .query::<ListQuery>()
        .answers::<PageOf<ClassOut>>(200),
        Endpoint::new(Post, "/api/v1/classes", &[Need::MakeClass], classes::create, "Makes a class")
            .keyed()
            .takes::<ClassIn>()
            .answers::<ClassOut>(201),
        Endpoint::new(Get, "/api/v1/classes/{class_id}", &[Need::SeeClass], classes::read, "A class")
            .answers::<ClassOut>(200),
        Endpoint::new(
            Get,
            "/api/v1/classes/{class_id}/dashboard",
            RUN,
            class_figures::dashboard,
            "A class at a glance, the last 30 days",
        )
        .answers::<class_figures::DashboardOut>(200),
        Endpoint::new(
            Get,
            "/api/v1/classes/{class_id}/analytics",
            RUN,
            class_figures::analytics,
            "What each student did in the decks of a class",
        )
        .query::<StretchQuery>()
        .query::<ListQuery>()
        .answers::<PageOf<StudentOut>>(200),
        Endpoint::new(Put, student, RUN, classes::enroll, "Enrolls a student").answers_nothing(204),
        Endpoint::new(Delete, student, RUN, classes::remove, "Removes a student").answers_nothing(204),
        Endpoint::new(Put, deck, SHARE, classes::give, "Gives a deck to a class").answers_nothing(204),
        Endpoint::new(Delete, deck, RUN, classes::take, "Takes a deck from a class").answers_nothing(204),
    ]
}

fn of_users() -> Vec<Endpoint> {
    const NAME: &[Need] = &[Need::NamePeople];
    let (batch, about_batch) =
        ("/api/v1/users/batch", "Names people, changes them, and puts them into classes; others stay");
    let mut all = vec![
        Endpoint::new(
            Get,
            "/api/v1/users",
            NAME,
            users::list,
            "People of the organisation, for administrators; of own classes, for teachers",
        )
        .query::<users::UsersQuery>()
        .answers::<PageOf<UserOut>>(200),
        Endpoint::new(
            Get,
            "/api/v1/classes/{class_id}/students",
            &[Need::RunClass],
            users::of_class,
            "The students of a class",
        )
        .query::<users::UsersQuery>()
        .answers::<PageOf<UserOut>>(200),
        // Without a class the whole organisation, which only administrators are given.
        Endpoint::new(
            Get,
            "/api/v1/rosters/export",
            &[Need::NamePeople, Need::RunClass],
            users::export,
            "The organisation, or a class, as a roster",
        )
        .query::<users::ExportQuery>()
        .answers_media(200, "text/csv")
        .answers_media(200, "application/zip"),
    ];
    all.extend([Post, Put].map(|verb| {
        Endpoint::new(verb, batch, NAME, users::batch, about_batch)
            .takes::<BatchIn>()
            .answers::<BatchOut>(200)
    }));
    all
}

fn of_reports() -> Vec<Endpoint> {
    const OWN: &[Need] = &[Need::Own];
    vec![
        Endpoint::new(
            Post,
            "/api/v1/classes/{class_id}/reports",
            &[Need::RunClass],
            reports::begin_of_class,
            "Has a report of a class made, or a student's transcript in it",
        )
        .takes::<reports::ClassReportIn>()
        .answers::<reports::ReportOut>(202),
        // What a report is about stands in its name; who may not see that is told that there is none.
        Endpoint::new(Get, "/api/v1/reports/{report}", OWN, reports::read, "Where a report stands")
            .answers::<reports::ReportOut>(200),
        Endpoint::new(Get, "/api/v1/reports/{report}/content", OWN, reports::content, "A report")
            .query::<reports::ContentQuery>()
            .answers_media(200, "application/json")
            .answers_media(200, "text/csv")
            .answers_media(200, "text/html")
            .answers::<reports::ReportOut>(202),
    ]
}
