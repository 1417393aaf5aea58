//! The cards that a socket holds, in order: the first is on screen, the others are ahead.

use crate::violation::Violation;
use protocol::{Card, ChangeReason, Changed};
use std::sync::Arc;
use uuid::Uuid;

/// What one socket holds. Cards are shared, so that showing them copies nothing.
#[derive(Clone, Debug, Default)]
pub struct Held {
    cards: Vec<Arc<Card>>,
}

impl Held {
    /// All of them, the one on screen first.
    pub fn cards(&self) -> &[Arc<Card>] {
        &self.cards
    }

    /// The card on screen.
    pub fn on_screen(&self) -> Option<&Arc<Card>> {
        self.cards.first()
    }

    /// Takes a card that was dealt.
    ///
    /// # Errors
    /// When it is held, or when there are now more than `window`. The card is taken all the same.
    pub fn deal(&mut self, card: Card, window: usize) -> Result<(), Violation> {
        let card_id = card.card_id;
        let card = Arc::new(card);
        if self.replace(&card) {
            return Err(Violation::HeldTwice(card_id));
        }
        self.cards.push(card);
        let held = self.cards.len();
        if held > window { Err(Violation::WindowExceeded { held, window }) } else { Ok(()) }
    }

    /// Applies a `changed`; says whether anything here is different now.
    pub fn change(&mut self, changed: &Changed) -> bool {
        let before = self.cards.len();
        self.cards.retain(|held| !changed.drop.contains(&held.card_id));
        let dropped = self.cards.len() != before;
        let Some(card) = &changed.card else { return dropped };
        let card = Arc::new(card.clone());
        if changed.reason == ChangeReason::Undone {
            self.remove(card.card_id);
            self.cards.insert(0, card);
            return true;
        }
        // Not held: it was answered while the change was on its way.
        self.replace(&card) || dropped
    }

    /// Removes a card that was answered, if it was held.
    pub fn remove(&mut self, card_id: Uuid) -> Option<Arc<Card>> {
        let place = self.cards.iter().position(|held| held.card_id == card_id)?;
        Some(self.cards.remove(place))
    }

    /// Puts a card on screen whose answer was refused, unless it is held again already; says whether it was put.
    pub fn give_back(&mut self, card: Arc<Card>) -> bool {
        let held = self.cards.iter().any(|held| held.card_id == card.card_id);
        if !held {
            self.cards.insert(0, card);
        }
        !held
    }

    /// Forgets all of them, at a `queue`.
    pub fn forget(&mut self) {
        self.cards.clear();
    }

    /// Puts a card at the place of the held one with its id; says whether there was one.
    fn replace(&mut self, card: &Arc<Card>) -> bool {
        let place = self.cards.iter_mut().find(|held| held.card_id == card.card_id);
        place.map(|place| *place = Arc::clone(card)).is_some()
    }
}
