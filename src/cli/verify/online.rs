//! `verify` on a store that may be served, on a cluster, and with `--repair`.

use super::super::served::{refuse_served, whole};
use crate::clock::real_ms;
use crate::config::{Bus as BusAt, Config, Secret, VerifyArgs};
use crate::server::BUS_PREFIX;
use crate::verify::{Difference, Format, OnlineOptions, Report, Totals, verify_online};
use bus::{RedisBus, RedisOptions};
use cql::{Address, CqlStore, Walk};
use domain::ids::{CardId, DeckId, UserId};
use embedded::{EmbeddedStore, Offline};
use ports::archive::ReadAll;
use ports::bus::Run;
use ports::{Bus, Note, StoreError, Topic};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Learners a second unless it is said otherwise.
const RATE: u32 = 200;
/// Between two looks at a learner of whom something differs: longer than an owner keeps progress before it writes it.
const LOOK_AGAIN: Duration = Duration::from_secs(3);
/// Cards that one run mends, and learners whose owners it tells of what it listed.
const REPAIRS_MAX: usize = 100_000;
/// Cards that one request to a server names.
const CARDS_A_REQUEST: usize = 500;
/// How long it is waited until the nodes were told.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// Cards to be marked.
type Marks = BTreeMap<(UserId, DeckId), Vec<CardId>>;

fn options(args: &VerifyArgs) -> OnlineOptions {
    OnlineOptions {
        since_ms: args.since.map(|since| real_ms().saturating_sub(since)),
        learners_per_second: args.online.then(|| args.rate.unwrap_or(RATE)),
        look_again: args.online.then_some(LOOK_AGAIN),
        differences_max: if args.repair { REPAIRS_MAX } else { 0 },
    }
}

/// A data folder: beside its server, or alone.
pub(super) async fn folder(config: &Config, args: &VerifyArgs) -> Result<Totals, String> {
    let folder = &config.data_dir;
    if args.online {
        let admin = args.admin.clone().or(config.admin_listen.map(|at| at.to_string()));
        if args.repair && admin.is_none() {
            return Err("what a server has open is mended by the server: name its operator's port with --admin ADDR:PORT".to_owned());
        }
        let store = Offline::attach(folder).map_err(whole)?;
        let mark = async |marks| match admin {
            Some(admin) => through_server(admin, marks).await,
            None => Ok(0),
        };
        return compare(&store, args, async |_| Ok(0), mark).await;
    }
    let store = Offline::open(folder).map_err(whole)?;
    let file = async |user| if args.repair { store.file_again(user) } else { Ok(0) };
    let (report, totals, differences) = look(&store, args, file).await?;
    // The folder is given back before it is opened for writing.
    drop(store);
    let marked = if args.repair { in_folder(folder, marks_of(&differences)).await? } else { 0 };
    finish(report, totals, marked)
}

/// A cluster.
pub(super) async fn cluster(address: &Address, config: &Config, args: &VerifyArgs) -> Result<Totals, String> {
    let store = CqlStore::open(address, &cql::Options::default()).await.map_err(whole)?;
    if !args.online {
        refuse_served(&store).await.map_err(|why| why.replace("--while-served", "--online"))?;
    }
    let walk = Walk::over(&store).await.map_err(whole)?;
    let unlisted = RefCell::new(Vec::new());
    let list = async |user| {
        let listed = if args.repair { store.list_again(user).await? } else { 0 };
        let mut users = unlisted.borrow_mut();
        if listed > 0 && users.len() < REPAIRS_MAX {
            users.push(user);
        }
        Ok(listed as u64)
    };
    let mark = async |marks| in_cluster(&store, config, marks, unlisted.take()).await;
    compare(&walk, args, list, mark).await
}

type Open = Report<std::io::Stdout>;

async fn look<S: ReadAll>(
    store: &S,
    args: &VerifyArgs,
    list: impl AsyncFn(UserId) -> Result<u64, StoreError>,
) -> Result<(Open, Totals, Vec<Difference>), String> {
    let format = if args.json { Format::Json } else { Format::Text };
    let mut report = Report::new(format, std::io::stdout());
    let (totals, differences) =
        verify_online(store, options(args), &mut report, list).await.map_err(whole)?;
    Ok((report, totals, differences))
}

async fn compare<S: ReadAll>(
    store: &S,
    args: &VerifyArgs,
    list: impl AsyncFn(UserId) -> Result<u64, StoreError>,
    mark: impl AsyncFnOnce(Marks) -> Result<u64, String>,
) -> Result<Totals, String> {
    let (report, totals, differences) = look(store, args, list).await?;
    let marked = if args.repair { mark(marks_of(&differences)).await? } else { 0 };
    finish(report, totals, marked)
}

fn finish(report: Open, mut totals: Totals, marked: u64) -> Result<Totals, String> {
    if let Some(online) = totals.online.as_mut() {
        online.marked = marked;
    }
    report.finish(&totals).map_err(whole)?;
    Ok(totals)
}

fn marks_of(differences: &[Difference]) -> Marks {
    let mut marks = Marks::new();
    for found in differences {
        marks.entry((found.user, found.deck)).or_default().push(found.card);
    }
    marks
}

async fn in_folder(folder: &Path, marks: Marks) -> Result<u64, String> {
    if marks.is_empty() {
        return Ok(0);
    }
    let store = EmbeddedStore::open(folder, embedded::Options::default()).map_err(whole)?;
    let mut marked = 0;
    for ((user, deck), cards) in marks {
        marked += store.mark_for_refold(user, deck, &cards).await.map_err(whole)? as u64;
    }
    Ok(marked)
}

async fn through_server(admin: String, marks: Marks) -> Result<u64, String> {
    let base = crate::top::fetch::Asked::at(&admin).base;
    let done = tokio::task::spawn_blocking(move || {
        let mut marked = 0;
        for ((user, deck), cards) in marks {
            for cards in cards.chunks(CARDS_A_REQUEST) {
                marked += ask_to_mark(&base, user, deck, cards)?;
            }
        }
        Ok(marked)
    });
    done.await.map_err(whole)?
}

fn ask_to_mark(base: &str, user: UserId, deck: DeckId, cards: &[CardId]) -> Result<u64, String> {
    let body = serde_json::json!({
        "deck_id": deck.to_string(),
        "card_ids": cards.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    let sent =
        ureq::post(format!("{base}/learners/{user}/refold")).header(crate::admin::MARK, "1").send_json(body);
    let answer = sent.and_then(|answer| answer.into_body().read_json::<serde_json::Value>());
    let answer =
        answer.map_err(|error| format!("the operator's port at {base} did not mark cards: {error}"))?;
    Ok(answer["marked"].as_u64().unwrap_or(0))
}

/// Marks these cards, and tells the nodes of them and of what was marked for these users.
async fn in_cluster(
    store: &CqlStore,
    config: &Config,
    marks: Marks,
    mut users: Vec<UserId>,
) -> Result<u64, String> {
    let mut marked = 0;
    for ((user, deck), cards) in marks {
        marked += store.mark_for_refold(user, deck, &cards).await.map_err(whole)? as u64;
        users.push(user);
    }
    users.sort_unstable();
    users.dedup();
    match &config.bus {
        BusAt::Redis(url) if !users.is_empty() => tell_owners(url, &users).await?,
        BusAt::Redis(_) | BusAt::Local => {}
    }
    Ok(marked)
}

/// Whoever has one of these learners in memory reads the inbox now and not at the next load.
async fn tell_owners(url: &Secret, users: &[UserId]) -> Result<(), String> {
    let at = RedisOptions { url: url.reveal().to_owned(), prefix: BUS_PREFIX.to_owned() };
    let bus = RedisBus::start(Run(uuid::Uuid::new_v4()), &at).map_err(whole)?;
    for user in users {
        bus.publish(Topic::Inv, Note::Inbox(*user));
    }
    if !bus.flushed(TOLD_WITHIN).await {
        eprintln!(
            "studyhall: the nodes were not told: marked cards are folded when their learners are loaded next"
        );
    }
    Ok(())
}
