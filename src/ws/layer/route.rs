//! Which path leads to which app.

use std::rc::Rc;

use actix_http::header::{HeaderName, HeaderValue};
use actix_web::dev::{Path, ResourceDef, Url};

use super::actor::{Running, start};
use super::app::SocketApp;
use super::options::SocketOptions;
use super::refusal::Refusal;
use super::request::SocketRequest;
use super::wire::Wire;

/// Puts an app on a wire.
pub(super) type Starter = Box<dyn FnOnce(Rc<Wire>) -> Running>;

/// Makes the app of a request, or refuses it.
type Open = Box<dyn Fn(&SocketRequest<'_>) -> Result<Starter, Refusal>>;

/// A path at which sockets are opened.
pub struct SocketRoute {
    pattern: ResourceDef,
    subprotocol: Option<&'static str>,
    options: Rc<SocketOptions>,
    headers: Vec<(HeaderName, HeaderValue)>,
    open: Open,
}

impl SocketRoute {
    /// Sockets at `pattern`, in which `{name}` stands for one part of the path. `open` is called for each handshake
    /// that is in order, on the worker that will run the socket.
    pub fn new<A, F>(pattern: &str, options: SocketOptions, open: F) -> Self
    where
        A: SocketApp,
        F: Fn(&SocketRequest<'_>) -> Result<A, Refusal> + 'static,
    {
        Self {
            pattern: ResourceDef::new(pattern),
            subprotocol: None,
            options: Rc::new(options),
            headers: Vec::new(),
            open: Box::new(move |request| {
                let app = open(request)?;
                Ok(Box::new(move |wire| start(app, wire)))
            }),
        }
    }

    /// Requires that the client offers this sub-protocol, and agrees to it.
    #[must_use]
    pub fn subprotocol(self, name: &'static str) -> Self {
        Self { subprotocol: Some(name), ..self }
    }

    /// Sends this header with every handshake that is accepted.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    pub(super) fn required_subprotocol(&self) -> Option<&'static str> {
        self.subprotocol
    }

    pub(super) fn options(&self) -> &Rc<SocketOptions> {
        &self.options
    }

    pub(super) fn open(&self, request: &SocketRequest<'_>) -> Result<Starter, Refusal> {
        (self.open)(request)
    }
}

/// The first route that fits the path; the path's named parts are noted in it.
pub(super) fn find<'a>(routes: &'a [SocketRoute], path: &mut Path<Url>) -> Option<&'a SocketRoute> {
    routes.iter().find(|route| route.pattern.capture_match_info(path))
}
