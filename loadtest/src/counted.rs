//! What the log holds, as its learners see it: for stores that no one but the server can open.

use crate::api::{Api, ApiError};
use crate::identity::{Identities, NoToken};
use hyper::Method;
use std::net::SocketAddr;

/// Entries of one page.
const PAGE: usize = 100;

/// Why it could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum CountError {
    /// The API refused or did not answer.
    #[error("a learner's log could not be read: {0}")]
    Api(#[from] ApiError),
    /// The secret.
    #[error(transparent)]
    Token(#[from] NoToken),
}

/// Entries in the logs of the run's first so many learners.
///
/// # Errors
/// When one of them cannot be read.
pub async fn entries(server: SocketAddr, people: &Identities, learners: usize) -> Result<u64, CountError> {
    let mut sum = 0;
    for number in 0..learners {
        sum += of_learner(server, people, number).await?;
    }
    Ok(sum)
}

async fn of_learner(server: SocketAddr, people: &Identities, number: usize) -> Result<u64, CountError> {
    let token = people.token(people.learner(number), "learner")?;
    let mut api = Api::new(server, None, token);
    let (mut count, mut path) = (0, format!("/api/v1/history?limit={PAGE}"));
    loop {
        let page = api.expect(Method::GET, &path, None).await?;
        let items = page["items"].as_array().ok_or(ApiError::Lacks("items"))?;
        count += items.len() as u64;
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/history?limit={PAGE}&cursor={next}"),
            None => return Ok(count),
        }
    }
}
