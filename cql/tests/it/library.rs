//! Decks and cards.

use crate::server::shared_view;

kit::library_contract!(match shared_view().await {
    Some(view) => (view, ()),
    None => return,
});
