//! Who sees which deck, and when.

use domain::access::{DeckGate, Span, Visibility, deck_spans};
use domain::ids::{OrgId, UserId};
use proptest::prelude::*;

const OWNER: u128 = 1;
const OTHER: u128 = 2;

fn user(n: u128) -> UserId {
    UserId::from_u128(n)
}

fn org(n: u128) -> Option<OrgId> {
    Some(OrgId::from_u128(n))
}

fn gate(visibility: Visibility) -> DeckGate {
    DeckGate {
        owner: user(OWNER),
        editors: [].into(),
        org: org(7),
        visibility,
        narrowed: Default::default(),
        life: Span { from_ms: 100, until_ms: Some(900) },
    }
}

fn span(from_ms: i64, until_ms: Option<i64>) -> Span {
    Span { from_ms, until_ms }
}

#[test]
fn a_span_holds_its_first_moment_and_not_its_end() {
    let span = span(10, Some(20));
    assert!(!span.holds(9) && span.holds(10) && span.holds(19) && !span.holds(20));
    assert!(!span.is_open());
    assert!(Span { until_ms: None, ..span }.holds(i64::MAX));
}

#[test]
fn spans_that_only_touch_have_nothing_in_common() {
    assert_eq!(span(0, Some(10)).and(&span(10, None)), None);
    assert_eq!(span(0, Some(10)).and(&span(9, None)), Some(span(9, Some(10))));
    assert_eq!(span(5, None).and(&span(3, None)), Some(span(5, None)));
}

#[test]
fn the_owner_sees_the_deck_for_its_whole_life_whatever_its_visibility() {
    for visibility in
        [Visibility::Private, Visibility::Link, Visibility::Class, Visibility::Org, Visibility::Public]
    {
        let gate = gate(visibility);
        assert_eq!(deck_spans(&gate, user(OWNER), None, &[]), [gate.life], "{visibility:?}");
    }
}

#[test]
fn a_stranger_sees_what_is_public_or_linked_and_nothing_else() {
    for (visibility, seen) in [
        (Visibility::Private, false),
        (Visibility::Link, true),
        (Visibility::Class, false),
        (Visibility::Org, false),
        (Visibility::Public, true),
    ] {
        let gate = gate(visibility);
        for stranger_org in [None, org(8)] {
            let spans = deck_spans(&gate, user(OTHER), stranger_org, &[]);
            assert_eq!(!spans.is_empty(), seen, "{visibility:?} {stranger_org:?}");
        }
    }
}

#[test]
fn a_class_lends_its_decks_whatever_their_visibility() {
    // A teacher gives a private deck to a class: that is what giving means.
    for visibility in [Visibility::Private, Visibility::Class, Visibility::Org] {
        let spans = deck_spans(&gate(visibility), user(OTHER), org(8), &[span(200, Some(300))]);
        assert_eq!(spans, [span(200, Some(300))], "{visibility:?}");
    }
}

#[test]
fn who_left_the_class_saw_the_deck_once_and_who_never_was_in_it_never() {
    let gate = gate(Visibility::Class);
    let left = deck_spans(&gate, user(OTHER), org(7), &[span(200, Some(300))]);
    assert!(left.iter().any(|s| s.holds(250)));
    assert!(!left.iter().any(|s| s.holds(300)));
    assert!(deck_spans(&gate, user(OTHER), org(7), &[]).is_empty());
}

proptest! {
    #[test]
    fn nobody_sees_a_deck_outside_its_life(
        visibility in prop::sample::select(vec![
            Visibility::Private, Visibility::Link, Visibility::Class, Visibility::Org, Visibility::Public,
        ]),
        who in 1..4_u128,
        member_of in prop::option::of(6..9_u128),
        enrolled in prop::collection::vec((0..1000_i64, prop::option::of(0..1000_i64)), 0..4),
        at_ms in 0..1000_i64,
    ) {
        let gate = gate(visibility);
        let by_class: Vec<Span> = enrolled.iter().map(|&(from, until)| span(from, until)).collect();
        let spans = deck_spans(&gate, user(who), member_of.and_then(org), &by_class);
        let sees = spans.iter().any(|s| s.holds(at_ms));
        prop_assert!(!sees || gate.life.holds(at_ms));
        let whole = who == OWNER
            || matches!(visibility, Visibility::Public | Visibility::Link)
            || (visibility == Visibility::Org && member_of == Some(7));
        let by_class = by_class.iter().any(|s| s.holds(at_ms));
        prop_assert_eq!(sees, gate.life.holds(at_ms) && (whole || by_class));
    }
}
