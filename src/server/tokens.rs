//! The sockets' token check over the verifier.

use crate::auth::{TokenError, Verifier};
use crate::ws::study::{SignedIn, TokenCheck, TokenProblem};
use ports::SignIn;
use std::sync::Arc;

/// Tokens as the verifier believes them.
pub struct VerifiedTokens(pub Arc<Verifier>);

impl TokenCheck for VerifiedTokens {
    fn check(&self, token: &str, real_ms: i64) -> Result<SignedIn, TokenProblem> {
        let claims = self.0.verify(token, real_ms).map_err(|error| {
            if error == TokenError::Expired {
                return TokenProblem::Expired;
            }
            tracing::debug!(%error, "a socket brought a token that can not be used");
            TokenProblem::Useless
        })?;
        let expires_ms = claims.expires_ms;
        let who = SignIn { user: claims.user, org: claims.org, role: claims.role, name: claims.name };
        Ok(SignedIn { who, expires_ms })
    }
}
