//! The wires between devices and the server: frames on one keep their order, and each end notices late that the other
//! is gone.

use crate::run::{Event, Sim};
use domain::ids::{EntryId, InstanceId, UserId};
use domain::session::{Command, Input, Out, SocketId, Start};

pub enum ToServer {
    Hello(Option<InstanceId>),
    Start(Box<Start>),
    Command { seq: u64, id: EntryId, command: Command },
    Gone,
}

pub enum ToClient {
    Welcome,
    Frame(Box<Out>),
    Gone,
}

/// A connection: frames on it keep their order.
pub struct Wire {
    pub user: UserId,
    pub device: usize,
    pub server_by: u64,
    pub client_by: u64,
    pub on_the_way: usize,
}

impl Sim {
    pub fn sockets_of(&self, user: UserId) -> Vec<SocketId> {
        self.wires.iter().filter(|(_, wire)| wire.user == user).map(|(id, _)| *id).collect()
    }

    pub fn toward_server(&mut self, socket: SocketId, what: ToServer) {
        let delay = 1 + self.rng.below(80);
        let Some(wire) = self.wires.get_mut(&socket) else { return };
        wire.server_by = wire.server_by.max(self.now.tick_ms + delay);
        wire.on_the_way += 1;
        let at = wire.server_by;
        self.at(at, Event::ToServer(socket, what));
    }

    pub fn toward_client(&mut self, socket: SocketId, what: ToClient) {
        let delay = 1 + self.rng.below(80);
        let Some(wire) = self.wires.get_mut(&socket) else { return };
        wire.client_by = wire.client_by.max(self.now.tick_ms + delay);
        wire.on_the_way += 1;
        let at = wire.client_by;
        self.at(at, Event::ToClient(socket, what));
    }

    /// The server's end is gone; the client notices later.
    pub fn close_socket(&mut self, socket: SocketId) {
        self.toward_client(socket, ToClient::Gone);
        if let Some(wire) = self.wires.remove(&socket) {
            for waiting in self.node.waiting.values_mut() {
                waiting.retain(|(other, _)| *other != socket);
            }
            self.input(wire.user, Input::Detach { socket });
        }
    }

    pub fn at_server(&mut self, socket: SocketId, what: ToServer) {
        let Some(wire) = self.wires.get_mut(&socket) else { return };
        wire.on_the_way -= 1;
        let user = wire.user;
        match what {
            ToServer::Hello(instance) => self.hello(user, socket, instance),
            ToServer::Start(start) => {
                self.trace(|| format!("{socket:?} -> {start:?}"));
                self.input(user, Input::Start { socket, start });
            }
            ToServer::Command { seq, id, command } => {
                self.trace(|| format!("{socket:?} -> {seq} {} {}", short(id), told(&command)));
                self.numbered.entry(socket).or_default().push(id);
                self.input(user, Input::Command { socket, seq, id, command });
            }
            ToServer::Gone => self.close_socket(socket),
        }
    }

    pub fn at_client(&mut self, socket: SocketId, what: ToClient) {
        if let Some(wire) = self.wires.get_mut(&socket) {
            wire.on_the_way -= 1;
        }
        let Some(at) = self.devices.iter().position(|device| device.socket == Some(socket)) else { return };
        let device = &mut self.devices[at];
        match what {
            ToClient::Welcome => device.welcomed = true,
            ToClient::Gone => device.lost(),
            ToClient::Frame(out) => {
                let closes = matches!(*out, Out::Close(_));
                let before = device.client.saved();
                device.client.receives(*out);
                device.client.frames.clear();
                let saved = device.read_verdicts(before);
                let user = device.user;
                for id in saved {
                    self.invariant_i1_saved_is_in_the_log(user, id);
                }
                if closes {
                    self.devices[at].lost();
                    self.close_socket(socket);
                }
            }
        }
        self.invariant_client_agrees(socket);
    }
}

pub fn short(id: EntryId) -> String {
    format!("{:x}", id.tail() >> 40)
}

pub fn name(card: domain::ids::CardId) -> String {
    let n = card.0.as_u128();
    format!("{}.{}", n >> 32 & 0xffff_ffff, n & 0xffff_ffff)
}

fn told(command: &Command) -> String {
    match command {
        Command::Answer(a) => format!("answer {} with {}", name(a.card), a.grade.number()),
        Command::Respond(said) => {
            format!("answer {} with {:?} {:?}", name(said.card), said.first, said.response)
        }
        Command::Undo { of } => format!("undo {}", short(*of)),
        Command::Set { card, change, .. } => format!("set {} {change:?}", name(*card)),
        Command::ImportCommit { job } => format!("commit {job}"),
        Command::ImportRevoke { job } => format!("revoke {job}"),
        Command::Claim { guest, job } => format!("claim {guest} by {job}"),
        Command::Regrade(r) => format!("regrade {} with {}", short(r.of), r.grade.number()),
    }
}
