//! A map that is bounded and remembers what came last.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Two maps: when the younger is full it becomes the older, and the older is forgotten. No bookkeeping per use.
#[derive(Debug)]
pub struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    most_young: usize,
}

impl<K: Hash + Eq, V> Recent<K, V> {
    /// Holds between `most_young` and twice as many, once it is full.
    pub fn new(most_young: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), most_young }
    }

    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    pub fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.most_young {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    pub fn clear(&mut self) {
        (self.young, self.old) = (HashMap::new(), HashMap::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_remembered_and_no_more_than_twice_as_many() {
        let mut recent = Recent::new(10);
        for n in 0..95 {
            recent.insert(n, n);
        }
        let known = (0..95).filter(|n| recent.get(n).is_some()).collect::<Vec<_>>();
        assert_eq!(known, (80..95).collect::<Vec<_>>());
        recent.insert(94, 7);
        assert_eq!(recent.get(&94), Some(&7));
        recent.clear();
        assert_eq!(recent.get(&94), None);
    }
}
