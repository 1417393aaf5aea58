//! A learner without a socket: asks what is due, sends reviews in batches, looks at figures, all over HTTP.

use super::{World, now_ms};
use crate::api::{Answered, Api, ApiError};
use crate::pace::Intents;
use client::{IdMaker, Random};
use hyper::Method;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Cards asked for at once.
const DUE: usize = 10;
/// Reviews of one request.
const BATCH: usize = 3;
/// The wait after a request that got no answer.
const AGAIN_AFTER: Duration = Duration::from_millis(250);

/// What is asked for, over and over: half of it writes.
const ROUND: [Ask; 8] = [
    Ask::Due,
    Ask::Reviews,
    Ask::Progress,
    Ask::Reviews,
    Ask::Decks,
    Ask::Reviews,
    Ask::History,
    Ask::Reviews,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Due,
    Reviews,
    Progress,
    Decks,
    History,
}

struct Reader {
    world: Rc<World>,
    number: usize,
    api: Api,
    ids: IdMaker,
    due: VecDeque<Uuid>,
    /// A batch without an answer: it is sent again as it is.
    open: Option<Vec<Value>>,
}

/// Lives as learner `number` until the run is over.
pub async fn live(world: Rc<World>, number: usize) {
    let token = match world.people.token(world.people.learner(number), "learner") {
        Ok(token) => token,
        Err(error) => return world.figures.borrow_mut().fault(error),
    };
    let seed = world.people.seed() ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let api = Api::new(world.server, world.from(number), token);
    let ids = IdMaker::after(None, Random::seeded(seed));
    let mut reader = Reader { world, number, api, ids, due: VecDeque::new(), open: None };
    let mut intents = Intents::new(seed);
    intents.begin(Instant::now(), &reader.world.pace);
    reader.world.figures.borrow_mut().studying += 1;
    let mut turn = number;
    while let Some(intended) = intents.due(&reader.world.pace) {
        tokio::time::sleep_until(intended.into()).await;
        intents.leaves(Instant::now(), &reader.world.pace);
        let ask =
            if reader.due.is_empty() && reader.open.is_none() { Ask::Due } else { ROUND[turn % ROUND.len()] };
        turn += 1;
        if let Err(error) = reader.ask(ask, intended).await {
            reader.fault(error);
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }
    if reader.open.is_some()
        && let Err(error) = reader.ask(Ask::Reviews, Instant::now()).await
    {
        reader.fault(error);
    }
    reader.world.figures.borrow_mut().studying -= 1;
}

impl Reader {
    async fn ask(&mut self, ask: Ask, intended: Instant) -> Result<(), ApiError> {
        let deck = self.world.deck;
        match ask {
            Ask::Due => {
                let path = format!("/api/v1/due?deck_id={deck}&limit={DUE}");
                let due = self.request(Method::GET, &path, None, intended).await?;
                let items = due["items"].as_array().ok_or(ApiError::Lacks("items"))?;
                self.due = items.iter().filter_map(|item| item["card_id"].as_str()?.parse().ok()).collect();
            }
            Ask::Reviews => self.review(intended).await?,
            Ask::Progress => {
                self.request(Method::GET, &format!("/api/v1/decks/{deck}/progress"), None, intended).await?;
            }
            Ask::Decks => {
                self.request(Method::GET, "/api/v1/decks?limit=20", None, intended).await?;
            }
            Ask::History => {
                self.request(Method::GET, "/api/v1/history?limit=20", None, intended).await?;
            }
        }
        Ok(())
    }

    async fn review(&mut self, intended: Instant) -> Result<(), ApiError> {
        let sent_before = self.open.is_some();
        let commands = match self.open.take() {
            Some(commands) => commands,
            None => self.batch(),
        };
        if commands.is_empty() {
            return Ok(());
        }
        let body = json!({ "commands": commands });
        let count = commands.len() as u64;
        if !sent_before {
            self.world.figures.borrow_mut().sent += count;
        }
        self.open = Some(commands);
        let answer = self.request(Method::POST, "/api/v1/reviews", Some(&body), intended).await?;
        self.open = None;
        let verdicts = answer["verdicts"].as_array().ok_or(ApiError::Lacks("verdicts"))?;
        let durable = verdicts.iter().filter(|verdict| verdict["verdict"] == "durable").count() as u64;
        self.world.figures.borrow_mut().saved += durable;
        if durable != count {
            self.fault(format!("{durable} of {count} reviews are durable: {answer}"));
        }
        Ok(())
    }

    fn batch(&mut self) -> Vec<Value> {
        let deck = self.world.deck;
        let cards: Vec<Uuid> = self.due.drain(..BATCH.min(self.due.len())).collect();
        let command = |card: Uuid| {
            let id = self.ids.make(now_ms());
            json!({"type": "answer", "id": id, "deck_id": deck, "card_id": card, "grade": 3, "elapsed_ms": 1_000})
        };
        cards.into_iter().map(command).collect()
    }

    /// One request, counted and timed; anything but success is an error.
    async fn request(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        intended: Instant,
    ) -> Result<Value, ApiError> {
        let outcome = self.api.ask(method, path, body).await;
        let status = outcome.as_ref().ok().map(|answered| answered.status.as_u16());
        self.world.figures.borrow_mut().http(intended.elapsed(), status);
        let Answered { status, body } = outcome?;
        if status.is_success() {
            return Ok(body);
        }
        let body = body.to_string().chars().take(200).collect();
        Err(ApiError::Status { path: path.to_owned(), status: status.as_u16(), body })
    }

    fn fault(&self, what: impl std::fmt::Display) {
        self.world.figures.borrow_mut().fault(format!("learner {} over HTTP: {what}", self.number));
    }
}
