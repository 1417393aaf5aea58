//! What a shard tells of itself when it is asked.

use super::Shard;
use crate::observe::{DeckView, HOT_SESSIONS, HotSession, LearnerView, ShardView};
use crate::resident::SessionCell;
use domain::ids::{DeckId, UserId};
use std::collections::BTreeMap;

impl Shard {
    pub(super) fn view(&self) -> ShardView {
        let residents = self.residents.borrow();
        ShardView {
            shard: self.no,
            sessions: residents.len(),
            sockets: self.sockets.borrow().len(),
            waiting: self.waiting.borrow().values().map(Vec::len).sum(),
            // Whoever asks sees the inbox from outside.
            inbox: 0,
            backlog: self.backlog.borrow().len(),
            jobs_waiting: self.jobs.borrow().len(),
            outbox_rows: self.outbox.borrow().len(),
            session_bytes: residents.values().map(|resident| resident.cell.bytes.get()).sum(),
            inbox_high_water: self.inbox_high_water.get(),
            hot: hottest(residents.values().map(|resident| &*resident.cell), self.now().tick_ms),
        }
    }

    pub(super) fn learner_view(&self, user: UserId) -> Option<LearnerView> {
        let residents = self.residents.borrow();
        let cell = &residents.get(&user)?.cell;
        let session = cell.session.borrow();
        let session = session.as_ref()?;
        let mut decks: BTreeMap<DeckId, DeckView> = BTreeMap::new();
        for (deck, _, _, is_stale) in session.states() {
            let view = decks.entry(deck).or_insert(DeckView { deck, cards: 0, stale: 0 });
            view.cards += 1;
            view.stale += usize::from(is_stale);
        }
        Some(LearnerView {
            user,
            shard: self.no,
            incarnation: cell.incarnation,
            today: session.today(),
            sockets: session.socket_count(),
            undecided: session.undecided(),
            inbox: cell.inbox.borrow().len(),
            inputs: cell.heat.get().inputs(self.now().tick_ms),
            bytes: cell.bytes.get(),
            decks: decks.into_values().collect(),
            sizes: session.sizes(),
            contradictions: session.contradictions(),
        })
    }
}

/// The sessions with most inputs of late, at most [`HOT_SESSIONS`]: one look at each, whatever their number.
fn hottest<'a>(cells: impl Iterator<Item = &'a SessionCell>, tick_ms: u64) -> Vec<HotSession> {
    let mut hot: Vec<HotSession> = Vec::with_capacity(HOT_SESSIONS + 1);
    for cell in cells {
        let inputs = cell.heat.get().inputs(tick_ms);
        let coldest = hot.last().filter(|_| hot.len() == HOT_SESSIONS).map_or(0, |last| last.inputs);
        if inputs <= coldest {
            continue;
        }
        let place = hot.partition_point(|other| other.inputs >= inputs);
        let (inbox, sockets) = (cell.inbox.borrow().len(), cell.sockets.borrow().len());
        hot.insert(place, HotSession { user: cell.user, inputs, inbox, sockets, bytes: cell.bytes.get() });
        hot.truncate(HOT_SESSIONS);
    }
    hot
}
