//! JSON as many programs have written it over the years: numbers as texts, fractions for whole numbers, `null` or a list
//! where there should be a text. What makes no sense is the default, and not an error.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A number, whole or not.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Number(pub Option<f64>, pub Option<i64>);

impl Number {
    /// As a whole number; fractions are cut off.
    pub fn whole(self) -> Option<i64> {
        self.1.or_else(|| self.0.map(|float| float as i64))
    }

    /// As a whole number within these bounds.
    pub fn whole_or(self, default: u32) -> u32 {
        let whole = self.whole().map(|whole| u32::try_from(whole.max(0)).unwrap_or(u32::MAX));
        whole.unwrap_or(default)
    }

    /// As a fraction; never infinite.
    pub fn float(self) -> Option<f32> {
        let float = self.0.or_else(|| self.1.map(|whole| whole as f64))? as f32;
        float.is_finite().then_some(float)
    }

    /// Whether it says yes.
    pub fn is_true(self) -> bool {
        self.whole().is_some_and(|whole| whole != 0)
    }
}

/// A text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Text(pub String);

/// A list of numbers.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Numbers(pub Vec<Number>);

impl Numbers {
    /// As fractions, at most `max` of them.
    pub fn floats(&self, max: usize) -> Vec<f32> {
        self.0.iter().take(max).map(|number| number.float().unwrap_or(0.0)).collect()
    }
}

/// Whatever stands there, as what it can be taken for.
enum Any {
    Nothing,
    Number(Number),
    Text(String),
    List(Vec<Number>),
}

struct Taking;

impl<'de> Visitor<'de> for Taking {
    type Value = Any;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Any, E> {
        Ok(Any::Number(Number(None, Some(i64::from(value)))))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Any, E> {
        Ok(Any::Number(Number(None, Some(value))))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Any, E> {
        Ok(Any::Number(Number(None, Some(i64::try_from(value).unwrap_or(i64::MAX)))))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Any, E> {
        Ok(Any::Number(Number(Some(value), None)))
    }
    fn visit_str<E>(self, value: &str) -> Result<Any, E> {
        Ok(Any::Text(value.to_owned()))
    }
    fn visit_unit<E>(self) -> Result<Any, E> {
        Ok(Any::Nothing)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Any, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = list.next_element::<Number>()? {
            // Nobody's list of steps or parameters is longer.
            if numbers.len() < 256 {
                numbers.push(number);
            }
        }
        Ok(Any::List(numbers))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Any, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Any::Nothing)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(Taking)? {
            Any::Number(number) => number,
            Any::Text(text) => Number(text.trim().parse().ok(), text.trim().parse().ok()),
            Any::Nothing | Any::List(_) => Number::default(),
        })
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Text(match deserializer.deserialize_any(Taking)? {
            Any::Text(text) => text,
            Any::Number(Number(_, Some(whole))) => whole.to_string(),
            Any::Number(_) | Any::Nothing | Any::List(_) => String::new(),
        }))
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Numbers(match deserializer.deserialize_any(Taking)? {
            Any::List(numbers) => numbers,
            Any::Number(_) | Any::Text(_) | Any::Nothing => Vec::new(),
        }))
    }
}
