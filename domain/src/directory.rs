//! Directory: where a learner's session is, as pure transitions of one registry entry. It decides single flight: of
//! all who want a learner at once, exactly one loads. An entry is removed only by its own incarnation.

/// Which life of a learner's session: rises with each activation.
pub type Incarnation = u64;

/// A shard: one worker thread.
pub type ShardNo = u16;

/// Where a learner's session is. `Copy`, and without addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Home {
    /// The shard that has it, loads it or stops it.
    pub shard: ShardNo,
    /// Which life.
    pub incarnation: Incarnation,
    /// In which state.
    pub state: HomeState,
}

/// The state of a registry entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HomeState {
    /// It is being loaded.
    Loading,
    /// It runs.
    Live,
    /// It goes to another shard.
    Moving {
        /// To which.
        to: ShardNo,
    },
    /// It is being flushed before it is dropped.
    Stopping,
    /// It panicked: nothing runs until the writer's barrier has passed.
    Fallen,
    /// It keeps failing and is kept closed until then (monotonic milliseconds).
    Resting {
        /// Until when.
        until_tick_ms: u64,
    },
}

/// What somebody who wants a learner has to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claim {
    /// Load it: this incarnation is yours.
    Load(Incarnation),
    /// It is (or will be) at this shard: ask there.
    At(ShardNo),
    /// Not now: come back later.
    NotReady,
    /// It keeps failing.
    KeepsFailing,
}

/// Claims a learner for a shard. Changes the entry only when the answer is [`Claim::Load`].
pub fn claim(home: &mut Option<Home>, shard: ShardNo, next: Incarnation, tick_ms: u64) -> Claim {
    let load = |home: &mut Option<Home>| {
        *home = Some(Home { shard, incarnation: next, state: HomeState::Loading });
        Claim::Load(next)
    };
    let Some(at) = *home else { return load(home) };
    match at.state {
        HomeState::Loading | HomeState::Live | HomeState::Stopping => Claim::At(at.shard),
        HomeState::Moving { to } => Claim::At(to),
        HomeState::Fallen => Claim::NotReady,
        HomeState::Resting { until_tick_ms } if tick_ms < until_tick_ms => Claim::KeepsFailing,
        HomeState::Resting { .. } => load(home),
    }
}

/// Moves an entry of this incarnation from one state to another; `false` (and nothing changes) if it is not there.
pub fn turn(home: &mut Option<Home>, incarnation: Incarnation, from: HomeState, to: HomeState) -> bool {
    match home {
        Some(at) if at.incarnation == incarnation && at.state == from => {
            at.state = to;
            true
        }
        Some(_) | None => false,
    }
}

/// The session arrived at the shard that it was moving to.
pub fn arrived(home: &mut Option<Home>, incarnation: Incarnation) -> bool {
    match home {
        Some(at) if at.incarnation == incarnation => match at.state {
            HomeState::Moving { to } => {
                at.shard = to;
                at.state = HomeState::Live;
                true
            }
            HomeState::Loading
            | HomeState::Live
            | HomeState::Stopping
            | HomeState::Fallen
            | HomeState::Resting { .. } => false,
        },
        Some(_) | None => false,
    }
}

/// Removes an entry, by its own incarnation only.
pub fn remove(home: &mut Option<Home>, incarnation: Incarnation) -> bool {
    match home {
        Some(at) if at.incarnation == incarnation => {
            *home = None;
            true
        }
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_who_ask_at_once_exactly_one_loads() {
        let mut home = None;
        let claims: Vec<Claim> =
            (0..100_u16).map(|shard| claim(&mut home, shard, 7 + u64::from(shard), 0)).collect();
        assert_eq!(claims.iter().filter(|c| matches!(c, Claim::Load(_))).count(), 1);
        assert_eq!(claims[0], Claim::Load(7));
        assert_eq!(claims[99], Claim::At(0));
    }

    #[test]
    fn a_late_stop_of_an_older_life_removes_nothing() {
        let mut home = None;
        claim(&mut home, 1, 1, 0);
        assert!(remove(&mut home, 1));
        claim(&mut home, 2, 2, 0);
        assert!(!remove(&mut home, 1));
        assert!(!turn(&mut home, 1, HomeState::Loading, HomeState::Live));
        assert!(turn(&mut home, 2, HomeState::Loading, HomeState::Live));
    }

    #[test]
    fn nothing_loads_a_fallen_session_before_its_barrier() {
        let mut home = None;
        claim(&mut home, 0, 1, 0);
        turn(&mut home, 1, HomeState::Loading, HomeState::Live);
        turn(&mut home, 1, HomeState::Live, HomeState::Fallen);
        assert_eq!(claim(&mut home, 1, 2, 0), Claim::NotReady);
        turn(&mut home, 1, HomeState::Fallen, HomeState::Resting { until_tick_ms: 50 });
        assert_eq!(claim(&mut home, 1, 2, 49), Claim::KeepsFailing);
        assert_eq!(claim(&mut home, 1, 2, 50), Claim::Load(2));
    }

    #[test]
    fn a_moving_session_is_asked_for_where_it_goes() {
        let mut home = None;
        claim(&mut home, 0, 1, 0);
        turn(&mut home, 1, HomeState::Loading, HomeState::Live);
        turn(&mut home, 1, HomeState::Live, HomeState::Moving { to: 3 });
        assert_eq!(claim(&mut home, 5, 9, 0), Claim::At(3));
        assert!(arrived(&mut home, 1));
        assert_eq!(home.map(|h| (h.shard, h.state)), Some((3, HomeState::Live)));
    }
}
