//! `studyhall eval`: how well the schedulers would have foretold a learner's answers.

use super::could_not;
use super::served::whole;
use crate::config::{Config, EvalArgs, Need, Store, load};
use cql::{CqlStore, Walk};
use domain::entry::LogEntry;
use domain::ids::DeckId;
use domain::state::FoldParams;
use embedded::Offline;
use optimizer::{Evaluation, Measures, Progress, evaluate, histories};
use ports::archive::ReadAll;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Evaluates the schedulers on one learner's log, while a server runs or not.
pub(super) fn eval(args: &EvalArgs) -> ExitCode {
    let config = match load(&args.config, Need::Nothing) {
        Ok(config) => config,
        Err(errors) => return could_not(errors),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return could_not(error),
    };
    let (log, params) = match runtime.block_on(read(&config, args)) {
        Ok(read) => read,
        Err(why) => return could_not(why),
    };
    let histories = histories(&log, |deck| params.get(&deck).copied().unwrap_or_default());
    match evaluate(&histories, &Progress::default()) {
        Ok(evaluation) if args.json => println!("{}", as_json(args, &evaluation)),
        Ok(evaluation) => print!("{}", as_text(&evaluation)),
        Err(why) => return could_not(why),
    }
    ExitCode::SUCCESS
}

/// A log, and what each deck in it is folded by.
type Read = (Vec<LogEntry>, BTreeMap<DeckId, FoldParams>);

async fn read(config: &Config, args: &EvalArgs) -> Result<Read, String> {
    match &config.store {
        Store::Embedded => of(&Offline::attach(&config.data_dir).map_err(whole)?, args).await,
        Store::Cql(address) => {
            let store = CqlStore::open(address, &cql::Options::default()).await.map_err(whole)?;
            of(&Walk::over(&store).await.map_err(whole)?, args).await
        }
    }
}

async fn of<S: ReadAll>(store: &S, args: &EvalArgs) -> Result<Read, String> {
    let mut log = store.log(args.user).await.map_err(whole)?;
    if let Some(deck) = args.deck {
        // Undos and import marks name no deck, and say what counts.
        log.retain(|entry| entry.card().is_none_or(|(of, _)| of == deck));
    }
    let mut params = BTreeMap::new();
    for (deck, _) in log.iter().filter_map(LogEntry::card) {
        if let Entry::Vacant(unread) = params.entry(deck) {
            unread.insert(store.params(deck).await.map_err(whole)?.unwrap_or_default());
        }
    }
    Ok((log, params))
}

/// Each forecast by its names in text and in JSON; the learner's own weights may be missing.
fn rows(of: &Evaluation) -> [(&'static str, &'static str, Option<Measures>); 4] {
    [
        ("the same for every card", "constant", Some(of.constant)),
        ("SM-2", "sm2", Some(of.sm2)),
        ("FSRS-6, everybody's weights", "fsrs", Some(of.fsrs)),
        ("FSRS-6, own weights", "optimised", of.optimised.as_ref().ok().map(|(_, measures)| *measures)),
    ]
}

fn as_text(of: &Evaluation) -> String {
    let mut text = String::new();
    let day = date_of(of.cut_ms);
    // Writing into a string does not fail.
    let _ = writeln!(
        text,
        "{} recalls after a day or more: {} to fit weights to, {} from {day} on to measure; {:.1} % of these remembered\n",
        of.fitted + of.measured,
        of.fitted,
        of.measured,
        of.remembered * 100.0,
    );
    let _ = writeln!(text, "{:<30}{:>10}{:>13}{:>8}", "", "log loss", "RMSE (bins)", "AUC");
    for (name, _, measures) in rows(of) {
        match measures {
            Some(m) => {
                let auc = m.auc.map_or("-".to_owned(), |auc| format!("{auc:.3}"));
                let _ = writeln!(text, "{name:<30}{:>10.4}{:>13.4}{auc:>8}", m.log_loss, m.rmse_bins);
            }
            None => {
                let _ = writeln!(text, "{name:<30}{:>10}{:>13}{:>8}", "-", "-", "-");
            }
        }
    }
    match &of.optimised {
        Ok((weights, _)) => {
            let weights = weights.decimals().map(|w| w.to_string()).join(", ");
            let _ = writeln!(text, "\nown weights: {weights}");
        }
        Err(why) => {
            let _ = writeln!(text, "\nno own weights: {why}");
        }
    }
    text
}

fn as_json(args: &EvalArgs, of: &Evaluation) -> Value {
    let measures: serde_json::Map<String, Value> = rows(of)
        .into_iter()
        .map(|(_, name, measures)| {
            let one = |m: Measures| json!({"log_loss": m.log_loss, "rmse_bins": m.rmse_bins, "auc": m.auc});
            (name.to_owned(), measures.map_or(Value::Null, one))
        })
        .collect();
    json!({
        "user_id": args.user.to_string(),
        "deck_id": args.deck.map(|deck| deck.to_string()),
        "fitted": of.fitted,
        "measured": of.measured,
        "remembered": of.remembered,
        "cut_at": of.cut_ms,
        "measures": measures,
        "parameters": of.optimised.as_ref().ok().map(|(weights, _)| weights.decimals()),
        "why_none": of.optimised.as_ref().err().map(ToString::to_string),
    })
}

/// The date of a moment, in UTC.
fn date_of(at_ms: i64) -> String {
    domain::day::Day(i32::try_from(at_ms.div_euclid(86_400_000)).unwrap_or(0)).to_string()
}
