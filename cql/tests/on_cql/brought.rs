//! Import jobs, media files, notes, events, lessons, small records and webhooks.

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

mod events {
    kit::events_contract!(match super::shared_view(&super::Options::default()).await {
        Some(view) => (view, ()),
        None => return,
    });
}

mod lessons {
    kit::lessons_contract!(match super::shared_view(&super::Options::default()).await {
        Some(view) => (view, ()),
        None => return,
    });
}

mod papers {
    kit::papers_contract!(match super::shared_view(&super::Options::default()).await {
        Some(view) => (view, ()),
        None => return,
    });
}

mod webhooks {
    kit::webhooks_contract!(match super::shared_view(&super::Options::default()).await {
        Some(view) => (view, ()),
        None => return,
    });
}
