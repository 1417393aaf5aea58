//! The HTTP API, route by route: the real app over a real engine, with a store in memory.

mod attack;
mod bodies;
mod cards;
mod classes;
mod decks;
mod imports;
mod isolation;
mod live;
mod ops;
mod rates;
mod signin;
mod site;
mod studying;
