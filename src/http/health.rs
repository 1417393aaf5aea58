//! Whether the server can be sent work.

/// What `readyz` says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Readiness {
    /// Why it is not ready: starting, draining, or a fault of its own. `None`: ready.
    pub not_ready: Option<&'static str>,
    /// What does not work as it should although the server is ready, as `store`.
    pub degraded: Vec<&'static str>,
}

/// Who knows.
pub trait Health: Send + Sync {
    /// How it is now. Asked often: no I/O.
    fn readiness(&self) -> Readiness;
}
