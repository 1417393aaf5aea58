//! Who is let in at the operator's port. It asks for no token, so a page of another site that an operator has open must
//! not get through it: neither by sending forms, nor by a name of its own that it points at this address.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HOST, ORIGIN};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use std::net::IpAddr;

/// What a request that changes something must carry: no page of another site can send it.
pub const MARK: &str = "x-studyhall-admin";

/// The way in.
pub(super) async fn only_operators(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let is_probe = matches!(request.path(), "/healthz" | "/readyz" | "/metrics");
    let refused = if !is_probe && !is_plain_host(header(HOST.as_str()).unwrap_or_default()) {
        Some("Ask by address, by localhost, or by a name without a dot: other names may be somebody else's.")
    } else if header(ORIGIN.as_str()).is_some() {
        Some("Requests of pages are not answered here.")
    } else if request.method() != Method::GET && request.method() != Method::HEAD && header(MARK).is_none() {
        Some("A request that changes something carries the header `x-studyhall-admin: 1`.")
    } else {
        None
    };
    match refused {
        Some(why) => {
            let body = serde_json::json!({"code": "forbidden", "detail": why});
            Ok(request.into_response(HttpResponse::Forbidden().json(body)))
        }
        None => next.call(request).await,
    }
}

/// Whether a `Host` is an address, this machine, or a name of the own network: what no foreign page can be called.
fn is_plain_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.parse::<IpAddr>().is_ok() || (!name.is_empty() && !name.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::is_plain_host;

    #[test]
    fn addresses_and_names_of_the_own_network_are_plain_and_names_of_the_world_are_not() {
        for host in ["127.0.0.1:9090", "10.0.0.7", "[::1]:9090", "localhost:9090", "studyhall-1:9090"] {
            assert!(is_plain_host(host), "{host}");
        }
        for host in ["", ":9090", "rebound.example", "rebound.example:9090", "127.0.0.1.example", "[x.y]:1"] {
            assert!(!is_plain_host(host), "{host}");
        }
    }
}
