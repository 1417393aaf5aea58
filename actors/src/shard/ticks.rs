//! One tick a shard drives every deadline of its sessions.

use super::Shard;
use domain::ids::UserId;
use domain::session::Input;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A jump of the wall clock against the monotonic one that every session is told of, in milliseconds.
const CLOCK_JUMP_MS: u64 = 500;
/// How often idle sessions are looked for, in milliseconds.
const SWEEP_MS: u64 = 500;
/// Sessions that may write rows behind in one tick, and how many rows all of them together: a deck whose parameters changed
/// makes rows of all who study it, and what is answered must not wait behind them.
const BEHIND_SESSIONS_A_TICK: usize = 4;
const BEHIND_ROWS_A_TICK: usize = 32;

impl Shard {
    /// `skew_ms` is how far the wall clock was off the monotonic one when the shard began.
    pub(super) async fn tick(self: Rc<Self>, mut skew_ms: i64) {
        let period = Duration::from_millis(self.shared.limits.tick_ms.max(1));
        let mut swept_tick_ms = 0;
        loop {
            let planned = Instant::now() + period;
            tokio::time::sleep(period).await;
            self.shared.telemetry.tick_late(planned.elapsed());
            let now = self.now();
            self.wake_due(now.tick_ms);
            self.write_behind();
            self.check_some();
            self.retry_jobs();
            self.send_backlog();
            if skew_ms.abs_diff(now.skew_ms()) > CLOCK_JUMP_MS {
                skew_ms = now.skew_ms();
                self.wake_all();
            }
            if now.tick_ms.saturating_sub(swept_tick_ms) >= SWEEP_MS.min(self.shared.limits.idle_ms.max(1)) {
                swept_tick_ms = now.tick_ms;
                self.close_overdue(now.tick_ms);
                self.passivate(now.tick_ms);
                self.set_credit();
            }
            self.flush();
        }
    }

    fn wake_due(&self, tick_ms: u64) {
        // All that are due are taken first: what cannot be woken files itself again, for the next tick.
        let due: Vec<UserId> = {
            let mut deadlines = self.deadlines.borrow_mut();
            let later = deadlines.split_off(&(tick_ms.saturating_add(1), UserId::from_u128(0)));
            std::mem::replace(&mut *deadlines, later).into_iter().map(|(_, user)| user).collect()
        };
        for due in due {
            if let Some(resident) = self.residents.borrow().get(&due) {
                resident.cell.deadline_tick_ms.set(None);
            }
            self.give(due, Input::Tick);
        }
    }

    /// Whoever has rows to write behind may write some, one after another; while the node has more than it can store,
    /// nobody.
    fn write_behind(&self) {
        if self.owing.borrow().is_empty() || !self.has_credit.get() {
            return;
        }
        let (sessions, rows) = share(self.owing.borrow().len());
        for _ in 0..sessions {
            let Some(user) = self.owing.borrow_mut().pop_front() else { return };
            // Whoever moved on, or was dropped, owes nothing here.
            let residents = self.residents.borrow();
            let Some(resident) = residents.get(&user) else { continue };
            resident.cell.owes_rows.set(false);
            drop(residents);
            self.give(user, Input::WriteBehind(rows));
        }
    }

    fn wake_all(&self) {
        let users: Vec<UserId> = self.residents.borrow().keys().copied().collect();
        for user in users {
            self.give(user, Input::Tick);
        }
    }

    fn retry_jobs(&self) {
        let waiting = std::mem::take(&mut *self.jobs.borrow_mut());
        for job in waiting {
            self.ask(job);
        }
    }
}

/// How many of the sessions that have rows to write behind may do so in this tick, and how many rows each.
fn share(owing: usize) -> (usize, usize) {
    let sessions = owing.min(BEHIND_SESSIONS_A_TICK);
    (sessions, BEHIND_ROWS_A_TICK / sessions.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_session_writes_as_many_rows_behind_as_several_together() {
        assert_eq!([1, 2, 3, 4, 9].map(share), [(1, 32), (2, 16), (3, 10), (4, 8), (4, 8)]);
        assert_eq!(share(0).0, 0);
    }
}
