//! `/decks/{deck_id}/editors/{user_id}`: who changes a deck together with its owner.

use crate::http::access::Need;
use crate::http::body::to_its_end;
use crate::http::decks::change_deck;
use crate::http::limits::EDITORS_PER_DECK_MAX;
use crate::http::{App, Caller, Problem};
use actix_web::{HttpRequest, HttpResponse, web};
use actors::Concerned;
use domain::ids::{DeckId, UserId, Uuid};
use ports::DeckRecord;

/// `PUT /decks/{deck_id}/editors/{user_id}`: somebody who has an account, of the owner's organisation if the deck has one.
pub(super) async fn name(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let (deck, editor) = (DeckId(path.0), UserId(path.1));
    let record = crate::http::access::deck_for(&app, &caller, deck, Need::GovernDeck).await?;
    let person =
        app.people.person(editor).await?.filter(|person| person.org == record.org && person.role.is_member());
    if person.is_none() || editor == record.owner {
        return Err(Problem::invalid(
            "An editor is another person with an account, of the deck's organisation.",
        ));
    }
    change(app, caller, request, deck, move |deck| {
        if deck.editors.contains(&editor) {
            return Ok(());
        }
        if deck.editors.len() >= EDITORS_PER_DECK_MAX {
            return Err(Problem::invalid(format!("A deck has at most {EDITORS_PER_DECK_MAX} editors.")));
        }
        deck.editors.push(editor);
        Ok(())
    })
    .await
}

/// `DELETE /decks/{deck_id}/editors/{user_id}`
pub(super) async fn dismiss(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let (deck, editor) = (DeckId(path.0), UserId(path.1));
    change(app, caller, request, deck, move |deck| {
        deck.editors.retain(|other| *other != editor);
        Ok(())
    })
    .await
}

async fn change(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    deck: DeckId,
    change: impl Fn(&mut DeckRecord) -> Result<(), Problem> + 'static,
) -> Result<HttpResponse, Problem> {
    to_its_end(async move {
        change_deck(&app, &caller, &request, deck, Need::GovernDeck, change).await?;
        // The editor, and who was one, sees something else now.
        app.study.access_changed(Concerned::Deck(deck));
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}
