//! Making tokens with the configured secret: for `studyhall token` and for the demo.

use super::claims::role_name;
use super::error::KeyError;
use super::verifier::SECRET_BYTES_MIN;
use domain::ids::{OrgId, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use ports::Role;
use serde::Serialize;
use thiserror::Error;

/// Whom a token is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// `sub`.
    pub user: UserId,
    /// `role`.
    pub role: Role,
    /// `org`.
    pub org: Option<OrgId>,
    /// `name`.
    pub name: Option<String>,
    /// How long it is valid, in milliseconds; whole seconds count.
    pub ttl_ms: i64,
}

/// Why a token could not be made.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("the token could not be made: {0}")]
pub struct MintError(String);

/// Makes HS256 tokens.
pub struct Mint {
    key: EncodingKey,
    issuer: String,
    audience: String,
}

#[derive(Serialize)]
struct Minted<'a> {
    sub: String,
    role: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

/// For whom it is what somebody has who waits at a server of this audience.
pub(super) fn waiting_for(audience: &str) -> String {
    format!("{audience}/waiting")
}

impl Mint {
    /// A mint with this secret.
    ///
    /// # Errors
    /// The secret is shorter than [`SECRET_BYTES_MIN`].
    pub fn new(secret: &[u8], issuer: &str, audience: &str) -> Result<Mint, KeyError> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(KeyError::ShortSecret(secret.len()));
        }
        let key = EncodingKey::from_secret(secret);
        Ok(Mint { key, issuer: issuer.to_owned(), audience: audience.to_owned() })
    }

    /// A token that is valid from `now_ms` of the real clock on, and when it expires (Unix milliseconds).
    ///
    /// # Errors
    /// The library refused.
    pub fn token(&self, wanted: &Wanted, now_ms: i64) -> Result<(String, i64), MintError> {
        self.token_for(&self.audience, wanted, now_ms)
    }

    /// The same for somebody who waits to be let into a lesson: no token, and good for asking how that stands alone
    /// ([`Verifier::verify_waiting`](super::Verifier::verify_waiting)).
    ///
    /// # Errors
    /// The library refused.
    pub fn waiting_token(&self, wanted: &Wanted, now_ms: i64) -> Result<(String, i64), MintError> {
        self.token_for(&waiting_for(&self.audience), wanted, now_ms)
    }

    fn token_for(&self, audience: &str, wanted: &Wanted, now_ms: i64) -> Result<(String, i64), MintError> {
        let iat = now_ms.div_euclid(1_000);
        let exp = iat.saturating_add(wanted.ttl_ms.max(0) / 1_000);
        let claims = Minted {
            sub: wanted.user.to_string(),
            role: role_name(wanted.role),
            org: wanted.org.map(|org| org.to_string()),
            name: wanted.name.as_deref(),
            iss: &self.issuer,
            aud: audience,
            iat,
            exp,
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.key)
            .map_err(|error| MintError(error.to_string()))?;
        Ok((token, exp.saturating_mul(1_000)))
    }
}
