//! Where values come from: each source becomes one layer, and the highest layer that has a value decides.

use super::error::ConfigError;
use super::key::Key;
use std::collections::BTreeMap;
use std::fmt;

/// Where a value stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// On the command line.
    Flag,
    /// In the environment.
    Environment,
    /// In this file.
    File(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag => f.write_str("command line"),
            Source::Environment => f.write_str("environment"),
            Source::File(name) => f.write_str(name),
        }
    }
}

/// The values of one source, as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layer {
    /// Where they stand.
    pub source: Source,
    /// The values.
    pub values: BTreeMap<Key, Vec<String>>,
}

impl Layer {
    /// A layer without values.
    pub fn empty(source: Source) -> Layer {
        Layer { source, values: BTreeMap::new() }
    }

    /// Sets a value, unless there is none.
    #[must_use]
    pub fn with(mut self, key: Key, values: impl IntoIterator<Item = String>) -> Layer {
        let values: Vec<String> = values.into_iter().collect();
        if !values.is_empty() {
            self.values.insert(key, values);
        }
        self
    }

    /// The environment. Variables of other names are somebody else's; an empty variable is one that is not set.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Layer {
        let mut layer = Layer::empty(Source::Environment);
        for key in Key::ALL {
            let Some(text) = variable(&key.variable()).filter(|text| !text.is_empty()) else { continue };
            let values = if key.is_list() {
                text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
            } else {
                vec![text]
            };
            layer.values.insert(key, values);
        }
        layer
    }

    /// A TOML file. What is wrong with it goes to `errors`; the rest of it still counts.
    pub fn of_file(name: &str, text: &str, errors: &mut Vec<ConfigError>) -> Layer {
        let source = Source::File(name.to_owned());
        let mut layer = Layer::empty(source.clone());
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                errors.push(not_toml(name, text, &error));
                return layer;
            }
        };
        for (name, value) in table {
            let Some(key) = Key::of_name(&name) else {
                let hint =
                    nearest(&name).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                errors.push(ConfigError::UnknownKey { from: source.clone(), key: name, hint });
                continue;
            };
            match texts(key, value) {
                Ok(values) => {
                    layer.values.insert(key, values);
                }
                Err(why) => {
                    let why = why.to_owned();
                    errors.push(ConfigError::BadValue { from: source.clone(), key: key.name(), why });
                }
            }
        }
        layer
    }
}

/// The line and what is wrong with it; never the line itself, which may hold a secret.
fn not_toml(name: &str, text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    ConfigError::BadFile { file: name.to_owned(), why: format!("line {line}: {}", error.message()) }
}

fn texts(key: Key, value: toml::Value) -> Result<Vec<String>, &'static str> {
    match value {
        toml::Value::Array(items) if key.is_list() => items
            .into_iter()
            .map(|item| match item {
                toml::Value::String(text) => Ok(text),
                toml::Value::Integer(_)
                | toml::Value::Float(_)
                | toml::Value::Boolean(_)
                | toml::Value::Datetime(_)
                | toml::Value::Array(_)
                | toml::Value::Table(_) => Err("holds texts"),
            })
            .collect(),
        toml::Value::String(text) => Ok(vec![text]),
        toml::Value::Integer(number) => Ok(vec![number.to_string()]),
        toml::Value::Boolean(on) => Ok(vec![on.to_string()]),
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
            Err("takes a text, a whole number or a truth value")
        }
    }
}

/// The setting whose name differs least, if it differs little.
fn nearest(name: &str) -> Option<&'static str> {
    let of = |key: Key| (distance(name, key.name()), key.name());
    Key::ALL.into_iter().map(of).min().filter(|(far, _)| *far <= 3).map(|(_, name)| name)
}

/// Edits between two names (Levenshtein), one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}
