//! The checks of an opening handshake (RFC 6455, section 4.2) and of who may make one.

use actix_http::header::{self, HeaderMap};
use actix_http::ws::HandshakeError;
use actix_http::{RequestHead, ResponseBuilder};

use super::refusal::Refusal;

/// Checks the handshake itself and begins its answer.
pub(super) fn check(head: &RequestHead) -> Result<ResponseBuilder, Refusal> {
    actix_http::ws::handshake(head).map_err(|error| match error {
        HandshakeError::GetMethodRequired => Refusal::method(),
        HandshakeError::UnsupportedVersion => Refusal::version(),
        HandshakeError::NoWebsocketUpgrade => Refusal::bad_handshake("the Upgrade header is not websocket"),
        HandshakeError::NoConnectionUpgrade => Refusal::bad_handshake("the Connection header is not upgrade"),
        HandshakeError::NoVersionHeader => {
            Refusal::bad_handshake("the Sec-WebSocket-Version header is missing")
        }
        HandshakeError::BadWebsocketKey => Refusal::bad_handshake("the Sec-WebSocket-Key header is wrong"),
    })
}

/// Whether the client offers this sub-protocol, in one header or in several.
pub(super) fn offers(headers: &HeaderMap, subprotocol: &str) -> bool {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|offered| offered.trim() == subprotocol)
}

/// Whether a page of this origin may open a socket. A client that is not a browser names no origin and may; a page
/// may when it came from the host that it speaks to, or when its origin is on the list.
pub(super) fn origin_is_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let mut origins = headers.get_all(header::ORIGIN);
    let Some(origin) = origins.next() else { return true };
    let (Ok(origin), None) = (origin.to_str(), origins.next()) else { return false };
    if allowed.iter().any(|allowed| allowed.trim_end_matches('/').eq_ignore_ascii_case(origin)) {
        return true;
    }
    let own = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match (origin.split_once("://"), own) {
        (Some((scheme, host)), Some(own)) => {
            let port = match scheme {
                "http" => ":80",
                "https" => ":443",
                _ => return false,
            };
            without_port(host, port).eq_ignore_ascii_case(without_port(own, port))
        }
        (Some(_), None) | (None, _) => false,
    }
}

/// A host without the port that its scheme implies anyway.
fn without_port<'a>(host: &'a str, implied: &str) -> &'a str {
    host.strip_suffix(implied).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(name.clone(), HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn a_page_may_speak_to_the_host_it_came_from_and_to_no_other() {
        for (origin, host, may) in [
            ("http://study.example", "study.example", true),
            ("https://study.example", "study.example:443", true),
            ("http://study.example:80", "STUDY.example", true),
            ("http://127.0.0.1:8080", "127.0.0.1:8080", true),
            ("http://[::1]:8080", "[::1]:8080", true),
            ("http://127.0.0.1:8080", "127.0.0.1:8081", false),
            ("http://study.example:443", "study.example", false),
            ("http://evil.example", "study.example", false),
            ("http://study.example.evil.example", "study.example", false),
            ("file://study.example", "study.example", false),
            ("null", "study.example", false),
            ("", "study.example", false),
        ] {
            let map = headers(&[(header::ORIGIN, origin), (header::HOST, host)]);
            assert_eq!(origin_is_allowed(&map, &[]), may, "{origin} at {host}");
        }
    }

    #[test]
    fn a_listed_origin_may_come_from_elsewhere_and_no_origin_is_none_of_ours() {
        let allowed = ["https://school.example/".to_owned()];
        let host = (header::HOST, "study.example");
        assert!(origin_is_allowed(
            &headers(&[host.clone(), (header::ORIGIN, "https://school.example")]),
            &allowed
        ));
        assert!(!origin_is_allowed(
            &headers(&[host.clone(), (header::ORIGIN, "http://school.example")]),
            &allowed
        ));
        assert!(origin_is_allowed(&headers(&[host]), &[]));
    }

    #[test]
    fn two_origins_are_one_too_many() {
        let origin = (header::ORIGIN, "http://study.example");
        let map = headers(&[origin.clone(), origin, (header::HOST, "study.example")]);
        assert!(!origin_is_allowed(&map, &[]));
    }

    #[test]
    fn a_subprotocol_is_found_in_a_list_and_in_a_second_header() {
        let name = header::SEC_WEBSOCKET_PROTOCOL;
        assert!(offers(&headers(&[(name.clone(), "chat, studyhall.v1")]), "studyhall.v1"));
        assert!(offers(&headers(&[(name.clone(), "chat"), (name.clone(), "studyhall.v1")]), "studyhall.v1"));
        assert!(!offers(&headers(&[(name.clone(), "studyhall.v10")]), "studyhall.v1"));
        assert!(!offers(&headers(&[]), "studyhall.v1"));
    }
}
