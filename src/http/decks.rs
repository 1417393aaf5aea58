//! `/decks`

use crate::http::access::{deck_to_edit, deck_to_read, decks_by_class, sees};
use crate::http::body::Body;
use crate::http::dto::deck::{DeckIn, DeckOut};
use crate::http::etag::{changed, tagged, unchanged};
use crate::http::keys::Key;
use crate::http::limits::{CHANGE_TRIES, DECKS_PER_PERSON_MAX};
use crate::http::paging::{ListQuery, Order, SortKey, page_of};
use crate::http::{App, Caller, Problem};
use actix_web::{HttpRequest, HttpResponse, web};
use actors::Concerned;
use domain::access::Span;
use domain::ids::{DeckId, Uuid};
use ports::{DeckQuery, DeckRecord, LibraryError};

const SORTS: &[&str] = &["path", "title", "updated_at", "created_at"];

/// `GET /decks`: own decks and those of own classes.
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let order = Order::of(query.sort.as_deref(), SORTS)?;
    let by_class = decks_by_class(&app, &caller).await?;
    let wanted = DeckQuery { owner: Some(caller.user), ids: by_class.clone(), ..DeckQuery::default() };
    let now_ms = app.clock.wall_ms();
    let decks = app.library.decks(wanted).await?.into_iter().filter(|deck| {
        let granted = [Span { from_ms: deck.created_ms, until_ms: None }];
        let spans = if by_class.binary_search(&deck.id).is_ok() { &granted[..] } else { &[] };
        sees(&caller, deck, now_ms, spans)
    });
    let decks: Vec<DeckOut> = decks.map(|deck| DeckOut::of(deck, &caller)).collect();
    let page = page_of(decks, &query, order, |deck| {
        let key = match order.by {
            "title" => SortKey::Text(deck.title.to_lowercase()),
            "updated_at" => SortKey::Number(deck.updated_at),
            "created_at" => SortKey::Number(deck.created_at),
            _ => SortKey::Text(deck.path.to_lowercase()),
        };
        (key, deck.deck_id.to_string())
    })?;
    tagged(&request, &page)
}

/// `POST /decks`
pub(super) async fn create(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    body: Body<DeckIn>,
) -> Result<HttpResponse, Problem> {
    let key = Key::of(&request, &caller)?;
    let id = DeckId(key.id("deck", 0));
    let record = body.0.record(id, &caller, app.clock.wall_ms())?;
    key.take(&app).await?;
    let known = if key.is_given() { app.library.deck(id).await? } else { None };
    let stored = match known {
        Some(made_before) => made_before,
        None => {
            room_for_a_deck(&app, &caller).await?;
            let stored = app.library.put_deck(record, None, app.clock.wall_ms()).await?;
            app.study.access_changed(caller.user.into());
            stored
        }
    };
    Ok(HttpResponse::Created()
        .insert_header(("location", format!("/api/v1/decks/{id}")))
        .json(DeckOut::of(stored, &caller)))
}

/// Refuses one deck too many: all of them are looked at for each list.
pub(super) async fn room_for_a_deck(app: &App, caller: &Caller) -> Result<(), Problem> {
    let own = DeckQuery { owner: Some(caller.user), ..DeckQuery::default() };
    if app.library.decks(own).await?.len() < DECKS_PER_PERSON_MAX {
        return Ok(());
    }
    Err(Problem::invalid(format!(
        "You have {DECKS_PER_PERSON_MAX} decks, as many as there may be; delete one first."
    )))
}

/// `GET /decks/{deck_id}`
pub(super) async fn read(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let deck = deck_to_read(&app, &caller, DeckId(*path)).await?;
    tagged(&request, &DeckOut::of(deck, &caller))
}

/// `PATCH /decks/{deck_id}`
pub(super) async fn change(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
    body: Body<DeckIn>,
) -> Result<HttpResponse, Problem> {
    let id = DeckId(*path);
    let seen_before = deck_to_edit(&app, &caller, id).await?.visibility;
    let now_ms = app.clock.wall_ms();
    let stored = change_deck(&app, &caller, &request, id, |deck| {
        let before = deck.visibility;
        body.0.clone().apply(deck)?;
        deck.narrowed.note(before, deck.visibility, now_ms);
        Ok(())
    })
    .await?;
    if stored.visibility != seen_before {
        app.study.access_changed(Concerned::Deck(id));
    }
    changed(&DeckOut::of(stored, &caller))
}

/// `DELETE /decks/{deck_id}`: marked deleted; answers given to its cards stay.
pub(super) async fn delete(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let (id, now_ms) = (DeckId(*path), app.clock.wall_ms());
    change_deck(&app, &caller, &request, id, |deck| {
        deck.deleted_ms = Some(now_ms);
        Ok(())
    })
    .await?;
    app.study.access_changed(Concerned::Deck(id));
    Ok(HttpResponse::NoContent().finish())
}

/// Reads, changes and stores a deck, again if somebody else changed it in between, and tells the sessions.
async fn change_deck(
    app: &App,
    caller: &Caller,
    request: &HttpRequest,
    id: DeckId,
    change: impl Fn(&mut DeckRecord) -> Result<(), Problem>,
) -> Result<DeckRecord, Problem> {
    for _ in 0..CHANGE_TRIES {
        let mut deck = deck_to_edit(app, caller, id).await?;
        unchanged(request, &DeckOut::of(deck.clone(), caller))?;
        let based_on = deck.revision;
        change(&mut deck)?;
        match app.library.put_deck(deck, Some(based_on), app.clock.wall_ms()).await {
            Ok(stored) => {
                app.study.deck_changed(id);
                return Ok(stored);
            }
            Err(LibraryError::Changed) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(LibraryError::Changed.into())
}
