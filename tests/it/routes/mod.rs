//! The HTTP API, route by route: the real app over a real engine, with a store in memory.

mod attack;
mod bodies;
mod cards;
mod classes;
mod decks;
mod editors;
mod events;
mod figures;
mod homework;
mod imports;
mod isolation;
mod joining;
mod lessons;
mod live;
mod needs;
mod ops;
mod rates;
mod reading;
mod reports;
mod scheduler;
mod signin;
mod site;
mod studying;
mod told;
mod users;
mod webhooks;
