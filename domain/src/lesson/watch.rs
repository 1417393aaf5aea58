//! Monitors, and what each of them still lacks. Changes are cut into versions, four a second at most. Every key knows in
//! which version it changed last: what a monitor lacks is what changed after the version that it has, each key once and as
//! it is now, however far behind it is. Who is slow gets the newest state and no queue; what two monitors lack alike is
//! made once.

use super::input::MonitorId;
use super::output::View;
use super::seats::Key;
use crate::limits::MONITORS_PER_LESSON;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Debug)]
struct Monitor {
    /// The version that it has; `None` before its snapshot.
    version: Option<u64>,
    /// The frame sent last has left.
    is_ready: bool,
}

/// All monitors of a lesson.
#[derive(Debug)]
pub(super) struct Watch {
    monitors: BTreeMap<MonitorId, Monitor>,
    version: u64,
    changed_in: BTreeMap<Key, u64>,
    in_order: BTreeSet<(u64, Key)>,
    cut_tick_ms: Option<u64>,
    /// Everything as of `version`, or newer: made once for all who come.
    snapshot: Option<Arc<View>>,
    /// What changed up to `version`, or newer, by the version from which on: made once for all who lack the same.
    deltas: BTreeMap<u64, Arc<View>>,
}

impl Watch {
    /// Versions begin here: above those of every owner before, so that no monitor takes an old picture for a new one.
    pub(super) fn new(first_version: u64) -> Watch {
        Watch {
            monitors: BTreeMap::new(),
            version: first_version,
            changed_in: BTreeMap::new(),
            in_order: BTreeSet::new(),
            cut_tick_ms: None,
            snapshot: None,
            deltas: BTreeMap::new(),
        }
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn is_watched(&self) -> bool {
        !self.monitors.is_empty()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = MonitorId> + '_ {
        self.monitors.keys().copied()
    }

    /// A monitor came; `false` when there is no room.
    pub(super) fn add(&mut self, monitor: MonitorId) -> bool {
        if self.monitors.len() >= MONITORS_PER_LESSON && !self.monitors.contains_key(&monitor) {
            return false;
        }
        self.monitors.insert(monitor, Monitor { version: None, is_ready: true });
        true
    }

    pub(super) fn remove(&mut self, monitor: MonitorId) {
        self.monitors.remove(&monitor);
    }

    pub(super) fn ready(&mut self, monitor: MonitorId) {
        if let Some(monitor) = self.monitors.get_mut(&monitor) {
            monitor.is_ready = true;
        }
    }

    /// When the next version may be cut (monotonic milliseconds).
    pub(super) fn cut_at(&self) -> u64 {
        self.cut_tick_ms.map_or(0, |cut| cut.saturating_add(crate::limits::MONITOR_EVERY_MS))
    }

    /// A new version, in which these changed.
    pub(super) fn cut(&mut self, changed: BTreeSet<Key>, tick_ms: u64) {
        self.version += 1;
        self.cut_tick_ms = Some(tick_ms);
        self.forget_pictures();
        for key in changed {
            match key {
                Key::Student(student) => self.forget(Key::Removed(student)),
                Key::Removed(student) => self.forget(Key::Student(student)),
                Key::Document | Key::Ask | Key::Card(_) | Key::Minute(_) | Key::Wrong | Key::Totals => {}
            }
            self.forget(key);
            self.changed_in.insert(key, self.version);
            self.in_order.insert((self.version, key));
        }
    }

    fn forget(&mut self, key: Key) {
        if let Some(version) = self.changed_in.remove(&key) {
            self.in_order.remove(&(version, key));
        }
    }

    /// What changed after this version.
    pub(super) fn since(&self, version: u64) -> impl Iterator<Item = Key> + '_ {
        self.in_order.range((version + 1, Key::Document)..).map(|(_, key)| *key)
    }

    /// Monitors that may be sent something and lack something, by the version that they have. They count as sent.
    pub(super) fn take_lacking(&mut self) -> BTreeMap<Option<u64>, Vec<MonitorId>> {
        let mut lacking: BTreeMap<Option<u64>, Vec<MonitorId>> = BTreeMap::new();
        for (id, monitor) in &mut self.monitors {
            if monitor.is_ready && monitor.version != Some(self.version) {
                lacking.entry(monitor.version).or_default().push(*id);
                (monitor.version, monitor.is_ready) = (Some(self.version), false);
            }
        }
        lacking
    }

    /// What was made must be shown to nobody else: something changed, or somebody is hidden now, or gone.
    pub(super) fn forget_pictures(&mut self) {
        self.snapshot = None;
        self.deltas.clear();
    }

    /// What changed after a version, if somebody has asked since the last one.
    pub(super) fn delta(&self, from: u64) -> Option<Arc<View>> {
        self.deltas.get(&from).cloned()
    }

    /// Keeps what changed after a version for others who lack the same; at most one a monitor.
    pub(super) fn keep_delta(&mut self, from: u64, view: Arc<View>) {
        if self.deltas.len() < MONITORS_PER_LESSON {
            self.deltas.insert(from, view);
        }
    }

    /// Everything, made by `make` if nobody has asked since the last version.
    pub(super) fn snapshot(&mut self, make: impl FnOnce() -> View) -> Arc<View> {
        self.snapshot.get_or_insert_with(|| Arc::new(make())).clone()
    }
}
