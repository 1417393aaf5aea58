//! What every store of media has to keep.

#![allow(missing_docs, reason = "the name of a function is the promise")]

use crate::rng::Rng;
use crate::rows::deck;
use bytes::Bytes;
use ports::media::MEDIA_BYTES_MAX;
use ports::{Media, MediaDigest, MediaError, MediaRecord};

/// Makes a test of each promise about media: see [`store_contract!`](crate::store_contract).
#[macro_export]
macro_rules! media_contract {
    ($make:expr) => {
        $crate::contract!($make; $crate::contract_media;
            a_file_is_read_as_it_was_stored,
            a_file_is_read_in_pieces_from_anywhere,
            a_known_file_stays_as_it_is,
            a_file_that_is_too_long_or_not_as_long_as_was_said_is_refused,
            a_deck_knows_files_by_their_names,
            a_name_that_is_given_again_names_the_new_file,
            a_decks_names_are_read_in_pages,
            an_unknown_file_is_nowhere,
        );
    };
}

/// The n-th digest.
pub fn digest(n: u8) -> MediaDigest {
    MediaDigest(std::array::from_fn(|byte| byte as u8 ^ n))
}

/// So many bytes that look like nothing.
pub fn content(n: u8, length: usize) -> Bytes {
    let mut rng = Rng::new(u64::from(n) + 1);
    (0..length).map(|_| rng.next() as u8).collect()
}

/// A picture with so many bytes.
pub fn media_record(n: u8, length: usize) -> MediaRecord {
    MediaRecord {
        digest: digest(n),
        kind: "image/webp".to_owned(),
        bytes: length as u64,
        width: Some(640),
        height: Some(480),
    }
}

async fn whole(store: &impl Media, n: u8) -> Bytes {
    store.read_media(digest(n), 0, usize::MAX).await.unwrap()
}

pub async fn a_file_is_read_as_it_was_stored(store: &impl Media) {
    let sound =
        MediaRecord { kind: "audio/mpeg".to_owned(), width: None, height: None, ..media_record(1, 3) };
    store.put_media(sound.clone(), content(1, 3)).await.unwrap();
    assert_eq!(store.media(digest(1)).await, Ok(Some(sound)));
    assert_eq!(whole(store, 1).await, content(1, 3));
    for (n, length) in [(2, 0), (3, 256 * 1024), (4, 256 * 1024 + 1), (5, 1_000_003)] {
        store.put_media(media_record(n, length), content(n, length)).await.unwrap();
        assert_eq!(store.media(digest(n)).await, Ok(Some(media_record(n, length))));
        assert_eq!(whole(store, n).await, content(n, length), "{length}");
    }
}

pub async fn a_file_is_read_in_pieces_from_anywhere(store: &impl Media) {
    let (length, all) = (700_001, content(1, 700_001));
    store.put_media(media_record(1, length), all.clone()).await.unwrap();
    let edge = 256 * 1024;
    for (offset, length_max) in
        [(0, 10), (5, 0), (edge - 3, 6), (edge, edge), (edge - 1, 2 * edge), (length - 1, 10), (3, length)]
    {
        let read = store.read_media(digest(1), offset as u64, length_max).await.unwrap();
        assert_eq!(read, all.slice(offset..(offset + length_max).min(length)), "{offset} {length_max}");
    }
    for offset in [length as u64, length as u64 + 1, u64::MAX] {
        assert_eq!(store.read_media(digest(1), offset, 10).await, Ok(Bytes::new()));
    }
}

pub async fn a_known_file_stays_as_it_is(store: &impl Media) {
    store.put_media(media_record(1, 9), content(1, 9)).await.unwrap();
    let other = MediaRecord { kind: "text/html".to_owned(), ..media_record(1, 4) };
    store.put_media(other, content(2, 4)).await.unwrap();
    assert_eq!(store.media(digest(1)).await, Ok(Some(media_record(1, 9))));
    assert_eq!(whole(store, 1).await, content(1, 9));
}

pub async fn a_file_that_is_too_long_or_not_as_long_as_was_said_is_refused(store: &impl Media) {
    let length = usize::try_from(MEDIA_BYTES_MAX).unwrap() + 1;
    let refused = store.put_media(media_record(1, length), vec![0; length].into()).await;
    assert_eq!(refused, Err(MediaError::TooLarge));
    let refused = store.put_media(media_record(1, 10), content(1, 9)).await;
    assert_eq!(refused, Err(MediaError::OtherLength));
    assert_eq!(store.media(digest(1)).await, Ok(None));
}

pub async fn a_deck_knows_files_by_their_names(store: &impl Media) {
    for n in [1, 2] {
        store.put_media(media_record(n, 9), content(n, 9)).await.unwrap();
    }
    let names = [("b é 日.jpg", 1), ("a.mp3", 2), ("also b.jpg", 1)];
    let names = names.map(|(name, n)| (name.to_owned(), digest(n)));
    store.give_media(deck(1), names.to_vec()).await.unwrap();
    store.give_media(deck(1), vec![]).await.unwrap();
    let [b, a, also] = names;
    assert_eq!(store.media_of(deck(1), None, 9).await.unwrap(), [a, also, b]);
    let named = async |of, name: &str| store.media_named(deck(of), name.to_owned()).await.unwrap();
    assert_eq!(named(1, "b é 日.jpg").await, Some(digest(1)));
    assert_eq!([named(1, "B É 日.JPG").await, named(2, "a.mp3").await], [None, None]);
    let has = async |of, n| store.deck_has(deck(of), digest(n)).await.unwrap();
    assert_eq!(
        [has(1, 1).await, has(1, 2).await, has(1, 3).await, has(2, 1).await],
        [true, true, false, false]
    );
}

pub async fn a_name_that_is_given_again_names_the_new_file(store: &impl Media) {
    let give = async |names: &[(&str, u8)]| {
        let names = names.iter().map(|(name, n)| ((*name).to_owned(), digest(*n)));
        store.give_media(deck(1), names.collect()).await.unwrap();
    };
    give(&[("a", 1), ("b", 2)]).await;
    give(&[("a", 3)]).await;
    let named = async |name: &str| store.media_named(deck(1), name.to_owned()).await.unwrap();
    assert_eq!([named("a").await, named("b").await], [Some(digest(3)), Some(digest(2))]);
    assert_eq!(store.media_of(deck(1), None, 9).await.unwrap().len(), 2);
    let has = async |n| store.deck_has(deck(1), digest(n)).await.unwrap();
    assert_eq!([has(1).await, has(2).await, has(3).await], [false, true, true]);
    // And back: what named it first names it again.
    give(&[("a", 1), ("c", 3), ("b", 1)]).await;
    assert_eq!([has(1).await, has(2).await, has(3).await], [true, false, true]);
    give(&[("b", 3), ("b", 2)]).await;
    assert_eq!([has(1).await, has(2).await, has(3).await], [true, true, true]);
}

pub async fn a_decks_names_are_read_in_pages(store: &impl Media) {
    let name = |n: u8| (format!("{n:03}.png"), digest(n));
    store.give_media(deck(1), (0..200).rev().map(name).collect()).await.unwrap();
    let read = async |after: Option<u8>, limit| {
        store.media_of(deck(1), after.map(|n| name(n).0), limit).await.unwrap()
    };
    assert_eq!(read(None, 2).await, [0, 1].map(name));
    assert_eq!(read(Some(1), 2).await, [2, 3].map(name));
    assert_eq!(read(Some(1), 500).await, (2..200).map(name).collect::<Vec<_>>());
    assert!(read(Some(199), 2).await.is_empty());
}

pub async fn an_unknown_file_is_nowhere(store: &impl Media) {
    assert_eq!(store.media(digest(1)).await, Ok(None));
    assert_eq!(store.read_media(digest(1), 0, 10).await, Ok(Bytes::new()));
    assert!(store.media_of(deck(1), None, 9).await.unwrap().is_empty());
}
