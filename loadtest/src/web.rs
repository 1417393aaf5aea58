//! The learners of the ordinary web application: each answers with a request, waits for the response, which carries
//! the next card, and answers again. On a core of its own, like the learners of the server.

use crate::api::{Api, ApiError};
use crate::args::WebLearnersArgs;
use crate::ceiling::Rate;
use crate::figures::Times;
use crate::learner::now_ms;
use crate::subject::pinned;
use crate::subject::usage::{self, Usage};
use client::{IdMaker, Random};
use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Before anything is counted, connections are opened and the database is warm.
const WARM_UP: Duration = Duration::from_secs(1);

/// What the learners saw.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Answers a second.
    pub per_s: f64,
    /// From an answer to the next card, p99, in milliseconds.
    pub card_p99_ms: f64,
    /// Answers that were counted.
    pub answers: u64,
    /// Processor time of the application meanwhile, in microseconds.
    pub cpu_us: f64,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// A request.
    #[error("the web application: {0}")]
    Api(#[from] ApiError),
    /// The learners' process.
    #[error("the learners of the web application: {0}")]
    Process(#[from] std::io::Error),
    /// What they said.
    #[error("the learners of the web application said nothing that can be read: {0}")]
    Json(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Seeded {
    deck_id: Uuid,
    users: Vec<Uuid>,
    cards: Vec<Uuid>,
}

/// Has learners of a process of its own, on its core, study at an application that runs.
///
/// # Errors
/// [`WebError`].
pub fn measure(args: &WebLearnersArgs, core: Option<usize>) -> Result<Rate, WebError> {
    let mut command = pinned(&std::env::current_exe()?, core);
    command.args(["web-learners", "--address", &args.address.to_string()]);
    command.args(["--learners", &args.learners.to_string(), "--cards", &args.cards.to_string()]);
    command.args(["--seconds", &args.seconds.to_string()]);
    if let Some(pid) = args.pid {
        command.args(["--pid", &pid.to_string()]);
    }
    let out = command.output()?;
    if !out.status.success() {
        return Err(std::io::Error::other(String::from_utf8_lossy(&out.stderr).into_owned()).into());
    }
    let seen: Seen = serde_json::from_slice(&out.stdout)?;
    let cpu_us = if seen.answers > 0 { seen.cpu_us / seen.answers as f64 } else { 0.0 };
    Ok(Rate { per_s: seen.per_s, cpu_us, card_p99_ms: seen.card_p99_ms })
}

/// Plays the learners.
///
/// # Errors
/// [`WebError`].
pub async fn play(args: &WebLearnersArgs) -> Result<Seen, WebError> {
    let seed = json!({"users": args.learners, "cards": args.cards});
    let seeded =
        Api::new(args.address, None, String::new()).expect(Method::POST, "/seed", Some(&seed)).await?;
    let seeded: Seeded = serde_json::from_value(seeded)?;
    let counting = Rc::new(RefCell::new(None));
    let ends = Instant::now() + WARM_UP + Duration::from_secs(args.seconds);
    let learners: Vec<_> = seeded
        .users
        .iter()
        .map(|user| {
            let card = seeded.cards.first().copied().unwrap_or_default();
            let study = study(args.address, *user, seeded.deck_id, card, ends, counting.clone());
            tokio::task::spawn_local(study)
        })
        .collect();
    tokio::time::sleep(WARM_UP).await;
    let before = cpu(args.pid);
    let began = Instant::now();
    *counting.borrow_mut() = Some(Times::default());
    for learner in learners {
        learner.await.map_err(std::io::Error::other)??;
    }
    let (took, used) = (began.elapsed(), cpu(args.pid).saturating_sub(before));
    let counted = counting.take().unwrap_or_default();
    Ok(Seen {
        per_s: counted.count() as f64 / took.as_secs_f64(),
        card_p99_ms: counted.ms(0.99),
        answers: counted.count(),
        cpu_us: used.as_secs_f64() * 1e6,
    })
}

async fn study(
    address: SocketAddr,
    user: Uuid,
    deck: Uuid,
    mut card: Uuid,
    ends: Instant,
    counting: Rc<RefCell<Option<Times>>>,
) -> Result<(), WebError> {
    let mut api = Api::new(address, None, String::new());
    // Ids that rise with the time: random ones would cost the application's index more than it deserves.
    let mut ids = IdMaker::after(None, Random::seeded(user.as_u64_pair().0));
    while Instant::now() < ends {
        let answer =
            json!({"user": user, "deck_id": deck, "card_id": card, "id": ids.make(now_ms()), "grade": 3});
        let sent = Instant::now();
        let next = api.expect(Method::POST, "/answers", Some(&answer)).await?;
        if let Some(counted) = counting.borrow_mut().as_mut() {
            counted.note(sent.elapsed());
        }
        let named = next["card"]["card_id"].as_str().and_then(|id| id.parse().ok());
        card = named.ok_or(ApiError::Lacks("card"))?;
    }
    Ok(())
}

fn cpu(pid: Option<u32>) -> Duration {
    pid.and_then(usage::of).map_or(Duration::ZERO, |Usage { cpu, .. }| cpu)
}
