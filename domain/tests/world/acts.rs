//! What a test does in a world by hand: open sockets, send commands, look at what came back.

use super::client::{Client, Frame};
use super::{World, deck_id, grade};
use domain::entry::SetChange;
use domain::ids::{CardId, DeckId, EntryId, InstanceId};
use domain::session::{Answer, Command, Counts, Input, Refusal, Respond, Response, SocketId, Start};
use std::sync::Arc;

impl World {
    /// A new device connects.
    pub fn open(&mut self) -> SocketId {
        let instance = InstanceId::from_u128(u128::from(self.next_socket) + 1_000);
        self.open_as(Some(instance))
    }

    pub fn open_as(&mut self, instance: Option<InstanceId>) -> SocketId {
        self.next_socket += 1;
        let socket = SocketId(self.next_socket);
        self.clients.insert(socket, Client::default());
        self.input(Input::Attach { socket, instance });
        socket
    }

    pub fn close(&mut self, socket: SocketId) {
        self.clients.remove(&socket);
        self.input(Input::Detach { socket });
    }

    /// A device that connects and starts: holds its first cards, and its frames are read.
    pub fn studying(&mut self, start: Start) -> SocketId {
        let socket = self.open();
        self.start(socket, start);
        self.take(socket);
        socket
    }

    pub fn start(&mut self, socket: SocketId, start: Start) {
        if let Some(client) = self.clients.get_mut(&socket) {
            client.started();
        }
        self.input(Input::Start { socket, start: Box::new(start) });
    }

    /// An id of this moment, later than all before it of the same moment.
    pub fn id(&mut self) -> EntryId {
        self.id_at(self.now.wall_ms)
    }

    pub fn id_at(&mut self, at_ms: i64) -> EntryId {
        self.next_id += 1;
        EntryId::v7(at_ms, self.next_id << 62 | self.next_id)
    }

    /// Sends a command under the socket's next number.
    pub fn send(&mut self, socket: SocketId, id: EntryId, command: Command) -> u64 {
        let client = self.clients.get_mut(&socket).expect("an open socket");
        let seq = client.sends(id, &command);
        self.input(Input::Command { socket, seq, id, command });
        seq
    }

    /// Answers a card now.
    pub fn answer(&mut self, socket: SocketId, card: CardId, n: u8) -> EntryId {
        let id = self.id();
        let command = self.answer_to(socket, card, n);
        self.send(socket, id, command);
        id
    }

    /// The command that answers a card in the socket's sitting.
    pub fn answer_to(&self, socket: SocketId, card: CardId, n: u8) -> Command {
        Command::Answer(Answer {
            deck: self.deck_of(card),
            card,
            grade: grade(n),
            elapsed_ms: 1_500,
            sitting: self.session.sitting_of(socket),
            confidence: None,
            early: false,
        })
    }

    /// Types an answer to a card in the socket's sitting.
    pub fn types(&mut self, socket: SocketId, card: CardId, text: &str) -> (EntryId, u64) {
        self.responds(socket, card, Response::Text(text.to_owned()), None)
    }

    /// Answers a card in a checked mode.
    pub fn responds(
        &mut self,
        socket: SocketId,
        card: CardId,
        response: Response,
        first: Option<&str>,
    ) -> (EntryId, u64) {
        let id = self.id();
        let command = self.response_to(socket, card, response, first);
        (id, self.send(socket, id, command))
    }

    /// The command that answers a card in a checked mode.
    pub fn response_to(
        &self,
        socket: SocketId,
        card: CardId,
        response: Response,
        first: Option<&str>,
    ) -> Command {
        Command::Respond(Arc::new(Respond {
            deck: self.deck_of(card),
            card,
            response,
            first: first.map(str::to_owned),
            elapsed_ms: 1_500,
            sitting: self.session.sitting_of(socket),
            confidence: None,
            early: false,
        }))
    }

    pub fn deck_of(&self, card: CardId) -> DeckId {
        deck_id(card.0.as_u128() >> 32 & 0xffff_ffff)
    }

    /// Answers the card on screen; returns it with the entry's id.
    pub fn answer_screen(&mut self, socket: SocketId, n: u8) -> (CardId, EntryId) {
        let card = *self.held(socket).first().expect("a card on screen");
        (card, self.answer(socket, card, n))
    }

    pub fn undo(&mut self, socket: SocketId, of: EntryId) -> EntryId {
        let id = self.id();
        self.send(socket, id, Command::Undo { of });
        id
    }

    pub fn set(&mut self, socket: SocketId, card: CardId, change: SetChange) -> EntryId {
        let id = self.id();
        self.send(socket, id, Command::Set { deck: self.deck_of(card), card, change });
        id
    }

    /// Studies with this device until nothing is left, each card with this grade; durable after each answer.
    pub fn study_out(&mut self, socket: SocketId, n: u8) -> usize {
        let mut answered = 0;
        while let Some(&card) = self.held(socket).first() {
            self.answer(socket, card, n);
            self.commit();
            answered += 1;
            assert!(answered < 10_000, "it never ends");
        }
        answered
    }

    /// The frames that came since the last look.
    pub fn take(&mut self, socket: SocketId) -> Vec<Frame> {
        self.clients.get_mut(&socket).map(|client| std::mem::take(&mut client.frames)).unwrap_or_default()
    }

    /// The cards that the client holds, by the frames that it got.
    pub fn held(&self, socket: SocketId) -> Vec<CardId> {
        self.clients.get(&socket).map(|client| client.held.clone()).unwrap_or_default()
    }

    /// What the last frame with counts said.
    pub fn left(&self, socket: SocketId) -> Counts {
        self.clients.get(&socket).and_then(|client| client.left).expect("counts were sent")
    }

    /// The verdict of a command: `None` while there is none.
    pub fn verdict(&self, socket: SocketId, seq: u64) -> Option<Result<(), Refusal>> {
        self.clients.get(&socket).and_then(|client| client.verdict(seq))
    }
}
