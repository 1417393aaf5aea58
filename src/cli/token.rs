//! `studyhall token`.

use super::could_not;
use crate::auth::Wanted;
use crate::clock::real_ms;
use crate::config::{Need, TokenArgs, load};
use std::process::ExitCode;

/// Prints a token made with the configured secret.
pub(super) fn token(args: &TokenArgs) -> ExitCode {
    let config = match load(&args.config, Need::Secret) {
        Ok(config) => config,
        Err(errors) => return could_not(errors),
    };
    let Some(mint) = config.auth.mint() else { return could_not("there is no secret to make tokens with") };
    let wanted =
        Wanted { user: args.user, role: args.role, org: args.org, name: args.name.clone(), ttl_ms: args.ttl };
    match mint.token(&wanted, real_ms()) {
        Ok((token, _)) => {
            println!("{token}");
            ExitCode::SUCCESS
        }
        Err(error) => could_not(error),
    }
}
