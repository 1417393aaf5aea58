//! Texts of wrong answers outlive the lesson's owner. The log has a digest of each, and whoever typed it remembers the text
//! in memory alone; so the texts of the commonest are kept with the record. They are stored with whatever else is, and by
//! themselves at a pace.

use super::Lesson;
use crate::ids::CardId;
use crate::limits::WRONG_TEXTS_KEPT_EVERY_MS;
use std::sync::Arc;

impl Lesson {
    /// The wrong answers to a card, as far as they are known: the digest that the log has, and what is shown of the text.
    pub fn wrong_texts(&self, card: CardId) -> Vec<(u64, Arc<str>)> {
        self.seats.texts_of(card).map(|(digest, text)| (digest, text.clone())).collect()
    }

    /// Takes new texts into the record: when it is stored anyhow, or when it is time.
    pub(super) fn keep_texts(&mut self, tick_ms: u64) {
        let is_due = self.texts_deadline().is_some_and(|at| tick_ms >= at);
        // Not while something is on its way: a text that comes meanwhile would be stored at once, and so would the next.
        let is_stored = self.has_texts_to_keep() && self.keep.deadline().is_some();
        if !(is_due || is_stored) {
            return;
        }
        self.texts_tick_ms = tick_ms;
        let texts = self.seats.keep_texts();
        if texts == self.keep.next.texts {
            return;
        }
        // Of one version there is one record: what was given to the store before may come to it late.
        self.keep.next.document.version += 1;
        self.keep.next.texts = texts;
    }

    /// When new texts are stored by themselves (monotonic milliseconds), if there are any.
    pub(super) fn texts_deadline(&self) -> Option<u64> {
        self.has_texts_to_keep().then(|| self.texts_tick_ms.saturating_add(WRONG_TEXTS_KEPT_EVERY_MS))
    }

    /// Whether the seats know texts that the record does not have. They are of the lesson that everybody sees: while another
    /// one is on its way to the store, they are none of its.
    fn has_texts_to_keep(&self) -> bool {
        let (durable, next) = (&self.keep.durable, &self.keep.next);
        let is_counted = durable.is_on() || !durable.reported;
        is_counted && durable.document.lesson == next.document.lesson && self.seats.has_new_texts()
    }
}
