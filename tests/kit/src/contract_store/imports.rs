//! Of these promises those about what an import brings.

use super::*;

/// The n-th answer, to card `n % cards`, as this job brought it.
fn brought(of_job: u64, n: u64, cards: u64) -> LogEntry {
    LogEntry { job: Some(job(of_job)), ..review(id(n), deck(1), card(n % cards), Grade::Good) }
}

async fn import(store: &impl ReviewStore, entries: &[LogEntry]) {
    store.append_import(user(1), entries.to_vec()).await.unwrap();
}

pub async fn what_an_import_brings_is_read_like_all_else(store: &impl ReviewStore) {
    let kinds = one_of_each_kind(deck(1), card(1), 10);
    let of_job = |entry: &LogEntry| LogEntry { job: Some(job(1)), ..*entry };
    let entries: Vec<LogEntry> = kinds.iter().filter(|entry| entry.card().is_some()).map(of_job).collect();
    import(store, &[entries[2], entries[0], entries[1]]).await;
    import(store, &entries[3..]).await;
    import(store, &[]).await;
    assert_eq!(whole_log(store, user(1)).await, sorted(entries.clone()));
    assert_eq!(card_log(store, &[card(1)]).await, sorted(entries.clone()));
    assert!(card_log(store, &[card(2)]).await.is_empty());
    assert_eq!(sorted(store.card_log(user(1), deck(1), None).await.unwrap()), sorted(entries.clone()));
    assert_eq!(store.entries(user(1), vec![entries[0].id]).await.unwrap(), [entries[0]]);
    assert!(whole_log(store, user(2)).await.is_empty());
}

pub async fn what_an_import_brings_again_is_there_once(store: &impl ReviewStore) {
    let entries: Vec<LogEntry> = (0..40).map(|n| brought(1, n, 7)).collect();
    import(store, &entries[..25]).await;
    import(store, &[&entries[10..], &entries[20..30]].concat()).await;
    import(store, &entries).await;
    assert_eq!(whole_log(store, user(1)).await, entries);
}

pub async fn what_an_import_brings_lies_beside_what_was_done_live(store: &impl ReviewStore) {
    let live = review(id(1), deck(1), card(1), Grade::Hard);
    let by_jobs = [brought(1, 1, 9), brought(2, 1, 9)];
    import(store, &by_jobs[..1]).await;
    append(store, vec![row(user(1), live, 1)]).await;
    import(store, &by_jobs[1..]).await;
    append(store, vec![bare(user(1), entry(id(5), domain::entry::Body::ImportCommit { job: job(1) }), None)])
        .await;
    import(store, &by_jobs).await;
    let at_one = vec![live, by_jobs[0], by_jobs[1]];
    assert_eq!(sorted(store.entries(user(1), vec![id(1)]).await.unwrap()), at_one);
    assert_eq!(whole_log(store, user(1)).await[..3], at_one);
    assert_eq!(card_log(store, &[card(1)]).await.len(), 4);
}

pub async fn what_an_import_brings_says_nothing_of_progress(store: &impl ReviewStore) {
    import(store, &[brought(1, 1, 9)]).await;
    assert!(progress(store).await.is_empty());
    assert!(store.load(user(1)).await.unwrap().decks.is_empty());
    append(store, vec![row(user(1), answered(1), 4)]).await;
    import(store, &[brought(1, 2, 9), brought(1, 10, 9)]).await;
    let rows: Vec<_> = progress(store).await.into_iter().map(|p| (p.card, p.params_key, p.state)).collect();
    assert_eq!(rows, [(card(1), params_key(), state(4))]);
}

/// The cards that have progress, and whether it is to be trusted.
async fn trusted(store: &impl ReviewStore) -> Vec<(CardId, bool)> {
    progress(store).await.into_iter().map(|row| (row.card, row.params_key != 0)).collect()
}

fn committed(n: u64, of_job: u64) -> Row {
    bare(user(1), entry(id(n), domain::entry::Body::ImportCommit { job: job(of_job) }), None)
}

pub async fn the_mark_of_an_import_makes_its_cards_stale_until_they_are_whole_again(
    store: &impl ReviewStore,
) {
    append(store, vec![row(user(1), answered(1), 1), row(user(1), answered(3), 1)]).await;
    import(store, &[brought(1, 11, 10), brought(1, 12, 10), brought(1, 22, 10)]).await;
    append(store, vec![row(user(1), answered(4), 1)]).await;
    append(store, vec![committed(50, 1)]).await;
    assert_eq!(trusted(store).await, [(card(1), false), (card(2), false), (card(3), true), (card(4), true)]);
    assert_eq!(store.load(user(1)).await.unwrap().decks, [deck(1)]);
    let whole = write_behind(user(1), deck(1), card(2), ProgressWrite::Whole(state(2), params_key()));
    append(store, vec![whole, row(user(1), review(id(60), deck(1), card(1), Grade::Good), 5)]).await;
    assert_eq!(trusted(store).await.iter().filter(|(_, trusted)| *trusted).count(), 4);
    // Taken back, and what was said before it said once more.
    let revoke = entry(id(61), domain::entry::Body::ImportRevoke { job: job(1) });
    append(store, vec![bare(user(1), revoke, None)]).await;
    assert_eq!(trusted(store).await[..2], [(card(1), false), (card(2), false)]);
    append(store, vec![whole]).await;
    append(store, vec![committed(50, 1)]).await;
    assert_eq!(trusted(store).await[..2], [(card(1), false), (card(2), false)]);
}

pub async fn a_mark_concerns_the_cards_of_its_own_job_and_learner(store: &impl ReviewStore) {
    import(store, &[brought(1, 1, 10), brought(2, 2, 10)]).await;
    // Entries of a job may come the way of all others too.
    append(store, vec![bare(user(1), brought(1, 3, 10), None)]).await;
    let others = LogEntry { job: Some(job(1)), ..review(id(5), deck(3), card(5), Grade::Good) };
    store.append_import(user(2), vec![others]).await.unwrap();
    append(store, vec![committed(50, 1)]).await;
    assert_eq!(trusted(store).await, [(card(1), false), (card(3), false)]);
    assert!(store.progress(user(2), deck(3)).await.unwrap().is_empty());
    append(store, vec![committed(51, 9)]).await;
    assert_eq!(trusted(store).await.len(), 2);
}

pub async fn an_imported_entry_without_a_job_is_refused_with_all_others(store: &impl ReviewStore) {
    let refused = store.append_import(user(1), vec![brought(1, 1, 9), answered(2)]).await;
    assert_eq!(refused.map_err(|error| error.cause), Err(ports::Cause::Invalid));
    assert!(whole_log(store, user(1)).await.is_empty());
}

pub async fn a_large_import_is_found_card_by_card_and_after_a_reopen(store: &impl ReviewStore) {
    let entries: Vec<LogEntry> = (0..3_000).map(|n| brought(1, n, 100)).collect();
    let (rest, first): (Vec<_>, Vec<_>) =
        entries.iter().copied().partition(|entry| entry.id.at_ms() % 3 == 0);
    import(store, &first).await;
    append(store, vec![row(user(1), review(id(9_999), deck(1), card(42), Grade::Good), 1)]).await;
    import(store, &rest).await;
    store.reopen().await.unwrap();
    let expected: Vec<EntryId> = (0..3_000).chain([9_999]).map(id).collect();
    assert_eq!(ids(&whole_log(store, user(1)).await), expected);
    let of_card: Vec<EntryId> = (0..3_000).filter(|n| n % 100 == 42).chain([9_999]).map(id).collect();
    assert_eq!(ids(&card_log(store, &[card(42)]).await), of_card);
    assert_eq!(store.card_log(user(1), deck(1), None).await.unwrap().len(), 3_001);
}

pub async fn cards_are_folded_as_their_log_says(store: &impl ReviewStore) {
    let of_job = |entry: &LogEntry| LogEntry { job: Some(job(1)), ..*entry };
    for n in 0..6 {
        let kinds = one_of_each_kind(deck(1), card(n), n * 20);
        import(store, &kinds.iter().filter(|entry| entry.card().is_some()).map(of_job).collect::<Vec<_>>())
            .await;
        import(store, &(0..40).map(|m| brought(2, 1_000 + n + 6 * m, 6)).collect::<Vec<_>>()).await;
        let live = review(id(500 + n), deck(1), card(n), Grade::Hard);
        let undo = entry(id(510 + n), domain::entry::Body::Undo { of: live.id });
        append(store, vec![row(user(1), live, 1)]).await;
        if n % 2 == 0 {
            append(store, vec![bare(user(1), undo, Some((deck(1), card(n))))]).await;
        }
    }
    // More cards than are folded at once, of two decks.
    let of_deck = |n: u64| deck(1 + n / 80);
    let answer = |n: u64| row(user(1), review(id(700 + n), of_deck(n), card(n), Grade::Good), 2);
    append(store, (0..100).map(answer).collect()).await;
    let lax = FoldParams { drill_until: 3, ..FoldParams::default() };
    let wanted: Vec<ToFold> = [(deck(1), FoldParams::default(), 1..80), (deck(2), lax, 80..102)]
        .map(|(deck, params, cards)| ToFold { deck, params, cards: cards.map(card).collect() })
        .into();
    let mut answers = Vec::new();
    for mark in [None, Some(committed(2_000, 2)), Some(committed(2_001, 1))] {
        append(store, mark.into_iter().collect()).await;
        let folded = store.fold_cards(user(1), wanted.clone()).await.unwrap();
        let mut expected = CardStates::new();
        for ToFold { deck, cards, params } in &wanted {
            let log = sorted(store.card_log(user(1), *deck, None).await.unwrap());
            let states = fold_deck(*deck, &log, params).into_iter();
            expected.extend(states.filter(|(of, _)| cards.contains(of)).map(|(of, s)| ((*deck, of), s)));
        }
        assert_eq!(folded, expected);
        assert_eq!(folded.len(), 99);
        answers.push(folded[&(deck(1), card(2))].answers);
    }
    assert!(answers.is_sorted_by(|before, after| before < after), "a mark changed nothing: {answers:?}");
    assert!(store.fold_cards(user(1), Vec::new()).await.unwrap().is_empty());
}
