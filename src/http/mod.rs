//! The HTTP API, `/api/v1`, and what else is served over plain HTTP: health, metrics, the developer's clock, the page.
//!
//! | file | what |
//! |---|---|
//! | `routes`, `endpoint` | the table of contents: the one list of paths, with their handlers, needs and shapes |
//! | `openapi` | the document of the API, made from that list |
//! | `decks`, `tree`, `editors`, `cards`, `search`, `me`, `home`, `classes`, `class_figures`, `lessons`, `teachers`, `join/`, `homework/`, `codes`, `imports`, `jobs`, `exports`, `media`, `reviews`, `history`, `analytics`, `users`, `events/`, `webhooks`, `ops`, `pages` | one resource each |
//! | `dto/` | what goes over the wire, and its checks |
//! | `caller`, `access` | who asks, and what they may see and change: one table decides it |
//! | `rates` | what is left of a person's share, in answers; the counting is [`crate::rates`]' |
//! | `turns` | how much one person has going on at once |
//! | `problem` | every refusal, with its stable code |
//! | `paging`, `query`, `etag`, `body`, `strict`, `keys` | lists, caching, bodies, repeated requests |
//! | `scheduler/` | what other settings of a deck would lead to, and weights fitted to a learner |
//! | `study` | what HTTP asks of the learner's session; `engine` answers it |
//! | `outlook` | progress, card state, figures and history, computed from the log |

pub mod access;
pub mod address;
mod analytics;
mod body;
mod caller;
mod cards;
mod class_figures;
mod classes;
mod codes;
mod days;
mod decks;
mod dto;
mod editors;
mod endpoint;
pub mod engine;
mod etag;
mod events;
mod exports;
mod health;
mod history;
mod home;
mod homework;
mod imports;
mod jobs;
mod join;
mod keys;
mod lessons;
pub mod limits;
mod me;
mod measures;
mod media;
mod middleware;
mod nodes;
mod openapi;
mod ops;
pub mod outlook;
mod pages;
mod paging;
mod problem;
mod query;
mod range;
mod rates;
mod reports;
mod reviews;
mod routes;
mod scheduler;
mod search;
mod state;
mod strict;
pub mod study;
mod teachers;
mod tree;
mod turns;
mod users;
mod webhooks;

pub use crate::rates::Rates;
pub use caller::Caller;
pub(crate) use dto::event::EventOut;
pub use endpoint::{Listed, Verb};
pub use health::{Health, Readiness};
pub use measures::HttpMeasures;
pub use openapi::document;
pub use problem::{Code, Problem};
pub use routes::{app, list as routes};
pub use state::{App, Parts};
