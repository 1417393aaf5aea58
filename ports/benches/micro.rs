//! What the stores' bytes cost: an entry, and a whole row of the journal, both ways.
//!
//! `make bench-micro` prints the figures beside the stored ones; nothing is asserted.

use criterion::{Criterion, criterion_group, criterion_main};
use domain::day::{Day, Stamp};
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, SittingId, UserId};
use domain::state::{CardState, FoldParams};
use ports::codec::{decode_entry, decode_row, encode_entry, encode_row};
use ports::{ProgressWrite, Row};
use std::hint::black_box;

fn entry() -> LogEntry {
    let review = Review {
        deck: DeckId::from_u128(2),
        card: CardId::from_u128(3),
        grade: Grade::Good,
        mode: Mode::Flip,
        elapsed_ms: 1_000,
        early: false,
        confidence: None,
        sitting: Some(SittingId::from_u128(4)),
        class: None,
        response: None,
        revision: 1,
        told: false,
    };
    LogEntry {
        id: EntryId::v7(1_760_000_000_000, 5),
        job: None,
        stamp: Stamp { day: Day(20_370), utc_offset_min: 120 },
        body: Body::Review(review),
    }
}

fn row() -> Row {
    let (entry, params) = (entry(), FoldParams::default());
    let (state, _) = CardState::NEW.after(&entry, &params);
    let progress = ProgressWrite::Whole(state, params.key());
    Row { user: UserId::from_u128(1), entry: Some(entry), about: entry.card(), progress }
}

fn codec(c: &mut Criterion) {
    let mut group = c.benchmark_group("codec");
    let (entry, row) = (entry(), row());
    let (mut entry_bytes, mut row_bytes) = (Vec::new(), Vec::new());
    encode_entry(&entry, &mut entry_bytes);
    encode_row(&row, &mut row_bytes);
    assert_eq!((decode_entry(&entry_bytes), decode_row(&row_bytes)), (Ok(entry), Ok(row)));
    let mut out = Vec::with_capacity(256);
    group.bench_function("encode_entry", |b| {
        b.iter(|| {
            out.clear();
            encode_entry(black_box(&entry), &mut out);
            out.len()
        });
    });
    group.bench_function("decode_entry", |b| b.iter(|| decode_entry(black_box(&entry_bytes))));
    group.bench_function("encode_row", |b| {
        b.iter(|| {
            out.clear();
            encode_row(black_box(&row), &mut out);
            out.len()
        });
    });
    group.bench_function("decode_row", |b| b.iter(|| decode_row(black_box(&row_bytes))));
}

criterion_group!(benches, codec);
criterion_main!(benches);
