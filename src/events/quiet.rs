//! What happens again and again is told once: what it has come to after a while.

use std::collections::BTreeMap;

/// Things that wait for their quiet, each with what was said of it last.
#[derive(Debug)]
pub struct Quiet<K, V> {
    /// How long after its first mention a thing is told, in milliseconds.
    after_ms: u64,
    most: usize,
    waiting: BTreeMap<K, (u64, V)>,
}

impl<K: Ord + Clone, V> Quiet<K, V> {
    /// Things that are told so long after their first mention; at most so many wait.
    pub fn new(after_ms: u64, most: usize) -> Quiet<K, V> {
        Quiet { after_ms, most, waiting: BTreeMap::new() }
    }

    /// Something is said of a thing. What has no room to wait is given back: tell it now.
    #[must_use]
    pub fn note(&mut self, key: K, value: V, now_ms: u64) -> Option<V> {
        if let Some((_, last)) = self.waiting.get_mut(&key) {
            *last = value;
            return None;
        }
        if self.waiting.len() >= self.most {
            return Some(value);
        }
        self.waiting.insert(key, (now_ms.saturating_add(self.after_ms), value));
        None
    }

    /// What is to be told now.
    pub fn due(&mut self, now_ms: u64) -> Vec<V> {
        let due: Vec<K> =
            self.waiting.iter().filter(|(_, (at, _))| *at <= now_ms).map(|(key, _)| key.clone()).collect();
        due.iter().filter_map(|key| self.waiting.remove(key)).map(|(_, value)| value).collect()
    }

    /// Forgets that a thing waits: what is told of it now holds more.
    pub fn forget(&mut self, key: &K) {
        self.waiting.remove(key);
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Everything, whether due or not.
    pub fn all(&mut self) -> Vec<V> {
        self.due(u64::MAX)
    }

    /// When the next one is due.
    pub fn next_ms(&self) -> Option<u64> {
        self.waiting.values().map(|(at, _)| *at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_again_is_told_once_and_as_it_was_said_last() {
        let mut quiet = Quiet::new(100, 2);
        assert_eq!(quiet.note("a", 1, 0), None);
        assert_eq!(quiet.note("a", 2, 99), None);
        assert_eq!(quiet.note("b", 3, 50), None);
        assert_eq!(quiet.next_ms(), Some(100), "whoever goes on and on is told of all the same");
        assert_eq!(quiet.note("c", 4, 50), Some(4), "there is no room");
        assert_eq!(quiet.due(99), Vec::<i32>::new());
        assert_eq!(quiet.due(100), [2]);
        assert_eq!(quiet.note("c", 5, 120), None);
        quiet.forget(&"b");
        assert_eq!(quiet.all(), [5]);
        assert_eq!(quiet.next_ms(), None);
    }
}
