//! Who sees which deck, now and at an earlier moment. Decks, cards and enrollments are marked deleted with the time
//! and never removed, so that what was seen once can be told from what never was.

use crate::ids::{OrgId, UserId};
use std::sync::Arc;

/// Who a deck is for beside its owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Visibility {
    /// The owner alone (and the classes it was given to).
    #[default]
    Private,
    /// Whoever knows its id.
    Link,
    /// The classes it was given to.
    Class,
    /// Everybody of the owner's organisation.
    Org,
    /// Everybody.
    Public,
}

/// A stretch of time, Unix milliseconds; `until_ms` is `None` while it goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The first moment.
    pub from_ms: i64,
    /// The first moment after it.
    pub until_ms: Option<i64>,
}

impl Span {
    /// Whether the moment lies in it.
    pub fn holds(&self, at_ms: i64) -> bool {
        at_ms >= self.from_ms && self.until_ms.is_none_or(|until| at_ms < until)
    }

    /// Whether it goes on.
    pub const fn is_open(&self) -> bool {
        self.until_ms.is_none()
    }

    /// What both have in common, if anything.
    pub fn and(&self, other: &Span) -> Option<Span> {
        let from_ms = self.from_ms.max(other.from_ms);
        let until_ms = match (self.until_ms, other.until_ms) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        until_ms.is_none_or(|until| until > from_ms).then_some(Span { from_ms, until_ms })
    }
}

/// Until when a deck was for more people than now. Who saw a deck before its owner narrowed it keeps the answers that
/// were given then, also those that arrive later.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Narrowed {
    /// When it stopped being for everybody, Unix milliseconds.
    pub all_until_ms: Option<i64>,
    /// When it stopped being for its organisation.
    pub org_until_ms: Option<i64>,
}

impl Narrowed {
    /// Notes that a deck is for somebody else from now on.
    pub fn note(&mut self, before: Visibility, after: Visibility, now_ms: i64) {
        let (was, is) = (before.reach(), after.reach());
        if was == Reach::All && is < was {
            self.all_until_ms = Some(now_ms);
        }
        if was == Reach::Org && is < was {
            self.org_until_ms = Some(now_ms);
        }
    }
}

/// How far a visibility reaches beyond the owner and classes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Nobody,
    Org,
    All,
}

impl Visibility {
    const fn reach(self) -> Reach {
        match self {
            Visibility::Public | Visibility::Link => Reach::All,
            Visibility::Org => Reach::Org,
            Visibility::Private | Visibility::Class => Reach::Nobody,
        }
    }
}

/// What of a deck's record decides who sees it.
#[derive(Clone, Debug)]
pub struct DeckGate {
    /// Whose deck it is.
    pub owner: UserId,
    /// Who changes its cards together with the owner, and therefore sees it whatever its visibility.
    pub editors: Arc<[UserId]>,
    /// The organisation it belongs to.
    pub org: Option<OrgId>,
    /// Who it is for.
    pub visibility: Visibility,
    /// Who it was for before.
    pub narrowed: Narrowed,
    /// From its making to its deletion.
    pub life: Span,
}

/// When this person could see the deck; `by_class` are the stretches of enrollments in classes that have the deck.
/// Empty: never.
pub fn deck_spans(gate: &DeckGate, user: UserId, org: Option<OrgId>, by_class: &[Span]) -> Vec<Span> {
    let same_org = gate.org.is_some() && gate.org == org;
    let whole = gate.owner == user
        || gate.editors.contains(&user)
        || match gate.visibility.reach() {
            Reach::All => true,
            Reach::Org => same_org,
            Reach::Nobody => false,
        };
    if whole {
        return vec![gate.life];
    }
    // It is not known when it was opened: whoever answered before it was closed will have seen it.
    let before = |until_ms: Option<i64>| until_ms.map(|_| Span { from_ms: gate.life.from_ms, until_ms });
    let as_one_of_all = before(gate.narrowed.all_until_ms);
    let as_one_of_org = if same_org { before(gate.narrowed.org_until_ms) } else { None };
    let earlier = as_one_of_all.into_iter().chain(as_one_of_org);
    earlier.chain(by_class.iter().copied()).filter_map(|span| span.and(&gate.life)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_deck_is_seen_while_enrolled_and_while_it_lives() {
        let gate = DeckGate {
            owner: UserId::from_u128(1),
            editors: [].into(),
            org: None,
            visibility: Visibility::Class,
            narrowed: Narrowed::default(),
            life: Span { from_ms: 100, until_ms: Some(500) },
        };
        let learner = UserId::from_u128(2);
        let enrolled = [Span { from_ms: 50, until_ms: Some(200) }, Span { from_ms: 400, until_ms: None }];
        assert_eq!(
            deck_spans(&gate, learner, None, &enrolled),
            [Span { from_ms: 100, until_ms: Some(200) }, Span { from_ms: 400, until_ms: Some(500) }]
        );
        assert!(deck_spans(&gate, learner, None, &[]).is_empty());
        assert_eq!(deck_spans(&gate, gate.owner, None, &[]), [gate.life]);
    }

    #[test]
    fn who_saw_a_deck_before_it_was_narrowed_saw_it_until_then() {
        use Visibility::{Class, Link, Org, Private, Public};
        let org = OrgId::from_u128(7);
        let spans_after = |steps: &[Visibility], of: Option<OrgId>| {
            let mut gate = DeckGate {
                owner: UserId::from_u128(1),
                editors: [].into(),
                org: Some(org),
                visibility: Private,
                narrowed: Narrowed::default(),
                life: Span { from_ms: 100, until_ms: None },
            };
            for (at_ms, step) in (200..).step_by(100).zip(steps) {
                gate.narrowed.note(gate.visibility, *step, at_ms);
                gate.visibility = *step;
            }
            deck_spans(&gate, UserId::from_u128(2), of, &[])
        };
        let until = |until_ms| Span { from_ms: 100, until_ms: Some(until_ms) };
        assert_eq!(spans_after(&[Public, Private], None), [until(300)]);
        assert_eq!(spans_after(&[Link, Org], None), [until(300)]);
        assert_eq!(spans_after(&[Link, Org], Some(org)), [Span { from_ms: 100, until_ms: None }]);
        assert_eq!(spans_after(&[Org, Class], Some(org)), [until(300)]);
        assert_eq!(spans_after(&[Public, Org, Private], Some(org)), [until(300), until(400)]);
        assert!(spans_after(&[Org, Private], None).is_empty());
        assert!(spans_after(&[Class, Private], Some(org)).is_empty());
    }

    #[test]
    fn an_editor_sees_a_deck_as_long_as_it_lives_whoever_it_is_for() {
        let editor = UserId::from_u128(2);
        let gate = DeckGate {
            owner: UserId::from_u128(1),
            editors: [editor].into(),
            org: Some(OrgId::from_u128(7)),
            visibility: Visibility::Private,
            narrowed: Narrowed::default(),
            life: Span { from_ms: 100, until_ms: Some(500) },
        };
        assert_eq!(deck_spans(&gate, editor, None, &[]), [gate.life]);
        assert!(deck_spans(&gate, UserId::from_u128(3), None, &[]).is_empty());
    }

    #[test]
    fn an_organisation_sees_only_its_own() {
        let org = OrgId::from_u128(7);
        let gate = DeckGate {
            owner: UserId::from_u128(1),
            editors: [].into(),
            org: Some(org),
            visibility: Visibility::Org,
            narrowed: Narrowed::default(),
            life: Span { from_ms: 0, until_ms: None },
        };
        let user = UserId::from_u128(2);
        assert_eq!(deck_spans(&gate, user, Some(org), &[]).len(), 1);
        assert!(deck_spans(&gate, user, Some(OrgId::from_u128(8)), &[]).is_empty());
        assert!(deck_spans(&gate, user, None, &[]).is_empty());
        let unowned = DeckGate { org: None, ..gate };
        assert!(deck_spans(&unowned, user, None, &[]).is_empty());
    }
}
