//! Databases that Anki did not make: each is refused or read to its end, within bounds.

use crate::crafted::{SCHEMA, collection, write, zip};
use crate::kit::{each_card, each_review};
use anki::{
    CardTally, Collection, EachError, Effort, Limits, Package, ReadError, RenderError, Renderer,
    TooMuchEffort,
};
use rusqlite::Connection;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn opened_with(bytes: &[u8], limits: Limits, stop: bool) -> Result<Collection, ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let package = Package::open(&write(folder.path(), bytes), folder.path(), limits).unwrap();
    // The open file stays readable when its folder goes.
    Collection::open(package.collection_path(), &limits, Arc::new(AtomicBool::new(stop)))
}

fn opened(sql: &str) -> Result<Collection, ReadError> {
    opened_with(&collection(sql), Limits::default(), false)
}

fn refused(sql: &str) -> &'static str {
    opened(sql).map(|_| ()).unwrap_err().code()
}

fn tally(sql: &str) -> CardTally {
    each_card(&opened(sql).unwrap(), |_| {})
}

#[test]
fn a_plain_one_is_read() {
    let collection = opened("").unwrap();
    let mut seen = Vec::new();
    each_card(&collection, |row| {
        let renderer = Renderer::new(&collection.definitions().notetypes);
        let card = renderer.render(&row, "Default", &mut |_| None).unwrap();
        seen.push((card.front.into_unsafe(), card.back.into_unsafe()));
        assert_eq!(row.note.each_tag().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(row.card.last_logged_ms, Some(1_600_000_000_000));
    });
    assert_eq!(seen, [("front".to_owned(), "front<hr>back".to_owned())]);
}

#[test]
fn what_could_act_or_compute_is_refused() {
    for sql in [
        "CREATE VIEW v AS SELECT 1",
        "ALTER TABLE notes RENAME TO n; CREATE VIEW notes AS SELECT * FROM n",
        "CREATE TRIGGER t AFTER INSERT ON notes BEGIN SELECT 1; END",
        "DROP TABLE revlog; CREATE VIRTUAL TABLE revlog USING rtree(id, a, b)",
        "ALTER TABLE notes ADD COLUMN x AS (hex(zeroblob(1000000)))",
        "DROP TABLE cards",
        "DROP TABLE col; CREATE TABLE col (a)",
        "UPDATE col SET crt = 'x'",
        "UPDATE col SET crt = 9223372036854775807",
        "DELETE FROM col",
    ] {
        let code = refused(sql);
        assert!(["collection_foreign", "collection_damaged"].contains(&code), "{sql}: {code}");
    }
    assert_eq!(refused("UPDATE col SET ver = 99"), "collection_too_new");
}

#[test]
fn definitions_that_cannot_be_read_are_refused_and_odd_ones_are_read() {
    for sql in [
        "UPDATE col SET models = '{'",
        "UPDATE col SET models = '[]'",
        "UPDATE col SET decks = '{\"1\":7}'",
        "UPDATE col SET models = '{\"1\":{\"flds\":7}}'",
    ] {
        assert_eq!(refused(sql), "collection_definitions", "{sql}");
    }
    for sql in [
        "UPDATE col SET models = '', decks = NULL, dconf = 7, conf = x'00'",
        "UPDATE col SET models = '{\"x\":{},\"2\":{\"name\":null,\"type\":\"1\",\"css\":[1]}}'",
        "UPDATE col SET decks = '{\"1\":{\"name\":\"::a::::b\",\"dyn\":true},\"2\":{\"name\":\"a\",\"conf\":\"x\"}}'",
        "UPDATE col SET dconf = '{\"1\":{\"new\":{\"perDay\":-1e300,\"delays\":null},\"rev\":{\"maxIvl\":\"7\"}}}'",
    ] {
        // Settings that are no JSON are an error too: they say by which clock days are counted.
        match opened(sql) {
            Ok(collection) => {
                each_card(&collection, |row| {
                    assert!(!collection.definitions().deck_path(row.card.deck).is_empty());
                });
            }
            Err(error) => assert_eq!(error.code(), "collection_definitions", "{sql}"),
        }
    }
}

#[test]
fn values_of_other_types_are_read_as_they_are_meant_or_counted() {
    let good = CardTally { given: 1, ..CardTally::default() };
    for sql in ["UPDATE cards SET ivl = 5.9, factor = '2500'", "UPDATE notes SET guid = 17, tags = 5"] {
        assert_eq!(tally(sql), good, "{sql}");
    }
    for sql in [
        "UPDATE cards SET type = 'x'",
        "UPDATE cards SET queue = 99",
        "UPDATE cards SET ord = -1",
        "UPDATE cards SET ivl = NULL",
        "UPDATE cards SET due = x'00'",
        "UPDATE cards SET type = 9223372036854775807",
    ] {
        assert_eq!(tally(sql), CardTally { damaged: 1, ..CardTally::default() }, "{sql}");
    }
    assert_eq!(tally("DELETE FROM notes"), CardTally { orphans: 1, ..CardTally::default() });
    for sql in [
        "UPDATE notes SET guid = ''",
        "UPDATE notes SET guid = NULL",
        "UPDATE notes SET flds = NULL",
        "UPDATE notes SET flds = hex(zeroblob(600000))",
        "UPDATE notes SET tags = hex(zeroblob(40000))",
        "UPDATE notes SET guid = hex(zeroblob(300))",
    ] {
        assert_eq!(tally(sql), CardTally { unusable_notes: 1, ..CardTally::default() }, "{sql}");
    }
    let reviews = each_review(&opened("UPDATE revlog SET ease = 'x'").unwrap(), |_| {});
    assert_eq!((reviews.given, reviews.damaged), (0, 1));
}

#[test]
fn a_row_longer_than_any_of_ankis_is_refused_before_it_is_held() {
    let code = refused("UPDATE col SET models = hex(zeroblob(9000000))");
    assert_eq!(code, "collection_too_large");
    let collection = opened("UPDATE notes SET flds = zeroblob(20000000)");
    let read = collection.and_then(|collection| {
        collection.each_card::<Infallible>(|_| Ok(())).map_err(|error| match error {
            EachError::Read(error) => error,
            EachError::Visitor(never) => match never {},
        })
    });
    // Refused, or left out and counted: never held.
    assert!(read.map_or(true, |tally| tally.unusable_notes == 1));
}

#[test]
fn a_collection_that_would_keep_the_reader_busy_is_ended() {
    // Without keys each card looks through all notes.
    let sql = "DROP TABLE notes; DROP TABLE cards;
        CREATE TABLE notes (id, guid, mid, mod, usn, tags, flds, sfld, csum, flags, data);
        CREATE TABLE cards (id, nid, did, ord, mod, usn, type, queue, due, ivl, factor, reps, lapses, left, odue, odid, flags, data);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
        INSERT INTO notes SELECT 1, 'g', 1, 0, 0, '', 'x', 0, 0, 0, '' FROM n;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
        INSERT INTO cards SELECT 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '' FROM n;";
    let limits = Limits { steps_free: 1_000_000, ..Limits::default() };
    let collection = opened_with(&collection(sql), limits, false).unwrap();
    let ended = collection.each_card::<Infallible>(|_| Ok(()));
    assert!(matches!(ended, Err(EachError::Read(ReadError::TooSlow))), "{ended:?}");
}

#[test]
fn a_long_review_log_of_short_notes_keeps_nobody_busy() {
    // The table as Anki makes it: each column that may not be null takes steps of the check.
    let columns = "cid usn ease ivl lastIvl factor time type".replace(' ', " integer NOT NULL, ");
    let sql = format!(
        "DROP TABLE revlog; CREATE TABLE revlog (id integer PRIMARY KEY, {columns} integer NOT NULL);
        CREATE INDEX ix_revlog_cid ON revlog (cid); CREATE INDEX ix_revlog_usn ON revlog (usn);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO revlog SELECT 1600000000000 + i, 1, -1, 3, 5, 2, 2500, 900, 1 FROM n;"
    );
    // Not a step is free: those that go with the length of the file are enough, for the check of its pages too.
    let limits = Limits { steps_free: 0, ..Limits::default() };
    let collection = opened_with(&collection(&sql), limits, false).unwrap();
    assert_eq!(each_card(&collection, |_| {}).given, 1);
    assert_eq!(each_review(&collection, |_| {}).given, 20_000);
}

#[test]
fn a_long_note_that_very_many_cards_share_is_not_read_for_each_of_them() {
    let cards = |cards: u32, change: &str| {
        let sql = format!(
            "UPDATE notes SET flds = hex(zeroblob(500000)) || char(31) || 'b';
            WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= {cards})
            INSERT INTO cards SELECT i, 1, 1, 0, 0, 0, 0, 0, i, 0, 0, 0, 0, 0, 0, 0, 0, '' FROM n;
            INSERT INTO notes SELECT 2, 'other', mid, mod, usn, tags, '', sfld, csum, flags, data FROM notes;{change}"
        );
        let limits = Limits { texts_free_bytes: 8_000_000, ..Limits::default() };
        let collection = opened_with(&collection(&sql), limits, false).unwrap();
        let mut given = 0;
        let read = collection.each_card::<Infallible>(|_| {
            given += 1;
            Ok(())
        });
        (given, read)
    };
    let (given, read) = cards(20, "");
    assert_eq!((given, read.unwrap().given), (21, 21));
    // The budget follows the length of the file, not the number of its cards; what is no card was fetched too.
    for change in ["", "UPDATE cards SET type = 99 WHERE id > 1", "UPDATE notes SET guid = ''"] {
        let (given, read) = cards(20_000, change);
        let Err(EachError::Read(error)) = read else { panic!("{read:?}") };
        assert_eq!(error.code(), "collection_too_large", "{error}");
        assert!(given < 200, "{given}");
    }
}

/// What it says to so many cards that are one, of a note with these fields and this template.
fn spent(fields: &str, (front, back): (&str, &str), cards: u64) -> Result<(), TooMuchEffort> {
    let models = format!(
        r#"{{"1":{{"id":1,"name":"Basic","type":0,"flds":[{{"name":"Front","ord":0}},{{"name":"Back","ord":1}}],
        "tmpls":[{{"name":"Card 1","ord":0,"qfmt":"{front}","afmt":"{back}"}}]}}}}"#
    );
    let sql = format!("UPDATE col SET models = '{models}'; UPDATE notes SET {fields}");
    let collection = opened(&sql).unwrap();
    let renderer = Renderer::new(&collection.definitions().notetypes);
    let mut effort = Effort::new(&renderer, 100_000);
    let mut outcome = Ok(());
    each_card(&collection, |row| {
        outcome = (0..cards).try_for_each(|_| effort.spend(&row, "Default"));
    });
    outcome
}

#[test]
fn templates_that_repeat_what_they_show_take_no_more_than_a_collection_may() {
    let spent = |front: &str, back: &str, cards| {
        spent("flds = hex(zeroblob(1000)) || char(31) || 'b'", (front, back), cards)
    };
    let plain = ("{{Front}}", "{{FrontSide}}<hr id=answer>{{Back}}");
    assert_eq!(spent(plain.0, plain.1, 100_000), Ok(()));
    // 100 KB of scripts in each template are usual in some decks, and a front that the back shows too.
    let script = format!("<script>{}</script>", "x".repeat(50_000));
    let scripted = (format!("{script}{{{{Front}}}}"), format!("{script}{{{{FrontSide}}}}{{{{Back}}}}"));
    assert_eq!(spent(&scripted.0, &scripted.1, 300_000), Ok(()));
    // A front of a megabyte that the back shows a thousand times is never made.
    let (front, back) = ("{{Front}}".repeat(500), "{{FrontSide}}".repeat(1_000));
    assert_eq!(spent(&front, &back, 1), Err(TooMuchEffort::Card));
    assert_eq!(spent(&front, "{{FrontSide}}", 100), Ok(()));
    let refused = spent(&front, "{{FrontSide}}", 20_000);
    assert!(matches!(refused, Err(TooMuchEffort::Collection { .. })), "{refused:?}");
    // Nor do very many cards make very long templates usual.
    let refused = spent(&scripted.0, &scripted.1, 400_000);
    assert!(matches!(refused, Err(TooMuchEffort::Collection { .. })), "{refused:?}");
}

#[test]
fn filters_and_tags_take_what_they_go_through() {
    let long = "flds = hex(zeroblob(500000)) || char(31) || 'b'";
    let filtered = |filters: &str, times: usize| format!("{{{{{filters}Front}}}}").repeat(times);
    assert_eq!(spent(long, (&filtered("text:", 2), ""), 1), Ok(()));
    assert_eq!(spent(long, (&filtered(&"text:".repeat(32), 2), ""), 1), Err(TooMuchEffort::Card));
    assert_eq!(spent(long, (&filtered("furigana:furigana:", 1), ""), 1), Err(TooMuchEffort::Card));
    let tagged = "tags = hex(zeroblob(30000))";
    assert_eq!(spent(tagged, (&"{{Tags}}".repeat(10), ""), 1), Ok(()));
    for unit in ["{{Tags}}", "{{#Tags}}{{/Tags}}"] {
        assert_eq!(spent(tagged, ("{{Front}}", &unit.repeat(1_000)), 1), Err(TooMuchEffort::Card), "{unit}");
    }
}

#[test]
fn a_field_that_very_many_conditions_ask_for_is_looked_through_once() {
    let conditions = "{{#Back}}{{/Back}}".repeat(20_000);
    // A megabyte of nothing: it takes to its end to see that. To see it each time would take minutes at least.
    let sql = format!(
        "UPDATE col SET models = replace(models, '{{{{Back}}}}', '{conditions}');
        UPDATE notes SET flds = 'front' || char(31) || replace(hex(zeroblob(500000)), '0', ' ')"
    );
    let collection = opened(&sql).unwrap();
    let renderer = Renderer::new(&collection.definitions().notetypes);
    let began = Instant::now();
    each_card(&collection, |row| {
        assert_eq!(Effort::new(&renderer, 0).spend(&row, "Default"), Ok(()));
        assert!(renderer.render(&row, "Default", &mut |_| None).is_ok());
    });
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn reading_stops_when_it_is_asked_to() {
    let sql = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
        INSERT INTO cards SELECT i, 1, 1, 0, 0, 0, 0, 0, i, 0, 0, 0, 0, 0, 0, 0, 0, '' FROM n;";
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &collection(sql));
    let stop = Arc::new(AtomicBool::new(false));
    let collection = Collection::open(&path, &Limits::default(), Arc::clone(&stop)).unwrap();
    let mut given = 0;
    let ended = collection.each_card::<Infallible>(|_| {
        given += 1;
        stop.store(true, Ordering::Relaxed);
        Ok(())
    });
    assert!(matches!(ended, Err(EachError::Read(ReadError::Stopped))), "{ended:?}");
    assert!((1..50_000).contains(&given));
}

#[test]
fn what_is_damaged_where_no_row_lies_shows_when_all_rows_were_read() {
    let folder = tempfile::tempdir().unwrap();
    // Of a single note it would be asked at once whether it is all that there is.
    let sql =
        "INSERT INTO notes SELECT 2, 'other', mid, mod, usn, tags, flds, sfld, csum, flags, data FROM notes;
        CREATE INDEX nobody_reads_this ON notes (csum) WHERE id > 0";
    let path = write(folder.path(), &collection(sql));
    let find = "SELECT rootpage FROM sqlite_schema WHERE name = 'nobody_reads_this'";
    let page: usize =
        Connection::open(&path).unwrap().query_row(find, [], |row| row.get::<_, u32>(0)).unwrap() as usize;
    let mut bytes = std::fs::read(&path).unwrap();
    let page_bytes = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    bytes[(page - 1) * page_bytes..page * page_bytes].fill(7);
    std::fs::write(&path, bytes).unwrap();
    let opened = || Collection::open(&path, &Limits::default(), Arc::new(AtomicBool::new(false))).unwrap();
    let (collection, mut given) = (opened(), 0);
    let ended = collection.each_card::<Infallible>(|_| {
        given += 1;
        Ok(())
    });
    assert!(matches!(ended, Err(EachError::Read(ReadError::Damaged(_)))), "{ended:?}");
    assert_eq!(given, 1);
    assert!(opened().each_review::<Infallible>(|_| Ok(())).is_err(), "also where only reviews are read");
    // Nobody waits for the check of what nobody reads to its end.
    drop(opened());
}

#[test]
fn the_visitors_error_ends_the_reading() {
    let ended = opened("").unwrap().each_card(|_| Err("full"));
    assert!(matches!(ended, Err(EachError::Visitor("full"))));
}

#[test]
fn the_last_review_of_a_card_is_found_with_an_index_or_without() {
    for sql in ["", "CREATE INDEX i ON revlog (cid)", "CREATE INDEX i ON revlog (cid) WHERE ease > 9"] {
        each_card(&opened(sql).unwrap(), |row| {
            assert_eq!(row.card.last_logged_ms, Some(1_600_000_000_000), "{sql}");
        });
    }
}

#[test]
fn the_note_that_asks_for_a_newer_anki_is_known() {
    let placeholder = "UPDATE notes SET flds = 'This file requires a newer version of Anki.' || char(31)";
    assert_eq!(refused(placeholder), "collection_is_a_placeholder");
    // Every newer package carries it beside the real one, which is the one that is read.
    let mut bytes = Vec::new();
    let mut archive =
        zip::ZipArchive::new(std::fs::File::open(crate::kit::fixture("latest.apkg")).unwrap()).unwrap();
    std::io::copy(&mut archive.by_name("collection.anki2").unwrap(), &mut bytes).unwrap();
    let alone = opened_with(&zip(&[("collection.anki2", &bytes)]), Limits::default(), false);
    assert!(matches!(alone, Err(ReadError::OnlyAPlaceholder)));
}

#[test]
fn a_damaged_page_is_an_error_and_never_a_crash() {
    let whole = collection("");
    for at in (100..whole.len()).step_by(whole.len() / 60) {
        let mut damaged = whole.clone();
        for byte in damaged.iter_mut().skip(at).take(40) {
            *byte ^= 0xa5;
        }
        if let Ok(collection) = opened_with(&damaged, Limits::default(), false) {
            let _ = collection.each_card::<Infallible>(|_| Ok(()));
            let _ = collection.each_review::<Infallible>(|_| Ok(()));
        }
    }
    for bytes in [&whole[..whole.len() / 2], &whole[..200]] {
        assert!(opened_with(bytes, Limits::default(), false).is_err());
    }
}

#[test]
fn cards_without_type_template_or_field_are_told_apart() {
    let why = |sql: &str| {
        let collection = opened(sql).unwrap();
        let mut why = None;
        each_card(&collection, |row| {
            let renderer = Renderer::new(&collection.definitions().notetypes);
            why = renderer.render(&row, "Default", &mut |_| None).err();
        });
        why.unwrap()
    };
    assert_eq!(why("UPDATE notes SET mid = 7"), RenderError::NoNotetype);
    assert_eq!(why("UPDATE cards SET ord = 3"), RenderError::NoTemplate);
    assert_eq!(why("UPDATE notes SET flds = ' <br>' || char(31) || 'back'"), RenderError::Empty);
    let broken = "UPDATE col SET models = replace(models, '{{Back}}', '{{Bck}}')";
    assert_eq!(why(broken), RenderError::NoSuchField("Bck".to_owned()));
    // Two small things that make a large one.
    let many = "UPDATE notes SET flds = hex(zeroblob(400000)) || char(31);
        UPDATE col SET models = replace(models, '{{Front}}', '{{Front}}{{Front}}{{Front}}{{Front}}')";
    assert_eq!(why(many), RenderError::TooLong);
}

#[test]
fn the_database_itself_is_never_changed() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = collection("PRAGMA journal_mode = WAL");
    let path = write(folder.path(), &bytes);
    let collection = Collection::open(&path, &Limits::default(), Arc::new(AtomicBool::new(false))).unwrap();
    each_card(&collection, |_| {});
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(Connection::open(Path::new(":memory:")).unwrap().execute_batch(SCHEMA).is_ok());
}
