//! Names of media files.

use crate::limits::MEDIA_NAME_BYTES_MAX;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// What a name in a list is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Name {
    /// The name of a file, composed.
    Good(String),
    /// It is too long, or empty.
    Useless,
    /// It leads elsewhere: nobody's export has it.
    Unsafe,
}

/// Judges a name. It never becomes a path here, but whoever takes it may make one of it.
pub(super) fn judge(name: &str) -> Name {
    let leads_elsewhere = name.contains(['/', '\\', '\0']) || matches!(name, "." | "..");
    if leads_elsewhere {
        return Name::Unsafe;
    }
    let name = composed(name);
    if name.is_empty() || name.len() > MEDIA_NAME_BYTES_MAX { Name::Useless } else { Name::Good(name) }
}

/// Each letter in its one composed form.
pub(crate) fn composed(name: &str) -> String {
    if is_nfc(name) { name.to_owned() } else { name.nfc().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_composed_and_no_path_is_one() {
        assert_eq!(judge("cafe\u{301}.png"), Name::Good("café.png".to_owned()));
        assert_eq!(judge("a b #2 %41 [x] con.png"), Name::Good("a b #2 %41 [x] con.png".to_owned()));
        for path in ["../a", "a/b", "/etc/passwd", "..", ".", "C:\\a", "..\\a", "a\0.png"] {
            assert_eq!(judge(path), Name::Unsafe, "{path:?}");
        }
        assert_eq!(judge(""), Name::Useless);
        assert_eq!(judge(&"ä".repeat(128)), Name::Useless);
    }
}
