//! `/decks`

use crate::http::access::{ByClass, Need, allowed, deck_for, deck_to_read, decks_by_class, sees};
use crate::http::analytics::today;
use crate::http::body::{Body, to_its_end};
use crate::http::dto::deck::{DeckIn, DeckOut};
use crate::http::etag::{changed, tagged, unchanged};
use crate::http::keys::Key;
use crate::http::limits::{CHANGE_TRIES, DECKS_PER_PERSON_MAX, FIGURES_SHOWN_MS, SEARCH_BYTES_MAX};
use crate::http::outlook::DeckFigures;
use crate::http::paging::{Fields, ListQuery, Order, Page, SortKey, window_of};
use crate::http::{App, Caller, Problem};
use actix_web::{HttpRequest, HttpResponse, web};
use actors::Concerned;
use domain::access::Visibility;
use domain::day::Day;
use domain::ids::{DeckId, Uuid};
use ports::{DeckQuery, DeckRecord, LibraryError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::BTreeMap;

const SORTS: &[&str] = &["path", "title", "updated_at", "created_at"];

/// What a request may say about the decks it wants, beside what it says of a list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct DecksQuery {
    /// Only decks whose title, description or tags hold this text, whatever its case.
    q: Option<String>,
    /// Only decks with this tag, whatever its case.
    tag: Option<String>,
    /// With how far the learner is.
    figures: Option<bool>,
}

impl DecksQuery {
    fn wants(&self, deck: &DeckRecord) -> bool {
        let tagged = |tag: &String| deck.tags.iter().any(|own| own.to_lowercase() == tag.to_lowercase());
        let holds = |text: &String| {
            let text = text.to_lowercase();
            let fields = [&deck.title, &deck.description].into_iter().chain(&deck.tags);
            fields.into_iter().any(|field| field.to_lowercase().contains(&text))
        };
        self.tag.as_ref().is_none_or(tagged) && self.q.as_ref().is_none_or(holds)
    }
}

/// A deck of a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ListedDeck {
    #[serde(flatten)]
    deck: DeckOut,
    /// How far the learner is; null unless it was asked for.
    figures: Option<DeckFigures>,
}

/// `GET /decks`: decks that the caller owns, edits or has through classes.
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: web::Query<ListQuery>,
    decks: web::Query<DecksQuery>,
) -> Result<HttpResponse, Problem> {
    let order = Order::of(query.sort.as_deref(), SORTS)?;
    for text in [&decks.q, &decks.tag].into_iter().flatten() {
        if text.len() > SEARCH_BYTES_MAX {
            return Err(Problem::invalid(format!("`q` and `tag` have at most {SEARCH_BYTES_MAX} bytes.")));
        }
    }
    let all = shown_decks(&app, &caller).await?.into_iter().filter(|deck| decks.wants(deck));
    let all: Vec<DeckRecord> = all.collect();
    let key = |deck: &DeckRecord| {
        let key = match order.by {
            "title" => SortKey::Text(deck.title.to_lowercase()),
            "updated_at" => SortKey::Number(deck.updated_ms),
            "created_at" => SortKey::Number(deck.created_ms),
            _ => SortKey::Text(deck.path.to_lowercase()),
        };
        (key, deck.id.to_string())
    };
    let window = window_of(all, &query, order, key)?;
    let shown = window.items;
    let figures = if decks.figures.unwrap_or(false) {
        let today = today(&app, caller.user).await?;
        figures_of(&app, &caller, &shown, today).await?
    } else {
        BTreeMap::new()
    };
    let fields = Fields::of(query.fields.as_deref());
    let out = shown.into_iter().map(|deck| {
        let figures = figures.get(&deck.id).copied();
        fields.select(&ListedDeck { deck: DeckOut::of(deck, &caller), figures })
    });
    let items = out.collect::<Result<_, _>>()?;
    tagged(&request, &Page { items, next: window.next, numbered: window.numbered })
}

/// The decks that the caller owns, edits or has through classes, by path.
pub(super) async fn shown_decks(app: &App, caller: &Caller) -> Result<Vec<DeckRecord>, Problem> {
    let by_class = decks_by_class(app, caller).await?;
    let (owner, editor) = (Some(caller.user), Some(caller.user));
    let wanted = DeckQuery { owner, editor, ids: by_class.clone(), ..DeckQuery::default() };
    let decks = app.library.decks(wanted).await?.into_iter();
    let enrolled = |deck: &DeckRecord| by_class.binary_search(&deck.id).is_ok();
    let by_class = |deck: &DeckRecord| ByClass { enrolled: enrolled(deck), teaches: false };
    Ok(decks.filter(|deck| sees(caller, deck, by_class(deck))).collect())
}

/// How far the caller is in these decks: remembered for a moment, so that they say as of when they are.
pub(super) async fn figures_of(
    app: &App,
    caller: &Caller,
    decks: &[DeckRecord],
    today: Day,
) -> Result<BTreeMap<DeckId, DeckFigures>, Problem> {
    let key = |deck: &DeckRecord| (caller.user, deck.id, deck.revision, today);
    let oldest_ms = app.clock.wall_ms().saturating_sub(FIGURES_SHOWN_MS);
    let known = |deck: &DeckRecord| {
        app.deck_figures.get(&key(deck)).filter(|figures: &DeckFigures| figures.as_of > oldest_ms)
    };
    let mut figures: BTreeMap<DeckId, DeckFigures> =
        decks.iter().filter_map(|deck| Some((deck.id, known(deck)?))).collect();
    let unknown: Vec<DeckRecord> =
        decks.iter().filter(|deck| !figures.contains_key(&deck.id)).cloned().collect();
    if unknown.is_empty() {
        return Ok(figures);
    }
    let read = app.study.deck_figures(caller.user, &unknown, today).await?;
    for deck in &unknown {
        let of_deck = read.get(&deck.id).copied().unwrap_or_default();
        app.deck_figures.put(key(deck), of_deck);
        figures.insert(deck.id, of_deck);
    }
    Ok(figures)
}

/// `POST /decks`
pub(super) async fn create(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    body: Body<DeckIn>,
) -> Result<HttpResponse, Problem> {
    allowed(&caller, Need::MakeDeck)?;
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

/// `PATCH /decks/{deck_id}`: an editor may not say who the deck is for.
pub(super) async fn change(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<Uuid>,
    body: Body<DeckIn>,
) -> Result<HttpResponse, Problem> {
    let id = DeckId(*path);
    let need = if body.0.says_who_sees_it() { Need::GovernDeck } else { Need::EditDeck };
    let seen_before = Cell::new(Visibility::Private);
    let now_ms = app.clock.wall_ms();
    let stored = change_deck(&app, &caller, &request, id, need, |deck| {
        let before = deck.visibility;
        seen_before.set(before);
        body.0.clone().apply(deck)?;
        deck.narrowed.note(before, deck.visibility, now_ms);
        Ok(())
    })
    .await?;
    if stored.visibility != seen_before.get() {
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
    let deleted = move |deck: &mut DeckRecord| {
        deck.deleted_ms = Some(now_ms);
        Ok(())
    };
    to_its_end(async move {
        change_deck(&app, &caller, &request, id, Need::GovernDeck, deleted).await?;
        app.study.access_changed(Concerned::Deck(id));
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

/// Reads, changes and stores a deck, again if somebody else changed it in between, and tells the sessions.
pub(super) async fn change_deck(
    app: &App,
    caller: &Caller,
    request: &HttpRequest,
    id: DeckId,
    need: Need,
    change: impl Fn(&mut DeckRecord) -> Result<(), Problem>,
) -> Result<DeckRecord, Problem> {
    for _ in 0..CHANGE_TRIES {
        let mut deck = deck_for(app, caller, id, need).await?;
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use domain::deck::DeckSettings;
    use domain::ids::UserId;

    /// A deck that nobody stored.
    pub(in crate::http) fn record(n: u128, path: &str) -> DeckRecord {
        DeckRecord {
            id: DeckId::from_u128(n),
            org: None,
            owner: UserId::from_u128(1),
            editors: Vec::new(),
            path: path.to_owned(),
            title: format!("Deck {n}"),
            description: String::new(),
            visibility: Visibility::Private,
            narrowed: Default::default(),
            tags: Vec::new(),
            settings: DeckSettings::default(),
            revision: 1,
            cards: 0,
            created_ms: 0,
            updated_ms: 0,
            deleted_ms: None,
        }
    }

    #[test]
    fn decks_are_found_by_title_description_and_tags_whatever_their_case() {
        let deck = DeckRecord {
            description: "Über die Zelle".to_owned(),
            tags: vec!["Biology".to_owned()],
            ..record(1, "A")
        };
        let wants = |q: Option<&str>, tag: Option<&str>| {
            let query = DecksQuery { q: q.map(str::to_owned), tag: tag.map(str::to_owned), figures: None };
            query.wants(&deck)
        };
        assert!(wants(None, None) && wants(Some("über"), None) && wants(Some("deck 1"), Some("biology")));
        assert!(wants(Some("BIOL"), None) && !wants(None, Some("biol")) && !wants(Some("x"), None));
    }
}
