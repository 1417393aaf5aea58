//! What a monitor socket does because time has passed.

use super::{MonitorSocket, Stage};
use crate::ws::layer::Socket;
use protocol::limits::{HEARTBEAT_MS, TOKEN_EXPIRING_MS, TOKEN_GRACE_MS};
use protocol::{CloseCode, ErrorCode, ErrorFrame, ServerFrame};
use std::time::Duration;

/// So many bytes of what another node said may wait for the client before it is read on there.
const RELAYED_BYTES_WAITING: usize = 64 * 1024;

/// How soon it is looked whether a picture has left, in milliseconds.
const LEFT_AGAIN_MS: i64 = 40;

impl MonitorSocket {
    /// Asks for the next picture when the last one has left, warns before the token ends, closes after it has, keeps the
    /// line warm; then sets the next alarm.
    pub(super) fn watch_time(&mut self, socket: &mut Socket<'_, Self>) {
        let now_ms = self.real_ms();
        let ms = |ms: u64| i64::try_from(ms).unwrap_or(0);
        let closes_ms = self.expires_ms.saturating_add(ms(TOKEN_GRACE_MS));
        if now_ms >= closes_ms {
            return self.end(CloseCode::TokenExpired, socket);
        }
        let warns_ms = self.expires_ms.saturating_sub(ms(TOKEN_EXPIRING_MS));
        if now_ms >= warns_ms && !self.warned {
            self.warned = true;
            let what = "the token ends soon; send auth with a new one";
            self.send(&ServerFrame::Error(ErrorFrame::notice(ErrorCode::TokenExpiring, what)), socket);
        }
        if now_ms >= self.sent_ms.saturating_add(ms(HEARTBEAT_MS)) {
            self.send(&ServerFrame::Beat, socket);
        }
        let beats_ms = self.sent_ms.saturating_add(ms(HEARTBEAT_MS));
        let token_ms = if self.warned { closes_ms } else { warns_ms };
        let mut wait_ms = token_ms.min(beats_ms).saturating_sub(now_ms).max(1);
        if self.is_unsent {
            wait_ms = wait_ms.min(LEFT_AGAIN_MS);
        }
        socket.wake_after(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(1)));
    }

    /// Whether what the other node said has left; until then it is not read.
    pub(super) fn watch_relayed(&mut self, socket: &mut Socket<'_, Self>) {
        let is_full = socket.pending_output_bytes() > RELAYED_BYTES_WAITING;
        self.port.set_full(is_full);
        if is_full {
            socket.wake_after(Duration::from_millis(LEFT_AGAIN_MS.unsigned_abs()));
        }
    }

    /// Whether the last picture has left; then the class may send the next.
    pub(super) fn note_left(&mut self, socket: &Socket<'_, Self>) {
        if self.is_unsent
            && socket.pending_output_bytes() == 0
            && let Stage::Open(_, monitor) = &self.stage
        {
            self.is_unsent = false;
            monitor.ready();
        }
    }
}
