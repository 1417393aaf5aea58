//! An app that sends back what it gets, and the kinds of socket that the tests put it on.

use std::time::Duration;

use studyhall::ws::layer::{Closed, MessageLimits, Socket, SocketApp, SocketOptions, SocketRoute};

/// The largest message that the generous echo takes, in bytes.
pub const ECHO_MESSAGE_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Sends back what it gets.
pub struct Echo;

impl SocketApp for Echo {
    fn on_open(&mut self, _: &mut Socket<'_, Self>) {}

    fn on_text(&mut self, text: &str, socket: &mut Socket<'_, Self>) {
        socket.send_text(text);
    }

    fn on_binary(&mut self, bytes: &[u8], socket: &mut Socket<'_, Self>) {
        socket.send_binary(bytes);
    }

    fn on_close(&mut self, _: &Closed) {}
}

/// Takes text and binary messages of up to [`ECHO_MESSAGE_MAX_BYTES`].
pub fn generous() -> SocketOptions {
    SocketOptions {
        messages: MessageLimits { message_max_bytes: ECHO_MESSAGE_MAX_BYTES, binary: true },
        output_burst_max_bytes: 4 * ECHO_MESSAGE_MAX_BYTES,
        silence_max: Some(Duration::from_secs(60)),
        ..SocketOptions::default()
    }
}

/// The echo at `/`, generous, and at `/study`, with the limits of a study socket.
pub fn routes() -> Vec<SocketRoute> {
    vec![
        SocketRoute::new("/", generous(), |_| Ok(Echo)),
        SocketRoute::new("/study", SocketOptions::default(), |_| Ok(Echo)).subprotocol("studyhall.v1"),
    ]
}
