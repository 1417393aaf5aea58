//! SIGTERM to the real binary with a thousand sockets: everybody is told, everything sent is saved, and it ends well.

use crate::study::any_store::on_cql;
use crate::study::binary::Place;
use crate::study::learner::somebody;
use crate::study::raw::{join, next, until, until_saved};
use crate::study::server::{put_deck, random_uuid, unlimited};
use client::RawSocket;
use domain::ids::{CardId, DeckId, EntryId, UserId};
use futures_util::future::join_all;
use ports::{LogRange, ReviewStore as _};
use serde_json::json;
use studyhall::clock::real_ms;

const SOCKETS: usize = 1_000;
const EACH: usize = 10;

fn answer(seq: u64, deck: DeckId, card: CardId) -> String {
    json!({
        "type": "answer", "seq": seq, "id": random_uuid(), "deck_id": deck.0, "card_id": card.0, "grade": 5,
        "elapsed_ms": 1,
    })
    .to_string()
}

#[test]
fn with_a_thousand_sockets_it_says_goodbye_saves_what_comes_and_exits_with_zero() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let place = Place::new();
    let people: Vec<(UserId, DeckId, Vec<CardId>)> = {
        let store = runtime.block_on(place.store());
        (0..SOCKETS / EACH)
            .map(|_| {
                let learner = somebody();
                let put = put_deck(&store, learner, 2 * EACH, unlimited(), real_ms());
                let (deck, cards) = runtime.block_on(put);
                (learner, deck, cards)
            })
            .collect()
    };
    let life = place.start();
    let url = place.url();
    let mut sockets: Vec<RawSocket> = runtime.block_on(join_all((0..SOCKETS).map(async |n| {
        let (learner, deck, cards) = &people[n / EACH];
        let mut socket = join(&url, &place.token(*learner)).await;
        socket.send_text(answer(1, *deck, cards[n % EACH])).await.unwrap();
        socket
    })));
    life.terminate();
    runtime.block_on(join_all(sockets.iter_mut().enumerate().map(async |(n, socket)| {
        let (_, deck, cards) = &people[n / EACH];
        until(socket, "goodbye").await;
        socket.send_text(answer(2, *deck, cards[EACH + n % EACH])).await.unwrap();
        until_saved(socket, 2).await;
        socket.close(1000, "").await.unwrap();
        assert_eq!(next(socket).await, Err(Some(1000)));
    })));
    let (status, complaints) = life.ended();
    assert_eq!((status.code(), complaints), (Some(0), Vec::new()));
    if !on_cql() {
        let (report, code) = place.verify();
        assert_eq!((code, &report["differences"]), (Some(0), &json!([])), "{report}");
    }
    let store = runtime.block_on(place.store());
    for (learner, _, cards) in &people {
        let range = LogRange { from: EntryId::MIN, before: None, newest_first: false, limit: 1_000 };
        assert_eq!(runtime.block_on(store.log(*learner, range)).unwrap().len(), cards.len());
    }
}

#[test]
fn who_does_not_leave_is_closed_and_the_server_ends_all_the_same() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let place = Place::new();
    let life = place.start();
    let stays = runtime.block_on(join(&place.url(), &place.token(somebody())));
    life.terminate();
    let (goodbye, closed) = runtime.block_on(async {
        let mut stays = stays;
        (until(&mut stays, "goodbye").await, next(&mut stays).await)
    });
    assert!(goodbye["reconnect_after_ms"].is_u64());
    assert_eq!(closed, Err(Some(4400)));
    let (status, complaints) = life.ended();
    assert_eq!((status.code(), complaints), (Some(0), Vec::new()));
}
