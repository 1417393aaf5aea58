//! What is left of a webhook's attempts.

use super::{ATTEMPTS_KEPT, AttemptRow, FORGOTTEN_ONE_IN};
use crate::Options;
use crate::server::shared_store;
use kit::contract_webhooks::attempt;
use kit::wait::block_on;
use ports::{HookId, Webhooks};

#[test]
fn a_webhook_that_is_tried_for_ever_keeps_its_newest_attempts_and_few_more() {
    block_on(async {
        let Some(store) = shared_store(&Options::default()).await else { return };
        let hook = HookId(uuid::Uuid::new_v4());
        let tried = 300;
        for n in 0..tried {
            store.note_attempt(hook, attempt(n)).await.unwrap();
        }
        let every: Vec<AttemptRow> =
            store.client().read(&store.hooks_said().attempts, (hook.0, i32::MAX)).await.unwrap();
        assert!(every.len() < ATTEMPTS_KEPT + FORGOTTEN_ONE_IN as usize, "{}", every.len());
        let newest: Vec<_> = (0..tried).rev().take(ATTEMPTS_KEPT).map(attempt).collect();
        assert_eq!(store.attempts(hook, ATTEMPTS_KEPT).await, Ok(newest));
    });
}
