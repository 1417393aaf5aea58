//! Routes of decks, their cards and how these are scheduled.

use crate::http::access::Need;
use crate::http::cards::CardsQuery;
use crate::http::decks::{DecksQuery, ListedDeck};
use crate::http::dto::card::{BulkIn, BulkOut, CardIn, CardOut};
use crate::http::dto::deck::{DeckIn, DeckOut};
use crate::http::endpoint::Endpoint;
use crate::http::endpoint::Verb::{Delete, Get, Patch, Post, Put};
use crate::http::outlook::CardOutlook;
use crate::http::paging::{ListQuery, PageOf};
use crate::http::reviews::{self, ProgressOut};
use crate::http::{cards, decks, editors, exports, scheduler, search, tree};

/// Decks and cards.
pub(super) fn list() -> Vec<Endpoint> {
    [of_decks(), of_cards(), of_schedulers()].into_iter().flatten().collect()
}

fn of_decks() -> Vec<Endpoint> {
    const OWN: &[Need] = &[Need::Own];
    const SEE: &[Need] = &[Need::SeeDeck];
    const GOVERN: &[Need] = &[Need::GovernDeck];
    let editor = "/api/v1/decks/{deck_id}/editors/{user_id}";
    vec![
        Endpoint::new(Get, "/api/v1/decks", OWN, decks::list, "Decks that one owns, edits or has in class")
            .query::<ListQuery>()
            .query::<DecksQuery>()
            .answers::<PageOf<ListedDeck>>(200),
        Endpoint::new(Post, "/api/v1/decks", &[Need::MakeDeck], decks::create, "Makes a deck")
            .keyed()
            .takes::<DeckIn>()
            .answers::<DeckOut>(201),
        Endpoint::new(Get, "/api/v1/decks/tree", OWN, tree::tree, "The same decks by their paths")
            .query::<tree::TreeQuery>()
            .answers::<tree::Node>(200),
        Endpoint::new(Get, "/api/v1/decks/batch", OWN, tree::batch, "Several decks by their ids")
            .query::<tree::BatchQuery>()
            .answers::<tree::BatchOut>(200),
        Endpoint::new(Get, "/api/v1/decks/{deck_id}", SEE, decks::read, "A deck").answers::<DeckOut>(200),
        Endpoint::new(Patch, "/api/v1/decks/{deck_id}", &[Need::EditDeck], decks::change, "Changes a deck")
            .takes::<DeckIn>()
            .answers::<DeckOut>(200),
        Endpoint::new(Delete, "/api/v1/decks/{deck_id}", GOVERN, decks::delete, "Deletes a deck")
            .answers_nothing(204),
        Endpoint::new(Put, editor, GOVERN, editors::name, "Names an editor of a deck").answers_nothing(204),
        Endpoint::new(Delete, editor, GOVERN, editors::dismiss, "Dismisses an editor of a deck")
            .answers_nothing(204),
        Endpoint::new(
            Get,
            "/api/v1/decks/{deck_id}/progress",
            SEE,
            reviews::progress,
            "How far one is in a deck",
        )
        .answers::<ProgressOut>(200),
        Endpoint::new(
            Get,
            "/api/v1/decks/{deck_id}/export",
            SEE,
            exports::export,
            "A deck as a table, as JSON Lines, or as a package of Anki",
        )
        .query::<exports::ExportQuery>()
        .answers_media(200, "text/csv")
        .answers_media(200, "application/x-ndjson")
        .answers_media(200, "application/octet-stream"),
    ]
}

fn of_schedulers() -> Vec<Endpoint> {
    // To have what was tried hold, one must be allowed to edit the deck.
    const SEE: &[Need] = &[Need::SeeDeck];
    let fitting = "/api/v1/decks/{deck_id}/scheduler/fitting";
    vec![
        Endpoint::new(
            Post,
            "/api/v1/decks/{deck_id}/scheduler",
            SEE,
            scheduler::try_settings,
            "What other settings would lead to, day by day; with `dry_run: false` they hold from now on",
        )
        .takes::<scheduler::TrialIn>()
        .answers::<scheduler::TriedOut>(200),
        Endpoint::new(Get, fitting, SEE, scheduler::fitting, "How far the fitting of weights is")
            .answers::<scheduler::FittingOut>(200),
        Endpoint::new(
            Post,
            fitting,
            SEE,
            scheduler::begin_fitting,
            "Has weights of FSRS fitted to one's own answers",
        )
        .answers::<scheduler::FittingOut>(202),
    ]
}

fn of_cards() -> Vec<Endpoint> {
    const SEE: &[Need] = &[Need::SeeDeck];
    const EDIT: &[Need] = &[Need::EditDeck];
    let (cards, card) = ("/api/v1/decks/{deck_id}/cards", "/api/v1/decks/{deck_id}/cards/{card_id}");
    vec![
        Endpoint::new(Get, "/api/v1/cards/search", &[Need::Own], search::cards, "Cards by their words")
            .query::<search::SearchQuery>()
            .answers::<PageOf<CardOut>>(200),
        Endpoint::new(Get, cards, SEE, cards::list, "A deck's cards, in the order of adding")
            .query::<CardsQuery>()
            .answers::<PageOf<CardOut>>(200),
        Endpoint::new(Post, cards, EDIT, cards::create, "Adds a card")
            .keyed()
            .takes::<CardIn>()
            .answers::<CardOut>(201),
        Endpoint::new(
            Post,
            "/api/v1/decks/{deck_id}/cards/bulk",
            EDIT,
            cards::create_many,
            "Adds cards, all or none",
        )
        .keyed()
        .takes::<BulkIn>()
        .answers::<BulkOut>(201),
        Endpoint::new(Get, card, SEE, cards::read, "A card").answers::<CardOut>(200),
        Endpoint::new(Patch, card, EDIT, cards::change, "Changes a card")
            .takes::<CardIn>()
            .answers::<CardOut>(200),
        Endpoint::new(Delete, card, EDIT, cards::delete, "Deletes a card").answers_nothing(204),
        Endpoint::new(
            Get,
            "/api/v1/decks/{deck_id}/cards/{card_id}/state",
            SEE,
            reviews::card_state,
            "How one stands with a card",
        )
        .answers::<CardOutlook>(200),
    ]
}
