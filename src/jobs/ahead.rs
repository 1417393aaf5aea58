//! What a store takes card by card is made on a thread of its own, a little ahead: so the store's own thread, for which
//! all other changes wait meanwhile, does nothing but store.

use super::error::JobError;
use super::limits::{AHEAD_CHUNKS, CARDS_PER_CHUNK};
use ports::CardRecord;
use ports::library::CardSource;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

/// Whether all cards were made that were to be.
#[derive(Clone, Debug, Default)]
pub(super) struct Whole(Arc<AtomicBool>);

impl Whole {
    /// To be asked when the store has taken the last card.
    ///
    /// # Errors
    /// The thread that made them ended before its time.
    pub fn check(&self) -> Result<(), JobError> {
        match self.0.load(Ordering::Acquire) {
            true => Ok(()),
            false => Err(JobError::Internal("a thread that makes cards ended".to_owned())),
        }
    }
}

/// The same cards, made ahead; and whether that were all.
pub(super) fn ahead(cards: CardSource) -> (CardSource, Whole) {
    let whole = Whole::default();
    (
        Box::new(Ahead { from: Source::Waits(cards), chunk: Vec::new().into_iter(), whole: whole.clone() }),
        whole,
    )
}

enum Source {
    /// Nobody has asked yet. The thread is begun by whoever does, and so is as nice to others as the store is.
    Waits(CardSource),
    Thread(Receiver<Vec<CardRecord>>),
    /// The system gave no thread.
    Here(CardSource),
    Ended,
}

struct Ahead {
    from: Source,
    chunk: std::vec::IntoIter<CardRecord>,
    whole: Whole,
}

impl Iterator for Ahead {
    type Item = CardRecord;

    fn next(&mut self) -> Option<CardRecord> {
        loop {
            if let Some(card) = self.chunk.next() {
                return Some(card);
            }
            match std::mem::replace(&mut self.from, Source::Ended) {
                Source::Waits(cards) => self.from = begun(cards, self.whole.clone()),
                Source::Thread(chunks) => {
                    self.chunk = chunks.recv().ok()?.into_iter();
                    self.from = Source::Thread(chunks);
                }
                Source::Here(mut cards) => {
                    let card = cards.next();
                    match card.is_some() {
                        true => self.from = Source::Here(cards),
                        false => self.whole.0.store(true, Ordering::Release),
                    }
                    return card;
                }
                Source::Ended => return None,
            }
        }
    }
}

fn begun(cards: CardSource, whole: Whole) -> Source {
    let (chunks, made) = sync_channel(AHEAD_CHUNKS);
    // What the thread is to take, unless there is none.
    let (give, taken) = sync_channel::<CardSource>(1);
    let thread = Builder::new().name("import-ahead".to_owned());
    let begun = thread.spawn(move || {
        if let Ok(cards) = taken.recv() {
            make(cards, &chunks, &whole);
        }
    });
    match begun {
        Err(_) => Source::Here(cards),
        Ok(_) => match give.send(cards) {
            Ok(()) => Source::Thread(made),
            Err(unsent) => Source::Here(unsent.0),
        },
    }
}

fn make(mut cards: CardSource, chunks: &SyncSender<Vec<CardRecord>>, whole: &Whole) {
    loop {
        let chunk: Vec<CardRecord> = cards.by_ref().take(CARDS_PER_CHUNK).collect();
        let is_last = chunk.len() < CARDS_PER_CHUNK;
        if is_last {
            whole.0.store(true, Ordering::Release);
        }
        // Nobody takes them any more when the store has refused one.
        if chunks.send(chunk).is_err() || is_last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{CardId, DeckId};

    fn card(n: u128) -> CardRecord {
        let spooled = crate::jobs::Spooled { id: *CardId::from_u128(n).bytes(), ..Default::default() };
        spooled.record(DeckId::from_u128(1), 7)
    }

    #[test]
    fn all_cards_come_in_their_order_and_it_is_known_that_it_were_all() {
        let each = CARDS_PER_CHUNK as u128;
        for count in [0, 1, each - 1, each, each + 1, 5 * each + 3] {
            let (made, whole) = ahead(Box::new((0..count).map(card)));
            assert!(whole.check().is_err(), "nobody has asked yet");
            let ids: Vec<CardId> = made.map(|card| card.id).collect();
            assert_eq!(ids, (0..count).map(CardId::from_u128).collect::<Vec<_>>());
            assert!(whole.check().is_ok());
        }
    }

    #[test]
    fn where_making_them_ends_half_way_it_is_known() {
        let broken = (0..1_000).map(|n| if n < 900 { card(n) } else { panic!("planted") });
        let (made, whole) = ahead(Box::new(broken));
        assert!(made.count() <= 900);
        assert!(whole.check().is_err());
    }

    #[test]
    fn whoever_wants_no_more_leaves_no_thread_behind() {
        let (dropped, gone) = sync_channel::<()>(1);
        let endless = (0..).map(move |n| {
            let _held = &dropped;
            card(n)
        });
        let (mut made, _) = ahead(Box::new(endless));
        assert!(made.next().is_some());
        drop(made);
        assert!(gone.recv().is_err(), "the thread has let go of what it made them from");
    }
}
