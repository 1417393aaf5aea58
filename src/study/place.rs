//! Where the outbox of a device lies.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The outbox for this server: in the user's state folder, one file a server.
///
/// `lookup` reads the environment. `None` when there is neither a state folder nor a home.
pub fn outbox_path(server: &str, lookup: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name: &str| lookup(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("LOCALAPPDATA"))
        .or_else(|| set("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("studyhall").join(format!("outbox-{}.jsonl", file_name(server))))
}

/// The server's host and port as part of a file name.
fn file_name(server: &str) -> String {
    let host = server.split_once("://").map_or(server, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    host.chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '_' })
        .take(100)
        .collect()
}

/// Makes the folder of a file, for its owner alone.
///
/// # Errors
/// The system's.
pub fn make_folder_of(path: &Path) -> std::io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_has_an_outbox_of_its_own_in_the_state_folder() {
        let home = |name: &str| (name == "HOME").then(|| OsString::from("/home/ada"));
        assert_eq!(
            outbox_path("http://127.0.0.1:8080/../x", home),
            Some(PathBuf::from("/home/ada/.local/state/studyhall/outbox-127.0.0.1_8080.jsonl"))
        );
        let state = |name: &str| (name == "XDG_STATE_HOME").then(|| OsString::from("/state"));
        let path = outbox_path("ws://host", state);
        assert_eq!(path, Some(PathBuf::from("/state/studyhall/outbox-host.jsonl")));
        assert_eq!(outbox_path("ws://host", |_| None), None);
    }
}
