//! Routes of the server itself.

use crate::http::access::Need;
use crate::http::endpoint::Endpoint;
use crate::http::endpoint::Verb::{Get, Post};
use crate::http::{media, nodes, openapi, ops, pages};
use crate::server::{ABOUT_PATH, ASK_PATH, HOT_PATH, MARK_PATH, REGRADE_PATH};

/// What the server tells of itself, what nodes ask of each other, and pages.
pub(super) fn list() -> Vec<Endpoint> {
    const OPEN: &[Need] = &[Need::Open];
    const NODE: &[Need] = &[Need::Node];
    vec![
        Endpoint::new(Get, "/livez", OPEN, ops::live, "Whether the process answers")
            .answers::<ops::Alive>(200),
        Endpoint::new(Get, "/readyz", OPEN, ops::ready, "Whether the server can be sent work")
            .answers::<ops::Ready>(200)
            .answers::<ops::Ready>(503),
        Endpoint::new(Get, "/metrics", OPEN, ops::metrics, "Metrics, in Prometheus' format")
            .answers_media(200, "text/plain"),
        Endpoint::new(
            Post,
            "/dev/clock",
            OPEN,
            ops::set_clock,
            "Sets the wall clock of a developer's server",
        )
        .takes::<ops::MomentIn>()
        .answers::<ops::MomentOut>(200),
        Endpoint::new(Post, ASK_PATH, NODE, nodes::ask, "Whether a learner is at this node")
            .takes_media("application/json")
            .answers_media(200, "application/json"),
        Endpoint::new(Post, HOT_PATH, NODE, nodes::hot, "The decks that are most in use at this node")
            .takes_media("application/json")
            .answers_media(200, "application/json"),
        Endpoint::new(Post, MARK_PATH, NODE, nodes::mark, "Makes an import count for a learner of this node")
            .takes_media("application/json")
            .answers_nothing(204),
        Endpoint::new(
            Post,
            REGRADE_PATH,
            NODE,
            nodes::regrade,
            "Grades answers anew of a learner of this node",
        )
        .takes_media("application/json")
        .answers_nothing(204),
        Endpoint::new(Post, ABOUT_PATH, NODE, nodes::about, "What this node is")
            .takes_media("application/json")
            .answers_media(200, "application/json"),
        Endpoint::new(
            Get,
            "/media/{deck_id}/{digest}",
            &[Need::SeeDeck],
            media::read,
            "A picture or sound of a deck, also with the cookie of `POST /api/v1/media/session`",
        )
        .answers_media(200, "*/*")
        .answers_media(206, "*/*"),
        Endpoint::new(Get, "/", OPEN, pages::index, "The page").answers_media(200, "text/html"),
        Endpoint::new(Get, "/j/{code}", OPEN, pages::index, "The page, for who joins a lesson by its code")
            .answers_media(200, "text/html"),
        Endpoint::new(Get, "/web/{file:.*}", OPEN, pages::asset, "A file of the page")
            .answers_media(200, "*/*"),
        Endpoint::new(Get, "/api/docs", OPEN, pages::docs, "This document, to be read")
            .answers_media(200, "text/html"),
        Endpoint::new(Get, "/api/openapi.json", OPEN, openapi::serve, "This document")
            .answers_media(200, "application/json"),
    ]
}
