//! What the user wants to study, and the `start` that asks the server for it: one at a time, so that a `queue` is
//! always the answer to a known one.

use protocol::{Body, Card, Command, Kind, Start};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The sitting of a client.
#[derive(Debug, Default)]
pub(super) struct Sitting {
    /// The last `start` that was not refused.
    pub(super) wanted: Option<Start>,
    /// A `start` without an answer yet, or one that was `busy`.
    asked: Option<Start>,
    /// The `start` that the user wants instead, as soon as the one asked for has its answer.
    next: Option<Start>,
    /// The sitting that the cards held were dealt in.
    pub(super) dealt: Option<Uuid>,
    /// When to ask again after `busy`.
    pub(super) retry_at: Option<u64>,
    /// A new day was told: the `queue` that follows answers no `start`.
    day_turned: bool,
    /// Answers that were sent behind a `start`, by card. The server deals before it hears them.
    crossing: BTreeMap<Uuid, Uuid>,
    /// Cards that were shown although they may be older than an answer that crossed.
    doubted: Vec<Uuid>,
}

impl Sitting {
    /// Cards that the socket may hold until a `queue` answers what was asked.
    pub(super) fn window(&self) -> usize {
        let window = |start: &Option<Start>| {
            start
                .as_ref()
                .map_or(0, |start| usize::from(start.window.unwrap_or(protocol::limits::WINDOW_DEFAULT)))
        };
        window(&self.wanted).max(window(&self.asked))
    }

    /// Whether a `start` is on its way whose answer has not come.
    pub(super) const fn is_asking(&self) -> bool {
        self.asked.is_some() && self.retry_at.is_none()
    }

    /// Notes that this one is sent now.
    pub(super) fn ask(&mut self, start: Start) {
        self.retry_at = None;
        self.crossing.clear();
        self.doubted.clear();
        self.asked = Some(start);
    }

    /// Keeps this one until the one on its way has its answer.
    pub(super) fn ask_later(&mut self, start: Start) {
        self.next = Some(start);
    }

    /// The `start` to send again after `busy`, if its time has come.
    pub(super) fn due_again(&self, tick: u64) -> Option<Start> {
        self.retry_at.filter(|at| *at <= tick)?;
        self.asked.clone()
    }

    /// A `queue` came. Gives the `start` to send next, if one waits.
    pub(super) fn queued(&mut self) -> Option<Start> {
        let answers = !std::mem::take(&mut self.day_turned) && self.retry_at.is_none();
        if answers && let Some(asked) = self.asked.take() {
            self.wanted = Some(asked);
        }
        self.dealt = self.wanted.as_ref().map(|start| start.sitting);
        self.next_if_free()
    }

    /// The `start` was refused for good. Gives the one to send next, if one waits.
    pub(super) fn refused(&mut self) -> Option<Start> {
        if let Some(asked) = self.asked.take()
            && self.wanted.as_ref() == Some(&asked)
        {
            // Asked again after a reconnect: it would be refused at each.
            self.wanted = None;
        }
        self.retry_at = None;
        self.next_if_free()
    }

    /// The `start` was `busy`. Gives the one to send instead, if one waits.
    pub(super) fn busy(&mut self, retry_at: u64) -> Option<Start> {
        self.retry_at = Some(retry_at);
        self.next.take()
    }

    fn next_if_free(&mut self) -> Option<Start> {
        if self.asked.is_none() { self.next.take() } else { None }
    }

    /// The study day changed: a `queue` follows by itself.
    pub(super) const fn new_day(&mut self) {
        self.day_turned = true;
    }

    /// What was asked is to be asked again on the next socket.
    pub(super) fn socket_ended(&mut self) {
        self.retry_at = None;
        self.day_turned = false;
        self.crossing.clear();
        self.doubted.clear();
        if let Some(start) = self.next.take().or_else(|| self.asked.take()) {
            self.wanted = Some(start);
        }
        self.asked = None;
    }

    /// A command leaves for the server.
    pub(super) fn sent(&mut self, command: &Command) {
        if self.is_asking()
            && let Body::Answer(answer) = &command.body
        {
            self.crossing.insert(answer.card_id, command.id);
        }
    }

    /// A card is held no longer.
    pub(super) fn gone(&mut self, card_id: Uuid) {
        self.doubted.retain(|doubted| *doubted != card_id);
    }

    /// A command has its verdict.
    pub(super) fn decided(&mut self, id: Uuid) {
        self.crossing.retain(|_, answer| *answer != id);
    }

    /// The answer that the server had not heard when it dealt this card. A drill may well follow from that answer, and
    /// an extra card from the new selection: only what would be scheduled by it is known to be the old card.
    pub(super) fn crossed(&mut self, card: &Card) -> Option<Uuid> {
        let answer = self.crossing.remove(&card.card_id)?;
        match card.kind {
            Kind::New | Kind::Review => Some(answer),
            Kind::Drill | Kind::Extra | Kind::Unknown => {
                self.doubted.push(card.card_id);
                None
            }
        }
    }

    /// More cards came than the server may deal: one that was doubted was the old one.
    pub(super) fn disproved(&mut self) -> Option<Uuid> {
        self.doubted.pop()
    }
}
