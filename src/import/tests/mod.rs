//! What a file becomes, told as promises.

mod files;
mod importing;
mod json_lines;
mod on_this_machine;
mod parsing;
mod properties;
mod sparing;
mod written;

use super::{Dialect, FileFault, Head, Parser, Row, RowEvent};

/// Everything that the parser says about these bytes, fed in pieces that end at these places.
fn events_cut(bytes: &[u8], dialect: Dialect, cuts: &[usize]) -> (Vec<RowEvent>, Result<(), FileFault>) {
    let mut events = Vec::new();
    let mut each = |event| events.push(event);
    let mut parser = Parser::new(dialect);
    let mut from = 0;
    let mut read = Ok(());
    for &cut in cuts.iter().chain([&bytes.len()]) {
        let cut = cut.clamp(from, bytes.len());
        read = read.and_then(|()| parser.feed(&bytes[from..cut], &mut each));
        from = cut;
    }
    let read = read.and_then(|()| parser.finish(&mut each));
    (events, read)
}

/// Everything that the parser says about a file without a fault.
fn events(bytes: &[u8]) -> Vec<RowEvent> {
    let (events, read) = events_cut(bytes, Dialect::default(), &[]);
    assert_eq!(read, Ok(()));
    events
}

fn head(bytes: &[u8]) -> Head {
    match events(bytes).remove(0) {
        RowEvent::Head(head) => head,
        other @ (RowEvent::Row(_) | RowEvent::Rejected(..) | RowEvent::Changed(_)) => panic!("{other:?}"),
    }
}

fn rows(bytes: &[u8]) -> Vec<Row> {
    events(bytes)
        .into_iter()
        .filter_map(|event| match event {
            RowEvent::Row(row) => Some(row),
            RowEvent::Head(_) | RowEvent::Rejected(..) | RowEvent::Changed(_) => None,
        })
        .collect()
}

/// Fronts and backs.
fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    rows(bytes).into_iter().map(|row| (row.front, row.back)).collect()
}

/// Line, column and code of each rejected row.
fn rejected(bytes: &[u8]) -> Vec<(u64, u32, &'static str)> {
    events(bytes)
        .into_iter()
        .filter_map(|event| match event {
            RowEvent::Rejected(remark, _) => Some((remark.line, remark.column, remark.reason.code())),
            RowEvent::Head(_) | RowEvent::Row(_) | RowEvent::Changed(_) => None,
        })
        .collect()
}

fn fault(bytes: &[u8]) -> (u64, &'static str) {
    let (_, read) = events_cut(bytes, Dialect::default(), &[]);
    let fault = read.unwrap_err();
    (fault.line, fault.fault.code())
}

fn pair(front: &str, back: &str) -> (String, String) {
    (front.to_owned(), back.to_owned())
}
