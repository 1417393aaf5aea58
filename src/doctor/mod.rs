//! `studyhall doctor`: checks what a server stands on, and says what to do.
//!
//! | file | what |
//! |---|---|
//! | `finding` | a finding and the worst of several: pure |
//! | `facts` | what was seen: plain data |
//! | `settings` | settings that contradict each other: pure |
//! | `judge` | facts into findings: pure |
//! | `gather` | looks: at files, the store, Redis, the other nodes |
//! | `report` | findings as lines or as JSON |

pub mod facts;
pub mod finding;
mod gather;
pub mod judge;
mod report;
pub mod settings;

pub use gather::gather;
pub use report::{as_json, as_lines};
