//! Times, grades and durations as people and programs write them.

use domain::grade::Grade;

/// How grades are numbered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Scale {
    /// 0 to 5.
    #[default]
    Sm2,
    /// Anki's buttons: 1 Again, 2 Hard, 3 Good, 4 Easy. 0 is what was set by hand, and no answer.
    Anki,
}

/// The unit of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
}

/// Below this a bare number is seconds since 1970 (until the year 5138), from it on milliseconds (since 1973).
const SECONDS_BELOW: f64 = 100_000_000_000.0;

/// A moment in Unix milliseconds. A bare number without a unit is told by its size.
pub(super) fn time_ms(text: &str, unit: Option<Unit>) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !is_number {
        return rfc3339_ms(text.as_bytes());
    }
    let whole: Option<i64> = text.parse().ok();
    let number = whole.map_or_else(|| text.parse::<f64>().ok(), |whole| Some(whole as f64))?;
    let unit = unit.unwrap_or(if number < SECONDS_BELOW { Unit::Seconds } else { Unit::Millis });
    match (unit, whole) {
        (Unit::Millis, Some(whole)) => Some(whole),
        (Unit::Millis, None) => Some(number as i64),
        (Unit::Seconds, Some(whole)) => whole.checked_mul(1_000),
        (Unit::Seconds, None) => Some((number * 1_000.0).round() as i64),
    }
}

/// Reads `2024-05-31T17:04:05.123+02:00`: also with a space for the T, and without seconds.
fn rfc3339_ms(text: &[u8]) -> Option<i64> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix(b"-")?, 2)?;
    let (day, rest) = digits(rest.strip_prefix(b"-")?, 2)?;
    let rest = rest.strip_prefix(b"T").or(rest.strip_prefix(b"t")).or(rest.strip_prefix(b" "))?;
    let (hour, rest) = digits(rest, 2)?;
    let (minute, mut rest) = digits(rest.strip_prefix(b":")?, 2)?;
    let (mut second, mut millis) = (0, 0);
    if let Some(after) = rest.strip_prefix(b":") {
        (second, rest) = digits(after, 2)?;
        if let Some(after) = rest.strip_prefix(b".").or(rest.strip_prefix(b",")) {
            (millis, rest) = fraction_ms(after)?;
        }
    }
    let offset_min = offset_min(rest.strip_prefix(b" ").unwrap_or(rest))?;
    let days_of_month = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => return None,
    };
    // A leap second is told as the last of the minute.
    if day < 1 || day > days_of_month || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let minutes = days_since_1970(year, month, day) * 1_440 + hour * 60 + minute - offset_min;
    Some((minutes * 60 + second.min(59)) * 1_000 + millis)
}

fn digits(text: &[u8], count: usize) -> Option<(i64, &[u8])> {
    let (digits, rest) = text.split_at_checked(count)?;
    let number = digits
        .iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')));
    Some((number?, rest))
}

/// The first three digits of a fraction; the others are cut off.
fn fraction_ms(text: &[u8]) -> Option<(i64, &[u8])> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, rest) = text.split_at_checked(count).filter(|_| count > 0)?;
    let digit = |at: usize| fraction.get(at).map_or(0, |byte| i64::from(byte - b'0'));
    Some((digit(0) * 100 + digit(1) * 10 + digit(2), rest))
}

/// `Z`, `UTC`, `+02:00`, `+0200` or `+02`.
fn offset_min(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        b"Z" | b"z" | b"UTC" | b"GMT" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = digits(rest, 2)?;
    let minutes = match rest.strip_prefix(b":").unwrap_or(rest) {
        [] => 0,
        rest => digits(rest, 2).filter(|(_, rest)| rest.is_empty())?.0,
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

/// Days from 1970-01-01 in the Gregorian calendar: years begin in March, so that a leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// A grade; `Some(None)` is no answer, but something that was set by hand.
pub(super) fn grade(text: &str, scale: Scale) -> Option<Option<Grade>> {
    let number = text.strip_suffix(".0").unwrap_or(text);
    match (number.as_bytes(), scale) {
        (&[digit @ b'0'..=b'5'], Scale::Sm2) => Some(Grade::new(digit - b'0')),
        (b"0", Scale::Anki) => Some(None),
        (b"1", Scale::Anki) => Some(Some(Grade::Wrong)),
        (b"2", Scale::Anki) => Some(Some(Grade::Hard)),
        (b"3", Scale::Anki) => Some(Some(Grade::Good)),
        (b"4", Scale::Anki) => Some(Some(Grade::Perfect)),
        _ => {
            let word = text.to_lowercase();
            let known = GRADES.iter().find(|(_, words)| words.contains(&word.as_str()));
            known.map(|(grade, _)| Some(*grade))
        }
    }
}

/// The words for grades, in lower case: right and wrong, and Anki's buttons.
const GRADES: [(Grade, &[&str]); 4] = [
    (
        Grade::Wrong,
        &[
            "wrong",
            "incorrect",
            "false",
            "no",
            "fail",
            "failed",
            "again",
            "forgot",
            "✗",
            "✘",
            "falsch",
            "nein",
            "nochmal",
            "faux",
            "non",
            "à revoir",
            "incorrecto",
            "falso",
            "otra vez",
            "sbagliato",
            "ripeti",
            "errato",
            "errado",
            "incorreto",
            "fout",
            "nee",
            "неверно",
            "неправильно",
            "нет",
            "снова",
        ],
    ),
    (Grade::Hard, &["hard", "schwer", "difficile", "difícil", "moeilijk", "трудно"]),
    (
        Grade::Good,
        &[
            "right",
            "correct",
            "true",
            "yes",
            "pass",
            "passed",
            "good",
            "remembered",
            "✓",
            "✔",
            "richtig",
            "ja",
            "gut",
            "juste",
            "vrai",
            "oui",
            "bien",
            "correcto",
            "verdadero",
            "sí",
            "giusto",
            "corretto",
            "vero",
            "sì",
            "bene",
            "certo",
            "correto",
            "sim",
            "bom",
            "goed",
            "juist",
            "верно",
            "правильно",
            "да",
            "хорошо",
        ],
    ),
    (Grade::Perfect, &["easy", "einfach", "leicht", "facile", "fácil", "makkelijk", "легко"]),
];

/// A duration in milliseconds.
pub(super) fn duration_ms(text: &str, unit: Unit) -> Option<u32> {
    if let (Unit::Millis, Ok(whole)) = (unit, text.parse::<u32>()) {
        return Some(whole);
    }
    let number: f64 = text.replace(',', ".").parse().ok()?;
    let millis = match unit {
        Unit::Seconds => number * 1_000.0,
        Unit::Millis => number,
    };
    // What does not fit is the largest that does.
    (millis.is_finite() && millis >= 0.0).then(|| millis.round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_form_that_programs_write() {
        for (text, at_ms) in [
            ("2024-02-29T12:00:00Z", 1_709_208_000_000),
            ("2024-02-29t12:00:00.25z", 1_709_208_000_250),
            ("2024-02-29 14:00:00,2509+02:00", 1_709_208_000_250),
            ("2024-02-29 07:00 -0500", 1_709_208_000_000),
            ("2024-02-29 12:00:00 UTC", 1_709_208_000_000),
            ("1970-01-01T00:00:00+00", 0),
            ("1709208000", 1_709_208_000_000),
            ("1709208000250", 1_709_208_000_250),
            ("1709208000.25", 1_709_208_000_250),
        ] {
            assert_eq!(time_ms(text, None), Some(at_ms), "{text}");
        }
        assert_eq!(time_ms("5000", Some(Unit::Millis)), Some(5_000));
        for bad in [
            "",
            ".",
            "yesterday",
            "2024-02-30T12:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-02-29T12:00:00",
            "2024-13-01T00:00:00Z",
            "2024-02-29",
            "1.2.3",
            "2024-02-29T24:00:00Z",
            "2024-02-29T12:00:00+24:00",
            "2024-02-29T12:00:00Zx",
            "-5",
        ] {
            assert_eq!(time_ms(bad, None), None, "{bad}");
        }
    }

    #[test]
    fn grades_are_numbers_of_either_scale_and_words() {
        let number = |text, scale| grade(text, scale).map(|grade| grade.map(Grade::number));
        assert_eq!(["0", "3", "5.0"].map(|text| number(text, Scale::Sm2)), [0, 3, 5].map(|n| Some(Some(n))));
        let anki = ["1", "2", "3", "4"].map(|text| number(text, Scale::Anki));
        assert_eq!(anki, [1, 3, 4, 5].map(|n| Some(Some(n))));
        assert_eq!(number("0", Scale::Anki), Some(None));
        assert_eq!(
            ["WRONG", "Richtig", "Again", "fácil"].map(|t| number(t, Scale::Sm2)),
            [1, 4, 1, 5].map(|n| Some(Some(n)))
        );
        assert_eq!(["6", "", "-1", "perhaps"].map(|text| number(text, Scale::Sm2)), [None; 4]);
        assert_eq!(number("5", Scale::Anki), None);
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration_ms("1500", Unit::Millis), Some(1_500));
        assert_eq!(duration_ms("1,5", Unit::Seconds), Some(1_500));
        assert_eq!(duration_ms("1e30", Unit::Seconds), Some(u32::MAX));
        assert_eq!([duration_ms("-1", Unit::Millis), duration_ms("NaN", Unit::Seconds)], [None; 2]);
    }
}
