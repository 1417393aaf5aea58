//! Weights of FSRS fitted to a learner's own answers: work of seconds, done behind the request.

use crate::http::access::deck_to_read;
use crate::http::limits::{FITTING_KEPT_MS, FITTINGS_AT_ONCE, FITTINGS_KEPT};
use crate::http::{App, Caller, Problem};
use actix_web::{HttpResponse, rt, web};
use domain::ids::{DeckId, UserId, Uuid};
use optimizer::{Evaluation, Measures, Progress, evaluate, histories, optimise};
use ports::{DeckRecord, EventKind};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Fittings that run, and those that ended of late: of this node, and of no meaning to another.
pub(in crate::http) struct Fittings {
    known: Mutex<HashMap<(UserId, DeckId), Fitting>>,
    turns: Arc<Semaphore>,
}

struct Fitting {
    begun_ms: i64,
    progress: Progress,
    outcome: Option<Outcome>,
}

/// How one ended.
#[derive(Clone)]
enum Outcome {
    Done(Box<Fitted>),
    Failed(String),
}

/// Weights, and how well they would have foretold the newest fifth of the answers when fitted to the rest.
#[derive(Clone)]
struct Fitted {
    weights: [f64; 21],
    recalls: usize,
    evaluation: Option<Evaluation>,
}

/// A fitting on the wire.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct FittingOut {
    /// `running`, `done` or `failed`.
    state: &'static str,
    /// 0 to 1 while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<f64>,
    /// When it began, Unix milliseconds.
    begun_at: i64,
    /// The weights, for `settings.parameters` of the deck.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<[f64; 21]>,
    /// Recalls after a day or more that they are fitted to.
    #[serde(skip_serializing_if = "Option::is_none")]
    recalls: Option<usize>,
    /// Log losses on answers that the weights did not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    log_loss: Option<LossOut>,
    /// Whether they foretell better than everybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    better: Option<bool>,
    /// Why there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Log losses, each with four decimals.
#[derive(Serialize, JsonSchema)]
struct LossOut {
    sm2: f64,
    fsrs: f64,
    optimised: Option<f64>,
}

impl Fittings {
    pub(in crate::http) fn new() -> Fittings {
        Fittings { known: Mutex::default(), turns: Arc::new(Semaphore::new(FITTINGS_AT_ONCE)) }
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<(UserId, DeckId), Fitting>) -> T) -> T {
        act(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes a new one, unless one runs already. What ended long ago is forgotten.
    fn begin(&self, of: (UserId, DeckId), now_ms: i64) -> Result<Option<Progress>, Problem> {
        self.with(|known| {
            known.retain(|_, one| one.outcome.is_none() || now_ms - one.begun_ms < FITTING_KEPT_MS);
            if known.get(&of).is_some_and(|one| one.outcome.is_none()) {
                return Ok(None);
            }
            if known.len() >= FITTINGS_KEPT && !known.contains_key(&of) {
                return Err(Problem::unavailable("Too many fittings are going on; try again in a minute."));
            }
            let progress = Progress::default();
            known.insert(of, Fitting { begun_ms: now_ms, progress: progress.clone(), outcome: None });
            Ok(Some(progress))
        })
    }

    fn end(&self, of: (UserId, DeckId), outcome: Outcome) {
        self.with(|known| {
            if let Some(one) = known.get_mut(&of) {
                one.outcome = Some(outcome);
            }
        });
    }

    fn told(&self, of: (UserId, DeckId)) -> Option<FittingOut> {
        self.with(|known| known.get(&of).map(FittingOut::of))
    }
}

impl Outcome {
    /// What is told of it: how it ended, not the weights.
    fn told(&self) -> Value {
        match self {
            Outcome::Failed(_) => json!({ "state": "failed" }),
            Outcome::Done(fitted) => json!({ "state": "done", "recalls": fitted.recalls }),
        }
    }
}

impl FittingOut {
    fn of(fitting: &Fitting) -> FittingOut {
        let mut out = FittingOut {
            state: "running",
            progress: None,
            begun_at: fitting.begun_ms,
            parameters: None,
            recalls: None,
            log_loss: None,
            better: None,
            why: None,
        };
        match &fitting.outcome {
            None => out.progress = Some((fitting.progress.share() * 100.0).round() / 100.0),
            Some(Outcome::Failed(why)) => {
                out.state = "failed";
                out.why = Some(why.clone());
            }
            Some(Outcome::Done(fitted)) => {
                out.state = "done";
                out.parameters = Some(fitted.weights);
                out.recalls = Some(fitted.recalls);
                if let Some(evaluation) = &fitted.evaluation {
                    let loss = |of: &Measures| (of.log_loss * 10_000.0).round() / 10_000.0;
                    let own = evaluation.optimised.as_ref().ok().map(|(_, measures)| measures);
                    out.better = own.map(|own| own.log_loss < evaluation.fsrs.log_loss);
                    out.log_loss = Some(LossOut {
                        sm2: loss(&evaluation.sm2),
                        fsrs: loss(&evaluation.fsrs),
                        optimised: own.map(loss),
                    });
                }
            }
        }
        out
    }
}

/// `POST /decks/{deck_id}/scheduler/fitting`: fits weights to the caller's own answers to this deck. 202; one that runs
/// already is that one.
pub(in crate::http) async fn begin_fitting(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let deck = deck_to_read(&app, &caller, DeckId(*path)).await?;
    let of = (caller.user, deck.id);
    if let Some(progress) = app.fittings.begin(of, app.clock.wall_ms())? {
        let app = app.clone();
        // Reading the log is the learner's session's, and stays on this thread.
        rt::spawn(async move {
            let outcome = fitted(&app, of.0, &deck, progress).await;
            let data = outcome.told();
            app.fittings.end(of, outcome);
            app.events.done(EventKind::WeightsFitted, of.0, (None, Some(of.1)), data);
        });
    }
    let told = app.fittings.told(of).ok_or_else(Problem::internal)?;
    Ok(HttpResponse::Accepted()
        .insert_header(("location", format!("/api/v1/decks/{}/scheduler/fitting", of.1)))
        .json(told))
}

/// `GET /decks/{deck_id}/scheduler/fitting`: how far it is, or the weights.
pub(in crate::http) async fn fitting(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let deck = deck_to_read(&app, &caller, DeckId(*path)).await?;
    match app.fittings.told((caller.user, deck.id)) {
        Some(told) => Ok(HttpResponse::Ok().json(told)),
        None => Err(Problem::not_found()),
    }
}

/// Waits for a turn, reads the log, and fits on a thread of its own. Those that wait hold no log.
async fn fitted(app: &App, user: UserId, deck: &DeckRecord, progress: Progress) -> Outcome {
    let Ok(_turn) = app.fittings.turns.acquire().await else {
        return Outcome::Failed("the server is going down".to_owned());
    };
    let log = match app.study.deck_log(user, deck).await {
        Ok((_, log)) => log,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let params = deck.settings.fold_params();
    let work = web::block(move || {
        let histories = histories(&log, |_| params);
        let weights = optimise(&histories, None, &progress)?;
        Ok::<_, optimizer::OptimiseError>(Fitted {
            weights: weights.decimals(),
            recalls: optimizer::recalls(&histories),
            evaluation: evaluate(&histories, &progress).ok(),
        })
    });
    match work.await {
        Ok(Ok(fitted)) => Outcome::Done(Box::new(fitted)),
        Ok(Err(why)) => Outcome::Failed(why.to_string()),
        Err(error) => {
            tracing::error!(%error, "fitting weights failed");
            Outcome::Failed("something went wrong on the server; it has been logged".to_owned())
        }
    }
}
