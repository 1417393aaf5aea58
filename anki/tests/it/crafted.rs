//! Archives and collections made byte by byte.

use rusqlite::Connection;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A zip of these entries.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// As zstd packs it.
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// The older schema, without what reading needs no more than a mention of.
pub const SCHEMA: &str = "
CREATE TABLE col (id integer primary key, crt integer, mod integer, scm integer, ver integer, dty integer, usn integer,
  ls integer, conf text, models text, decks text, dconf text, tags text);
CREATE TABLE notes (id integer primary key, guid text, mid integer, mod integer, usn integer, tags text, flds text,
  sfld integer, csum integer, flags integer, data text);
CREATE TABLE cards (id integer primary key, nid integer, did integer, ord integer, mod integer, usn integer,
  type integer, queue integer, due integer, ivl integer, factor integer, reps integer, lapses integer, left integer,
  odue integer, odid integer, flags integer, data text);
CREATE TABLE revlog (id integer primary key, cid integer, usn integer, ease integer, ivl integer, lastIvl integer,
  factor integer, time integer, type integer);";

const MODELS: &str = r#"{"1":{"id":1,"name":"Basic","type":0,"flds":[{"name":"Front","ord":0},{"name":"Back","ord":1}],
  "tmpls":[{"name":"Card 1","ord":0,"qfmt":"{{Front}}","afmt":"{{FrontSide}}<hr>{{Back}}"}],"css":""}}"#;

/// A collection of one note with one card, changed by `sql`.
pub fn collection(sql: &str) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let db = Connection::open(file.path()).unwrap();
    db.execute_batch(SCHEMA).unwrap();
    db.execute(
        "INSERT INTO col VALUES (1, 1600000000, 0, 0, 11, 0, 0, 0, '{\"schedVer\":2}', ?1, \
         '{\"1\":{\"name\":\"Default\",\"conf\":1}}', '{\"1\":{\"name\":\"Default\"}}', '{}')",
        [MODELS],
    )
    .unwrap();
    db.execute_batch(
        "INSERT INTO notes VALUES (1, 'guid', 1, 1600000000, -1, ' a b ', 'front' || char(31) || 'back', 0, 0, 0, '');
         INSERT INTO cards VALUES (1, 1, 1, 0, 1600000000, -1, 2, 2, 10, 5, 2500, 3, 1, 0, 0, 0, 0, '');
         INSERT INTO revlog VALUES (1600000000000, 1, -1, 3, 5, 2, 2500, 900, 1);",
    )
    .unwrap();
    db.execute_batch(sql).unwrap();
    db.close().unwrap();
    std::fs::read(file.path()).unwrap()
}

/// Writes a file into a folder.
pub fn write(folder: &Path, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join("package");
    std::fs::write(&path, bytes).unwrap();
    path
}
