//! What both servers share: where they may listen, and how they say that they are ready.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// Connections that the kernel may hold until they are accepted: as many as the server allows.
pub const BACKLOG: u32 = 4_096;
/// How long connections may outlive the signal to end, in seconds: no learner loses anything here.
pub const SHUTDOWN_S: u64 = 1;

/// Where a ceiling listens.
#[derive(clap::Args, Clone, Debug)]
pub struct Place {
    /// A loopback address; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_parser = loopback)]
    pub listen: SocketAddr,
    /// Written once it listens: `{"url", "pid"}`.
    #[arg(long)]
    pub ready_file: Option<PathBuf>,
}

/// Why a ceiling does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address could not be had, or serving ended with an error.
    #[error("{address} could not be served: {source}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The ready file could not be written.
    #[error("the ready file {path} could not be written: {source}")]
    ReadyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Place {
    /// Takes the address.
    ///
    /// # Errors
    /// Somebody else has it.
    pub fn bind(&self) -> Result<TcpListener, ServeError> {
        TcpListener::bind(self.listen).map_err(|source| self.failed(source))
    }

    /// The error of this address.
    pub fn failed(&self, source: io::Error) -> ServeError {
        ServeError::Address { address: self.listen, source }
    }

    /// Says where it serves: on the standard output, and in the ready file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn ready(&self, address: SocketAddr) -> Result<(), ServeError> {
        println!("http://{address}");
        let Some(path) = &self.ready_file else { return Ok(()) };
        write_whole(path, address).map_err(|source| ServeError::ReadyFile { path: path.clone(), source })
    }
}

/// Writes the file beside its place and moves it there: whoever sees it sees all of it.
fn write_whole(path: &Path, address: SocketAddr) -> io::Result<()> {
    let text = serde_json::json!({"url": format!("http://{address}"), "pid": std::process::id()});
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(text.to_string().as_bytes())?;
    std::fs::rename(&beside, path)
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| "an address and a port are expected, as 127.0.0.1:0")?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err("a ceiling listens on loopback addresses only".to_owned()),
    }
}
