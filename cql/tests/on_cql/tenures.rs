//! What an owner leaves to the next one, and what a former owner can no longer do.

mod node;

use crate::server::shared_store;
use cql::{Clock, Options};
use domain::entry::Body;
use domain::grade::Grade;
use domain::ids::{EntryId, RunId, UserId};
use domain::owner::Beat;
use kit::rows::{card, deck, review};
use kit::wait::{block_on, eventually};
use node::{MINUTE_MS, Node, by_hand, test};
use ports::{ProgressWrite, ReviewStore, Row, RowOutcome};
use std::time::Duration;

#[test]
fn what_an_owner_wrote_before_letting_go_the_next_one_trusts() {
    test(async |one, two| {
        one.adopts(1).await;
        one.answers(1, 0, 3).await;
        one.answers(2, 1_000, 4).await;
        one.store.release(one.user).await.unwrap();
        two.adopts(3).await;
        assert_eq!(two.progress().await, [(card(1), 3, true), (card(2), 4, true)]);
    });
}

#[test]
fn a_release_that_nobody_waits_for_any_more_comes_to_its_end() {
    test(async |one, two| {
        one.adopts(1).await;
        one.answers(1, 0, 3).await;
        let release = one.store.release(one.user);
        // It is begun, and then whoever began it goes away.
        assert_eq!(futures_util::future::poll_immediate(release).await, None);
        let ended = || !one.store.is_writing(one.user) && one.store.stats().owned_learners == 0;
        eventually("the learner is released", ended).await;
        two.adopts(3).await;
        assert_eq!(two.progress().await, [(card(1), 3, true)]);
    });
}

#[test]
fn what_an_owner_did_not_write_the_next_one_folds_and_nothing_else() {
    test(async |one, two| {
        one.adopts(1).await;
        one.answers(1, 0, 3).await;
        one.answers(2, 0, 4).await;
        one.store.flush(one.user).await.unwrap();
        one.clock.pass(1_000);
        one.answers(2, 0, 5).await;
        one.answers(3, 0, 6).await;
        // It dies here. Whoever only reads sees the same.
        let expected = [(card(1), 3, true), (card(2), 0, false), (card(3), 0, false)];
        assert_eq!(two.progress().await, expected);
        two.adopts(2).await;
        assert_eq!(two.progress().await, expected);
        let log = two.store.card_log(two.user, deck(1), Some(vec![card(2), card(3)])).await.unwrap();
        assert_eq!(log.len(), 3);
    });
}

#[test]
fn the_tail_that_the_next_owner_reads_begins_at_the_checkpoint() {
    test(async |one, two| {
        one.adopts(1).await;
        one.answers(1, 0, 3).await;
        one.store.flush(one.user).await.unwrap();
        // After a while the promise covers the answer; that its progress went missing shows that it is not read again.
        one.clock.pass(20 * MINUTE_MS as u64);
        one.beats();
        one.answers(2, 0, 3).await;
        one.store.flush(one.user).await.unwrap();
        let delete = "DELETE FROM KEYSPACE.progress WHERE user = ? AND deck = ?";
        by_hand(delete, (one.user.0, deck(1).0)).await;
        two.adopts(2).await;
        assert_eq!(two.progress().await, [(card(2), 0, false)]);
    });
}

#[test]
fn a_former_owner_s_late_write_of_caches_does_not_survive() {
    test(async |one, two| {
        one.adopts(1).await;
        one.answers(1, 0, 3).await;
        two.adopts(2).await;
        two.clock.pass(1_000);
        two.beats();
        two.answers(1, 0, 9).await;
        two.store.release(two.user).await.unwrap();
        // The former owner was asleep, its process is much older than the new owner's, and its progress was not written.
        one.clock.pass(3_600_000);
        one.store.flush(one.user).await.unwrap();
        let third = Node::new(3, one.user).await.unwrap();
        third.adopts(4).await;
        assert_eq!(third.progress().await, [(card(1), 9, true)]);
    });
}

#[test]
fn a_former_owner_s_checkpoint_does_not_move() {
    test(async |one, two| {
        one.adopts(1).await;
        two.adopts(2).await;
        one.clock.pass(60 * MINUTE_MS as u64);
        one.store.flush(one.user).await.unwrap();
        two.answers(1, 0, 3).await;
        // Had the former owner's promise been kept, it would cover this answer, which no progress holds.
        let third = Node::new(3, one.user).await.unwrap();
        third.adopts(3).await;
        assert_eq!(third.progress().await, [(card(1), 0, false)]);
    });
}

#[test]
fn an_old_answer_is_in_the_inbox_until_its_progress_is_stored_and_a_beat_followed() {
    test(async |one, two| {
        one.adopts(1).await;
        let id = one.answers(1, 15 * MINUTE_MS, 3).await;
        assert_eq!(one.inbox().await, [id]);
        one.store.flush(one.user).await.unwrap();
        assert_eq!(one.inbox().await, [id], "no beat was sent since");
        one.clock.pass(1_000);
        one.beats();
        one.store.flush(one.user).await.unwrap();
        assert_eq!(one.inbox().await, []);
        two.adopts(2).await;
        assert_eq!(two.progress().await, [(card(1), 3, true)]);
    });
}

#[test]
fn an_answer_of_last_month_reaches_the_next_owner_although_the_checkpoint_is_past_it() {
    test(async |one, two| {
        one.adopts(1).await;
        one.answers(1, 0, 3).await;
        one.clock.pass(20 * MINUTE_MS as u64);
        one.beats();
        one.store.flush(one.user).await.unwrap();
        let old = one.answers(1, 45 * 24 * 60 * MINUTE_MS, 4).await;
        two.adopts(2).await;
        assert_eq!(two.progress().await, [(card(1), 0, false)]);
        assert_eq!(two.store.entries(two.user, vec![old]).await.unwrap().len(), 1);
    });
}

#[test]
fn without_a_fresh_beat_every_answer_is_in_the_inbox_before_it_is_acknowledged() {
    test(async |one, _| {
        one.adopts(1).await;
        let fresh = one.answers(1, 0, 3).await;
        one.clock.pass(10_000);
        let stale = one.answers(2, 0, 3).await;
        one.beats();
        one.answers(3, 0, 3).await;
        assert_eq!(one.inbox().await, [stale]);
        assert_ne!(fresh, stale);
    });
}

#[test]
fn who_does_not_own_a_learner_names_what_it_appends_and_the_owner_finds_it() {
    test(async |one, two| {
        one.adopts(1).await;
        one.answers(1, 0, 3).await;
        let id = two.answers(2, 0, 8).await;
        assert_eq!(one.inbox().await, [id]);
        // The owner has not heard of it yet; then it is told to look.
        assert_eq!(one.progress().await, [(card(1), 3, true)]);
        assert_eq!(one.store.inbox_again(one.user).await.unwrap(), [(deck(1), card(2))]);
        assert_eq!(one.progress().await, [(card(1), 3, true), (card(2), 0, false)]);
        assert_eq!(one.store.inbox_again(one.user).await.unwrap(), []);
    });
}

#[test]
fn what_came_again_and_was_unknown_is_named_once() {
    test(async |one, two| {
        one.adopts(1).await;
        // A write of another that landed after the load, without an inbox row that this owner has read.
        let id = two.answers(2, 0, 8).await;
        assert_eq!(one.store.found_again(one.user, &[id]).await.unwrap(), [(deck(1), card(2))]);
        assert_eq!(one.store.found_again(one.user, &[id]).await.unwrap(), []);
        assert_eq!(one.progress().await, [(card(2), 0, false)]);
    });
}

#[test]
fn a_session_does_not_know_what_landed_after_its_owner_had_looked() {
    test(async |one, two| {
        one.adopts(1).await;
        let seen = one.answers(1, 1_000, 3).await;
        two.adopts(2).await;
        // The former owner's write lands now: to a session that knew it, its resend would be settled.
        one.answers(2, 0, 3).await;
        let log = two.store.load(two.user).await.unwrap();
        let known: Vec<EntryId> = log.newest.iter().map(|(id, _)| *id).collect();
        assert_eq!(known, [seen]);
    });
}

#[test]
fn an_undo_that_came_again_and_was_unknown_is_named_with_the_card_that_it_is_about() {
    test(async |one, two| {
        one.adopts(1).await;
        let of = one.answers(1, 2_000, 3).await;
        two.adopts(2).await;
        // The former owner's last writes, of which one says what it is about and one does not.
        for (n, about) in [(1, Some((deck(1), card(1)))), (2, None)] {
            let id = EntryId::v7(one.clock.wall_ms() - 1_000, n);
            let undo = kit::rows::entry(id, Body::Undo { of });
            let row = Row { user: one.user, entry: Some(undo), about, progress: ProgressWrite::None };
            assert_eq!(one.store.append(vec![row].into()).await, [RowOutcome::Durable]);
            assert_eq!(two.store.found_again(two.user, &[id]).await.unwrap(), [(deck(1), card(1))]);
            assert!(two.inbox().await.contains(&id));
        }
        assert_eq!(two.progress().await, [(card(1), 0, false)]);
    });
}

#[test]
fn what_is_found_when_the_learner_was_lost_just_now_is_left_to_the_next_owner() {
    test(async |one, two| {
        one.adopts(1).await;
        let id = one.answers(1, 0, 3).await;
        two.store.forget_all();
        assert_eq!(two.store.found_again(two.user, &[id]).await.unwrap(), []);
        assert_eq!(one.inbox().await, [id]);
    });
}

#[test]
fn what_only_the_log_has_is_listed_by_card_before_anybody_relies_on_it() {
    test(async |one, two| {
        one.adopts(1).await;
        one.answers(1, 0, 3).await;
        // The owner dies while it writes: the next one finds the entry in the tail of the log.
        one.lands_unlisted(2, 0).await;
        two.adopts(2).await;
        assert_eq!(two.listed(2).await, 1);
        // What landed later comes again.
        let again = one.lands_unlisted(3, 0).await;
        two.store.found_again(two.user, &[again]).await.unwrap();
        assert_eq!(two.listed(3).await, 1);
        // Or is named in the inbox.
        let named = one.lands_unlisted(4, 0).await;
        let name = "INSERT INTO KEYSPACE.inbox (user, id, noted_us) VALUES (?, ?, 5) USING TIMESTAMP 5";
        by_hand(name, (two.user.0, named.bytes().to_vec())).await;
        assert_eq!(two.store.inbox_again(two.user).await.unwrap(), [(deck(1), card(4))]);
        assert_eq!(two.listed(4).await, 1);
        // Or is found by whoever compares progress with the log.
        one.lands_unlisted(5, 0).await;
        assert_eq!(two.store.mark_for_refold(two.user, deck(1), &[card(5)]).await.unwrap(), 1);
        assert_eq!(two.listed(5).await, 1);
    });
}

#[test]
fn whoever_lists_a_log_again_lists_what_is_not_and_marks_the_cards_that_it_is_about() {
    test(async |one, two| {
        one.adopts(1).await;
        one.answers(1, 0, 3).await;
        one.answers(2, 0, 4).await;
        one.store.release(one.user).await.unwrap();
        // Longer ago than what an owner looks at by itself.
        one.lands_unlisted(2, 60 * MINUTE_MS).await;
        let newer = one.lands_unlisted(3, 60 * MINUTE_MS).await;
        assert_eq!(two.store.list_again(two.user).await.unwrap(), 2);
        assert_eq!([two.listed(1).await, two.listed(2).await, two.listed(3).await], [1, 2, 1]);
        assert!(two.inbox().await.contains(&newer));
        assert_eq!(two.store.list_again(two.user).await.unwrap(), 0);
        two.adopts(2).await;
        assert_eq!(two.progress().await, [(card(1), 3, true), (card(2), 0, false), (card(3), 0, false)]);
    });
}

#[test]
fn progress_is_written_behind_by_itself() {
    block_on(async {
        let options = Options { behind_longest_ms: 1, behind_look_ms: 1, ..Options::default() };
        let Some(store) = shared_store(&options).await else { return };
        let (user, run) = (UserId::from_u128(0x78 << 100), RunId::from_u128(7));
        store.beaten(Beat { run, sent_tick_ms: u64::MAX });
        store.adopt(user, run, 1).await.unwrap();
        let rows = (1..=300)
            .map(|n| kit::rows::row(user, review(kit::rows::id(n), deck(1), card(n % 40), Grade::Good), n));
        let outcomes = store.append(rows.collect()).await;
        assert!(outcomes.iter().all(|outcome| *outcome == RowOutcome::Durable));
        while store.stats().waiting_progress_rows > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        store.forget_all();
        let rows = store.progress(user, deck(1)).await.unwrap();
        assert_eq!(rows.len(), 40);
    });
}
