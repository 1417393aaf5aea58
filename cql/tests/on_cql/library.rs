//! Decks and cards.

use crate::server::shared_view;
use cql::Options;

kit::library_contract!(match shared_view(&Options::default()).await {
    Some(view) => (view, ()),
    None => return,
});
