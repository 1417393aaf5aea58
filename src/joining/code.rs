//! The code of a lesson: six characters of which none looks like another.

use domain::ids::Uuid;
use std::fmt;

/// Neither 0 and O, 1, I and L, 2 and Z, 5 and S, 8 and B, nor V beside U and W.
const ALPHABET: &[u8; 24] = b"ACDEFGHJKMNPQRTUWXY34679";
/// Characters of a code: 24 to the power of 6 are 191 million.
const CHARS: usize = 6;
/// The namespace of the records that say which class has a code.
const CODES: Uuid = Uuid::from_u128(0x5d1c_8d8e_60ab_5a40_9f6e_8f1e_7a0c_2b11);

/// The code of a lesson.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JoinCode([u8; CHARS]);

impl JoinCode {
    /// The code that these random bits make.
    pub fn from_random(random: u64) -> JoinCode {
        let mut rest = random;
        let mut code = [b'A'; CHARS];
        for place in &mut code {
            let digit = usize::try_from(rest % ALPHABET.len() as u64).unwrap_or(0);
            *place = ALPHABET.get(digit).copied().unwrap_or(b'A');
            rest /= ALPHABET.len() as u64;
        }
        JoinCode(code)
    }

    /// Reads a code as people type it: in either case, with spaces and hyphens. `None` for what no code is.
    pub fn read(text: &str) -> Option<JoinCode> {
        let mut typed =
            text.bytes().filter(|byte| !matches!(byte, b' ' | b'-')).map(|b| b.to_ascii_uppercase());
        let mut code = [b'A'; CHARS];
        for place in &mut code {
            *place = typed.next().filter(|byte| ALPHABET.contains(byte))?;
        }
        typed.next().is_none().then_some(JoinCode(code))
    }

    /// Under which name it is kept whose the code is.
    pub fn place(&self) -> Uuid {
        Uuid::new_v5(&CODES, &self.0)
    }
}

impl fmt::Display for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl fmt::Debug for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinCode({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_same_chance_makes_the_same_code_and_another_one_another() {
        assert_eq!(JoinCode::from_random(77), JoinCode::from_random(77));
        let many: BTreeSet<JoinCode> = (0..10_000).map(JoinCode::from_random).collect();
        assert_eq!(many.len(), 10_000);
        assert_eq!(JoinCode::from_random(u64::MAX).to_string().len(), CHARS);
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = JoinCode::from_random(123_456_789);
        let text = code.to_string();
        for typed in [text.clone(), text.to_lowercase(), format!(" {}-{} ", &text[..3], &text[3..])] {
            assert_eq!(JoinCode::read(&typed), Some(code), "{typed}");
        }
        for other in ["", "ACDEF", "ACDEFGH", "ACDEF0", "ACDEFÖ", "ACDEF1"] {
            assert_eq!(JoinCode::read(other), None, "{other}");
        }
    }

    #[test]
    fn no_two_characters_look_alike() {
        for alike in ["0OQ", "1IL", "2Z", "5S", "8B", "VU"] {
            assert!(alike.bytes().filter(|byte| ALPHABET.contains(byte)).count() <= 1, "{alike}");
        }
    }
}
