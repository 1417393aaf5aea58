//! Ids of what is made, and `Idempotency-Key`.
//!
//! A request with a key makes things whose ids follow from the person, the key and the place. Sent again, it finds
//! what it made: no answer has to be remembered, and no restart forgets it. What the key was first used for is
//! remembered as a digest, so that another request with the same key is refused instead of taken for the first.

use crate::http::limits::KEY_BYTES_MAX;
use crate::http::{App, Caller, Code, Problem};
use actix_web::http::header::HeaderMap;
use actix_web::{HttpMessage, HttpRequest};
use domain::ids::Uuid;
use ports::library::RequestDigest;
use sha2::{Digest, Sha256};

/// The header.
const KEY: &str = "idempotency-key";

/// The key of a request, bound to who sent it.
#[derive(Clone, Debug)]
pub(super) struct Key(Option<Given>);

#[derive(Clone, Debug)]
struct Given {
    id: Uuid,
    /// Of the method and target, and of the body where it was read before.
    asks: Sha256,
}

/// The digest of a body that was read, kept with its request where there is a key.
struct BodyDigest(RequestDigest);

/// Whether what is read of the body has to be noted with [`note_body`].
pub(super) fn has_key(headers: &HeaderMap) -> bool {
    headers.contains_key(KEY)
}

/// Notes what was read of a request's body.
pub(super) fn note_body(request: &HttpRequest, bytes: &[u8]) {
    if has_key(request.headers()) {
        request.extensions_mut().insert(BodyDigest(Sha256::digest(bytes).into()));
    }
}

/// `Idempotency-Key` as it was sent.
pub(super) fn text_of(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    let Some(value) = request.headers().get(KEY) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    if text.is_empty() || text.len() > KEY_BYTES_MAX {
        return Err(Problem::invalid(format!(
            "`Idempotency-Key` has 1 to {KEY_BYTES_MAX} visible characters."
        )));
    }
    Ok(Some(text))
}

impl Key {
    /// Reads `Idempotency-Key`.
    pub(super) fn of(request: &HttpRequest, caller: &Caller) -> Result<Key, Problem> {
        let Some(text) = text_of(request)? else { return Ok(Key(None)) };
        let id = Uuid::new_v5(&caller.user.0, format!("request:{text}").as_bytes());
        let mut asks = Sha256::new();
        let target = [request.method().as_str(), request.path(), request.query_string()];
        target.iter().for_each(|part| asks.update([part.as_bytes(), &[0]].concat()));
        if let Some(BodyDigest(body)) = request.extensions().get() {
            asks.update(body);
        }
        Ok(Key(Some(Given { id, asks })))
    }

    /// Whether the request may be a repetition.
    pub(super) fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// The id of the `at`-th thing that the request makes at a place: always the same with a key, a fresh one without.
    pub(super) fn id(&self, place: &str, at: usize) -> Uuid {
        let of_key = |given: &Given| Uuid::new_v5(&given.id, format!("{place}:{at}").as_bytes());
        self.0.as_ref().map_or_else(Uuid::now_v7, of_key)
    }

    /// Takes the key for this request, right before it makes what it asks for.
    ///
    /// # Errors
    /// 422 if it was taken for another one.
    pub(super) async fn take(&self, app: &App) -> Result<(), Problem> {
        self.take_with(app, &[]).await
    }

    /// The same for a body that was read since, by its digest.
    pub(super) async fn take_with(&self, app: &App, body: &[u8]) -> Result<(), Problem> {
        let Some(given) = &self.0 else { return Ok(()) };
        let asks: RequestDigest = given.asks.clone().chain_update(body).finalize().into();
        if app.library.note_request(given.id, asks, app.clock.wall_ms()).await? == asks {
            return Ok(());
        }
        let detail = "This `Idempotency-Key` was used for another request; give each request its own.";
        Err(Problem::new(Code::KeyReused, detail))
    }
}
