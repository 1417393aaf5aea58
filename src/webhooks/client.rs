//! One attempt: look up, look at the address, connect to that very address, send, hear the status. Redirects are not
//! followed, and an answer's body is thrown away.

use super::HookOptions;
use super::limits::{ANSWER_BODY_WITHIN_MS, ANSWER_BYTES_MAX, ANSWER_HEAD_BYTES_MAX, RESOLVE_WITHIN_MS};
use super::target::{Target, may_reach};
use actix_web::http::header::HttpDate;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use ports::Boxed;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{InvalidDnsNameError, ServerName};
use tokio_rustls::rustls::{ClientConfig, Error as TlsError};

/// How this program names itself to receivers.
const AGENT: &str = concat!("studyhall/", env!("CARGO_PKG_VERSION"));

/// Finds the addresses of a name.
pub type Resolve = Arc<dyn Fn(String, u16) -> Boxed<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// As the system finds them.
pub fn system_resolver() -> Resolve {
    Arc::new(|host, port| Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) }))
}

/// What is sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, Unix seconds.
    pub timestamp_s: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// JSON.
    pub body: Bytes,
}

/// What a receiver said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// How long it wants to rest, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It took too long.
    #[error("it took too long")]
    TooSlow,
    /// The name leads nowhere.
    #[error("the name of the receiver could not be looked up")]
    Unknown,
    /// The name leads to where nothing is sent.
    #[error("the name of the receiver leads to an address that is not of the public network")]
    NotPublic,
    /// The name is none that a certificate can have.
    #[error("the name of the receiver cannot stand in a certificate: {0}")]
    Name(#[from] InvalidDnsNameError),
    /// The connection did not come about, or broke.
    #[error("no connection: {0}")]
    Io(#[from] io::Error),
    /// What was said is no HTTP, or too long.
    #[error("no answer: {0}")]
    Http(#[from] hyper::Error),
    /// The message cannot be written as a request.
    #[error("the message could not be written: {0}")]
    Request(#[from] hyper::http::Error),
}

/// Sends messages.
#[derive(Clone)]
pub struct Client {
    resolve: Resolve,
    tls: TlsConnector,
    allow_loopback: bool,
    within: Duration,
}

impl Client {
    /// A client that believes the certificates which the field's programs believe, and those of the authorities named.
    ///
    /// # Errors
    /// The library of TLS knows none of its own versions: a fault of the program.
    pub fn new(options: &HookOptions) -> Result<Client, TlsError> {
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(options.authorities.roots())
            .with_no_client_auth();
        Ok(Client {
            resolve: Arc::clone(&options.resolve),
            tls: TlsConnector::from(Arc::new(config)),
            allow_loopback: options.allow_loopback,
            within: Duration::from_millis(options.attempt_within_ms),
        })
    }

    /// Sends one message, within a bounded time. Once the head of an answer was heard that is the answer, whatever becomes
    /// of its body.
    ///
    /// # Errors
    /// [`SendError`]: nobody knows whether the receiver has it.
    pub async fn send(&self, target: &Target, message: Message) -> Result<Answer, SendError> {
        let heard = OnceLock::new();
        let sent = timeout(self.within, self.attempt(target, message, &heard)).await;
        sent.unwrap_or(Err(SendError::TooSlow)).or_else(|error| heard.into_inner().ok_or(error))
    }

    async fn attempt(
        &self,
        target: &Target,
        message: Message,
        heard: &OnceLock<Answer>,
    ) -> Result<Answer, SendError> {
        let addresses = self.addresses(target).await?;
        let stream = connect(&addresses).await?;
        if !target.is_tls {
            return spoken(stream, target, message, heard).await;
        }
        let name = match target.address {
            Some(address) => ServerName::from(address),
            None => ServerName::try_from(target.host.clone())?,
        };
        spoken(self.tls.connect(name, stream).await?, target, message, heard).await
    }

    /// The addresses to connect to. One that may not be reached spoils them all: a name that leads here and there is meant
    /// to lead here.
    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, SendError> {
        let addresses = match target.address {
            Some(address) => vec![SocketAddr::new(address, target.port)],
            None => {
                let looked_up = (self.resolve)(target.host.clone(), target.port);
                let within = timeout(Duration::from_millis(RESOLVE_WITHIN_MS), looked_up).await;
                within.map_err(|_| SendError::Unknown)?.map_err(|_| SendError::Unknown)?
            }
        };
        if addresses.is_empty() {
            return Err(SendError::Unknown);
        }
        // By plain http nobody but this very machine is spoken to.
        let may = |at: &SocketAddr| {
            may_reach(at.ip(), self.allow_loopback) && (target.is_tls || at.ip().is_loopback())
        };
        if addresses.iter().all(may) { Ok(addresses) } else { Err(SendError::NotPublic) }
    }
}

/// Connects to the first address that answers.
async fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return stream.set_nodelay(true).map(|()| stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
}

/// Says a message over a connection, and hears the answer: it is kept as soon as its head is there. The connection ends
/// with this.
async fn spoken<S>(
    stream: S,
    target: &Target,
    message: Message,
    heard: &OnceLock<Answer>,
) -> Result<Answer, SendError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = Request::post(&target.path)
        .header(HOST, target.authority())
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, AGENT)
        .header(CONNECTION, "close")
        .header("webhook-id", message.id)
        .header("webhook-timestamp", message.timestamp_s)
        .header("webhook-signature", message.signature)
        .body(Full::new(message.body))?;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(ANSWER_HEAD_BYTES_MAX);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    let said = async {
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let answer = *heard.get_or_init(|| Answer { status, retry_after_ms: retry_after(&response) });
        let within = Duration::from_millis(ANSWER_BODY_WITHIN_MS);
        // A receiver that does not end its body has said what it had to say.
        let _ = timeout(within, thrown_away(response.into_body())).await;
        Ok(answer)
    };
    // The connection moves what is said; it lives no longer than the answer is heard.
    tokio::select! {
        answer = said => answer,
        error = async { match connection.await { Ok(()) => std::future::pending().await, Err(error) => error } } => Err(error.into()),
    }
}

fn retry_after(response: &Response<Incoming>) -> Option<u64> {
    rest_ms(response.headers().get(RETRY_AFTER)?.to_str().ok()?, SystemTime::now())
}

/// How long a receiver wants to rest by its `Retry-After`, in milliseconds: seconds, or a moment in any form that HTTP
/// has; one that is past is none at all.
fn rest_ms(said: &str, now: SystemTime) -> Option<u64> {
    if let Ok(seconds) = said.trim().parse::<u64>() {
        return Some(seconds.saturating_mul(1_000));
    }
    let until = SystemTime::from(said.trim().parse::<HttpDate>().ok()?);
    let rest = until.duration_since(now).unwrap_or_default();
    Some(u64::try_from(rest.as_millis()).unwrap_or(u64::MAX))
}

/// Reads what belongs to a polite answer and no more.
async fn thrown_away(mut body: Incoming) {
    let mut read = 0;
    while read < ANSWER_BYTES_MAX
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, Bytes::len).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_says_how_long_it_rests_in_seconds_or_by_a_date_in_any_form_that_http_has() {
        // 1994-11-06T08:49:37Z, less a minute and a half.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 90);
        for date in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(rest_ms(date, now), Some(90_000), "{date}");
            assert_eq!(rest_ms(date, now + Duration::from_secs(3_600)), Some(0), "it is past");
        }
        assert_eq!(rest_ms(" 120 ", now), Some(120_000));
        assert_eq!(rest_ms("99999999999999999999", now), None);
        for none in ["", "-1", "soon", "Sun, 31 Feb 1994 08:49:37 GMT", "06 Nov 1994"] {
            assert_eq!(rest_ms(none, now), None, "{none}");
        }
    }
}
