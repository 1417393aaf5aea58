//! Handshakes that are refused, as problem JSON (RFC 9457).

use actix_http::header::{self, HeaderName, HeaderValue};
use actix_http::{Response, StatusCode};
use bytes::Bytes;

/// Why a handshake was refused: the stable code of the answer, and a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalKind {
    /// No socket lives at this path.
    NotFound,
    /// Not the opening handshake of RFC 6455.
    BadHandshake,
    /// A version of the protocol other than 13.
    UnsupportedVersion,
    /// A page of another origin.
    ForeignOrigin,
    /// The sub-protocol was not offered.
    MissingSubprotocol,
    /// The server lets nobody in any more.
    Draining,
    /// Too many sockets that have not signed in.
    TooMany,
    /// A reason of those above the layer.
    Other,
}

impl RefusalKind {
    /// Every kind.
    pub const ALL: [RefusalKind; 8] = [
        Self::NotFound,
        Self::BadHandshake,
        Self::UnsupportedVersion,
        Self::ForeignOrigin,
        Self::MissingSubprotocol,
        Self::Draining,
        Self::TooMany,
        Self::Other,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::BadHandshake => "bad_handshake",
            Self::UnsupportedVersion => "unsupported_version",
            Self::ForeignOrigin => "foreign_origin",
            Self::MissingSubprotocol => "missing_subprotocol",
            Self::Draining => "draining",
            Self::TooMany => "too_many_connections",
            Self::Other => "refused",
        }
    }
}

/// The answer to a handshake that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    kind: RefusalKind,
    code: &'static str,
    detail: &'static str,
    header: Option<(HeaderName, &'static str)>,
}

impl Refusal {
    const fn layer(status: StatusCode, kind: RefusalKind, detail: &'static str) -> Self {
        Self { status, kind, code: kind.code(), detail, header: None }
    }

    fn with_header(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// A reason of an app: `code` is stable, `detail` a sentence for people; neither needs escaping in JSON.
    #[must_use]
    pub const fn new(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self { status, kind: RefusalKind::Other, code, detail, header: None }
    }

    pub(super) const fn not_found() -> Self {
        Self::layer(StatusCode::NOT_FOUND, RefusalKind::NotFound, "there is no WebSocket at this path")
    }

    pub(super) const fn bad_handshake(detail: &'static str) -> Self {
        Self::layer(StatusCode::BAD_REQUEST, RefusalKind::BadHandshake, detail)
    }

    pub(super) fn method() -> Self {
        let refusal = Self::layer(
            StatusCode::METHOD_NOT_ALLOWED,
            RefusalKind::BadHandshake,
            "a WebSocket handshake is a GET request",
        );
        refusal.with_header(header::ALLOW, "GET")
    }

    pub(super) fn version() -> Self {
        let refusal = Self::layer(
            StatusCode::UPGRADE_REQUIRED,
            RefusalKind::UnsupportedVersion,
            "only version 13 of the WebSocket protocol is spoken",
        );
        refusal.with_header(header::SEC_WEBSOCKET_VERSION, "13")
    }

    pub(super) const fn foreign_origin() -> Self {
        Self::layer(
            StatusCode::FORBIDDEN,
            RefusalKind::ForeignOrigin,
            "pages of this origin may not open a socket here",
        )
    }

    pub(super) const fn subprotocol() -> Self {
        Self::layer(
            StatusCode::BAD_REQUEST,
            RefusalKind::MissingSubprotocol,
            "offer the sub-protocol of this socket in Sec-WebSocket-Protocol",
        )
    }

    pub(super) fn draining() -> Self {
        let refusal = Self::layer(
            StatusCode::SERVICE_UNAVAILABLE,
            RefusalKind::Draining,
            "the server is going down; come back in a moment",
        );
        refusal.with_header(header::RETRY_AFTER, "2")
    }

    pub(super) fn too_many() -> Self {
        let refusal = Self::layer(
            StatusCode::TOO_MANY_REQUESTS,
            RefusalKind::TooMany,
            "too many connections that have not signed in",
        );
        refusal.with_header(header::RETRY_AFTER, "1")
    }

    /// What it is counted as.
    #[must_use]
    pub const fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// The response's head and its body.
    pub(super) fn response(&self) -> (Response<()>, Bytes) {
        let title = self.status.canonical_reason().unwrap_or("Refused");
        let body = format!(
            r#"{{"type":"about:blank","title":"{title}","status":{},"detail":"{}","code":"{}"}}"#,
            self.status.as_u16(),
            self.detail,
            self.code
        );
        let mut response = Response::with_body(self.status, ());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some((name, value)) = &self.header {
            headers.insert(name.clone(), HeaderValue::from_static(value));
        }
        (response, Bytes::from(body))
    }
}
