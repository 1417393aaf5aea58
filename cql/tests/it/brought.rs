//! Import jobs, media files and notes.

use crate::server::shared_view;
use cql::Options;

mod imports {
    kit::imports_contract!(match super::shared_view(&super::Options::default()).await {
        Some(view) => (view, ()),
        None => return,
    });
}

mod media {
    kit::media_contract!(match super::shared_view(&super::Options::default()).await {
        Some(view) => (view, ()),
        None => return,
    });
}

mod notes {
    kit::notes_contract!(match super::shared_view(&super::Options::default()).await {
        Some(view) => (view, ()),
        None => return,
    });
}
