//! The embedded store keeps its promises: through the contracts that every store has to keep, through kills, power
//! cuts and failing disks, and while apply works beneath the readers.

#![cfg(debug_assertions)] // mistakes can be planted in debug builds only
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where a promise breaks"
)]

mod backups;
mod common;
mod condensed;
mod contract;
mod desk;
mod failures;
mod imports;
mod life;
mod power_cuts;
mod storms;
mod upkeep;
