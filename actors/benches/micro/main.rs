//! What the engine costs around the heart, above a store in memory: shard, writer and loader.
//!
//! `make bench-micro` prints the figures beside the stored ones; nothing is asserted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot run has nothing to say")]

mod school;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use school::School;
use std::time::{Duration, Instant};

/// Answers of one batch: as many as one learner may have in flight.
const ANSWERS: usize = 64;

/// From commands to verdicts: session, outbox, group commit, writer, and back.
fn writer(c: &mut Criterion) {
    let mut group = c.benchmark_group("writer");
    let school = School::new(1_000, 0, Duration::from_secs(120));
    group.throughput(Throughput::Elements(ANSWERS as u64));
    group.bench_function(format!("{ANSWERS}_answers_to_verdicts"), |b| {
        b.iter(|| school.run(school.answers(ANSWERS)));
    });
}

/// From a learner who is not in memory to the first card.
fn activation(c: &mut Criterion) {
    let mut group = c.benchmark_group("activation");
    group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    for progress in [100, 1_000, 10_000] {
        let school = School::new(10_000, progress, Duration::ZERO);
        group.bench_function(format!("{progress}_progress_rows"), |b| {
            b.iter_custom(|times| {
                let mut took = Duration::ZERO;
                for _ in 0..times {
                    let since = Instant::now();
                    let socket = school.run(school.first_card());
                    took += since.elapsed();
                    school.run(school.forgets(socket));
                }
                took
            });
        });
    }
}

criterion_group!(benches, writer, activation);
criterion_main!(benches);
