//! The ready file: `{url, pid}` and, where there is an operator's port, `admin_url`, written as a whole once the server is ready, so that scripts need not poll.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The ready file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the ready file {path} could not be written: {source}")]
pub struct ReadyFileError {
    path: PathBuf,
    source: io::Error,
}

/// Writes the file beside its place and moves it there: whoever sees it sees all of it.
pub(super) fn write(
    path: &Path,
    address: SocketAddr,
    admin: Option<SocketAddr>,
) -> Result<(), ReadyFileError> {
    let failed = |source| ReadyFileError { path: path.to_owned(), source };
    let mut text = serde_json::json!({"url": format!("http://{address}"), "pid": std::process::id()});
    if let Some(admin) = admin {
        text["admin_url"] = format!("http://{admin}").into();
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = std::fs::File::create(&beside).map_err(failed)?;
    file.write_all(text.to_string().as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)
}
