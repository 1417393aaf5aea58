//! The Supervisor: one actor on the main arbiter that hears of every session that fell and decides when it may be built
//! anew. It owns no threads and no sessions.

use crate::engine::Shared;
use actix::{Actor, Addr, Context, Handler, Message};
use domain::directory::{HomeState, Incarnation};
use domain::ids::UserId;
use domain::limits::{PANIC_REST_MS, PANIC_WINDOW_MS, PANICS_ALLOWED};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Learners whose panics are remembered; beyond it the oldest memory goes first.
const REMEMBERED: usize = 10_000;

/// Decides about sessions that fell.
pub struct Supervisor {
    shared: Arc<Shared>,
    falls: HashMap<UserId, VecDeque<u64>>,
}

impl Supervisor {
    pub(crate) fn begin(shared: Arc<Shared>) -> Addr<Supervisor> {
        Supervisor { shared, falls: HashMap::new() }.start()
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;
    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(1_024);
    }
}

/// A session fell, and everything that it had handed to the writer is decided.
#[derive(Message, Clone, Copy)]
#[rtype(result = "()")]
pub(crate) struct ExitNotice {
    pub(crate) user: UserId,
    pub(crate) incarnation: Incarnation,
}

impl Handler<ExitNotice> for Supervisor {
    type Result = ();
    fn handle(&mut self, notice: ExitNotice, _: &mut Self::Context) {
        let tick_ms = self.shared.clock.now().tick_ms;
        if self.falls.len() >= REMEMBERED {
            self.falls
                .retain(|_, at| at.back().is_some_and(|at| tick_ms.saturating_sub(*at) < PANIC_WINDOW_MS));
        }
        let falls = self.falls.entry(notice.user).or_default();
        falls.push_back(tick_ms);
        falls.retain(|at| tick_ms.saturating_sub(*at) < PANIC_WINDOW_MS);
        if falls.len() >= PANICS_ALLOWED {
            falls.clear();
            let until_tick_ms = tick_ms + PANIC_REST_MS;
            tracing::error!(user = %notice.user, "a session keeps failing and is kept closed");
            self.shared.registry.turn(
                notice.user,
                notice.incarnation,
                HomeState::Fallen,
                HomeState::Resting { until_tick_ms },
            );
        } else {
            self.shared.registry.remove(notice.user, notice.incarnation);
        }
    }
}

impl Shared {
    /// Tells the Supervisor; without one (or with one that is overrun) the learner may simply be loaded again.
    pub(crate) fn notify(&self, notice: ExitNotice) {
        let supervisor = self.supervisor.read().ok().and_then(|s| s.clone());
        let told = supervisor.is_some_and(|addr| addr.try_send(notice).is_ok());
        if !told {
            self.registry.remove(notice.user, notice.incarnation);
        }
    }
}
