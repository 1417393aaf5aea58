//! What holds for every file.

use super::*;
use crate::import::{Delimiter, Encoding};
use encoding_rs::WINDOWS_1252;
use proptest::prelude::*;

/// Pieces of files: what a parser may trip over, and text.
fn scrap() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::sample::select(vec![
            &b"a"[..],
            b",",
            b";",
            b"\t",
            b"|",
            b"\"",
            b"\"\"",
            b"\n",
            b"\r",
            b"\r\n",
            b" ",
            b"\0",
            b"#html:true\n",
            b"front,back\n",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\xc3",
            b"\xa4",
            b"\xc3\xa4",
            b"\xe2\x82",
            b"\xf0\x9f\x98\x80",
            b"term",
            b",x\n",
            b"\"b\",",
            b"#columns:a,b\n",
        ])
        .prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..6),
    ]
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(scrap(), 0..60).prop_map(|scraps| scraps.concat())
}

/// Fields as people fill them in: not blank, no spaces at the ends, no control characters.
fn field() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9äöüßéà€’,;|\t \"\n'#:{}<&-]{0,12}[a-zA-Z0-9äé€\"]".prop_map(|text| text.trim().to_owned())
}

#[derive(Clone, Copy, Debug)]
enum Quoting {
    Always,
    WhereNeeded,
}

fn written(rows: &[[String; 3]], delimiter: char, line_end: &str, quoting: Quoting) -> String {
    let special = ['"', '\n', '\r', delimiter];
    let cell = |text: &String| match quoting {
        Quoting::WhereNeeded if !text.contains(special) => text.clone(),
        Quoting::Always | Quoting::WhereNeeded => format!("\"{}\"", text.replace('"', "\"\"")),
    };
    let line = |row: &[String; 3]| row.iter().map(cell).collect::<Vec<_>>().join(&delimiter.to_string());
    rows.iter().map(|row| line(row) + line_end).collect()
}

fn encoded(text: &str, encoding: Encoding, with_mark: bool) -> Vec<u8> {
    let units = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let (mark, bytes) = match encoding {
        Encoding::Utf8 => (&b"\xef\xbb\xbf"[..], text.as_bytes().to_vec()),
        Encoding::Utf16Le => (&b"\xff\xfe"[..], units(u16::to_le_bytes)),
        Encoding::Utf16Be => (&b"\xfe\xff"[..], units(u16::to_be_bytes)),
        Encoding::Windows1252 => (&b""[..], WINDOWS_1252.encode(text).0.into_owned()),
    };
    if with_mark { [mark, &bytes].concat() } else { bytes }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = events_cut(&bytes, Dialect::default(), &[]);
    }

    #[test]
    fn how_a_file_is_cut_makes_no_difference(
        file in file(),
        mut cuts in prop::collection::vec(0_usize..600, 0..12),
        header in prop::option::of(any::<bool>()),
    ) {
        cuts.sort_unstable();
        let dialect = Dialect { delimiter: None, header };
        let whole = events_cut(&file, dialect, &[]);
        prop_assert_eq!(&events_cut(&file, dialect, &cuts), &whole);
        let singly: Vec<usize> = (0..file.len()).collect();
        prop_assert_eq!(&events_cut(&file, dialect, &singly), &whole);
    }

    #[test]
    fn every_table_comes_back_in_every_dialect(
        rows in prop::collection::vec([field(), field(), field()], 1..12),
        delimiter in prop::sample::select(vec![Delimiter::TAB, Delimiter::COMMA, Delimiter::SEMICOLON, Delimiter::PIPE]),
        line_end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        quoting in prop::sample::select(vec![Quoting::Always, Quoting::WhereNeeded]),
        encoding in prop::sample::select(vec![Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Windows1252]),
        told in any::<bool>(),
    ) {
        let header = ["front", "back", "hint"].map(str::to_owned);
        let table = [vec![header], rows.clone()].concat();
        let text = written(&table, char::from(delimiter.byte()), line_end, quoting);
        let bytes = encoded(&text, encoding, encoding != Encoding::Utf8);
        // Few letters of Windows-1252 in a row can be a letter of UTF-8 (`é’€` is `钀`). Nobody can tell; UTF-8 is taken.
        let reads_as_utf8 = !bytes.is_ascii() && std::str::from_utf8(&bytes).is_ok();
        prop_assume!(encoding != Encoding::Windows1252 || !reads_as_utf8);
        let dialect = Dialect { delimiter: told.then_some(delimiter), header: None };
        let (events, read) = events_cut(&bytes, dialect, &[]);
        prop_assert_eq!(read, Ok(()));
        let mut read = Vec::new();
        for event in events {
            match event {
                RowEvent::Head(head) => prop_assert_eq!(head.delimiter, delimiter),
                RowEvent::Row(row) => read.push([row.front, row.back, row.hint]),
                RowEvent::Rejected(remark, _) | RowEvent::Changed(remark) => prop_assert!(false, "{:?}", remark),
            }
        }
        prop_assert_eq!(read, rows);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn beyond_the_head_too_it_makes_no_difference_how_a_file_is_cut(
        scraps in prop::collection::vec(scrap(), 1..12),
        times in 4_000_usize..12_000,
        piece in 1_usize..70_000,
        end in file(),
    ) {
        let file = [scraps.concat().repeat(times), end].concat();
        let cuts: Vec<usize> = (0..file.len()).step_by(piece).collect();
        prop_assert!(events_cut(&file, Dialect::default(), &cuts) == events_cut(&file, Dialect::default(), &[]));
    }
}
