//! What a server under test has from outside: a clock that a test moves on, and tokens that say who one is.

use actors::Clock;
use domain::ids::UserId;
use domain::session::Now;
use ports::{Role, SignIn};
use std::sync::atomic::{AtomicU64, Ordering};
use studyhall::clock::ServerClock;
use studyhall::ws::study::{SignedIn, TokenCheck, TokenProblem};

/// Tokens that are the learner's id, or `id@expires_ms`; before those of teachers stands `teacher:`.
pub struct PlainTokens;

const TEACHER: &str = "teacher:";

/// A token of somebody who may teach.
pub fn teacher_token(user: UserId) -> String {
    format!("{TEACHER}{user}")
}

impl TokenCheck for PlainTokens {
    fn check(&self, token: &str, real_ms: i64) -> Result<SignedIn, TokenProblem> {
        let (role, token) = match token.strip_prefix(TEACHER) {
            Some(token) => (Role::Teacher, token),
            None => (Role::Learner, token),
        };
        let (user, expires_ms) = match token.split_once('@') {
            Some((user, at)) => (user, at.parse().map_err(|_| TokenProblem::Useless)?),
            None => (token, real_ms + 3_600_000),
        };
        let user = user.parse().map_err(|_| TokenProblem::Useless)?;
        if expires_ms + 10_000 <= real_ms {
            return Err(TokenProblem::Expired);
        }
        let who = SignIn { user, org: None, role, name: None };
        Ok(SignedIn { who, expires_ms })
    }
}

/// Both clocks of a server, which a test can move on.
#[derive(Default)]
pub struct TestClock {
    clock: ServerClock,
    passed_ms: AtomicU64,
}

impl TestClock {
    /// Sets the wall clock, as a developer may.
    pub fn set_wall_ms(&self, now_ms: i64) {
        self.clock.set_wall_ms(now_ms);
    }

    /// So much time passes, by both clocks.
    pub fn pass_ms(&self, ms: u64) {
        self.clock.set_wall_ms(self.clock.wall_ms() + ms as i64);
        self.passed_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Now {
        let now = self.clock.now();
        Now { tick_ms: now.tick_ms + self.passed_ms.load(Ordering::SeqCst), ..now }
    }
}
