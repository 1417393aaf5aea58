//! Who somebody is: tokens that are checked, tokens that are made, and the single-use codes of the demo.
//!
//! Token times are compared with the real clock, which the caller reads and passes in.

mod claims;
mod codes;
mod error;
mod jwks;
mod mint;
mod recent;
mod verifier;

pub use claims::{Claims, NAME_BYTES_MAX, bearer, parse_role, role_name};
pub use codes::{Codes, Redeemed};
pub use error::{KeyError, TokenError};
pub use jwks::{JWKS_BYTES_MAX, JWKS_KEYS_MAX};
pub use mint::{Mint, MintError, Wanted};
pub use recent::Recent;
pub use verifier::{Keys, LEEWAY_MS, SECRET_BYTES_MIN, TOKEN_BYTES_MAX, Verifier};

/// Issuer and audience of tokens unless configured otherwise.
pub const DEFAULT_PARTY: &str = "studyhall";
