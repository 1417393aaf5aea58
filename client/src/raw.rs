//! One study socket without any cleverness: for tests that misbehave on purpose, and for load generators.

use futures_util::{SinkExt, StreamExt};
use protocol::limits::SERVER_FRAME_BYTES_MAX;
use protocol::{BadServerFrame, ClientFrame, ServerFrame};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Uri, header};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Read buffer of a socket: small, so that a load generator can hold thousands.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Longest close reason, as RFC 6455 has it.
const CLOSE_REASON_BYTES_MAX: usize = 123;

/// The cookie that balancers read.
const NODE_COOKIE: &str = "studyhall_node=";
/// Longest name of a node, in bytes.
const NODE_BYTES_MAX: usize = 64;

/// How to open a socket.
#[derive(Clone, Debug)]
pub struct RawOptions {
    /// `ws://host[:port][/path]`; `http://` is taken as `ws://`, and without a path it is the study socket's.
    pub url: String,
    /// `None` leaves the header out.
    pub subprotocol: Option<String>,
    /// More headers, such as `origin`.
    pub headers: Vec<(String, String)>,
    /// Address to connect from: one local address has 28,000 ports.
    pub local_addr: Option<IpAddr>,
    /// Size of the kernel's receive buffer, to play a slow reader.
    pub receive_buffer_bytes: Option<u32>,
    /// For name, connection and handshake together.
    pub connect_timeout: Duration,
}

impl RawOptions {
    /// The study socket of this server.
    pub fn new(url: impl Into<String>) -> RawOptions {
        RawOptions {
            url: url.into(),
            subprotocol: Some(protocol::SUBPROTOCOL.to_owned()),
            headers: Vec::new(),
            local_addr: None,
            receive_buffer_bytes: None,
            connect_timeout: Duration::from_secs(10),
        }
    }

    /// Tells balancers that the learner is at this node (`welcome.node`): a hint, sent as a cookie with each handshake.
    /// What is no name of a node is left out.
    pub(crate) fn toward(&mut self, node: &str) {
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if node.is_empty() || node.len() > NODE_BYTES_MAX || !node.bytes().all(harmless) {
            return;
        }
        self.headers.retain(|(name, value)| name != "cookie" || !value.starts_with(NODE_COOKIE));
        self.headers.push(("cookie".to_owned(), format!("{NODE_COOKIE}{node}")));
    }
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not an address of a server.
    #[error("{0} is not the address of a server, such as http://localhost:8080")]
    BadUrl(String),
    /// An address that needs TLS.
    #[error("{0} needs TLS, which this client does not speak: use http:// or a local proxy")]
    NoTls(String),
    /// A header that HTTP cannot carry.
    #[error("{0} is not an HTTP header")]
    BadHeader(String),
    /// The network.
    #[error("cannot reach the server: {0}")]
    Io(#[from] std::io::Error),
    /// The server answered the handshake with an HTTP status.
    #[error("the server refused the connection with HTTP {status}")]
    Refused {
        /// The status.
        status: u16,
        /// `Retry-After`, seconds.
        retry_after_s: Option<u64>,
    },
    /// The handshake broke off.
    #[error("the handshake failed: {0}")]
    Handshake(Box<Error>),
    /// It took too long.
    #[error("the server did not answer in time")]
    TimedOut,
}

/// Why a socket cannot be used any more.
#[derive(Debug, thiserror::Error)]
pub enum RawError {
    /// The connection broke without a close frame.
    #[error("the connection broke: {0}")]
    Broken(Box<Error>),
    /// The server closed.
    #[error("closed with {code:?}: {reason}")]
    Closed {
        /// The code.
        code: Option<u16>,
        /// The words.
        reason: String,
    },
    /// A text that is no frame of the protocol.
    #[error(transparent)]
    Frame(#[from] BadServerFrame),
    /// A binary message.
    #[error("a binary message from the server")]
    Binary,
}

/// What a socket gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A ping (answered already) or a pong.
    Control,
    /// The end, with or without a close frame.
    Closed {
        /// The code.
        code: Option<u16>,
        /// The words.
        reason: String,
    },
}

/// One socket.
#[derive(Debug)]
pub struct RawSocket {
    stream: WebSocketStream<TcpStream>,
}

impl RawSocket {
    /// Connects and shakes hands; sends nothing.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(options: &RawOptions) -> Result<RawSocket, ConnectError> {
        match tokio::time::timeout(options.connect_timeout, Self::open(options)).await {
            Ok(opened) => opened,
            Err(_elapsed) => Err(ConnectError::TimedOut),
        }
    }

    async fn open(options: &RawOptions) -> Result<RawSocket, ConnectError> {
        let uri = study_uri(&options.url)?;
        let tcp = connect_tcp(&uri, options).await?;
        let mut request = uri.into_client_request().map_err(|_| ConnectError::BadUrl(options.url.clone()))?;
        let headers = request.headers_mut();
        if let Some(subprotocol) = &options.subprotocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, header_value(subprotocol)?);
        }
        for (name, value) in &options.headers {
            let name = name.parse::<HeaderName>().map_err(|_| ConnectError::BadHeader(name.clone()))?;
            headers.insert(name, header_value(value)?);
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(SERVER_FRAME_BYTES_MAX))
            .max_frame_size(Some(SERVER_FRAME_BYTES_MAX));
        let (stream, _response) =
            client_async_with_config(request, tcp, Some(config)).await.map_err(handshake_error)?;
        Ok(RawSocket { stream })
    }

    /// Sends a text message, whatever it says.
    ///
    /// # Errors
    /// When the socket is at its end.
    pub async fn send_text(&mut self, text: impl Into<String>) -> Result<(), RawError> {
        self.send_message(Message::text(text.into())).await
    }

    /// Sends any message: binary, ping, part of a fragmented one.
    ///
    /// # Errors
    /// When the socket is at its end.
    pub async fn send_message(&mut self, message: Message) -> Result<(), RawError> {
        self.stream.send(message).await.map_err(ended)
    }

    /// Asks the other side for a sign of life, which comes as [`Incoming::Control`].
    ///
    /// # Errors
    /// When the socket is at its end.
    pub async fn ping(&mut self) -> Result<(), RawError> {
        self.send_message(Message::Ping(Vec::new().into())).await
    }

    /// Sends a frame of the protocol.
    ///
    /// # Errors
    /// When the socket is at its end.
    pub async fn send_frame(&mut self, frame: &ClientFrame) -> Result<(), RawError> {
        self.send_text(frame.encode()).await
    }

    /// Puts a message into the write buffer, to be sent with the next [`RawSocket::flush`].
    ///
    /// # Errors
    /// When the socket is at its end.
    pub async fn feed_text(&mut self, text: impl Into<String>) -> Result<(), RawError> {
        self.stream.feed(Message::text(text.into())).await.map_err(ended)
    }

    /// Sends what was fed.
    ///
    /// # Errors
    /// When the socket is at its end.
    pub async fn flush(&mut self) -> Result<(), RawError> {
        self.stream.flush().await.map_err(ended)
    }

    /// The next thing that happens. May be dropped and called again. After [`Incoming::Closed`] nothing more
    /// comes.
    pub async fn recv(&mut self) -> Incoming {
        match self.stream.next().await {
            Some(Ok(Message::Text(text))) => Incoming::Text(text.as_str().to_owned()),
            Some(Ok(Message::Binary(bytes))) => Incoming::Binary(bytes.to_vec()),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Incoming::Control,
            Some(Ok(Message::Close(frame))) => closed_by(frame),
            Some(Err(error)) => Incoming::Closed { code: None, reason: error.to_string() },
            None => Incoming::Closed { code: None, reason: "the connection ended".to_owned() },
        }
    }

    /// The next frame of the protocol.
    ///
    /// # Errors
    /// [`RawError`]: the end, or something that is no frame.
    pub async fn recv_frame(&mut self) -> Result<ServerFrame, RawError> {
        loop {
            match self.recv().await {
                Incoming::Text(text) => return Ok(ServerFrame::decode(&text)?),
                Incoming::Control => {}
                Incoming::Binary(_) => return Err(RawError::Binary),
                Incoming::Closed { code, reason } => return Err(RawError::Closed { code, reason }),
            }
        }
    }

    /// Sends a close frame; read on until [`Incoming::Closed`] for the server's answer.
    ///
    /// # Errors
    /// When the socket is at its end.
    pub async fn close(&mut self, code: u16, reason: &str) -> Result<(), RawError> {
        let reason: String = reason.chars().take(CLOSE_REASON_BYTES_MAX / 4).collect();
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
        self.stream.close(Some(frame)).await.map_err(ended)
    }

    /// The TCP connection below, to break it as it stands.
    pub fn into_tcp(self) -> TcpStream {
        self.stream.into_inner()
    }
}

fn closed_by(frame: Option<CloseFrame>) -> Incoming {
    match frame {
        Some(frame) => {
            Incoming::Closed { code: Some(frame.code.into()), reason: frame.reason.as_str().to_owned() }
        }
        None => Incoming::Closed { code: None, reason: String::new() },
    }
}

fn ended(error: Error) -> RawError {
    RawError::Broken(Box::new(error))
}

fn header_value(text: &str) -> Result<HeaderValue, ConnectError> {
    HeaderValue::from_str(text).map_err(|_| ConnectError::BadHeader(text.to_owned()))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "errors of another crate: all but one are the same to us")]
fn handshake_error(error: Error) -> ConnectError {
    match error {
        Error::Http(response) => {
            let retry_after = response.headers().get(header::RETRY_AFTER);
            let retry_after_s =
                retry_after.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
            ConnectError::Refused { status: response.status().as_u16(), retry_after_s }
        }
        Error::Io(error) => ConnectError::Io(error),
        other => ConnectError::Handshake(Box::new(other)),
    }
}

/// The address of the study socket of the server that a user names.
fn study_uri(url: &str) -> Result<Uri, ConnectError> {
    let bad = || ConnectError::BadUrl(url.to_owned());
    let uri: Uri = url.trim().parse().map_err(|_| bad())?;
    match uri.scheme_str() {
        Some("ws" | "http") => {}
        Some("wss" | "https") => return Err(ConnectError::NoTls(url.to_owned())),
        Some(_) | None => return Err(bad()),
    }
    let authority = uri.authority().ok_or_else(bad)?;
    let path = match uri.path_and_query().map(|path| path.as_str()) {
        None | Some("" | "/") => protocol::STUDY_PATH,
        Some(path) => path,
    };
    Uri::builder().scheme("ws").authority(authority.clone()).path_and_query(path).build().map_err(|_| bad())
}

async fn connect_tcp(uri: &Uri, options: &RawOptions) -> Result<TcpStream, ConnectError> {
    let host = uri.host().ok_or_else(|| ConnectError::BadUrl(options.url.clone()))?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut last = None;
    for address in lookup_host((host, uri.port_u16().unwrap_or(80))).await? {
        if options.local_addr.is_some_and(|local| local.is_ipv4() != address.is_ipv4()) {
            continue;
        }
        match connect_to(address, options).await {
            Ok(tcp) => return Ok(tcp),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| std::io::Error::from(std::io::ErrorKind::AddrNotAvailable)).into())
}

async fn connect_to(address: SocketAddr, options: &RawOptions) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(bytes) = options.receive_buffer_bytes {
        socket.set_recv_buffer_size(bytes)?;
    }
    if let Some(local) = options.local_addr {
        crate::source::bind(&socket, local)?;
    }
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_be_named_in_the_ways_people_do() {
        for (url, expected) in [
            ("http://localhost:8080", "ws://localhost:8080/ws/v1/study"),
            ("http://127.0.0.1/", "ws://127.0.0.1/ws/v1/study"),
            ("ws://[::1]:9/ws/v1/study", "ws://[::1]:9/ws/v1/study"),
            ("ws://host/echo?x=1", "ws://host/echo?x=1"),
        ] {
            assert_eq!(study_uri(url).unwrap().to_string(), expected);
        }
        assert!(matches!(study_uri("https://host"), Err(ConnectError::NoTls(_))));
        for url in ["", "host:8080", "ftp://host", "/path"] {
            assert!(matches!(study_uri(url), Err(ConnectError::BadUrl(_))), "{url}");
        }
    }
}
