//! One form of what is the same text.
//!
//! Letters are compared in Unicode's compatibility form (NFKC), folded by its tables: a letter is the same however its
//! accent was typed, full width is half width, `ß` is `ss` and `ς` is `σ`. Beyond Unicode: characters that are not seen are
//! left out, quotes and marks of the sentence too, dashes and all kinds of space are one space. What belongs to a number
//! stays: signs, points and commas beside digits, and that a digit was raised (`10²` is `10^2` and never `102`).

use super::number::digit_or_self;
use super::{Accents, Case, CheckSettings};
use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The text as these settings compare it.
pub fn form(text: &str, settings: &CheckSettings) -> String {
    shaped(text, settings.case == Case::Same, settings.accents == Accents::Same)
}

/// All that is no letter in a form, in its order: digits and signs, in which no finger slips.
pub(super) fn signs(form: &str) -> String {
    form.chars().filter(|c| !is_of_word(*c) && !c.is_whitespace()).collect()
}

/// Its letters alone.
pub(super) fn letters_of(form: &str) -> String {
    form.chars().filter(|c| is_of_word(*c)).collect()
}

fn is_of_word(c: char) -> bool {
    c.is_alphabetic() || is_combining_mark(c)
}

/// The text without capitals and accents, whatever the settings.
pub(super) fn loose(text: &str) -> String {
    shaped(text, true, true)
}

/// The text without capitals, accents as they are: by this form responses are grouped, and it does not change with a deck's
/// settings.
pub fn group_form(text: &str) -> String {
    shaped(text, true, false)
}

/// With capitals and accents left out where it is said so.
fn shaped(text: &str, fold_case: bool, drop_accents: bool) -> String {
    let composed = if text.is_ascii() {
        // Most texts: Unicode's tables have nothing to say of them.
        if fold_case { text.to_ascii_lowercase() } else { text.to_owned() }
    } else {
        let composed = composed(text, fold_case);
        if drop_accents { without_accents(&composed) } else { composed }
    };
    let chars: Vec<char> = composed.chars().map(alike).collect();
    let plain = spaced(&chars, true);
    // An answer that is nothing but marks, as `!?` in a lesson on writing, is compared with them.
    if plain.is_empty() { spaced(&chars, false) } else { plain }
}

/// Unicode's compatibility form, with case folded or not. Folding may make what is to be composed again, and composing
/// what is to be folded: both are done twice, as the standard has it (section 3.13, D146).
fn composed(text: &str, fold_case: bool) -> String {
    let ranked = ranked(text);
    let seen = ranked.chars().filter(|c| !is_unseen(*c));
    if fold_case {
        seen.nfd().default_case_fold().nfkd().default_case_fold().nfkc().collect()
    } else {
        seen.nfkc().collect()
    }
}

/// What compatibility would forget, written with signs that survive: that a digit was raised, and that a fraction is not
/// part of the digits before it.
pub(super) fn ranked(text: &str) -> String {
    let mut ranked = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        if is_raised(c) && !is_raised(before) {
            ranked.push('^');
        }
        if is_fraction(c) && before.is_numeric() {
            ranked.push(' ');
        }
        ranked.push(c);
        before = c;
    }
    ranked
}

const fn is_raised(c: char) -> bool {
    matches!(c, '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{2070}' | '\u{2074}'..='\u{207f}')
}

const fn is_fraction(c: char) -> bool {
    matches!(c, '\u{bc}'..='\u{be}' | '\u{2150}'..='\u{215f}' | '\u{2189}')
}

/// Characters without a look of their own: soft hyphens, marks of direction, joiners of words; and an accent alone, which
/// stands for an apostrophe.
const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{b4}'
            | '\u{200b}'
            | '\u{200c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
    )
}

/// One sign for all that mean the same: digits, slashes, dashes, spaces.
fn alike(c: char) -> char {
    match c {
        '\u{2044}' | '\u{2215}' => '/',
        '_' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fb}' | '\u{b7}' => '-',
        c if c.is_whitespace() => ' ',
        c => digit_or_self(c),
    }
}

/// Quotes, apostrophes and what parts sentences. Signs that mean something (`+ < = % & / # @ ^ *`, currencies) are none.
const fn is_mark_of_sentence(c: char) -> bool {
    matches!(
        c,
        '.' | ','
            | ';'
            | ':'
            | '!'
            | '?'
            | '"'
            | '\''
            | '`'
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '\u{a1}'
            | '\u{ab}'
            | '\u{b4}'
            | '\u{bb}'
            | '\u{bf}'
            | '\u{2b9}'..='\u{2bf}'
            | '\u{2018}'..='\u{201f}'
            | '\u{2026}'
            | '\u{2032}'..='\u{2037}'
            | '\u{2039}'
            | '\u{203a}'
            | '\u{3001}'
            | '\u{3002}'
            | '\u{3008}'..='\u{3011}'
    )
}

/// One space between words, none around them. With `drop_marks` a dash is a space, unless it is a number's sign, and what
/// parts sentences is nothing, unless it stands within a number.
fn spaced(chars: &[char], drop_marks: bool) -> String {
    let mut out = String::new();
    let mut owes_space = false;
    for (at, &c) in chars.iter().enumerate() {
        // What was left out parts nothing.
        let before = out.chars().next_back().filter(|_| !owes_space);
        let is_before_digit = chars.get(at + 1).is_some_and(char::is_ascii_digit);
        let is_sign = is_before_digit && !before.is_some_and(char::is_alphanumeric);
        let is_space = c == ' ' || (drop_marks && c == '-' && !is_sign);
        let is_in_number = is_before_digit
            && match c {
                '.' | ',' => !before.is_some_and(char::is_alphabetic),
                ':' => before.is_some_and(|c| c.is_ascii_digit()),
                _ => false,
            };
        if is_space {
            owes_space = !out.is_empty();
        } else if !(drop_marks && is_mark_of_sentence(c) && !is_in_number) {
            if std::mem::take(&mut owes_space) {
                out.push(' ');
            }
            out.push(c);
        }
    }
    out
}

/// Without what is written over and under letters in Latin, Greek and Cyrillic, without the vowel points of Hebrew and
/// Arabic, and without the strokes of letters that have no other form. Marks that are letters, as in the scripts of
/// India and Japan, stay.
fn without_accents(text: &str) -> String {
    let bare = text.nfd().filter(|c| !(is_combining_mark(*c) && is_accent(*c)));
    bare.map(|c| match c {
        'ø' => 'o',
        'Ø' => 'O',
        'ł' => 'l',
        'Ł' => 'L',
        'đ' => 'd',
        'Đ' => 'D',
        'ħ' => 'h',
        'Ħ' => 'H',
        'ŧ' => 't',
        'Ŧ' => 'T',
        'ı' => 'i',
        c => c,
    })
    .nfc()
    .collect()
}

const fn is_accent(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{591}'..='\u{5c7}'
            | '\u{610}'..='\u{61a}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{1dc4}'..='\u{1dff}'
    )
}
