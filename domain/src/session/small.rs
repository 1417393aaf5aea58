//! A map of few things in the order of their keys: one word a thing beside it, where a node of a tree has room for eleven.
//! Most learners have one socket and one or two decks.

/// A map of few, boxed things in the order of their keys. Adding is linear.
#[derive(Clone, Debug)]
pub(super) struct SmallMap<K, V>(Vec<(K, Box<V>)>);

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        SmallMap(Vec::new())
    }
}

impl<K: Ord, V> SmallMap<K, V> {
    fn place(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(key))
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let at = self.place(key).ok()?;
        self.0.get(at).map(|(_, value)| &**value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let at = self.place(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| &mut **value)
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.place(key).is_ok()
    }

    /// Puts this value in the place of another one.
    pub(super) fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(at) => {
                if let Some((_, old)) = self.0.get_mut(at) {
                    **old = value;
                }
            }
            Err(at) => {
                if self.0.len() == self.0.capacity() {
                    self.0.reserve_exact(1 + self.0.len() / 2);
                }
                self.0.insert(at, (key, Box::new(value)));
            }
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<Box<V>> {
        let at = self.place(key).ok()?;
        Some(self.0.remove(at).1)
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.0.retain_mut(|(key, value)| keep(key, value));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, &**value))
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| &**value)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (&*key, &mut **value))
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| &mut **value)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_says_what_a_tree_says(steps in prop::collection::vec((0..9_u8, prop::option::of(any::<u16>())), 0..60)) {
            let (mut small, mut tree) = (SmallMap::default(), BTreeMap::new());
            for (key, step) in steps {
                match step {
                    Some(value) => {
                        small.insert(key, value);
                        tree.insert(key, value);
                    }
                    None => prop_assert_eq!(small.remove(&key).map(|value| *value), tree.remove(&key)),
                }
                prop_assert!(small.iter().eq(tree.iter()));
                prop_assert_eq!(small.get(&key), tree.get(&key));
            }
        }
    }
}
