//! Stretches of time as the tables hold them: several of one thing may overlap, because two began them at once, and
//! count as one.

use domain::access::Span;
use domain::ids::Uuid;
use std::collections::BTreeMap;

/// `what, from_ms, until_ms`.
pub(super) type SpanRow = (Uuid, i64, Option<i64>);

/// A row's stretch.
pub(super) const fn span_of(row: &SpanRow) -> Span {
    Span { from_ms: row.1, until_ms: row.2 }
}

/// Stretches by what they are of, in order, without empty ones and without overlaps.
pub(super) fn by_what(rows: &[SpanRow]) -> BTreeMap<Uuid, Vec<Span>> {
    let mut by_what: BTreeMap<Uuid, Vec<Span>> = BTreeMap::new();
    for row in rows {
        by_what.entry(row.0).or_default().push(span_of(row));
    }
    by_what.values_mut().for_each(join);
    by_what.retain(|_, spans| !spans.is_empty());
    by_what
}

fn join(spans: &mut Vec<Span>) {
    spans.retain(|span| span.until_ms.is_none_or(|until_ms| until_ms > span.from_ms));
    spans.sort_by_key(|span| span.from_ms);
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans.drain(..) {
        match joined.last_mut() {
            Some(last) if last.holds(span.from_ms) => {
                last.until_ms = last.until_ms.and_then(|a| span.until_ms.map(|b| a.max(b)));
            }
            Some(_) | None => joined.push(span),
        }
    }
    *spans = joined;
}

/// What goes on now, in the order in which it began.
pub(super) fn open(rows: &[SpanRow]) -> Vec<Uuid> {
    let by_what = by_what(rows);
    let last = |spans: &Vec<Span>| spans.last().copied().filter(Span::is_open);
    let mut open: Vec<(i64, Uuid)> =
        by_what.iter().filter_map(|(what, spans)| Some((last(spans)?.from_ms, *what))).collect();
    open.sort_unstable();
    open.into_iter().map(|(_, what)| what).collect()
}

/// The first moment from `now_ms` on at which no stretch of these rows begins: the moment is the row's key.
pub(super) fn free_moment(rows: &[SpanRow], now_ms: i64) -> i64 {
    let mut from_ms = now_ms;
    while rows.iter().any(|row| row.1 == from_ms) {
        from_ms = from_ms.saturating_add(1);
    }
    from_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(what: u128, from_ms: i64, until_ms: Option<i64>) -> SpanRow {
        (Uuid::from_u128(what), from_ms, until_ms)
    }

    #[test]
    fn stretches_that_overlap_are_one_and_empty_ones_none() {
        let rows = [
            row(1, 20, None),
            row(1, 10, Some(25)),
            row(1, 1, Some(5)),
            row(1, 5, Some(7)),
            row(2, 3, Some(3)),
        ];
        let joined = by_what(&rows);
        let spans: Vec<_> = joined[&Uuid::from_u128(1)].iter().map(|s| (s.from_ms, s.until_ms)).collect();
        assert_eq!(spans, [(1, Some(5)), (5, Some(7)), (10, None)]);
        assert!(!joined.contains_key(&Uuid::from_u128(2)));
    }

    #[test]
    fn what_goes_on_is_told_in_the_order_in_which_it_began() {
        let rows = [row(1, 30, None), row(2, 10, None), row(3, 10, Some(11)), row(1, 40, None)];
        assert_eq!(open(&rows), [2, 1].map(Uuid::from_u128));
    }

    #[test]
    fn who_leaves_and_joins_in_one_millisecond_joins_in_the_next() {
        assert_eq!(free_moment(&[row(1, 5, Some(5)), row(1, 6, Some(6))], 5), 7);
        assert_eq!(free_moment(&[], 5), 5);
    }
}
