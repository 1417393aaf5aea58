//! Who the learners of a run are: all of it follows from the run's seed and a learner's number, so that several
//! processes agree without a word.

use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// How long a token of the load generator is good, in seconds: longer than any run.
const TOKEN_SECONDS: u64 = 30 * 3_600;
/// Namespace of the learners' ids.
const LEARNERS: Uuid = Uuid::from_u128(0x5d4f_6e1c_9a37_4b52_8c0e_21d7_6f3a_b904);

/// Makes tokens of one server.
#[derive(Clone)]
pub struct Identities {
    seed: u64,
    key: jsonwebtoken::EncodingKey,
}

/// The secret makes no tokens.
#[derive(Debug, thiserror::Error)]
#[error("no token can be made with this secret: {0}")]
pub struct NoToken(#[from] jsonwebtoken::errors::Error);

impl Identities {
    /// The people of the run with this seed, at a server with this secret.
    pub fn new(seed: u64, secret: &str) -> Identities {
        Identities { seed, key: jsonwebtoken::EncodingKey::from_secret(secret.as_bytes()) }
    }

    /// The seed of the run.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The id of learner `number`.
    pub fn learner(&self, number: usize) -> Uuid {
        Uuid::new_v5(&LEARNERS, format!("{} {number}", self.seed).as_bytes())
    }

    /// The id of the teacher whose deck they study.
    pub fn teacher(&self) -> Uuid {
        Uuid::new_v5(&LEARNERS, format!("{} teacher", self.seed).as_bytes())
    }

    /// A token for this user.
    ///
    /// # Errors
    /// When the secret cannot sign.
    pub fn token(&self, user: Uuid, role: &str) -> Result<String, NoToken> {
        let now_s = u64::try_from(unix_ms() / 1_000).unwrap_or(0);
        let claims = json!({
            "sub": user, "role": role, "iss": "studyhall", "aud": "studyhall", "iat": now_s, "exp": now_s + TOKEN_SECONDS,
        });
        Ok(jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &self.key)?)
    }
}

/// Now, in milliseconds since 1970 UTC.
pub fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
