//! A cookie by which a page's pictures are let through: short-lived, signed, and good for nothing else. So no token stands
//! in an address.

use crate::auth::{Claims, Keys, Mint, TokenError, Verifier, Wanted};
use sha2::{Digest, Sha256};

/// What the names of the cookies begin with.
pub const COOKIE: &str = "studyhall_media";
/// The path that it is sent to, and no other.
pub const PATH: &str = "/media";
/// How long it is good for, in milliseconds.
pub const TTL_MS: i64 = 3_600_000;
/// Whom it is for: never the audience of an API's token.
const AUDIENCE: &str = "studyhall/media";

/// Makes such cookies, and believes them.
pub struct MediaSessions {
    mint: Mint,
    verifier: Verifier,
}

impl MediaSessions {
    /// With a key that follows from the secret that all nodes share. Without one (a key set of somebody else's alone) from
    /// what this process made up: then a cookie holds at one node, and until it restarts.
    pub fn new(secret: Option<&[u8]>) -> Option<MediaSessions> {
        let mut key = Sha256::new();
        key.update(b"studyhall media session\0");
        match secret {
            Some(secret) => key.update(secret),
            None => {
                key.update(uuid::Uuid::new_v4());
                key.update(uuid::Uuid::new_v4());
            }
        }
        let key = key.finalize();
        let mint = Mint::new(&key, AUDIENCE, AUDIENCE).ok()?;
        let verifier = Verifier::new(Keys::default().with_secret(&key).ok()?, AUDIENCE, AUDIENCE).ok()?;
        Some(MediaSessions { mint, verifier })
    }

    /// The cookie's value for this person, and when it ends (Unix milliseconds of the real clock).
    pub fn begin(&self, wanted: &Wanted, now_ms: i64) -> Option<(String, i64)> {
        let wanted = Wanted { ttl_ms: TTL_MS, ..wanted.clone() };
        self.mint.token(&wanted, now_ms).ok()
    }

    /// Who has this cookie.
    ///
    /// # Errors
    /// It is not, or no longer, to be believed.
    pub fn believe(&self, cookie: &str, now_ms: i64) -> Result<Claims, TokenError> {
        self.verifier.verify(cookie, now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::UserId;
    use ports::Role;

    const SECRET: &[u8] = b"a secret that is long enough for this";

    fn wanted() -> Wanted {
        Wanted { user: UserId::from_u128(7), role: Role::Learner, org: None, name: None, ttl_ms: 0 }
    }

    #[test]
    fn a_cookie_is_believed_by_whoever_has_the_secret_for_an_hour_and_is_no_token() {
        let sessions = MediaSessions::new(Some(SECRET)).unwrap();
        let now_ms = 1_700_000_000_000;
        let (cookie, ends_ms) = sessions.begin(&wanted(), now_ms).unwrap();
        assert_eq!(ends_ms, now_ms + TTL_MS);
        let other = MediaSessions::new(Some(SECRET)).unwrap();
        assert_eq!(other.believe(&cookie, now_ms).unwrap().user, wanted().user);
        assert!(other.believe(&cookie, now_ms + TTL_MS + 60_000).is_err());
        assert!(MediaSessions::new(None).unwrap().believe(&cookie, now_ms).is_err());
        let api = Keys::default().with_secret(SECRET).unwrap();
        let api = Verifier::new(api, "studyhall", "studyhall").unwrap();
        assert!(api.verify(&cookie, now_ms).is_err());
        let token = Mint::new(SECRET, "studyhall", "studyhall").unwrap();
        let (token, _) = token.token(&Wanted { ttl_ms: TTL_MS, ..wanted() }, now_ms).unwrap();
        assert!(sessions.believe(&token, now_ms).is_err());
    }
}
