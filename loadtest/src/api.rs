//! The HTTP API, over one connection that is kept.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpSocket;

/// How long a request may take.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);

/// One connection for one user.
pub struct Api {
    server: SocketAddr,
    from: Option<IpAddr>,
    token: String,
    connection: Option<SendRequest<Full<Bytes>>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The network.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    /// HTTP.
    #[error("the request failed: {0}")]
    Http(#[from] hyper::Error),
    /// A request that cannot be said in HTTP.
    #[error("{0} cannot be asked for: {1}")]
    Request(String, hyper::http::Error),
    /// It took too long.
    #[error("no answer within {} s", REQUEST_WITHIN.as_secs())]
    Late,
    /// The body is not JSON.
    #[error("the answer is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A status that was not expected.
    #[error("{path} was answered with {status}: {body}")]
    Status {
        /// What was asked for.
        path: String,
        /// The status.
        status: u16,
        /// The beginning of the answer.
        body: String,
    },
    /// The answer lacks something.
    #[error("{0} is not in the answer")]
    Lacks(&'static str),
}

/// An answer.
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// The body; null when it is none.
    pub body: Value,
}

impl Api {
    /// A connection that opens with the first request.
    pub const fn new(server: SocketAddr, from: Option<IpAddr>, token: String) -> Api {
        Api { server, from, token, connection: None }
    }

    /// Asks, and expects an answer below 300.
    ///
    /// # Errors
    /// [`ApiError`]; any other status is one too.
    pub async fn expect(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ApiError> {
        let answered = self.ask(method, path, body).await?;
        if answered.status.is_success() {
            return Ok(answered.body);
        }
        let body = answered.body.to_string().chars().take(300).collect();
        Err(ApiError::Status { path: path.to_owned(), status: answered.status.as_u16(), body })
    }

    /// Asks. A connection that turns out to be closed is opened again at the next request.
    ///
    /// # Errors
    /// [`ApiError`], but never for a status.
    pub async fn ask(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answered, ApiError> {
        let text = self.text(method, path, body).await?;
        let (status, text) = text;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_slice(&text)? };
        Ok(Answered { status, body })
    }

    /// Asks for something that is not JSON.
    ///
    /// # Errors
    /// [`ApiError`], but never for a status.
    pub async fn text(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Bytes), ApiError> {
        let asked = tokio::time::timeout(REQUEST_WITHIN, self.send(method, path, body)).await;
        let outcome = asked.unwrap_or(Err(ApiError::Late));
        if outcome.is_err() {
            self.connection = None;
        }
        outcome
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Bytes), ApiError> {
        let mut connection = match self.connection.take().filter(|open| !open.is_closed()) {
            Some(open) => open,
            None => self.open().await?,
        };
        let mut request = Request::builder().method(method).uri(path).header(HOST, self.server.to_string());
        if !self.token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {}", self.token));
        }
        let bytes = match body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Bytes::from(serde_json::to_vec(body)?)
            }
            None => Bytes::new(),
        };
        let request =
            request.body(Full::new(bytes)).map_err(|error| ApiError::Request(path.to_owned(), error))?;
        connection.ready().await?;
        let response = connection.send_request(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        self.connection = Some(connection);
        Ok((status, bytes))
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>, ApiError> {
        let socket = if self.server.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(from) = self.from {
            client::source::bind(&socket, from)?;
        }
        socket.set_nodelay(true)?;
        let stream = socket.connect(self.server).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the sender, and what it has to say the sender's requests say.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }
}
