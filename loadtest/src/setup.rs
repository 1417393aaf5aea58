//! What a run needs at the server before it starts: one public deck that everybody studies.

use crate::api::{Api, ApiError};
use crate::identity::{Identities, NoToken};
use hyper::Method;
use serde_json::{Value, json};
use std::net::SocketAddr;
use uuid::Uuid;

/// Cards of one bulk request.
const BULK: usize = 500;

/// Why a run could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The API refused or did not answer.
    #[error("the deck could not be made: {0}")]
    Api(#[from] ApiError),
    /// The secret.
    #[error(transparent)]
    Token(#[from] NoToken),
}

/// Makes a public deck of so many cards that today's limits do not hold back, and returns its id.
///
/// # Errors
/// When the server does not take it.
pub async fn deck(server: SocketAddr, people: &Identities, cards: usize) -> Result<Uuid, SetupError> {
    let mut api = Api::new(server, None, people.token(people.teacher(), "teacher")?);
    let settings = json!({"new_per_day": cards, "reviews_per_day": cards});
    let deck =
        json!({"title": format!("Load {}", people.seed()), "visibility": "public", "settings": settings});
    let made = api.expect(Method::POST, "/api/v1/decks", Some(&deck)).await?;
    let id: Uuid =
        made["deck_id"].as_str().and_then(|id| id.parse().ok()).ok_or(ApiError::Lacks("deck_id"))?;
    let all: Vec<Value> = (0..cards)
        .map(|n| json!({"front": format!("What is the capital of country {n}?"), "back": format!("Capital {n}")}))
        .collect();
    for some in all.chunks(BULK) {
        let path = format!("/api/v1/decks/{id}/cards/bulk");
        api.expect(Method::POST, &path, Some(&json!({"cards": some}))).await?;
    }
    Ok(id)
}
