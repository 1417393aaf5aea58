//! The echo: an ordinary server with a bare socket actor that does no work at all. What the server reaches beside it is
//! what study costs; the rest is the network, the socket's crate and the client.

use crate::frame::{self, NoSuchLength, Saved};
use crate::listen::{BACKLOG, Place, SHUTDOWN_S, ServeError};
use actix::{Actor, ActorContext as _, StreamHandler};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, web};
use actix_web_actors::ws::{self, Message, ProtocolError, WebsocketContext, WsResponseBuilder};
use bytestring::ByteString;
use protocol::limits::CLIENT_FRAME_BYTES_MAX;

/// Connections of one worker: beyond what the file limit of a process usually allows.
const CONNECTIONS_MAX: usize = 100_000;

/// `ceiling echo`.
#[derive(clap::Args, Debug)]
pub struct EchoArgs {
    #[command(flatten)]
    place: Place,
    /// 1: a card on which `saved` rides. 2: a card, and a `saved` of its own.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    frames: u8,
    /// Length of the card's frame; without it that of a card as the load generator's decks have them.
    #[arg(long)]
    reply_bytes: Option<usize>,
}

/// Why the echo does not serve.
#[derive(Debug, thiserror::Error)]
pub enum EchoError {
    /// The address or the ready file.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The card's length.
    #[error(transparent)]
    Length(#[from] NoSuchLength),
}

/// What every text message is answered with.
#[derive(Clone)]
struct Reply {
    card: ByteString,
    saved: Option<ByteString>,
}

/// Serves until it is told to stop.
///
/// # Errors
/// [`EchoError`].
pub fn run(args: &EchoArgs) -> Result<(), EchoError> {
    let (rides, saved) = match args.frames {
        2 => (Saved::Apart, Some(frame::saved().into())),
        _ => (Saved::Rides, None),
    };
    let reply = Reply { card: frame::card(rides, args.reply_bytes)?.into(), saved };
    let listener = args.place.bind()?;
    let failed = |source| args.place.failed(source);
    let address = listener.local_addr().map_err(failed)?;
    let app = move || {
        App::new().app_data(web::Data::new(reply.clone())).route(protocol::STUDY_PATH, web::get().to(open))
    };
    actix_web::rt::System::new().block_on(async {
        let server = HttpServer::new(app)
            .workers(1)
            .backlog(BACKLOG)
            .max_connections(CONNECTIONS_MAX)
            .tcp_nodelay(true)
            .shutdown_timeout(SHUTDOWN_S)
            .listen(listener)
            .map_err(failed)?
            .run();
        args.place.ready(address)?;
        Ok(server.await.map_err(failed)?)
    })
}

async fn open(
    request: HttpRequest,
    body: web::Payload,
    reply: web::Data<Reply>,
) -> Result<HttpResponse, Error> {
    let echo = Echo { reply: reply.get_ref().clone() };
    WsResponseBuilder::new(echo, &request, body)
        .protocols(&[protocol::SUBPROTOCOL])
        .frame_size(CLIENT_FRAME_BYTES_MAX)
        .start()
}

struct Echo {
    reply: Reply,
}

impl Actor for Echo {
    type Context = WebsocketContext<Self>;
}

impl StreamHandler<Result<Message, ProtocolError>> for Echo {
    fn handle(&mut self, message: Result<Message, ProtocolError>, context: &mut ws::WebsocketContext<Self>) {
        match message {
            Ok(Message::Text(_)) => {
                context.text(self.reply.card.clone());
                if let Some(saved) = &self.reply.saved {
                    context.text(saved.clone());
                }
            }
            Ok(Message::Ping(bytes)) => context.pong(&bytes),
            Ok(Message::Close(reason)) => {
                context.close(reason);
                context.stop();
            }
            Ok(Message::Binary(_) | Message::Continuation(_) | Message::Pong(_) | Message::Nop) => {}
            Err(_broken) => context.stop(),
        }
    }
}
