//! What is wrong with a configuration: all of it, at once.

use super::layer::Source;
use std::fmt;
use thiserror::Error;

/// One fault. No message holds the value of a secret.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ConfigError {
    /// A key that no setting has.
    #[error("{source}: there is no setting `{key}`{hint}", source = .from)]
    UnknownKey {
        /// Where it stands.
        from: Source,
        /// The key.
        key: String,
        /// What may have been meant, as a part of the sentence.
        hint: String,
    },
    /// A value that the setting does not take.
    #[error("{source}: `{key}` {why}", source = .from)]
    BadValue {
        /// Where it stands.
        from: Source,
        /// The setting.
        key: &'static str,
        /// What is wrong with it, as a part of the sentence.
        why: String,
    },
    /// The file cannot be read or is no TOML.
    #[error("{file}: {why}")]
    BadFile {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
    /// Something that must be there is not.
    #[error("{0}")]
    Missing(String),
}

/// All faults of a configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("the configuration is wrong"),
            [one] => write!(f, "the configuration is wrong: {one}"),
            many => {
                write!(f, "the configuration has {} faults:", many.len())?;
                many.iter().try_for_each(|one| write!(f, "\n  - {one}"))
            }
        }
    }
}

impl std::error::Error for ConfigErrors {}
