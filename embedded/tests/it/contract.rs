//! The embedded store keeps the contracts, whether its rows wait in the journal or are applied.

use crate::common::{Settled, options, store, store_with};
use embedded::Options;

/// Apply rests: everything is read from the journal.
mod waiting {
    kit::store_contract!({
        let (store, keep) = super::store();
        let hold = store.hold_apply();
        (store, (keep, hold))
    });
}

/// Each read waits until apply has caught up: everything is read from `main.db`.
mod applied {
    kit::store_contract!({
        let (store, keep) = super::store();
        (super::Settled(store), keep)
    });
}

/// Reads meet apply at work.
mod meanwhile {
    kit::store_contract!({
        super::store_with(super::Options { apply_rest_ms: 0, apply_slice_rows: 3, ..super::options() })
    });
}

/// One process has it alone.
mod alone {
    kit::contract!(super::store(); kit::contract_store; of_two_contents_under_one_id_the_first_stays);
}

mod alone_and_applied {
    kit::contract!({
        let (store, keep) = super::store();
        (super::Settled(store), keep)
    }; kit::contract_store; of_two_contents_under_one_id_the_first_stays);
}

mod library {
    kit::library_contract!(super::store());
}

mod imports {
    kit::imports_contract!(super::store());
}

mod events {
    kit::events_contract!(super::store());
    kit::contract!(super::store(); kit::contract_events; what_is_too_old_is_forgotten_and_nothing_else);
}

mod webhooks {
    kit::webhooks_contract!(super::store());
}

mod media {
    kit::media_contract!(super::store());
}

mod notes {
    kit::notes_contract!(super::store());
}

mod people {
    kit::people_contract!(super::store());
}

mod lessons {
    kit::lessons_contract!(super::store());
}

mod papers {
    kit::papers_contract!(super::store());
}

mod register {
    kit::register_contract!(super::store());
}
