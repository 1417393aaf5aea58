//! People and classes.

use crate::server::shared_view;

kit::people_contract!(match shared_view().await {
    Some(view) => (view, ()),
    None => return,
});
