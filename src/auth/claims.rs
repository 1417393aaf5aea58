//! What a token says, once it is believed.

use super::error::TokenError;
use super::verifier::LEEWAY_MS;
use domain::ids::{OrgId, UserId};
use ports::{Role, SignIn};
use serde::Deserialize;

/// Longest name that is taken from a token, in bytes; more is cut off.
pub const NAME_BYTES_MAX: usize = 200;

/// What a valid token says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claims {
    /// `sub`.
    pub user: UserId,
    /// `org`.
    pub org: Option<OrgId>,
    /// `role`.
    pub role: Role,
    /// `name`.
    pub name: Option<String>,
    /// `exp`, Unix milliseconds of the real clock.
    pub expires_ms: i64,
    /// `nbf`, Unix milliseconds of the real clock.
    pub(super) not_before_ms: Option<i64>,
}

impl Claims {
    /// What the store of people needs of it.
    pub fn sign_in(&self) -> SignIn {
        SignIn { user: self.user, org: self.org, role: self.role, name: self.name.clone() }
    }

    /// Checks the times against the real clock.
    pub(super) fn check_times(&self, now_ms: i64) -> Result<(), TokenError> {
        if now_ms >= self.expires_ms.saturating_add(LEEWAY_MS) {
            return Err(TokenError::Expired);
        }
        if self.not_before_ms.is_some_and(|from| now_ms.saturating_add(LEEWAY_MS) < from) {
            return Err(TokenError::NotYet);
        }
        Ok(())
    }
}

/// The role with this name.
pub fn parse_role(name: &str) -> Option<Role> {
    [Role::Owner, Role::Admin, Role::Teacher, Role::Learner, Role::Guest, Role::Service]
        .into_iter()
        .find(|role| role_name(*role) == name)
}

/// The name of a role, in tokens and answers.
pub const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Teacher => "teacher",
        Role::Learner => "learner",
        Role::Guest => "guest",
        Role::Service => "service",
    }
}

/// The token in an `Authorization` header, `Bearer TOKEN` (RFC 6750; the scheme's case does not matter).
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The claims as they stand in the token. All are optional here, so that what is missing can be named.
#[derive(Deserialize)]
pub(super) struct RawClaims {
    sub: Option<String>,
    org: Option<String>,
    role: Option<String>,
    name: Option<String>,
    iss: Option<String>,
    aud: Option<OneOrMany>,
    exp: Option<f64>,
    nbf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl RawClaims {
    /// Checks everything but the times.
    pub(super) fn believed(self, issuer: &str, audience: &str) -> Result<Claims, TokenError> {
        let expires_ms = millis(self.exp.ok_or(TokenError::Missing("exp"))?)?;
        let not_before_ms = self.nbf.map(millis).transpose()?;
        if self.iss.ok_or(TokenError::Missing("iss"))? != issuer {
            return Err(TokenError::WrongIssuer);
        }
        let meant_for_us = match self.aud.ok_or(TokenError::Missing("aud"))? {
            OneOrMany::One(one) => one == audience,
            OneOrMany::Many(many) => many.iter().any(|one| one == audience),
        };
        if !meant_for_us {
            return Err(TokenError::WrongAudience);
        }
        let user = self.sub.ok_or(TokenError::Missing("sub"))?.parse().map_err(|_| TokenError::BadSubject)?;
        let org = self.org.map(|org| org.parse()).transpose().map_err(|_| TokenError::BadOrg)?;
        let role = parse_role(&self.role.ok_or(TokenError::Missing("role"))?).ok_or(TokenError::BadRole)?;
        let name = self.name.map(|name| clean_name(&name)).filter(|name| !name.is_empty());
        Ok(Claims { user, org, role, name, expires_ms, not_before_ms })
    }
}

/// A NumericDate (RFC 7519 §2) in milliseconds; fractions are allowed there.
fn millis(seconds: f64) -> Result<i64, TokenError> {
    let ms = seconds * 1_000.0;
    if ms.is_finite() && (0.0..9.0e15).contains(&ms) { Ok(ms as i64) } else { Err(TokenError::Malformed) }
}

fn clean_name(name: &str) -> String {
    let shown: String = name.chars().filter(|c| !c.is_control()).collect();
    let shown = shown.trim();
    let mut end = shown.len().min(NAME_BYTES_MAX);
    while !shown.is_char_boundary(end) {
        end -= 1;
    }
    shown[..end].to_owned()
}
