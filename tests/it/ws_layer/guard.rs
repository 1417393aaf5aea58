//! What a broken or hostile client sends, and what it costs.

use super::client::{
    BINARY, CLOSE, CONTINUATION, Client, FIN, Frame, PING, PONG, TEXT, header, masked, request,
};
use super::echo;
use super::server::{TestServer, eventually};

fn server() -> TestServer {
    TestServer::start(echo::routes)
}

#[test]
fn a_header_that_declares_four_exabytes_is_refused_before_a_byte_of_them() {
    let server = server();
    for path in ["/", "/study"] {
        let mut client = server.connect(path);
        client.send_raw(&header(FIN | TEXT, 1 << 62, [0; 4]));
        client.expect_close(1009);
    }
}

#[test]
fn a_length_one_over_the_limit_is_refused_and_the_limit_itself_is_not() {
    let server = server();
    let mut client = server.connect("/study");
    let text = "x".repeat(16 * 1024);
    client.send_text(&text);
    assert_eq!(client.read_text(), text);
    client.send_raw(&header(FIN | TEXT, 16 * 1024 + 1, [0; 4]));
    client.expect_close(1009);
}

#[test]
fn every_broken_frame_is_answered_with_its_code() {
    let server = server();
    let text = |first| masked(first, b"x");
    let cases: &[(&str, Vec<u8>, u16)] = &[
        ("reserved bit", text(FIN | 0x40 | TEXT), 1002),
        ("unknown data opcode", text(FIN | 3), 1002),
        ("unknown control opcode", text(FIN | 11), 1002),
        ("no mask", vec![FIN | TEXT, 1, b'x'], 1002),
        ("fragmented ping", text(PING), 1002),
        ("ping of 126 bytes", masked(FIN | PING, &[0; 126]), 1002),
        ("continuation of nothing", text(FIN | CONTINUATION), 1002),
        ("text inside a text", [text(TEXT), text(FIN | TEXT)].concat(), 1002),
        ("length in a longer form", vec![FIN | TEXT, 0xfe, 0, 1, 0, 0, 0, 0, b'x'], 1002),
        ("length with its highest bit", [&[FIN | TEXT, 0xff, 0x80][..], &[0; 11]].concat(), 1002),
        ("binary", text(FIN | BINARY), 1003),
        ("binary in fragments", text(BINARY), 1003),
        ("not UTF-8", masked(FIN | TEXT, b"\xff"), 1007),
        ("half a character", masked(FIN | TEXT, b"\xe2\x82"), 1007),
        ("a surrogate", masked(FIN | TEXT, b"\xed\xa0\x80"), 1007),
        ("half a close code", masked(FIN | CLOSE, &[3]), 1002),
        ("close code 1005", masked(FIN | CLOSE, &1005_u16.to_be_bytes()), 1002),
        ("reason not UTF-8", masked(FIN | CLOSE, b"\x03\xe8\xff"), 1007),
    ];
    for (name, bytes, code) in cases {
        for whole in [true, false] {
            let mut client = server.connect("/study");
            if whole {
                client.send_raw(bytes);
            } else {
                bytes.iter().for_each(|byte| client.send_raw(&[*byte]));
            }
            let Frame { first, payload } = client.read();
            assert_eq!(
                (first, &payload[..2]),
                (FIN | CLOSE, &code.to_be_bytes()[..]),
                "{name}, whole: {whole}"
            );
            client.expect_end();
        }
    }
}

#[test]
fn ten_thousand_tiny_fragments_make_one_message() {
    let server = server();
    let mut client = server.connect("/study");
    let mut bytes = masked(TEXT, b"a");
    for _ in 0..10_000 {
        bytes.extend(masked(CONTINUATION, b"b"));
    }
    bytes.extend(masked(FIN | CONTINUATION, b"c"));
    client.send_raw(&bytes);
    assert_eq!(client.read_text(), format!("a{}c", "b".repeat(10_000)));
}

#[test]
fn fragments_are_counted_together() {
    let server = server();
    let mut client = server.connect("/study");
    client.send(TEXT, &[b'a'; 10_000]);
    client.send_raw(&header(CONTINUATION, 10_000, [0; 4]));
    client.expect_close(1009);
}

#[test]
fn a_text_is_refused_at_its_first_wrong_byte_and_not_at_its_end() {
    let server = server();
    let mut client = server.connect("/study");
    client.send(TEXT, "κόσμε".as_bytes());
    client.send(CONTINUATION, b"\xed");
    client.send(CONTINUATION, b"\xa0");
    client.expect_close(1007);
}

#[test]
fn a_character_may_be_cut_anywhere_and_pinged_in_between() {
    let server = server();
    let mut client = server.connect("/study");
    let text = "a€😀ä";
    for (at, byte) in text.bytes().enumerate() {
        let last = at + 1 == text.len();
        let first = if at == 0 { TEXT } else { CONTINUATION };
        client.send(if last { FIN | first } else { first }, &[byte]);
        if !last {
            client.send(FIN | PING, &[at as u8]);
            assert_eq!(client.read(), Frame { first: FIN | PONG, payload: vec![at as u8] });
        }
    }
    assert_eq!(client.read_text(), text);
}

#[test]
fn frames_right_behind_the_handshake_are_not_lost() {
    let server = server();
    let mut client = Client::tcp(server.address);
    let mut bytes = request("/", "");
    bytes.extend(masked(FIN | TEXT, b"at once"));
    bytes.extend(&masked(FIN | TEXT, b"and more")[..5]);
    client.send_raw(&bytes);
    assert!(client.read_head().starts_with("HTTP/1.1 101 "));
    assert_eq!(client.read_text(), "at once");
    client.send_raw(&masked(FIN | TEXT, b"and more")[5..]);
    assert_eq!(client.read_text(), "and more");
}

#[test]
fn garbage_instead_of_a_handshake_ends_only_itself() {
    let server = server();
    let mut neighbour = server.connect("/");
    for garbage in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00\r\n\r\n"[..], &[0x80; 4096]] {
        let mut client = Client::tcp(server.address);
        client.send_raw(garbage);
        client.end_stream();
        let answer = client.read_to_end();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    assert!(neighbour.is_answered());
}

#[test]
fn a_client_that_goes_without_a_word_is_noticed() {
    let server = server();
    let client = server.connect("/");
    let half = server.connect("/");
    drop(client);
    half.end_stream();
    eventually("both ends are counted as lost", || {
        server.figures().closed_by_peer.iter().any(|(code, count)| code.get() == 1006 && *count == 2)
    });
    assert_eq!(server.figures().open, 0);
}
