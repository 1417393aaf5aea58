//! Stores that say what was changed in them: each passes everything on to another one, and tells of what came of it. So
//! nothing is told before it is durable, and nothing is forgotten whoever changed it.

mod imports;
mod library;
mod people;

pub use imports::TellingImports;
pub use library::TellingLibrary;
pub use people::TellingPeople;
