//! Packages of Anki come in, go, and come again.

use super::*;
use domain::deck::{DeckSettings, SchedulerKind};
use ports::{Media as _, Notes as _};
use serde_json::json;

const FORMS: [&str; 5] = ["legacy1.apkg", "legacy2.apkg", "legacy2.colpkg", "latest.apkg", "latest.colpkg"];

#[tokio::test]
async fn a_package_of_each_form_becomes_decks_notes_media_and_a_log() {
    for form in FORMS {
        let rig = Rig::new();
        let record = rig.import(&fixture(form), form, &[], false).await;
        assert_eq!(record.phase, ImportPhase::Done, "{form}: {}", record.outcome);
        let (added, rejected) = (count(&record, "added"), count(&record, "rejected"));
        let sizes = &report(&record)["sizes"];
        assert_eq!(added + rejected, sizes["cards"].as_u64().unwrap(), "{form}");
        let mut cards = 0;
        for deck in rig.decks().await {
            let of_deck = rig.cards(deck.id).await;
            assert!(of_deck.iter().all(|card| card.note.is_some() && card.source_key.starts_with("anki:")));
            assert!(!rig.store.note_types(deck.id).await.unwrap().is_empty(), "{form}");
            assert!(!rig.store.notes(deck.id, None, 1_000).await.unwrap().is_empty(), "{form}");
            cards += of_deck.len() as u64;
        }
        assert_eq!(cards, added, "{form}");
        assert_eq!(record.decks.len(), rig.decks().await.len(), "{form}");
        assert!(!rig.has_files(record.job), "{form}");
    }
}

#[tokio::test]
async fn a_deck_is_scheduled_as_it_was_there_with_its_own_weights_and_retention() {
    for form in FORMS {
        let rig = Rig::new();
        let record = rig.import(&fixture(form), form, &[], false).await;
        let decks = rig.decks().await;
        assert!(decks.iter().all(|deck| deck.settings.scheduler == SchedulerKind::Fsrs), "{form}");
        let numbers = decks.iter().find(|deck| deck.path == "Numbers").unwrap();
        let settings = numbers.settings;
        assert_eq!((settings.desired_retention_permille, settings.drill_until), (870, 3), "{form}");
        assert_eq!(settings.parameters.unwrap().decimals()[3], 8.3, "{form}");
        let told = report(&record);
        let row = told["decks"].as_array().unwrap().iter().find(|deck| deck["path"] == "Numbers").unwrap();
        assert_eq!(
            row["settings"],
            json!({"scheduler": "fsrs", "desired_retention": 0.87, "own_parameters": true})
        );
        assert_eq!(
            (&row["options"]["fsrs_version"], &told["fidelity"]["options"]),
            (&json!("FSRS-6"), &json!({}))
        );
    }
}

#[tokio::test]
async fn a_deck_that_is_there_already_keeps_its_settings() {
    let rig = Rig::new();
    rig.import(&fixture("legacy2.apkg"), "x.apkg", &[], false).await;
    let numbers = rig.decks().await.into_iter().find(|deck| deck.path == "Numbers").unwrap();
    let settings = DeckSettings { scheduler: SchedulerKind::Sm2, drill_until: 4, ..numbers.settings };
    rig.store.put_deck(DeckRecord { settings, ..numbers.clone() }, None, 2).await.unwrap();
    let second = rig.import(&fixture("latest.apkg"), "x.apkg", &[], false).await;
    assert_eq!(rig.store.deck(numbers.id).await.unwrap().unwrap().settings, settings);
    let row =
        report(&second)["decks"].as_array().unwrap().iter().find(|deck| deck["path"] == "Numbers").cloned();
    assert_eq!(row.unwrap()["settings"], Value::Null);
}

#[tokio::test]
async fn a_profile_in_a_zip_is_told_from_other_zips_by_what_is_in_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("anki/tests/fixtures/profile");
    let mut file = Vec::new();
    ::anki::ProfileFolder::open(&folder).unwrap().write_zip(&mut file, |_| ()).unwrap();
    let rig = Rig::new();
    let record = rig.import(&file, "copy.zip", &[], false).await;
    assert_eq!(
        (record.phase, &report(&record)["form"]),
        (ImportPhase::Done, &json!("profile")),
        "{}",
        record.outcome
    );
    let package = Rig::new();
    let from_package = package.import(&fixture("latest.colpkg"), "x.colpkg", &[], false).await;
    // One more stands in the write-ahead log.
    assert_eq!(count(&record, "added"), count(&from_package, "added") + 1);
    assert_eq!(count(&record, "media"), count(&from_package, "media"));
    assert!(!rig.has_files(record.job));
}

#[tokio::test]
async fn pictures_and_sounds_are_asked_for_by_their_content_within_their_deck() {
    let rig = Rig::new();
    let record = rig.import(&fixture("latest.apkg"), "x.apkg", &[], false).await;
    assert!(count(&record, "media") > 0);
    let mut pictures = 0;
    for deck in rig.decks().await {
        for card in rig.cards(deck.id).await {
            for html in [&card.front, &card.back] {
                for part in html.split("src=\"").skip(1) {
                    let address = part.split('"').next().unwrap();
                    let Some((of, digest)) = crate::media::parse_address(address) else { continue };
                    assert_eq!(of, deck.id);
                    assert!(rig.store.deck_has(of, digest).await.unwrap(), "{address}");
                    assert!(rig.store.media(digest).await.unwrap().is_some(), "{address}");
                    pictures += 1;
                }
            }
        }
    }
    assert!(pictures > 0, "{}", record.outcome);
}

#[tokio::test]
async fn a_package_that_is_refused_gives_no_deck_a_file() {
    let rig = Rig::new();
    let file = fixture("latest.apkg");
    let tried = rig.import(&file, "x.apkg", &[], true).await;
    for n in 0..crate::http::limits::DECKS_PER_PERSON_MAX {
        let id = DeckId::from_u128(n as u128 + 1);
        let title = n.to_string();
        let own = crate::import::offline::new_deck(id, rig.owner, None, &title, &title, 1);
        rig.store.put_deck(own, None, 1).await.unwrap();
    }
    rig.jobs.commit(rig.owner, tried.job, &Options::new(), false).await.unwrap();
    let failed = rig.ended(tried.job).await;
    assert_eq!(Outcome::of(&failed.outcome).failure.unwrap().code, "too_many_decks");
    for deck in report(&tried)["decks"].as_array().unwrap() {
        let deck = deck["deck_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(rig.store.media_of(deck, None, 10).await.unwrap(), []);
    }
}

#[tokio::test]
async fn cards_go_on_showing_a_file_whose_name_a_package_has_for_another_one() {
    let rig = Rig::new();
    let file = fixture("latest.apkg");
    rig.import(&file, "x.apkg", &[], false).await;
    let mut known = Vec::new();
    for deck in rig.decks().await {
        known.extend(rig.store.media_of(deck.id, None, 10).await.unwrap());
    }
    let (name, new) = known[0].clone();
    let (deck, old) = (DeckId::from_u128(7), ports::MediaDigest([7; 32]));
    let own = crate::import::offline::new_deck(deck, rig.owner, None, "Own", "Own", 1);
    rig.store.put_deck(own, None, 1).await.unwrap();
    rig.store.give_media(deck, vec![(name.clone(), old)]).await.unwrap();
    let id = deck.to_string();
    let into = rig.import(&file, "y.apkg", &[("deck_id", &id)], false).await;
    assert_eq!(into.phase, ImportPhase::Done, "{}", into.outcome);
    assert_eq!(rig.store.media_named(deck, name).await.unwrap(), Some(new));
    assert!(rig.store.deck_has(deck, old).await.unwrap());
    rig.withdraw(into.job, false).await;
    assert!(rig.store.deck_has(deck, old).await.unwrap());
}

#[tokio::test]
async fn a_covered_picture_is_shown_covered_before_the_answer() {
    let rig = Rig::new();
    rig.import(&fixture("latest.apkg"), "x.apkg", &[], false).await;
    let mut covered = 0;
    for deck in rig.decks().await {
        for card in rig.cards(deck.id).await.iter().filter(|card| card.front.contains('▢')) {
            let address = |html: &str| {
                html.split("src=\"").nth(1).map(|part| part.split('"').next().unwrap().to_owned())
            };
            let front = address(&card.front);
            let Some((_, digest)) = front.as_deref().and_then(crate::media::parse_address) else {
                // What cannot be covered is not shown.
                assert_eq!(front, None, "{}", card.front);
                continue;
            };
            let record = rig.store.media(digest).await.unwrap().unwrap();
            assert_eq!(record.kind, "image/svg+xml");
            assert_ne!(front, address(&card.back));
            covered += 1;
        }
    }
    let sampled: Vec<String> = rig.decks().await.into_iter().map(|deck| deck.path).collect();
    assert!(covered > 0, "{sampled:?}");
}

#[tokio::test]
async fn a_trial_says_what_would_come_and_changes_nothing_then_it_is_made_real_without_the_file() {
    let mut rig = Rig::new();
    let before = rig.all().await;
    let tried = rig.import(&fixture("latest.apkg"), "x.apkg", &[], true).await;
    assert_eq!(tried.phase, ImportPhase::Tried, "{}", tried.outcome);
    assert_eq!(rig.all().await, before);
    assert!(rig.log().await.is_empty());
    let all = DeckQuery { owner: Some(rig.owner), with_deleted: true, ..DeckQuery::default() };
    assert_eq!(rig.store.decks(all).await.unwrap(), []);
    let samples = &report(&tried)["fidelity"]["notetypes"][0]["samples"];
    assert!(samples.as_array().is_some_and(|samples| !samples.is_empty()), "{samples}");
    assert!(
        report(&tried)["decks"].as_array().unwrap().iter().any(|deck| deck["due_there"].as_u64() > Some(0))
    );
    rig.restart().await;
    rig.jobs.commit(rig.owner, tried.job, &Options::new(), false).await.unwrap();
    let done = rig.ended(tried.job).await;
    assert_eq!(done.phase, ImportPhase::Done, "{}", done.outcome);
    for figure in ["added", "rejected", "reviews", "states", "notes"] {
        assert_eq!(count(&done, figure), count(&tried, figure), "{figure}");
    }
    assert!(!rig.log().await.is_empty());
}

#[tokio::test]
async fn the_same_file_is_the_same_job_until_it_is_taken_back_and_then_all_comes_again() {
    let rig = Rig::new();
    let nothing = rig.all().await;
    let file = fixture("legacy2.apkg");
    let first = rig.import(&file, "x.apkg", &[], false).await;
    let with = rig.all().await;
    let (same, is_new) = rig.offer(&file, "other name.apkg", &[], false).await;
    assert_eq!((same.job, is_new), (first.job, false));
    let (same, _) = rig.offer(&file, "x.apkg", &[], true).await;
    assert_eq!(same.job, first.job);
    let revoked = rig.withdraw(first.job, false).await;
    assert_eq!(revoked.phase, ImportPhase::Revoked, "{}", revoked.outcome);
    assert_eq!(rig.all().await, nothing);
    let again = rig.import(&file, "x.apkg", &[], false).await;
    assert_ne!(again.job, first.job);
    assert_eq!(rig.all().await, with);
    rig.withdraw(again.job, false).await;
    assert_eq!(rig.all().await, nothing);
}

#[tokio::test]
async fn two_imports_of_one_history_are_one_history_and_either_may_go() {
    let rig = Rig::new();
    let first = rig.import(&fixture("legacy2.apkg"), "x.apkg", &[], false).await;
    let (with_one, states_with_one) = (rig.all().await, rig.states().await);
    // The same collection, written in another form: another file, and so another job.
    let second = rig.import(&fixture("latest.apkg"), "x.apkg", &[], false).await;
    assert_ne!(first.job, second.job);
    assert_eq!(count(&second, "added"), 0, "{}", second.outcome);
    let with_two = rig.states().await;
    assert_eq!(with_two, states_with_one);
    rig.withdraw(second.job, false).await;
    assert_eq!(rig.all().await, with_one);
}

#[tokio::test]
async fn decks_come_below_a_path_or_all_into_one_deck() {
    let rig = Rig::new();
    let below = rig.import(&fixture("legacy2.apkg"), "x.apkg", &[("path", "Old::Anki")], false).await;
    assert_eq!(below.phase, ImportPhase::Done, "{}", below.outcome);
    assert!(rig.decks().await.iter().all(|deck| deck.path.starts_with("Old::Anki::")));
    let deck = rig.decks().await[0].id;
    let other = Rig::new();
    let blank = crate::import::offline::new_deck(deck, other.owner, None, "All", "All", 1);
    other.store.put_deck(blank, None, 1).await.unwrap();
    let id = deck.to_string();
    let into = other.import(&fixture("legacy2.apkg"), "x.apkg", &[("deck_id", &id)], false).await;
    assert_eq!(into.decks, [deck]);
    assert_eq!(other.cards(deck).await.len() as u64, count(&into, "added"));
    other.withdraw(into.job, false).await;
    assert_eq!(other.decks().await.len(), 1, "a deck that was there before stays");
    assert!(other.cards(deck).await.is_empty());
}

#[tokio::test]
async fn cards_that_were_studied_since_are_not_taken_back_unawares() {
    let rig = Rig::new();
    let record = rig.import(&fixture("legacy2.apkg"), "x.apkg", &[], false).await;
    let deck = rig.decks().await.into_iter().find(|deck| deck.cards > 0).unwrap();
    let card = rig.cards(deck.id).await[0].id;
    let entry = rig.answer(deck.id, card, record.created_ms + 1).await;
    match rig.jobs.withdraw(rig.owner, record.job, false).await {
        Err(JobsError::Studied(studied)) => {
            assert_eq!((studied.total, studied.listed[0].card, studied.listed[0].answers), (1, card, 1));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(rig.store.import(record.job).await.unwrap().unwrap().phase, ImportPhase::Done);
    let gone = rig.withdraw(record.job, true).await;
    assert_eq!(gone.phase, ImportPhase::Revoked);
    assert!(rig.decks().await.is_empty());
    assert!(rig.log().await.contains(&entry), "an answer is never deleted");
}

#[tokio::test]
async fn cards_that_came_back_and_were_studied_since_are_not_taken_back_unawares_either() {
    let rig = Rig::new();
    let file = fixture("legacy2.apkg");
    let first = rig.import(&file, "x.apkg", &[], false).await;
    let deck = rig.decks().await.into_iter().find(|deck| deck.cards > 2).unwrap().id;
    let cards = rig.cards(deck).await;
    let (before, since, edited) = (cards[0].id, cards[1].id, cards[2].clone());
    rig.answer(deck, before, first.created_ms).await;
    rig.withdraw(first.job, true).await;
    let again = rig.import(&file, "x.apkg", &[], false).await;
    assert_eq!(rig.cards(deck).await.len(), cards.len(), "{}", again.outcome);
    // What was answered before the cards went is as it was, and what somebody edited since stays there anyway.
    rig.answer(deck, edited.id, again.created_ms + 1).await;
    rig.store
        .put_cards(deck, vec![CardRecord { hint: Some("mine".into()), ..edited }], None, 9)
        .await
        .unwrap();
    rig.answer(deck, since, again.created_ms + 2).await;
    match rig.jobs.withdraw(rig.owner, again.job, false).await {
        Err(JobsError::Studied(studied)) => {
            assert_eq!(studied.listed, [StudiedCard { deck, card: since, answers: 1 }]);
        }
        other => panic!("{other:?}"),
    }
    rig.withdraw(again.job, true).await;
    let left: Vec<CardId> = rig.cards(deck).await.into_iter().map(|card| card.id).collect();
    assert_eq!(left, [cards[2].id]);
}

#[tokio::test]
async fn a_report_tells_what_was_lost_and_rows_that_did_not_come_in() {
    let rig = Rig::new();
    let record = rig.import(&fixture("latest.apkg"), "x.apkg", &[], true).await;
    let rows = rig.jobs.refused(record.job, 0, 100).await.unwrap();
    assert_eq!(rows.len() as u64, count(&record, "rejected"));
    assert_eq!(json!(Outcome::of(&record.outcome).rejected), json!(rows.len()));
    assert!(rows.iter().all(|row| split_reason(&row.reason).0 != "refused"), "{rows:?}");
    assert!(report(&record)["fidelity"]["losses"].as_object().is_some_and(|losses| !losses.is_empty()));
}
