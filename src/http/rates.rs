//! What is left of a person's share, in answers. What is no request to the API (pages, files, health, metrics) is not
//! counted, and neither are commands that go over a socket.

use crate::http::{Code, Problem};
use crate::rates::{Rates, seconds};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use domain::ids::UserId;
use ports::QuotaTaken;
use ports::quota::Allowance;

static LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Counts a request of a person, and remembers what is left for the answer's headers.
///
/// # Errors
/// 429 when the person asked too much.
pub(super) async fn asked(rates: &Rates, who: UserId, request: &HttpRequest) -> Result<(), Problem> {
    match rates.request(who).await {
        None => Ok(()),
        Some(QuotaTaken::Granted(allowance)) => {
            request.extensions_mut().insert(allowance);
            Ok(())
        }
        Some(QuotaTaken::Denied { allowance, retry_after_ms }) => {
            request.extensions_mut().insert(allowance);
            let detail = "You have asked for more than your share; wait as long as `Retry-After` says.";
            Err(Problem::new(Code::RateLimited, detail).retry_after_s(seconds(retry_after_ms)))
        }
    }
}

/// Tells what is left of the person's share, where it was counted.
pub(super) fn tell(request: &HttpRequest, headers: &mut HeaderMap) {
    let Some(allowance) = request.extensions().get::<Allowance>().copied() else { return };
    headers.insert(LIMIT.clone(), HeaderValue::from(allowance.limit));
    headers.insert(REMAINING.clone(), HeaderValue::from(allowance.remaining));
    headers.insert(RESET.clone(), HeaderValue::from(allowance.full_in_ms.div_ceil(1_000)));
}
