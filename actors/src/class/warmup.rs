//! The cards of a warm-up, chosen beside the class: the memories of those who are there are read student by student, a few
//! at once, and added up. Only sums are kept.

use super::actor::ClassActor;
use super::messages::ToClass;
use crate::engine::Shared;
use crate::limits::{WARM_UP_CARDS_A_TURN, WARM_UP_READS_AT_ONCE, WARM_UP_WITHIN_MS};
use crate::memo::Memo;
use domain::day::Day;
use domain::ids::{DeckId, EntryId, UserId};
use domain::lesson::warmup::{Worth, known};
use domain::session::{DeckLoad, Facts, FetchFailed, Want};
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;

impl ClassActor {
    /// Chooses at most `count` cards of a deck, and tells the class of them.
    pub(super) fn choose_warm_up(&self, said: EntryId, deck: DeckId, count: usize, students: Vec<UserId>) {
        let (shared, link, class) = (self.shared.clone(), self.link.clone(), self.class);
        self.shared.runtime().spawn(async move {
            let within = Duration::from_millis(WARM_UP_WITHIN_MS);
            let cards = match tokio::time::timeout(within, weigh(&shared, deck, students)).await {
                Ok(Ok(worth)) => Some(worth.choose(count).into_iter().map(|chosen| chosen.card).collect()),
                Ok(Err(FetchFailed)) => {
                    tracing::warn!(%class, %deck, "what students remember could not be read for a warm-up");
                    None
                }
                Err(_) => {
                    tracing::warn!(%class, %deck, "a warm-up was not chosen in time");
                    None
                }
            };
            drop(link.send(ToClass::WarmedUp { said, cards }).await);
        });
    }
}

/// What these students gain by the cards of a deck.
async fn weigh(shared: &Arc<Shared>, deck: DeckId, students: Vec<UserId>) -> Result<Worth, FetchFailed> {
    let read = |student| read(shared, student, deck);
    // In their order: a sum has the same last bits however fast each is read.
    let mut loads = futures_util::stream::iter(students).map(read).buffered(WARM_UP_READS_AT_ONCE);
    let mut worth = Worth::default();
    while let Some(load) = loads.next().await {
        let Some((load, today)) = load? else { continue };
        let params = load.deck.settings.fold_params();
        for cards in known(&load).chunks(WARM_UP_CARDS_A_TURN) {
            worth.add(&load.deck, &params.model(), cards, today);
            tokio::task::yield_now().await;
        }
    }
    Ok(worth)
}

/// A deck as a student knows it, and which day it is for the student; `None` if there is nothing of it to be seen.
async fn read(
    shared: &Arc<Shared>,
    student: UserId,
    deck: DeckId,
) -> Result<Option<(DeckLoad, Day)>, FetchFailed> {
    let memo = Memo::about_some();
    let Facts::Access(access) = shared.reader.answer_in(&memo, student, Want::Access(Vec::new())).await?
    else {
        return Err(FetchFailed);
    };
    let Facts::Decks(loads) = shared.reader.answer_in(&memo, student, Want::Decks(vec![deck])).await? else {
        return Err(FetchFailed);
    };
    let today = access.zones.stamp(shared.clock.now().wall_ms).day;
    Ok(loads.into_iter().next().map(|load| (load, today)))
}
