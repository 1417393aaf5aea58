//! What goes wrong inside a server, and what moves inside it, while learners study: panics, draining, sessions that
//! are dropped, loaded and moved, days that turn, decks that change, kills; and bugs planted to see them caught.

mod activation;
mod apart;
mod days;
mod decks;
mod devices;
mod draining;
mod imports;
mod kill;
mod moving;
mod panics;
mod planted;
mod sigterm;
