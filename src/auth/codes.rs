//! Single-use codes: a link that signs somebody in once.

use super::mint::Wanted;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// Codes that wait at once; above it the oldest is forgotten.
const CODES_MAX: usize = 1_024;
/// Characters of a code: 26 of 5 bits each hold the 122 random bits of a UUID.
const CODE_CHARS: usize = 26;
/// Crockford's base 32, which has no letters that look like digits.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What a code was good for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redeemed {
    /// For whom a token is to be made.
    pub wanted: Wanted,
}

/// Codes that were given out and not used yet. In memory: a restart forgets them.
#[derive(Debug, Default)]
pub struct Codes {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    by_code: HashMap<[u8; CODE_CHARS], (u64, Wanted)>,
    next: u64,
}

impl Codes {
    /// A store without codes.
    pub fn new() -> Codes {
        Codes::default()
    }

    /// A new code that signs this person in once.
    pub fn give(&self, wanted: Wanted) -> String {
        let code = spell(Uuid::new_v4().as_u128());
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.by_code.len() >= CODES_MAX {
            let oldest = waiting.by_code.iter().min_by_key(|(_, (at, _))| *at).map(|(code, _)| *code);
            if let Some(oldest) = oldest {
                waiting.by_code.remove(&oldest);
            }
        }
        let at = waiting.next;
        waiting.next += 1;
        waiting.by_code.insert(code, (at, wanted));
        code.iter().map(|b| char::from(*b)).collect()
    }

    /// Uses a code up. `None`: never given, or used already.
    ///
    /// Every waiting code is compared in full whatever the first differing character is, so that the time it takes
    /// tells nothing about how close a guess was.
    pub fn redeem(&self, code: &str) -> Option<Redeemed> {
        let guess: [u8; CODE_CHARS] = code.as_bytes().try_into().ok()?;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        for known in waiting.by_code.keys() {
            let difference = known.iter().zip(&guess).fold(0, |all, (a, b)| all | (a ^ b));
            if std::hint::black_box(difference) == 0 {
                found = Some(*known);
            }
        }
        let (_, wanted) = waiting.by_code.remove(&found?)?;
        Some(Redeemed { wanted })
    }
}

fn spell(mut bits: u128) -> [u8; CODE_CHARS] {
    let mut code = [b'0'; CODE_CHARS];
    for place in code.iter_mut().rev() {
        *place = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::UserId;
    use ports::Role;

    fn ada() -> Wanted {
        let user = UserId::from_u128(1);
        Wanted { user, role: Role::Learner, org: None, name: Some("Ada".into()), ttl_ms: 3_600_000 }
    }

    #[test]
    fn a_code_works_once() {
        let codes = Codes::new();
        let code = codes.give(ada());
        assert_eq!(codes.redeem(&code.to_uppercase()), None);
        assert_eq!(codes.redeem(&code[1..]), None);
        assert_eq!(codes.redeem(&code).map(|r| r.wanted), Some(ada()));
        assert_eq!(codes.redeem(&code), None);
    }

    #[test]
    fn no_more_codes_wait_than_the_limit_and_the_newest_stay() {
        let codes = Codes::new();
        let first = codes.give(ada());
        let all: Vec<String> = (0..CODES_MAX).map(|_| codes.give(ada())).collect();
        assert_eq!(codes.redeem(&first), None);
        assert!(all.iter().all(|code| codes.redeem(code).is_some()));
    }
}
