//! What a node may have missed.
//!
//! Every message carries the run of its sender and a number that counts up within (run, topic); once a second each node
//! tells its last numbers, so that a lost *last* message shows too. From this follows when something may have been
//! missed: a number was left out, a run is heard for the first time, a run fell silent (its last message may have died
//! with it), or the topic itself was not heard for a while. All of them end in the same word, *unknown*.
//!
//! It is said at most once in [`SPACING_MS`], and only ever about what was sent before it is said: what comes together
//! (a node that connects again and finds a gap from each of its peers) is checked once. After an interruption it is
//! said a spacing later for the same reason.
//!
//! Pure: time (monotonic milliseconds) comes in.

use super::note::{Run, Topic};
use std::collections::BTreeMap;

/// *Unknown* is said about a topic at most once in so many milliseconds. More than the second between two beats, so
/// that every peer was heard once before it is said.
pub const SPACING_MS: u64 = 2_000;
/// A run that was not heard for so many milliseconds, though it should beat each second, fell silent.
pub const SILENCE_MS: u64 = 10_000;
/// Runs that are remembered on each topic; with more, the one that was heard longest ago is forgotten, and is a new one
/// when it is heard again.
pub const PEERS_MAX: usize = 256;
/// A run that was not heard for so many milliseconds is forgotten.
const FORGET_MS: u64 = 600_000;

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// It was not heard before.
    New,
    /// It was heard before.
    Again,
    /// Its topic is not watched, or it is the node's own.
    NotForUs,
}

#[derive(Clone, Copy, Debug)]
struct Peer {
    last: u64,
    /// Which of the last 64 numbers were heard; the lowest bit is `last`.
    heard: u64,
    heard_ms: u64,
    is_silent: bool,
}

impl Peer {
    /// Numbers up to this one were given. Whether some of them were not heard.
    fn advance(&mut self, to: u64, is_heard: bool) -> bool {
        let ahead = to.saturating_sub(self.last);
        if ahead == 0 {
            return false;
        }
        self.heard = u32::try_from(ahead).ok().and_then(|by| self.heard.checked_shl(by)).unwrap_or(0);
        self.heard |= u64::from(is_heard);
        self.last = to;
        ahead > 1 || !is_heard
    }

    /// Notes a number that is not above the last one.
    fn fill(&mut self, seq: u64) -> Arrival {
        let age = u32::try_from(self.last.saturating_sub(seq)).unwrap_or(u32::MAX);
        // What is older than is remembered does no harm a second time.
        let Some(bit) = 1_u64.checked_shl(age) else { return Arrival::New };
        if self.heard & bit != 0 {
            return Arrival::Again;
        }
        self.heard |= bit;
        Arrival::New
    }
}

#[derive(Clone, Debug, Default)]
struct Channel {
    is_heard: bool,
    /// When *unknown* is to be said.
    due_ms: Option<u64>,
    /// When it was said last.
    said_ms: Option<u64>,
    peers: BTreeMap<Run, Peer>,
}

impl Channel {
    /// Something may have been missed.
    fn doubt(&mut self, now_ms: u64) {
        let soonest_ms = self.said_ms.map_or(now_ms, |said| now_ms.max(said + SPACING_MS));
        self.due_ms.get_or_insert(soonest_ms);
    }

    /// The peer; whether it is heard for the first time.
    fn peer(&mut self, run: Run, seq: u64, now_ms: u64) -> (&mut Peer, bool) {
        if !self.peers.contains_key(&run)
            && self.peers.len() >= PEERS_MAX
            && let Some(oldest) = self.peers.iter().min_by_key(|(_, peer)| peer.heard_ms).map(|(run, _)| *run)
        {
            self.peers.remove(&oldest);
        }
        let mut is_new = false;
        let peer = self.peers.entry(run).or_insert_with(|| {
            is_new = true;
            Peer { last: seq, heard: 0, heard_ms: now_ms, is_silent: false }
        });
        (peer.heard_ms, peer.is_silent) = (now_ms, false);
        (peer, is_new)
    }
}

/// What a node hears of the others, and what it may have missed. Both buses are made of it.
#[derive(Clone, Debug)]
pub struct Hearing {
    me: Run,
    channels: BTreeMap<Topic, Channel>,
}

impl Hearing {
    /// A node that watches nothing yet.
    pub fn new(me: Run) -> Hearing {
        Hearing { me, channels: BTreeMap::new() }
    }

    /// The topic is wanted from now on. Whether it was not before.
    pub fn watch(&mut self, topic: Topic) -> bool {
        let was = self.channels.contains_key(&topic);
        self.channels.entry(topic).or_default();
        !was
    }

    /// The topic is not wanted any more.
    pub fn unwatch(&mut self, topic: Topic) {
        self.channels.remove(&topic);
    }

    /// Whether the topic is wanted.
    pub fn watches(&self, topic: Topic) -> bool {
        self.channels.contains_key(&topic)
    }

    /// What is wanted.
    pub fn topics(&self) -> impl Iterator<Item = Topic> {
        self.channels.keys().copied()
    }

    /// What is wanted and not yet really heard.
    pub fn unheard(&self) -> impl Iterator<Item = Topic> {
        self.channels.iter().filter(|(_, channel)| !channel.is_heard).map(|(topic, _)| *topic)
    }

    /// How many topics are wanted.
    pub fn watched(&self) -> usize {
        self.channels.len()
    }

    /// From now on the topic is really heard: its subscription was confirmed, for the first time or again.
    pub fn listening(&mut self, topic: Topic, now_ms: u64) {
        let Some(channel) = self.channels.get_mut(&topic) else { return };
        channel.is_heard = true;
        // The peers had no chance to be heard.
        channel.peers.values_mut().for_each(|peer| peer.heard_ms = now_ms);
        match channel.said_ms {
            None => channel.doubt(now_ms),
            // What is due stays due: a connection that comes and goes must not put it off for ever.
            Some(_) => {
                channel.due_ms.get_or_insert(now_ms + SPACING_MS);
            }
        }
    }

    /// Nothing is heard any more, until [`Hearing::listening`].
    pub fn deaf(&mut self) {
        self.channels.values_mut().for_each(|channel| channel.is_heard = false);
    }

    /// A message with notes.
    pub fn message(&mut self, topic: Topic, run: Run, seq: u64, now_ms: u64) -> Arrival {
        let Some(channel) = self.channels.get_mut(&topic).filter(|_| run != self.me) else {
            return Arrival::NotForUs;
        };
        let (peer, is_new) = channel.peer(run, seq, now_ms);
        if seq <= peer.last {
            let arrival = peer.fill(seq);
            if is_new {
                channel.doubt(now_ms);
            }
            return arrival;
        }
        if peer.advance(seq, true) {
            channel.doubt(now_ms);
        }
        Arrival::New
    }

    /// A node told its last number.
    pub fn beat(&mut self, topic: Topic, run: Run, last: u64, now_ms: u64) {
        let Some(channel) = self.channels.get_mut(&topic).filter(|_| run != self.me) else { return };
        let (peer, is_new) = channel.peer(run, last, now_ms);
        if peer.advance(last, false) || is_new {
            channel.doubt(now_ms);
        }
    }

    /// Something of this topic may have been missed: its sender says so, or a message could not be read.
    pub fn doubt(&mut self, topic: Topic, now_ms: u64) {
        if let Some(channel) = self.channels.get_mut(&topic) {
            channel.doubt(now_ms);
        }
    }

    /// Looks for runs that fell silent; to be called about once a second. A class is not beaten for any more when
    /// nothing was sent for a while, so silence says something on [`Topic::Inv`] alone.
    pub fn look_for_silence(&mut self, now_ms: u64) {
        for (topic, channel) in &mut self.channels {
            let quiet_ms = |peer: &Peer| now_ms.saturating_sub(peer.heard_ms);
            channel.peers.retain(|_, peer| quiet_ms(peer) < FORGET_MS);
            if *topic != Topic::Inv || !channel.is_heard {
                continue;
            }
            let mut fell_silent = false;
            for peer in channel.peers.values_mut().filter(|peer| quiet_ms(peer) >= SILENCE_MS) {
                fell_silent |= !std::mem::replace(&mut peer.is_silent, true);
            }
            if fell_silent {
                channel.doubt(now_ms);
            }
        }
    }

    /// A topic of which *unknown* is to be said now. It counts as said.
    pub fn due(&mut self, now_ms: u64) -> Option<Topic> {
        let (topic, channel) =
            self.channels.iter_mut().find(|(_, channel)| channel.due_ms.is_some_and(|due| due <= now_ms))?;
        channel.due_ms = None;
        channel.said_ms = Some(now_ms);
        Some(*topic)
    }

    /// When the next *unknown* is to be said.
    pub fn next_due_ms(&self) -> Option<u64> {
        self.channels.values().filter_map(|channel| channel.due_ms).min()
    }
}
