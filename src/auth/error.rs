//! Why a token, or a key, is not accepted.

use super::verifier::{SECRET_BYTES_MIN, TOKEN_BYTES_MAX};
use thiserror::Error;

/// Why a token is not accepted. No variant carries anything of the token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Error)]
pub enum TokenError {
    /// Not three parts of base64url, a header or claims that are no JSON, or claims of a wrong type.
    #[error("this is no readable token")]
    Malformed,
    /// Longer than [`TOKEN_BYTES_MAX`].
    #[error("a token has at most {TOKEN_BYTES_MAX} bytes")]
    TooLong,
    /// Signed with an algorithm that the key is not for, or that is not accepted at all.
    #[error("the token's algorithm is not the one that its key is for")]
    WrongAlgorithm,
    /// `crit` names a rule that is not known here (RFC 7515, 4.1.11).
    #[error("the token asks for a rule (`crit`) that is not known here")]
    UnknownRule,
    /// Signed with a key that is not known here.
    #[error("the token names a key that is not known here")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the token's signature is not right")]
    Forged,
    /// `exp` is over.
    #[error("the token has expired: get a new one")]
    Expired,
    /// `nbf` is yet to come.
    #[error("the token is not valid yet")]
    NotYet,
    /// A claim that must be there is not.
    #[error("the token has no `{0}`")]
    Missing(&'static str),
    /// `iss` is somebody else.
    #[error("the token was issued by somebody else")]
    WrongIssuer,
    /// `aud` is somebody else.
    #[error("the token is meant for somebody else")]
    WrongAudience,
    /// `sub` is no UUID.
    #[error("`sub` must be a UUID")]
    BadSubject,
    /// `org` is no UUID.
    #[error("`org` must be a UUID")]
    BadOrg,
    /// `role` is none of those known.
    #[error("`role` must be one of owner, admin, teacher, learner, guest, service")]
    BadRole,
}

impl TokenError {
    /// Whether the same person may come back with a newer token of the same issuer: it was right once, or will be.
    pub const fn is_a_matter_of_time(self) -> bool {
        match self {
            TokenError::Expired | TokenError::NotYet => true,
            TokenError::Malformed
            | TokenError::TooLong
            | TokenError::UnknownRule
            | TokenError::WrongAlgorithm
            | TokenError::UnknownKey
            | TokenError::Forged
            | TokenError::Missing(_)
            | TokenError::WrongIssuer
            | TokenError::WrongAudience
            | TokenError::BadSubject
            | TokenError::BadOrg
            | TokenError::BadRole => false,
        }
    }
}

/// Why a key cannot be used. No variant carries anything of a secret.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum KeyError {
    /// The secret is too short.
    #[error("the secret has {0} bytes, at least {SECRET_BYTES_MIN} are needed")]
    ShortSecret(usize),
    /// The key set is no JSON, or not one of this kind.
    #[error("not a JSON web key set: {0}")]
    NotAKeySet(String),
    /// The key set has no keys, or too many.
    #[error("a key set holds 1 to {max} keys, not {found}")]
    KeyCount {
        /// Keys found.
        found: usize,
        /// Keys allowed.
        max: usize,
    },
    /// A key has no `kid`.
    #[error("key {0} of the set has no `kid`")]
    NoKid(usize),
    /// Two keys have the same `kid`.
    #[error("two keys of the set have the `kid` {0:?}")]
    DoubleKid(String),
    /// No key of the set is of a kind that is accepted.
    #[error("no key of the set is for signatures with RS256 or EdDSA")]
    NoneOfOurs,
    /// A key is not what it says.
    #[error("the key {kid:?} cannot be used: {why}")]
    BadKey {
        /// Its id.
        kid: String,
        /// Why.
        why: String,
    },
    /// Nothing to verify with.
    #[error("neither a secret nor a key set is configured")]
    NoKeys,
}
