//! A guest: a learner without an account, known in one class by a name, and on other devices by a PIN.

use crate::naming;
use domain::ids::{ClassId, UserId, Uuid};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Longest name of a guest, in bytes.
pub const NAME_BYTES_MAX: usize = 60;
/// Wrong PINs in a row after which a guest's name is closed for a while.
const WRONG_PINS_MAX: u32 = 5;
/// How long it is closed, in milliseconds: 480 tries a day of 10,000.
const CLOSED_MS: i64 = 15 * 60_000;

/// A name as it is shown, and under what it is kept: names that differ in case, spaces or spelling alone are one.
pub fn key_of_name(class: ClassId, name: &str) -> Option<(String, Uuid)> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let name: String = naming::line(&words.join(" "), NAME_BYTES_MAX)?.nfc().collect();
    let folded: String = name.nfkc().flat_map(char::to_lowercase).collect();
    Some((name, Uuid::new_v5(&class.0, folded.as_bytes())))
}

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
    /// Who has claimed what the guest did: then the guest is no more.
    #[serde(default)]
    pub claimed: Option<Claimed>,
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
            claimed: None,
        };
        guest.let_in(device);
        guest
    }

    /// Whether this device is let in without a PIN.
    pub fn knows(&self, device: Uuid) -> bool {
        self.devices.contains(&digest(self.salt, &device.to_string()))
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
            self.wrong = 0;
            return PinTried::Right;
        }
        self.wrong += 1;
        if self.wrong >= WRONG_PINS_MAX {
            (self.wrong, self.closed_until_ms) = (0, now_ms.saturating_add(CLOSED_MS));
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
    fn after_five_wrong_pins_none_is_looked_at_for_a_quarter_of_an_hour() {
        let mut guest = guest();
        for _ in 0..4 {
            assert_eq!(guest.try_pin(Some(Pin(7)), 0), PinTried::Wrong);
        }
        assert_eq!(guest.try_pin(Some(Pin(42)), 0), PinTried::Right);
        for _ in 0..5 {
            assert_eq!(guest.try_pin(None, 0), PinTried::Wrong);
        }
        assert_eq!(guest.try_pin(Some(Pin(42)), CLOSED_MS - 1), PinTried::Closed(CLOSED_MS));
        assert_eq!(guest.try_pin(Some(Pin(42)), CLOSED_MS), PinTried::Right);
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
