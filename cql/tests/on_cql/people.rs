//! People, classes and registers.

use crate::server::shared_view;
use cql::Options;

kit::people_contract!(match shared_view(&Options::default()).await {
    Some(view) => (view, ()),
    None => return,
});

kit::register_contract!(match shared_view(&Options::default()).await {
    Some(view) => (view, ()),
    None => return,
});
