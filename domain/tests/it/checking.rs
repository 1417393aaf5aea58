//! Checking: golden vectors of what is right, near and wrong, and what holds of any text.

mod accepting;
mod choices;

use domain::check::choices::{Candidate, choices};
use domain::check::form::{form, group_form};
use domain::check::later::{Accepted, is_cut, response_digest, shown};
use domain::check::trial::{Attempt, Outcome, TrialResult, chosen, typed};
use domain::check::typed::{check, slips_allowed};
use domain::check::{Accents, Case, CheckSettings, DecimalMark, Slip, Verdict};
use domain::day::{Day, Stamp};
use domain::entry::{Body, LogEntry, Mode, Review};
use domain::fold::{Live, fold_card};
use domain::grade::Grade;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use domain::limits::{
    ACCEPTED_ANSWERS_MAX, CHOICE_ANSWERS_MAX, CHOICE_BYTES_MAX, CHOICE_CANDIDATES_MAX,
    CHOICE_COMPARED_BYTES_MAX, TYPED_BYTES_MAX, WRONG_ANSWER_BYTES,
};
use domain::state::FoldParams;
use proptest::prelude::*;
use std::collections::BTreeSet;

const RIGHT: Verdict = Verdict::Right;
const WRONG: Verdict = Verdict::Wrong;
const SLIP: Verdict = Verdict::Near(Slip::Typing);
const ACCENT: Verdict = Verdict::Near(Slip::Accents);
const CAPITAL: Verdict = Verdict::Near(Slip::Case);

fn plain() -> CheckSettings {
    CheckSettings::default()
}

fn is(settings: &CheckSettings, vectors: &[(&str, &str, Verdict)]) {
    for (answer, given, verdict) in vectors {
        assert_eq!(check(given, &[answer], settings), *verdict, "{given:?} for {answer:?}");
    }
}

#[test]
fn a_text_is_the_same_however_it_is_written() {
    is(
        &plain(),
        &[
            ("Ljubljana", "ljubljana", RIGHT),
            ("Ljubljana", "  LJUBLJANA ", RIGHT),
            ("Caf\u{e9}", "cafe\u{301}", RIGHT),
            ("Straße", "STRASSE", RIGHT),
            ("Όδυσσεύς", "ΌΔΥΣΣΕΎΣ", RIGHT),
            ("東京", "東京", RIGHT),
            ("ｶﾞ", "ガ", RIGHT),
            ("ＡＢＣ", "abc", RIGHT),
            ("ﬁnal", "final", RIGHT),
            ("Ⅳ", "iv", RIGHT),
            ("don\u{2019}t", "don't", RIGHT),
            ("don't", "dont", RIGHT),
            ("¿Qué?", "qué", RIGHT),
            ("ice-cream", "ice cream", RIGHT),
            ("1914\u{2013}1918", "1914-1918", RIGHT),
            ("Covid-19", "covid 19", RIGHT),
            ("New\u{a0}York", "new   york", RIGHT),
            ("na\u{ad}ïve", "naïve", RIGHT),
            ("H₂O", "h2o", RIGHT),
            ("x²", "x^2", RIGHT),
            ("«oui»", "oui", RIGHT),
            ("!?", "!?", RIGHT),
            ("C++", "c++", RIGHT),
        ],
    );
}

#[test]
fn what_means_something_else_is_never_right() {
    is(
        &plain(),
        &[
            ("10²", "102", WRONG),
            ("1½", "11/2", WRONG),
            ("15 kg", "1.5 kg", WRONG),
            ("5 kg", ".5 kg", WRONG),
            ("5 °C", "-5 °C", WRONG),
            ("x+1", "x-1", WRONG),
            ("C", "C++", WRONG),
            ("!?", "?", WRONG),
            ("が", "か", WRONG),
            ("กิน", "กน", WRONG),
            ("", "", WRONG),
            ("Paris", "", WRONG),
            ("Paris", " . ", WRONG),
        ],
    );
}

#[test]
fn near_is_a_slip_by_the_length_and_never_in_a_digit() {
    is(
        &plain(),
        &[
            ("cat", "car", WRONG),
            ("Rome", "Rom", SLIP),
            ("Rome", "Roem", SLIP),
            ("Rome", "Ra", WRONG),
            ("Slovenia", "Slovenija", SLIP),
            ("Slovenia", "Slovakia", WRONG),
            ("photosynthesis", "fotosynthesis", SLIP),
            ("photosynthesis", "fotosintesis", WRONG),
            ("mitochondrion of the cell", "mitocondrion of the cel", SLIP),
            ("in the year 1914", "in the year 1915", WRONG),
            ("in the year 1914", "in the yaer 1914", SLIP),
            ("2x+1=0", "2x-1=0", WRONG),
            ("10⁻³ m", "10^-3 m", RIGHT),
            ("10⁻³ m", "10³ m", WRONG),
            ("Paris", "London", WRONG),
        ],
    );
    let strict = CheckSettings { slips: false, ..plain() };
    is(&strict, &[("Rome", "Roem", WRONG), ("Rome", "rome", RIGHT)]);
    assert_eq!([3, 4, 8, 9, 14, 15].map(slips_allowed), [0, 1, 1, 2, 2, 3]);
}

#[test]
fn accents_and_capitals_matter_where_the_deck_says_so() {
    is(&plain(), &[("résumé", "resume", ACCENT), ("año", "ano", ACCENT), ("Łódź", "lodz", ACCENT)]);
    let same = CheckSettings { accents: Accents::Same, ..plain() };
    is(
        &same,
        &[
            ("résumé", "resume", RIGHT),
            ("Łódź", "lodz", RIGHT),
            ("Smørrebrød", "smorrebrod", RIGHT),
            ("שָׁלוֹם", "שלום", RIGHT),
            ("が", "か", WRONG),
            ("हिन्दी", "हनद", WRONG),
        ],
    );
    let capitals = CheckSettings { case: Case::Matters, ..plain() };
    is(&capitals, &[("Haus", "haus", CAPITAL), ("Haus", "Haus", RIGHT), ("Möwe", "mowe", ACCENT)]);
    let both = CheckSettings { case: Case::Matters, accents: Accents::Same, ..plain() };
    is(&both, &[("Möwe", "Mowe", RIGHT), ("Möwe", "mowe", CAPITAL)]);
}

#[test]
fn a_number_is_its_value_and_right_or_wrong() {
    is(
        &plain(),
        &[
            ("1000", "1,000", RIGHT),
            ("1,000", "1 000", RIGHT),
            ("1000000", "1'000'000", RIGHT),
            ("3.5", "3.50", RIGHT),
            ("3.5", "3,5", RIGHT),
            ("0.5", ".5", RIGHT),
            ("-5", "\u{2212}5", RIGHT),
            ("5", "+5", RIGHT),
            ("42", "٤٢", RIGHT),
            ("0", "-0", RIGHT),
            ("1914", "1915", WRONG),
            ("1,000", "1", WRONG),
            ("1.000", "1000", WRONG),
            ("1000", "1,00", WRONG),
            ("1000", "10,00", WRONG),
            ("-5", "5", WRONG),
            ("3.14159265358979323846264338327950288", "3.14159265358979323846264338327950289", WRONG),
            ("7", "seven", WRONG),
        ],
    );
    let comma = CheckSettings { decimal_mark: DecimalMark::Comma, ..plain() };
    is(
        &comma,
        &[("3,5", "3.5", RIGHT), ("1.000", "1000", RIGHT), ("1,000", "1", RIGHT), ("1,000", "1000", WRONG)],
    );
}

#[test]
fn the_best_of_several_accepted_answers_decides() {
    let accepted = ["automobile", "car", "motorcar"];
    assert_eq!(check("Car", &accepted, &plain()), RIGHT);
    assert_eq!(check("motrocar", &accepted, &plain()), SLIP);
    assert_eq!(check("bicycle", &accepted, &plain()), WRONG);
    assert_eq!(check::<&str>("car", &[], &plain()), WRONG);
    let many: Vec<String> = (0..=ACCEPTED_ANSWERS_MAX).map(|n| format!("word {}", "x".repeat(n))).collect();
    assert_eq!(check(&many[ACCEPTED_ANSWERS_MAX - 1], &many, &plain()), RIGHT);
    assert_ne!(check(&many[ACCEPTED_ANSWERS_MAX], &many, &plain()), RIGHT);
}

#[test]
fn near_is_asked_once_more_and_costs_a_grade() {
    let settings = plain();
    let graded = |result, grade| Outcome::Graded { result, grade };
    let vectors = [
        (Attempt::First, "Rome", graded(TrialResult::Right, Grade::Good)),
        (Attempt::First, "Roem", Outcome::AskAgain(Slip::Typing)),
        (Attempt::First, "Paris", graded(TrialResult::Wrong, Grade::Wrong)),
        (Attempt::First, "  ", graded(TrialResult::Wrong, Grade::Blackout)),
        (Attempt::Again, "Rome", graded(TrialResult::Near, Grade::Hard)),
        (Attempt::Again, "Roem", graded(TrialResult::Wrong, Grade::WrongButEasy)),
        (Attempt::Again, "Paris", graded(TrialResult::Wrong, Grade::Wrong)),
        (Attempt::Again, "", graded(TrialResult::Wrong, Grade::Wrong)),
    ];
    for (attempt, text, outcome) in vectors {
        assert_eq!(typed(attempt, text, &["Rome"], &settings), outcome, "{attempt:?} {text:?}");
    }
    assert_eq!(chosen(true), graded(TrialResult::Right, Grade::Good));
    assert_eq!(chosen(false), graded(TrialResult::Wrong, Grade::Wrong));
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z .,'0-9-]{0,24}",
        2 => "\\PC{0,16}",
        1 => prop::collection::vec(
            prop::sample::select(vec![
                "é", "e\u{301}", "ß", "SS", "ς", "Σ", "İ", "ı", "ﬃ", "½", "1", "²", "٣", "が", "か\u{3099}", "Ω", "Ω",
                "\u{ad}", "\u{200b}", "\u{345}", "ᾳ", "ǆ", "\u{b4}", "-", "−", ".", ",", " ", "ſ", "K", "Å", "…", "℃",
            ]),
            0..8,
        ).prop_map(|parts| parts.concat()),
    ]
}

fn some_settings() -> impl Strategy<Value = CheckSettings> {
    (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(case, accents, comma, slips)| {
        CheckSettings {
            case: if case { Case::Matters } else { Case::Same },
            accents: if accents { Accents::Same } else { Accents::Matter },
            decimal_mark: if comma { DecimalMark::Comma } else { DecimalMark::Point },
            slips,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn an_answer_is_right_as_it_is_written_down(text in texts(), settings in some_settings()) {
        let expected = if form(&text, &settings).is_empty() { WRONG } else { RIGHT };
        prop_assert_eq!(check(&text, &[&text], &settings), expected);
    }

    #[test]
    fn a_form_is_its_own_form(text in texts(), settings in some_settings()) {
        let once = form(&text, &settings);
        prop_assert_eq!(form(&once, &settings), once);
        let once = group_form(&text);
        prop_assert_eq!(group_form(&once), once);
    }

    #[test]
    fn right_holds_both_ways_and_near_never_becomes_right_by_itself(
        (a, b) in (texts(), texts()),
        settings in some_settings(),
    ) {
        let verdict = check(&a, &[&b], &settings);
        prop_assert_eq!(verdict == RIGHT, check(&b, &[&a], &settings) == RIGHT);
        let outcome = typed(Attempt::First, &a, &[&b], &settings);
        let is_right = matches!(outcome, Outcome::Graded { result: TrialResult::Right, .. });
        prop_assert_eq!(is_right, verdict == RIGHT);
    }

    #[test]
    fn a_laxer_deck_never_calls_wrong_what_a_stricter_calls_right(
        (a, b) in (texts(), texts()),
        settings in some_settings(),
    ) {
        let lax = CheckSettings { case: Case::Same, accents: Accents::Same, ..settings };
        if check(&a, &[&b], &settings) == RIGHT {
            prop_assert_eq!(check(&a, &[&b], &lax), RIGHT);
        }
    }

    #[test]
    fn one_letter_more_or_less_is_near_in_a_word_and_wrong_in_a_short_one(
        word in "[b-y]{2,16}",
        at in any::<prop::sample::Index>(),
    ) {
        let mut given: Vec<char> = word.chars().collect();
        given.insert(at.index(word.len() + 1), 'z');
        let given: String = given.into_iter().collect();
        let expected = if word.len() <= 3 { WRONG } else { SLIP };
        prop_assert_eq!(check(&given, &[&word], &plain()), expected);
    }

    #[test]
    fn no_text_is_too_long_to_be_refused(n in TYPED_BYTES_MAX - 3..TYPED_BYTES_MAX + 3) {
        let text = "y".repeat(n);
        prop_assert_eq!(check(&text, &[&text], &plain()) == RIGHT, n <= TYPED_BYTES_MAX);
    }

    #[test]
    fn choices_hold_the_right_one_once_and_nothing_else_that_could_be_right(
        answers in prop::collection::vec(("[a-d]{1,3}|[0-9]{1,2}|[a-d]{6}", 0..3_usize, 0..3_usize), 2..30),
        seed in any::<u64>(),
        count in 0..9_usize,
    ) {
        let tags = [vec![], vec!["x"], vec!["y"]];
        let fronts: Vec<String> = answers.iter().enumerate().map(|(n, a)| format!("{} {}", a.2, n / 2)).collect();
        let shown: Vec<Vec<&str>> = answers.iter().map(|a| vec![a.0.as_str(), "zzzzz"]).collect();
        let deck: Vec<Candidate<'_>> = (0..answers.len()).map(|n| Candidate {
            card: CardId::from_u128(n as u128),
            front: &fronts[n],
            answers: &shown[n][..1 + n % 2],
            tags: &tags[answers[n].1],
        }).collect();
        for of in &deck {
            let Some(made) = choices(of, &deck, count, seed, &plain()) else { continue };
            prop_assert_eq!(Some(made.clone()), choices(of, &deck, count, seed, &plain()), "the seed decides");
            prop_assert!((2..=count.clamp(2, 6)).contains(&made.texts.len()));
            prop_assert_eq!(made.texts[made.right].as_str(), of.answers[0]);
            let right = made.texts.iter().filter(|text| check(text, of.answers, &plain()) != WRONG).count();
            prop_assert_eq!(right, 1);
            let forms: BTreeSet<String> = made.texts.iter().map(|text| form(text, &plain())).collect();
            prop_assert_eq!(forms.len(), made.texts.len(), "no two alike");
        }
    }
}
