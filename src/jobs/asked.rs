//! What was asked for with a file: kept with the job as JSON.

use super::importer::Options;
use domain::ids::UserId;
use domain::ids::Uuid;
use ports::imports::ImportDigest;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Asked {
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// The folder that the file lies in: each has a name of its own. Only the process that has it can read the file.
    pub place: Uuid,
    /// The parameters of the importer.
    #[serde(default)]
    pub options: Options,
    /// Cards that were studied since are marked deleted too when the job is taken back.
    #[serde(default)]
    pub force: bool,
    /// Whether whoever asked last administers the organisation, as the token said.
    #[serde(default)]
    pub administers: bool,
}

impl Asked {
    /// Reads what a job keeps. What cannot be read asks for nothing.
    pub fn of(text: &str) -> Asked {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// As a job keeps it.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What tells this import from another: the file, whose it is, and how it is wanted. Whether it is only tried does
    /// not.
    pub fn digest(&self, file: [u8; 32], owner: UserId, format: &str) -> ImportDigest {
        let mut digest = Sha256::new();
        digest.update(file);
        digest.update(owner.bytes());
        for text in [format].into_iter().chain(self.options.iter().flat_map(|(k, v)| [k.as_str(), v])) {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_owner_format_or_option_is_another_import_and_a_trial_is_not() {
        let asked = Asked { options: [("path".to_owned(), "A".to_owned())].into(), ..Asked::default() };
        let (one, two) = (UserId::from_u128(1), UserId::from_u128(2));
        let digest = asked.digest([0; 32], one, "anki");
        assert_eq!(Asked { dry_run: true, ..asked.clone() }.digest([0; 32], one, "anki"), digest);
        assert_eq!(Asked::of(&asked.text()), asked);
        let others = [
            asked.digest([1; 32], one, "anki"),
            asked.digest([0; 32], two, "anki"),
            asked.digest([0; 32], one, "csv"),
            Asked::default().digest([0; 32], one, "anki"),
        ];
        assert!(others.iter().all(|other| *other != digest));
    }
}
