//! Live lessons: one actor a class, which feeds the machine [`Lesson`](domain::lesson::Lesson) and does what it wants done. A
//! class is found by its id and made by whoever comes first; it is dropped when nobody watches, nothing is on and nothing
//! is owed. Sessions tell it cells without waiting for it; it tells them the document through their shards. Among several
//! nodes one holds a class (`place`), and the others follow it for the students whose sessions they have (`follow`).

mod accept;
mod actor;
mod cells;
mod figures;
mod first;
mod follow;
mod messages;
mod perform;
mod place;
mod roster;
mod tell;
mod warmup;

pub use accept::Regrading;
pub use figures::ClassFigures;
pub use messages::{MonitorClose, NotWatched, Picture, ToMonitor, monitor_queue};

use crate::engine::Shared;
use crate::limits::CLASSES_LIVE;
use actor::ClassActor;
use cells::Way;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use domain::ids::{ClassId, EntryId, RunId, UserId};
use domain::lesson::{Cell, Command, MonitorId, Told, View};
use figures::{Counters, count};
use first::FirstLook;
use follow::Followed;
use messages::ToClass;
use place::Place;
use ports::{Boxed, Bus, ClassRecord, Lessons, Library, People, StoreError, Topic};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot};

/// How a picture becomes frames: a snapshot, or what changed after the version that is given.
pub type ViewEncoder = fn(Option<u64>, &View) -> Vec<Arc<str>>;

/// How often somebody who wants to watch looks for the class before it is not ready.
const LOOKS_MAX: usize = 3;

/// What live lessons need.
#[derive(Clone)]
pub struct LessonOptions {
    /// Records and reports.
    pub lessons: Arc<dyn Lessons>,
    /// This life of the process, which holds the classes that it takes. A node of a cluster holds them by its run there.
    pub run: RunId,
    /// How other nodes are told of lessons, and of cells; `None` where there are none, or they only look from time to time.
    pub bus: Option<Arc<dyn Bus>>,
    /// How pictures are encoded.
    pub encode: ViewEncoder,
    /// Who may watch.
    pub watchers: Arc<dyn Watchers>,
}

/// Who may watch classes and steer their lessons: the one place that decides.
pub trait Watchers: Send + Sync + 'static {
    /// All who may at this moment (Unix milliseconds): a class's teachers, and who stands in for them.
    fn watchers<'a>(
        &'a self,
        class: &'a ClassRecord,
        now_ms: i64,
    ) -> Boxed<'a, Result<BTreeSet<UserId>, StoreError>>;
}

/// All classes of this node.
pub(crate) struct Classes {
    options: LessonOptions,
    people: Arc<dyn People>,
    library: Arc<dyn Library>,
    live: DashMap<ClassId, Way>,
    /// Lessons that other nodes hold.
    followed: DashMap<ClassId, Followed>,
    /// What students were told last of each class, for sessions that are loaded later.
    told: DashMap<ClassId, Arc<Told>>,
    /// The classes of each student that were told of.
    attended: DashMap<UserId, Vec<ClassId>>,
    counters: Counters,
    monitors: AtomicU64,
    first_look: FirstLook,
}

/// A monitor's way to its class. When it is dropped, nobody watches there any more.
#[derive(Debug)]
pub struct Monitor {
    id: MonitorId,
    user: UserId,
    class: mpsc::Sender<ToClass>,
    runtime: tokio::runtime::Handle,
}

impl Monitor {
    /// The picture that was sent last has left.
    pub fn ready(&self) {
        self.tell(ToClass::Ready(self.id));
    }

    /// A command of the teacher; `false` if there is no room for it.
    pub fn command(&self, seq: u64, id: EntryId, command: Command) -> bool {
        let (monitor, by, command) = (self.id, self.user, Box::new(command));
        self.class.try_send(ToClass::Command { monitor, seq, id, by, command }).is_ok()
    }

    fn tell(&self, message: ToClass) {
        if let Err(mpsc::error::TrySendError::Full(message)) = self.class.try_send(message) {
            let class = self.class.clone();
            self.runtime.spawn(async move { drop(class.send(message).await) });
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.tell(ToClass::Unwatch(self.id));
    }
}

impl Classes {
    pub(crate) fn new(options: LessonOptions, people: Arc<dyn People>, library: Arc<dyn Library>) -> Classes {
        Classes {
            options,
            people,
            library,
            live: DashMap::new(),
            followed: DashMap::new(),
            told: DashMap::new(),
            attended: DashMap::new(),
            counters: Counters::default(),
            monitors: AtomicU64::new(0),
            first_look: FirstLook::default(),
        }
    }

    /// A student's cell. It never waits: without room it is dropped, and the next one says all of it again.
    pub(crate) fn cell(&self, class: ClassId, cell: Arc<Cell>) {
        count(&self.counters.cells);
        let is_taken = match self.way(class) {
            Some(way) => way.cell(cell),
            None => self.pass_on(class, &cell),
        };
        if !is_taken {
            count(&self.counters.cells_dropped);
        }
    }

    /// What this student is to know of lessons.
    pub(crate) fn told_to(&self, user: UserId) -> Vec<Arc<Told>> {
        let Some(classes) = self.attended.get(&user).map(|classes| classes.clone()) else {
            return Vec::new();
        };
        classes.iter().filter_map(|class| self.told.get(class).map(|told| told.clone())).collect()
    }

    /// Who belongs to classes, or may watch them, may have changed.
    pub(crate) fn look(&self) {
        for way in &self.live {
            // A full inbox: it looks by itself soon.
            drop(way.inbox.try_send(ToClass::Look));
        }
    }

    pub(crate) fn figures(&self) -> ClassFigures {
        self.counters.read(self.live.len(), self.followed.len())
    }

    /// The way to a class that is here.
    fn way(&self, class: ClassId) -> Option<Way> {
        self.live.get(&class).map(|way| way.clone())
    }

    /// The inbox of a class, which is made if nobody has asked for it yet; `None` without room for another.
    fn link(&self, shared: &Arc<Shared>, class: ClassId, insists: bool) -> Option<mpsc::Sender<ToClass>> {
        let has_room = self.live.len() < CLASSES_LIVE;
        match self.live.entry(class) {
            Entry::Occupied(way) => Some(way.get().inbox.clone()),
            Entry::Vacant(_) if !has_room => None,
            Entry::Vacant(place) => {
                let (way, inbox, cells) = cells::way();
                let link = way.inbox.clone();
                place.insert(way);
                if let Some(bus) = &self.options.bus
                    && let Err(error) = bus.watch(Topic::Class(class))
                {
                    tracing::warn!(%error, %class, "cells of other nodes are not heard");
                }
                let actor = ClassActor::new(class, shared.clone(), (link.clone(), inbox, cells), insists);
                shared.runtime().spawn(actor.run());
                Some(link)
            }
        }
    }

    /// A class is dropped. What came meanwhile has its answer: whoever waits looks for the class again.
    fn forget(&self, class: ClassId, link: &mpsc::Sender<ToClass>) {
        // Before whoever comes next can make it anew, and begin to hear and to tell.
        if let Some(bus) = &self.options.bus {
            bus.unwatch(Topic::Class(class));
        }
        self.forget_told(class);
        self.live.remove_if(&class, |_, known| known.inbox.same_channel(link));
        self.first_look.changed();
    }

    fn forget_told(&self, class: ClassId) {
        self.told.remove(&class);
        self.attended.retain(|_, classes| {
            classes.retain(|of| *of != class);
            !classes.is_empty()
        });
    }

    /// Begins to watch.
    pub(crate) async fn watch(
        &self,
        shared: &Arc<Shared>,
        class: ClassId,
        user: UserId,
        to: mpsc::Sender<ToMonitor>,
    ) -> Result<Monitor, NotWatched> {
        let record = self.people.class(class).await.map_err(|error| {
            tracing::warn!(%error, %class, "a class could not be read");
            NotWatched::NotReady
        })?;
        let Some(record) = record.filter(|record| record.deleted_ms.is_none()) else {
            return Err(NotWatched::Forbidden);
        };
        let watchers = self.options.watchers.watchers(&record, shared.clock.now().wall_ms).await;
        let watchers = watchers.map_err(|error| {
            tracing::warn!(%error, %class, "who may watch a class could not be read");
            NotWatched::NotReady
        })?;
        if !watchers.contains(&user) {
            return Err(NotWatched::Forbidden);
        }
        let id = MonitorId(self.monitors.fetch_add(1, Ordering::Relaxed) + 1);
        for _ in 0..LOOKS_MAX {
            self.is_ours(shared, class).await?;
            let Some(link) = self.link(shared, class, false) else { break };
            let (reply, answer) = oneshot::channel();
            let watch = ToClass::Watch { monitor: id, user, to: to.clone(), reply };
            if link.send(watch).await.is_err() {
                continue;
            }
            match answer.await {
                Ok(Ok(())) => {
                    let runtime = shared.runtime().clone();
                    return Ok(Monitor { id, user, class: link, runtime });
                }
                Ok(Err(why)) => return Err(why),
                // It was dropped just now.
                Err(_) => {}
            }
        }
        Err(NotWatched::NotReady)
    }

    /// Whether the class is here, or may be taken.
    async fn is_ours(&self, shared: &Shared, class: ClassId) -> Result<(), NotWatched> {
        if shared.cluster.is_none() || self.live.contains_key(&class) {
            return Ok(());
        }
        match self.place(shared, class).await {
            Ok(Place::Free(_)) => Ok(()),
            Ok(Place::Held { address, .. }) => Err(NotWatched::Elsewhere(address)),
            Ok(Place::Unknown) => Err(NotWatched::NotReady),
            Err(error) => {
                tracing::warn!(%error, %class, "it could not be seen who holds a class");
                Err(NotWatched::NotReady)
            }
        }
    }
}
