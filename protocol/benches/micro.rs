//! What the wire costs: the frames that a busy server reads and writes, and what a client reads.
//!
//! `make bench-micro` prints the figures beside the stored ones; nothing is asserted.

#![allow(clippy::expect_used, reason = "a bench that cannot run has nothing to say")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use protocol::{
    CardContent, CardState, CardTail, Counts, Day, Kind, Mode, Outcome, ServerFrame, decode_client,
    encode_fragment, write_card, write_saved,
};
use std::hint::black_box;
use uuid::Uuid;

/// The frames as clients send them: without white space.
const ANSWER: &str = r#"{"type":"answer","seq":2,"id":"0199a4e3-29b8-7d01-8b4d-6e7f8a9b0c02","deck_id":"01998f00-1111-7aaa-8bbb-000000000d01","card_id":"01998f00-3333-7aaa-8bbb-0000000000c2","grade":2,"elapsed_ms":6100,"sitting":"0199a4e2-7b10-7c3d-8e4f-5a6b7c8d9e0f"}"#;
const ANSWER_TAG_LAST: &str = r#"{"seq":2,"id":"0199a4e3-29b8-7d01-8b4d-6e7f8a9b0c02","deck_id":"01998f00-1111-7aaa-8bbb-000000000d01","card_id":"01998f00-3333-7aaa-8bbb-0000000000c2","grade":2,"elapsed_ms":6100,"sitting":"0199a4e2-7b10-7c3d-8e4f-5a6b7c8d9e0f","type":"answer"}"#;
const MALFORMED: &str = r#"{"type":"answer","seq":2,"id":"0199a4e3-29b8-7d01-8b4d-6e7f8a9b0c02","deck_id":"01998f00-1111-7aaa-8bbb-000000000d01","card_id":"01998f00-3333-7aaa-8bbb-0000000000c2","grade":9,"elapsed_ms":6100}"#;
const SET: &str = r#"{"type":"set","seq":7,"id":"0199a4e3-29b8-7d01-8b4d-6e7f8a9b0c02","deck_id":"01998f00-1111-7aaa-8bbb-000000000d01","card_id":"01998f00-3333-7aaa-8bbb-0000000000c2","suspended":true}"#;

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for (name, text) in
        [("answer", ANSWER), ("answer_tag_last", ANSWER_TAG_LAST), ("set", SET), ("malformed", MALFORMED)]
    {
        assert_eq!(decode_client(text).is_err(), name == "malformed", "{text}");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| b.iter(|| decode_client(black_box(text))));
    }
    let mut card = String::new();
    write_card(&mut card, &encode_fragment(&content()), &tail(Some(2)));
    let card = card.as_str();
    assert!(matches!(ServerFrame::decode(card), Ok(ServerFrame::Card(_))), "{card}");
    group.throughput(Throughput::Bytes(card.len() as u64));
    group.bench_function("card_by_a_client", |b| b.iter(|| ServerFrame::decode(black_box(card))));
}

fn encode(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode");
    let content = content();
    group.bench_function("fragment", |b| b.iter(|| encode_fragment(black_box(&content))));
    let fragment = encode_fragment(&content);
    let tail = tail(Some(2));
    let mut out = String::new();
    group.bench_function("card_from_fragment", |b| {
        b.iter(|| {
            out.clear();
            write_card(&mut out, black_box(&fragment), black_box(&tail));
            out.len()
        });
    });
    group.bench_function("saved", |b| {
        b.iter(|| {
            out.clear();
            write_saved(&mut out, black_box(1_234));
            out.len()
        });
    });
    let mut card = String::new();
    write_card(&mut card, &fragment, &tail);
    let frame = ServerFrame::decode(&card).expect("a card");
    group.bench_function("card_by_serde", |b| {
        b.iter(|| {
            out.clear();
            black_box(&frame).write(&mut out);
            out.len()
        });
    });
}

fn content() -> CardContent<'static> {
    CardContent {
        card_id: Uuid::from_u128(0x0199_8f00_3333_7aaa_8bbb_0000_0000_00c1),
        deck_id: Uuid::from_u128(0x0199_8f00_1111_7aaa_8bbb_0000_0000_0d01),
        front: "Capital of <b>Slovenia</b>",
        back: "Ljubljana",
        hint: Some("It is on the river Ljubljanica"),
        explanation: None,
        media: &[],
    }
}

fn tail(saved: Option<u64>) -> CardTail<'static> {
    let outcome = |days| Outcome { days, again_today: days == 1 };
    CardTail {
        kind: Kind::Review,
        mode: Mode::Flip,
        choices: &[],
        state: CardState {
            reps: 2,
            interval_days: 6,
            ease: 250,
            due: Some(Day::from_days(20_363)),
            lapses: 0,
            recall: None,
        },
        if_graded: [1, 1, 1, 15, 15, 16].map(outcome),
        left: Some(Counts { new: 20, learning: 0, review: 43 }),
        saved,
    }
}

criterion_group!(benches, decode, encode);
criterion_main!(benches);
