//! The socket layer: RFC 6455 from the TCP stream to an app, and nothing of what the app is about.
//!
//! ```text
//! TCP ── pump ── header guard, reassembly (decoder) ──> SocketApp, lent &str
//!          └──── output <── frames ─────────────────────┘    ^ mail (SocketHandle::try_send)
//! ```
//!
//! [`serve`] runs HTTP and sockets on the same listeners and workers. A WebSocket request is checked (path,
//! handshake, draining, origin, sub-protocol, places for the unknown) and becomes a [`SocketApp`] on a wire. The
//! layer answers pings, closes with the code that RFC 6455 asks for, keeps all deadlines on one tick a worker, and
//! bounds everything that a peer can make it hold.

mod actor;
mod app;
mod clock;
mod close;
mod counters;
mod deadlines;
mod decoder;
mod frame;
mod gate;
mod handshake;
mod mask;
mod options;
mod output;
mod pace;
mod pump;
mod refusal;
mod request;
mod route;
mod serve;
mod upgrade;
mod violation;
mod wire;

pub use app::{MailRefused, Receive, Socket, SocketApp, SocketHandle};
pub use clock::{TICK_MS, TimeSource};
pub use close::{CloseCode, Closed, Side};
pub use counters::{SocketCounters, SocketFigures};
pub use decoder::{Decoder, Event, Input, MessageLimits};
pub use gate::{Gate, GateLimits};
pub use options::SocketOptions;
pub use refusal::{Refusal, RefusalKind};
pub use request::{SocketId, SocketRequest};
pub use route::SocketRoute;
pub use serve::{AddressOf, OnWorkerStart, ServeOptions, listen, serve};
pub use violation::Violation;
