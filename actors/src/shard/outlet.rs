//! The way out of a shard: rows to the writer, questions to the loader, frames to sockets, messages to other shards.

use super::Shard;
use crate::engine::Planted;
use crate::messages::{CloseWhy, Item, Job, ToShard, ToSocket, ToWriter};
use domain::directory::ShardNo;
use domain::ids::UserId;
use domain::session::SocketId;
use tokio::sync::mpsc;

impl Shard {
    /// Hands the outbox to the writer, unless a batch of this shard is with it already: group commit clocks itself.
    pub(super) fn flush(&self) {
        if self.in_flight.get() || self.outbox.borrow().is_empty() {
            return;
        }
        let items = std::mem::take(&mut *self.outbox.borrow_mut());
        match self.shared.writer.try_send(ToWriter { shard: self.no, items }) {
            Ok(()) => self.in_flight.set(true),
            Err(mpsc::error::TrySendError::Full(batch) | mpsc::error::TrySendError::Closed(batch)) => {
                *self.outbox.borrow_mut() = batch.items;
            }
        }
    }

    /// Whether rows of this learner wait here. A session that moved on could have newer ones stored before them.
    pub(super) fn has_rows_of(&self, user: UserId) -> bool {
        self.outbox.borrow().iter().any(|item| match item {
            Item::Row(offer) => offer.user == user,
            Item::Barrier { user: of, .. } => *of == user,
        })
    }

    pub(super) fn ask(&self, job: Job) {
        if let Err(mpsc::error::TrySendError::Full(job) | mpsc::error::TrySendError::Closed(job)) =
            self.shared.loader.try_send(job)
        {
            self.jobs.borrow_mut().push_back(job);
        }
    }

    /// A frame for a socket, here or on another shard. A socket that cannot queue it is dropped.
    pub(super) fn deliver(&self, socket: SocketId, out: ToSocket) {
        let refuses = matches!(out, ToSocket::Frame(domain::session::Out::Refused { .. }));
        if refuses && self.shared.hooks.has(Planted::DroppedErrorFrame) {
            return;
        }
        let of = ShardNo::try_from(socket.0 >> 48).unwrap_or(self.no);
        if of != self.no {
            return self.send(of, ToShard::ToSocket { socket, home: self.no, out });
        }
        let port = self.sockets.borrow().get(&socket).map(|plug| plug.port.clone());
        if let Some(port) = port
            && port.deliver(out).is_err()
        {
            tracing::debug!(socket = socket.0, "a socket could not queue a frame and is dropped");
        }
    }

    /// A message for another shard. What has no room waits here and goes before anything that comes later.
    pub(super) fn send(&self, to: ShardNo, message: ToShard) {
        let waits = self.backlog.borrow().iter().any(|(shard, _)| *shard == to);
        let refused = match self.shared.shard_link(to) {
            Some(link) if !waits => match link.try_send(message) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(message)) => message,
                Err(mpsc::error::TrySendError::Closed(_)) => return,
            },
            Some(_) => message,
            None => return,
        };
        self.backlog.borrow_mut().push_back((to, refused));
    }

    pub(super) fn send_backlog(&self) {
        let waiting = std::mem::take(&mut *self.backlog.borrow_mut());
        for (to, message) in waiting {
            self.send(to, message);
        }
    }
}

impl ToSocket {
    pub(super) fn of(out: domain::session::Out) -> ToSocket {
        match out {
            domain::session::Out::Close(why) => ToSocket::Close(CloseWhy::Session(why)),
            other @ (domain::session::Out::Card(_)
            | domain::session::Out::Graded(_)
            | domain::session::Out::Saved(_)
            | domain::session::Out::Refused { .. }
            | domain::session::Out::Error(_)
            | domain::session::Out::Changed(_)
            | domain::session::Out::Queue(..)
            | domain::session::Out::Class(..)
            | domain::session::Out::Done(_)) => ToSocket::Frame(other),
        }
    }
}
