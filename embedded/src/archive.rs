//! The whole store, record by record: read by [`Offline`], filled by [`Filling`].

mod around;
mod fill;
mod people;
mod read;

pub use fill::Filling;
