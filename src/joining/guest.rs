//! A guest: a learner without an account, known in one class by a name, and on other devices by a PIN.

use crate::content::{hides, joins};
use crate::naming;
use domain::ids::{ClassId, EntryId, UserId, Uuid};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Longest name of a guest, in bytes.
pub const NAME_BYTES_MAX: usize = 60;
/// Wrong PINs in a row after which a guest's name is closed for a while.
const WRONG_PINS_MAX: u32 = 5;
/// How long it is closed for the first time, in milliseconds; each time twice as long as before, until a PIN is right.
const CLOSED_FIRST_MS: i64 = 15 * 60_000;
/// And at most: 5 tries a day of 10,000.
const CLOSED_LONGEST_MS: i64 = 24 * 3_600_000;

/// A name as it is shown, and under what it is kept: names that differ in case, spaces, spelling or by what nobody sees
/// alone are one.
pub fn key_of_name(class: ClassId, name: &str) -> Option<(String, Uuid)> {
    let name: String = name.chars().filter(|letter| !hides(*letter)).collect();
    let words: Vec<&str> = name.split_whitespace().collect();
    let name: String = naming::line(&words.join(" "), NAME_BYTES_MAX)?.nfc().collect();
    // What is unseen may also come of what is taken apart.
    let seen = name.nfkc().filter(|letter| !hides(*letter) && !joins(*letter));
    let folded: String = seen.flat_map(char::to_lowercase).collect();
    Some((name, Uuid::new_v5(&class.0, folded.as_bytes())))
}

/// How long a request that made a guest is known when it comes again, in milliseconds.
const ATTEMPT_MS: i64 = 10 * 60_000;

/// Four digits, shown once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pin(u16);

impl Pin {
    /// The PIN that these random bits make.
    pub fn from_random(random: u64) -> Pin {
        Pin(u16::try_from(random % 10_000).unwrap_or(0))
    }

    /// Reads four digits.
    pub fn read(text: &str) -> Option<Pin> {
        let text = text.trim();
        (text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse().ok().map(Pin))?
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

/// What became of a PIN that was typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PinTried {
    /// It is the guest's.
    Right,
    /// It is not.
    Wrong,
    /// Too many were wrong: none is looked at before this moment, Unix milliseconds.
    Closed(i64),
}

/// A guest as a class keeps one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Guest {
    /// The person.
    pub user: UserIdText,
    /// The name.
    pub name: String,
    /// What the PIN is compared by.
    pin: String,
    salt: Uuid,
    /// The devices that are let in without a PIN, by digests of their cookies, the newest last.
    devices: Vec<String>,
    /// Wrong PINs in a row.
    wrong: u32,
    /// Until when no PIN is looked at, Unix milliseconds.
    closed_until_ms: i64,
    /// How often it was closed since a PIN was right.
    #[serde(default)]
    closed_times: u32,
    /// The request that made the guest, while it may come again because its answer was lost.
    #[serde(default)]
    attempt: Option<Attempt>,
    /// Who has claimed what the guest did: then the guest is no more.
    #[serde(default)]
    pub claimed: Option<Claimed>,
    /// Who gave the PIN that holds now, in place of another, and when (Unix milliseconds).
    #[serde(default)]
    given: Option<Given>,
}

/// A PIN that somebody else gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Given {
    by: Uuid,
    at_ms: i64,
}

/// A request, known by a digest of its key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Attempt {
    digest: String,
    until_ms: i64,
}

/// Who has claimed what a guest did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claimed {
    /// The learner.
    pub by: Uuid,
    /// The job as whose rows it comes to the learner's log.
    pub job: Uuid,
}

/// A person's id as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UserIdText(pub Uuid);

impl From<UserId> for UserIdText {
    fn from(user: UserId) -> Self {
        UserIdText(user.0)
    }
}

/// Devices of one guest that are remembered.
const DEVICES_MAX: usize = 4;

fn digest(salt: Uuid, of: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(salt.as_bytes());
    hash.update(of.as_bytes());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Guest {
    /// A new guest on this device.
    pub fn new(user: UserId, name: String, pin: Pin, salt: Uuid, device: Uuid) -> Guest {
        let mut guest = Guest {
            user: user.into(),
            name,
            pin: digest(salt, &pin.to_string()),
            salt,
            devices: Vec::new(),
            wrong: 0,
            closed_until_ms: 0,
            closed_times: 0,
            attempt: None,
            claimed: None,
            given: None,
        };
        guest.let_in(device);
        guest
    }

    /// Whether this device is let in without a PIN.
    pub fn knows(&self, device: Uuid) -> bool {
        self.devices.contains(&digest(self.salt, &device.to_string()))
    }

    /// Notes the key of the request that makes the guest.
    pub fn made_by(&mut self, key: &str, now_ms: i64) {
        let until_ms = now_ms.saturating_add(ATTEMPT_MS);
        self.attempt = Some(Attempt { digest: digest(self.salt, key), until_ms });
    }

    /// Whether this is the key of the request that made the guest a moment ago: whoever has it made the guest.
    pub fn is_made_by(&self, key: &str, now_ms: i64) -> bool {
        let of_key =
            |attempt: &Attempt| now_ms < attempt.until_ms && attempt.digest == digest(self.salt, key);
        self.attempt.as_ref().is_some_and(of_key)
    }

    /// The guest has another PIN, since nobody may know the one before.
    pub fn renew_pin(&mut self, pin: Pin) {
        self.pin = digest(self.salt, &pin.to_string());
        self.given = None;
    }

    /// Whether this person gave the PIN: whoever did knows it without being the guest.
    pub fn has_pin_of(&self, person: UserId) -> bool {
        self.given.is_some_and(|given| given.by == person.0)
    }

    /// Whether another PIN was given since that moment (Unix milliseconds): who came in before it may not be the guest.
    pub fn was_renewed_since(&self, since_ms: i64) -> bool {
        self.given.is_some_and(|given| given.at_ms > since_ms)
    }

    /// The guest has another PIN, and comes in by nothing else: neither by the PIN before, nor by a device, nor by the
    /// request that made the guest. Wrong PINs are forgotten. `by` is who gives it, at this moment (Unix milliseconds).
    pub fn begin_anew(&mut self, pin: Pin, by: UserId, at_ms: i64) {
        self.renew_pin(pin);
        self.given = Some(Given { by: by.0, at_ms });
        self.devices.clear();
        self.attempt = None;
        (self.wrong, self.closed_until_ms, self.closed_times) = (0, 0, 0);
    }

    /// When the guest was made, Unix milliseconds: the id is of that moment.
    pub const fn joined_ms(&self) -> i64 {
        EntryId(self.user.0).at_ms()
    }

    /// Remembers a device.
    pub fn let_in(&mut self, device: Uuid) {
        if self.knows(device) {
            return;
        }
        if self.devices.len() >= DEVICES_MAX {
            self.devices.remove(0);
        }
        self.devices.push(digest(self.salt, &device.to_string()));
    }

    /// Looks at a PIN, and counts the wrong ones.
    pub fn try_pin(&mut self, pin: Option<Pin>, now_ms: i64) -> PinTried {
        if now_ms < self.closed_until_ms {
            return PinTried::Closed(self.closed_until_ms);
        }
        if pin.is_some_and(|pin| digest(self.salt, &pin.to_string()) == self.pin) {
            (self.wrong, self.closed_times) = (0, 0);
            return PinTried::Right;
        }
        self.wrong += 1;
        if self.wrong >= WRONG_PINS_MAX {
            let closed_ms = CLOSED_FIRST_MS.saturating_mul(1 << self.closed_times.min(16));
            let closed_ms = closed_ms.min(CLOSED_LONGEST_MS);
            (self.wrong, self.closed_until_ms) = (0, now_ms.saturating_add(closed_ms));
            self.closed_times = self.closed_times.saturating_add(1);
        }
        PinTried::Wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest() -> Guest {
        let (salt, device) = (Uuid::from_u128(1), Uuid::from_u128(2));
        Guest::new(UserId::from_u128(3), "Ada".to_owned(), Pin(42), salt, device)
    }

    #[test]
    fn names_that_differ_in_case_spaces_or_spelling_alone_are_one() {
        let key = |name| key_of_name(ClassId::from_u128(1), name).map(|(_, key)| key);
        for alike in [" Zoë  Ä ", "zoë ä", "ZOE\u{308} A\u{308}"] {
            assert_eq!(key(alike), key("Zoë Ä"), "{alike}");
        }
        assert_ne!(key("Zoe A"), key("Zoë Ä"));
        for alike in
            ["A\u{200b}da", "Ada\u{2060}", "A\u{ad}d\u{e0020}a", "\u{feff}Ada\u{202e}", "A\u{200d}da\u{200c}"]
        {
            assert_eq!(key(alike), key("Ada"), "{alike:?}");
        }
        let shown = |name| key_of_name(ClassId::from_u128(1), name).map(|(name, _)| name);
        assert_eq!(shown("A\u{200b}d\u{202e}a").as_deref(), Some("Ada"));
        assert_eq!(shown("نمی\u{200c}دانم").as_deref(), Some("نمی\u{200c}دانم"), "it is written so");
        assert_ne!(key("Ada"), key_of_name(ClassId::from_u128(2), "Ada").map(|(_, key)| key));
        for bad in ["", "  ", "\u{200b}", &"x".repeat(NAME_BYTES_MAX + 1), "a\u{7}b"] {
            assert_eq!(key(bad), None, "{bad:?}");
        }
        assert_eq!(
            key_of_name(ClassId::from_u128(1), "  Ada \n L. ").map(|(name, _)| name).as_deref(),
            Some("Ada L.")
        );
    }

    #[test]
    fn a_pin_is_four_digits() {
        assert_eq!(Pin::from_random(10_042).to_string(), "0042");
        assert_eq!(Pin::read(" 0042 "), Some(Pin(42)));
        for bad in ["", "42", "00042", "+042", "४२४२", "abcd"] {
            assert_eq!(Pin::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn whoever_guesses_on_waits_twice_as_long_each_time_and_never_longer_than_a_day() {
        let mut guest = guest();
        let mut closes = |now_ms: i64| {
            (0..5).for_each(|_| assert_eq!(guest.try_pin(Some(Pin(7)), now_ms), PinTried::Wrong));
            let PinTried::Closed(until_ms) = guest.try_pin(Some(Pin(42)), now_ms) else {
                panic!("it is looked at")
            };
            until_ms
        };
        let mut now_ms = 0;
        for minutes in [15, 30, 60, 120, 240, 480, 960, 1_440, 1_440] {
            let until_ms = closes(now_ms);
            assert_eq!(until_ms - now_ms, minutes * 60_000);
            now_ms = until_ms;
        }
        assert_eq!(guest.try_pin(Some(Pin(42)), now_ms), PinTried::Right);
        (0..5).for_each(|_| assert_eq!(guest.try_pin(None, now_ms), PinTried::Wrong));
        assert_eq!(guest.try_pin(None, now_ms), PinTried::Closed(now_ms + CLOSED_FIRST_MS));
    }

    #[test]
    fn after_five_wrong_pins_none_is_looked_at_for_a_quarter_of_an_hour() {
        let mut guest = guest();
        for _ in 0..4 {
            assert_eq!(guest.try_pin(Some(Pin(7)), 0), PinTried::Wrong);
        }
        assert_eq!(guest.try_pin(Some(Pin(42)), 0), PinTried::Right);
        for _ in 0..5 {
            assert_eq!(guest.try_pin(None, 0), PinTried::Wrong);
        }
        assert_eq!(guest.try_pin(Some(Pin(42)), CLOSED_FIRST_MS - 1), PinTried::Closed(CLOSED_FIRST_MS));
        assert_eq!(guest.try_pin(Some(Pin(42)), CLOSED_FIRST_MS), PinTried::Right);
    }

    #[test]
    fn who_made_a_guest_a_moment_ago_gets_another_pin_and_nobody_else_does() {
        let mut guest = guest();
        assert!(!guest.is_made_by("a key that is hard to guess", 0));
        guest.made_by("a key that is hard to guess", 1_000);
        assert!(guest.is_made_by("a key that is hard to guess", 1_000 + ATTEMPT_MS - 1));
        assert!(!guest.is_made_by("a key that is hard to guess", 1_000 + ATTEMPT_MS));
        assert!(!guest.is_made_by("another key", 1_000));
        guest.renew_pin(Pin(43));
        assert_eq!(guest.try_pin(Some(Pin(42)), 0), PinTried::Wrong);
        assert_eq!(guest.try_pin(Some(Pin(43)), 0), PinTried::Right);
    }

    #[test]
    fn who_begins_anew_comes_in_by_the_new_pin_alone_and_at_once() {
        let mut guest = guest();
        guest.made_by("a key that is hard to guess", 1_000);
        (0..5).for_each(|_| assert_eq!(guest.try_pin(None, 0), PinTried::Wrong));
        guest.begin_anew(Pin(43), UserId::from_u128(9), 1_000);
        assert!(guest.has_pin_of(UserId::from_u128(9)) && !guest.has_pin_of(UserId::from_u128(8)));
        assert!(guest.was_renewed_since(999) && !guest.was_renewed_since(1_000));
        assert!(!guest.knows(Uuid::from_u128(2)) && !guest.is_made_by("a key that is hard to guess", 1_000));
        assert_eq!(guest.try_pin(Some(Pin(42)), 0), PinTried::Wrong);
        assert_eq!(guest.try_pin(Some(Pin(43)), 0), PinTried::Right);
    }

    #[test]
    fn a_device_is_known_again_and_what_is_kept_tells_no_secret() {
        let mut guest = guest();
        let other = |n: u128| Uuid::from_u128(100 + n);
        assert!(guest.knows(Uuid::from_u128(2)) && !guest.knows(other(0)));
        let kept = serde_json::to_string(&guest).unwrap();
        assert!(!kept.contains("0042") && !kept.contains(&Uuid::from_u128(2).to_string()));
        assert_eq!(serde_json::from_str::<Guest>(&kept).unwrap(), guest);
        (0..4).for_each(|n| guest.let_in(other(n)));
        assert!(!guest.knows(Uuid::from_u128(2)) && guest.knows(other(3)));
    }
}
