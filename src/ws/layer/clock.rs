//! One tick a worker for all its sockets.
//!
//! A socket has one [`Alarm`]. Setting it later costs a store: the alarm stays filed where it was, and is filed again
//! when that time comes. So the deadline that every incoming byte moves (silence) is free, and nineteen thousand idle
//! sockets cost a worker some hundred looks a second.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// The length of a tick, in milliseconds. A deadline is met up to two ticks late and never early.
pub const TICK_MS: u64 = 100;

/// How far ahead an alarm is filed; a later one is filed again on the way. So a dead socket's alarm goes within
/// this many ticks.
const SLOTS: u32 = 128;

/// How much time has passed since some moment: what all deadlines run on. Looked at once a tick.
pub type TimeSource = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The time of the real, monotonic clock.
pub(super) fn real_time() -> TimeSource {
    let began = Instant::now();
    Arc::new(move || began.elapsed())
}

/// A moment on the worker's clock, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tick(u32);

impl Tick {
    /// Later than every deadline.
    pub const NEVER: Self = Self(u32::MAX);

    /// The first tick that is at least `wait` after this one.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        let ticks = wait.as_millis().div_ceil(u128::from(TICK_MS)) + 1;
        Self(u32::try_from(ticks).map_or(u32::MAX, |ticks| self.0.saturating_add(ticks)))
    }
}

/// What wakes a socket's task at a given tick.
#[derive(Debug)]
pub(super) struct Alarm {
    due: Cell<Tick>,
    filed: Cell<Tick>,
    waker: RefCell<Option<Waker>>,
}

struct Wheel {
    time: TimeSource,
    started: Duration,
    now: Cell<Tick>,
    slots: RefCell<Vec<Vec<Filed>>>,
}

/// An alarm in a slot. It counts only while the alarm says that it is filed for this very tick.
struct Filed {
    alarm: Rc<Alarm>,
    at: Tick,
}

thread_local! {
    static WHEEL: RefCell<Weak<Wheel>> = const { RefCell::new(Weak::new()) };
    static TIME: RefCell<Option<TimeSource>> = const { RefCell::new(None) };
}

/// What this worker's wheel runs on when it starts; without it the real time.
pub(super) fn run_on(time: &TimeSource) {
    TIME.with(|slot| *slot.borrow_mut() = Some(Arc::clone(time)));
}

impl Alarm {
    /// An alarm that is not set.
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            due: Cell::new(Tick::NEVER),
            filed: Cell::new(Tick::NEVER),
            waker: RefCell::new(None),
        })
    }

    /// Who is woken.
    pub fn register(&self, waker: &Waker) {
        let mut slot = self.waker.borrow_mut();
        if !slot.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *slot = Some(waker.clone());
        }
    }

    /// Sets the alarm anew.
    pub fn set(self: &Rc<Self>, due: Tick) {
        self.set_on(due, wheel);
    }

    fn set_on<W: Deref<Target = Wheel>>(self: &Rc<Self>, due: Tick, wheel: impl FnOnce() -> W) {
        self.due.set(due);
        if due < self.filed.get() {
            wheel().file(self);
        }
    }

    /// Lets go of the task. The alarm itself goes when its slot comes round.
    pub fn cancel(&self) {
        self.due.set(Tick::NEVER);
        self.waker.take();
    }

    /// Wakes the socket's task at once.
    pub fn ring(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}

/// The worker's time: the last tick.
pub(super) fn now() -> Tick {
    wheel().now.get()
}

/// The worker's wheel; starts it, and the task that turns it, at the first call on a thread.
fn wheel() -> Rc<Wheel> {
    WHEEL.with(|slot| {
        if let Some(wheel) = slot.borrow().upgrade() {
            return wheel;
        }
        let time = TIME.with(|slot| slot.borrow().clone()).unwrap_or_else(real_time);
        let wheel = Rc::new(Wheel::new(time));
        *slot.borrow_mut() = Rc::downgrade(&wheel);
        actix_rt::spawn(turn(Rc::clone(&wheel)));
        wheel
    })
}

/// Turns the wheel for the life of the worker.
async fn turn(wheel: Rc<Wheel>) {
    let mut interval = tokio::time::interval(Duration::from_millis(TICK_MS));
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        interval.tick().await;
        let elapsed = (wheel.time)().saturating_sub(wheel.started);
        let ticks = elapsed.as_millis() / u128::from(TICK_MS);
        wheel.advance(Tick(u32::try_from(ticks).unwrap_or(u32::MAX - 1)));
    }
}

impl Wheel {
    fn new(time: TimeSource) -> Self {
        Self {
            started: time(),
            time,
            now: Cell::new(Tick(0)),
            slots: RefCell::new((0..SLOTS).map(|_| Vec::new()).collect()),
        }
    }

    fn file(&self, alarm: &Rc<Alarm>) {
        let now = self.now.get().0;
        let at = Tick(alarm.due.get().0.clamp(now + 1, now + SLOTS - 1));
        alarm.filed.set(at);
        self.slots.borrow_mut()[(at.0 % SLOTS) as usize].push(Filed { alarm: Rc::clone(alarm), at });
    }

    fn advance(&self, to: Tick) {
        while self.now.get() < to {
            let tick = Tick(self.now.get().0 + 1);
            self.now.set(tick);
            let filed = std::mem::take(&mut self.slots.borrow_mut()[(tick.0 % SLOTS) as usize]);
            for Filed { alarm, at } in filed {
                if alarm.filed.get() != at {
                    continue;
                }
                alarm.filed.set(Tick::NEVER);
                if alarm.due.get() <= tick {
                    alarm.ring();
                } else if alarm.due.get() < Tick::NEVER {
                    self.file(&alarm);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Counts how often it was woken.
    #[derive(Default)]
    struct Bell(AtomicU32);

    impl std::task::Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn alarm() -> (Rc<Alarm>, Arc<Bell>) {
        let (alarm, bell) = (Alarm::new(), Arc::new(Bell::default()));
        alarm.register(&Waker::from(Arc::clone(&bell)));
        (alarm, bell)
    }

    fn filed(wheel: &Wheel) -> usize {
        wheel.slots.borrow().iter().map(Vec::len).sum()
    }

    #[test]
    fn an_alarm_rings_at_its_tick_however_far_it_is() {
        for due in [1, 2, SLOTS - 1, SLOTS, SLOTS + 1, 10 * SLOTS + 7] {
            let wheel = Wheel::new(real_time());
            let (alarm, bell) = alarm();
            alarm.set_on(Tick(due), || &wheel);
            wheel.advance(Tick(due - 1));
            assert_eq!(bell.0.load(Ordering::Relaxed), 0, "not before {due}");
            wheel.advance(Tick(due));
            assert_eq!(bell.0.load(Ordering::Relaxed), 1, "at {due}");
            wheel.advance(Tick(due + 3 * SLOTS));
            assert_eq!((bell.0.load(Ordering::Relaxed), filed(&wheel)), (1, 0), "once");
        }
    }

    #[test]
    fn an_alarm_that_is_moved_rings_at_its_last_time() {
        let wheel = Wheel::new(real_time());
        let (alarm, bell) = alarm();
        for tick in 1..500 {
            alarm.set_on(Tick(tick + 75), || &wheel);
            wheel.advance(Tick(tick));
            assert!(filed(&wheel) <= 1, "moving it later files nothing");
        }
        assert_eq!(bell.0.load(Ordering::Relaxed), 0);
        alarm.set_on(Tick(510), || &wheel);
        wheel.advance(Tick(510));
        assert_eq!(bell.0.load(Ordering::Relaxed), 1, "an earlier time counts too");
        wheel.advance(Tick(700));
        assert_eq!((bell.0.load(Ordering::Relaxed), filed(&wheel)), (1, 0));
    }

    #[test]
    fn a_cancelled_alarm_lets_its_task_go_at_once_and_never_rings() {
        let wheel = Wheel::new(real_time());
        let (alarm, bell) = alarm();
        alarm.set_on(Tick(5), || &wheel);
        alarm.cancel();
        assert_eq!(Arc::strong_count(&bell), 1);
        wheel.advance(Tick(SLOTS));
        assert_eq!((bell.0.load(Ordering::Relaxed), filed(&wheel)), (0, 0));
    }
}
