//! As much of the NATS protocol as a run needs: lines that end in CR LF, and messages whose length a line tells.

use super::{MessagingError, incoming};
use client::RawSocket;

/// A message to somebody who subscribed.
#[derive(Debug, PartialEq, Eq)]
pub struct Said(pub String);

/// One connection.
pub struct Wire {
    socket: RawSocket,
    unread: Vec<u8>,
}

/// What a server says.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    Message(String),
    Ping,
    Error(String),
    /// Nothing that needs an answer.
    Other,
}

impl Wire {
    /// Greets the server; `verbose` off, so that it acknowledges nothing.
    pub async fn open(socket: RawSocket) -> Result<Wire, MessagingError> {
        let mut wire = Wire { socket, unread: Vec::new() };
        let hello =
            r#"CONNECT {"verbose":false,"pedantic":false,"tls_required":false,"lang":"rust","version":"1"}"#;
        wire.send(format!("{hello}\r\nPING\r\n")).await?;
        // Its name and limits, and the answer to the ping: from here on it takes part.
        while !wire.unread.windows(4).any(|some| some == b"PONG") {
            let more = incoming(&mut wire.socket).await?;
            wire.unread.extend(more);
        }
        wire.take()?;
        Ok(wire)
    }

    /// Asks for everything that is said there.
    pub async fn subscribe(&mut self, subject: &str) -> Result<(), MessagingError> {
        self.send(format!("SUB {subject} 1\r\n")).await
    }

    /// Says something to all who subscribed.
    pub async fn publish(&mut self, subject: &str, text: &str) -> Result<(), MessagingError> {
        self.send(format!("PUB {subject} {}\r\n{text}\r\n", text.len())).await
    }

    /// Waits for what comes, and answers pings. May be dropped and called again while it waits.
    pub async fn hear(&mut self) -> Result<Vec<Said>, MessagingError> {
        let more = incoming(&mut self.socket).await?;
        self.unread.extend(more);
        let (said, pings) = self.take()?;
        for _ in 0..pings {
            self.send("PONG\r\n".to_owned()).await?;
        }
        Ok(said)
    }

    /// Takes what has come as a whole: messages, and the number of pings.
    fn take(&mut self) -> Result<(Vec<Said>, usize), MessagingError> {
        let (mut said, mut pings, mut at) = (Vec::new(), 0, 0);
        while let Some((line, length)) = line_of(self.unread.get(at..).unwrap_or_default()) {
            match line {
                Line::Message(text) => said.push(Said(text)),
                Line::Ping => pings += 1,
                Line::Error(what) => return Err(MessagingError::Socket(what)),
                Line::Other => {}
            }
            at += length;
        }
        self.unread.drain(..at);
        Ok((said, pings))
    }

    async fn send(&mut self, text: String) -> Result<(), MessagingError> {
        self.socket.send_text(text).await.map_err(|error| MessagingError::Socket(error.to_string()))
    }
}

/// The first line, with the message that it tells of, and the bytes of both; `None` if more has to come.
fn line_of(bytes: &[u8]) -> Option<(Line, usize)> {
    let end = bytes.windows(2).position(|two| two == b"\r\n")?;
    let line = String::from_utf8_lossy(bytes.get(..end)?);
    let behind = end + 2;
    if let Some(head) = line.strip_prefix("MSG ") {
        let length: usize = head.rsplit(' ').next()?.parse().ok()?;
        let text = bytes.get(behind..behind + length)?;
        bytes.get(behind + length..behind + length + 2)?;
        return Some((Line::Message(String::from_utf8_lossy(text).into_owned()), behind + length + 2));
    }
    let line = match line.as_ref() {
        "PING" => Line::Ping,
        line if line.starts_with("-ERR") => Line::Error(line.to_owned()),
        _ => Line::Other,
    };
    Some((line, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_messages_are_taken_when_they_are_whole() {
        let text = b"PING\r\nMSG class.1 1 5\r\nhe\r\nl\r\n-ERR 'no'\r\n";
        assert_eq!(line_of(text), Some((Line::Ping, 6)));
        let message = Line::Message("he\r\nl".to_owned());
        assert_eq!(line_of(&text[6..]), Some((message, 24)));
        assert_eq!(line_of(&text[6..29]), None);
        assert_eq!(line_of(&text[30..]), Some((Line::Error("-ERR 'no'".to_owned()), 11)));
        assert_eq!(line_of(b"INFO {}\r"), None);
        assert_eq!(line_of(b"INFO {}\r\n"), Some((Line::Other, 9)));
    }
}
