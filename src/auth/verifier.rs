//! Whether a token is to be believed.

use super::claims::{Claims, RawClaims};
use super::error::{KeyError, TokenError};
use super::jwks::{self, PublicKey};
use super::mint::waiting_for;
use super::recent::Recent;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// A shared secret is at least this long, in bytes: the length of an HS256 signature.
pub const SECRET_BYTES_MIN: usize = 32;
/// Longest token, in bytes; it arrives in a header or in a first frame.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// How far two clocks may lie apart, in milliseconds.
pub const LEEWAY_MS: i64 = 10_000;
/// Verified tokens that are remembered, so that a slow signature is checked once.
const REMEMBERED: usize = 8_192;

/// What tokens are verified with.
#[derive(Clone, Default)]
pub struct Keys {
    secret: Option<DecodingKey>,
    public: HashMap<String, PublicKey>,
}

impl Keys {
    /// Accepts HS256 tokens made with this secret.
    ///
    /// # Errors
    /// The secret is shorter than [`SECRET_BYTES_MIN`].
    pub fn with_secret(mut self, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(KeyError::ShortSecret(secret.len()));
        }
        self.secret = Some(DecodingKey::from_secret(secret));
        Ok(self)
    }

    /// Accepts RS256 and EdDSA tokens made with the keys of this JSON web key set.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn with_jwks(mut self, text: &str) -> Result<Self, KeyError> {
        for (kid, key) in jwks::read(text)? {
            if self.public.insert(kid.clone(), key).is_some() {
                return Err(KeyError::DoubleKid(kid));
            }
        }
        Ok(self)
    }
}

/// Verifies tokens. One a process, shared by HTTP and sockets.
pub struct Verifier {
    keys: Keys,
    issuer: String,
    audience: String,
    /// By SHA-256 of whom it is for and the token; times are compared again at every look.
    remembered: Recent<[u8; 32], Claims>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("secret", &self.keys.secret.is_some())
            .field("public_keys", &self.keys.public.len())
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

impl Verifier {
    /// A verifier for tokens of this issuer that are meant for this audience.
    ///
    /// # Errors
    /// There is no key at all.
    pub fn new(keys: Keys, issuer: &str, audience: &str) -> Result<Verifier, KeyError> {
        if keys.secret.is_none() && keys.public.is_empty() {
            return Err(KeyError::NoKeys);
        }
        Ok(Verifier {
            keys,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            remembered: Recent::new(REMEMBERED),
        })
    }

    /// What the token says, if it is to be believed at `now_ms` of the real clock.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn verify(&self, token: &str, now_ms: i64) -> Result<Claims, TokenError> {
        self.verify_for(token, &self.audience, now_ms)
    }

    /// What it says that somebody has who waits to be let into a lesson; a token is none.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn verify_waiting(&self, token: &str, now_ms: i64) -> Result<Claims, TokenError> {
        self.verify_for(token, &waiting_for(&self.audience), now_ms)
    }

    fn verify_for(&self, token: &str, audience: &str, now_ms: i64) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let header = decode_header(token).map_err(|error| token_error(error.kind()))?;
        if header.crit.is_some() {
            return Err(TokenError::UnknownRule);
        }
        // One algorithm a key: which key it is decides, never what the token would like.
        let (algorithm, key) = match (header.alg, header.kid.as_deref()) {
            (Algorithm::HS256, _) => {
                (Algorithm::HS256, self.keys.secret.as_ref().ok_or(TokenError::UnknownKey)?)
            }
            (_, Some(kid)) => {
                let public = self.keys.public.get(kid).ok_or(TokenError::UnknownKey)?;
                (public.algorithm, &public.key)
            }
            (_, None) => return Err(TokenError::UnknownKey),
        };
        if header.alg != algorithm {
            return Err(TokenError::WrongAlgorithm);
        }
        // The hash of a token costs as much as its HMAC: only signatures are worth remembering.
        let of = || Sha256::new_with_prefix(audience).chain_update([0]).chain_update(token).finalize();
        let digest = (algorithm != Algorithm::HS256).then(|| <[u8; 32]>::from(of()));
        let claims = match digest.and_then(|digest| self.remembered.get(&digest)) {
            Some(known) => known,
            None => {
                let claims = self.check_signature(token, audience, algorithm, key)?;
                if let Some(digest) = digest {
                    self.remembered.put(digest, claims.clone());
                }
                claims
            }
        };
        claims.check_times(now_ms)?;
        Ok(claims)
    }

    fn check_signature(
        &self,
        token: &str,
        audience: &str,
        algorithm: Algorithm,
        key: &DecodingKey,
    ) -> Result<Claims, TokenError> {
        // The library compares with its own clock and lets a missing `aud` pass: it checks the signature, we the rest.
        let mut signature_only = Validation::new(algorithm);
        signature_only.required_spec_claims = HashSet::new();
        signature_only.validate_exp = false;
        signature_only.validate_nbf = false;
        signature_only.validate_aud = false;
        let raw =
            decode::<RawClaims>(token, key, &signature_only).map_err(|error| token_error(error.kind()))?;
        raw.claims.believed(&self.issuer, audience)
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library's list is open")]
fn token_error(kind: &ErrorKind) -> TokenError {
    // What the library may add later is, for us, a token that cannot be read.
    match kind {
        ErrorKind::InvalidSignature => TokenError::Forged,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::WrongAlgorithm,
        _ => TokenError::Malformed,
    }
}

#[cfg(test)]
mod tests;
