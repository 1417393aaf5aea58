//! The task that holds the connection: it subscribes, sends, beats, and makes the connection anew when anything at all
//! is wrong with it.
//!
//! - Every beat is a message through Redis that must be confirmed in time, and that must come back to its own node: so a
//!   connection that is dead, or alive but deaf, is noticed within seconds.
//! - A message is kept until Redis has confirmed it, and sent again over the next connection. It may arrive twice; its
//!   number says so.
//! - A topic counts as heard from the confirmation of its subscription on.

use super::Shared;
use super::connect::{Backoff, Server};
use crate::codec::{self, Body, DecodeError, Message, channel};
use crate::options::{BEAT_EVERY, MESSAGES_AT_ONCE, OWN_BEAT_WITHIN, TOPICS_AT_ONCE};
use ports::bus::{Sending, Taken, Topic};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, PushInfo, PushKind, RedisError, Value};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Why a connection is given up.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("the connection was closed")]
    Closed,
    #[error("nothing that is sent comes back")]
    Deaf,
}

pub(super) struct Link {
    server: Server,
    shared: Arc<Shared>,
    sending: Sending,
    /// Messages that Redis has not confirmed, with their channels; at most [`MESSAGES_AT_ONCE`].
    unconfirmed: Vec<(String, Vec<u8>)>,
    /// Notes in them.
    notes: u64,
    backoff: Backoff,
}

/// What the driver tells of one connection.
struct Line {
    shared: Arc<Shared>,
    closed: Notify,
    is_closed: AtomicBool,
    /// When a message of this node came back.
    heard_self_ms: AtomicU64,
}

impl Link {
    pub(super) fn new(server: Server, shared: Arc<Shared>) -> Link {
        let backoff = Backoff::new(shared.run.0.as_u64_pair().1);
        Link { server, shared, sending: Sending::default(), unconfirmed: Vec::new(), notes: 0, backoff }
    }

    pub(super) async fn run(mut self) {
        loop {
            let why = match self.connection().await {
                Ok(never) => match never {},
                Err(why) => why,
            };
            let was_connected = self.shared.counters.connected.swap(false, Ordering::AcqRel);
            self.shared.ear.deaf();
            if was_connected || self.backoff.is_fresh() {
                tracing::warn!(%why, "the bus is away: other nodes are told and heard again when it is back");
            } else {
                tracing::debug!(%why, "the bus is still away");
            }
            sleep(self.backoff.next()).await;
        }
    }

    /// One connection, as long as it lasts.
    async fn connection(&mut self) -> Result<std::convert::Infallible, Broken> {
        let line = Arc::new(Line::new(self.shared.clone()));
        let told = line.clone();
        let mut redis = self.server.connect(move |info| told.pushed(info)).await?;
        let mut subscribed = BTreeSet::new();
        self.subscribe(&mut redis, &mut subscribed).await?;
        self.send_unconfirmed(&mut redis).await?;
        self.connected();
        let shared = self.shared.clone();
        let mut beat = interval(BEAT_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = line.closed() => return Err(Broken::Closed),
                _ = beat.tick() => {
                    if line.is_deaf() {
                        return Err(Broken::Deaf);
                    }
                    self.beat(&mut redis).await?;
                    shared.ear.look_for_silence();
                }
                () = shared.topics_changed.notified() => self.subscribe(&mut redis, &mut subscribed).await?,
                () = shared.outbox.something.notified() => self.send(&mut redis).await?,
            }
        }
    }

    fn connected(&mut self) {
        self.backoff.reset();
        self.shared.counters.connections.add(1);
        self.shared.counters.connected.store(true, Ordering::Release);
        self.shared.outbox.something.notify_one();
        tracing::info!("the bus is connected");
    }

    /// Makes what is subscribed what is watched. A node always hears the invalidations, so that it hears itself.
    async fn subscribe(
        &self,
        redis: &mut MultiplexedConnection,
        subscribed: &mut BTreeSet<Topic>,
    ) -> Result<(), Broken> {
        let (watched, unheard) = self.shared.ear.watched();
        let wanted: BTreeSet<Topic> = watched.into_iter().chain([Topic::Inv]).collect();
        let names = |topics: &[Topic]| -> Vec<String> {
            topics.iter().map(|topic| channel(&self.shared.prefix, *topic)).collect()
        };
        let gone: Vec<Topic> = subscribed.difference(&wanted).copied().collect();
        for topics in gone.chunks(TOPICS_AT_ONCE) {
            redis.unsubscribe(names(topics)).await?;
        }
        let new: Vec<Topic> = wanted.difference(subscribed).copied().collect();
        for topics in new.chunks(TOPICS_AT_ONCE) {
            redis.subscribe(names(topics)).await?;
        }
        self.shared.ear.listening(&unheard);
        *subscribed = wanted;
        Ok(())
    }

    /// Sends what waits.
    async fn send(&mut self, redis: &mut MultiplexedConnection) -> Result<(), Broken> {
        let now_ms = self.shared.ear.now_ms();
        while self.unconfirmed.len() < MESSAGES_AT_ONCE
            && let Some((topic, taken)) = self.shared.outbox.take()
        {
            let (notes, body) = match taken {
                Taken::Notes(notes) => (notes.len() as u64, Body::Notes(notes)),
                Taken::Lost => (0, Body::Lost),
            };
            let message = Message { run: self.shared.run, seq: self.sending.next(topic, now_ms), body };
            match codec::encode(&message) {
                Ok(bytes) => {
                    self.notes += notes;
                    self.unconfirmed.push((channel(&self.shared.prefix, topic), bytes));
                }
                // Its number is missing from now on, and says so.
                Err(error) => tracing::error!(%error, "a message of the bus cannot be written"),
            }
        }
        self.send_unconfirmed(redis).await
    }

    async fn send_unconfirmed(&mut self, redis: &mut MultiplexedConnection) -> Result<(), Broken> {
        if !self.unconfirmed.is_empty() {
            let mut pipeline = Pipeline::with_capacity(self.unconfirmed.len());
            for (channel, bytes) in &self.unconfirmed {
                pipeline.add_command(publish(channel, bytes)).ignore();
            }
            pipeline.query_async::<()>(redis).await?;
            self.unconfirmed.clear();
            self.shared.counters.sent.add(std::mem::take(&mut self.notes));
        }
        if self.shared.outbox.left() {
            self.shared.outbox.something.notify_one();
        }
        Ok(())
    }

    /// Tells the last number of each topic.
    async fn beat(&mut self, redis: &mut MultiplexedConnection) -> Result<(), Broken> {
        let mut pipeline = Pipeline::new();
        for (topic, last) in self.sending.beats(self.shared.ear.now_ms()) {
            let message = Message { run: self.shared.run, seq: last, body: Body::Beat };
            match codec::encode(&message) {
                Ok(bytes) => {
                    pipeline.add_command(publish(&channel(&self.shared.prefix, topic), &bytes)).ignore();
                }
                Err(error) => tracing::error!(%error, "a beat of the bus cannot be written"),
            }
        }
        pipeline.query_async::<()>(redis).await?;
        Ok(())
    }
}

fn publish(channel: &str, bytes: &[u8]) -> Cmd {
    let mut command = redis::cmd("PUBLISH");
    command.arg(channel).arg(bytes);
    command
}

impl Line {
    fn new(shared: Arc<Shared>) -> Line {
        let heard_self_ms = AtomicU64::new(shared.ear.now_ms());
        Line { shared, closed: Notify::new(), is_closed: AtomicBool::new(false), heard_self_ms }
    }

    /// Redis said something unasked, or the driver did. Called on the driver's task: it must not wait.
    fn pushed(&self, info: PushInfo) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "an enum of the driver: what else it says is of no use here"
        )]
        match info.kind {
            PushKind::Message => self.message(&info.data),
            PushKind::Disconnection => {
                self.is_closed.store(true, Ordering::Release);
                self.closed.notify_one();
            }
            _ => {}
        }
    }

    fn message(&self, data: &[Value]) {
        let [Value::BulkString(channel), Value::BulkString(bytes)] = data else {
            self.shared.counters.broken.add(1);
            return;
        };
        let Some(topic) = codec::topic(&self.shared.prefix, channel) else { return };
        match codec::decode(bytes) {
            Ok(message) if message.run == self.shared.run => {
                self.heard_self_ms.store(self.shared.ear.now_ms(), Ordering::Release);
            }
            Ok(message) => self.shared.ear.hear(topic, message),
            Err(DecodeError::UnknownVersion(_)) => self.shared.counters.unknown_versions.add(1),
            Err(DecodeError::Broken) => {
                self.shared.counters.broken.add(1);
                self.shared.ear.doubt(topic);
            }
        }
    }

    async fn closed(&self) {
        while !self.is_closed.load(Ordering::Acquire) {
            self.closed.notified().await;
        }
    }

    fn is_deaf(&self) -> bool {
        let heard_ms = self.heard_self_ms.load(Ordering::Acquire);
        u128::from(self.shared.ear.now_ms().saturating_sub(heard_ms)) > OWN_BEAT_WITHIN.as_millis()
    }
}
