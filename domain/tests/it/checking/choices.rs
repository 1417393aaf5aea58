//! Which answers are shown to choose from.

use super::*;

fn word<'a>(n: u128, front: &'a str, answers: &'a [&'a str], tags: &'a [&'a str]) -> Candidate<'a> {
    Candidate { card: CardId::from_u128(n), front, answers, tags }
}

#[test]
fn choices_come_from_the_same_tag_and_are_alike_in_length_and_kind() {
    let (capitals, rivers) = (&["capital"][..], &["river"][..]);
    let deck = [
        word(1, "Croatia", &["Zagreb"], capitals),
        word(2, "Slovenia", &["Ljubljana"], capitals),
        word(3, "Austria", &["Vienna"], capitals),
        word(4, "Italy", &["Rome"], capitals),
        word(5, "longest", &["a river whose name nobody can remember"], capitals),
        word(6, "year", &["1991"], capitals),
        word(7, "the long one", &["Danube"], rivers),
    ];
    for seed in 0..50 {
        let mut made = choices(&deck[0], &deck, 4, seed, &plain()).unwrap().texts;
        made.sort();
        assert!(
            !made.iter().any(|text| text.starts_with("a river") || text == "1991" || text == "Danube"),
            "{made:?}"
        );
        let numbers =
            [word(8, "a", &["1848"], &[]), word(9, "b", &["1789"], &[]), word(10, "c", &["Rome"], &[])];
        let of_two = choices(&numbers[0], &numbers, 2, seed, &plain()).unwrap();
        assert!(of_two.texts.contains(&"1789".to_owned()), "numbers stand beside numbers");
    }
    let rights: BTreeSet<usize> =
        (0..50).map(|seed| choices(&deck[0], &deck, 4, seed, &plain()).unwrap().right).collect();
    assert_eq!(rights.len(), 4, "the right one stands everywhere");
}

#[test]
fn who_asks_the_same_or_accepts_the_same_is_no_choice() {
    let of = word(1, "a fruit", &["apple"], &[]);
    let none = [of, word(2, "A fruit!", &["pear"], &[]), word(3, "malum", &["Apple"], &[])];
    assert_eq!(choices(&of, &none, 4, 1, &plain()), None);
    let other_way = [of, word(4, "pomme", &["pomme de", "apple"], &[])];
    assert_eq!(choices(&of, &other_way, 4, 1, &plain()), None, "the other card accepts this answer");
    let near = [of, word(5, "sea", &["aple"], &[])];
    assert_eq!(choices(&of, &near, 4, 1, &plain()), None, "near is not surely wrong");
    assert_eq!(choices(&word(1, "x", &[], &[]), &near, 4, 1, &plain()), None);
}

#[test]
fn a_vast_deck_is_looked_at_in_part() {
    let texts: Vec<String> = (0..CHOICE_CANDIDATES_MAX * 2).map(|n| format!("answer {n} of many")).collect();
    let answers: Vec<[&str; 1]> = texts.iter().map(|text| [text.as_str()]).collect();
    let deck: Vec<Candidate<'_>> =
        (0..texts.len()).map(|n| word(n as u128, &texts[n], &answers[n], &[])).collect();
    let made = choices(&deck[0], &deck, 4, 7, &plain()).unwrap();
    assert_eq!(made.texts.len(), 4);
}

#[test]
fn a_card_with_many_or_long_answers_has_no_choices_and_is_none() {
    let many: Vec<String> = (0..=CHOICE_ANSWERS_MAX).map(|n| format!("one of many {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = "long ".repeat(CHOICE_BYTES_MAX / 5 + 1);
    let long = ["short", long.as_str()];
    let one = word(1, "a", &["Zagreb"], &[]);
    let few = word(2, "b", &many[..CHOICE_ANSWERS_MAX], &[]);
    assert!(choices(&few, &[one, few], 4, 1, &plain()).is_some());
    assert!(choices(&one, &[one, few], 4, 1, &plain()).is_some());
    for other in [word(2, "b", &many, &[]), word(2, "b", &long, &[])] {
        assert_eq!(choices(&other, &[one, other], 4, 1, &plain()), None);
        assert_eq!(choices(&one, &[one, other], 4, 1, &plain()), None);
    }
}

#[test]
fn looking_for_choices_ends_with_what_was_found() {
    let right = "x".repeat(500);
    let near: Vec<String> = (0..100).map(|n| format!("{right}{}", char::from(b'a' + n % 26))).collect();
    let near: Vec<[&str; 1]> = near.iter().map(|text| [text.as_str()]).collect();
    let fronts: Vec<String> = (0..100).map(|n| format!("front {n}")).collect();
    let (own, other) = ([right.as_str()], ["y"]);
    let deck = |count: usize| -> Vec<Candidate<'_>> {
        let near = (0..count).map(|n| word(n as u128 + 10, &fronts[n], &near[n], &[]));
        [word(1, "a", &own, &[]), word(2, "b", &other, &[])].into_iter().chain(near).collect()
    };
    let few = deck(CHOICE_COMPARED_BYTES_MAX / 600);
    assert_eq!(choices(&few[0], &few, 4, 1, &plain()).map(|made| made.texts.len()), Some(2));
    let many = deck(100);
    assert_eq!(choices(&many[0], &many, 4, 1, &plain()), None, "what is near and alike comes before");
}

#[test]
fn cards_that_ask_the_same_at_length_ask_the_same() {
    let (long, longer) = ("a question ".repeat(400), "A question ".repeat(500));
    let deck = [word(1, &long, &["Zagreb"], &[]), word(2, &longer, &["Vienna"], &[])];
    assert_eq!(choices(&deck[0], &deck, 4, 1, &plain()), None);
}
