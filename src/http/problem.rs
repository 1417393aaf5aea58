//! Every refusal of the HTTP API: problem JSON (RFC 9457) with a stable `code`.

use crate::auth::TokenError;
use crate::http::middleware::harden;
use crate::teaching::TeachingError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use ports::{Cause, LessonsError, LibraryError, PapersError, PeopleError, StoreError, WebhooksError};
use serde_json::{Map, Value};
use std::fmt;

/// Longest sentence of a refusal, in characters; the rest is cut off.
const DETAIL_CHARS_MAX: usize = 400;

/// The stable code of a refusal. Codes are only ever added.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Code {
    /// 400: the request cannot be read.
    Malformed,
    /// 401: there is no token.
    Unauthorized,
    /// 401: the token was right once.
    TokenExpired,
    /// 401: the token can never be right.
    TokenInvalid,
    /// 401: the code was used, or never given.
    CodeUsed,
    /// 403: seen, but not to be changed by this person.
    Forbidden,
    /// 403: the token names another organisation than the account's.
    OtherOrg,
    /// 404: does not exist, or is not to be seen.
    NotFound,
    /// 405: the path does not know this method.
    MethodNotAllowed,
    /// 408: the body came too slowly.
    TooSlow,
    /// 409: somebody else kept changing it.
    Conflict,
    /// 409: cards of an import were studied since.
    Studied,
    /// 412: no longer what `If-Match` names.
    PreconditionFailed,
    /// 413: larger than allowed.
    TooLarge,
    /// 415: not a type that is read here.
    UnsupportedType,
    /// 422: a field has a value that it cannot have.
    Invalid,
    /// 422: an imported file is broken; nothing was imported.
    BadFile,
    /// 422: the `Idempotency-Key` was used for another request.
    KeyReused,
    /// 422: known, but not offered by this server.
    NotOffered,
    /// 429: too many failed sign-ins from this address.
    TooMany,
    /// 429: this person asked for more than their share.
    RateLimited,
    /// 429: too much of this person is going on at once.
    TooManyAtOnce,
    /// 500: a fault of the server.
    Internal,
    /// 503: try again later.
    Unavailable,
}

impl Code {
    /// All of them.
    pub const ALL: [Code; 23] = [
        Code::Malformed,
        Code::Unauthorized,
        Code::TokenExpired,
        Code::TokenInvalid,
        Code::CodeUsed,
        Code::Forbidden,
        Code::OtherOrg,
        Code::NotFound,
        Code::MethodNotAllowed,
        Code::TooSlow,
        Code::Conflict,
        Code::PreconditionFailed,
        Code::TooLarge,
        Code::UnsupportedType,
        Code::Invalid,
        Code::BadFile,
        Code::KeyReused,
        Code::NotOffered,
        Code::TooMany,
        Code::RateLimited,
        Code::TooManyAtOnce,
        Code::Internal,
        Code::Unavailable,
    ];

    /// The string on the wire.
    pub const fn as_str(self) -> &'static str {
        self.parts().0
    }

    /// The status that it comes with.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.parts().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// A few words for people.
    pub const fn title(self) -> &'static str {
        self.parts().2
    }

    const fn parts(self) -> (&'static str, u16, &'static str) {
        match self {
            Code::Malformed => ("malformed", 400, "The request cannot be read"),
            Code::Unauthorized => ("unauthorized", 401, "Sign in first"),
            Code::TokenExpired => ("token_expired", 401, "The token has expired"),
            Code::TokenInvalid => ("token_invalid", 401, "The token is not accepted"),
            Code::CodeUsed => ("code_used", 401, "The code does not work"),
            Code::Forbidden => ("forbidden", 403, "Not yours to change"),
            Code::OtherOrg => ("other_org", 403, "Another organisation"),
            Code::NotFound => ("not_found", 404, "Not found"),
            Code::MethodNotAllowed => ("method_not_allowed", 405, "Method not allowed"),
            Code::TooSlow => ("too_slow", 408, "The body came too slowly"),
            Code::Conflict => ("conflict", 409, "Changed by somebody else"),
            Code::Studied => ("studied_since", 409, "Studied since it was imported"),
            Code::PreconditionFailed => ("precondition_failed", 412, "Changed since it was read"),
            Code::TooLarge => ("too_large", 413, "Too large"),
            Code::UnsupportedType => ("unsupported_type", 415, "Unsupported type"),
            Code::Invalid => ("invalid", 422, "A value is not right"),
            Code::BadFile => ("bad_file", 422, "The file is broken"),
            Code::KeyReused => ("idempotency_key_reused", 422, "The key was used for another request"),
            Code::NotOffered => ("not_offered", 422, "Not offered by this server"),
            Code::TooMany => ("too_many", 429, "Too many failed sign-ins"),
            Code::RateLimited => ("rate_limited", 429, "Too many requests"),
            Code::TooManyAtOnce => ("too_many_at_once", 429, "Too much at once"),
            Code::Internal => ("internal", 500, "A fault of the server"),
            Code::Unavailable => ("unavailable", 503, "Not available now"),
        }
    }
}

/// A refusal.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: String,
    more: Map<String, Value>,
    retry_after_s: Option<u64>,
}

impl Problem {
    /// A refusal with a sentence that helps.
    pub fn new(code: Code, detail: impl Into<String>) -> Problem {
        let mut detail: String = detail.into();
        // What was sent may stand in it, and may be as long as a body.
        if let Some((end, _)) = detail.char_indices().nth(DETAIL_CHARS_MAX) {
            detail.truncate(end);
            detail.push('…');
        }
        Problem { code, detail, more: Map::new(), retry_after_s: None }
    }

    /// What does not exist, or is not to be seen; the two are never told apart.
    pub fn not_found() -> Problem {
        Problem::new(Code::NotFound, "This does not exist, or you may not see it.")
    }

    /// A field has a value that it cannot have.
    pub fn invalid(detail: impl Into<String>) -> Problem {
        Problem::new(Code::Invalid, detail)
    }

    /// The store, or another part, cannot be used now.
    pub fn unavailable(detail: impl Into<String>) -> Problem {
        Problem::new(Code::Unavailable, detail).retry_after_s(2)
    }

    /// A fault of the server. What happened is for the log alone.
    pub fn internal() -> Problem {
        Problem::new(Code::Internal, "Something went wrong on the server; it has been logged.")
    }

    /// Adds a member beside the standard ones.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Says after how many seconds it makes sense to come back.
    #[must_use]
    pub fn retry_after_s(mut self, seconds: u64) -> Problem {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The sentence for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut document = Map::new();
        document.insert("type".into(), format!("urn:studyhall:problem:{}", self.code.as_str()).into());
        document.insert("title".into(), self.code.title().into());
        document.insert("status".into(), self.code.status().as_u16().into());
        document.insert("detail".into(), self.detail.as_str().into());
        document.insert("code".into(), self.code.as_str().into());
        document.extend(self.more.clone());
        let mut response = HttpResponse::build(self.code.status()).body(Value::Object(document).to_string());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        harden(headers);
        response
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Problem {
        let code = if error == TokenError::Expired { Code::TokenExpired } else { Code::TokenInvalid };
        Problem::new(code, format!("{error}."))
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        tracing::warn!(%error, "a request met a store error");
        match error.cause {
            Cause::Invalid => Problem::internal(),
            Cause::NoSpace => Problem::unavailable("The server has no space left to store this."),
            Cause::Timeout | Cause::Overloaded | Cause::Unavailable | Cause::Poisoned => {
                Problem::unavailable("The store does not answer now; try again.")
            }
        }
    }
}

impl From<LibraryError> for Problem {
    fn from(error: LibraryError) -> Problem {
        match error {
            LibraryError::Store(error) => error.into(),
            LibraryError::NoSuchDeck => Problem::not_found(),
            LibraryError::Changed => {
                Problem::new(Code::Conflict, "Others keep changing this deck; read it again and retry.")
            }
            LibraryError::TooManyCards => Problem::invalid(format!("{error}.")),
        }
    }
}

impl From<PeopleError> for Problem {
    fn from(error: PeopleError) -> Problem {
        match error {
            PeopleError::Store(error) => error.into(),
            PeopleError::OtherOrg => {
                Problem::new(Code::OtherOrg, "The token names another organisation than this account's.")
            }
            PeopleError::NoSuchPerson | PeopleError::NoSuchClass => Problem::not_found(),
            PeopleError::BadZone(why) => Problem::invalid(format!("{why}.")),
        }
    }
}

impl From<PapersError> for Problem {
    fn from(error: PapersError) -> Problem {
        match error {
            PapersError::Store(error) => error.into(),
            PapersError::Changed => {
                Problem::new(Code::Conflict, "It was changed meanwhile; read it again and retry.")
            }
        }
    }
}

impl From<LessonsError> for Problem {
    fn from(error: LessonsError) -> Problem {
        match error {
            LessonsError::Store(error) => error.into(),
            // Only whoever holds a class is told so, and HTTP never does.
            LessonsError::Fenced => Problem::internal(),
        }
    }
}

impl From<TeachingError> for Problem {
    fn from(error: TeachingError) -> Problem {
        match error {
            TeachingError::People(error) => error.into(),
            TeachingError::Papers(error) => error.into(),
            TeachingError::Lessons(error) => error.into(),
        }
    }
}

impl From<WebhooksError> for Problem {
    fn from(error: WebhooksError) -> Problem {
        match error {
            WebhooksError::Store(error) => error.into(),
            WebhooksError::Changed => {
                Problem::new(Code::Conflict, "The webhook was changed meanwhile; read it again and retry.")
            }
        }
    }
}
