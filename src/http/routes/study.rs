//! Routes of a person: the record, studying, and what came of it.

use crate::http::access::Need;
use crate::http::analytics::{self, StretchQuery};
use crate::http::dto::figures::{AnalyticsOut, SittingOut};
use crate::http::dto::person::{MeIn, MeOut};
use crate::http::endpoint::Endpoint;
use crate::http::endpoint::Verb::{Get, Patch, Post};
use crate::http::paging::{ListQuery, PageOf};
use crate::http::reviews::{CommandsIn, DueOut, DueQuery, VerdictsOut};
use crate::http::{codes, history, home, me, media, reports, reviews};

/// What somebody who is signed in asks about themselves.
pub(super) fn list() -> Vec<Endpoint> {
    const OWN: &[Need] = &[Need::Own];
    vec![
        Endpoint::new(Post, "/api/v1/codes/redeem", &[Need::Open], codes::redeem, "Signs in by a code, once")
            .takes::<codes::CodeIn>()
            .answers::<codes::TokenOut>(200),
        Endpoint::new(Get, "/api/v1/me", OWN, me::read, "One's own record").answers::<MeOut>(200),
        Endpoint::new(Patch, "/api/v1/me", OWN, me::change, "Changes one's name, zone and rollover hour")
            .takes::<MeIn>()
            .answers::<MeOut>(200),
        Endpoint::new(Get, "/api/v1/me/home", OWN, home::home, "All that a learner's first page shows")
            .answers::<home::HomeOut>(200),
        Endpoint::new(
            Post,
            "/api/v1/media/session",
            OWN,
            media::session,
            "A cookie with which a page loads the pictures of its decks",
        )
        .answers::<media::SessionOut>(200),
        Endpoint::new(Get, "/api/v1/due", OWN, reviews::due, "What is due, and the cards that would come")
            .query::<DueQuery>()
            .answers::<DueOut>(200),
        Endpoint::new(Post, "/api/v1/reviews", OWN, reviews::submit, "Answers, and other commands")
            .takes::<CommandsIn>()
            .answers::<VerdictsOut>(200),
        Endpoint::new(Get, "/api/v1/history", OWN, history::list, "One's own log, oldest first")
            .query::<history::Query>()
            .answers::<history::HistoryOut>(200)
            .answers_media(200, "text/csv"),
        Endpoint::new(Get, "/api/v1/analytics", OWN, analytics::days, "One's own study days")
            .query::<StretchQuery>()
            .answers::<AnalyticsOut>(200),
        Endpoint::new(Get, "/api/v1/sittings", OWN, analytics::sittings, "One's own sittings, newest first")
            .query::<StretchQuery>()
            .query::<ListQuery>()
            .answers::<PageOf<SittingOut>>(200),
        Endpoint::new(Post, "/api/v1/me/reports", OWN, reports::begin_own, "Has one's own transcript made")
            .query::<StretchQuery>()
            .answers::<reports::ReportOut>(202),
    ]
}
