//! Reads a package to its end and says what is in it, and how fast: `cargo run --release -p anki --example read -- FILE`.

use anki::map::{Calendar, answer, standing};
use anki::{Collection, Fidelity, Limits, Package, Renderer};
use domain::day::Day;
use std::convert::Infallible;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: read FILE")?;
    let work_folder = tempfile::tempdir()?;
    let began = Instant::now();
    let package = Package::open(Path::new(&file), work_folder.path(), Limits::default())?;
    let opened = began.elapsed();
    let stop = Arc::new(AtomicBool::new(false));
    let collection = Collection::open(package.collection_path(), package.limits(), stop)?;
    let definitions = collection.definitions();
    let checked = began.elapsed();
    println!("{:?}, schema {}, {} media", package.form(), definitions.header.schema, package.media().len());
    println!("{:?}", collection.sizes());
    let names: std::collections::HashSet<&str> = package.media().iter().map(|m| m.name.as_str()).collect();
    let renderer = Renderer::new(&definitions.notetypes);
    let calendar = Calendar::of(&definitions.header, 0);
    let day_at = |at_ms: i64| Day(i32::try_from((at_ms / 1_000 - 4 * 3_600).div_euclid(86_400)).unwrap_or(0));
    let now_ms = i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?;
    let today = day_at(now_ms);
    let mut report = Fidelity::default();
    let mut bytes = 0;
    let tally = collection.each_card::<Infallible>(|row| {
        let deck = definitions.deck_path(row.card.deck);
        let to = standing(&row.card, calendar, &day_at);
        let there = calendar.is_due_there(&row.card, today, &day_at);
        match renderer.render(&row, deck, &mut |name| names.contains(name).then(|| name.to_owned())) {
            Ok(rendered) => {
                bytes += rendered.front.as_unsafe().len() + rendered.back.as_unsafe().len();
                report.card(deck, &row, &rendered, &to, (there, to.is_due(today)));
            }
            Err(why) => report.rejected(deck, &why, there),
        }
        Ok(())
    })?;
    report.tally_cards(&tally);
    let rendered = began.elapsed();
    let tally = collection.each_review::<Infallible>(|review| {
        report.review(answer(&review, now_ms).map(|_| ()));
        Ok(())
    })?;
    report.tally_reviews(&tally);
    let ended = began.elapsed();
    println!("{}", serde_json::to_string_pretty(&report)?);
    println!("opened {opened:?}, checked {:?}", checked - opened);
    let per_s = |count: u64, spent: std::time::Duration| count as f64 / spent.as_secs_f64();
    println!(
        "cards: {:.0}/s, {bytes} bytes in {:?}",
        per_s(report.cards, rendered - checked),
        rendered - checked
    );
    println!("reviews: {:.0}/s in {:?}", per_s(report.answers, ended - rendered), ended - rendered);
    println!("all: {:.0} cards/s in {ended:?}", per_s(report.cards, ended));
    Ok(())
}
