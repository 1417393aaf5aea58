//! Lessons that other nodes hold, for the sessions of their students that are here. The owner tells over the bus that
//! something has changed; what it is is read from the store, and so is everything from time to time, whatever the bus says.
//! Cells go to the owner over the bus.

use super::Classes;
use super::figures::count;
use super::messages::ToClass;
use super::place::Place;
use super::tell::told_of;
use crate::engine::Shared;
use crate::limits::{CLASSES_FOLLOWED, FOLLOWED_EVERY_MS, LESSONS_LOOK_MS, REGISTERED_LOOK_MS};
use crate::messages::ToShard;
use domain::ids::ClassId;
use domain::lesson::Cell;
use ports::bus::{CELL_BYTES_MAX, CellKey, CellVersion, LessonMark};
use ports::codec::{decode_cell, encode_cell};
use ports::lessons::{Holder, LessonsError};
use ports::{Note, PeopleError, Topic, bus};
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::mpsc;

/// A lesson that another node holds.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// As it was read last.
    holder: Option<Holder>,
    /// The owner's newest call for cells that was heard of, by its epoch.
    calls: (u64, u64),
    /// When it was read last (monotonic milliseconds); `None` before, and when that failed.
    read_tick_ms: Option<u64>,
    is_reading: bool,
    /// Something was told while it was being read.
    reads_again: bool,
}

impl Followed {
    /// One that is being read.
    #[cfg(test)]
    pub(super) fn reading() -> Followed {
        Followed { is_reading: true, ..Followed::default() }
    }

    pub(super) const fn is_reading(&self) -> bool {
        self.is_reading
    }
}

/// Why a lesson of another node could not be read.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error(transparent)]
    Lessons(#[from] LessonsError),
    #[error(transparent)]
    People(#[from] PeopleError),
}

impl Classes {
    /// Takes lessons that nobody holds and that are not over, after a start and, among several nodes, for as long as the
    /// engine lives; keeps up with those that others hold.
    pub(crate) async fn keep_up(engine: Weak<Shared>) {
        loop {
            let Some(shared) = engine.upgrade() else { return };
            let Some(classes) = &shared.classes else { return };
            let mut rest_ms = LESSONS_LOOK_MS;
            match classes.sweep(&shared).await {
                Ok(Some(unfinished)) => {
                    classes.first_look.listed(unfinished);
                    if shared.cluster.is_none() {
                        return;
                    }
                }
                Ok(None) => rest_ms = REGISTERED_LOOK_MS,
                Err(error) => tracing::warn!(%error, "unfinished lessons could not be listed"),
            }
            drop(shared);
            tokio::time::sleep(Duration::from_millis(rest_ms)).await;
        }
    }

    /// Which are not over; `None` while this node is not known to the others.
    async fn sweep(&self, shared: &Arc<Shared>) -> Result<Option<BTreeSet<ClassId>>, LessonsError> {
        if self.run(shared).is_none() {
            return Ok(None);
        }
        let unfinished: BTreeSet<ClassId> = self.options.lessons.unfinished().await?.into_iter().collect();
        let over = self.followed.iter().map(|followed| *followed.key());
        let over: Vec<ClassId> = over.filter(|class| !unfinished.contains(class)).collect();
        for class in unfinished.iter().copied() {
            if self.live.contains_key(&class) || self.is_followed_well(shared, class) {
                continue;
            }
            match self.place(shared, class).await {
                Ok(Place::Free(_)) => {
                    if self.link(shared, class, true).is_none() {
                        tracing::error!(%class, "there is no room for an unfinished lesson");
                    }
                }
                Ok(Place::Held { .. } | Place::Unknown) => self.follow(shared, class, None),
                Err(error) => tracing::warn!(%error, %class, "it could not be seen who holds a lesson"),
            }
        }
        over.into_iter().for_each(|class| self.follow(shared, class, None));
        Ok(Some(unfinished))
    }

    /// Whether it was read of late, and its holder is not known to be gone.
    fn is_followed_well(&self, shared: &Shared, class: ClassId) -> bool {
        let (Some(followed), Some(cluster)) = (self.followed.get(&class), &shared.cluster) else {
            return false;
        };
        let now = shared.clock.now();
        let is_new = |read: u64| now.tick_ms.saturating_sub(read) < FOLLOWED_EVERY_MS;
        followed.read_tick_ms.is_some_and(is_new)
            && followed.holder.is_some_and(|holder| cluster.is_seen(holder.run))
    }

    /// The owner of a class has told something.
    pub(crate) fn marked(&self, shared: &Arc<Shared>, mark: LessonMark) {
        match self.way(mark.class) {
            // It may be an owner that took over from this one.
            Some(way) => drop(way.inbox.try_send(ToClass::Superseded(mark.epoch))),
            None => self.follow(shared, mark.class, Some(mark)),
        }
    }

    /// Something may have been missed of what owners tell.
    pub(crate) fn missed(&self, shared: &Arc<Shared>) {
        let classes: Vec<ClassId> = self.followed.iter().map(|followed| *followed.key()).collect();
        classes.into_iter().for_each(|class| self.follow(shared, class, None));
    }

    /// Reads a lesson that another node holds, and tells it to the sessions here. One reading of a class at a time.
    pub(super) fn follow(&self, shared: &Arc<Shared>, class: ClassId, mark: Option<LessonMark>) {
        let is_known = self.followed.contains_key(&class);
        if !is_known && self.followed.len() >= CLASSES_FOLLOWED {
            return;
        }
        let mut followed = self.followed.entry(class).or_default();
        if let Some(mark) = mark {
            followed.calls = followed.calls.max((mark.epoch, mark.calls));
        }
        if std::mem::replace(&mut followed.is_reading, true) {
            followed.reads_again = true;
            return;
        }
        drop(followed);
        let shared = shared.clone();
        shared.runtime().clone().spawn(async move {
            let Some(classes) = &shared.classes else { return };
            while classes.read_followed(&shared, class).await {}
        });
    }

    /// Reads it once. `true` if it is to be read again.
    async fn read_followed(&self, shared: &Arc<Shared>, class: ClassId) -> bool {
        let read = self.tell_followed(shared, class).await;
        let Some(mut followed) = self.followed.get_mut(&class) else { return false };
        let is_needed = match read {
            Ok(is_on) => is_on,
            Err(error) => {
                tracing::warn!(%error, %class, "a lesson of another node could not be read");
                // The next look at all lessons reads it again: what was told may not be known yet.
                followed.read_tick_ms = None;
                true
            }
        };
        if std::mem::take(&mut followed.reads_again) {
            return true;
        }
        followed.is_reading = false;
        drop(followed);
        self.first_look.changed();
        if !is_needed && self.followed.remove_if(&class, |_, followed| !followed.is_reading).is_some() {
            self.forget_told(class);
        }
        false
    }

    /// Tells the sessions here how the lesson stands. Whether one is on at another node.
    async fn tell_followed(&self, shared: &Arc<Shared>, class: ClassId) -> Result<bool, Unread> {
        // The holder first: what is read behind it is no older than what this one has stored.
        let holder = self.options.lessons.holder(class).await?;
        let record = self.options.lessons.record(class).await?;
        let people = self.people.class(class).await?.filter(|class| class.deleted_ms.is_none());
        let extra = self.people.extra_times(class).await?.into_iter().collect();
        if self.live.contains_key(&class) {
            // It was taken by this node meanwhile, which tells by itself.
            return Ok(false);
        }
        let now = shared.clock.now();
        let calls = {
            let Some(mut followed) = self.followed.get_mut(&class) else { return Ok(false) };
            (followed.holder, followed.read_tick_ms) = (holder, Some(now.tick_ms));
            followed.calls
        };
        let (Some(holder), Some(record)) = (holder, record) else { return Ok(false) };
        let document = Arc::new(record.document.clone());
        let calls = if calls.0 == holder.epoch { calls.1 } else { 0 };
        let at = (holder.epoch, now.tick_ms);
        let told = Arc::new(told_of(at, calls, document, &record, people.as_ref(), &extra));
        let concerned = self.keep_told(&told);
        shared.tell_all(|| ToShard::Class(told.clone(), concerned.clone()));
        Ok(record.is_on())
    }

    /// Passes a cell on to the node that has its class. Whether it could be.
    pub(super) fn pass_on(&self, class: ClassId, cell: &Cell) -> bool {
        let Some(bus) = &self.options.bus else { return false };
        let mut bytes = Vec::new();
        encode_cell(cell, &mut bytes);
        if bytes.len() > CELL_BYTES_MAX {
            // Its cards do not fit: the sums are told all the same, and cards and minutes one by one as they change.
            let mut sums = cell.clone();
            sums.figures.is_whole = false;
            (sums.figures.cards, sums.figures.minutes) = (Vec::new(), Vec::new());
            bytes.clear();
            encode_cell(&sums, &mut bytes);
        }
        let key = CellKey { student: cell.student, lesson: cell.lesson.0 };
        let version = CellVersion { epoch: cell.version.epoch, n: cell.version.n };
        bus.publish(Topic::Class(class), Note::Cell(bus::Cell { key, version, bytes: bytes.into() }));
        true
    }

    /// A cell that came from another node.
    pub(crate) fn cell_heard(&self, class: ClassId, cell: &bus::Cell) {
        match decode_cell(&cell.bytes) {
            Ok(cell) => self.give(class, Arc::new(cell)),
            Err(error) => tracing::warn!(%error, %class, "a cell of another node could not be read"),
        }
    }

    /// Cells of a class that is here may have been missed: its owner calls for them.
    pub(crate) fn cells_missed(&self, class: ClassId) {
        if let Some(way) = self.way(class) {
            // A full inbox: cells come, whole and by themselves.
            drop(way.inbox.try_send(ToClass::CallCells));
        }
    }

    fn give(&self, class: ClassId, cell: Arc<Cell>) {
        let is_taken = self.way(class).is_some_and(|way| way.cell(cell));
        if !is_taken {
            count(&self.counters.cells_dropped);
        }
    }

    /// This node was declared dead: others may hold its classes already.
    pub(crate) fn retire_all(&self, shared: &Shared) {
        let links: Vec<mpsc::Sender<ToClass>> = self.live.iter().map(|way| way.inbox.clone()).collect();
        for link in links {
            shared.runtime().spawn(async move { drop(link.send(ToClass::Superseded(u64::MAX)).await) });
        }
    }
}
