use super::*;
use proptest::prelude::*;

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/files/csv/", $name))
    };
}

/// What is read in one piece, after checking that any other division into pieces gives the same.
fn read(bytes: &[u8]) -> Result<Parsed, FileFault> {
    read_with(bytes, Options::default())
}

fn read_with(bytes: &[u8], options: Options) -> Result<Parsed, FileFault> {
    let whole = parse(bytes, options);
    for size in [1, 2, 3, 7, 1_023] {
        let mut importer = Importer::new(options);
        let fed = bytes.chunks(size).try_for_each(|piece| importer.feed(piece));
        assert_eq!(fed.and_then(|()| importer.finish()), whole, "in pieces of {size}");
    }
    whole
}

fn cards(bytes: &[u8]) -> Vec<(String, String)> {
    read(bytes).unwrap().rows.into_iter().map(|row| (row.front, row.back)).collect()
}

fn pairs<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(front, back)| ((*front).to_owned(), (*back).to_owned())).collect()
}

fn rejected(parsed: &Parsed) -> Vec<(u64, usize, Reason)> {
    parsed.rejected.iter().map(|row| (row.line, row.column, row.reason)).collect()
}

#[test]
fn the_delimiter_is_found_whatever_stands_in_the_text() {
    for (bytes, delimiter, first) in [
        (&sample!("comma.csv")[..], b',', ("Hund", "dog")),
        (sample!("tab.tsv"), b'\t', ("Hello, world", "Hallo, Welt")),
        (sample!("semicolon-german.csv"), b';', ("Der Hund, ein Tier", "the dog")),
        (sample!("pipe.txt"), b'|', ("a", "b")),
        (sample!("prose-with-semicolons.csv"), b',', ("word", "first; second")),
        (sample!("prose-with-commas.csv"), b';', ("Wort", "eins, zwei")),
        (sample!("cloze.csv"), b',', ("{{c1::Paris}} is in {{c2::France}}", "geography")),
        (sample!("no-newline-at-the-end.csv"), b',', ("a", "b")),
        (sample!("excel-sep.csv"), b';', ("a,b", "c")),
    ] {
        let parsed = read(bytes).unwrap();
        assert_eq!(char::from(parsed.delimiter), char::from(delimiter), "{first:?}");
        assert_eq!((parsed.rows[0].front.as_str(), parsed.rows[0].back.as_str()), first);
        assert_eq!(parsed.rejected_total, 0, "{:?}", parsed.rejected);
    }
}

#[test]
fn a_delimiter_or_a_header_that_is_told_wins() {
    let told = Options { delimiter: Some(b';'), ..Options::default() };
    let parsed = read_with(sample!("prose-with-semicolons.csv"), told).unwrap();
    assert_eq!((parsed.rows[0].front.as_str(), parsed.rows[0].back.as_str()), ("word,first", "second"));
    let no_header = Options { header: Some(false), ..Options::default() };
    assert_eq!(read_with(sample!("comma.csv"), no_header).unwrap().rows[0].front, "front");
    let header = Options { header: Some(true), ..Options::default() };
    assert_eq!(read_with(b"x,y\na,b\n", header).unwrap().rows.len(), 1);
}

#[test]
fn every_line_end_ends_a_line_and_lines_are_counted_through() {
    let expected = [("Hund", "dog"), ("two<br>lines", "x"), ("last", "y")];
    assert_eq!(cards(sample!("carriage-returns.csv")), pairs(&expected));
    let parsed = read(sample!("mixed-line-ends.csv")).unwrap();
    let lines: Vec<u64> = parsed.rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 3, 4, 5]);
    assert_eq!(rejected(&parsed), [(7, 2, Reason::EmptyBack)]);
}

#[test]
fn quotes_follow_the_rfc_and_forgive_what_can_be_understood() {
    assert_eq!(
        cards(sample!("quotes.csv")),
        pairs(&[
            ("a &quot;quoted&quot; word", "x,y"),
            ("line one<br>line two", "z"),
            ("&quot;Hamlet&quot; is a play", "yes"),
            ("a &quot;b&quot; c", "d"),
            ("blank behind", "e"),
        ])
    );
    let parsed = read(sample!("stray-quote.csv")).unwrap();
    assert_eq!(rejected(&parsed), [(2, 1, Reason::StrayQuote)]);
    assert_eq!(parsed.rows.len(), 1);
}

#[test]
fn an_unclosed_quote_is_a_fault_with_its_line_and_swallows_nothing() {
    assert_eq!(read(sample!("unclosed-quote.csv")), Err(FileFault::UnclosedQuote { line: 3 }));
    assert_eq!(read(sample!("unclosed-quote-in-the-first-row.csv")), Err(FileFault::UnclosedQuote { line: 1 }));
    let mut long = b"front,back\na,b\n\"open,".to_vec();
    long.extend(b"x,y\n".repeat(100_000));
    assert_eq!(parse(&long, Options::default()), Err(FileFault::UnclosedQuote { line: 3 }));
}

#[test]
fn every_encoding_is_read_and_none_is_guessed_into_rubbish() {
    for (bytes, encoding, first) in [
        (&sample!("bom.csv")[..], Encoding::Utf8, ("ä", "ö")),
        (sample!("utf-16le.csv"), Encoding::Utf16Le, ("ä", "日本")),
        (sample!("utf-16be.csv"), Encoding::Utf16Be, ("ä", "日本")),
        (sample!("utf-16le-without-mark.csv"), Encoding::Utf16Le, ("abc", "def")),
        (sample!("windows-1252.csv"), Encoding::Windows1252, ("Größe", "size €")),
    ] {
        let parsed = read(bytes).unwrap();
        assert_eq!(parsed.encoding, encoding);
        assert!(parsed.header, "{encoding:?}");
        assert_eq!((parsed.rows[0].front.as_str(), parsed.rows[0].back.as_str()), first);
    }
    let broken = read(sample!("utf-8-broken.csv"));
    assert_eq!(broken, Err(FileFault::BadEncoding { line: 3, encoding: "utf-8" }));
    let broken = read(sample!("utf-16-broken.csv"));
    assert_eq!(broken, Err(FileFault::BadEncoding { line: 2, encoding: "utf-16le" }));
    assert!(matches!(read(sample!("a-zip.csv")), Err(FileFault::NotText { .. })));
}

#[test]
fn windows_1252_is_noticed_however_late_it_shows() {
    let mut bytes = b"front,back\n".to_vec();
    for n in 0..20_000 {
        bytes.extend(format!("front {n},back {n}\n").bytes());
    }
    bytes.extend(b"Stra\xdfe,street\n");
    let parsed = parse(&bytes, Options::default()).unwrap();
    assert_eq!((parsed.encoding, parsed.rows.len()), (Encoding::Windows1252, 20_001));
    assert_eq!(parsed.rows[20_000].front, "Straße");
}

#[test]
fn anki_directives_hold_at_the_top_and_nowhere_else() {
    let parsed = read(sample!("anki.txt")).unwrap();
    assert_eq!(parsed.rows.len(), 3, "{:?}", parsed.rejected);
    let first = &parsed.rows[0];
    assert_eq!((first.front.as_str(), first.back.as_str()), ("<b>front</b>", "back<br>two"));
    assert_eq!((first.key.as_str(), first.tags.clone()), ("guid:abc{1}", Some(vec!["one".into(), "two".into()])));
    assert_eq!(parsed.rows[1].front, "#hash");
    assert_eq!((parsed.rows[2].key.as_str(), parsed.rows[2].line), ("guid:#separator:comma", 9));

    let parsed = read(sample!("anki-columns.txt")).unwrap();
    let first = &parsed.rows[0];
    assert_eq!((first.front.as_str(), first.back.as_str()), ("&lt;b&gt;Vor&lt;/b&gt;", "Rück"));
    assert_eq!(first.tags.clone().unwrap(), ["alpha", "beta", "gamma"]);
    assert_eq!(parsed.rows[1].back, "#1 hit");

    assert_eq!(cards(sample!("hash-is-data.csv")), pairs(&[("#separator:tab", "a directive"), ("#1", "number one")]));
    assert_eq!(cards(sample!("hash-in-the-first-row.csv")).len(), 2);
}

#[test]
fn headers_are_recognised_in_the_languages_of_those_who_use_them() {
    for header in ["Front,Back", "term,definition", "Question,Answer,Tags", " VORDERSEITE , Rückseite", "\"Frage\",\"Antwort\""] {
        let parsed = read(format!("{header}\na,b\n").as_bytes()).unwrap();
        assert!(parsed.header && parsed.rows.len() == 1, "{header}");
    }
    for card in ["front,of the ship", "the question,the reply", "Paris,capital"] {
        assert!(!read(format!("{card}\n").as_bytes()).unwrap().header, "{card}");
    }
    let swapped = read(b"answer,question\nParis,Capital of France?\n").unwrap();
    assert_eq!(swapped.rows[0].front, "Capital of France?");
    let parsed = read(sample!("unknown-columns.csv")).unwrap();
    assert_eq!((parsed.ignored_columns.clone(), parsed.rows[0].key.as_str()), (vec!["difficulty".into()], "guid:7"));
    assert_eq!(parsed.rows[0].hint, None);
}

#[test]
fn rows_of_another_width_are_rejected_one_by_one() {
    let parsed = read(sample!("ragged.csv")).unwrap();
    let fronts: Vec<&str> = parsed.rows.iter().map(|row| row.front.as_str()).collect();
    assert_eq!(fronts, ["a", "i", "k"]);
    assert_eq!(
        rejected(&parsed),
        [(3, 4, Reason::TooManyColumns), (4, 2, Reason::EmptyBack), (5, 1, Reason::EmptyFront)]
    );
    let parsed = read(sample!("many-columns.csv")).unwrap();
    assert_eq!((rejected(&parsed), parsed.rows.len()), (vec![(2, 3, Reason::TooManyColumns)], 1));
}

#[test]
fn a_repeat_within_the_file_is_rejected_with_the_line_that_it_repeats() {
    let parsed = read(sample!("duplicates.csv")).unwrap();
    assert_eq!(rejected(&parsed), [(3, 1, Reason::Duplicate), (5, 1, Reason::Duplicate)]);
    assert_eq!(parsed.rejected[0].message, "the same card as line 2");
    assert_eq!(parsed.rows.len(), 3);
    // A file's own ids say what is the same; a row without one goes by its front.
    let parsed = read(sample!("guid.csv")).unwrap();
    assert_eq!(rejected(&parsed), [(4, 1, Reason::Duplicate)]);
    let keys: Vec<&str> = parsed.rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["guid:1", "guid:2", "front:f"]);
}

#[test]
fn tags_are_divided_as_they_were_meant() {
    let tags: Vec<_> = read(sample!("tags.csv")).unwrap().rows.into_iter().map(|row| row.tags.unwrap()).collect();
    assert_eq!(tags, [vec!["one", "two"], vec!["one", "two words", "three"], vec![]]);
}

#[test]
fn what_is_not_text_or_too_much_costs_its_row_alone() {
    let nul = read(sample!("nul.csv")).unwrap();
    assert_eq!((rejected(&nul), nul.rows.len()), (vec![(2, 1, Reason::BadCharacter)], 1));
    let long = read(sample!("long-field.csv")).unwrap();
    assert_eq!((rejected(&long), long.rows.len()), (vec![(2, 1, Reason::TooLong)], 1));
    let deep = read(sample!("deep.txt")).unwrap();
    assert_eq!((rejected(&deep), deep.rows.len()), (vec![(3, 1, Reason::TooDeep)], 1));
}

#[test]
fn text_is_shown_as_it_is_and_html_only_where_the_file_says_so() {
    let parsed = read(sample!("script.csv")).unwrap();
    assert_eq!(parsed.rows[0].front, "&lt;script&gt;alert(1)&lt;/script&gt;");
    let parsed = read(sample!("script-html.txt")).unwrap();
    assert_eq!((parsed.rows[0].front.as_str(), parsed.rows[0].back.as_str()), ("<b>x</b>", "<img src=\"x\">y"));
    assert_eq!(rejected(&parsed), [(4, 1, Reason::EmptyFront)]);
}

#[test]
fn files_with_nothing_in_them_say_so_quietly() {
    for bytes in [&sample!("nothing.csv")[..], sample!("only-blank.csv"), sample!("only-a-header.csv")] {
        let parsed = read(bytes).unwrap();
        assert_eq!((parsed.rows.len(), parsed.rejected_total), (0, 0));
    }
    let one = read(sample!("one-column.csv")).unwrap();
    assert_eq!(rejected(&one), [(1, 2, Reason::EmptyBack), (2, 2, Reason::EmptyBack)]);
}

#[test]
fn rows_and_reports_are_bounded() {
    let mut bytes = b"front,back\n".to_vec();
    for n in 0..=ROWS_MAX {
        bytes.extend(format!("{n},x\n").bytes());
    }
    let line = ROWS_MAX as u64 + 2;
    assert_eq!(parse(&bytes, Options::default()), Err(FileFault::TooManyRows { line }));
    let parsed = parse(&b"same,x\n".repeat(5_000), Options::default()).unwrap();
    assert_eq!((parsed.rejected.len(), parsed.rejected_total), (REJECTED_REPORTED, 4_999));
}

proptest! {
    #[test]
    fn what_is_written_as_the_rfc_says_is_read_as_it_was(
        rows in prop::collection::vec(("[a-z\",;\t\n|<é#]{1,12}", "[a-z\",;\t\n|<é# ]{1,12}"), 1..20),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        line_end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut file = String::from("front,back\n").replace(',', &char::from(delimiter).to_string());
        for (front, back) in &rows {
            file.push_str(&format!("{}{}{}{line_end}", quoted(front), char::from(delimiter), quoted(back)));
        }
        let options = Options { delimiter: Some(delimiter), ..Options::default() };
        let parsed = read_with(file.as_bytes(), options).unwrap();
        prop_assert_eq!(parsed.rows.len() + parsed.rejected_total + blank(&rows), rows.len());
        for row in &parsed.rows {
            let of_the_file = rows.iter().any(|(front, back)| {
                row.front == crate::content::escape(front.trim()) && row.back == crate::content::escape(back.trim())
            });
            prop_assert!(of_the_file, "{:?}", row);
        }
    }

    #[test]
    fn no_bytes_panic_and_no_division_into_pieces_matters(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_text_panics_and_no_division_into_pieces_matters(text in "[ab\",;\t\r\n#:<é]{0,300}") {
        let _ = read(text.as_bytes());
    }
}

fn blank(rows: &[(String, String)]) -> usize {
    rows.iter().filter(|(front, back)| front.trim().is_empty() && back.trim().is_empty()).count()
}
