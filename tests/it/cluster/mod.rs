//! Several nodes of the real binary, on a real CQL server and a real Redis.

mod changes;
mod convergence;
mod kit;
mod learner;
mod lessons;
mod messages;
mod outages;
mod owners;
mod school;
