//! All promises once more, with every answer to a compare-and-set lost after it was carried out.

use crate::Options;
use crate::server::shared_view;

kit::people_contract!(match shared_view(&Options { loses_answers: true, ..Options::default() }).await {
    Some(view) => (view, ()),
    None => return,
});
