//! A device of a learner: an outbox that survives everything, one socket at a time, and habits that a server must
//! bear: it sends again, out of order and doubled, with a clock that is wrong.

use crate::plan::Rng;
use crate::world::client::Client;
use crate::world::decks::answer_to;
use crate::world::grade;
use domain::entry::SetChange;
use domain::ids::{CardId, DeckId, EntryId, InstanceId, SittingId, UserId};
use domain::session::{Answer, Asked, Command, Filter, Limits, Refusal, Respond, Response, SocketId, Start};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What became of a command, as far as the device knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    Unknown,
    Saved,
    SetAside(Refusal),
}

#[derive(Debug)]
pub struct Device {
    pub user: UserId,
    /// `None`: batches over HTTP.
    pub instance: Option<InstanceId>,
    pub skew_ms: i64,
    /// Everything it ever made, in the order of the ids.
    pub outbox: BTreeMap<EntryId, (Command, Fate)>,
    /// Commands without a verdict, oldest id first.
    pub open: BTreeSet<EntryId>,
    pub answers: Vec<EntryId>,
    pub socket: Option<SocketId>,
    pub client: Client,
    pub welcomed: bool,
    /// The ids in the order of their numbers on this socket.
    pub sent: Vec<EntryId>,
    pub ever_sent: BTreeSet<EntryId>,
    pub sitting: SittingId,
    /// The end of the run: it only empties its outbox.
    pub quiet: bool,
    last_id_ms: i64,
    sittings: u128,
}

impl Device {
    pub fn new(user: UserId, n: u128, instance: Option<InstanceId>, skew_ms: i64) -> Device {
        Device {
            user,
            instance,
            skew_ms,
            outbox: BTreeMap::new(),
            open: BTreeSet::new(),
            answers: Vec::new(),
            socket: None,
            client: Client::default(),
            welcomed: false,
            sent: Vec::new(),
            ever_sent: BTreeSet::new(),
            sitting: SittingId::from_u128(n << 32),
            quiet: false,
            last_id_ms: 0,
            sittings: n << 32,
        }
    }

    /// A new id by the device's clock: ids of a device rise strictly.
    fn new_id(&mut self, rng: &mut Rng, wall_ms: i64, wrong_by_ms: i64) -> EntryId {
        self.last_id_ms = (wall_ms + self.skew_ms).max(self.last_id_ms + 1);
        EntryId::v7(self.last_id_ms + wrong_by_ms, u128::from(rng.next()) << 64 | u128::from(rng.next()))
    }

    /// Puts a command into the outbox.
    pub fn make(&mut self, rng: &mut Rng, wall_ms: i64, wrong_by_ms: i64, command: Command) -> EntryId {
        let id = self.new_id(rng, wall_ms, wrong_by_ms);
        if !matches!(command, Command::Undo { .. }) {
            self.answers.push(id);
        }
        self.outbox.insert(id, (command, Fate::Unknown));
        self.open.insert(id);
        id
    }

    pub fn answer(&self, rng: &mut Rng, deck: DeckId, card: CardId) -> Command {
        Command::Answer(Answer {
            deck,
            card,
            grade: grade((rng.below(12) as u8).min(5)),
            elapsed_ms: rng.below(60_000) as u32,
            sitting: (!rng.one_in(12)).then_some(self.sitting),
            confidence: None,
            early: rng.one_in(15),
        })
    }

    /// Types or chooses: right, nearly, wrong, nothing.
    pub fn respond(&self, rng: &mut Rng, deck: DeckId, card: CardId, asked: &Asked) -> Command {
        let right = answer_to((card.0.as_u128() & 0xffff_ffff) as usize);
        let near = right.replacen("answer", "answr", 1);
        let text = rng.pick(&[right.clone(), right, near.clone(), "nonsense".into(), String::new()]).cloned();
        let text = text.unwrap_or_default();
        let response = match asked {
            Asked::Choose(choices) if rng.one_in(2) => {
                Response::Choice(rng.below(choices.texts.len() as u64 + 1) as u16)
            }
            Asked::Choose(choices) => Response::Text(rng.pick(&choices.texts).cloned().unwrap_or(text)),
            Asked::Type | Asked::Flip => Response::Text(text),
        };
        Command::Respond(Arc::new(Respond {
            deck,
            card,
            response,
            first: rng.one_in(3).then_some(near),
            elapsed_ms: rng.below(60_000) as u32,
            sitting: (!rng.one_in(12)).then_some(self.sitting),
            confidence: None,
            early: false,
        }))
    }

    pub fn set(rng: &mut Rng, today: domain::day::Day, deck: DeckId, card: CardId) -> Command {
        let day = today.plus(rng.below(4) as i32 - 1);
        let change = match rng.below(7) {
            0 => SetChange::Suspended(rng.one_in(2)),
            1 => SetChange::BuriedUntil(Some(day)),
            2 => SetChange::BuriedUntil(None),
            3 => SetChange::Flag(rng.below(8) as u8),
            4 => SetChange::Reset,
            _ => SetChange::Due(day),
        };
        Command::Set { deck, card, change }
    }

    pub fn start(&mut self, rng: &mut Rng, decks: &[DeckId]) -> Start {
        if rng.one_in(4) {
            self.sittings += 1;
            self.sitting = SittingId::from_u128(self.sittings);
        }
        let filters = [Filter::Due, Filter::New, Filter::Flagged, Filter::FailedToday, Filter::Leech];
        Start {
            sitting: self.sitting,
            decks: rng.one_in(4).then(|| decks.iter().take(1).copied().collect()),
            tags: if rng.one_in(10) { vec!["t".to_owned()] } else { Vec::new() },
            filter: if rng.one_in(6) { rng.pick(&filters).copied() } else { None },
            window: 1 + rng.below(5) as usize,
            limits: Limits { new: rng.one_in(6).then(|| rng.below(5) as u32), review: None },
            more: Limits { new: rng.one_in(8).then_some(2), review: None },
            mode: None,
        }
    }

    pub fn in_flight(&self) -> usize {
        self.sent.len() - self.client.saved() as usize
    }

    /// The socket is gone: what has no verdict is unknown.
    pub fn lost(&mut self) {
        self.socket = None;
        self.welcomed = false;
        self.client = Client::default();
        self.sent.clear();
    }

    /// Reads the verdicts up to the watermark.
    pub fn read_verdicts(&mut self, from: u64) -> Vec<EntryId> {
        let mut saved = Vec::new();
        for seq in from + 1..=self.client.saved() {
            let Some(id) = self.sent.get(seq as usize - 1).copied() else { continue };
            let fate = match self.client.verdict(seq) {
                Some(Err(refusal)) if refusal.is_final() => Fate::SetAside(refusal),
                Some(Err(_)) => continue,
                Some(Ok(())) => Fate::Saved,
                None => continue,
            };
            if fate == Fate::Saved {
                saved.push(id);
            }
            if let Some(entry) = self.outbox.get_mut(&id)
                && (entry.1 == Fate::Unknown || fate == Fate::Saved)
            {
                entry.1 = fate;
                self.open.remove(&id);
            }
        }
        saved
    }
}
