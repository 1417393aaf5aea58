//! A text that is accepted puts right what was answered with it.

use super::*;

fn answered(n: u128, card: u128, text: &str, grade: Grade) -> LogEntry {
    let review = Review {
        deck: DeckId::from_u128(1),
        card: CardId::from_u128(card),
        grade,
        mode: Mode::Type,
        elapsed_ms: 900,
        early: false,
        confidence: None,
        sitting: None,
        class: None,
        response: Some(response_digest(text)),
        revision: 1,
        told: false,
    };
    let id = EntryId::v7(1_772_323_200_000 + n as i64 * 86_400_000, n);
    LogEntry {
        id,
        job: None,
        stamp: Stamp { day: Day(20_500 + n as i32), utc_offset_min: 0 },
        body: Body::Review(review),
    }
}

/// Wrong answers as a lesson knows them.
fn known<'a>(texts: &[&'a str]) -> Vec<(u64, &'a str)> {
    texts.iter().map(|text| (response_digest(text), *text)).collect()
}

#[test]
fn a_long_answer_is_accepted_by_what_is_shown_of_it() {
    let (deck, card, by) = (DeckId::from_u128(1), CardId::from_u128(7), UserId::from_u128(3));
    let accepting = |text| Accepted { said: EntryId::MIN, by, deck, card, text };
    let sentence = "ответ, который длиннее того, что раньше показывали";
    assert!(sentence.len() > 80);
    assert_eq!(shown(sentence), sentence, "a sentence is shown whole");
    let long = "много слов ".repeat(100);
    let cut = shown(&long).into_owned();
    assert!(cut.len() <= WRONG_ANSWER_BYTES && is_cut(&cut) && !is_cut(sentence) && !is_cut("and so on…"));
    let typed = [(response_digest(&long), cut.as_str()), (response_digest(sentence), sentence)];
    assert_eq!(accepting(&cut).digests(typed, &plain()), BTreeSet::from([response_digest(&long)]));
    assert_eq!(accepting(&long).digests([], &plain()), BTreeSet::from([response_digest(&long)]));
    let own = BTreeSet::from([response_digest(sentence)]);
    assert_eq!(accepting(sentence).digests(typed, &plain()), own);
    assert_eq!(shown(&cut), cut, "cut once");
}

#[test]
fn accepting_a_text_once_puts_all_right_that_was_answered_with_it() {
    let log = [
        answered(1, 7, "Colour", Grade::Wrong),
        answered(2, 7, "colour ", Grade::Wrong),
        answered(3, 7, "coolour", Grade::WrongButEasy),
        answered(4, 7, "colour", Grade::Good),
        answered(5, 8, "colour", Grade::Wrong),
        answered(6, 7, "colór", Grade::Wrong),
    ];
    let undo = LogEntry { id: EntryId::v7(9, 9), body: Body::Undo { of: log[1].id }, ..log[1] };
    let said = EntryId::v7(1_780_000_000_000, 1);
    let (deck, card, by) = (DeckId::from_u128(1), CardId::from_u128(7), UserId::from_u128(3));
    let accepted = Accepted { said, by, deck, card, text: "colour" };
    let digests = accepted.digests(known(&["COLOUR!", "colór", "red"]), &plain());
    assert_eq!(digests, BTreeSet::from([response_digest("colour")]));
    let regrades = accepted.regrades(&log, &digests);
    let named: Vec<EntryId> = regrades.iter().map(|(_, regrade)| regrade.of).collect();
    assert_eq!(named, [log[0].id, log[1].id], "not what is right already, of another card, or another text");
    assert_eq!(
        accepted.regrades(&[&log[..], &[undo]].concat(), &digests).len(),
        1,
        "nor what was taken back"
    );
    // Carried out twice it is the same, and carried out it is nothing more to do.
    assert_eq!(accepted.regrades(&log, &digests), regrades);
    let mut after = log.to_vec();
    after.extend(regrades.iter().map(|(id, regrade)| LogEntry {
        id: *id,
        body: Body::Regrade(*regrade),
        ..log[0]
    }));
    assert_eq!(accepted.regrades(&after, &digests), []);
    let own: Vec<LogEntry> = after.iter().filter(|e| e.card() == Some((deck, card))).copied().collect();
    let mut correct = 0;
    fold_card(&own, &Live::of(&after), &FoldParams::default(), |entry, _| {
        correct += u32::from(entry.review().is_some_and(|review| review.grade.is_correct()));
    });
    assert_eq!(correct, 3);
}

#[test]
fn where_accents_are_the_same_what_is_known_to_have_been_typed_is_put_right_too() {
    let settings = CheckSettings { accents: Accents::Same, ..plain() };
    let (deck, card, by) = (DeckId::from_u128(1), CardId::from_u128(7), UserId::from_u128(3));
    let accepted = Accepted { said: EntryId::MIN, by, deck, card, text: "café" };
    let digests = accepted.digests(known(&["cafe", "caffè"]), &settings);
    assert_eq!(digests, BTreeSet::from([response_digest("café"), response_digest("cafe")]));
}
