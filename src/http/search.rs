//! `/cards/search`: cards by their words, over the decks that the caller owns, edits or has through classes, or in one
//! deck that the caller sees.

use crate::http::access::deck_to_read;
use crate::http::decks::shown_decks;
use crate::http::dto::card::CardOut;
use crate::http::limits::{SEARCH_BYTES_MAX, SEARCH_DECKS_MAX, SEARCH_SKIP_MAX};
use crate::http::paging::{Fields, Page, cursor, fitting, limit, place};
use crate::http::{App, Caller, Problem};
use actix_web::{HttpResponse, web};
use domain::ids::{DeckId, Uuid};
use ports::CardSearch;
use ports::library::words_of;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is looked for.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SearchQuery {
    /// Words that a card must hold, all of them, in front, back or tags; whatever their case.
    q: String,
    /// Only in this deck.
    deck_id: Option<Uuid>,
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    cursor: Option<String>,
    /// The fields of an item, with commas between.
    fields: Option<String>,
}

/// Where the next page begins.
#[derive(Serialize, Deserialize)]
struct Place {
    skip: usize,
}

/// `GET /cards/search`
pub(super) async fn cards(
    app: web::Data<App>,
    caller: Caller,
    query: web::Query<SearchQuery>,
) -> Result<HttpResponse, Problem> {
    let size = limit(query.limit)?;
    if query.q.len() > SEARCH_BYTES_MAX || words_of(&query.q).is_empty() {
        return Err(Problem::invalid(format!("`q` has a word, and at most {SEARCH_BYTES_MAX} bytes.")));
    }
    let skip = query.cursor.as_deref().map(place::<Place>).transpose()?.map_or(0, |place| place.skip);
    if skip > SEARCH_SKIP_MAX {
        return Err(Problem::invalid("The search cannot be followed further; look for more words."));
    }
    let decks = match query.deck_id {
        Some(deck) => vec![deck_to_read(&app, &caller, DeckId(deck)).await?.id],
        None => {
            let all = shown_decks(&app, &caller).await?;
            all.into_iter().take(SEARCH_DECKS_MAX).map(|deck| deck.id).collect()
        }
    };
    let search = CardSearch { decks, text: query.q.clone(), skip, limit: size + 1 };
    let mut found = app.library.search(search).await?;
    let fits = fitting(found.iter().map(super::cards::bytes_of), size);
    let next = (found.len() > fits).then(|| cursor(&Place { skip: skip + fits })).flatten();
    found.truncate(fits);
    let fields = Fields::of(query.fields.as_deref());
    let items = found.into_iter().map(|card| fields.select(&CardOut::from(card)));
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(Page {
        items: items.collect::<Result<_, _>>()?,
        next,
        numbered: None,
    }))
}
