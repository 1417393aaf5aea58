//! Replacing a webhook's secret: for a day deliveries are signed with the new one and with those that it replaced, so that
//! a receiver may learn of it in its own time. Pure: moments come in.

use super::limits::{OLD_SECRET_MS, OLD_SECRETS_MAX};
use ports::{OldSecret, WebhookRecord};

/// Gives a webhook another secret.
pub fn replace(hook: &mut WebhookRecord, secret: Vec<u8>, now_ms: i64) {
    forget(hook, now_ms);
    let replaced = std::mem::replace(&mut hook.secret, secret);
    let until_ms = now_ms.saturating_add(OLD_SECRET_MS);
    hook.old_secrets.insert(0, OldSecret { secret: replaced, until_ms });
    hook.old_secrets.truncate(OLD_SECRETS_MAX);
}

/// Forgets those whose time is over.
pub(super) fn forget(hook: &mut WebhookRecord, now_ms: i64) {
    hook.old_secrets.retain(|old| sign_along(old, now_ms));
}

/// What a message is signed with, the newest first.
pub(super) fn signing(hook: &WebhookRecord, now_ms: i64) -> impl Iterator<Item = &[u8]> {
    let old = hook.old_secrets.iter().filter(move |old| sign_along(old, now_ms));
    [&hook.secret[..]].into_iter().chain(old.map(|old| &old.secret[..]))
}

/// A clock that was set back makes none live for longer than it was to.
fn sign_along(old: &OldSecret, now_ms: i64) -> bool {
    (1..=OLD_SECRET_MS).contains(&old.until_ms.saturating_sub(now_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhooks::machine::tests::hook;

    fn signed(hook: &WebhookRecord, now_ms: i64) -> Vec<Vec<u8>> {
        signing(hook, now_ms).map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn a_replaced_secret_signs_along_for_a_day_and_no_longer() {
        let mut hook = WebhookRecord { secret: vec![1], ..hook(None, 0) };
        assert_eq!(signed(&hook, 5), [[1]]);
        replace(&mut hook, vec![2], 5);
        assert_eq!(signed(&hook, 5), [[2], [1]]);
        assert_eq!(signed(&hook, 4 + OLD_SECRET_MS), [[2], [1]]);
        assert_eq!(signed(&hook, 5 + OLD_SECRET_MS), [[2]]);
        assert_eq!(signed(&hook, -60_000), [[2]], "nor where the clock went back");
        forget(&mut hook, 4 + OLD_SECRET_MS);
        assert_eq!(hook.old_secrets.len(), 1);
        forget(&mut hook, 5 + OLD_SECRET_MS);
        assert_eq!(hook.old_secrets, []);
    }

    #[test]
    fn who_did_not_hear_the_new_secret_and_asks_again_does_not_lose_the_one_that_receivers_know() {
        let mut hook = WebhookRecord { secret: vec![1], ..hook(None, 0) };
        (2..4).for_each(|secret| replace(&mut hook, vec![secret], 5));
        assert_eq!(signed(&hook, 6), [[3], [2], [1]]);
        (4..9).for_each(|secret| replace(&mut hook, vec![secret], 7));
        assert_eq!(signed(&hook, 8), [[8], [7], [6], [5]], "so many and no more");
    }
}
