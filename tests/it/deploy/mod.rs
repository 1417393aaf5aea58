//! What runs a cluster in the world: the files of `deploy/`, the table of metrics, and limits that nodes share. Each file
//! is tried with the program that reads it, in front of real nodes where it stands in front of nodes.

mod board;
mod cluster;
mod containers;
mod kit;
mod limits;
mod metrics;
mod prometheus;
mod proxies;
mod systemd;
