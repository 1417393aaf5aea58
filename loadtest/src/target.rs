//! The server under load: learners, their tokens and their decks, made over its public API.

use serde_json::{Value, json};
use uuid::Uuid;

/// How long a token of the load generator is good, in seconds.
const TOKEN_SECONDS: u64 = 24 * 3_600;
/// Cards of one bulk request.
const BULK: usize = 500;

/// A server.
pub struct Target {
    /// Its address, without a slash at the end.
    pub server: String,
    /// The secret of its tokens.
    pub secret: String,
}

/// A learner with a deck.
pub struct Learner {
    /// The token.
    pub token: String,
    /// The deck.
    pub deck: Uuid,
}

/// Why the server could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The secret makes no tokens.
    #[error("no token can be made with this secret: {0}")]
    Secret(#[from] jsonwebtoken::errors::Error),
    /// The API refused or did not answer.
    #[error("{what}: {source}")]
    Http {
        /// What was asked.
        what: &'static str,
        /// The answer.
        source: Box<ureq::Error>,
    },
    /// The API answered something else than was agreed.
    #[error("{0} was answered without the field that was expected")]
    Answer(&'static str),
}

impl Target {
    /// Makes so many learners, each with a deck of so many cards that today's limits do not hold back.
    pub fn prepare(&self, learners: usize, cards: usize) -> Result<Vec<Learner>, TargetError> {
        (0..learners).map(|n| self.learner(n, cards)).collect()
    }

    fn learner(&self, n: usize, cards: usize) -> Result<Learner, TargetError> {
        let token = self.token(Uuid::new_v4())?;
        let settings = json!({"new_per_day": cards, "reviews_per_day": cards});
        let deck =
            self.post(&token, "decks", &json!({"title": format!("Load {n}"), "settings": settings}))?;
        let id = deck["deck_id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .ok_or(TargetError::Answer("POST decks"))?;
        let all: Vec<Value> = (0..cards)
            .map(|c| json!({"front": format!("front {c} of {n}"), "back": format!("back {c}")}))
            .collect();
        for some in all.chunks(BULK) {
            self.post(&token, &format!("decks/{id}/cards/bulk"), &json!({"cards": some}))?;
        }
        Ok(Learner { token, deck: id })
    }

    fn token(&self, user: Uuid) -> Result<String, TargetError> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_secs());
        let claims = json!({
            "sub": user, "role": "learner", "iss": "studyhall", "aud": "studyhall", "iat": now, "exp": now + TOKEN_SECONDS,
        });
        let key = jsonwebtoken::EncodingKey::from_secret(self.secret.as_bytes());
        Ok(jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key)?)
    }

    fn post(&self, token: &str, path: &str, body: &Value) -> Result<Value, TargetError> {
        let failed = |source| TargetError::Http {
            what: "a request of the preparation failed",
            source: Box::new(source),
        };
        ureq::post(format!("{}/api/v1/{path}", self.server))
            .header("authorization", format!("Bearer {token}"))
            .send_json(body)
            .map_err(failed)?
            .body_mut()
            .read_json()
            .map_err(failed)
    }

    /// The address of the study socket.
    pub fn socket(&self) -> String {
        format!("{}{}", self.server.replacen("http", "ws", 1), protocol::STUDY_PATH)
    }
}
