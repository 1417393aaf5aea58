//! The HTTP API, `/api/v1`, and what else is served over plain HTTP: health, metrics, the developer's clock, the page.
//!
//! | file | what |
//! |---|---|
//! | `routes` | the table of contents: every path with its handlers |
//! | `decks`, `cards`, `me`, `classes`, `codes`, `imports`, `jobs`, `exports`, `media`, `reviews`, `history`, `ops`, `pages` | one resource each |
//! | `dto/` | what goes over the wire, and its checks |
//! | `caller`, `access` | who asks, and what they may see and change: the one place that decides it |
//! | `rates` | what is left of a person's share, in answers; the counting is [`crate::rates`]' |
//! | `turns` | how much one person has going on at once |
//! | `problem` | every refusal, with its stable code |
//! | `paging`, `query`, `etag`, `body`, `strict`, `keys` | lists, caching, bodies, repeated requests |
//! | `study` | what HTTP asks of the learner's session; `engine` answers it |
//! | `outlook` | progress, card state and history, computed from the log |

pub mod access;
pub mod address;
mod body;
mod caller;
mod cards;
mod classes;
mod codes;
mod decks;
mod dto;
pub mod engine;
mod etag;
mod exports;
mod health;
mod history;
mod imports;
mod jobs;
mod keys;
pub mod limits;
mod me;
mod measures;
mod media;
mod middleware;
mod nodes;
mod ops;
pub mod outlook;
mod pages;
mod paging;
mod problem;
mod query;
mod range;
mod rates;
mod reviews;
mod routes;
mod state;
mod strict;
pub mod study;
mod turns;

pub use crate::rates::Rates;
pub use caller::Caller;
pub use health::{Health, Readiness};
pub use measures::HttpMeasures;
pub use problem::{Code, Problem};
pub use routes::app;
pub use state::{App, Parts};
