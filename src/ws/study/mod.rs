//! The study socket: what `docs/PROTOCOL.md` says, between the socket layer and a learner's session. It is thin and
//! disposable: it reads frames, hands inputs to its shard, and writes what comes back. All state that matters is the
//! session's.

mod class;
mod outgoing;
mod port;
mod signin;
mod socket;
mod translate;

pub use class::class_document;
pub use outgoing::{card_fields, encode_card};
pub(in crate::ws) use signin::{SignInOutcome, sign_in};
pub use signin::{SignedIn, TokenCheck, TokenProblem};
pub use socket::StudySocket;
pub use translate::{command_input, refusal_code, refusal_message, wire_result, wire_slip};

use crate::events::Events;
use crate::rates::Rates;
use crate::teaching::Teaching;
use crate::ws::RelayCounters;
use crate::ws::layer::{MessageLimits, SocketOptions, SocketRoute};
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actors::{Clock, Engine};
use ports::People;
use std::sync::Arc;
use std::time::Duration;

/// The header of a socket that another node opened for its client: such a socket is never relayed on.
pub const RELAY_HEADER: &str = "x-studyhall-relay";

/// The cookie by which a balancer may bring a browser back to the node that has its learner. It is a hint for balancers
/// alone: no server reads it. A page may overwrite it with `welcome.node`, so it is not `HttpOnly`.
pub const NODE_COOKIE: &str = "studyhall_node";
/// How long a browser keeps it, in seconds: longer than a learner's session lives without a socket, a day's study long.
const NODE_COOKIE_MAX_AGE_S: u32 = 43_200;

fn node_cookie(label: &str) -> Option<HeaderValue> {
    let cookie = format!("{NODE_COOKIE}={label}; Path=/; Max-Age={NODE_COOKIE_MAX_AGE_S}; SameSite=Lax");
    HeaderValue::from_str(&cookie).ok()
}

/// What every study socket needs.
#[derive(Clone)]
pub struct StudyContext {
    /// The engine.
    pub engine: Engine,
    /// Whether there may be other nodes.
    pub clustered: bool,
    /// People, for the sign-in.
    pub people: Arc<dyn People>,
    /// Who stands in for a teacher.
    pub teaching: Teaching,
    /// Whether a token is good.
    pub tokens: Arc<dyn TokenCheck>,
    /// The wall clock that clients are told.
    pub clock: Arc<dyn Clock>,
    /// What is counted of sockets that are passed on.
    pub relays: Arc<RelayCounters>,
    /// How often somebody may come in.
    pub rates: Rates,
    /// This node's name at the balancer, if it has one.
    pub label: Option<Arc<str>>,
    /// Who is told of sittings that end.
    pub events: Events,
    /// The real wall clock, Unix milliseconds: tokens run on it whatever the developer's clock says.
    pub real_ms: fn() -> i64,
}

impl StudyContext {
    /// What the server offers beyond the first version, as `welcome` names it.
    pub(in crate::ws) fn features(&self) -> Vec<String> {
        let live_class = self.engine.has_lessons().then_some(protocol::LIVE_CLASS);
        [protocol::CHECKED_MODES].into_iter().chain(live_class).map(str::to_owned).collect()
    }
}

/// The route of the study socket.
pub fn route(context: StudyContext) -> SocketRoute {
    let options = SocketOptions {
        messages: MessageLimits {
            message_max_bytes: protocol::limits::CLIENT_FRAME_BYTES_MAX,
            binary: false,
        },
        sign_in_max: Some(Duration::from_millis(protocol::limits::HELLO_WITHIN_MS)),
        silence_max: Some(Duration::from_millis(
            protocol::limits::HEARTBEAT_MS * protocol::limits::SILENT_HEARTBEATS_SERVER,
        )),
        output_burst_max_bytes: 4 * 1024 * 1024,
        ..SocketOptions::default()
    };
    let cookie = context.label.as_deref().and_then(node_cookie);
    let route = SocketRoute::new(protocol::STUDY_PATH, options, move |request| {
        let relayed = request.header(RELAY_HEADER).is_some();
        Ok(StudySocket::new(context.clone(), relayed, request.address()))
    });
    match cookie {
        Some(cookie) => route.with_header(SET_COOKIE, cookie),
        None => route,
    }
    .subprotocol(protocol::SUBPROTOCOL)
}
