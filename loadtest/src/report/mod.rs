//! A report as a table for the terminal, as JSON for programs, as a page with curves for people.

mod html;
mod table;

pub use html::page;
pub use table::table;
