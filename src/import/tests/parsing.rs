use super::*;
use crate::import::{Delimiter, Encoding};

#[test]
fn rows_of_ankis_that_hide_something_in_a_text_are_told_to_come_as_a_package() {
    let told = |file: &str| (rows(file.as_bytes()).len(), rejected(file.as_bytes()));
    let head =
        "#separator:tab\n#html:true\n#guid column:1\n#notetype column:2\n#deck column:3\n#tags column:6\n";
    let notes = "g1\tBasic (and reversed card)\tD\tf\tb\t\n\
        g2\tCloze\tD\t{{c1::Rome}} is\t\t\n\
        g3\tMy own\tD\t{{c1,2::Rome}} is\textra\t\n\
        g4\tImage Occlusion\tD\t{{c1::image-occlusion:rect:left=.1}}\t<img src=x.png>\t\n\
        g5\tLückentext+\tD\tno mark\tb\t\n\
        g6\tBasic\tD\ta {{c and {{c1:x}} and {{c::y}}\tb\t\n";
    let code = "note_type_needs_package";
    let refused = vec![(8, 2, code), (9, 4, code), (10, 2, code), (11, 2, code)];
    assert_eq!(told(&[head, notes].concat()), (2, refused));
    // One type for all rows.
    assert_eq!(told("#separator:tab\n#notetype:Cloze\nf\tb\n"), (0, vec![(3, 1, code)]));
    assert_eq!(told("#separator:tab\n#notetype:Basic\nf\tb\n"), (1, vec![]));
    // Whoever writes a table of their own may write what they like.
    assert_eq!(told("front\tback\n{{c1::Rome}} is\tb\n"), (1, vec![]));
}

#[test]
fn the_delimiter_is_found_out() {
    for (file, delimiter) in [
        ("a,b\nc,d\n", Delimiter::COMMA),
        ("a\tb, c\nd\te, f\n", Delimiter::TAB),
        ("1,5;2,5\n2,5;3,5\n", Delimiter::SEMICOLON),
        ("Hello, you;Hallo, du\nYes, no;Ja, nein\n", Delimiter::SEMICOLON),
        ("word,meaning one; meaning two\nother,this; that\n", Delimiter::COMMA),
        ("a|b\nc|d", Delimiter::PIPE),
        ("\"a;x\",\"b;y\"\n\"c;x\",\"d;y\"\n", Delimiter::COMMA),
        ("front;back\na, b;c\nd, e;f\n", Delimiter::SEMICOLON),
    ] {
        assert_eq!(head(file.as_bytes()).delimiter, delimiter, "{file}");
    }
}

#[test]
fn a_cloze_does_not_make_the_file_colon_separated() {
    let file = b"{{c1::Paris}} is the capital of {{c2::France}},geography\n{{c1::x}},y\n";
    assert_eq!(rows(file)[0].front, "{{c1::Paris}} is the capital of {{c2::France}}");
    assert_eq!(rows(b"{{c1::a}}\tb\n"), rows(b"{{c1::a}},b\n"));
}

#[test]
fn every_line_end_ends_a_row() {
    let wanted = vec![pair("a", "b"), pair("c", "d"), pair("e", "f")];
    for file in ["a,b\nc,d\ne,f", "a,b\r\nc,d\r\ne,f\r\n", "a,b\rc,d\re,f\r", "a,b\n\nc,d\r\n\r\n\re,f\n,,\n"]
    {
        assert_eq!(pairs(file.as_bytes()), wanted, "{file:?}");
    }
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let lines = |file: &str| rows(file.as_bytes()).iter().map(|row| row.line).collect::<Vec<_>>();
    assert_eq!(lines("a,\"b\nb\"\n\nc,d\n"), [1, 4]);
    assert_eq!(lines("a,\"b\r\nb\"\r\nc,d\r\n"), [1, 3]);
    assert_eq!(lines("a,\"b\rb\"\rc,d\r"), [1, 3]);
    assert_eq!(lines("#separator:Comma\r\n#html:false\r\na,b\r\n"), [3]);
}

#[test]
fn quotes_hold_delimiters_line_ends_and_doubled_quotes() {
    let file = b"\"a, \"\"b\"\"\",\"c\nd\"\n\"\",x\ny,5\" disk\n";
    assert_eq!(pairs(file), [pair("a, \"b\"", "c\nd"), pair("", "x"), pair("y", "5\" disk")]);
}

#[test]
fn a_quote_that_is_never_closed_is_told_with_the_line_where_it_was_opened() {
    assert_eq!(fault(b"a,b\nc,\"d\ne,f\n"), (2, "unclosed_quote"));
    assert_eq!(fault(b"a,b\n\"c,d\ne,\"f\"\ng,h\n"), (2, "unclosed_quote"));
    assert_eq!(fault(b"\""), (1, "unclosed_quote"));
    let mut long = b"a,b\nc,\"".to_vec();
    long.extend(b"x,y\n".repeat(100_000));
    assert_eq!(fault(&long), (2, "unclosed_quote"));
}

#[test]
fn text_after_a_closing_quote_rejects_its_row_alone() {
    assert_eq!(rejected(b"a,b\n\"c\" d,e\nf,\"g\" \n"), [(2, 1, "text_after_quote")]);
    assert_eq!(pairs(b"a,b\n\"c\" d,e\nf,\"g\" \n"), [pair("a", "b"), pair("f", "g")]);
}

#[test]
fn a_header_is_recognised_and_never_a_card() {
    for header in [
        "front,back",
        "Term,Definition",
        "Question,Answer",
        "word,meaning",
        "Vorderseite,Rückseite",
        "Frage,Antwort",
        "\"FRONT\",\" Back \"",
        "recto,verso",
        "pregunta,respuesta",
    ] {
        assert_eq!(pairs(format!("{header}\na,b\n").as_bytes()), [pair("a", "b")], "{header}");
    }
    assert_eq!(pairs(b"tags,back,front\nx,b,a\n"), [pair("a", "b")]);
    assert_eq!(pairs(b"Berlin,Germany\na,b\n").len(), 2);
}

#[test]
fn a_header_may_be_told() {
    let dialect = |header| Dialect { header: Some(header), delimiter: None };
    let count = |header, file: &[u8]| {
        let (events, _) = events_cut(file, dialect(header), &[]);
        events.iter().filter(|event| matches!(event, RowEvent::Row(_))).count()
    };
    assert_eq!(count(true, b"English,German\na,b\n"), 1);
    assert_eq!(count(false, b"front,back\na,b\n"), 2);
}

#[test]
fn columns_without_names_are_taken_in_their_order() {
    let row = rows(b"a,b,c,d,e f\n").remove(0);
    assert_eq!((row.front, row.back, row.hint), ("a".into(), "b".into(), "c".into()));
    assert_eq!((row.explanation, row.tags, row.guid), ("d".into(), "e f".into(), String::new()));
}

#[test]
fn the_lines_at_the_top_of_an_anki_file_say_how_to_read_it() {
    let file = "#separator:Semicolon\n#html:true\n#guid column:1\n#notetype column:2\n#deck column:3\n\
                #tags column:6\n#tags:all these\ng1;Basic;My deck;<b>f</b>;b, c;t1 t2\n";
    let head = head(file.as_bytes());
    assert!(head.html);
    assert_eq!(head.tags, "all these");
    let row = rows(file.as_bytes()).remove(0);
    assert_eq!((row.line, row.front.as_str(), row.back.as_str()), (8, "<b>f</b>", "b, c"));
    assert_eq!((row.guid.as_str(), row.tags.as_str(), row.hint.as_str()), ("g1", "t1 t2", ""));
}

#[test]
fn named_columns_of_an_anki_file_are_read_by_name() {
    let row = rows(b"#separator:tab\n#columns:Back\tFront\tExtra\tTags\nb\ta\tx\tt\n").remove(0);
    assert_eq!((row.front, row.back), ("a".to_owned(), "b".to_owned()));
    assert_eq!((row.explanation, row.tags), ("x".to_owned(), "t".to_owned()));
}

#[test]
fn a_later_line_that_begins_with_a_hash_is_data() {
    assert_eq!(pairs(b"#html:true\na,b\n#html:false,c\n"), [pair("a", "b"), pair("#html:false", "c")]);
    assert_eq!(pairs(b"#hashtag,b\n#tags:x,y\n"), [pair("#hashtag", "b"), pair("#tags:x", "y")]);
}

#[test]
fn excel_may_name_the_delimiter() {
    assert_eq!(pairs(b"sep=;\r\na,b;c\r\n"), [pair("a,b", "c")]);
}

#[test]
fn every_encoding_reads_the_same() {
    let text = "Straße,rue\nnaïve,ingénu\n";
    let utf16 = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let (little, big) = (utf16(u16::to_le_bytes), utf16(u16::to_be_bytes));
    let files: [(Vec<u8>, Encoding); 7] = [
        (text.into(), Encoding::Utf8),
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), Encoding::Utf8),
        (encoding_rs::WINDOWS_1252.encode(text).0.into(), Encoding::Windows1252),
        ([b"\xff\xfe".as_slice(), &little].concat(), Encoding::Utf16Le),
        ([b"\xfe\xff".as_slice(), &big].concat(), Encoding::Utf16Be),
        (little, Encoding::Utf16Le),
        (big, Encoding::Utf16Be),
    ];
    for (file, encoding) in files {
        assert_eq!(head(&file).encoding, encoding);
        assert_eq!(rows(&file), rows(text.as_bytes()), "{encoding:?}");
    }
}

#[test]
fn a_zero_among_letters_does_not_make_a_file_utf_16() {
    let file = b"front,back\na\0,b\nc,d\n";
    assert_eq!(head(file).encoding, Encoding::Utf8);
    assert_eq!(rows(file).len(), 2);
}

#[test]
fn an_accent_far_down_may_still_make_a_file_windows_1252() {
    let mut file = b"a,b\n".repeat(40_000);
    file.extend(b"na\xefve,x\n");
    assert_eq!(rows(&file).pop().unwrap().front, "naïve");
}

#[test]
fn bytes_that_are_no_text_are_a_fault_with_their_line() {
    let after_utf8 = ["ä,b\n".repeat(40_000).as_bytes(), b"c,d\nna\xefve,x\n"].concat();
    assert_eq!(fault(&after_utf8), (40_002, "encoding"));
    assert_eq!(fault(b"\xef\xbb\xbfa,b\nc,\xff\n"), (2, "encoding"));
    assert_eq!(fault(b"\xff\xfea\0,\0b\0\n\0\0\xd8x\0"), (2, "encoding"));
    assert_eq!(fault(b"PK\x03\x04xyz"), (1, "not_text"));
}

#[test]
fn rows_that_are_too_wide_are_rejected_and_short_ones_are_not_shifted() {
    assert_eq!(rejected(b"front,back\na,b,\nc,d,e\nf,g\n"), [(3, 3, "too_many_fields")]);
    assert_eq!(pairs(b"a,b\nc\nd,e\n"), [pair("a", "b"), pair("c", ""), pair("d", "e")]);
}

#[test]
fn control_characters_are_left_out_and_told() {
    let events = events(b"a\0b,c\nd,\x07\n");
    assert_eq!(pairs(b"a\0b,c\n"), [pair("ab", "c")]);
    assert_eq!(events.iter().filter(|event| matches!(event, RowEvent::Changed(_))).count(), 2);
}

#[test]
fn an_empty_file_says_nothing() {
    for file in [&b""[..], b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b"#separator:tab\n"] {
        assert_eq!(events(file), [], "{file:?}");
    }
}

/// Line, column and code of everything that was left out.
fn left_out(bytes: &[u8]) -> Vec<(u64, u32, &'static str)> {
    events(bytes)
        .into_iter()
        .filter_map(|event| match event {
            RowEvent::Changed(remark) => Some((remark.line, remark.column, remark.reason.code())),
            RowEvent::Head(_) | RowEvent::Row(_) | RowEvent::Rejected(..) => None,
        })
        .collect()
}

#[test]
fn a_column_that_is_not_imported_is_told_where_it_first_holds_something() {
    let told = [(1, 6, "unknown_column"), (2, 7, "unknown_column")];
    assert_eq!(left_out(b"a,b,c,d,t,SIX,\na,b,c,d,t,6,SEVEN\na,b,c,d,t,6,7\n"), told);
    let told = [(1, 3, "unknown_column"), (3, 4, "unknown_column")];
    assert_eq!(left_out(b"front,back,colour,\na,b,red,\nc,d,blue,more\n"), told);
    // What Anki says of its own ways of importing, and columns that are empty, are no loss.
    assert_eq!(left_out(b"#notetype column:3\n#deck column:4\na,b,Basic,Deck\n"), []);
    assert_eq!(left_out(b"front,back,,\na,b,,\n"), []);
    let named = b"#columns:front,back,colour\na,b,red\nc,d,red\n";
    assert_eq!(left_out(named), [(2, 3, "unknown_column")]);
}

#[test]
fn files_of_other_programs_are_no_text_whatever_their_name_says() {
    for magic in [
        &b"PK\x03\x04"[..],
        b"PK\x05\x06",
        b"\x1f\x8b\x08",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"%PDF-1.7\n",
        b"\x7fELF\x02",
        b"SQLite format 3\0",
        b"7z\xbc\xaf\x27\x1c",
        b"{\\rtf1",
    ] {
        assert_eq!(fault(&[magic, b"a,b\nc,d\n"].concat()), (1, "not_text"), "{magic:?}");
    }
    assert_eq!(pairs("PK,primary key\n%PDF,a file\n".as_bytes())[0], pair("PK", "primary key"));
}

#[test]
fn a_code_page_that_is_not_read_is_refused_instead_of_read_as_another() {
    let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode("漢字、,かな\n日本,Japan\n");
    assert_eq!(fault(&shift_jis), (1, "encoding"));
    assert_eq!(pairs(b"caf\xe9,coffee \x80 2\n"), [pair("café", "coffee € 2")]);
}
