use super::*;
use proptest::prelude::*;

const LIMITS: MessageLimits = MessageLimits { message_max_bytes: 1_000, binary: true };

/// An event that outlives its buffers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Owned {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(CloseCode),
}

impl From<Event<'_>> for Owned {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Text(text) => Self::Text(text.to_owned()),
            Event::Binary(bytes) => Self::Binary(bytes.to_vec()),
            Event::Ping(payload) => Self::Ping(payload.to_vec()),
            Event::Pong => Self::Pong,
            Event::Close(code) => Self::Close(code),
        }
    }
}

/// Everything that comes out of bytes that arrive in pieces, up to a violation.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Owned>, Option<Violation>, usize) {
    let mut decoder = Decoder::new(LIMITS);
    let (mut events, mut held_max) = (Vec::new(), 0);
    for piece in pieces {
        let mut bytes = piece.to_vec();
        let mut input = Input::new(&mut bytes);
        loop {
            match decoder.next(&mut input) {
                Ok(Some(event)) => events.push(event.into()),
                Ok(None) => break,
                Err(violation) => return (events, Some(violation), held_max),
            }
        }
        assert!(input.rest().is_empty(), "what is asked for is used up");
        held_max = held_max.max(decoder.held_bytes());
    }
    (events, None, held_max)
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [1, 2, 3, 4];
    let mut bytes = match payload.len() {
        length @ 0..=125 => vec![first, 0x80 | length as u8],
        length => vec![first, 0xfe, (length >> 8) as u8, length as u8],
    };
    bytes.extend_from_slice(&key);
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

fn a_frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        12 => prop::sample::select(vec![0x81_u8, 0x01, 0x80, 0x00, 0x82, 0x02]),
        4 => prop::sample::select(vec![0x89_u8, 0x8a]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        8 => "\\PC{0,60}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..300),
    ];
    (first, payload).prop_map(|(first, payload)| frame(first, &payload))
}

proptest! {
    #[test]
    fn however_the_bytes_are_cut_the_same_comes_out(
        frames in prop::collection::vec(a_frame(), 1..12),
        cuts in prop::collection::vec(1_usize..80, 1..60),
    ) {
        let bytes = frames.concat();
        let mut pieces = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        let (whole, whole_violation, _) = decode([&bytes[..]]);
        let (cut, cut_violation, _) = decode(pieces);
        prop_assert_eq!(whole, cut);
        prop_assert_eq!(whole_violation, cut_violation);
    }

    #[test]
    fn nothing_that_can_be_sent_makes_it_panic_or_hold_more_than_the_limit(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20)
    ) {
        let (_, _, held) = decode(pieces.iter().map(Vec::as_slice));
        prop_assert!(held <= LIMITS.message_max_bytes + 2 * CONTROL_MAX_BYTES);
    }
}

#[test]
fn an_announced_length_costs_nothing_before_its_bytes_come() {
    let mut announced = vec![0x01, 0xfe, 3, 0xe8];
    announced.extend_from_slice(&[0; 4]);
    let (events, violation, held) = decode([&announced[..], b"a", b"b"]);
    assert_eq!((events, violation), (Vec::new(), None));
    assert!(held < 16, "{held} bytes held");
}

#[test]
fn the_buffer_of_an_assembled_message_is_given_back() {
    let mut decoder = Decoder::new(LIMITS);
    let mut bytes = [frame(0x01, b"one "), frame(0x80, b"two"), frame(0x81, b"x")].concat();
    let mut input = Input::new(&mut bytes);
    assert_eq!(decoder.next(&mut input), Ok(Some(Event::Text("one two"))));
    assert_eq!(decoder.next(&mut input), Ok(Some(Event::Text("x"))));
    assert_eq!(decoder.held_bytes(), 0);
}

#[test]
fn a_ping_inside_a_message_leaves_the_message_alone() {
    let bytes = [frame(0x01, b"one "), frame(0x89, b"?"), frame(0x80, b"two")].concat();
    let expected = vec![Owned::Ping(b"?".to_vec()), Owned::Text("one two".to_owned())];
    assert_eq!(decode(bytes.chunks(1)).0, expected);
    assert_eq!(decode([&bytes[..]]).0, expected);
}
