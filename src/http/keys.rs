//! Ids of what is made, and `Idempotency-Key`.
//!
//! A request with a key makes things whose ids follow from the person, the key and the place. Sent again, it finds
//! what it made: nothing has to be remembered, and no restart forgets it.

use crate::http::limits::KEY_BYTES_MAX;
use crate::http::{Caller, Problem};
use actix_web::HttpRequest;
use domain::ids::Uuid;

/// The key of a request, bound to who sent it.
#[derive(Clone, Debug)]
pub(super) struct Key(Option<Uuid>);

impl Key {
    /// Reads `Idempotency-Key`.
    pub(super) fn of(request: &HttpRequest, caller: &Caller) -> Result<Key, Problem> {
        let Some(value) = request.headers().get("idempotency-key") else { return Ok(Key(None)) };
        let text = value.to_str().unwrap_or_default();
        if text.is_empty() || text.len() > KEY_BYTES_MAX {
            return Err(Problem::invalid(format!(
                "`Idempotency-Key` has 1 to {KEY_BYTES_MAX} visible characters."
            )));
        }
        Ok(Key(Some(Uuid::new_v5(&caller.user.0, format!("request:{text}").as_bytes()))))
    }

    /// Whether the request may be a repetition.
    pub(super) fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// The id of the `at`-th thing that the request makes at a place: always the same with a key, a fresh one without.
    pub(super) fn id(&self, place: &str, at: usize) -> Uuid {
        self.0.map_or_else(Uuid::now_v7, |key| Uuid::new_v5(&key, format!("{place}:{at}").as_bytes()))
    }
}
