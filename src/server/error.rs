//! Why a server did not start, or did not end well.

use super::ready_file::ReadyFileError;
use crate::metrics::MetricsError;
use std::io;
use std::net::SocketAddr;

/// Why a server did not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The data folder could not be opened.
    #[error("the data folder could not be opened: {0}")]
    Store(#[from] embedded::OpenError),
    /// The cluster's store could not be opened.
    #[error("the store could not be opened: {0}")]
    Cluster(#[from] cql::OpenError),
    /// The bus can never come about.
    #[error("the bus {0}")]
    Bus(#[from] bus::BadUrl),
    /// The address could not be had.
    #[error("{address} could not be listened on: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A thread, a listener or a signal could not be had.
    #[error("the server could not start: {0}")]
    Io(#[from] io::Error),
    /// Metrics could not be registered.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The ready file could not be written.
    #[error(transparent)]
    ReadyFile(#[from] ReadyFileError),
    /// What was to be done first failed.
    #[error("{0}")]
    Prepare(String),
    /// TLS cannot be spoken: a fault of the program.
    #[error("TLS cannot be spoken: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// Something that was accepted could not be stored before the end.
    #[error("{0} rows could not be stored before the end; their senders were not told that they are saved")]
    Undecided(usize),
}
