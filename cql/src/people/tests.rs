//! People and classes that are changed by several at once.

mod answers;
mod races;
