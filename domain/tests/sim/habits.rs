//! What devices do: study, undo, set, send again, vanish, answer offline.

use crate::device::{Device, Fate};
use crate::run::{Event, Sim};
use crate::wires::{ToServer, Wire};
use crate::world::{card_id, deck_id};
use domain::entry::Mode;
use domain::ids::{DeckId, EntryId};
use domain::session::{Command, SocketId};
use std::collections::BTreeSet;

impl Sim {
    pub fn act(&mut self, at: usize) {
        let busy = self.devices[at].quiet;
        let wait = if self.rng.one_in(20) { 5_000 } else { 400 };
        self.after(20, if busy { 200 } else { wait }, Event::Act(at));
        let Some(socket) = self.devices[at].socket else {
            return self.connect(at);
        };
        if !self.devices[at].welcomed {
            return;
        }
        if self.devices[at].quiet {
            self.resend(at, socket);
            return;
        }
        if self.devices[at].instance.is_none() {
            return match self.rng.below(4) {
                0 => self.disconnect(at, socket),
                1 => self.resend(at, socket),
                2 => self.undo(at, socket),
                _ => self.answer_any(at, socket),
            };
        }
        match self.rng.below(100) {
            0..=2 => self.disconnect(at, socket),
            3..=6 => self.start(at, socket),
            7..=12 => self.resend(at, socket),
            13..=15 => self.send_again(at, socket),
            16..=23 => self.undo(at, socket),
            24..=28 => self.set(at, socket),
            29..=32 => self.answer_any(at, socket),
            _ => self.study(at, socket),
        }
    }

    fn connect(&mut self, at: usize) {
        // Offline it may still answer what is on its screen: here, any card.
        if !self.devices[at].quiet && self.rng.one_in(3) {
            let command = self.any_answer(at);
            self.make(at, command);
        }
        self.next_socket += 1;
        let socket = SocketId(self.next_socket);
        let (user, instance) = (self.devices[at].user, self.devices[at].instance);
        let by = self.now.tick_ms;
        self.wires.insert(socket, Wire { user, device: at, server_by: by, client_by: by, on_the_way: 0 });
        self.devices[at].socket = Some(socket);
        self.toward_server(socket, ToServer::Hello(instance));
    }

    fn disconnect(&mut self, at: usize, socket: SocketId) {
        self.toward_server(socket, ToServer::Gone);
        self.devices[at].lost();
    }

    fn start(&mut self, at: usize, socket: SocketId) {
        let ids = self.deck_ids.clone();
        let mut start = self.devices[at].start(&mut self.rng, &ids);
        if self.plan.checked {
            let modes = [None, Some(Mode::Flip), Some(Mode::Type), Some(Mode::Choose)];
            start.mode = self.rng.pick(&modes).copied().flatten();
        }
        self.devices[at].client.started();
        self.toward_server(socket, ToServer::Start(Box::new(start)));
    }

    fn make(&mut self, at: usize, command: Command) -> EntryId {
        let wrong_by_ms = if self.rng.one_in(60) { 30_000 } else { 0 };
        let wall_ms = self.now.wall_ms;
        self.devices[at].make(&mut self.rng, wall_ms, wrong_by_ms, command)
    }

    fn send(&mut self, at: usize, socket: SocketId, id: EntryId) {
        let device = &mut self.devices[at];
        let Some((command, _)) = device.outbox.get(&id).cloned() else { return };
        if device.in_flight() >= 64 {
            return;
        }
        let seq = if device.ever_sent.insert(id) {
            device.client.sends(id, &command)
        } else {
            device.client.sends_again(&command)
        };
        device.sent.push(id);
        self.toward_server(socket, ToServer::Command { seq, id, command });
    }

    fn in_flight(&self, at: usize) -> BTreeSet<EntryId> {
        let device = &self.devices[at];
        device.sent.iter().skip(device.client.saved() as usize).copied().collect()
    }

    /// All that has no verdict, oldest first (or in disorder, but an answer before its undo).
    fn resend(&mut self, at: usize, socket: SocketId) {
        let flying = self.in_flight(at);
        let mut ids: Vec<EntryId> =
            self.devices[at].open.iter().filter(|id| !flying.contains(id)).copied().take(40).collect();
        if self.rng.one_in(4) && !self.devices[at].quiet {
            let is_undo = |id: &EntryId| matches!(self.devices[at].outbox[id].0, Command::Undo { .. });
            let (undos, mut others): (Vec<_>, Vec<_>) = ids.into_iter().partition(is_undo);
            others.reverse();
            others.extend(undos);
            ids = others;
        }
        for id in ids {
            self.send(at, socket, id);
        }
    }

    /// Something that has its verdict already, or is still on its way.
    fn send_again(&mut self, at: usize, socket: SocketId) {
        let ids: Vec<EntryId> = self.devices[at].outbox.keys().copied().collect();
        if let Some(id) = self.rng.pick(&ids).copied() {
            let named_first = match self.devices[at].outbox[&id].0 {
                Command::Undo { of } => !self.devices[at].open.contains(&of),
                Command::Answer(_)
                | Command::Respond(_)
                | Command::Set { .. }
                | Command::ImportCommit { .. }
                | Command::ImportRevoke { .. }
                | Command::Claim { .. }
                | Command::Regrade(_) => true,
            };
            if named_first && self.devices[at].outbox[&id].1 != Fate::Unknown {
                self.send(at, socket, id);
            }
        }
    }

    fn undo(&mut self, at: usize, socket: SocketId) {
        let device = &self.devices[at];
        let back = self.rng.below(4) as usize;
        let Some(of) = device.answers.iter().rev().nth(back).copied() else { return };
        // An answer goes out before its undo.
        if device.open.contains(&of) && !self.in_flight(at).contains(&of) {
            self.send(at, socket, of);
        }
        let id = self.make(at, Command::Undo { of });
        self.send(at, socket, id);
    }

    fn set(&mut self, at: usize, socket: SocketId) {
        let (deck, card) = self.any_card();
        let day = self.zones.entry(self.devices[at].user).or_default().stamp(self.now.wall_ms).day;
        let command = Device::set(&mut self.rng, day, deck, card);
        let id = self.make(at, command);
        self.send(at, socket, id);
    }

    fn any_card(&mut self) -> (DeckId, domain::ids::CardId) {
        let n = 1 + u128::from(self.rng.below(2));
        let cards = self.library.deck(deck_id(n)).cards().len() as u64;
        (deck_id(n), card_id(n, u128::from(self.rng.below(cards))))
    }

    fn any_answer(&mut self, at: usize) -> Command {
        let (deck, card) = self.any_card();
        self.devices[at].answer(&mut self.rng, deck, card)
    }

    fn answer_any(&mut self, at: usize, socket: SocketId) {
        let command = self.any_answer(at);
        let id = self.make(at, command);
        self.send(at, socket, id);
    }

    fn study(&mut self, at: usize, socket: SocketId) {
        let held = &self.devices[at].client.held;
        let place = if self.rng.one_in(6) { self.rng.below(held.len() as u64) as usize } else { 0 };
        let Some(card) = held.get(place).copied() else {
            if !self.devices[at].client.told {
                self.start(at, socket);
            }
            return;
        };
        let deck = deck_id(card.0.as_u128() >> 32 & 0xffff_ffff);
        let asked = self.devices[at].client.shown.get(&card).map(|shown| shown.asked.clone());
        let checked = asked.filter(|asked| asked.mode() != Mode::Flip && !self.rng.one_in(20));
        let command = match checked {
            Some(asked) => self.devices[at].respond(&mut self.rng, deck, card, &asked),
            None => self.devices[at].answer(&mut self.rng, deck, card),
        };
        let id = self.make(at, command);
        self.send(at, socket, id);
    }
}
