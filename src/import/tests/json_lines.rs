//! JSON Lines.

use crate::import::gather::{Gathered, Gathering};
use crate::import::json_lines::{CardLines, Sink};
use crate::import::limits::{FILE_BYTES_MAX, REPORTED_MAX, ROW_BYTES_MAX};
use crate::import::reading::Reading;
use crate::import::tags::joined;
use crate::import::{FileFault, RowEvent};
use proptest::prelude::*;

impl Sink for Vec<RowEvent> {
    fn take(&mut self, event: RowEvent) {
        self.push(event);
    }
}

fn events_cut(bytes: &[u8], cuts: &[usize]) -> Result<Vec<RowEvent>, FileFault> {
    let mut reading = Reading::new(FILE_BYTES_MAX, CardLines::new(Vec::new()));
    let mut from = 0;
    for &cut in cuts.iter().chain([&bytes.len()]) {
        let cut = cut.clamp(from, bytes.len());
        reading.feed(&bytes[from..cut])?;
        from = cut;
    }
    Ok(reading.finish()?.into_sink())
}

fn gathered(text: &str) -> Gathered {
    let mut gathering = Gathering::of_json_lines(REPORTED_MAX);
    gathering.feed(text.as_bytes()).unwrap();
    gathering.finish().unwrap()
}

#[test]
fn a_line_of_a_gigabyte_costs_no_memory_and_no_other_line() {
    let mut gathering = Gathering::of_json_lines(REPORTED_MAX);
    gathering.feed(b"{\"front\": \"a\", \"back\": \"b\"}\n{\"front\": \"").unwrap();
    let piece = vec![b'x'; ROW_BYTES_MAX / 4];
    for _ in 0..100 {
        gathering.feed(&piece).unwrap();
    }
    gathering.feed(b"\"}\n{\"front\": \"c\", \"back\": \"d\"}").unwrap();
    let gathered = gathering.finish().unwrap();
    assert_eq!(gathered.cards.len(), 2);
    let remark = &gathered.rejected.listed[0];
    assert_eq!((remark.line, remark.reason.code()), (2, "line_too_long"));
}

#[test]
fn what_no_object_has_stays_as_it_is_in_the_deck() {
    let without = gathered("{\"front\": \"a\", \"back\": \"b\"}\n");
    assert!(!without.has_hints && !without.has_explanations && !without.has_tags);
    let with =
        gathered("{\"front\": \"a\", \"back\": \"b\"}\n{\"front\": \"c\", \"back\": \"d\", \"tags\": []}\n");
    assert!(!with.has_hints && with.has_tags);
}

/// Pieces of lines: what a reader may trip over.
fn scrap() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&[u8]> = vec![
        b"{",
        b"}",
        b"{\"front\":\"a\",\"back\":\"b\"}\n",
        b"\"front\"",
        b":",
        b",",
        b"\"",
        b"\\",
        b"\\u00e4",
        b"\\ud83d",
        b"\n",
        b"\r\n",
        b"[",
        b"]",
        b"\"tags\":[\"x y\"]",
        b"null",
        b"1e999",
        b"\xc3\xa4",
        b"\xff",
        b"\0",
    ];
    prop_oneof![
        prop::sample::select(known).prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..6)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn how_a_file_is_cut_makes_no_difference_and_no_bytes_make_it_panic(
        scraps in prop::collection::vec(scrap(), 0..60),
        mut cuts in prop::collection::vec(0_usize..400, 0..8),
    ) {
        cuts.sort_unstable();
        let file = scraps.concat();
        prop_assert_eq!(events_cut(&file, &cuts), events_cut(&file, &[]));
    }

    #[test]
    fn every_card_that_is_written_is_read_as_it_was(
        texts in prop::collection::vec(("[a-zä\"\\\\<😀]{1,12}", "[ -~]{1,12}", prop::collection::vec("[a-z ,\"]{1,5}", 0..3)), 1..8),
    ) {
        let line = |(front, back, tags): &(String, String, Vec<String>)| {
            format!("{}\n", serde_json::json!({"front": front, "back": back, "tags": tags}))
        };
        let file: String = texts.iter().map(line).collect();
        let rows: Vec<_> = events_cut(file.as_bytes(), &[]).unwrap().into_iter().filter_map(|event| match event {
            RowEvent::Row(row) => Some((row.front, row.back, row.tags)),
            RowEvent::Head(_) | RowEvent::Rejected(..) | RowEvent::Changed(_) => None,
        }).collect();
        let wanted: Vec<_> = texts.iter().map(|(front, back, tags)| {
            (front.clone(), back.trim().to_owned(), joined(tags).trim().to_owned())
        }).collect();
        prop_assert_eq!(rows, wanted);
    }
}
