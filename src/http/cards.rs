//! `/decks/{deck_id}/cards`

use crate::http::access::{deck_to_edit, deck_to_read};
use crate::http::body::{Body, apart};
use crate::http::dto::card::{BulkIn, BulkOut, CardIn, CardOut};
use crate::http::etag::{changed, tagged, unchanged};
use crate::http::keys::Key;
use crate::http::limits::{BULK_BYTES_MAX, BULK_CARDS_MAX, CHANGE_TRIES, SEARCH_BYTES_MAX};
use crate::http::paging::{Fields, Page, cursor, fitting, limit, place};
use crate::http::{App, Caller, Problem};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::ids::{CardId, DeckId, Uuid};
use ports::{CardQuery, CardRecord, LibraryError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a request may say about the cards it wants.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct CardsQuery {
    /// Cards of a page.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    cursor: Option<String>,
    /// Only cards whose front, back or tags hold this text, whatever its case.
    q: Option<String>,
    /// The fields of a card, with commas between.
    fields: Option<String>,
}

/// Where the next page begins.
#[derive(Serialize, Deserialize)]
struct Place {
    position: u32,
}

/// `GET /decks/{deck_id}/cards`: in the order of adding.
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
    query: web::Query<CardsQuery>,
) -> Result<HttpResponse, Problem> {
    let deck = deck_to_read(&app, &caller, DeckId(*path)).await?;
    let size = limit(query.limit)?;
    let from_position =
        query.cursor.as_deref().map(place::<Place>).transpose()?.map_or(0, |place| place.position);
    let text = query.q.clone().filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.len() > SEARCH_BYTES_MAX) {
        return Err(Problem::invalid(format!("`q` has at most {SEARCH_BYTES_MAX} bytes.")));
    }
    let wanted = CardQuery { from_position, limit: size + 1, text, with_deleted: false };
    let mut cards = app.library.cards(deck.id, wanted).await?;
    let size = fitting(cards.iter().map(bytes_of), size);
    let next = cards.get(size).and_then(|first| cursor(&Place { position: first.position }));
    cards.truncate(size);
    let fields = Fields::of(query.fields.as_deref());
    let items = cards.into_iter().map(|card| fields.select(&CardOut::from(card)));
    tagged(&request, &Page { items: items.collect::<Result<_, _>>()?, next, numbered: None })
}

/// Bytes of a card's texts.
pub(super) fn bytes_of(card: &CardRecord) -> usize {
    let maybe = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let accept = card.accept.iter().map(String::len).sum::<usize>();
    card.front.len() + card.back.len() + maybe(&card.hint) + maybe(&card.explanation) + accept
}

/// `POST /decks/{deck_id}/cards`
pub(super) async fn create(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
    body: Body<CardIn>,
) -> Result<HttpResponse, Problem> {
    let deck = DeckId(*path);
    let mut stored = add(&app, &caller, &request, deck, vec![body.0]).await?;
    let card = stored.pop().ok_or_else(Problem::internal)?;
    Ok(HttpResponse::Created()
        .insert_header(("location", format!("/api/v1/decks/{deck}/cards/{}", card.id)))
        .json(CardOut::from(card)))
}

/// `POST /decks/{deck_id}/cards/bulk`: all or none.
pub(super) async fn create_many(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
    body: Body<BulkIn, BULK_BYTES_MAX>,
) -> Result<HttpResponse, Problem> {
    if body.0.cards.len() > BULK_CARDS_MAX {
        return Err(Problem::invalid(format!("At most {BULK_CARDS_MAX} cards in one request.")));
    }
    let stored = add(&app, &caller, &request, DeckId(*path), body.0.cards).await?;
    let cards = stored.into_iter().map(CardOut::from).collect();
    Ok(HttpResponse::Created().json(BulkOut { cards }))
}

/// Adds cards in one revision. With a key that was used before, what it made then is what it answers now.
async fn add(
    app: &App,
    caller: &Caller,
    request: &HttpRequest,
    deck: DeckId,
    cards: Vec<CardIn>,
) -> Result<Vec<CardRecord>, Problem> {
    deck_to_edit(app, caller, deck).await?;
    let key = Key::of(request, caller)?;
    let place = format!("card of {deck}");
    let now_ms = app.clock.wall_ms();
    let ids = key.clone();
    let record = move |(at, card): (usize, CardIn)| {
        let made = card.record(CardId(ids.id(&place, at)), deck, now_ms);
        made.map_err(|problem| problem.with("at", at))
    };
    let make = move || cards.into_iter().enumerate().map(record).collect::<Result<Vec<_>, _>>();
    // Making texts safe takes long, and there may be thousands.
    let records = apart(make).await??;
    key.take(app).await?;
    if key.is_given()
        && let Some(made) = made_before(app, deck, &records).await?
    {
        return Ok(made);
    }
    let (_, stored) = app.library.put_cards(deck, records, None, now_ms).await?;
    app.study.deck_changed(deck);
    Ok(stored)
}

/// What a request with this key made. A request makes all or nothing, so the first card stands for all.
async fn made_before(
    app: &App,
    deck: DeckId,
    records: &[CardRecord],
) -> Result<Option<Vec<CardRecord>>, Problem> {
    let Some(first) = records.first() else { return Ok(None) };
    let Some(first) = app.library.card(deck, first.id).await? else { return Ok(None) };
    // They were added together, so they lie one after another.
    let together =
        CardQuery { from_position: first.position, limit: records.len(), text: None, with_deleted: true };
    Ok(Some(app.library.cards(deck, together).await?))
}

/// `GET /decks/{deck_id}/cards/{card_id}`
pub(super) async fn read(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let deck = deck_to_read(&app, &caller, DeckId(path.0)).await?;
    let card = card_in(&app, deck.id, CardId(path.1)).await?;
    tagged(&request, &CardOut::from(card))
}

/// A card that is there.
pub(super) async fn card_in(app: &App, deck: DeckId, card: CardId) -> Result<CardRecord, Problem> {
    let card = app.library.card(deck, card).await?.filter(|card| card.deleted_ms.is_none());
    card.ok_or_else(Problem::not_found)
}

/// `PATCH /decks/{deck_id}/cards/{card_id}`
pub(super) async fn change(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<(Uuid, Uuid)>,
    body: Body<CardIn>,
) -> Result<HttpResponse, Problem> {
    let stored = change_card(&app, &caller, &request, &path, |card| body.0.clone().apply(card)).await?;
    changed(&CardOut::from(stored))
}

/// `DELETE /decks/{deck_id}/cards/{card_id}`: marked deleted; answers given to it stay.
pub(super) async fn delete(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let now_ms = app.clock.wall_ms();
    change_card(&app, &caller, &request, &path, |card| {
        card.deleted_ms = Some(now_ms);
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Reads, changes and stores a card, again if somebody else changed the deck in between, and tells the sessions.
async fn change_card(
    app: &App,
    caller: &Caller,
    request: &HttpRequest,
    (deck, card): &(Uuid, Uuid),
    change: impl Fn(&mut CardRecord) -> Result<(), Problem>,
) -> Result<CardRecord, Problem> {
    let id = DeckId(*deck);
    for _ in 0..CHANGE_TRIES {
        let deck = deck_to_edit(app, caller, id).await?;
        let mut card = card_in(app, id, CardId(*card)).await?;
        unchanged(request, &CardOut::from(card.clone()))?;
        change(&mut card)?;
        match app.library.put_cards(id, vec![card], Some(deck.revision), app.clock.wall_ms()).await {
            Ok((_, mut stored)) => {
                app.study.deck_changed(id);
                return stored.pop().ok_or_else(Problem::internal);
            }
            Err(LibraryError::Changed) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(LibraryError::Changed.into())
}
