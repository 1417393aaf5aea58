//! The registry: a learner's home, without addresses. Thin over [`domain::directory`].

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use domain::directory::{self, Claim, Home, HomeState, Incarnation, ShardNo};
use domain::ids::UserId;
use std::sync::atomic::{AtomicU64, Ordering};

/// Every learner that is loaded, loading, moving, stopping or fallen on this node.
#[derive(Default)]
pub(crate) struct Registry {
    homes: DashMap<UserId, Home>,
    lives: AtomicU64,
}

impl Registry {
    pub(crate) fn claim(&self, user: UserId, shard: ShardNo, tick_ms: u64) -> Claim {
        let next = self.lives.fetch_add(1, Ordering::Relaxed) + 1;
        self.change(user, |home| directory::claim(home, shard, next, tick_ms))
    }

    pub(crate) fn turn(&self, user: UserId, n: Incarnation, from: HomeState, to: HomeState) -> bool {
        self.change(user, |home| directory::turn(home, n, from, to))
    }

    pub(crate) fn arrived(&self, user: UserId, n: Incarnation) -> bool {
        self.change(user, |home| directory::arrived(home, n))
    }

    pub(crate) fn remove(&self, user: UserId, n: Incarnation) -> bool {
        self.change(user, |home| directory::remove(home, n))
    }

    /// Who is being loaded by this shard.
    pub(crate) fn loading_at(&self, shard: ShardNo) -> Vec<(UserId, Incarnation)> {
        let homes = self.homes.iter();
        let here = homes.filter(|home| home.shard == shard && home.state == HomeState::Loading);
        here.map(|home| (*home.key(), home.incarnation)).collect()
    }

    pub(crate) fn home(&self, user: UserId) -> Option<Home> {
        self.homes.get(&user).map(|home| *home)
    }

    pub(crate) fn len(&self) -> usize {
        self.homes.len()
    }

    fn change<T>(&self, user: UserId, step: impl FnOnce(&mut Option<Home>) -> T) -> T {
        match self.homes.entry(user) {
            Entry::Occupied(mut at) => {
                let mut home = Some(*at.get());
                let result = step(&mut home);
                match home {
                    Some(home) => {
                        *at.get_mut() = home;
                    }
                    None => {
                        at.remove();
                    }
                }
                result
            }
            Entry::Vacant(at) => {
                let mut home = None;
                let result = step(&mut home);
                if let Some(home) = home {
                    at.insert(home);
                }
                result
            }
        }
    }
}
