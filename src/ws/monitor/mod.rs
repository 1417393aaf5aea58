//! The monitor socket: what `docs/PROTOCOL.md` section 18 says, between the socket layer and a class. Like the study socket it
//! is thin and disposable: it reads frames, hands commands to the class, and writes what comes back. No more than one
//! picture is on its way to a teacher; the next one is asked for when it has left.

mod pictures;
mod port;
mod socket;
mod translate;

pub use pictures::encode_view;
pub use socket::MonitorSocket;

use crate::ws::layer::{MessageLimits, Refusal, SocketOptions, SocketRoute};
use crate::ws::study::{RELAY_HEADER, StudyContext};
use actix_web::http::StatusCode;
use domain::ids::ClassId;
use std::time::Duration;

/// What one picture of the largest class may take, in bytes: ten thousand students and four thousand cards.
const PICTURE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The class in the path.
const CLASS_SEGMENT: &str = "{class_id}";

/// The route of the monitor socket. Where live lessons are not offered there is none.
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
        output_burst_max_bytes: PICTURE_BYTES_MAX,
        ..SocketOptions::default()
    };
    let path = protocol::MONITOR_PATH.join(CLASS_SEGMENT);
    let route = SocketRoute::new(&path, options, move |request| {
        let nothing = Refusal::new(StatusCode::NOT_FOUND, "not_found", "no live class is here");
        let class: Option<ClassId> = request.segment("class_id").and_then(|id| id.parse().ok());
        match class.filter(|_| context.engine.has_lessons()) {
            Some(class) => {
                let relayed = request.header(RELAY_HEADER).is_some();
                Ok(MonitorSocket::new(context.clone(), class, relayed, request.address()))
            }
            None => Err(nothing),
        }
    });
    route.subprotocol(protocol::SUBPROTOCOL)
}
