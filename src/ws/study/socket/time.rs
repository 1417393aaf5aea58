//! What a socket does because time has passed.

use super::StudySocket;
use crate::ws::layer::Socket;
use protocol::limits::{HEARTBEAT_MS, TOKEN_EXPIRING_MS, TOKEN_GRACE_MS};
use protocol::{CloseCode, ErrorCode, ErrorFrame, ServerFrame};
use std::time::Duration;

impl StudySocket {
    /// Warns before the token ends, closes after it has, keeps the line warm; then sets the next alarm.
    pub(super) fn watch_time(&mut self, socket: &mut Socket<'_, Self>) {
        let now_ms = self.real_ms();
        let grace_ms = i64::try_from(TOKEN_GRACE_MS).unwrap_or(0);
        let early_ms = i64::try_from(TOKEN_EXPIRING_MS).unwrap_or(0);
        let heartbeat_ms = i64::try_from(HEARTBEAT_MS).unwrap_or(0);
        let closes_ms = self.expires_ms.saturating_add(grace_ms);
        if now_ms >= closes_ms {
            return self.end(CloseCode::TokenExpired, socket);
        }
        let warns_ms = self.expires_ms.saturating_sub(early_ms);
        if now_ms >= warns_ms && !self.warned {
            self.warned = true;
            let what = "the token ends soon; send auth with a new one";
            self.send(&ServerFrame::Error(ErrorFrame::notice(ErrorCode::TokenExpiring, what)), socket);
        }
        if now_ms >= self.sent_ms.saturating_add(heartbeat_ms) {
            self.send(&ServerFrame::Beat, socket);
        }
        let beats_ms = self.sent_ms.saturating_add(heartbeat_ms);
        let token_ms = if self.warned { closes_ms } else { warns_ms };
        let wait_ms = token_ms.min(beats_ms).saturating_sub(now_ms).max(1);
        socket.wake_after(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(1)));
    }
}
