//! From a request that asks for a WebSocket to a running pump, or to a refusal.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_codec::Framed;
use actix_http::body::BodySize;
use actix_http::header::{self, HeaderName, HeaderValue};
use actix_http::{ConnectionType, Request, Response, h1};
use actix_web::dev::{Path, Url};
use bytes::Bytes;
use futures_core::future::LocalBoxFuture;
use futures_util::SinkExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::counters::WorkerCounters;
use super::gate::{Gate, Ticket};
use super::options::SocketOptions;
use super::pump::Pump;
use super::refusal::Refusal;
use super::request::{SocketId, SocketRequest};
use super::route::{SocketRoute, Starter, find};
use super::wire::Wire;
use super::{handshake, serve::Door};

/// How long a client may take to read a refusal.
const REFUSAL_MAX: Duration = Duration::from_secs(1);

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A worker's side of the door: what it needs to decide over a handshake.
pub(super) struct Entrance {
    pub routes: Vec<SocketRoute>,
    pub door: Arc<Door>,
    pub counters: Arc<WorkerCounters>,
}

/// A connection that asks for a WebSocket, until the handshake is over. The socket then lives in a task of its own: that
/// of the connection has room for all that an HTTP connection may become, more than a kilobyte, and ends here.
pub(super) struct Upgrade(LocalBoxFuture<'static, Option<Pump>>);

impl Upgrade {
    pub fn new(entrance: Rc<Entrance>, request: Request, framed: Framed<TcpStream, h1::Codec>) -> Self {
        Self(Box::pin(shake_hands(entrance, request, framed)))
    }
}

impl Future for Upgrade {
    type Output = Result<(), Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(pump) = ready!(self.0.as_mut().poll(cx)) {
            actix_rt::spawn(pump);
        }
        Poll::Ready(Ok(()))
    }
}

/// A handshake that may be answered with 101.
struct Admitted {
    response: Response<()>,
    options: Rc<SocketOptions>,
    ticket: Option<Ticket>,
    starter: Starter,
}

async fn shake_hands(
    entrance: Rc<Entrance>,
    request: Request,
    mut framed: Framed<TcpStream, h1::Codec>,
) -> Option<Pump> {
    let id = SocketId::next();
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let address = (entrance.door.address_of)(request.head().headers(), peer);
    match admit(&entrance, &request, address, id) {
        Ok(Admitted { mut response, options, ticket, starter }) => {
            if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
                response.headers_mut().insert(X_REQUEST_ID, value);
            }
            framed.send(h1::Message::Item((response, BodySize::None))).await.ok()?;
            let parts = framed.into_parts();
            let _ = socket2::SockRef::from(&parts.io).set_send_buffer_size(entrance.door.send_buffer_bytes);
            tracing::debug!(socket = %id, %address, path = request.path(), "socket opened");
            let first = parts.read_buf.to_vec();
            let counters = Arc::clone(&entrance.counters);
            let wire = Wire::new(parts.io, first, options, counters, ticket, (id, address));
            let actor = starter(Rc::clone(&wire));
            Some(Pump::new(wire, actor))
        }
        Err(refusal) => {
            tracing::debug!(socket = %id, %address, path = request.path(), kind = ?refusal.kind(), "socket refused");
            entrance.counters.refused(refusal.kind());
            // A client that does not read its refusal is not waited for.
            let _ = tokio::time::timeout(REFUSAL_MAX, refuse(framed, &refusal, id)).await;
            None
        }
    }
}

/// Decides over a handshake. What costs nothing comes first; the app is asked last.
fn admit(entrance: &Entrance, request: &Request, address: IpAddr, id: SocketId) -> Result<Admitted, Refusal> {
    let head = request.head();
    let mut path = Path::new(Url::new(head.uri.clone()));
    let route = find(&entrance.routes, &mut path).ok_or_else(Refusal::not_found)?;
    let mut response = handshake::check(head)?;
    if entrance.door.gate.is_draining() {
        return Err(Refusal::draining());
    }
    if !handshake::origin_is_allowed(head.headers(), &entrance.door.allowed_origins) {
        return Err(Refusal::foreign_origin());
    }
    if let Some(subprotocol) = route.required_subprotocol() {
        if !handshake::offers(head.headers(), subprotocol) {
            return Err(Refusal::subprotocol());
        }
        response.insert_header((header::SEC_WEBSOCKET_PROTOCOL, subprotocol));
    }
    for header in route.headers() {
        response.append_header(header.clone());
    }
    let ticket = match route.options().sign_in_max {
        Some(_) => Some(Gate::enter(&entrance.door.gate, address)?),
        None => None,
    };
    let starter = route.open(&SocketRequest { head, path: &path, address, id })?;
    let response = response.finish().drop_body();
    Ok(Admitted { response, options: Rc::clone(route.options()), ticket, starter })
}

/// Answers with a refusal and sees the connection off.
async fn refuse(mut framed: Framed<TcpStream, h1::Codec>, refusal: &Refusal, id: SocketId) -> io::Result<()> {
    let (mut response, body) = refusal.response();
    response.head_mut().set_connection_type(ConnectionType::Close);
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    framed.send(h1::Message::Item((response, BodySize::Sized(body.len() as u64)))).await?;
    let chunk: h1::Message<(Response<()>, BodySize)> = h1::Message::Chunk(Some(Bytes::clone(&body)));
    framed.send(chunk).await?;
    let mut io = framed.into_parts().io;
    io.shutdown().await?;
    let mut rest = [0; 1024];
    while io.read(&mut rest).await? > 0 {}
    Ok(())
}
