//! Reads a package and writes another one of all that is in it: `cargo run -p anki --example rewrite -- FROM TO`.

use anki::{Collection, Limits, Package, Writer};
use std::error::Error;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err("usage: rewrite FROM TO".into());
    };
    let work_folder = tempfile::tempdir()?;
    let mut package = Package::open(Path::new(&from), work_folder.path(), Limits::default())?;
    let stop = Arc::new(AtomicBool::new(false));
    let collection = Collection::open(package.collection_path(), package.limits(), stop)?;
    let mut writer = Writer::create(Path::new(&to), work_folder.path(), collection.definitions())?;
    collection.each_card(|row| writer.card(&row))?;
    collection.each_review(|review| writer.review(&review))?;
    for nth in 0..package.media().len() {
        let name = package.media().get(nth).map(|file| file.name.clone()).unwrap_or_default();
        let mut bytes = Vec::new();
        package.copy_media(nth, &mut bytes)?;
        writer.media(&name, &mut Cursor::new(bytes))?;
    }
    writer.finish()?;
    Ok(())
}
