//! Faults that tests plant.

use domain::ids::{ClassId, UserId};
use domain::session::Input;
use std::sync::Arc;

/// What may be called before an input is handled.
pub type InputHook = Arc<dyn Fn(UserId, &Input) + Send + Sync>;

/// What may be called before an input of a lesson is handled.
pub type LessonHook = Arc<dyn Fn(ClassId, &domain::lesson::Input) + Send + Sync>;

/// Faults that tests plant. Empty in every server that people use.
#[derive(Clone, Default)]
pub struct Hooks {
    /// Called inside the contained part before each input; what it panics with is a session's panic.
    pub before_input: Option<InputHook>,
    /// The same for the lessons of classes.
    pub before_lesson: Option<LessonHook>,
    /// A bug that a test must catch. Heeded in debug builds only.
    pub planted: Option<Planted>,
}

/// Bugs that can be planted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Planted {
    /// A session that fell is loaded again before the writer has decided what it had handed over.
    NoBarrier,
    /// The frame that refuses a command is lost on its way to the socket.
    DroppedErrorFrame,
}

impl Hooks {
    pub(crate) fn has(&self, bug: Planted) -> bool {
        cfg!(debug_assertions) && self.planted == Some(bug)
    }
}
