//! Moving a store: from a folder into a cluster and back, with everything that is in it.

use super::{Served, copied, keyspace, name, said};
use crate::study::binary::{Place, open};
use crate::study::learner::somebody;
use domain::access::Visibility;
use domain::day::Day;
use domain::entry::{Body, SetChange};
use domain::grade::Grade;
use domain::ids::{CardId, ClassId, DeckId, EntryId, OrgId, UserId};
use embedded::{Filling, Offline};
use kit::rows::{bare, entry, job, one_of_each_kind, review};
use ports::archive::{ClassKept, PersonKept, ReadAll, ReadAround, WriteAll};
use ports::people::{ClassChange, PersonChange};
use ports::{
    ClassRecord, DeckContent, DeckQuery, Library, LibraryError, People as _, Quarantined, ReviewStore as _,
    Role, Row, RowOutcome, SignIn,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use studyhall::clock::real_ms;
use uuid::Uuid;

const DAY_MS: i64 = 86_400_000;

/// Everything of a folder, as whoever moves a store reads it.
#[derive(Debug, Default, PartialEq)]
struct Everything {
    decks: BTreeMap<DeckId, DeckContent>,
    people: BTreeMap<UserId, String>,
    classes: BTreeMap<ClassId, String>,
    requests: Vec<String>,
    quarantined: Vec<Quarantined>,
    around: Vec<String>,
    logs: BTreeMap<UserId, Vec<EntryId>>,
}

fn everything(folder: &Path) -> Everything {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = Offline::open(folder).unwrap();
    let mut all = Everything::default();
    runtime.block_on(async {
        for id in store.decks(None).await.unwrap() {
            all.decks.insert(id, ReadAll::deck(&store, id).await.unwrap().unwrap());
        }
        for PersonKept { person, name_chosen, registered: _ } in store.people(None).await.unwrap() {
            let zones: Vec<_> = person.zones.spans().iter().map(|s| (s.from_ms, s.name.clone())).collect();
            let told = format!("{:?} {:?} {} {zones:?} {name_chosen}", person.org, person.role, person.name);
            all.people.insert(person.id, told);
        }
        for kept in store.classes(None).await.unwrap() {
            let ClassKept { class, enrolled, given, extra, registered: _ } = kept;
            all.classes.insert(class.id, format!("{class:?} {enrolled:?} {given:?} {extra:?}"));
        }
        all.requests = store.requests(None).await.unwrap().iter().map(|r| format!("{r:?}")).collect();
        all.quarantined = store.quarantined(None).await.unwrap();
        all.around = around(&store).await;
        for user in ReadAll::learners(&store, None).await.unwrap() {
            let log = store.log(user).await.unwrap();
            all.logs.insert(user, log.iter().map(|entry| entry.id).collect());
        }
    });
    all
}

/// Feeds, webhooks, lessons, reports and small records.
async fn around(store: &Offline) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for kept in store.feeds(None).await.unwrap() {
        let mut page = store.events_of(kept.feed, None).await.unwrap();
        while page.has_more {
            all.extend(page.events.iter().map(|event| format!("{event:?}")));
            page = store.events_of(kept.feed, page.reached).await.unwrap();
        }
        all.extend(page.events.iter().map(|event| format!("{event:?}")));
        all.push(format!("{kept:?}"));
    }
    all.extend(store.webhooks(None).await.unwrap().iter().map(|kept| format!("{kept:?}")));
    for class in store.taught(None).await.unwrap() {
        all.push(format!("{:?}", store.lesson(class).await.unwrap()));
    }
    for lesson in store.reported(None).await.unwrap() {
        all.push(format!("{:?}", store.report_of(lesson).await.unwrap()));
    }
    all.extend(store.all_papers(None).await.unwrap().iter().map(|paper| format!("{paper:?}")));
    all
}

/// Several learners with answers, undos, resets, settings and imports, decks that were edited and deleted, people who chose
/// names and zones, classes with a past, keys of idempotency, a command put aside. Returns a learner with a deck.
fn fill(folder: &Path) -> (UserId, DeckId, CardId) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = open(folder);
    let now_ms = real_ms() - 40 * DAY_MS;
    let (teacher, org) = (somebody(), OrgId(Uuid::new_v4()));
    let learners: Vec<UserId> = (0..5).map(|_| somebody()).collect();
    runtime.block_on(async {
        for (n, user) in learners.iter().chain([&teacher]).enumerate() {
            let who =
                SignIn { user: *user, org: Some(org), role: Role::Learner, name: Some(format!("N{n}")) };
            store.sign_in(who, now_ms).await.unwrap();
        }
        let change = PersonChange {
            zone: Some("Asia/Tokyo".into()),
            name: Some("naïve \"Ada\" 日本".into()),
            ..PersonChange::default()
        };
        store.change_person(learners[0], change, now_ms + 1).await.unwrap();
        let mut decks = Vec::new();
        for owner in [teacher, learners[0]] {
            let (deck, cards) =
                crate::study::server::put_deck(&store, owner, 12, crate::study::server::unlimited(), now_ms)
                    .await;
            let mut record = Library::deck(&store, deck).await.unwrap().unwrap();
            record.visibility = Visibility::Org;
            record.tags = vec!["one".into(), "two words".into()];
            store.put_deck(record, None, now_ms + 5).await.unwrap();
            let mut changed = Library::card(&store, deck, cards[3]).await.unwrap().unwrap();
            changed.hint = Some("a hint".into());
            changed.deleted_ms = Some(now_ms + 6);
            store.put_cards(deck, vec![changed], None, now_ms + 6).await.unwrap();
            decks.push((deck, cards));
        }
        let (gone, _) = crate::study::server::put_deck(&store, teacher, 1, Default::default(), now_ms).await;
        let mut record = Library::deck(&store, gone).await.unwrap().unwrap();
        record.deleted_ms = Some(now_ms + 9);
        store.put_deck(record, None, now_ms + 9).await.unwrap();
        let class = ClassRecord {
            id: ClassId(Uuid::new_v4()),
            org: Some(org),
            teacher,
            title: "7b".into(),
            created_ms: now_ms,
            deleted_ms: None,
            students: learners.clone(),
            decks: vec![decks[0].0],
        };
        store.create_class(class.clone()).await.unwrap();
        for (change, at_ms) in [
            (ClassChange::Remove(learners[1]), now_ms + 10),
            (ClassChange::Enroll(learners[1]), now_ms + 20),
            (ClassChange::Remove(learners[2]), now_ms + 30),
            (ClassChange::Take(decks[0].0), now_ms + 40),
            (ClassChange::Give(decks[0].0), now_ms + 50),
        ] {
            store.change_class(class.id, change, at_ms).await.unwrap();
        }
        store.set_extra_time(class.id, learners[0], 50).await.unwrap();
        kit::around::fill_quiet(&store, real_ms() - DAY_MS, 1_100).await;
        store.note_request(Uuid::new_v4(), [7; 32], real_ms()).await.unwrap();
        let put_aside = Quarantined {
            user: learners[0],
            id: EntryId::v7(now_ms, 1),
            at_ms: now_ms,
            reason: "a test's".into(),
            raw: vec![0, 1, 255],
        };
        store.quarantine(put_aside).await.unwrap();
        for (n, user) in learners.iter().enumerate() {
            let (deck, cards) = &decks[n % 2];
            append(&store, history(*user, *deck, cards, now_ms, n as u64)).await;
        }
        (learners[0], decks[1].0, decks[1].1[0])
    })
}

/// Weeks of answers, an undo, a reset, and one entry of each kind.
fn history(user: UserId, deck: DeckId, cards: &[CardId], from_ms: i64, n: u64) -> Vec<Row> {
    let mut rows = Vec::new();
    for day in 0..30_i64 {
        for (place, card) in cards.iter().enumerate() {
            let id = EntryId::v7(from_ms + day * DAY_MS + place as i64, u128::from(n));
            let grade = if (day + place as i64) % 4 == 0 { Grade::Wrong } else { Grade::Good };
            rows.push(bare(user, review(id, deck, *card, grade), None));
        }
    }
    let undone = rows[5].entry.unwrap();
    let at = |ms: i64| EntryId::v7(from_ms + 31 * DAY_MS + ms, u128::from(n));
    rows.push(bare(user, entry(at(1), Body::Undo { of: undone.id }), undone.card()));
    let reset = Body::Set { deck, card: cards[1], change: SetChange::Reset };
    rows.push(bare(user, entry(at(2), reset), None));
    let due = Body::Set { deck, card: cards[2], change: SetChange::Due(Day(20_900)) };
    rows.push(bare(user, entry(at(3), due), None));
    let each = one_of_each_kind(deck, cards[4], 1_000 + n * 20);
    let undone = each[0];
    rows.extend(each.into_iter().map(|one| {
        let about = matches!(one.body, Body::Undo { .. }).then(|| undone.card()).flatten();
        bare(user, one, about)
    }));
    let mut kept = review(at(9), deck, cards[6], Grade::Hard);
    kept.job = Some(job(2));
    rows.push(bare(user, kept, None));
    rows.push(bare(user, entry(at(10), Body::ImportCommit { job: job(2) }), None));
    // An answer of now: what a cluster's checkpoint must not leave out.
    rows.push(bare(user, review(EntryId::v7(real_ms(), u128::from(n)), deck, cards[7], Grade::Good), None));
    rows
}

async fn append(store: &embedded::EmbeddedStore, rows: Vec<Row>) {
    let outcomes = store.append(rows.into()).await;
    assert!(outcomes.iter().all(|outcome| *outcome == RowOutcome::Durable));
}

fn answer(url: &str, token: &str, deck: DeckId, card: CardId) -> Uuid {
    let id = Uuid::now_v7();
    let command = json!({"type": "answer", "id": id, "deck_id": deck.0, "card_id": card.0, "grade": 4, "elapsed_ms": 5});
    let asked =
        ureq::post(format!("{url}/api/v1/reviews")).header("authorization", format!("Bearer {token}"));
    let said: Value =
        asked.send_json(json!({"commands": [command]})).unwrap().into_body().read_json().unwrap();
    assert_eq!(said["verdicts"][0]["verdict"], "durable", "{said}");
    id
}

fn progress(url: &str, token: &str, deck: DeckId) -> Value {
    let asked = ureq::get(format!("{url}/api/v1/decks/{deck}/progress"));
    asked.header("authorization", format!("Bearer {token}")).call().unwrap().into_body().read_json().unwrap()
}

#[test]
fn a_store_moves_into_a_cluster_and_back_with_everything_that_is_in_it() {
    let Some(cluster) = keyspace("moved") else { return };
    let place = Place::new();
    let (learner, deck, card) = fill(&place.data);
    let before = everything(&place.data);
    assert!(before.decks.len() == 3 && before.logs.len() == 5 && before.quarantined.len() == 1);
    assert!(before.around.len() > 1_100);
    let token = place.token(learner);

    let served = Served::start(&place, &[]);
    let shown = progress(&served.url, &token, deck);
    let (code, _, err) = said(&copied(name(&place.data), &cluster, &[]));
    assert!(code == Some(2) && err.contains("in use"), "a folder that is served: {err}");
    assert_eq!(served.terminate().code(), Some(0));

    let (code, out, err) = said(&copied(name(&place.data), &cluster, &[]));
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}"));
    assert_eq!((code, &report["equal"]), (Some(0), &json!(true)), "{report}");
    assert_eq!(report["read"]["learners"]["count"], 5);
    assert!(report["read"]["entries"]["count"].as_u64().unwrap() > 1_800);
    let (code, _, err) = said(&copied(name(&place.data), &cluster, &[]));
    assert!(code == Some(2) && err.contains("holds something already"), "{err}");

    // The learner goes on where they were.
    let served = Served::start(&place, &["--store", &cluster]);
    assert_eq!(progress(&served.url, &token, deck), shown);
    let added = EntryId(answer(&served.url, &token, deck, card));
    let back = place.data.with_file_name("back");
    let (code, _, err) = said(&copied(&cluster, name(&back), &[]));
    assert!(code == Some(2) && err.contains("serves this keyspace"), "{err}");
    assert!(!back.exists(), "what is refused leaves nothing behind");
    assert_eq!(served.terminate().code(), Some(0));

    let (code, out, err) = said(&copied(&cluster, name(&back), &[]));
    assert_eq!(code, Some(0), "{out} {err}");
    let mut after = everything(&back);
    let log = after.logs.get_mut(&learner).unwrap();
    assert_eq!(log.iter().filter(|id| **id == added).count(), 1);
    log.retain(|id| *id != added);
    assert_eq!(after, before);
    let mut verify = std::process::Command::new(env!("CARGO_BIN_EXE_studyhall"));
    let (code, out, _) = said(&verify.args(["verify", "--data-dir", name(&back)]).output().unwrap());
    assert!(code == Some(0) && out.contains("equal"), "{out}");
}

#[test]
fn a_copy_that_was_cut_short_is_opened_by_nobody_and_finished_by_another_run() {
    let Some(cluster) = keyspace("cut") else { return };
    let place = Place::new();
    fill(&place.data);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let some = {
        let source = Offline::open(&place.data).unwrap();
        let all = runtime.block_on(source.decks(None)).unwrap();
        runtime.block_on(ReadAll::deck(&source, all[0])).unwrap().unwrap()
    };
    let (address, folder) = (cluster.parse().unwrap(), place.data.with_file_name("half"));
    runtime.block_on(async {
        let half = cql::Filling::open(&address, &cql::Options::default(), "a test", real_ms()).await.unwrap();
        // A deck that has changed since it was copied.
        let mut older = some.clone();
        older.0.revision -= 1;
        older.0.title = "Older".into();
        half.put_deck(older).await.unwrap();
        let half = Filling::open(&folder, "a test").unwrap();
        half.put_deck(some.clone()).await.unwrap();
        half.flush().await.unwrap();
    });
    for refused in [["--store", &cluster], ["--data-dir", name(&folder)]] {
        let mut serve = std::process::Command::new(env!("CARGO_BIN_EXE_studyhall"));
        serve.arg("serve").args(refused).env("STUDYHALL_AUTH_SECRET", "x".repeat(32));
        let (code, _, err) = said(&serve.args(["--listen", "127.0.0.1:0"]).output().unwrap());
        assert!(code == Some(2) && err.contains("studyhall copy"), "{refused:?}: {err}");
    }
    for to in [&cluster, name(&folder)] {
        let (code, out, err) = said(&copied(name(&place.data), to, &[]));
        assert_eq!(code, Some(0), "{to}: {out} {err}");
    }
    assert_eq!(everything(&folder), everything(&place.data));
    let store = runtime.block_on(cql::CqlStore::open(&address, &cql::Options::default())).unwrap();
    let query = DeckQuery { ids: vec![some.0.id], with_deleted: true, ..DeckQuery::default() };
    let found: Result<_, LibraryError> = runtime.block_on(store.decks(query));
    assert_eq!(found.unwrap(), [some.0]);
}
