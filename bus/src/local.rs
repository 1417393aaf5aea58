//! Nodes within one process: one in a server that stands alone, several in tests.

use crate::codec::{Body, Message};
use crate::counters::Counters;
use crate::ear::Ear;
use ports::Boxed;
use ports::bus::{Bus, BusStats, Heard, Note, Run, Sending, TooManyTopics, Topic};
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What becomes of a message on its way from one node to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// It is lost.
    Lost,
    /// It arrives twice.
    Twice,
}

type Faults = Arc<dyn Fn(Run, Run) -> Fate + Send + Sync>;

/// The nodes that hear each other. Clones are the same net.
#[derive(Clone, Default)]
pub struct LocalNet {
    nodes: Arc<Mutex<Vec<Arc<Node>>>>,
    faults: Option<Faults>,
}

struct Node {
    run: Run,
    ear: Ear,
    sending: Mutex<Sending>,
    counters: Arc<Counters>,
}

/// A node's bus.
pub struct LocalBus {
    node: Arc<Node>,
    net: LocalNet,
}

impl LocalNet {
    /// A net that does this to messages (sender, receiver): for tests. In a process nothing is lost by itself.
    pub fn with_faults(faults: impl Fn(Run, Run) -> Fate + Send + Sync + 'static) -> LocalNet {
        LocalNet { faults: Some(Arc::new(faults)), ..LocalNet::default() }
    }

    /// One more node, as long as its bus lives.
    pub fn join(&self, run: Run) -> LocalBus {
        let counters = Arc::new(Counters::default());
        counters.connected.store(true, Ordering::Release);
        let ear = Ear::new(run, counters.clone());
        let node = Arc::new(Node { run, ear, sending: Mutex::default(), counters });
        let mut nodes = self.nodes();
        // Those that nobody holds any more have left.
        nodes.retain(|node| Arc::strong_count(node) > 1);
        nodes.push(node.clone());
        drop(nodes);
        LocalBus { node, net: self.clone() }
    }

    /// Lets each node tell its last numbers. Only a net with faults needs it.
    pub fn beat(&self) {
        let nodes = self.nodes().clone();
        for node in &nodes {
            let beats = lock(&node.sending).beats(node.ear.now_ms());
            for (topic, last) in beats {
                carry(&nodes, &self.faults, topic, &Message { run: node.run, seq: last, body: Body::Beat });
            }
        }
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Arc<Node>>> {
        lock(&self.nodes)
    }
}

/// Brings a message to all others.
fn carry(nodes: &[Arc<Node>], faults: &Option<Faults>, topic: Topic, message: &Message) {
    for node in nodes.iter().filter(|node| node.run != message.run) {
        let fate = faults.as_ref().map_or(Fate::Arrives, |faults| faults(message.run, node.run));
        let times = match fate {
            Fate::Arrives => 1,
            Fate::Lost => 0,
            Fate::Twice => 2,
        };
        (0..times).for_each(|_| node.ear.hear(topic, message.clone()));
    }
}

impl Bus for LocalBus {
    fn publish(&self, topic: Topic, note: Note) {
        let node = &self.node;
        node.counters.published.add(1);
        node.counters.sent.add(1);
        // Held until it is brought, so that messages of one node arrive in the order of their numbers.
        let mut sending = lock(&node.sending);
        let seq = sending.next(topic, node.ear.now_ms());
        let nodes = self.net.nodes().clone();
        carry(
            &nodes,
            &self.net.faults,
            topic,
            &Message { run: node.run, seq, body: Body::Notes(vec![note]) },
        );
    }

    fn watch(&self, topic: Topic) -> Result<(), TooManyTopics> {
        self.node.ear.watch(topic)?;
        let (_, unheard) = self.node.ear.watched();
        self.node.ear.listening(&unheard);
        Ok(())
    }

    fn unwatch(&self, topic: Topic) {
        self.node.ear.unwatch(topic);
    }

    fn next(&self) -> Boxed<'_, Heard> {
        Box::pin(self.node.ear.next())
    }

    fn stats(&self) -> BusStats {
        let (waiting_in, dropped) = self.node.ear.waiting();
        BusStats { waiting_in, dropped, ..self.node.counters.stats() }
    }
}

impl fmt::Debug for LocalBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalBus").field("run", &self.node.run).finish_non_exhaustive()
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
