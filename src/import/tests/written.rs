//! What is written of a deck makes the same deck again.

use super::importing::{DECK, Shelf, by_hand, import};
use crate::import::written::{COLUMNS, Fronts, PREAMBLE};
use domain::ids::DeckId;
use ports::{CardRecord, Library};

async fn written(shelf: &Shelf, deck: DeckId) -> String {
    let cards: Vec<CardRecord> =
        shelf.content(deck).await.1.into_iter().filter(|card| card.deleted_ms.is_none()).collect();
    let mut fronts = Fronts::default();
    cards.iter().for_each(|card| fronts.note(card));
    let mut writer = csv::Writer::from_writer(PREAMBLE.as_bytes().to_vec());
    writer.write_record(COLUMNS).unwrap();
    cards.iter().for_each(|card| writer.write_record(fronts.row(card)).unwrap());
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

fn texts(cards: &[CardRecord]) -> Vec<(&str, &str, [&[String]; 2])> {
    let alive = cards.iter().filter(|card| card.deleted_ms.is_none());
    alive.map(|card| (card.front.as_str(), card.back.as_str(), [&card.tags[..], &card.accept[..]])).collect()
}

#[tokio::test]
async fn a_deck_that_is_written_and_read_again_is_unchanged_and_another_gets_every_card() {
    let shelf = Shelf::with_deck().await;
    import(&shelf.store, "front,back,guid\nsame,1,g1\nsame,2,g2\nalone,3,\nmoved,4,\n", false, 1)
        .await
        .unwrap();
    let tags = ["two words", "x,y", "say \"hi\"", "plain"].map(str::to_owned).to_vec();
    let mut cards = vec![by_hand(900, "same", "5"), by_hand(901, "same", "6"), by_hand(902, "tagged", "7")];
    cards[2].tags = tags;
    cards[2].accept = ["seven", "a|b", r"c\d"].map(str::to_owned).to_vec();
    // A card whose front was changed since: another has come to bear its old one.
    let mut renamed = shelf.content(DECK).await.1.into_iter().find(|card| card.front == "moved").unwrap();
    renamed.front = "new".into();
    cards.extend([renamed, by_hand(903, "moved", "8")]);
    let mut gone = by_hand(904, "gone", "9");
    gone.deleted_ms = Some(1);
    cards.push(gone);
    shelf.store.put_cards(DECK, cards, None, 1).await.unwrap();
    let before = shelf.content(DECK).await;
    let file = written(&shelf, DECK).await;
    assert!(file.contains("\nalone,3,,,,,\n"), "a front that is one card's alone needs no guid: {file}");
    let report = import(&shelf.store, &file, false, 2).await.unwrap();
    assert_eq!(
        (report.added, report.updated, report.unchanged, report.rejected.total),
        (0, 0, 8, 0),
        "{file}"
    );
    assert_eq!(shelf.content(DECK).await, before);

    let other = Shelf::with_deck().await;
    let report = import(&other.store, &file, false, 1).await.unwrap();
    assert_eq!((report.added, report.rejected.total), (8, 0));
    let after = other.content(DECK).await;
    assert_eq!(texts(&after.1), texts(&before.1));
    let again = import(&other.store, &written(&other, DECK).await, false, 2).await.unwrap();
    assert_eq!((again.added, again.updated, again.unchanged), (0, 0, 8));
}
