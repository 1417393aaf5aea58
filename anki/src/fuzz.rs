//! One door to everything that reads strangers' bytes, for a fuzzer and for the tests that replay what it found.

use crate::limits::Limits;
use crate::map::{Calendar, answer, standing};
use crate::render::Renderer;
use crate::{Collection, Effort, Package};
use domain::day::Day;
use std::convert::Infallible;
use std::io::sink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Limits under which one case ends within a second.
pub const FUZZ_LIMITS: Limits = Limits {
    package_bytes: 4 * 1024 * 1024,
    entries: 1_000,
    collection_bytes: 8 * 1024 * 1024,
    media_file_bytes: 1024 * 1024,
    media_total_bytes: 4 * 1024 * 1024,
    media_free_bytes: 8 * 1024 * 1024,
    texts_free_bytes: 8 * 1024 * 1024,
    steps_free: 4_000_000,
};

/// Reads a file as a package to its end: opens it, renders every card, maps every schedule and answer, copies every media
/// file. Whatever the bytes are, it returns: how many cards there were, or the code of what is wrong.
///
/// # Errors
/// The code of the first thing that is wrong.
pub fn read_package(bytes: &[u8], work_folder: &Path) -> Result<u64, &'static str> {
    let file = work_folder.join("fuzzed");
    std::fs::write(&file, bytes).map_err(|_| "write")?;
    let mut package = Package::open(&file, work_folder, FUZZ_LIMITS).map_err(|error| error.code())?;
    for nth in 0..package.media().len() {
        // One damaged file says nothing about the others.
        let _ = package.copy_media(nth, &mut sink());
    }
    let stop = Arc::new(AtomicBool::new(false));
    let collection =
        Collection::open(package.collection_path(), &FUZZ_LIMITS, stop).map_err(|error| error.code())?;
    read_collection(&collection)
}

fn read_collection(collection: &Collection) -> Result<u64, &'static str> {
    let definitions = collection.definitions();
    let renderer = Renderer::new(&definitions.notetypes);
    let calendar = Calendar::of(&definitions.header, 0);
    let day_at = |at_ms: i64| Day(i32::try_from(at_ms.div_euclid(86_400_000)).unwrap_or(0));
    let code = |error: crate::EachError<Infallible>| match error {
        crate::EachError::Read(error) => error.code(),
        crate::EachError::Visitor(never) => match never {},
    };
    let mut effort = Effort::new(&renderer, FUZZ_LIMITS.collection_bytes);
    let cards = collection.each_card(|row| {
        let path = definitions.deck_path(row.card.deck);
        if effort.spend(&row, path).is_ok() {
            let _ = renderer.render(&row, path, &mut |_| None);
        }
        let _ = standing(&row.card, calendar, &day_at);
        Ok(())
    });
    let given = cards.map_err(code)?.given;
    let reviews = collection.each_review(|review| {
        let _ = answer(&review, i64::MAX);
        Ok(())
    });
    reviews.map_err(code)?;
    Ok(given)
}
