//! Import jobs from outside: the real binary, files that Anki made, files that were made to do harm, and kills.

mod export;
mod hostile;
mod kit;
mod life;
mod media;
mod packages;
mod profiles;
mod restarts;
mod reviews;
mod rosters;
mod round;
mod rubbish;
