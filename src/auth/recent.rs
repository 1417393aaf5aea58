//! A bounded memory of what was seen lately: two generations, of which the older is dropped whole.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Remembers at least the newest `per_generation` things, and never more than twice as many. For caches only: what is
/// forgotten must be cheap to find out again.
#[derive(Debug)]
pub struct Recent<K, V> {
    per_generation: usize,
    generations: Mutex<(HashMap<K, V>, HashMap<K, V>)>,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// An empty memory.
    pub fn new(per_generation: usize) -> Self {
        Self { per_generation: per_generation.max(1), generations: Mutex::default() }
    }

    /// What was remembered under this key.
    pub fn get(&self, key: &K) -> Option<V> {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.0.get(key).or_else(|| generations.1.get(key)).cloned()
    }

    /// Remembers it.
    pub fn put(&self, key: K, value: V) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.0.len() >= self.per_generation {
            generations.1 = std::mem::take(&mut generations.0);
        }
        generations.0.insert(key, value);
    }

    /// How many things it holds.
    pub fn len(&self) -> usize {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.0.len() + generations.1.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered_and_the_memory_is_bounded() {
        let recent = Recent::new(10);
        for n in 0..1_000 {
            recent.put(n, n * 2);
            assert!(recent.len() <= 20);
            for seen in (n - 9).max(0)..=n {
                assert_eq!(recent.get(&seen), Some(seen * 2));
            }
        }
        assert_eq!(recent.get(&0), None);
    }
}
