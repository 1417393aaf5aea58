//! How fast review history is read, from bytes to entries of the log in sorted batches:
//! `cargo run --release --example review_rows_per_second [ROWS]`.

use domain::day::ZoneHistory;
use domain::ids::{CardId, DeckId, JobId};
use ports::CardRecord;
use std::fmt::Write;
use std::time::Instant;
use studyhall::import::reviews::{CardIndex, ReviewForm, ReviewOptions, ReviewReader, Run};
use studyhall::import::{Stamps, identity_of};

/// Cards that are answered.
const CARDS: u64 = 20_000;
/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 * 1024;
/// 2024-01-01, Unix milliseconds.
const NOW_MS: i64 = 1_704_067_200_000;

fn card(n: u64) -> CardRecord {
    let front = format!("front {n}");
    CardRecord {
        id: CardId::from_u128(u128::from(n) << 64 | 0x7),
        deck: DeckId::from_u128(1),
        position: u32::try_from(n).unwrap_or(u32::MAX),
        note: None,
        accept: Vec::new(),
        source_key: identity_of(&front),
        front,
        back: "back".to_owned(),
        hint: None,
        explanation: None,
        tags: Vec::new(),
        revision: 0,
        created_ms: 0,
        updated_ms: 0,
        deleted_ms: None,
    }
}

fn file(form: ReviewForm, rows: u64, by_id: bool) -> String {
    let mut text = match form {
        ReviewForm::Table if by_id => "card_id,time,grade,elapsed_ms\n".to_owned(),
        ReviewForm::Table => "front,time,grade,elapsed_ms\n".to_owned(),
        ReviewForm::JsonLines => String::new(),
    };
    for n in 0..rows {
        let (at_ms, grade, nth) =
            (NOW_MS - 100_000_000_000 + 60_000 * n as i64 % 99_000_000_000, n % 6, n * 7 % CARDS);
        let _ = match form {
            ReviewForm::Table if by_id => writeln!(text, "{},{at_ms},{grade},{}", card_id(nth), n % 9_000),
            ReviewForm::Table => writeln!(text, "front {nth},{at_ms},{grade},{}", n % 9_000),
            ReviewForm::JsonLines => {
                writeln!(text, "{{\"card_id\":\"{}\",\"at\":{at_ms},\"grade\":{grade}}}", card_id(nth))
            }
        };
    }
    text
}

fn card_id(nth: u64) -> CardId {
    CardId::from_u128(u128::from(nth) << 64 | 0x7)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = std::env::args().nth(1).map_or(Ok(1_000_000), |rows| rows.parse())?;
    let cards: Vec<CardRecord> = (0..CARDS).map(card).collect();
    let forms = [
        ("table, by front", ReviewForm::Table, false),
        ("table, by id", ReviewForm::Table, true),
        ("JSON Lines, by id", ReviewForm::JsonLines, true),
    ];
    for (name, form, by_id) in forms {
        let text = file(form, rows, by_id);
        let mut index = CardIndex::default();
        cards.iter().for_each(|card| index.add(card));
        let (job, mut stamps) = (JobId::from_u128(1), Stamps::new(ZoneHistory::new()));
        let began = Instant::now();
        let options = ReviewOptions { form, now_ms: NOW_MS, ..ReviewOptions::default() };
        let mut reader = ReviewReader::new(options, index);
        let mut entries = 0;
        let mut count =
            |run: &Run, cards: &CardIndex| entries += run.entries(cards, job, &mut stamps).count();
        for piece in text.as_bytes().chunks(PIECE_BYTES) {
            if let Some(run) = reader.feed(piece)? {
                count(&run, reader.cards());
            }
        }
        let (run, cards, report) = reader.finish()?;
        count(&run, &cards);
        let rate = rows as f64 / began.elapsed().as_secs_f64();
        println!("{name}: {rate:.0} rows/s, {entries} entries, {} rejected", report.rejected.total);
    }
    Ok(())
}
