//! `/decks/tree`: the decks that the caller owns, edits or has through classes, as a tree by their paths, with counts
//! rolled up. `/decks/batch`: several decks by their ids.

use crate::http::access::all_seen;
use crate::http::analytics::today;
use crate::http::decks::{figures_of, shown_decks};
use crate::http::dto::deck::DeckOut;
use crate::http::etag::tagged;
use crate::http::limits::BATCH_IDS_MAX;
use crate::http::outlook::DeckFigures;
use crate::http::{App, Caller, Problem};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::ids::{DeckId, Uuid};
use ports::library::PATH_SEPARATOR;
use ports::{DeckQuery, DeckRecord};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether the learner's figures are wanted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct TreeQuery {
    /// With how far the learner is, rolled up.
    figures: Option<bool>,
}

/// A deck in the tree.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Leaf {
    deck_id: Uuid,
    title: String,
    owner_id: Uuid,
    cards: u32,
    updated_at: i64,
}

/// A place in the tree: what is here and below it.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(super) struct Node {
    /// The last part of the path; empty at the root.
    name: String,
    /// The path; empty at the root.
    path: String,
    /// Decks at this place.
    decks: Vec<Leaf>,
    /// Decks here and below.
    deck_count: u32,
    /// Cards here and below.
    cards: u32,
    /// How far the learner is, here and below; null unless it was asked for.
    figures: Option<DeckFigures>,
    /// Places right below, by name.
    children: Vec<Node>,
}

/// `GET /decks/tree`
pub(super) async fn tree(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: web::Query<TreeQuery>,
) -> Result<HttpResponse, Problem> {
    let decks = shown_decks(&app, &caller).await?;
    let figures = if query.figures.unwrap_or(false) {
        let today = today(&app, caller.user).await?;
        figures_of(&app, &caller, &decks, today).await?
    } else {
        BTreeMap::new()
    };
    tagged(&request, &grown(&decks, &figures))
}

/// The tree of these decks.
fn grown(decks: &[DeckRecord], figures: &BTreeMap<DeckId, DeckFigures>) -> Node {
    let mut root = Node::default();
    for deck in decks {
        let of_deck = figures.get(&deck.id).copied();
        root.take_in(deck, of_deck);
        let mut place = &mut root;
        for name in deck.path.split(PATH_SEPARATOR) {
            place = place.child(name);
            place.take_in(deck, of_deck);
        }
        place.decks.push(Leaf {
            deck_id: deck.id.0,
            title: deck.title.clone(),
            owner_id: deck.owner.0,
            cards: deck.cards,
            updated_at: deck.updated_ms,
        });
    }
    root
}

impl Node {
    /// Counts a deck that lies here or below.
    fn take_in(&mut self, deck: &DeckRecord, figures: Option<DeckFigures>) {
        self.deck_count += 1;
        self.cards += deck.cards;
        self.figures = match (self.figures, figures) {
            (Some(known), Some(more)) => Some(known.plus(more)),
            (known, more) => known.or(more),
        };
    }

    /// The place of this name right below.
    fn child(&mut self, name: &str) -> &mut Node {
        let at = match self.children.binary_search_by(|child| child.name.as_str().cmp(name)) {
            Ok(at) => at,
            Err(at) => {
                let above = if self.path.is_empty() {
                    String::new()
                } else {
                    format!("{}{PATH_SEPARATOR}", self.path)
                };
                let node = Node { name: name.to_owned(), path: format!("{above}{name}"), ..Node::default() };
                self.children.insert(at, node);
                at
            }
        };
        &mut self.children[at]
    }
}

/// Which decks.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct BatchQuery {
    /// Ids of decks, with commas between, at most 100.
    ids: String,
}

/// Several decks.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct BatchOut {
    /// Those that are to be seen, in the order asked for.
    items: Vec<DeckOut>,
    /// Those that do not exist, or are not to be seen.
    missing: Vec<Uuid>,
}

/// `GET /decks/batch?ids=…`
pub(super) async fn batch(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: web::Query<BatchQuery>,
) -> Result<HttpResponse, Problem> {
    let mut ids: Vec<Uuid> = Vec::new();
    for text in query.ids.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        let id = text.parse().map_err(|_| Problem::invalid("`ids` are UUIDs with commas between."))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
        if ids.len() > BATCH_IDS_MAX {
            return Err(Problem::invalid(format!("`ids` has at most {BATCH_IDS_MAX} ids.")));
        }
    }
    let wanted = DeckQuery { ids: ids.iter().copied().map(DeckId).collect(), ..DeckQuery::default() };
    let seen = all_seen(&app, &caller, app.library.decks(wanted).await?).await?;
    let mut seen: BTreeMap<Uuid, DeckRecord> = seen.into_iter().map(|deck| (deck.id.0, deck)).collect();
    let mut answer = BatchOut { items: Vec::new(), missing: Vec::new() };
    for id in ids {
        match seen.remove(&id) {
            Some(deck) => answer.items.push(DeckOut::of(deck, &caller)),
            None => answer.missing.push(id),
        }
    }
    tagged(&request, &answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::decks::tests::record;

    #[test]
    fn counts_are_rolled_up_to_the_root_and_places_are_in_order() {
        let mut decks = vec![record(1, "B::x"), record(2, "A"), record(3, "B"), record(4, "B::x")];
        decks.iter_mut().zip([5, 7, 11, 13]).for_each(|(deck, cards)| deck.cards = cards);
        let as_of = |as_of| DeckFigures { seen: 2, as_of, ..DeckFigures::default() };
        let figures = BTreeMap::from([(decks[0].id, as_of(8)), (decks[3].id, as_of(5))]);
        let root = grown(&decks, &figures);
        assert_eq!((root.deck_count, root.cards), (4, 36));
        let names: Vec<&str> = root.children.iter().map(|child| child.name.as_str()).collect();
        assert_eq!(names, ["A", "B"]);
        let b = &root.children[1];
        assert_eq!((b.deck_count, b.cards, b.decks.len()), (3, 29, 1));
        assert_eq!((b.children[0].path.as_str(), b.children[0].decks.len()), ("B::x", 2));
        let rolled_up = root.figures.unwrap();
        assert_eq!((rolled_up.seen, rolled_up.as_of), (4, 5), "as old as its oldest part");
        assert_eq!(root.children[0].figures, None);
    }
}
